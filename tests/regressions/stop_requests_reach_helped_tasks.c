/* A task waited for another one, ran it meanwhile, and saw a stop request only when that one had ended. The request
 * must reach the awaited task, too: its blocking calls end, and then the wait returns WEFT_EINTERRUPTED. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <weft/weft.h>

static weft_executor_t *pool;
static weft_semaphore_t *begun, *never;

static weft_status inner(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)error;
  weft_semaphore_signal(begun, 1);
  *result = (void *)weft_status_name(weft_semaphore_wait(never, WEFT_FOREVER));
  return weft_stop_requested() ? WEFT_OK : WEFT_EFAILED;
}

static weft_status outer(void *ctx, void **result, weft_error_t **error) {
  weft_future_t *future;
  weft_status status;
  void *slept = "nothing";
  (void)error;
  if (weft_executor_submit(pool, NULL, inner, NULL, NULL, &future) != WEFT_OK) return WEFT_ENOMEM;
  status = weft_future_wait(future, WEFT_FOREVER);
  weft_future_result(future, 0, &slept);
  if (status == WEFT_EINTERRUPTED && strcmp((const char *)slept, "WEFT_EINTERRUPTED") == 0)
    *result = ctx; /* the expected status */
  else
    printf("the wait says %s, what it ran %s\n", weft_status_name(status), (const char *)slept);
  weft_future_unref(future);
  return WEFT_OK;
}

int main(void) {
  weft_executor_options_t options;
  weft_future_t *future;
  void *right = NULL;
  weft_executor_options_init(&options);
  options.max_workers = 1;
  if (weft_executor_create(NULL, &options, &pool) != WEFT_OK || weft_semaphore_create(0, &begun) != WEFT_OK ||
      weft_semaphore_create(0, &never) != WEFT_OK ||
      weft_executor_submit(pool, NULL, outer, pool, NULL, &future) != WEFT_OK)
    return 1;
  alarm(60);
  weft_semaphore_wait(begun, WEFT_FOREVER);
  weft_future_request_stop(future);
  weft_future_result(future, WEFT_FOREVER, &right);
  fflush(stdout);
  _exit(right == NULL);
}
