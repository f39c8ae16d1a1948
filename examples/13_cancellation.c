/* Cancellation: one token for the whole program, and below it one for each request, one of them
 * with a deadline. A token cancels what its request has given to the pool: pending tasks never
 * start, and running tasks are asked to stop.
 * Read on in include/weft/cancel.h. */
#include <weft/weft.h>

#include <stdio.h>
#include <stdlib.h>

static void check(weft_status status) {
  if (status == WEFT_OK) return;
  fprintf(stderr, "%s: %s\n", weft_status_name(status), weft_status_text(status));
  exit(1);
}

/* Works until it is asked to stop: here in a blocking call of weft, which a stop request ends. */
static weft_status download(void *name, void **result, weft_error_t **error) {
  (void)error;
  *result = name;
  return weft_sleep(WEFT_FOREVER) == WEFT_EINTERRUPTED ? WEFT_OK : 1;
}

static weft_future_t *begin(weft_executor_t *pool, weft_cancel_token_t *token, char *name) {
  weft_task_options_t options;
  weft_future_t *future;
  weft_task_options_init(&options);
  options.token = token;
  check(weft_executor_submit(pool, &options, download, name, NULL, &future));
  return future;
}

static void tell(const char *name, weft_future_t *future) {
  weft_status status = weft_future_result(future, WEFT_FOREVER, NULL);
  printf("%s: %s\n", name, status == WEFT_OK ? "stopped while it ran" : "never started");
  weft_future_unref(future);
}

int main(void) {
  static char first[] = "first", second[] = "second", third[] = "third";
  weft_executor_options_t options;
  weft_executor_t *pool;
  weft_cancel_token_t *program, *patient, *hasty;
  weft_future_t *a, *b, *c;
  weft_executor_options_init(&options);
  options.max_workers = 1;
  check(weft_executor_create(NULL, &options, &pool));
  check(weft_cancel_token_create(NULL, WEFT_FOREVER, &program));
  check(weft_cancel_token_create(program, WEFT_FOREVER, &patient));
  check(weft_cancel_token_create(program, 20 * WEFT_MILLISECOND, &hasty));

  a = begin(pool, patient, first); /* takes the only worker */
  b = begin(pool, hasty, second);  /* waits for it beyond its deadline */
  c = begin(pool, patient, third); /* waits, too */
  check(weft_future_wait(b, WEFT_FOREVER));
  tell(second, b);

  while (weft_future_state(a) == WEFT_FUTURE_PENDING) check(weft_sleep(WEFT_MILLISECOND));
  check(weft_cancel_token_cancel(program)); /* also cancels the tokens below it */
  tell(first, a);
  tell(third, c);

  weft_cancel_token_unref(hasty);
  weft_cancel_token_unref(patient);
  weft_cancel_token_unref(program);
  weft_executor_unref(pool);
  return 0;
}
