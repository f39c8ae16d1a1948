/* weft/executor.h: executors: what runs tasks. Three kinds behind one handle.
 *
 *  - A pool runs them on workers, threads that start on demand and are reused.       weft_executor_create
 *  - A strand runs them on a pool, one at a time, in the order of submission.         weft_strand_create
 *  - A caller-run executor runs them only on the thread that calls weft_executor_run: for main loops and game ticks.
 *                                                                                      weft_caller_run_create
 *
 * A library that has no wish of its own takes the pool that all share: weft_default_executor.
 *
 * Order. Tasks submitted from one thread start in the order of submission; on a pool with one worker, on a strand and
 * on a caller-run executor that is a total order over all threads. A pool with more workers hands tasks out in batches
 * while they are very short (microseconds), so there neighbours in time may start up to a batch (64 tasks) out of
 * order. Model: Python's ThreadPoolExecutor.
 *
 * Turns. No mixture of loads keeps a ready task of a pool from starting, as long as tasks end. On each worker:
 *  - a task of normal or low priority is passed over for at most 60 other tasks;
 *  - once a worker has run for 100 microseconds, each source has a turn: what has become due, what came from
 *    outside, what its own tasks have submitted, what they have spawned into groups, what other workers have. A
 *    turn is one long task, or short ones for 25 microseconds. So beside long tasks a task of normal priority
 *    waits for the one that runs and at most one of each other source;
 *  - once a worker has run for a millisecond, each source has a turn whatever the priorities: one task of low
 *    priority first, and between two long turns one of high priority. So beside tasks of high priority the others
 *    wait for a millisecond, and the tasks that run then;
 *  - a timer or delayed task that is due becomes ready when the running task ends, after 100 microseconds at most if
 *    tasks are shorter. It does not wait behind what was submitted earlier, but has a turn of its own;
 *  - a turn of a strand counts as one task. It ends after 256 tasks of the strand, or after the one during which
 *    100 microseconds have gone by; the strand then goes behind what is ready;
 *  - of the tasks spawned into groups the newest start first; one that has been a worker's oldest for 10 to 90
 *    milliseconds, by how many there are, starts next.
 * A task that waits counts as one task until it returns, with all that its wait runs. Microseconds here are by a
 * counter of the processor, and right within a factor of two.
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

/** What a task runs. Store a result in *result if there is one, and return WEFT_OK. For a failure return any other
 * value, or store an error of weft_error_create in *error (its reference passes to weft; then the return value does not
 * matter and *result is ignored). result and error are never NULL; *result and *error are NULL at the call. */
typedef weft_status (*weft_task_fn)(void *ctx, void **result, weft_error_t **error);

/* Values of weft_executor_options_t.when_full. */
#define WEFT_FULL_FAIL 0u   /**< submit says WEFT_EFULL */
#define WEFT_FULL_WAIT 1u   /**< submit waits for room, up to full_timeout, then says WEFT_ETIMEDOUT */
#define WEFT_FULL_CALLER 2u /**< submit runs the task itself, on the calling thread, before it returns */

/** weft_executor_options_t.flags: the pool starts no threads; its workers are the threads that call weft_executor_work,
 * at most max_workers at a time. While there is none, what is submitted waits. At the end of the runtime, and when the
 * last handle goes, what is pending is cancelled as for a daemon pool; asked to wait, weft_executor_shutdown runs it on
 * the calling thread. */
#define WEFT_EXECUTOR_HOST_WORKERS 1u

