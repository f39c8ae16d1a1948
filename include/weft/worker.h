/* weft/worker.h: the workers of a pool: what runs on each of them, which one this thread is, and when one is lent out.
 *
 * Hooks are given in weft_executor_options_t. They attach a thread to a JVM, an interpreter or a profiler, and detach
 * it. A thread of the host becomes a worker for a while by weft_executor_work.
 */
#ifndef WEFT_WORKER_H
#define WEFT_WORKER_H

#include <weft/base.h>
#include <weft/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct weft_executor; /* executor.h */

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
WEFT_API weft_status weft_executor_work(struct weft_executor *executor, int64_t timeout);

/** The bound of the indices of a pool's workers: max_workers + max_spares of its options, or what these stand for.
 * Spares and threads of the host count like other workers. For arrays in which each worker has an element of its own.
 *
 * executor: a pool; or a strand, for the workers of its pool.
 *
 * Threads: any.
 * Blocks:  never.
 *
 * Returns the bound, at least 1; or
 *   WEFT_ENOTSUP a caller-run executor has no workers
 *   WEFT_EINVAL  NULL
 */
WEFT_API int32_t weft_worker_index_bound(struct weft_executor *executor);

/** The index of the worker that the calling thread is, in its pool: from 0 up to but not including
 * weft_worker_index_bound. Never blocks. WEFT_ENOTSUP: the calling thread is no worker of a pool. */
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

#ifdef __cplusplus
}
#endif
#endif
