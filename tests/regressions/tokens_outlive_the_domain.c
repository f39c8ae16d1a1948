/* A token with a deadline that was made inside a domain keeps its deadline after the close of that domain. */
#include <stdio.h>
#include <weft/weft.h>

static weft_status sleep_long(void *ctx, void **result, weft_error_t **error) {
  (void)error;
  *(weft_status *)ctx = weft_sleep(60 * WEFT_SECOND); /* the deadline interrupts it */
  *result = NULL;
  return WEFT_OK;
}

int main(void) {
  weft_domain_t *domain;
  weft_domain_scope_t scope;
  weft_cancel_token_t *token;
  weft_executor_t *pool;
  weft_task_options_t options;
  weft_future_t *future;
  weft_status status, slept = WEFT_OK;
  if (weft_executor_create(NULL, NULL, &pool) != WEFT_OK || weft_domain_create(NULL, NULL, &domain) != WEFT_OK ||
      weft_domain_enter(domain, &scope) != WEFT_OK ||
      weft_cancel_token_create(NULL, 200 * WEFT_MILLISECOND, &token) != WEFT_OK ||
      weft_domain_leave(&scope) != WEFT_OK || weft_domain_close(domain, WEFT_FOREVER) != WEFT_OK)
    return puts("cannot begin"), 1;
  weft_domain_unref(domain);
  weft_task_options_init(&options);
  options.token = token;
  status = weft_executor_submit(pool, &options, sleep_long, &slept, NULL, &future);
  if (status == WEFT_ECANCELED) slept = WEFT_EINTERRUPTED; /* this thread was slower than the deadline */
  if (status == WEFT_OK) {
    if (weft_future_wait(future, 30 * WEFT_SECOND) != WEFT_OK) return puts("the deadline did not come"), 1;
    if (weft_future_state(future) == WEFT_FUTURE_CANCELLED) slept = WEFT_EINTERRUPTED;
    weft_future_unref(future);
  }
  weft_executor_unref(pool);
  weft_cancel_token_unref(token);
  if (slept != WEFT_EINTERRUPTED) return printf("the sleep came back with %s\n", weft_status_name(slept)), 1;
  return 0;
}
