/* weft/executor.h: executors, which run tasks: pools, and what all executors have in common.
 *
 * The smallest complete use is one task on a pool, and its result:
 *
 *   static weft_status square(void *ctx, void **result, weft_error_t **error) {
 *     (void)error;
 *     *result = (void *)((intptr_t)ctx * (intptr_t)ctx);
 *     return WEFT_OK;
 *   }
 *
 *   int main(void) {
 *     weft_executor_t *pool;
 *     weft_future_t *future;
 *     void *result;
 *     if (weft_executor_create(NULL, NULL, &pool) != WEFT_OK) return 1;
 *     if (weft_executor_submit(pool, NULL, square, (void *)7, NULL, &future) != WEFT_OK) return 1;
 *     weft_future_result(future, WEFT_FOREVER, &result);          gives (void *)49
 *     weft_future_unref(future);
 *     weft_executor_unref(pool);                                  the workers end
 *     return 0;
 *   }
 *
 * Three kinds of executor share one handle:
 *  - A pool runs tasks on workers: threads that start on demand and are reused.
 *    weft_executor_create makes one. weft_default_executor gives the one pool that all libraries of
 *    a process can share.
 *  - A strand runs tasks on a pool, one at a time, in the order of submission: weft_strand_create.
 *  - A caller-run executor runs tasks only on a thread that calls weft_executor_run, such as a main
 *    loop: weft_caller_run_create.
 *
 * A pool promises:
 *  - One end for each task. Every accepted task ends with a result or an error, or is cancelled.
 *    Its context is dropped exactly once.
 *  - Work conservation. A ready task starts at once while a worker is idle or another one may be
 *    started.
 *  - Few threads. A submit starts at most one worker, and none while a worker is idle. At most
 *    max_workers exist at a time, and max_spares more for blocking regions (worker.h). An idle
 *    worker sleeps.
 *  - Order and turns, as below: every ready task starts, as long as tasks end.
 *  - Safe waits. A task may wait for other tasks, also of its own pool with one worker. A wait
 *    without a limit that weft knows to be endless returns WEFT_EDEADLK (guide/waiting.md).
 *  - A defined end. A shutdown runs what was accepted, or cancels what has not started. The end of
 *    the process waits for what was submitted to a regular pool (runtime.h).
 *
 * The model is Python's ThreadPoolExecutor.
 *
 * Order. Tasks that one thread submits with one priority start in the order of submission. On a
 * pool with one worker, a strand or a caller-run executor, this order is total over all threads. A
 * pool with more workers hands out very short tasks (of microseconds) in batches of up to 64. Such
 * tasks may start out of order by one batch.
 *
 * Turns. A source is a place that ready tasks come from: what has become due, what came from
 * outside, what the worker's own tasks have submitted, what they have spawned into groups, what
 * other workers have. No mixture of loads keeps a ready task of a pool from starting, as long as
 * tasks end. On each worker:
 *  - A task of normal or low priority is passed over for at most 60 other tasks.
 *  - When a worker has run for 100 microseconds, each source has a turn: one long task, or up to
 *    16 short ones for 25 microseconds. So beside long tasks, a task of normal priority waits for
 *    the one that runs and for at most one of each other source.
 *  - When a worker has run for a millisecond, each source has a turn, without regard to priority.
 *    One task of low priority comes first. Between two long turns comes one task of high priority.
 *    So beside tasks of high priority, the others wait for a millisecond and for the tasks that run
 *    then.
 *  - A timer or delayed task that is due becomes ready when the running task ends. While tasks are
 *    shorter than 100 microseconds, it becomes ready after at most that time. It has a turn of its
 *    own: it does not wait behind what was submitted earlier.
 *  - A turn of a strand counts as one task. It ends after 256 tasks of the strand, or after the one
 *    during which 100 microseconds end. The strand then queues up behind what is ready.
 *  - Of the tasks spawned into groups, the newest start first. One that has been a worker's oldest
 *    for 10 to 90 milliseconds, depending on how many there are, starts next.
 *
 * A task that waits counts as one task until it returns, with everything that its wait runs.
 * Microseconds are measured with a counter of the processor, and are right within a factor of two.
 */