/** Options of a pool. Everything is copied. */
typedef struct weft_executor_options {
  uint32_t size; /**< sizeof(weft_executor_options_t), see WEFT_OPTIONS_INIT */

  /* Workers */
  uint32_t max_workers;     /**< 0: min(32, weft_usable_cpus() + 4). At most 4096 */
  const char *name_prefix;  /**< workers are called <prefix>_<i>; NULL or "": weft-<n> */
  uint64_t stack_size;      /**< of each worker; as weft_thread_options_t.stack_size */
  const uint32_t *affinity; /**< the CPUs on which its own workers may run, each below 1024. What the system refuses of
                               this and of nice is left out, and the log says so */
  uint32_t affinity_count; /**< how many entries affinity has; 0: as the thread that starts the worker, which may be any
                              thread that submits */
  int32_t nice;            /**< of its own workers, -20 to 19; 0: as the thread that starts the worker */
  uint32_t max_spares;     /**< workers beside max_workers while others are in blocking regions; 0: 64, at most 4096 */
  uint32_t signals;        /**< WEFT_SIGNALS_...; 0: WEFT_SIGNALS_BLOCK */

  /* Queue */
  uint64_t max_queue;   /**< how many tasks may wait to start; 0: no bound. At most 2^40 */
  int64_t full_timeout; /**< for WEFT_FULL_WAIT: nanoseconds; 0: WEFT_FOREVER; negative: WEFT_EINVAL */
  uint32_t when_full;   /**< WEFT_FULL_... */

  /* End */
  uint32_t daemon; /**< WEFT_DAEMON_NO (as 0): the end of the process waits for what was submitted; WEFT_DAEMON_YES: it
                      cancels what is pending and does not wait */

  /* Hooks, see worker.h */
  weft_initializer_fn initializer; /**< NULL: none */
  void *initializer_ctx;
  weft_drop_fn initializer_drop;     /**< runs once, when the executor has ended and its last handle is gone */
  weft_worker_start_fn worker_start; /**< NULL: none */
  weft_worker_stop_fn worker_stop;   /**< NULL: none */
  weft_worker_rest_fn worker_rest;   /**< NULL: none */
  void *worker_ctx;                  /**< of these three */
  weft_drop_fn worker_drop;          /**< as initializer_drop, for worker_ctx; after the last stop hook */

  uint64_t flags; /**< 0, or WEFT_EXECUTOR_HOST_WORKERS */
} weft_executor_options_t;

static inline void weft_executor_options_init(weft_executor_options_t *options) {
  WEFT_OPTIONS_INIT(options);
}

/** Make a pool. No thread starts before the first task. runtime, options: NULL for the defaults. Never blocks.
 *  Success: *out owns one reference, and initializer_ctx and worker_ctx belong to the executor.
 *  WEFT_EINVAL: out is NULL, an option is out of range, or the runtime was destroyed. WEFT_ENOTSUP (options).
 * WEFT_ENOMEM. WEFT_ESHUTDOWN: the runtime has ended. A pool that is made inside of a domain belongs to it, and the
 * close of that shuts it down (domain.h). WEFT_ECLOSED: it is closed. */
WEFT_API weft_status weft_executor_create(weft_runtime_t *runtime, const weft_executor_options_t *options,
                                          weft_executor_t **out);

/* The default executor: one pool for all who have no wish of their own, so that several libraries in one process share
 * its threads instead of each starting as many as there are CPUs. It belongs to the default runtime and is made on
 * first use. It is for work that computes: it has as many workers as weft_usable_cpus() says, that is what the affinity
 * mask and the quota of the control group leave. A task that is going to block says so (weft_blocking_begin), or
 * belongs on a pool of its own. */

/** Get the default executor: *out is a new reference to the one pool, the same for all callers. Nobody can shut it down
 * for the others: weft_executor_shutdown on it is WEFT_ENOTSUP, and giving back references does not end it. It ends
 * with the default runtime: at the end of the process, as any regular pool, it finishes what was submitted;
 * weft_runtime_shutdown(NULL) does the same and ends it for good. Never blocks. WEFT_EINVAL: NULL.
 * WEFT_ENOMEM. WEFT_ESHUTDOWN: the default runtime has ended. */
WEFT_API weft_status weft_default_executor(weft_executor_t **out);

/** Say how the default executor is to be made: the one way to do so, for the host, before anybody uses it. options: as
 * for weft_executor_create, except that max_workers 0 stands for weft_usable_cpus() and no name_prefix for
 * "weft-default"; NULL: back to that. Called again before the first use, the last call counts, and the
 * initializer_drop of the one before runs here. On success initializer_ctx belongs to weft. Never blocks.
 * WEFT_EINVALIDSTATE: too late, somebody has used it; nothing was changed. WEFT_EINVAL, WEFT_ENOTSUP (options, or an
 * initializer or hooks from inside of a domain: they would outlive it).
 * WEFT_ENOMEM. WEFT_ESHUTDOWN: the default runtime has ended. */
WEFT_API weft_status weft_default_executor_configure(const weft_executor_options_t *options);

/** Take one more reference and return the same pointer. NULL gives NULL. Never blocks. */
WEFT_API weft_executor_t *weft_executor_ref(weft_executor_t *executor);

