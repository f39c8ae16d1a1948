/* Two strands that always have a next task of 10 ms keep two workers busy. A task of a third strand, a task of the
 * pool, one of high priority and a delayed one must each start within 100 tasks. With the fault none did within 900.
 */
#include <stdio.h>
#include <unistd.h>

#include <weft/weft.h>

enum { most = 100 };

static int steps, probes;

static weft_status busy(void *strand, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  usleep(10000);
  if (__atomic_load_n(&probes, __ATOMIC_ACQUIRE) < 4 && __atomic_add_fetch(&steps, 1, __ATOMIC_RELAXED) < 10 * most)
    weft_executor_post(strand, NULL, busy, strand, NULL);
  return WEFT_OK;
}

static weft_status probe(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  __atomic_add_fetch(&probes, 1, __ATOMIC_RELEASE);
  return WEFT_OK;
}

int main(void) {
  weft_executor_options_t options;
  weft_task_options_t high;
  weft_executor_t *pool, *strands[3];
  weft_future_t *future;
  int i;
  weft_executor_options_init(&options);
  options.max_workers = 2;
  weft_task_options_init(&high);
  high.priority = WEFT_PRIORITY_HIGH;
  if (weft_executor_create(NULL, &options, &pool) != WEFT_OK) return 1;
  for (i = 0; i < 3; ++i)
    if (weft_strand_create(pool, &strands[i]) != WEFT_OK) return 1;
  for (i = 0; i < 2; ++i) weft_executor_post(strands[i], NULL, busy, strands[i], NULL);
  while (__atomic_load_n(&steps, __ATOMIC_RELAXED) < 4) usleep(1000);
  if (weft_executor_post(strands[2], NULL, probe, NULL, NULL) != WEFT_OK ||
      weft_executor_post(pool, NULL, probe, NULL, NULL) != WEFT_OK ||
      weft_executor_submit(pool, &high, probe, NULL, NULL, &future) != WEFT_OK ||
      weft_executor_post_after(pool, WEFT_MILLISECOND, NULL, probe, NULL, NULL) != WEFT_OK)
    return 1;
  weft_future_wait(future, WEFT_FOREVER);
  weft_future_unref(future);
  while (__atomic_load_n(&probes, __ATOMIC_ACQUIRE) < 4 && __atomic_load_n(&steps, __ATOMIC_RELAXED) < 10 * most)
    usleep(1000);
  for (i = 0; i < 3; ++i) weft_executor_unref(strands[i]);
  weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER);
  weft_executor_unref(pool);
  if (steps > most) {
    printf("%d tasks of the busy strands started before the four others\n", steps);
    return 1;
  }
  return 0;
}