#ifndef WEFT_EXECUTOR_H
#define WEFT_EXECUTOR_H

#include <weft/base.h>
#include <weft/error.h>
#include <weft/future.h>
#include <weft/runtime.h>
#include <weft/task_options.h>
#include <weft/worker.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An executor of any kind. Shared: weft_executor_ref / weft_executor_unref. */
typedef struct weft_executor weft_executor_t;

/** The function of a task.
 *
 * For a success, return WEFT_OK; `*result` may get the result. For a failure, return any other
 * value, or store an error of weft_error_create in `*error`. The reference to that error passes to
 * weft, and the returned value then does not matter. After a failure `*result` is ignored.
 *
 * `result` and `error` are never NULL. `*result` and `*error` are NULL at the call.
 */
typedef weft_status (*weft_task_fn)(void *ctx, void **result, weft_error_t **error);

/* Values of weft_executor_options_t.when_full: what a submit does while the queue has no room. */
#define WEFT_FULL_FAIL 0u   /**< it returns WEFT_EFULL */
#define WEFT_FULL_WAIT 1u   /**< it waits for room, up to `full_timeout`, then returns WEFT_ETIMEDOUT */
#define WEFT_FULL_CALLER 2u /**< it runs the task itself, on the calling thread, before it returns */

/** weft_executor_options_t.flags: the pool starts no threads.
 *
 * Its workers are the threads that call weft_executor_work (worker.h), at most max_workers at a
 * time. While there is none, submitted tasks wait. The end of the runtime cancels what is pending,
 * as for a daemon pool; so does giving back the last handle. A weft_executor_shutdown that waits
 * runs it on the calling thread.
 */
#define WEFT_EXECUTOR_HOST_WORKERS 1u

/** Options of a pool. Everything is copied. */
typedef struct weft_executor_options {
  uint32_t size; /**< sizeof(weft_executor_options_t), see WEFT_OPTIONS_INIT */

  /* Workers */
  uint32_t max_workers;    /**< at most 4096; 0: min(32, weft_usable_cpus() + 4) */
  const char *name_prefix; /**< workers are named <prefix>_<i>; NULL or "": weft-<n> */
  uint64_t stack_size;     /**< of each worker, as weft_thread_options_t.stack_size */
  /** The CPUs that the pool's own workers may run on, each below 1024. What the system refuses of
   * `affinity` and `nice` is left out, with a line in the log. */
  const uint32_t *affinity;
  /** How many entries `affinity` has, at most 1024. 0: a worker keeps the CPUs of the thread that
   * starts it, which may be any thread that submits. */
  uint32_t affinity_count;
  /** Of the pool's own workers, -20 (urgent) to 19 (idle). 0: as the thread that starts one. */
  int32_t nice;
  uint32_t max_spares; /**< workers beyond max_workers for blocking regions, at most 4096; 0: 64 */
  /** Threads beyond max_workers that may be in weft_executor_help at a time, at most 4096; 0: 1. */
  uint32_t max_helpers;
  /** How many nanoseconds a worker without work stays before its thread ends; 0 or more. 0: workers
   * stay as long as the pool, spares 5 seconds. While a timer is armed, one worker stays anyway. */
  int64_t linger;

  /* Queue */
  uint64_t max_queue;   /**< how many tasks may wait to start, at most 2^40; 0: no bound */
  int64_t full_timeout; /**< for WEFT_FULL_WAIT, nanoseconds, not negative; 0: WEFT_FOREVER */
  uint32_t when_full;   /**< WEFT_FULL_... */

  /* End */
  /** WEFT_DAEMON_NO (thread.h) or 0: the end of the process waits for what was submitted.
   * WEFT_DAEMON_YES: it cancels what is pending and does not wait. */
  uint32_t daemon;

  /* Hooks, see worker.h */
  weft_initializer_fn initializer; /**< NULL: none */
  void *initializer_ctx;
  /** Runs once, when the pool has ended and its last handle is gone. If the pool belongs to a
   * domain, it runs before the close of the domain is complete, even though handles remain. */
  weft_drop_fn initializer_drop;
  weft_worker_start_fn worker_start; /**< NULL: none */
  weft_worker_stop_fn worker_stop;   /**< NULL: none */
  weft_worker_rest_fn worker_rest;   /**< NULL: none */
  void *worker_ctx;                  /**< the context of these three */
  /** As initializer_drop, for worker_ctx. It runs after the last stop hook. */
  weft_drop_fn worker_drop;

  uint32_t signals; /**< which signals its workers block: WEFT_SIGNALS_... (thread.h); 0: WEFT_SIGNALS_BLOCK */
  uint32_t flags;   /**< 0, or WEFT_EXECUTOR_HOST_WORKERS */
} weft_executor_options_t;

