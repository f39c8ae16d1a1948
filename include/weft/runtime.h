/* weft/runtime.h: runtimes: what the threads and executors of one host belong to, and how they end.
 *
 * Where a function takes a weft_runtime_t, NULL stands for the default runtime of the process. It
 * is made on first use and lasts until the process ends. An isolated runtime is for a host that
 * ends its part and lives on:
 *
 *   weft_runtime_create(NULL, &runtime);
 *   weft_executor_create(runtime, NULL, &pool);
 *   ...
 *   weft_runtime_destroy(&runtime);             none of its regular threads is alive any more
 *   weft_executor_unref(pool);
 *
 * The end of the process. It begins when main returns or exit() is called.
 *  1. weft waits for every regular thread of every runtime, also for those that start meanwhile.
 *  2. The pools finish what was submitted.
 *  3. From then on nothing new starts (WEFT_ESHUTDOWN).
 *  4. Daemon threads are asked to stop, and are not waited for. The pending work of daemon
 *     executors is cancelled.
 *
 * _exit, quick_exit and abort end the process at once. weft_exit may be called on every thread, in
 * a task, a callback or an atexit handler. It waits for everything but that thread and what can
 * only end after it. exit() may be called like that by one thread (guide/exit.md).
 */
#ifndef WEFT_RUNTIME_H
#define WEFT_RUNTIME_H

#include <weft/base.h>
#include <weft/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A runtime. Owned: weft_runtime_create / weft_runtime_destroy. */
typedef struct weft_runtime weft_runtime_t;

/** A thread; see thread.h. */
typedef struct weft_thread weft_thread_t;

/** Options of a runtime. Version 1.0 has none but its size. */
typedef struct weft_runtime_options {
  uint32_t size;     /**< sizeof(weft_runtime_options_t), see WEFT_OPTIONS_INIT */
  uint32_t reserved; /**< 0 */
} weft_runtime_options_t;

static inline void weft_runtime_options_init(weft_runtime_options_t *options) {
  WEFT_OPTIONS_INIT(options);
}

/** Make an isolated runtime. It starts no thread by itself.
 *
 * Blocks:    never.
 * Ownership: `*out` has one owner, who gives it to weft_runtime_destroy.
 *
 * Returns
 *   WEFT_OK            the runtime is made
 *   WEFT_EINVAL        `out` is NULL, or an option is out of range
 *   WEFT_ENOTSUP       the options ask for something that this version does not know
 *   WEFT_ENOMEM        nothing changed
 */
WEFT_API weft_status weft_runtime_create(const weft_runtime_options_t *options, weft_runtime_t **out);

/** End a runtime: finish its regular work, then stop the rest.
 *
 * NULL ends the default runtime, for good. The order is:
 *  1. Wait for the regular threads of the runtime, also for those that others start meanwhile.
 *  2. Let its pools finish what was submitted to them.
 *  3. From then on, every call that would start something new in this runtime returns
 *     WEFT_ESHUTDOWN.
 *  4. Ask its daemon threads to stop: their blocking calls return WEFT_EINTERRUPTED. Cancel the
 *     pending work of its daemon executors and caller-run executors.
 *
 * When the limit is over before that, all pending work is cancelled and every thread is asked to
 * stop. A daemon thread that ignores the request is left running. What it can still touch stays
 * valid. The call may be repeated. To learn what is left, see report.h.
 *
 * Threads:   any that is neither a thread of this runtime nor inside a task of it.
 * Blocks:    up to `timeout`. Drops and callbacks of what is cancelled run here.
 *
 * Returns
 *   WEFT_OK            no regular thread and no worker of a regular pool is alive; also when the
 *                      runtime was shut down before
 *   WEFT_ETIMEDOUT     a regular thread or such a worker is alive; a later call waits on
 *   WEFT_EDEADLK       the caller is a thread or task of this runtime: nothing changed. Or what is
 *                      waited for waits for the caller: the end may have begun
 *   WEFT_EINTERRUPTED  the caller was asked to stop; the end may have begun; a later call goes on
 *   WEFT_EINVAL        `runtime` was destroyed
 *   WEFT_ENOMEM        memory is exhausted; the end may have begun
 */
WEFT_API weft_status weft_runtime_shutdown(weft_runtime_t *runtime, int64_t timeout);

/** Shut a runtime down without a limit, if that was not done, and give the handle back.
 *
 * `*runtime` becomes NULL, so a second call does nothing. A `*runtime` of NULL is allowed: the
 * default runtime is not destroyed. Handles of threads, executors and futures of the runtime stay
 * valid. Calls on them that would start something return WEFT_ESHUTDOWN. A copy of the runtime's
 * handle is recognised as destroyed (WEFT_EINVAL) until another runtime gets the same address.
 *
 * Threads:   as weft_runtime_shutdown.
 * Blocks:    as weft_runtime_shutdown with WEFT_FOREVER.
 * Ownership: on every failure the caller keeps `*runtime`.
 *
 * Returns
 *   WEFT_OK            the runtime has ended, as weft_runtime_shutdown says; or `*runtime` was NULL
 *   WEFT_EDEADLK       as weft_runtime_shutdown
 *   WEFT_EINTERRUPTED  as weft_runtime_shutdown
 *   WEFT_EINVAL        `runtime` is NULL, or the runtime was destroyed through another copy of the
 *                      handle
 *   WEFT_ENOMEM        as weft_runtime_shutdown
 */
