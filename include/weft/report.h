/* weft/report.h: the bounded end of a runtime, for a host that lives on, and what it has left running.
 *
 * weft_runtime_shutdown waits and says only whether it was done. A host that wants to unload code, or to say in its log
 * why it cannot, asks here: first everything may finish, for so long; then what is pending is cancelled and everybody
 * is asked to stop, for so long again; then the report says that every thread is gone, or lists those that are not.
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

/** A report. Owned: weft_report_destroy. Never changes; any number of threads may read it. */
typedef struct weft_report weft_report_t;

/** End a runtime within a bound, and say what is left. First as weft_runtime_shutdown with `timeout`. When that time is
 * over, or waiting longer could not help, what is pending is cancelled and every thread is asked to stop. Then, for up
 * to `grace`, this waits until no thread that weft has started in this runtime is left: regular threads, daemon threads
 * and workers of pools alike, joined or not, down to their last instruction; and until no thread of the host is inside
 * weft_executor_work for a pool of this runtime. (Daemon threads are asked to stop in any case.) runtime: NULL for the
 * default one, which is then ended for good. May be called again, for as long as something is left: it then waits on,
 * and gives a new report. Blocks up to timeout + grace; drops and callbacks of what is cancelled run here, and are not
 * counted. WEFT_OK: nothing is left, *report says that it is safe to unload. WEFT_ETIMEDOUT: something is left; here
 * too *report is set, and lists it. With both, *report is to be given to weft_report_destroy. With all others it is
 * untouched: WEFT_EINVAL: report is NULL, or the runtime was destroyed. WEFT_EDEADLK: called by a thread or task of
 * this runtime; nothing was changed. WEFT_EINTERRUPTED: the caller was asked to stop; the end has begun all the same.
 * WEFT_ENOMEM: there is no report, but the end may have begun. */
WEFT_API weft_status weft_runtime_shutdown_report(weft_runtime_t *runtime, int64_t timeout, int64_t grace,
                                                  weft_report_t **report);

/** 1: when the report was made, no thread of the runtime was left, and none can start any more: code that they ran may
 * be unloaded. 0: some are left. WEFT_EINVAL: NULL. Foreign threads (those that weft did not start) are looked at only
 * inside weft_executor_work: whether the host's own threads are still inside a callback is for the host to know. Never
 * blocks. */
WEFT_API int32_t weft_report_safe_to_unload(const weft_report_t *report);

/** How many threads are listed: those that weft has started, and those of the host inside weft_executor_work. Workers
 * and threads of the host that run nothing are left out: they go when what is listed has ended. 0 for NULL. Zero and
 * not safe to unload: threads have ended, but the system has not taken them away yet, or workers that run nothing are
 * on their way out; call again. Never blocks. */
WEFT_API size_t weft_report_count(const weft_report_t *report);

/* What runs on a listed thread. */
#define WEFT_RUNS_TARGET 1u /**< the target that weft_thread_create was given */
#define WEFT_RUNS_TASK 2u   /**< a task of a pool, or what follows from one: callbacks, drops */
#define WEFT_RUNS_START 3u  /**< a worker has not come to its first task: the initializer of the pool */
#define WEFT_RUNS_END 4u    /**< the target or the worker has ended; destructors of thread-local objects run */

/* Of the listed thread with this index, from 0 on. All of them never block. For NULL or an index that is too large they
 * give "" or 0. Strings live as long as the report. */

/** One line that says all of it, for a log. */
WEFT_API const char *weft_report_text(const weft_report_t *report, size_t index);

/** The name of the thread; of a thread of the host the name that the system knows. */
WEFT_API const char *weft_report_name(const weft_report_t *report, size_t index);

/** The name prefix of the pool whose worker it is; "": it is no worker. */
WEFT_API const char *weft_report_executor(const weft_report_t *report, size_t index);

/** The system's id of the thread, by which a debugger or /proc knows it. */
WEFT_API uint64_t weft_report_native_id(const weft_report_t *report, size_t index);

/** 1 for a daemon thread or a worker of a daemon pool. */
WEFT_API int32_t weft_report_is_daemon(const weft_report_t *report, size_t index);

/** WEFT_RUNS_... */
WEFT_API uint32_t weft_report_runs(const weft_report_t *report, size_t index);

/** How long ago the thread started; of a thread of the host: how long ago it called weft_executor_work; nanoseconds. */
WEFT_API int64_t weft_report_age(const weft_report_t *report, size_t index);

/** For how long at least the thread has been in what it runs; nanoseconds. For a target that is exact. A task is not
 * timed, for that would cost every task something: the shutdown looks three times (when it is called, when `timeout` is
 * over, and at the end) which tasks have begun meanwhile. So a task that ran already when the shutdown was called
 * counts from that call on, though it may be older. */
WEFT_API int64_t weft_report_busy(const weft_report_t *report, size_t index);

/** The address of the function that runs, for a debugger or a symbol table: of a target; of a task only if one of
 * the looks that weft_report_busy tells of found it asleep in weft, for what another one runs cannot be read without
 * disturbing it. 0: not known. */
WEFT_API uint64_t weft_report_function(const weft_report_t *report, size_t index);

/** The name of the task that runs (task_options.h); known as weft_report_function is. "": none, or not known. */
WEFT_API const char *weft_report_task_name(const weft_report_t *report, size_t index);

/** Give the report back. *report becomes NULL, so a second call is harmless. Never blocks. */
WEFT_API void weft_report_destroy(weft_report_t **report);

#ifdef __cplusplus
}
#endif
#endif
