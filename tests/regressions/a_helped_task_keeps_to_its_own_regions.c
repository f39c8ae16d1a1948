// A task in a blocking region waits, and runs the awaited task on its own stack. The awaited task can neither end the
// region of the waiter nor leave a region open there.
#include <stdio.h>

#include <weft/weft.h>

static weft_executor_t *pool;
static int wrong;

static unsigned blocked(void) {
  weft_executor_stats_t stats;
  stats.size = sizeof stats;
  weft_executor_stats(pool, &stats);
  return stats.workers_blocked;
}

static void expect(const char *what, long wanted, long got) {
  if (wanted == got || wrong) return;
  printf("%s: %ld instead of %ld\n", what, got, wanted);
  wrong = 1;
}

static weft_status ends_one(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  expect("a task that has begun no region ends one", WEFT_EINVALIDSTATE, weft_blocking_end());
  return WEFT_OK;
}

static weft_status leaves_one(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  weft_blocking_begin();
  weft_blocking_begin();
  return WEFT_OK;
}

static weft_status waits(void *ctx, void **result, weft_error_t **error) {
  weft_future_t *other;
  (void)result;
  (void)error;
  weft_executor_submit(pool, NULL, ctx == NULL ? ends_one : leaves_one, NULL, NULL, &other);
  weft_blocking_begin();
  weft_future_wait(other, WEFT_FOREVER);
  weft_future_unref(other);
  expect("workers in regions after the wait", 1, blocked());
  expect("the end of the waiter's region", WEFT_OK, weft_blocking_end());
  expect("workers in regions after its end", 0, blocked());
  expect("one more end", WEFT_EINVALIDSTATE, weft_blocking_end());
  return WEFT_OK;
}

int main(void) {
  int kind, round;
  for (kind = 0; kind < 2; ++kind)
    for (round = 0; round < 20; ++round) {
      weft_executor_options_t options;
      weft_future_t *done;
      weft_executor_options_init(&options);
      options.max_workers = 1;
      options.max_spares = 1;
      if (weft_executor_create(NULL, &options, &pool) != WEFT_OK) return 1;
      weft_executor_submit(pool, NULL, waits, kind == 0 ? NULL : &pool, NULL, &done);
      weft_future_wait(done, WEFT_FOREVER);
      weft_future_unref(done);
      weft_executor_unref(pool);
    }
  return wrong;
}
