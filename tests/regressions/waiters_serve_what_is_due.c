/* All workers of a pool are in tasks that wait for delayed tasks of that pool. The waits ended with WEFT_EDEADLK, or at
 * their limit with WEFT_ETIMEDOUT, though the tasks were due. A waiter must make ready what is due. */
#include <stdio.h>
#include <unistd.h>

#include <weft/weft.h>

enum { tasks = 16 };

static weft_status nothing(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  return WEFT_OK;
}

struct round {
  weft_executor_t *pool;
  int64_t limit;
};

static weft_status waits(void *ctx, void **result, weft_error_t **error) {
  const struct round *round = (const struct round *)ctx;
  weft_future_t *delayed;
  weft_status status =
      weft_executor_submit_after(round->pool, 20 * WEFT_MILLISECOND, NULL, nothing, NULL, NULL, &delayed);
  (void)result;
  (void)error;
  if (status != WEFT_OK) return status;
  status = weft_future_wait(delayed, round->limit);
  weft_future_unref(delayed);
  return status;
}

static int failures(uint32_t workers, int64_t limit) {
  weft_executor_options_t options;
  weft_future_t *futures[tasks];
  struct round round = {NULL, limit};
  int i, failed = 0;
  weft_executor_options_init(&options);
  options.max_workers = workers;
  if (weft_executor_create(NULL, &options, &round.pool) != WEFT_OK) return tasks;
  for (i = 0; i < tasks; ++i)
    if (weft_executor_submit(round.pool, NULL, waits, &round, NULL, &futures[i]) != WEFT_OK) return tasks;
  for (i = 0; i < tasks; ++i) {
    failed += weft_future_result(futures[i], WEFT_FOREVER, NULL) != WEFT_OK;
    weft_future_unref(futures[i]);
  }
  weft_executor_unref(round.pool);
  return failed;
}

int main(void) {
  static const uint32_t workers[] = {1, 2, 8};
  static const int64_t limits[] = {WEFT_FOREVER, 20 * WEFT_SECOND};
  size_t w, l;
  int wrong = 0;
  alarm(100);
  for (w = 0; w < 3; ++w)
    for (l = 0; l < 2; ++l) {
      const int failed = failures(workers[w], limits[l]);
      if (failed != 0)
        printf("%d of %d waits %s on %d workers\n", failed, tasks, l == 0 ? "without limit" : "with a limit",
               (int)workers[w]);
      wrong += failed;
    }
  return wrong != 0;
}
