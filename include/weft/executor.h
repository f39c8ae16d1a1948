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
#include <weft/cancel.h>
#include <weft/domain.h>
#include <weft/error.h>
#include <weft/future.h>
#include <weft/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An executor of any kind. Shared: weft_executor_ref / weft_executor_unref. */
typedef struct weft_executor weft_executor_t;

/** What a task runs. Store a result in *result if there is one, and return WEFT_OK. For a failure return any other
 * value, or store an error of weft_error_create in *error (its reference passes to weft; then the return value does not
 * matter and *result is ignored). result and error are never NULL; *result and *error are NULL at the call. */
typedef weft_status (*weft_task_fn)(void *ctx, void **result, weft_error_t **error);

/** Runs first on each worker of a pool, before any task. A failure (as for weft_task_fn) breaks the pool. */
typedef weft_status (*weft_initializer_fn)(void *ctx, weft_error_t **error);

/** A worker of a pool, as its start and stop hooks see it; the same object for both. Lives from the one to the other.
 */
typedef struct weft_worker {
  uint32_t size;    /**< sizeof(weft_worker_t) of the library's version; later versions append */
  uint32_t index;   /**< from 0; no two workers of a pool that are alive at the same time have the same one */
  const char *name; /**< of its thread, <prefix>_<index>; of a thread of the host as weft_thread_name says, or "" */
  void *data;       /**< NULL; the start hook may store what it likes here, see weft_worker_data */
} weft_worker_t;

/** Runs first on each worker of a pool, before the initializer: attach the thread to a JVM, an interpreter, a GPU
 * context, a profiler. A failure (as for weft_task_fn) breaks the pool as that of an initializer does; the stop hook
 * does not run for that worker then. ctx: worker_ctx. May call any function of weft that does not wait for this pool.
 */
typedef weft_status (*weft_worker_start_fn)(void *ctx, weft_worker_t *worker, weft_error_t **error);

/** Runs last on each worker whose start hook returned WEFT_OK (or that has none), exactly once: when the worker ends,
 * also because its pool was shut down or because a task ended the thread (pthread_exit). No task of the pool runs on
 * this thread any more. Must not end the thread itself; what it throws becomes a line of the log. */
typedef void (*weft_worker_stop_fn)(void *ctx, weft_worker_t *worker);

/** Runs on a worker each time before it goes to sleep because there is nothing to do: to give back what it has kept
 * from one task to the next, such as the lock of an interpreter, which the next task takes again. On the worker's
 * thread, between the start and the stop hook, any number of times: also when it was woken and found nothing. Not
 * between two tasks, and not when a task blocks. The stop hook may come without it. The worker counts as idle
 * meanwhile, and what is submitted may wait for its return, so it is to be short. It may submit and spawn, but must not
 * wait for anything of weft or end its thread; what it throws becomes a line of the log. ctx: worker_ctx. */
typedef void (*weft_worker_rest_fn)(void *ctx, weft_worker_t *worker);

/* Values of weft_executor_options_t.when_full. */
#define WEFT_FULL_FAIL 0u   /**< submit says WEFT_EFULL */
#define WEFT_FULL_WAIT 1u   /**< submit waits for room, up to full_timeout, then says WEFT_ETIMEDOUT */
#define WEFT_FULL_CALLER 2u /**< submit runs the task itself, on the calling thread, before it returns */

/** weft_executor_options_t.flags: the pool starts no threads; its workers are the threads that call weft_executor_work,
 * at most max_workers at a time. While there is none, what is submitted waits. At the end of the runtime, and when the
 * last handle goes, what is pending is cancelled as for a daemon pool; asked to wait, weft_executor_shutdown runs it on
 * the calling thread. */
#define WEFT_EXECUTOR_HOST_WORKERS 1u

/** Options of a pool or a caller-run executor (which uses max_queue, when_full, full_timeout, daemon and name_prefix
 * only). Everything is copied. */
