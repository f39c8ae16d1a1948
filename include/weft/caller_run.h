/* weft/caller_run.h: caller-run executors: their tasks run only where weft_executor_run is called.
 *
 * For main loops and game ticks:
 *
 *   weft_caller_run_create(NULL, NULL, &loop);
 *   while (playing) {
 *     weft_executor_run(loop, 0, 2 * WEFT_MILLISECOND, NULL);   what other threads have submitted
 *     draw();
 *   }
 *   weft_executor_unref(loop);                                what is pending is cancelled
 *
 * Waits. Any thread may run the executor, and weft does not know which one will. So a wait without
 * a limit returns WEFT_EDEADLK in these cases:
 *  - A task of the executor waits for something that needs another weft_executor_run, and no other
 *    thread is in weft_executor_run. (If it waits for a task of the same executor that has not
 *    started, the wait runs that task instead.)
 *  - A thread outside of the executor waits for a task of it, and every thread of the process
 *    sleeps in such waits. While another thread is awake, the wait goes on, even if no thread ever
 *    calls weft_executor_run (guide/waiting.md).
 *
 * A full queue. With WEFT_FULL_CALLER, a submit to a full queue runs its task on its own thread.
 *
 * The end. The end of the runtime and the last unref cancel what is pending. A
 * weft_executor_shutdown that waits runs it on the calling thread.
 */
#ifndef WEFT_CALLER_RUN_H
#define WEFT_CALLER_RUN_H

#include <weft/base.h>
#include <weft/executor.h>
#include <weft/future.h>
#include <weft/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Options of a caller-run executor. */
typedef struct weft_caller_run_options {
  uint32_t size;        /**< sizeof(weft_caller_run_options_t), see WEFT_OPTIONS_INIT */
  uint32_t when_full;   /**< WEFT_FULL_... (executor.h) */
  uint64_t max_queue;   /**< as weft_executor_options_t.max_queue */
  int64_t full_timeout; /**< as weft_executor_options_t.full_timeout */
  /** 0, WEFT_DAEMON_NO or WEFT_DAEMON_YES (thread.h). In this version they do not differ: the end
   * of the runtime cancels what is pending. */
  uint32_t daemon;
  uint32_t flags; /**< 0 */
} weft_caller_run_options_t;

static inline void weft_caller_run_options_init(weft_caller_run_options_t *options) {
  WEFT_OPTIONS_INIT(options);
}

/** Make a caller-run executor.
 *
 * `runtime`: NULL for the default one. `options`: NULL for the defaults.
 *
 * Blocks:    never.
 * Ownership: `*out` owns one reference.
 *
 * Returns
 *   WEFT_OK            the executor is made
 *   WEFT_EINVAL        `out` is NULL, an option is out of range, or `runtime` was destroyed
 *   WEFT_ENOTSUP       an option is of a later version
 *   WEFT_ESHUTDOWN     the runtime has ended
 *   WEFT_ENOMEM        nothing changed
 */
WEFT_API weft_status weft_caller_run_create(weft_runtime_t *runtime, const weft_caller_run_options_t *options,
                                            weft_executor_t **out);

/** Run what is ready on a caller-run executor, on this thread.
 *
 * It returns when nothing is ready, when `max_tasks` tasks have run (0: no bound), or when `budget`
 * nanoseconds have passed (WEFT_FOREVER: no bound). No task begins after that, but one runs at
 * least, if one is ready. `ran`: NULL, or gets the number of tasks that ran.
 *
 * Threads:   any, several at once; also inside a task of the executor.
 * Blocks:    never, except in the tasks themselves.
 *
 * Returns
 *   WEFT_OK            `*ran` tasks have run, which may be none
 *   WEFT_ESHUTDOWN     the executor was shut down, and there was nothing left to run
 *   WEFT_ENOTSUP       `executor` is not a caller-run executor
 *   WEFT_EINVAL        `executor` is NULL
 *   WEFT_ENOMEM        there is no memory for a thread that is new to weft; nothing has run
 */
WEFT_API weft_status weft_executor_run(weft_executor_t *executor, uint64_t max_tasks, int64_t budget, uint64_t *ran);

/** Wait until a task is ready on a caller-run executor, then run what is ready, on this thread.
 *
 * `max_tasks` and `ran` are as for weft_executor_run; there is no budget.
 *
 * Threads:   any, several at once; also inside a task of the executor.
 * Blocks:    up to `timeout` for the first task, and in the tasks themselves.
 *
 * Returns
 *   WEFT_OK            `*ran` tasks have run, at least one
 *   WEFT_ETIMEDOUT     no task was ready in time
 *   WEFT_EINTERRUPTED  the caller was asked to stop, and no task was ready
 *   WEFT_ESHUTDOWN     the executor was shut down, and there was nothing left to run
 *   WEFT_ENOTSUP       `executor` is not a caller-run executor
 *   WEFT_EINVAL        `executor` is NULL
 *   WEFT_ENOMEM        there is no memory for a thread that is new to weft; nothing has run
 */
WEFT_API weft_status weft_executor_run_wait(weft_executor_t *executor, uint64_t max_tasks, int64_t timeout,
                                            uint64_t *ran);

/** Run tasks of a caller-run executor, and wait for further ones, until a future is done.
 *
 * This is for a main loop that needs one result, and must go on meanwhile because what completes
 * the future may post to this executor. The future may belong to any executor. The call looks at it
 * before each task. When the executor was shut down and has no task left, the call waits for the
 * future alone.
 *
 * `timeout`: nanoseconds; no task begins after that. With 0 at most one task runs.
 *
 * Threads:   any; tasks run here, one after the other.
 * Blocks:    up to `timeout`, and until the task that runs then has returned. A new task, a timer
 *            that is due, and the end of the future wake it.
 *
 * Returns
 *   WEFT_OK            the future is done
 *   WEFT_ETIMEDOUT     the time is over; call again to go on
 *   WEFT_EINTERRUPTED  the caller was asked to stop
 *   WEFT_EDEADLK       the caller is inside the task of this future, or nothing can complete it
 *   WEFT_ENOTSUP       `executor` is no caller-run executor
 *   WEFT_EINVAL        `executor` or `future` is NULL
 *   WEFT_ENOMEM        nothing was run
 */
WEFT_API weft_status weft_executor_run_until(weft_executor_t *executor, weft_future_t *future, int64_t timeout);

#ifdef __cplusplus
}
#endif
#endif
