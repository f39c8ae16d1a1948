/* A client of weft 1.0 that knows nothing of today's headers: what it uses it declares itself, as 1.0 had it. It is
 * linked with a library that has the symbols of the baseline and nothing else (binary.py), and then runs with the real
 * one. So this file must never be changed, whatever becomes of the headers.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef int32_t status_t;
typedef void (*drop_t)(void *ctx);
typedef status_t (*task_t)(void *ctx, void **result, void **error);

struct thread_options {
  uint32_t size, daemon;
  const char *name;
  uint64_t stack_size;
  int32_t nice;
  uint32_t affinity_count;
  const uint32_t *affinity;
  uint32_t signals, reserved;
};
struct executor_options {
  uint32_t size, max_workers;
  const char *name_prefix;
  uint64_t stack_size;
  const uint32_t *affinity;
  uint32_t affinity_count;
  int32_t nice;
  uint32_t max_spares, max_helpers;
  int64_t linger;
  uint64_t max_queue;
  int64_t full_timeout;
  uint32_t when_full, daemon;
  status_t (*initializer)(void *ctx, void **error);
  void *initializer_ctx;
  drop_t initializer_drop;
  void *worker_start, *worker_stop, *worker_rest, *worker_ctx;
  drop_t worker_drop;
  uint32_t signals, flags;
};
struct task_options {
  uint32_t size, priority;
  void *token, *domain;
  drop_t result_drop;
  const char *name;
};
struct executor_stats {
  uint32_t size, max_workers, workers_started, workers_alive;
  uint64_t workers_refused, queued, submitted, completed, cancelled, stolen, injected, parks, wakes;
  uint32_t workers_blocked, workers_idle;
  uint64_t waits[12];
};

extern uint32_t weft_version(void);
extern const char *weft_status_name(status_t status);
extern status_t weft_error_create(int32_t code, const char *kind, const char *message, void **out);
extern const char *weft_error_message(const void *error);
extern void weft_error_unref(void *error);
extern status_t weft_thread_create(void *runtime, const struct thread_options *options,
                                   status_t (*target)(void *ctx, void **error), void *ctx, drop_t drop, void **out);
extern status_t weft_thread_start(void *thread);
extern status_t weft_thread_join(void *thread, int64_t timeout);
extern const char *weft_thread_name(const void *thread);
extern void weft_thread_unref(void *thread);
extern status_t weft_executor_create(void *runtime, const struct executor_options *options, void **out);
extern status_t weft_strand_create(void *pool, void **out);
extern status_t weft_executor_submit(void *executor, const struct task_options *options, task_t fn, void *ctx,
                                     drop_t drop, void **out);
extern status_t weft_executor_post(void *executor, const void *options, task_t fn, void *ctx, drop_t drop);
extern status_t weft_executor_stats(void *executor, struct executor_stats *stats);
extern status_t weft_executor_shutdown(void *executor, uint32_t flags, int64_t timeout);
extern void weft_executor_unref(void *executor);
extern status_t weft_future_result(void *future, int64_t timeout, void **result);
extern status_t weft_future_exception(void *future, int64_t timeout, void **error);
extern void weft_future_unref(void *future);
extern status_t weft_group_create(void *pool, const void *options, void **out);
extern status_t weft_group_spawn(void *group, const void *options, task_t fn, void *ctx, drop_t drop);
extern status_t weft_group_wait(void *group, int64_t timeout);
extern void weft_group_unref(void *group);
extern status_t weft_timer_create(void *executor, const void *options, task_t fn, void *ctx, drop_t drop, void **out);
extern status_t weft_timer_arm(void *timer, int64_t delay);
extern void weft_timer_unref(void *timer);

static int faults;

static void expect(int line, int64_t found, int64_t expected) {
  if (found == expected) return;
  printf("line %d: %" PRId64 " instead of %" PRId64 "\n", line, found, expected);
  faults = 1;
}
#define EXPECT(found, expected) expect(__LINE__, (int64_t)(found), (int64_t)(expected))

static status_t doubled(void *ctx, void **result, void **error) {
  intptr_t number = (intptr_t)ctx;
  if (number < 0) return weft_error_create(7, "ValueError", "negative", error);
  *result = (void *)(2 * number);
  return 0;
}

static status_t counted(void *ctx, void **result, void **error) {
  (void)result;
  (void)error;
  __atomic_fetch_add((int *)ctx, 1, __ATOMIC_RELAXED);
  return 0;
}

static status_t target(void *ctx, void **error) {
  (void)error;
  *(int *)ctx = 42;
  return 0;
}

static void dropped(void *ctx) {
  __atomic_fetch_add((int *)ctx, 100, __ATOMIC_RELAXED);
}

int main(void) {
  struct executor_options pool_options;
  struct thread_options thread_options;
  struct task_options submit_options;
  struct executor_stats stats;
  void *pool, *strand, *future, *group, *timer, *thread, *error, *result;
  int ran = 0, i;

  EXPECT(weft_version() >= 1000000 && weft_version() < 2000000, 1);
  EXPECT(strcmp(weft_status_name(-13), "WEFT_EDEADLK"), 0);

  memset(&pool_options, 0, sizeof pool_options);
  pool_options.size = sizeof pool_options;
  pool_options.max_workers = 2;
  pool_options.name_prefix = "old";
  EXPECT(weft_executor_create(NULL, &pool_options, &pool), 0);

  memset(&submit_options, 0, sizeof submit_options);
  submit_options.size = sizeof submit_options;
  submit_options.priority = 1;
  EXPECT(weft_executor_submit(pool, &submit_options, doubled, (void *)21, NULL, &future), 0);
  EXPECT(weft_future_result(future, INT64_MAX, &result), 0);
  EXPECT((intptr_t)result, 42);
  weft_future_unref(future);

  EXPECT(weft_executor_submit(pool, NULL, doubled, (void *)-1, NULL, &future), 0);
  EXPECT(weft_future_result(future, INT64_MAX, NULL), -6);
  EXPECT(weft_future_exception(future, 0, &error), 0);
  EXPECT(strcmp(weft_error_message(error), "negative"), 0);
  weft_error_unref(error);
  weft_future_unref(future);

  EXPECT(weft_group_create(pool, NULL, &group), 0);
  for (i = 0; i < 10; ++i) EXPECT(weft_group_spawn(group, NULL, counted, &ran, dropped), 0);
  EXPECT(weft_group_wait(group, INT64_MAX), 0);
  EXPECT(ran, 1010);
  weft_group_unref(group);

  EXPECT(weft_strand_create(pool, &strand), 0);
  EXPECT(weft_executor_post(strand, NULL, counted, &ran, NULL), 0);
  EXPECT(weft_executor_submit(strand, NULL, doubled, (void *)1, NULL, &future), 0);
  EXPECT(weft_future_result(future, INT64_MAX, NULL), 0);
  EXPECT(ran, 1011);
  weft_future_unref(future);
  weft_executor_unref(strand);

  EXPECT(weft_timer_create(pool, NULL, counted, &ran, dropped, &timer), 0);
  EXPECT(weft_timer_arm(timer, INT64_MAX), 0);
  weft_timer_unref(timer);
  EXPECT(ran, 1111);

  memset(&stats, 0xff, sizeof stats);
  stats.size = sizeof stats;
  EXPECT(weft_executor_stats(pool, &stats), 0);
  EXPECT(stats.size, sizeof stats);
  EXPECT(stats.max_workers, 2);
  EXPECT(stats.workers_refused, 0);

  memset(&thread_options, 0, sizeof thread_options);
  thread_options.size = sizeof thread_options;
  thread_options.name = "old";
  EXPECT(weft_thread_create(NULL, &thread_options, target, &ran, NULL, &thread), 0);
  EXPECT(weft_thread_start(thread), 0);
  EXPECT(weft_thread_join(thread, INT64_MAX), 0);
  EXPECT(strcmp(weft_thread_name(thread), "old"), 0);
  EXPECT(ran, 42);
  weft_thread_unref(thread);

  EXPECT(weft_executor_shutdown(pool, 1, INT64_MAX), 0);
  EXPECT(weft_executor_submit(pool, NULL, doubled, NULL, NULL, &future), -14);
  weft_executor_unref(pool);
  if (!faults) puts("as in 1.0");
  return faults;
}