static inline void weft_executor_options_init(weft_executor_options_t *options) {
  WEFT_OPTIONS_INIT(options);
}

/** Make a pool.
 *
 * No thread starts before the first task or timer. A pool that is made inside a domain belongs to
 * it: the close of the domain shuts the pool down (domain.h).
 *
 * `runtime`: NULL for the default one. `options`: NULL for the defaults.
 *
 * Blocks:    never.
 * Ownership: `*out` owns one reference. On success `initializer_ctx` and `worker_ctx` belong to
 *            the pool. On failure the caller keeps them.
 *
 * Returns
 *   WEFT_OK            the pool is made
 *   WEFT_EINVAL        `out` is NULL, an option is out of range, or `runtime` was destroyed
 *   WEFT_ENOTSUP       an option is of a later version
 *   WEFT_ESHUTDOWN     the runtime has ended
 *   WEFT_ECLOSED       the calling thread is inside a domain that is closed
 *   WEFT_ENOMEM        nothing changed
 */
WEFT_API weft_status weft_executor_create(weft_runtime_t *runtime, const weft_executor_options_t *options,
                                          weft_executor_t **out);

/* The default executor. One pool for all libraries of a process that need no pool of their own, so
 * that not each of them starts as many threads as there are CPUs. It belongs to the default runtime
 * and is made on first use.
 *
 * It is meant for computing: it has weft_usable_cpus() workers, which is what the affinity mask and
 * the quota of the control group leave. A task that is going to block uses weft_blocking_begin, or
 * belongs on a pool of its own. */

/** Get the default executor, the same pool for all callers.
 *
 * No caller can end it for the others: weft_executor_shutdown refuses it, and giving back
 * references does not end it. It ends with the default runtime, at the end of the process or by
 * weft_runtime_shutdown(NULL). Like any regular pool it then finishes what was submitted.
 *
 * Blocks:    never.
 * Ownership: `*out` owns one reference.
 *
 * Returns
 *   WEFT_OK            `*out` is the default executor
 *   WEFT_EINVAL        `out` is NULL
 *   WEFT_ESHUTDOWN     the default runtime has ended
 *   WEFT_ENOMEM        nothing changed
 */
WEFT_API weft_status weft_default_executor(weft_executor_t **out);

