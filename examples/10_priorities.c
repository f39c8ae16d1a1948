/* Priorities, a blocking region and figures, on a pool of one worker. Urgent tasks go first. A task
 * that blocks outside weft lends its worker's place to another task. The pool's figures count all
 * of this.
 * Read on in include/weft/task_options.h, worker.h and stats.h. */
#include <weft/weft.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int held[2], line[2]; /* pipes: a way to block of which weft knows nothing */

static void check(weft_status status) {
  if (status == WEFT_OK) return;
  fprintf(stderr, "%s: %s\n", weft_status_name(status), weft_status_text(status));
  exit(1);
}

static weft_status wait_at(int pipe) {
  char byte;
  return read(pipe, &byte, 1) == 1 ? WEFT_OK : WEFT_EFAILED;
}

static weft_status hold_the_worker(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  return wait_at(held[0]);
}

static weft_status say(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  puts((const char *)ctx);
  return WEFT_OK;
}

static weft_status wait_for_the_line(void *ctx, void **result, weft_error_t **error) {
  weft_status status;
  (void)ctx;
  (void)result;
  (void)error;
  check(weft_blocking_begin()); /* without this, "meanwhile" would wait */
  status = wait_at(line[0]);
  check(weft_blocking_end());
  return status;
}

static weft_future_t *submit(weft_executor_t *pool, uint32_t priority, weft_task_fn fn, const char *text) {
  weft_task_options_t options;
  weft_future_t *future;
  weft_task_options_init(&options);
  options.priority = priority;
  check(weft_executor_submit(pool, &options, fn, (void *)text, NULL, &future));
  return future;
}

static void finish(weft_future_t *future) {
  check(weft_future_result(future, WEFT_FOREVER, NULL));
  weft_future_unref(future);
}

int main(void) {
  weft_executor_options_t options;
  weft_executor_stats_t stats = {0};
  weft_executor_t *pool;
  weft_future_t *holding, *low, *normal, *high, *blocked;

  if (pipe(held) != 0 || pipe(line) != 0) return 1;
  weft_executor_options_init(&options);
  options.max_workers = 1;
  check(weft_executor_create(NULL, &options, &pool));

  holding = submit(pool, WEFT_PRIORITY_HIGH, hold_the_worker, NULL);
  low = submit(pool, WEFT_PRIORITY_LOW, say, "low: when there is nothing else");
  normal = submit(pool, WEFT_PRIORITY_NORMAL, say, "normal");
  high = submit(pool, WEFT_PRIORITY_HIGH, say, "high: submitted last, started first");
  if (write(held[1], "", 1) != 1) return 1;
  finish(holding);
  finish(low);
  finish(normal);
  finish(high);

  blocked = submit(pool, WEFT_PRIORITY_NORMAL, wait_for_the_line, NULL);
  finish(submit(pool, WEFT_PRIORITY_NORMAL, say, "meanwhile: on a spare worker"));
  if (write(line[1], "", 1) != 1) return 1;
  finish(blocked);

  check(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER));
  stats.size = sizeof stats;
  check(weft_executor_stats(pool, &stats));
  printf("submitted %d, completed %d, workers started %d\n", (int)stats.submitted, (int)stats.completed,
         (int)stats.workers_started);
  weft_executor_unref(pool);
  return 0;
}