WEFT_API weft_status weft_runtime_destroy(weft_runtime_t **runtime);

/** Make weft usable in the child of a fork.
 *
 * The child has none of weft's threads. Until this call, every call that would start something or
 * wait for something returns WEFT_EFORKED, and exit() waits for nothing. The call starts empty: the
 * default runtime is made anew on first use, without an exception hook, without a configuration of
 * the default executor, without threads. What existed before the fork:
 *  - Handles of executors, threads, groups, timers and isolated runtimes stay valid, and calls on
 *    them return WEFT_EFORKED for ever. Giving them back is allowed and does nothing.
 *    (weft_runtime_destroy sets its handle to NULL and returns WEFT_OK.)
 *  - Futures that were not done are cancelled: done, with WEFT_ECANCELED. Futures that were done
 *    keep their outcome.
 *  - What was submitted or registered is the parent's. No task, callback or drop of it runs in the
 *    child.
 *  - The allocator, the log hook and the misuse hook (host.h) belong to the process and stay as
 *    they are.
 *  - Descriptors that weft had open are the parent's too. weft does not use them in the child. exec
 *    closes them.
 *
 * A child that was forked inside a task or thread of weft may use weft after this call like any
 * other. When it returns from the function that weft called, it flushes its streams and ends as by
 * _exit(0).
 *
 * The call may be made in any process and more than once. It does nothing where nothing is to be
 * reset. The parent loses nothing by fork, vfork or posix_spawn, and needs no call.
 *
 * Threads:   the one thread of the child, before it starts others.
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK            always
 */
WEFT_API weft_status weft_runtime_reset_after_fork(void);

/** End the process with a status: as exit(), but any number of threads may call it.
 *
 * The first thread that calls weft_exit or exit() is the exiting thread. It runs the handlers of
 * atexit and the static destructors, in their order. In weft's own handler it waits as "The end of
 * the process" says. Every other thread that calls weft_exit steps aside: its call never returns,
 * the end does not wait for it, and another worker takes its worker's place. The process ends with
 * the first status that was given to weft_exit. That holds even if the exiting thread has called
 * exit() with another status, or has returned from main.
 *
 * exit() of the C library promises none of that. From glibc 2.41 on, a second thread that calls it
 * waits for ever. Before, a second call ends the process while the first thread still waits. If one
 * of weft's own threads waits for ever like that, weft notices it and ends the process without that
 * thread and its status. See guide/exit.md.
 *
 * In the child of a fork, before weft_runtime_reset_after_fork, the call flushes the streams and
 * ends the process as by _exit.
 *
 * Threads:   any, also in tasks, callbacks and exit handlers; not in a signal handler.
 * Blocks:    for ever.
 */
WEFT_API WEFT_NO_RETURN void weft_exit(int32_t status);

/** Read the signal mask that a process should get when the calling thread starts it.
 *
 * It is the mask of the calling thread without the signals that weft itself has blocked there. On a
 * thread that weft did not start, that is its own mask. How to use it:
 *  - fork() needs no help. In the child of a task the thread has this mask, unless the program has
 *    changed its mask since the thread began.
 *  - posix_spawn: the mask goes into the attributes (POSIX_SPAWN_SETSIGMASK).
 *  - popen, system and vfork: the thread sets the mask before the call and restores its own after
 *    it.
 *
 * `sigset` points to a sigset_t of <signal.h>. It is a void pointer because that header may hide
 * the type. See guide/signals.md.
 *
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK            `*sigset` has the mask
 *   WEFT_EINVAL        `sigset` is NULL
 */
WEFT_API weft_status weft_process_signal_mask(void *sigset);

/** Receive an error that left the target of a thread, or a task that has no future
 * (weft_executor_post).
 *
 * It runs on the thread where the error happened. weft_task_name names the task there. If the hook
 * throws, the default takes over (weft_runtime_set_exception_hook).
 *
 * Ownership: `thread` and `error` are borrowed. `thread` is NULL on a thread that weft did not
 *            start and that has no thread object (weft_thread_current).
 */
typedef void (*weft_exception_hook_fn)(void *ctx, weft_thread_t *thread, const weft_error_t *error);

/** Replace the exception hook of a runtime.
 *
 * A `hook` of NULL restores the default: a line of the log (host.h), on stderr unless the host says
 * otherwise. The line has the name of the task, if it has one, the name of the thread, and the kind
 * and the message of the error.
 *
 * Blocks:    never.
 * Ownership: on success the runtime owns `ctx`; on failure the caller keeps it. The drop of the
 *            previous hook runs on the calling thread; or, if a thread is just running the previous
 *            hook, on that thread when the hook returns.
 *
 * Returns
 *   WEFT_OK            the hook is set
 *   WEFT_EINVAL        `runtime` was destroyed
 *   WEFT_ENOMEM        nothing changed
 *   WEFT_ESHUTDOWN     the runtime has ended
 *   WEFT_ECLOSED       the thread is inside a domain that is closed
 */
WEFT_API weft_status weft_runtime_set_exception_hook(weft_runtime_t *runtime, weft_exception_hook_fn hook, void *ctx,
                                                     weft_drop_fn drop);

/** Count the CPUs that this process may use: its affinity mask, cut by the CPU quota of its control
 * group.
 *
 * Blocks:    not for long: the first call reads files of /proc and /sys.
 *
 * Returns    the count, at least 1.
 */
WEFT_API uint32_t weft_usable_cpus(void);

#ifdef __cplusplus
}
#endif
#endif