/** Set the options of the default executor, before its first use.
 *
 * For the host of a process. `options` are as for weft_executor_create, but for two defaults: a
 * `max_workers` of 0 stands for weft_usable_cpus(), and a `name_prefix` of NULL for "weft-default".
 * `options` of NULL go back to the defaults. Of several calls before the first use, the last one
 * counts.
 *
 * Blocks:    never.
 * Ownership: on success `initializer_ctx` and `worker_ctx` belong to weft. Those of the call before
 *            are dropped on this thread. On failure the caller keeps them.
 *
 * Returns
 *   WEFT_OK            the first use makes the executor with these options
 *   WEFT_EINVAL        an option is out of range
 *   WEFT_EINVALIDSTATE the executor was used already; nothing changed
 *   WEFT_ENOTSUP       an option is of a later version; or the calling thread is inside a domain,
 *                      and an initializer, hook or drop of the options would outlive it
 *   WEFT_ESHUTDOWN     the default runtime has ended
 *   WEFT_ENOMEM        nothing changed
 */
WEFT_API weft_status weft_default_executor_configure(const weft_executor_options_t *options);

/** Take one more reference and return the same pointer. NULL gives NULL. Never blocks. */
WEFT_API weft_executor_t *weft_executor_ref(weft_executor_t *executor);

/** Give back a reference. The last one shuts the executor down, without a wait.
 *
 * A pool or strand still runs what was submitted; then the workers end. Three things are cancelled
 * on this thread: what is pending on a caller-run executor, what is pending on a pool with
 * WEFT_EXECUTOR_HOST_WORKERS, and what was delayed and is not due yet (timer.h). NULL is allowed.
 * The executor's own tasks may call this.
 *
 * Blocks:    never.
 */
WEFT_API void weft_executor_unref(weft_executor_t *executor);

/** Submit a task and get its future.
 *
 * `options`: NULL for the defaults (task_options.h). If the queue is full, `when_full` of the
 * executor decides: the call fails, waits for room, or runs the task before it returns.
 *
 * Blocks:    never; with WEFT_FULL_WAIT up to `full_timeout` while the queue is full.
 * Ownership: `*out` owns one reference. On success `ctx` belongs to weft, on failure to the caller.
 *            `drop` runs on the thread that has run the task, before the future is done. For a task
 *            that never runs, it runs on the thread that cancels it or makes it fail, perhaps a
 *            moment after the future is done.
 *
 * Returns
 *   WEFT_OK            the task is accepted
 *   WEFT_EINVAL        `executor`, `fn` or `out` is NULL, or an option is out of range
 *   WEFT_ENOTSUP       an option is of a later version, or there is a priority and `executor` is no
 *                      pool
 *   WEFT_ECANCELED     the token of the options is cancelled
 *   WEFT_ECLOSED       the domain of the task is closed
 *   WEFT_ESHUTDOWN     the executor was shut down
 *   WEFT_EBROKEN       the pool is broken, see weft_executor_error
 *   WEFT_EFULL         the queue is full, with WEFT_FULL_FAIL
 *   WEFT_ETIMEDOUT     the queue was full for `full_timeout`, with WEFT_FULL_WAIT
 *   WEFT_EINTERRUPTED  the caller was asked to stop while it waited for room
 *   WEFT_EDEADLK       the queue is full, and without `full_timeout` the wait could never end
 *   WEFT_EAGAIN        the pool has no worker, and the system refuses a thread
 *   WEFT_ENOMEM        nothing changed
 */
WEFT_API weft_status weft_executor_submit(weft_executor_t *executor, const weft_task_options_t *options,
                                          weft_task_fn fn, void *ctx, weft_drop_fn drop, weft_future_t **out);

