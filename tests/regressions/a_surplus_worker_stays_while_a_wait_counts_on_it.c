// A worker waits without limit for a delayed task of its pool of one worker, while a spare still exists. The spare must
// not end, because then no thread could run the task. And the pool must go on.
#include <stdio.h>
#include <unistd.h>

#include <weft/weft.h>

static weft_executor_t *pool;

static weft_status nothing(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  return WEFT_OK;
}

static int idle_workers_took(uint64_t parks) {
  weft_executor_stats_t stats;
  stats.size = sizeof stats;
  return weft_executor_stats(pool, &stats) == WEFT_OK && stats.parks >= parks;
}

static weft_status waits(void *ctx, void **result, weft_error_t **error) {
  weft_future_t *other, *delayed;
  weft_status status;
  (void)ctx;
  (void)error;
  weft_blocking_begin();
  weft_executor_submit(pool, NULL, nothing, NULL, NULL, &other);
  while (!idle_workers_took(1)) usleep(1000); // until the spare has run it, and rests
  weft_blocking_end();
  weft_executor_submit_after(pool, 300 * WEFT_MILLISECOND, NULL, nothing, NULL, NULL, &delayed);
  status = weft_future_wait(delayed, WEFT_FOREVER);
  weft_future_unref(delayed);
  weft_future_unref(other);
  *result = (void *)weft_status_name(status);
  return WEFT_OK;
}

int main(void) {
  weft_executor_options_t options;
  weft_future_t *waiter, *woken, *last;
  weft_status of_waiter, of_last;
  void *answer = "nothing";
  weft_executor_options_init(&options);
  options.max_workers = 1;
  if (weft_executor_create(NULL, &options, &pool) != WEFT_OK) return 1;
  weft_executor_submit(pool, NULL, waits, NULL, NULL, &waiter);
  usleep(150000);
  weft_executor_submit(pool, NULL, nothing, NULL, NULL, &woken); // wakes the spare, which is surplus by now
  of_waiter = weft_future_result(waiter, 20 * WEFT_SECOND, &answer);
  weft_executor_submit(pool, NULL, nothing, NULL, NULL, &last);
  of_last = weft_future_wait(last, 20 * WEFT_SECOND);
  if (of_waiter == WEFT_OK && of_last == WEFT_OK) {
    weft_future_unref(waiter);
    weft_future_unref(woken);
    weft_future_unref(last);
    weft_executor_unref(pool);
    return 0;
  }
  printf("the waiter: %s (its wait said %s), the next task: %s\n", weft_status_name(of_waiter), (const char *)answer,
         weft_status_name(of_last));
  fflush(stdout);
  _exit(1);
}
