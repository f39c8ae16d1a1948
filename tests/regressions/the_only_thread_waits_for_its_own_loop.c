/* The only thread of a process waits without limit for a task of a caller-run executor that only this thread could run.
 * In a second case it waits for a pool, whose worker waits for such a task. Both slept for ever; now the answer is
 * WEFT_EDEADLK. A thread that weft does not know might run the task, so with such a thread the wait goes on. */
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weft/weft.h>

static weft_executor_t *loop;

static weft_status nothing(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  return WEFT_OK;
}

static weft_status by_way_of_the_loop(void *ctx, void **result, weft_error_t **error) {
  weft_future_t *future;
  weft_status status = weft_executor_submit(loop, NULL, nothing, NULL, NULL, &future);
  (void)ctx;
  (void)result;
  (void)error;
  if (status == WEFT_OK) status = weft_future_wait(future, WEFT_FOREVER);
  return status;
}

static void *run_the_loop(void *ctx) {
  (void)ctx;
  usleep(20000);
  weft_executor_run_wait(loop, 1, WEFT_FOREVER, NULL);
  return NULL;
}

static int threads(void) {
  struct stat found;
  return stat("/proc/self/task", &found) == 0 ? (int)found.st_nlink - 2 : 0;
}

int main(void) {
  weft_executor_options_t options;
  weft_future_t *future;
  weft_executor_t *pool;
  pthread_t runner;
  weft_status own, by_pool, by_other;
  alarm(20);
  weft_executor_options_init(&options);
  options.max_workers = 1;
  if (weft_caller_run_create(NULL, NULL, &loop) != WEFT_OK || weft_executor_create(NULL, &options, &pool) != WEFT_OK)
    return 1;
  if (threads() != 1) return 0; /* a sanitizer has its own thread, or the system does not give the number */

  weft_executor_submit(loop, NULL, nothing, NULL, NULL, &future);
  own = weft_future_wait(future, WEFT_FOREVER);
  weft_executor_run(loop, 0, WEFT_FOREVER, NULL);
  weft_future_unref(future);

  weft_executor_submit(pool, NULL, by_way_of_the_loop, NULL, NULL, &future);
  by_pool = weft_future_wait(future, WEFT_FOREVER);
  if (by_pool == WEFT_OK) by_pool = weft_future_result(future, 0, NULL) == WEFT_EFAILED ? WEFT_EDEADLK : WEFT_OK;
  weft_executor_run(loop, 0, WEFT_FOREVER, NULL);
  weft_future_unref(future);

  weft_executor_submit(loop, NULL, nothing, NULL, NULL, &future);
  pthread_create(&runner, NULL, run_the_loop, NULL);
  by_other = weft_future_wait(future, WEFT_FOREVER);
  pthread_join(runner, NULL);
  weft_future_unref(future);

  if (own == WEFT_EDEADLK && by_pool == WEFT_EDEADLK && by_other == WEFT_OK) return 0;
  printf("waiting for one's own loop: %s; by way of a pool: %s; when another thread runs it: %s\n",
         weft_status_name(own), weft_status_name(by_pool), weft_status_name(by_other));
  return 1;
}
