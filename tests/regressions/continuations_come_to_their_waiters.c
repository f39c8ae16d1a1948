/* A task waits without limit for a continuation on its own executor, whose source runs on another pool. The task was
 * not woken when the continuation came to the executor. On a pool the waiter runs it; on a strand it can never run. */
#include <stdio.h>
#include <unistd.h>

#include <weft/weft.h>

static weft_executor_t *own, *other;
static weft_semaphore_t *waiting;
static int many;

static weft_status source(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  weft_semaphore_wait(waiting, 5 * WEFT_SECOND);
  usleep(20000); /* mostly the waiter sleeps by now; the checks hold either way */
  return WEFT_OK;
}

static weft_status follow(void *ctx, weft_future_t *done, void **result, weft_error_t **error) {
  (void)ctx;
  (void)done;
  (void)result;
  (void)error;
  return WEFT_OK;
}

static weft_status waits(void *ctx, void **result, weft_error_t **error) {
  weft_future_t *first, *next, *last;
  weft_status status;
  (void)ctx;
  (void)result;
  (void)error;
  if (weft_executor_submit(other, NULL, source, NULL, NULL, &first) != WEFT_OK) return WEFT_ENOMEM;
  if (weft_future_then(first, own, WEFT_THEN_ALWAYS, NULL, follow, NULL, NULL, &next) != WEFT_OK) return WEFT_ENOMEM;
  if (weft_future_then(next, other, WEFT_THEN_ALWAYS, NULL, follow, NULL, NULL, &last) != WEFT_OK) return WEFT_ENOMEM;
  weft_semaphore_signal(waiting, 1);
  status =
      many ? weft_wait(&last, 1, WEFT_FIRST_COMPLETED, WEFT_FOREVER, NULL, NULL) : weft_future_wait(last, WEFT_FOREVER);
  weft_future_unref(first);
  weft_future_unref(next);
  weft_future_unref(last);
  return status == WEFT_EDEADLK ? WEFT_EDEADLK : status;
}

static int check(const char *name, weft_executor_t *on, weft_status expected, int runs_here) {
  weft_future_t *future;
  weft_error_t *failure = NULL;
  weft_status said = WEFT_OK;
  own = on;
  if (weft_executor_submit(on, NULL, waits, NULL, NULL, &future) != WEFT_OK) return 1;
  if (runs_here) weft_executor_run(on, 0, WEFT_FOREVER, NULL);
  if (weft_future_exception(future, WEFT_FOREVER, &failure) != WEFT_OK) return 1;
  if (failure != NULL) said = (weft_status)weft_error_code(failure);
  if (said != expected) printf("%s, %s: %s\n", name, many ? "weft_wait" : "weft_future_wait", weft_status_name(said));
  if (failure != NULL) weft_error_unref(failure);
  weft_future_unref(future);
  return said != expected;
}

int main(void) {
  weft_executor_options_t options;
  weft_executor_t *pool, *two, *strand, *caller;
  int wrong = 0;
  alarm(60);
  weft_executor_options_init(&options);
  options.max_workers = 1;
  if (weft_executor_create(NULL, &options, &pool) != WEFT_OK || weft_executor_create(NULL, NULL, &other) != WEFT_OK)
    return 1;
  options.max_workers = 2;
  if (weft_executor_create(NULL, &options, &two) != WEFT_OK || weft_strand_create(two, &strand) != WEFT_OK ||
      weft_caller_run_create(NULL, NULL, &caller) != WEFT_OK || weft_semaphore_create(0, &waiting) != WEFT_OK)
    return 1;
  for (many = 0; many < 2; ++many) {
    wrong += check("pool", pool, WEFT_OK, 0);
    wrong += check("strand", strand, WEFT_EDEADLK, 0);
    wrong += check("caller-run", caller, WEFT_OK, 1);
  }
  return wrong != 0;
}
