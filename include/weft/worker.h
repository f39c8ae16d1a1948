/* weft/worker.h: the workers of a pool: hooks, threads of the host, indices, blocking regions.
 *
 * Hooks attach each worker to a JVM, an interpreter or a profiler, and detach it. They are options
 * of the pool:
 *
 *   static weft_status attach(void *ctx, weft_worker_t *worker, weft_error_t **error) {
 *     worker->data = attach_this_thread(ctx);
 *     return worker->data != NULL ? WEFT_OK : weft_error_create(1, "VM", "no thread", error);
 *   }
 *   static void detach(void *ctx, weft_worker_t *worker) {
 *     detach_this_thread(ctx, worker->data);
 *   }
 *
 *   options.worker_start = attach;
 *   options.worker_stop = detach;
 *   options.worker_ctx = vm;
 *   weft_executor_create(NULL, &options, &pool);
 *
 * Order on each worker: the start hook, the initializer, then tasks; the rest hook each time before
 * the worker sleeps; at the end the stop hook. If the start hook or the initializer fails, the pool
 * is broken (weft_executor_error).
 *
 * Threads of the host. weft_executor_work makes the calling thread a worker for a while;
 * weft_executor_help does so until a future is done.
 *
 * Blocking regions. A task that blocks outside of weft says so with weft_blocking_begin and
 * weft_blocking_end, so that the pool may run one worker more meanwhile.
 */
#ifndef WEFT_WORKER_H
#define WEFT_WORKER_H

#include <weft/base.h>
#include <weft/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct weft_executor; /* executor.h */
struct weft_future;   /* future.h */

/** The initializer of a pool. It runs on each worker before any task, after the start hook.
 *
 * A failure, as of a weft_task_fn, breaks the pool. `ctx` is initializer_ctx.
 */
typedef weft_status (*weft_initializer_fn)(void *ctx, weft_error_t **error);

/** A worker of a pool, as its hooks see it. They all see the same object. */
typedef struct weft_worker {
  uint32_t size;  /**< sizeof(weft_worker_t) of the library's version; later versions append */
  uint32_t index; /**< from 0; two workers of a pool that are alive at the same time differ */
  /** The name of its thread: <prefix>_<index>. For a thread of the host, that of weft_thread_name,
   * or "". */
  const char *name;
  void *data; /**< free for the start hook to set, NULL before; see weft_worker_data */
} weft_worker_t;

/** The start hook of a pool. It runs first on each worker, before the initializer.
 *
 * It attaches the thread to a JVM, an interpreter, a GPU context, a profiler. A failure, as of a
 * weft_task_fn, breaks the pool, and the stop hook does not run for that worker. `ctx` is
 * worker_ctx. The hook may call any function of weft that does not wait for this pool.
 */
typedef weft_status (*weft_worker_start_fn)(void *ctx, weft_worker_t *worker, weft_error_t **error);

/** The stop hook of a pool. It runs last on each worker.
 *
 * It runs exactly once for each worker whose start hook has succeeded, or that has none: when the
 * worker ends, also because its pool was shut down or because a task has ended the thread
 * (pthread_exit). No task of the pool runs on this thread any more. The hook must not end the
 * thread itself. An exception out of it becomes a line of the log. `ctx` is worker_ctx.
 */
typedef void (*weft_worker_stop_fn)(void *ctx, weft_worker_t *worker);

/** The rest hook of a pool. It runs on a worker each time before the worker sleeps without work.
 *
 * It gives back what the worker has kept from one task to the next, such as the lock of an
 * interpreter. The next task takes that again.
 *
 * It runs on the worker's thread, between the start hook and the stop hook, any number of times. A
 * worker that was woken and found nothing runs it again. It does not run between two tasks, nor
 * when a task blocks. The stop hook may come without it.
 *
 * The worker counts as idle during the hook, and a submitted task may wait for its return. So it
 * must be short. It may submit and spawn. It must not wait for anything of weft, or end its thread.
 * An exception out of it becomes a line of the log. `ctx` is worker_ctx.
 */
typedef void (*weft_worker_rest_fn)(void *ctx, weft_worker_t *worker);

/* --- threads of the host --- */

