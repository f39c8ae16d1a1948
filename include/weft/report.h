/* weft/report.h: end a runtime within a bound, and list what still runs: for a host that lives on.
 *
 * weft_runtime_shutdown tells only whether the end is complete. A host that wants to unload code,
 * or to log why it cannot, calls weft_runtime_shutdown_report. That call
 *  1. lets everything finish, up to a first limit;
 *  2. cancels what is pending, asks every thread to stop, and waits up to a second limit;
 *  3. reports that every thread is gone, or lists those that are not.
 *
 *   weft_report_t *report;
 *   weft_status status = weft_runtime_shutdown_report(rt, 5 * WEFT_SECOND, WEFT_SECOND, &report);
 *   if (status == WEFT_OK || status == WEFT_ETIMEDOUT) {
 *     for (size_t i = 0; i < weft_report_count(report); ++i) puts(weft_report_text(report, i));
 *     if (weft_report_safe_to_unload(report) == 1) dlclose(plugin);
 *     weft_report_destroy(&report);
 *   }
 */
#ifndef WEFT_REPORT_H
#define WEFT_REPORT_H

#include <weft/base.h>
#include <weft/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A report. Owned: weft_report_destroy. It never changes. Any number of threads may read it. */
typedef struct weft_report weft_report_t;

/** End a runtime within a bound, and report what is left.
 *
 * NULL ends the default runtime, for good. The order is:
 *  1. As weft_runtime_shutdown, up to `timeout`. This step ends early when waiting longer could not
 *     help.
 *  2. If regular work is left, cancel all that is pending and ask every thread to stop. Daemon
 *     threads are asked in any case.
 *  3. Wait up to `grace` until no thread is left that weft has started in this runtime, joined or
 *     not, down to its last instruction: regular threads, daemon threads, workers of pools. Wait
 *     also until no thread of the host is inside weft_executor_work or weft_executor_help for a
 *     pool of this runtime.
 *
 * The call may be repeated as long as something is left. It then waits on and makes a new report.
 *
 * Threads:   any that is neither a thread of this runtime nor inside a task of it.
 * Blocks:    up to `timeout` + `grace`. Drops and callbacks of what is cancelled run here, and
 *            their time is not counted.
 * Ownership: with WEFT_OK and with WEFT_ETIMEDOUT, `*report` must be given to weft_report_destroy.
 *            Otherwise it is untouched.
 *
 * Returns
 *   WEFT_OK            nothing is left; `*report` says that it is safe to unload
 *   WEFT_ETIMEDOUT     something is left; `*report` lists it
 *   WEFT_EINVAL        `report` is NULL, or `runtime` was destroyed
 *   WEFT_EDEADLK       the caller is a thread or task of this runtime; nothing changed
 *   WEFT_EINTERRUPTED  the caller was asked to stop; the end may have begun; a later call goes on
 *   WEFT_ENOMEM        there is no report; the end may have begun
 */
WEFT_API weft_status weft_runtime_shutdown_report(weft_runtime_t *runtime, int64_t timeout, int64_t grace,
                                                  weft_report_t **report);

/** Ask whether code that ran on threads of the runtime may be unloaded.
 *
 * The report knows threads of the host only while they are inside weft_executor_work or
 * weft_executor_help. The host itself must know whether one of them is still inside a callback.
 *
 * Blocks:    never.
 *
 * Returns    1 when no thread of the runtime was left when the report was made, and none can start
 *            any more; 0 when some were left; WEFT_EINVAL for NULL.
 */
WEFT_API int32_t weft_report_safe_to_unload(const weft_report_t *report);

/** Count the listed threads.
 *
 * Listed are threads that weft has started, and threads of the host inside weft_executor_work or
 * weft_executor_help. Workers and threads of the host that run nothing are left out: they go when
 * what is listed has ended.
 *
 * The count may be 0 although it is not safe to unload. Then threads have ended, but the system has
 * not removed them yet; or workers that run nothing are about to end. Call
 * weft_runtime_shutdown_report again.
 *
 * Blocks:    never.
 *
 * Returns    the count; 0 for NULL.
 */
WEFT_API size_t weft_report_count(const weft_report_t *report);

/* What runs on a listed thread. */
#define WEFT_RUNS_TARGET 1u /**< the target that weft_thread_create was given */
#define WEFT_RUNS_TASK 2u   /**< a task of a pool, or what follows from one: callbacks, drops */
#define WEFT_RUNS_START 3u  /**< the start of a worker, before its first task: hook, initializer */
#define WEFT_RUNS_END 4u    /**< the end of a target or worker: thread-local destructors */

/* The functions below tell of one listed thread, by its index from 0 on. They never block. For NULL
 * or an index that is too large they return "" or 0. Strings live as long as the report. */

/** Get one line that says all of it, for a log. */
WEFT_API const char *weft_report_text(const weft_report_t *report, size_t index);

/** Get the name of the thread. Of a thread of the host, it is the name that the system knows. */
WEFT_API const char *weft_report_name(const weft_report_t *report, size_t index);

/** Get the name prefix of the pool that the thread is a worker of; "" when it is no worker. */
WEFT_API const char *weft_report_executor(const weft_report_t *report, size_t index);

/** Get the system's id of the thread, which a debugger and /proc use. */
WEFT_API uint64_t weft_report_native_id(const weft_report_t *report, size_t index);

/** Ask whether the thread is a daemon thread or a worker of a daemon pool.
 *
 * Returns    1 when it is, 0 when not.
 */
WEFT_API int32_t weft_report_is_daemon(const weft_report_t *report, size_t index);

/** Get what runs on the thread: one of WEFT_RUNS_... */
WEFT_API uint32_t weft_report_runs(const weft_report_t *report, size_t index);

/** Get how long ago the thread started, in nanoseconds. A thread of the host counts from its call
 * of weft_executor_work or weft_executor_help. */
WEFT_API int64_t weft_report_age(const weft_report_t *report, size_t index);

/** Get for how long at least the thread has been in what it runs, in nanoseconds.
 *
 * The time of a target is exact. Tasks are not timed, because that would make every task slower.
 * Instead the shutdown looks three times which tasks have begun meanwhile: when it is called, when
 * `timeout` is over, and at the end. So a task that ran before the shutdown was called counts from
 * that call on, although it may be older.
 */
WEFT_API int64_t weft_report_busy(const weft_report_t *report, size_t index);

/** Get the address of the function that runs, for a debugger or a symbol table.
 *
 * The address of a target is always known. That of a task is known only if one of the looks of
 * weft_report_busy has found the task asleep in weft: what a busy thread runs cannot be read
 * without disturbing it.
 *
 * Returns    the address; 0 when it is not known.
 */
WEFT_API uint64_t weft_report_function(const weft_report_t *report, size_t index);

/** Get the name of the task that runs (task_options.h); "" when it has none, or when it is not
 * known. It is known when weft_report_function knows the address. */
WEFT_API const char *weft_report_task_name(const weft_report_t *report, size_t index);

/** Give the report back. `*report` becomes NULL, so a second call does nothing. Never blocks. */
WEFT_API void weft_report_destroy(weft_report_t **report);

#ifdef __cplusplus
}
#endif
#endif
