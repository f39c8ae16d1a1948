/* The only worker is busy with tasks of 10 ms that spawn one another. A task delayed by 20 ms must start within a few
 * of them. With the fault it started after 542.
 */
#include <stdio.h>
#include <unistd.h>

#include <weft/weft.h>

enum { most = 20 };

static weft_group_t *group;
static int steps, came;

static weft_status tick(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  __atomic_store_n(&came, 1, __ATOMIC_RELEASE);
  return WEFT_OK;
}

static weft_status step(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  usleep(10000);
  if (__atomic_add_fetch(&steps, 1, __ATOMIC_RELAXED) < 10 * most && !__atomic_load_n(&came, __ATOMIC_ACQUIRE))
    weft_group_spawn(group, NULL, step, NULL, NULL);
  return WEFT_OK;
}

int main(void) {
  weft_executor_options_t options;
  weft_executor_t *pool;
  int before;
  weft_executor_options_init(&options);
  options.max_workers = 1;
  if (weft_executor_create(NULL, &options, &pool) != WEFT_OK || weft_group_create(pool, NULL, &group) != WEFT_OK)
    return 1;
  weft_group_spawn(group, NULL, step, NULL, NULL);
  while (__atomic_load_n(&steps, __ATOMIC_RELAXED) < 3) usleep(1000);
  before = __atomic_load_n(&steps, __ATOMIC_RELAXED);
  if (weft_executor_post_after(pool, 20 * WEFT_MILLISECOND, NULL, tick, NULL, NULL) != WEFT_OK) return 1;
  weft_group_wait(group, WEFT_FOREVER);
  weft_group_unref(group);
  weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER);
  weft_executor_unref(pool);
  if (steps - before > most) {
    printf("%d tasks of 10 ms started before one that was due after 20 ms\n", steps - before);
    return 1;
  }
  return 0;
}