typedef struct weft_executor_options {
  uint32_t size;                   /**< sizeof(weft_executor_options_t), see WEFT_OPTIONS_INIT */
  uint32_t max_workers;            /**< 0: min(32, weft_usable_cpus() + 4). At most 4096 */
  const char *name_prefix;         /**< workers are called <prefix>_<i>; NULL or "": weft-<n> */
  weft_initializer_fn initializer; /**< NULL: none */
  void *initializer_ctx;
  weft_drop_fn initializer_drop; /**< runs once, when the executor has ended and its last handle is gone */
  uint64_t max_queue;            /**< how many tasks may wait to start; 0: no bound. At most 2^40 */
  uint32_t when_full;            /**< WEFT_FULL_... */
  uint32_t daemon;               /**< WEFT_DAEMON_NO (as 0): the end of the process waits for what was submitted;
                                      WEFT_DAEMON_YES: it cancels what is pending and does not wait */
  int64_t full_timeout;          /**< for WEFT_FULL_WAIT: nanoseconds; 0: WEFT_FOREVER; negative: WEFT_EINVAL */
  uint64_t stack_size;           /**< of each worker; as weft_thread_options_t.stack_size */
  uint32_t max_spares;           /**< workers beside max_workers while others are in blocking regions; 0: 64, at most
                                      4096 */
  uint32_t reserved;             /**< 0 */
  weft_worker_start_fn worker_start; /**< NULL: none */
  weft_worker_stop_fn worker_stop;   /**< NULL: none */
  void *worker_ctx;                  /**< of these two and of worker_rest */
  weft_drop_fn worker_drop;          /**< as initializer_drop, for worker_ctx; after the last stop hook */
  uint32_t flags;                    /**< 0, or WEFT_EXECUTOR_HOST_WORKERS */
  uint32_t signals;                  /**< WEFT_SIGNALS_...; 0: WEFT_SIGNALS_BLOCK */
  weft_worker_rest_fn worker_rest;   /**< NULL: none */
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

/** Make a strand on a pool: its tasks run one at a time, each seeing all that the one before it did, in the order of
 * submission, on any worker. Strands do not block one another. The strand keeps a reference to the pool; submitting to
 * it after the pool was shut down says WEFT_ESHUTDOWN, what was accepted before still runs. Never blocks. WEFT_EINVAL:
 * NULL. WEFT_ENOTSUP: pool is not a pool. WEFT_ESHUTDOWN. WEFT_ENOMEM. */
WEFT_API weft_status weft_strand_create(weft_executor_t *pool, weft_executor_t **out);

/** Make a caller-run executor. A task of it that waits without limit for what only another weft_executor_run could
 * bring waits for itself, in the sense of weft_future_wait, unless another thread is in weft_executor_run at that
 * moment. A thread outside of it may wait for a task of it, for any thread may run it; that wait says WEFT_EDEADLK only
 * when every thread of the process sleeps in such waits. runtime, options, statuses: as weft_executor_create;
 * WEFT_ENOTSUP when an option is set that only a pool has.
 * When the runtime ends, what is pending on it is cancelled. */
WEFT_API weft_status weft_caller_run_create(weft_runtime_t *runtime, const weft_executor_options_t *options,
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

/* Values of weft_submit_options_t.priority. */
#define WEFT_PRIORITY_NORMAL 0u
#define WEFT_PRIORITY_HIGH 1u /**< before the others, except one task in 8 and one of each source a millisecond */
#define WEFT_PRIORITY_LOW 2u  /**< when there is nothing else, but after 60 others or a millisecond on each worker */

/** Options of one submit. */
typedef struct weft_submit_options {
  uint32_t size; /**< sizeof(weft_submit_options_t), see WEFT_OPTIONS_INIT */
  /** WEFT_PRIORITY_...: which of the tasks that wait in a pool start first; tasks of one priority keep their order.
   * Strands and caller-run executors know but one order, and ignore it. */
  uint32_t priority;
  weft_drop_fn result_drop;   /**< gets a result that nobody took, when the last reference to the future goes; NULL:
                                 nothing to do */
  weft_cancel_token_t *token; /**< calls the task off when it is cancelled (cancel.h); the task keeps a reference;
                                 NULL: none */
  weft_domain_t *domain;      /**< what the task belongs to (domain.h); NULL: the one that the calling thread is inside
                                 of, or none */
} weft_submit_options_t;

static inline void weft_submit_options_init(weft_submit_options_t *options) {
  WEFT_OPTIONS_INIT(options);
}

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
WEFT_API weft_status weft_executor_submit(weft_executor_t *executor, const weft_submit_options_t *options,
                                          weft_task_fn fn, void *ctx, weft_drop_fn drop, weft_future_t **out);

/** Submit a task without a future. Its result is ignored; its error goes to the exception hook of the runtime. The rest
 * as weft_executor_submit. */
WEFT_API weft_status weft_executor_post(weft_executor_t *executor, weft_task_fn fn, void *ctx, weft_drop_fn drop);

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
WEFT_API weft_status weft_executor_submit_batch(weft_executor_t *executor, const weft_submit_options_t *options,
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

/** Run what is ready on a caller-run executor, on this thread: until nothing is ready, max_tasks tasks have run (0: no
 * bound), or `budget` nanoseconds have passed (no task begins after that; at least one runs; WEFT_FOREVER: no bound).
 * Never waits for work. ran: NULL, or gets how many tasks ran. WEFT_OK. WEFT_ESHUTDOWN: it is shut down and nothing is
 * left. WEFT_ENOTSUP: not a caller-run executor. WEFT_EINVAL: NULL. */
WEFT_API weft_status weft_executor_run(weft_executor_t *executor, uint64_t max_tasks, int64_t budget, uint64_t *ran);

/** As weft_executor_run without a budget, but when nothing is ready it first waits for a task, up to timeout.
 *  WEFT_ETIMEDOUT: none came. WEFT_EINTERRUPTED: the caller was asked to stop. The rest as weft_executor_run. */
WEFT_API weft_status weft_executor_run_wait(weft_executor_t *executor, uint64_t max_tasks, int64_t timeout,
                                            uint64_t *ran);

/** Why a pool is broken: *error is a new reference to the error with the code WEFT_EBROKEN that its pending futures
 * got, whose kind and message are the initializer's; NULL when it is not broken. Never blocks. WEFT_EINVAL: NULL. */
WEFT_API weft_status weft_executor_error(weft_executor_t *executor, weft_error_t **error);

/* Workers */

/** Let the calling thread be a worker of a pool, beside its own or instead of them (WEFT_EXECUTOR_HOST_WORKERS), until
 * the pool was shut down and everything has run, the time is over, or the thread was asked to stop
 * (weft_thread_request_stop). It counts against max_workers, runs the start hook, the initializer and at the end the
 * stop hook of the pool; its name, its signal mask and its thread-local data stay as they are. When it leaves, its
 * share of the work goes to the other workers, or waits for the next one. Blocks up to timeout: no task begins after
 * that, but at least one is looked for; a task that runs is finished first. A stop
 * request also wakes it when there is nothing to do. The end of the runtime does not interrupt what runs here.
 * WEFT_OK: the pool has ended. WEFT_ETIMEDOUT. WEFT_EINTERRUPTED. WEFT_EAGAIN: it has max_workers workers.
 * WEFT_EBROKEN: the pool is broken. WEFT_EDEADLK: called by a worker, or from inside a task, callback or drop.
 * WEFT_ENOTSUP: not a pool. WEFT_EINVAL: NULL. WEFT_ENOMEM. */
WEFT_API weft_status weft_executor_work(weft_executor_t *executor, int64_t timeout);

/** The index of the worker that the calling thread is, in its pool: for data of which each worker has its own. It is
 * from 0 up to but not including max_workers + max_spares of the pool's options (64 spares if that is 0): workers that
 * take the place of those in blocking regions have indices, too. Never blocks. WEFT_ENOTSUP: the calling thread is no
 * worker of a pool. */
WEFT_API int32_t weft_worker_index(void);

/** What the start hook stored in weft_worker_t.data for the worker that the calling thread is: the environment of a
 * JVM, the thread state of an interpreter. NULL: nothing, or the calling thread is no worker. Never blocks. */
WEFT_API void *weft_worker_data(void);

/* Blocking regions */

/** Say that the calling task is going to block outside of weft (a file, a lock, another library), for long enough that
 * its worker should be lent out: until weft_blocking_end the pool may run one worker more, up to max_spares more at a
 * time. On a pool of one worker other tasks may then run beside this one. While something is armed on the pool, a
 * worker is kept to look after the time, as if this one were not there. Regions nest. They belong to the task that
 * begins them: another task that runs here because this one waits cannot end them, and what a task leaves open ends
 * with it. The same holds for callbacks. Never blocks. WEFT_OK, also when no spare worker can be had. WEFT_ENOTSUP: the
 * calling thread is no worker of a pool; nothing happens. */
WEFT_API weft_status weft_blocking_begin(void);

/** The end of the region. The calling task goes on at once; a worker that is one too many takes no further task, and
 * ends when no region has needed it for some seconds. (If a wait without a limit counts on it, it stays until that is
 * over.) Never blocks. WEFT_EINVALIDSTATE: the calling task has begun none. WEFT_ENOTSUP: as there. */
WEFT_API weft_status weft_blocking_end(void);

/** Figures about an executor. Read at one moment each, not all at the same. Later versions append. While nothing
 * happens, submitted = completed + cancelled + queued for every kind of executor. Those after cancelled are counted by
 * pools only.
 */
typedef struct weft_executor_figures {
  uint32_t size;        /**< set it to sizeof(weft_executor_stats_t) before the call; only so many bytes are written */
  uint32_t max_workers; /**< 0 for kinds without workers */
  uint32_t workers_started; /**< threads started so far */
  uint32_t workers_alive;   /**< those that have not ended, without spares that no region needs at the moment */
  uint64_t workers_refused; /**< how often the system refused a thread */
  uint64_t queued;          /**< tasks that wait to start, cancelled ones that no worker has come by yet included */
  uint64_t submitted; /**< tasks that became ready, spawned ones and the library's own (turns of strands) included */
  uint64_t completed; /**< of them, those that workers, waiters or submitters have begun to run; what a waiter has run
                           counts as queued until a worker comes by */
  uint64_t cancelled; /**< of them, those that were cancelled or dropped: a cancelled one counts as queued until a
                         worker comes by */
  uint64_t stolen;    /**< those that one worker took from another's queues */
  uint64_t injected;  /**< those that came through the common queues: from outside, or with a priority */
  uint64_t parks;     /**< how often a worker went to rest */
  uint64_t wakes;     /**< how often one was woken */
  uint64_t rescues;   /**< how often a resting worker found work by its bounded re-check alone; should be 0 */
  uint32_t workers_blocked; /**< workers in blocking regions now */
  uint32_t reserved;        /**< 0 */
  /** How long tasks waited to start, counted over a sample of one in some hundred: waits[0] under a microsecond,
   * waits[i] under 4^i microseconds, the last one all that were longer. */
  uint64_t waits[12];
} weft_executor_stats_t;

/** Read the figures. Never blocks. WEFT_EINVAL: NULL, or stats->size is under that of the first version. */
WEFT_API weft_status weft_executor_stats(weft_executor_t *executor, weft_executor_stats_t *stats);

/* --- map --- */

/** The iterator of weft_executor_map. Owned: weft_map_destroy. One thread at a time may use it. */
typedef struct weft_map weft_map_t;

/** Options of a map. */
typedef struct weft_map_options {
  uint32_t size;     /**< sizeof(weft_map_options_t), see WEFT_OPTIONS_INIT */
  uint32_t reserved; /**< 0 */
  uint64_t buffer;   /**< how many items may be submitted ahead of the one to be read next; 0: all at once */
  int64_t timeout; /**< for the whole iteration, counted from the call of map; 0: WEFT_FOREVER; negative: it is over at
                      once */
  weft_drop_fn result_drop;   /**< as weft_submit_options_t.result_drop */
  weft_cancel_token_t *token; /**< of each item, as weft_submit_options_t.token */
  weft_domain_t *domain;      /**< of each item, and of the map; as weft_submit_options_t.domain */
} weft_map_options_t;

static inline void weft_map_options_init(weft_map_options_t *options) {
  WEFT_OPTIONS_INIT(options);
}

/** Run fn(item) for every item, and read the outcomes in the order of the items. Items are submitted at once and need
 * no iteration to run; with a buffer, or when a bounded queue (WEFT_FULL_FAIL) has no room, the rest follow as the
 * iteration goes on. items, count: the contexts; copied. drop: for each item, exactly once on success. options: NULL
 * for the defaults. Success: *out is to be given to weft_map_destroy. WEFT_EINVAL: executor, fn or out is NULL, or
 * items is NULL with a count. WEFT_ENOTSUP (options). WEFT_ENOMEM, WEFT_ESHUTDOWN, WEFT_EBROKEN, WEFT_EAGAIN, or what
 * else weft_executor_submit says on a bounded queue: the first item could not be submitted, so nothing was, and the
 * items are the caller's. Blocks as weft_executor_submit. */
WEFT_API weft_status weft_executor_map(weft_executor_t *executor, const weft_map_options_t *options, weft_task_fn fn,
                                       void *const *items, size_t count, weft_drop_fn drop, weft_map_t **out);

/** Wait for the next item and get its future, done; its reference passes to the caller. An item that failed does not
 * end the iteration. Blocks. An item that could not be submitted, for the executor was shut down or the token cancelled
 * meanwhile, comes as a cancelled future; if its pool is broken, as one with that error. WEFT_EEND: there is no further
 * item. WEFT_ETIMEDOUT: the time given to map is over; what has not started is cancelled, and the iteration has ended.
 * WEFT_EINTERRUPTED, WEFT_EDEADLK: as weft_future_wait; call again. WEFT_ENOMEM, or what else weft_executor_submit
 * says: an item could not be submitted and nothing of this map is under way; call again. WEFT_EINVAL: NULL. */
WEFT_API weft_status weft_map_next(weft_map_t *map, weft_future_t **out);

/** End the iteration at any point: what has not started is cancelled, here. *map becomes NULL; NULL and a pointer to
 * NULL are harmless. Never blocks. */
WEFT_API void weft_map_destroy(weft_map_t **map);

#ifdef __cplusplus
}
#endif
#endif
