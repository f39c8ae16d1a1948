/* cancel.h: what the tests of cancel tokens share. */
#ifndef WEFT_TESTS_CANCEL_H
#define WEFT_TESTS_CANCEL_H

#include "setup.h"

static inline weft_cancel_token_t *make_token(weft_cancel_token_t *parent) {
  weft_cancel_token_t *token = NULL;
  CHECK_STATUS(weft_cancel_token_create(parent, WEFT_FOREVER, &token), WEFT_OK);
  return token;
}

static inline weft_task_options_t with(weft_cancel_token_t *token) {
  weft_task_options_t options;
  weft_task_options_init(&options);
  options.token = token;
  return options;
}

static inline weft_future_t *submit_with(weft_executor_t *executor, weft_cancel_token_t *token, weft_task_fn fn,
                                         void *ctx, weft_drop_fn drop) {
  weft_task_options_t options = with(token);
  weft_future_t *future = NULL;
  CHECK_STATUS(weft_executor_submit(executor, &options, fn, ctx, drop, &future), WEFT_OK);
  return future;
}

/* Opens the gate to show that it runs, then sleeps until it is asked to stop. */
static inline weft_status sleep_until_stopped(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  gate_open((gate_t *)ctx); /* this shows that the task runs */
  gate_pass((gate_t *)ctx);
  return weft_sleep(WEFT_FOREVER) == WEFT_EINTERRUPTED && weft_stop_requested() == 1 ? WEFT_OK : 1;
}

#endif
