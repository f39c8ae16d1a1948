/* setup.h: making runtimes, threads and executors for the C tests; each checks that it could. */
#ifndef WEFT_TESTS_SETUP_H
#define WEFT_TESTS_SETUP_H

#include <weft/weft.h>

#include "check.h"
#include "probe.h"

/* An output that a failed call must leave alone. */
#define UNTOUCHED(type) ((type *)(uintptr_t)0x5a)

static inline weft_runtime_t *make_runtime(void) {
  weft_runtime_t *runtime = NULL;
  CHECK_STATUS(weft_runtime_create(NULL, &runtime), WEFT_OK);
  return runtime;
}

/* Starts a thread; runtime NULL: the default one. */
static inline weft_thread_t *start_thread(weft_runtime_t *runtime, uint32_t daemon, weft_thread_fn target, void *ctx,
                                          weft_drop_fn drop) {
  weft_thread_options_t options;
  weft_thread_t *thread = NULL;
  weft_thread_options_init(&options);
  options.daemon = daemon;
  if (CHECK_STATUS(weft_thread_create(runtime, &options, target, ctx, drop, &thread), WEFT_OK))
    CHECK_STATUS(weft_thread_start(thread), WEFT_OK);
  return thread;
}

/* Joins without limit and gives the handle back. */
static inline void end_thread(weft_thread_t *thread) {
  CHECK_STATUS(weft_thread_join(thread, WEFT_FOREVER), WEFT_OK);
  weft_thread_unref(thread);
}

static inline weft_executor_t *make_pool_in(weft_runtime_t *runtime, uint32_t workers, uint32_t daemon) {
  weft_executor_options_t options;
  weft_executor_t *pool = NULL;
  weft_executor_options_init(&options);
  options.max_workers = workers;
  options.daemon = daemon;
  CHECK_STATUS(weft_executor_create(runtime, &options, &pool), WEFT_OK);
  return pool;
}

static inline weft_executor_t *make_pool(uint32_t workers) {
  return make_pool_in(NULL, workers, WEFT_DAEMON_NO);
}

/* A pool of one worker whose queue is bounded. */
static inline weft_executor_t *make_bounded_pool(uint64_t max_queue, uint32_t when_full, int64_t full_timeout) {
  weft_executor_options_t options;
  weft_executor_t *pool = NULL;
  weft_executor_options_init(&options);
  options.max_workers = 1;
  options.max_queue = max_queue;
  options.when_full = when_full;
  options.full_timeout = full_timeout;
  CHECK_STATUS(weft_executor_create(NULL, &options, &pool), WEFT_OK);
  return pool;
}

static inline weft_executor_t *make_strand(weft_executor_t *pool) {
  weft_executor_t *strand = NULL;
  CHECK_STATUS(weft_strand_create(pool, &strand), WEFT_OK);
  return strand;
}

static inline weft_executor_t *make_caller_run(void) {
  weft_executor_t *executor = NULL;
  CHECK_STATUS(weft_caller_run_create(NULL, NULL, &executor), WEFT_OK);
  return executor;
}

/* Waits for the end of the executor, so that what follows sees all that it did, and gives the handle back. */
static inline void end_executor(weft_executor_t *executor) {
  CHECK_STATUS(weft_executor_shutdown(executor, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  weft_executor_unref(executor);
}

static inline weft_future_t *submit(weft_executor_t *executor, weft_task_fn fn, void *ctx, weft_drop_fn drop) {
  weft_future_t *future = NULL;
  CHECK_STATUS(weft_executor_submit(executor, NULL, fn, ctx, drop, &future), WEFT_OK);
  return future;
}

/* Submits a task that waits at the gate, and returns once it runs: one worker is busy until the gate opens. */
static inline weft_future_t *occupy_worker(weft_executor_t *executor, gate_t *gate) {
  int before = gate_arrived(gate);
  weft_future_t *future = submit(executor, pass_gate, gate, NULL);
  gate_await(gate, before + 1);
  return future;
}

/* Waits for the end of a task and gives the handle back. */
static inline void end_future(weft_future_t *future) {
  CHECK_STATUS(weft_future_wait(future, WEFT_FOREVER), WEFT_OK);
  weft_future_unref(future);
}

static inline weft_future_t *make_promise(weft_drop_fn result_drop) {
  weft_future_t *future = NULL;
  CHECK_STATUS(weft_future_create(result_drop, &future), WEFT_OK);
  return future;
}

static inline weft_error_t *make_error(int32_t code) {
  weft_error_t *error = NULL;
  CHECK_STATUS(weft_error_create(code, "Kind", "message", &error), WEFT_OK);
  return error;
}

static inline weft_executor_stats_t stats_of(weft_executor_t *executor) {
  weft_executor_stats_t stats = {0};
  stats.size = sizeof stats;
  CHECK_STATUS(weft_executor_stats(executor, &stats), WEFT_OK);
  return stats;
}

/* Waits until `count` workers are there. No call of weft waits for workers to come or go. */
static inline void await_workers(weft_executor_t *pool, uint32_t count) {
  int64_t until = now_ns() + 60 * WEFT_SECOND;
  while (stats_of(pool).workers_alive != count && now_ns() < until) sched_yield();
  CHECK_EQUAL(stats_of(pool).workers_alive, count);
}

#endif
