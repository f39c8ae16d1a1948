/* When a pool breaks, a group on it has failed with the reason, and the exception hook is not told of its tasks. */
#include <stdio.h>
#include <string.h>
#include <weft/weft.h>

static int hooks, go, dropped;

static weft_status refuse(void *ctx, weft_error_t **error) {
  (void)ctx;
  while (!__atomic_load_n(&go, __ATOMIC_SEQ_CST)) weft_sleep(WEFT_MILLISECOND);
  return weft_error_create(1, "InitError", "no", error);
}

static void hook(void *ctx, weft_thread_t *thread, const weft_error_t *error) {
  (void)ctx;
  (void)thread;
  (void)error;
  __atomic_add_fetch(&hooks, 1, __ATOMIC_SEQ_CST);
}

static weft_status nothing(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  return WEFT_OK;
}

static void drop(void *ctx) {
  (void)ctx;
  __atomic_add_fetch(&dropped, 1, __ATOMIC_SEQ_CST);
}

int main(void) {
  weft_executor_t *pool;
  weft_executor_options_t options;
  weft_group_t *group;
  weft_error_t *error = NULL;
  weft_status status;
  int i;
  weft_executor_options_init(&options);
  options.max_workers = 1;
  options.initializer = refuse;
  if (weft_runtime_set_exception_hook(NULL, hook, NULL, NULL) != WEFT_OK ||
      weft_executor_create(NULL, &options, &pool) != WEFT_OK || weft_group_create(pool, NULL, &group) != WEFT_OK)
    return puts("cannot begin"), 1;
  for (i = 0; i < 3; ++i)
    if (weft_group_spawn(group, NULL, nothing, NULL, drop) != WEFT_OK) return puts("cannot spawn"), 1;
  __atomic_store_n(&go, 1, __ATOMIC_SEQ_CST);
  status = weft_group_wait(group, WEFT_FOREVER);
  if (status != WEFT_EFAILED) return printf("the wait says %s\n", weft_status_name(status)), 1;
  if (weft_group_error(group, &error) != WEFT_OK || error == NULL || strcmp(weft_error_kind(error), "InitError") != 0)
    return puts("the error of the group is not the pool's"), 1;
  weft_error_unref(error);
  weft_group_unref(group);
  weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER);
  weft_executor_unref(pool);
  if (hooks != 0) return printf("the exception hook was called %d times\n", hooks), 1;
  return dropped != 3 ? printf("%d of 3 were dropped\n", dropped), 1 : 0;
}