/** Let the calling thread be a worker of a pool, until the pool has ended.
 *
 * It works beside the pool's own workers, or instead of them (WEFT_EXECUTOR_HOST_WORKERS), and
 * counts against max_workers. It runs the start hook and the initializer of the pool, and at the
 * end the stop hook. Its name, its signal mask and its thread-local data stay as they are.
 *
 * It returns earlier when `timeout` is over or the thread is asked to stop
 * (weft_thread_request_stop). A stop request also wakes it when there is nothing to do. No task
 * begins after `timeout`, but even a `timeout` of 0 allows one look for a task. A task that runs is
 * finished first. What the thread leaves behind goes to the other workers, or waits for the next
 * one. The end of the runtime does not interrupt what runs here.
 *
 * Threads:   only a thread that is no worker, and runs no task, callback or drop.
 * Blocks:    up to `timeout`, and until a task that runs has ended.
 *
 * Returns
 *   WEFT_OK            the pool was shut down, and everything has run
 *   WEFT_ETIMEDOUT     `timeout` is over
 *   WEFT_EINTERRUPTED  the thread was asked to stop
 *   WEFT_EAGAIN        the pool has max_workers workers
 *   WEFT_EBROKEN       the pool is broken, before or by this call
 *   WEFT_EDEADLK       the caller is a worker, or runs a task, callback or drop
 *   WEFT_ENOTSUP       `executor` is not a pool
 *   WEFT_EINVAL        `executor` is NULL
 *   WEFT_ENOMEM        the thread did not become a worker
 */
WEFT_API weft_status weft_executor_work(struct weft_executor *executor, int64_t timeout);

/** Let the calling thread run tasks of a pool until a future is done.
 *
 * This is for a thread that needs one result and would otherwise only wait, such as the main
 * thread. During the call the thread is a worker that does not count against max_workers. It has an
 * index, runs the hooks as in weft_executor_work, and runs any task of the pool. So on a pool of
 * one worker, two tasks may run at the same time.
 *
 * The thread looks at the future before each task, and never leaves a task unfinished. So a long
 * task may keep it in this call after the future is done. The future may also be a promise, or
 * belong to another executor.
 *
 * `timeout` is in nanoseconds: no task begins after that, but at least one is looked for.
 *
 * `timeout`: nanoseconds; no task begins after that.
 *
 * Threads:   only a thread that is no worker, and runs no task, callback or drop.
 * Blocks:    up to `timeout`, and until a task that runs then has ended. A stop request wakes it.
 *
 * Returns
 *   WEFT_OK            the future is done
 *   WEFT_ETIMEDOUT     the time is over; call again to go on
 *   WEFT_EINTERRUPTED  the caller was asked to stop
 *   WEFT_EDEADLK       the caller is a worker, or runs a task, callback or drop
 *   WEFT_ENOTSUP       `executor` is no pool
 *   WEFT_EINVAL        `executor` or `future` is NULL
 *   WEFT_ENOMEM        nothing was run
 */
WEFT_API weft_status weft_executor_help(struct weft_executor *executor, struct weft_future *future, int64_t timeout);

/* --- which worker this is --- */

/** Get the bound of the indices of a pool's workers, for arrays with an element for each worker.
 *
 * It is max_workers + max_spares + max_helpers of the pool's options, or of the defaults. Spares and
 * threads of the host count like other workers. For a strand it is the bound of its pool.
 *
 * Blocks:    never.
 *
 * Returns    the bound, at least 1; WEFT_ENOTSUP for a caller-run executor, which has no workers;
 *            WEFT_EINVAL for NULL.
 */
WEFT_API int32_t weft_worker_index_bound(struct weft_executor *executor);

/** Get the index of the worker that the calling thread is, in its pool.
 *
 * Blocks:    never.
 *
 * Returns    an index from 0 up to but not including weft_worker_index_bound; WEFT_ENOTSUP when the
 *            calling thread is no worker.
 */
WEFT_API int32_t weft_worker_index(void);

/** Get what the start hook stored in weft_worker_t.data for the worker that the calling thread is,
 * such as the environment of a JVM or the thread state of an interpreter.
 *
 * Blocks:    never.
 *
 * Returns    the pointer; NULL when nothing was stored or the calling thread is no worker.
 */
WEFT_API void *weft_worker_data(void);

/* --- blocking regions --- */

/** Begin a blocking region: the calling task is going to block outside of weft.
 *
 * For a file, a lock or another library, when it takes long enough to lend the worker out. Until
 * weft_blocking_end the pool may run one worker more, and up to max_spares more at a time. On a
 * pool of one worker, other tasks may then run beside this one. While a timer is armed on the pool,
 * another worker looks after the time, as if this one did not exist.
 *
 * Regions nest. They belong to the task that begins them. Another task that runs on this thread
 * because this one waits cannot end them. What a task leaves open ends with the task. The same
 * holds for callbacks.
 *
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK            the region has begun, also when no further worker can be started
 *   WEFT_ENOTSUP       the calling thread is no worker of a pool; nothing changed
 */
WEFT_API weft_status weft_blocking_begin(void);

/** End the innermost blocking region of the calling task.
 *
 * The task goes on at once. A worker that is then one too many takes no further task. It ends after
 * some seconds in which no region has needed it. If a wait without a limit counts on it, it stays
 * until that wait is over.
 *
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK            the region has ended
 *   WEFT_EINVALIDSTATE the calling task has begun none
 *   WEFT_ENOTSUP       the calling thread is no worker of a pool
 */
WEFT_API weft_status weft_blocking_end(void);

#ifdef __cplusplus
}
#endif
#endif
