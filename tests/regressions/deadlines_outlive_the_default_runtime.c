/* After the end of the default runtime a deadline still cancels a task of an isolated runtime. */
#include <stdio.h>
#include <weft/weft.h>

static weft_status begin(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  *(int *)ctx = 1;
  return WEFT_OK;
}

static weft_status hold(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  return weft_future_wait((weft_future_t *)ctx, WEFT_FOREVER);
}

int main(void) {
  weft_runtime_t *runtime;
  weft_executor_t *pool;
  weft_executor_options_t settings;
  weft_task_options_t options;
  weft_cancel_token_t *token;
  weft_future_t *gate, *holder, *late;
  int ran = 0;
  weft_status status;
  weft_executor_options_init(&settings);
  settings.max_workers = 1;
  if (weft_runtime_create(NULL, &runtime) != WEFT_OK || weft_executor_create(runtime, &settings, &pool) != WEFT_OK ||
      weft_future_create(NULL, &gate) != WEFT_OK ||
      weft_executor_submit(pool, NULL, hold, gate, NULL, &holder) != WEFT_OK ||
      weft_cancel_token_create(NULL, 300 * WEFT_MILLISECOND, &token) != WEFT_OK)
    return puts("cannot begin"), 1;
  weft_task_options_init(&options);
  options.token = token;
  status = weft_executor_submit(pool, &options, begin, &ran, NULL, &late);
  if (status != WEFT_OK && status != WEFT_ECANCELED) return puts("cannot submit"), 1;
  if (weft_runtime_shutdown(NULL, WEFT_FOREVER) != WEFT_OK) return puts("the default runtime did not end"), 1;
  if (status == WEFT_OK) {
    status = weft_future_wait(late, 30 * WEFT_SECOND);
    if (status != WEFT_OK || weft_future_state(late) != WEFT_FUTURE_CANCELLED) weft_future_set_result(gate, NULL);
    if (status != WEFT_OK || weft_future_state(late) != WEFT_FUTURE_CANCELLED)
      return printf("the task is not cancelled: wait %s, state %d\n", weft_status_name(status),
                    (int)weft_future_state(late)),
             1;
    weft_future_unref(late);
  }
  weft_cancel_token_unref(token);
  status = weft_cancel_token_create(NULL, WEFT_SECOND, &token); /* possible, because one runtime still exists */
  if (status != WEFT_OK) return printf("no more deadlines: %s\n", weft_status_name(status)), 1;
  weft_cancel_token_unref(token);
  weft_future_set_result(gate, NULL);
  weft_future_wait(holder, WEFT_FOREVER);
  weft_future_unref(holder);
  weft_future_unref(gate);
  weft_executor_unref(pool);
  if (weft_runtime_destroy(&runtime) != WEFT_OK) return puts("the runtime did not end"), 1;
  return ran != 0 ? puts("the task ran after its deadline"), 1 : 0;
}