/** Submit a task without a future.
 *
 * Its result goes to `result_drop` of the options, if there is one. Its error goes to the exception
 * hook of the runtime. All else is as for weft_executor_submit.
 *
 * Blocks:    never; with WEFT_FULL_WAIT up to `full_timeout` while the queue is full.
 * Ownership: on success `ctx` belongs to weft, on failure to the caller.
 *
 * Returns
 *   WEFT_OK            the task is accepted
 *   WEFT_EINVAL        `executor` or `fn` is NULL, or an option is out of range
 *   WEFT_ENOTSUP       an option is of a later version, or there is a priority and `executor` is no
 *                      pool
 *   WEFT_ECANCELED     the token of the options is cancelled
 *   WEFT_ECLOSED       the domain of the task is closed
 *   WEFT_ESHUTDOWN     the executor was shut down
 *   WEFT_EBROKEN       the pool is broken, see weft_executor_error
 *   WEFT_EFULL         the queue is full, with WEFT_FULL_FAIL
 *   WEFT_ETIMEDOUT     the queue was full for `full_timeout`, with WEFT_FULL_WAIT
 *   WEFT_EINTERRUPTED  the caller was asked to stop while it waited for room
 *   WEFT_EDEADLK       the queue is full, and without `full_timeout` the wait could never end
 *   WEFT_EAGAIN        the pool has no worker, and the system refuses a thread
 *   WEFT_ENOMEM        nothing changed
 */
WEFT_API weft_status weft_executor_post(weft_executor_t *executor, const weft_task_options_t *options, weft_task_fn fn,
                                        void *ctx, weft_drop_fn drop);

/** One task of a batch: the parameters of weft_executor_post. */
typedef struct weft_call {
  weft_task_fn fn;
  void *ctx;
  weft_drop_fn drop;
} weft_call_t;

/** Submit several tasks at once, in this order, for less than one by one.
 *
 * All of them are accepted, or none. `options` are for each task. `futures`: NULL, or room for
 * `count` futures. A `count` of 0 is a success.
 *
 * A batch that does not fit into the queue is refused, waits until there is room for all of it, or
 * is run by the caller, as `when_full` says. One that is larger than `max_queue` never fits. It is
 * refused in any case, except with WEFT_FULL_CALLER.
 *
 * Blocks:    never; with WEFT_FULL_WAIT up to `full_timeout` while there is no room.
 * Ownership: each future in `futures` owns one reference. On success every `ctx` belongs to weft,
 *            on failure every one to the caller. Drops run as for weft_executor_submit.
 *
 * Returns
 *   WEFT_OK            all tasks are accepted
 *   WEFT_EINVAL        `executor` or an `fn` is NULL, `calls` is NULL with a count, or an option is
 *                      out of range
 *   WEFT_ENOTSUP       an option is of a later version, or there is a priority and `executor` is no
 *                      pool
 *   WEFT_ECANCELED     the token of the options is cancelled
 *   WEFT_ECLOSED       the domain of the tasks is closed
 *   WEFT_ESHUTDOWN     the executor was shut down
 *   WEFT_EBROKEN       the pool is broken, see weft_executor_error
 *   WEFT_EFULL         there is no room, with WEFT_FULL_FAIL; or the batch never fits
 *   WEFT_ETIMEDOUT     there was no room for `full_timeout`, with WEFT_FULL_WAIT
 *   WEFT_EINTERRUPTED  the caller was asked to stop while it waited for room
 *   WEFT_EDEADLK       there is no room, and without `full_timeout` the wait could never end
 *   WEFT_EAGAIN        the pool has no worker, and the system refuses a thread
 *   WEFT_ENOMEM        nothing changed
 */
WEFT_API weft_status weft_executor_submit_batch(weft_executor_t *executor, const weft_task_options_t *options,
                                                const weft_call_t *calls, size_t count, weft_future_t **futures);

