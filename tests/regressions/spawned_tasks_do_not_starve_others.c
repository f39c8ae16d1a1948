/* Chains of spawned tasks keep both workers busy. What a task has posted, what the main thread has posted, and the
 * ticks of a timer must run all the same.
 */
#include <stdio.h>
#include <unistd.h>

#include <weft/weft.h>

static weft_executor_t *pool;
static weft_group_t *group;
static int stop, inside, outside, ticks;
static long steps;

static weft_status set(void *flag, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  __atomic_add_fetch((int *)flag, 1, __ATOMIC_RELEASE);
  return WEFT_OK;
}

static weft_status step(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  if (__atomic_add_fetch(&steps, 1, __ATOMIC_RELAXED) == 100000) weft_executor_post(pool, NULL, set, &inside, NULL);
  if (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) weft_group_spawn(group, NULL, step, NULL, NULL);
  return WEFT_OK;
}

static int all_came(void) {
  return __atomic_load_n(&inside, __ATOMIC_ACQUIRE) && __atomic_load_n(&outside, __ATOMIC_ACQUIRE) &&
         __atomic_load_n(&ticks, __ATOMIC_ACQUIRE) >= 10;
}

int main(void) {
  weft_executor_options_t options;
  weft_timer_t *timer;
  int64_t end;
  weft_executor_options_init(&options);
  options.max_workers = 2;
  if (weft_executor_create(NULL, &options, &pool) != WEFT_OK || weft_group_create(pool, NULL, &group) != WEFT_OK)
    return 1;
  weft_group_spawn(group, NULL, step, NULL, NULL);
  weft_group_spawn(group, NULL, step, NULL, NULL);
  while (__atomic_load_n(&steps, __ATOMIC_RELAXED) < 1000) usleep(1000);
  weft_executor_post(pool, NULL, set, &outside, NULL);
  if (weft_timer_create(pool, NULL, set, &ticks, NULL, &timer) != WEFT_OK) return 1;
  weft_timer_arm_every(timer, 0, 10 * WEFT_MILLISECOND, WEFT_MISSED_SKIP);
  for (end = weft_now() + 30 * WEFT_SECOND; !all_came() && weft_now() < end;) usleep(1000);
  if (!all_came())
    printf("posted by a task: run %d times, posted by main: run %d times, %d ticks\n", inside, outside, ticks);
  __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
  weft_group_wait(group, WEFT_FOREVER);
  weft_group_unref(group);
  weft_timer_unref(timer);
  weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER);
  weft_executor_unref(pool);
  return all_came() ? 0 : 1;
}