/** Give back a reference. With the last one the executor is shut down without waiting: what was submitted to a pool or
 * strand still runs, then its workers end. What is pending on a caller-run executor is cancelled, on this thread. NULL
 * is allowed. Never blocks otherwise; may be called from its own tasks. */
WEFT_API void weft_executor_unref(weft_executor_t *executor);

/** Submit a task and get its future.
 *  options: NULL for the defaults. ctx, drop: on success they belong to weft; drop runs once the task has run, before
 * its future is done, on the same thread; or when the task is cancelled, on the cancelling thread, perhaps
 * a moment after the future says so. Blocks only when the
 * queue is bounded with WEFT_FULL_WAIT, and runs the task only with WEFT_FULL_CALLER. Success: *out owns one reference.
 *  On every failure the caller keeps ctx:
 *  WEFT_EINVAL: executor, fn or out is NULL, or the options are malformed. WEFT_ENOTSUP (options). WEFT_ESHUTDOWN.
 * WEFT_ECANCELED: the token of the options is cancelled. WEFT_ECLOSED: the domain is closed.
 * WEFT_EBROKEN: see weft_executor_error. WEFT_EFULL. WEFT_ETIMEDOUT, WEFT_EINTERRUPTED, WEFT_EDEADLK (with
 * WEFT_FULL_WAIT). WEFT_EAGAIN: there is no worker yet and the system refuses a thread. WEFT_ENOMEM. */
WEFT_API weft_status weft_executor_submit(weft_executor_t *executor, const weft_task_options_t *options,
                                          weft_task_fn fn, void *ctx, weft_drop_fn drop, weft_future_t **out);

/** Submit a task without a future. Its result goes to result_drop of the options, if there is one; its error goes to
 * the exception hook of the runtime. The rest as weft_executor_submit. */
WEFT_API weft_status weft_executor_post(weft_executor_t *executor, const weft_task_options_t *options, weft_task_fn fn,
                                        void *ctx, weft_drop_fn drop);

/** One task of a batch. */
typedef struct weft_call {
  weft_task_fn fn;
  void *ctx;
  weft_drop_fn drop;
} weft_call_t;

/** Submit count tasks at once, in this order, cheaper than one by one. All are accepted or none: on failure every ctx
 * is still the caller's. futures: NULL, or room for count futures, each then a reference of the caller's. count 0 is
 * WEFT_OK. A batch that does not fit into a bounded queue: WEFT_EFULL, or waits for room for all of it, or is run by
 * the caller, as the queue's policy says; one larger than max_queue is always WEFT_EFULL, except with WEFT_FULL_CALLER.
 * The rest as weft_executor_submit. */
WEFT_API weft_status weft_executor_submit_batch(weft_executor_t *executor, const weft_task_options_t *options,
                                                const weft_call_t *calls, size_t count, weft_future_t **futures);

/** Shut down: from now on submit says WEFT_ESHUTDOWN. What was accepted still runs, unless it is cancelled. Idempotent.
 *  flags: 0, or WEFT_SHUTDOWN_WAIT to wait until everything has run and the workers have ended,
 * WEFT_SHUTDOWN_CANCEL_PENDING to cancel exactly what has not started (callbacks and drops run here), or both. timeout:
 * for the wait; ignored without WEFT_SHUTDOWN_WAIT. A caller-run executor runs its pending tasks here, on the calling
 * thread, when asked to wait. On a strand it concerns the strand alone. Timers are
 * disarmed, and what was delayed and is not due yet is cancelled, here (weft/timer.h). WEFT_OK. WEFT_EDEADLK: asked to
 * wait by one of its own tasks or workers; nothing changed. WEFT_ETIMEDOUT, WEFT_EINTERRUPTED: it is shut down but not
 * everything has ended. WEFT_ENOTSUP: it is the default executor. WEFT_EINVAL: NULL or unknown flags. */
WEFT_API weft_status weft_executor_shutdown(weft_executor_t *executor, uint32_t flags, int64_t timeout);
#define WEFT_SHUTDOWN_WAIT 1u
#define WEFT_SHUTDOWN_CANCEL_PENDING 2u

/** Why a pool is broken: *error is a new reference to the error with the code WEFT_EBROKEN that its pending futures
 * got, whose kind and message are the initializer's; NULL when it is not broken. Never blocks. WEFT_EINVAL: NULL. */
WEFT_API weft_status weft_executor_error(weft_executor_t *executor, weft_error_t **error);

#ifdef __cplusplus
}
#endif
#endif