/** Shut an executor down: from now on it accepts no tasks.
 *
 * What was accepted still runs, unless it is cancelled. Timers are disarmed, and what was delayed
 * and is not due yet is cancelled on this thread (timer.h). For a strand, all this concerns the
 * strand alone. A further call changes nothing more, but may wait or cancel.
 *
 * `flags`: 0, or any of
 *  - WEFT_SHUTDOWN_WAIT: wait until everything has run and the workers have ended. The calling
 *    thread runs what is pending itself on a caller-run executor, and on a pool with
 *    WEFT_EXECUTOR_HOST_WORKERS.
 *  - WEFT_SHUTDOWN_CANCEL_PENDING: cancel exactly what has not started. Callbacks and drops run on
 *    this thread.
 *
 * Blocks:    up to `timeout` with WEFT_SHUTDOWN_WAIT; never without it.
 *
 * Returns
 *   WEFT_OK            the executor is shut down; with WEFT_SHUTDOWN_WAIT it has also ended
 *   WEFT_ETIMEDOUT     it is shut down, but has not ended
 *   WEFT_EINTERRUPTED  the caller was asked to stop; the executor is shut down, but has not ended
 *   WEFT_EDEADLK       the caller is inside of the executor (a task or worker) and asked to wait;
 *                      nothing changed. Or it is shut down, and the wait could never end
 *   WEFT_ENOTSUP       it is the default executor
 *   WEFT_EINVAL        `executor` is NULL, or a flag is unknown
 *   WEFT_ENOMEM        it is shut down; there is no memory for the wait of a thread new to weft
 */
WEFT_API weft_status weft_executor_shutdown(weft_executor_t *executor, uint32_t flags, int64_t timeout);
#define WEFT_SHUTDOWN_WAIT 1u
#define WEFT_SHUTDOWN_CANCEL_PENDING 2u

/** Wait until an executor has nothing to do, without shutting it down.
 *
 * When it returns WEFT_OK, all tasks have ended that were accepted before this call, and all that
 * these have submitted to the executor. Some things do not count: timers that are armed, delayed
 * tasks that are not due, and continuations whose source is pending.
 *
 * Other threads may submit meanwhile. The wait ends at the first moment at which nothing is queued
 * and nothing runs. On a pool that includes tasks of its strands and groups.
 *
 * Blocks:    up to `timeout`. It runs no task, not even on a caller-run executor.
 *
 * Returns
 *   WEFT_OK            the executor was idle at a moment during this call
 *   WEFT_ETIMEDOUT     the executor was not idle within that time
 *   WEFT_EINTERRUPTED  the caller was asked to stop
 *   WEFT_EDEADLK       the caller is a worker or a task of the executor; or the executor can never
 *                      become idle
 *   WEFT_EINVAL        `executor` is NULL
 *   WEFT_ENOMEM        there is no memory to wait with
 */
WEFT_API weft_status weft_executor_wait_idle(weft_executor_t *executor, int64_t timeout);

/** Change how many workers a pool may have.
 *
 * `max_workers`: from 1 to the max_workers of the pool's options. weft_worker_index_bound does not
 * change. Blocking regions may add spares as before. Only a pool whose options have a max_workers
 * of 1 promises the order of a pool with one worker.
 *
 * If the number rises, workers start when there is work for them. If it falls, a worker that is one
 * too many leaves after the task that it runs, or after a few tasks if these are short. Its thread
 * ends some seconds later (see `linger`), unless the worker is needed again. Threads of the host
 * stay.
 *
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK            the number holds from now on
 *   WEFT_ENOTSUP       `executor` is no pool, or is the default executor
 *   WEFT_EINVAL        `executor` is NULL, or `max_workers` is out of range
 */
WEFT_API weft_status weft_executor_set_max_workers(weft_executor_t *executor, uint32_t max_workers);

/** Get the reason why a pool is broken.
 *
 * A pool breaks when its initializer or a start hook fails (worker.h). The tasks that were pending
 * then fail with this error. Its code is WEFT_EBROKEN, its kind and message are those of the
 * failure. A strand has the reason of its pool.
 *
 * Blocks:    never.
 * Ownership: `*error`, unless it is NULL, owns one reference.
 *
 * Returns
 *   WEFT_OK            `*error` is the reason, or NULL: the executor is not broken
 *   WEFT_EINVAL        `executor` or `error` is NULL
 */
WEFT_API weft_status weft_executor_error(weft_executor_t *executor, weft_error_t **error);

#ifdef __cplusplus
}
#endif
#endif
