/* weft/runtime.h: the runtime: what all threads and executors of one host belong to, and how it all ends.
 *
 * Wherever a weft_runtime_t is asked for, NULL stands for the process's default runtime. It is made on first use and
 * lasts until the process ends. An isolated runtime is for a host that wants to end its part and live on.
 *
 * The end of the process. When main returns or exit() is called, weft first waits for every regular thread of every
 * runtime (those started meanwhile included), then lets the pools finish what was submitted. After that nothing new
 * starts (WEFT_ESHUTDOWN). Daemon threads are asked to stop and not waited for; the pending work of daemon executors is
 * cancelled. _exit, quick_exit and abort end the process at once. weft_exit may be called from every thread, a task, a
 * callback or an atexit handler: it then waits for everything but that thread and what can only end after it. exit()
 * may be called so by one thread (guide/exit.md).
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

/** Make an isolated runtime. It starts no thread by itself. options: NULL for the defaults.
 *  Never blocks. Success: *out is to be given to weft_runtime_destroy. WEFT_EINVAL, WEFT_ENOTSUP (options),
 * WEFT_ENOMEM. */
WEFT_API weft_status weft_runtime_create(const weft_runtime_options_t *options, weft_runtime_t **out);

/** End a runtime: wait for its regular threads (those started meanwhile by others included), then let its pools finish
 *  what was submitted to them, then ask its daemon threads to stop and cancel the pending work of its daemon executors
 * and caller-run executors. When it returns WEFT_OK, no regular thread and no worker of a regular pool is alive. From
 * then on whatever would start something new in this runtime says WEFT_ESHUTDOWN, and blocking calls of its daemon
 * threads return WEFT_EINTERRUPTED. Daemon threads that do not look are left running; what they can still touch stays
 * valid. timeout: for the waiting. When it is over, what is pending is cancelled, every thread is asked to stop, and
 * the answer is WEFT_ETIMEDOUT; call again to wait further. runtime: NULL shuts the default runtime down, for good.
 * Idempotent: again is WEFT_OK (or waits on, after WEFT_ETIMEDOUT). Blocks up to timeout. WEFT_EDEADLK: called by a
 * thread or task of this runtime (nothing was changed), or it would wait for a thread or pool that waits for the
 * caller. WEFT_EINTERRUPTED: the caller was asked to stop; the end has begun all the same. WEFT_EINVAL: runtime was
 * destroyed.
 */
WEFT_API weft_status weft_runtime_shutdown(weft_runtime_t *runtime, int64_t timeout);

/** Shut down with WEFT_FOREVER if that was not done, and give the handle back. *runtime becomes NULL, so a second call
 * is harmless. Handles of its threads, executors and futures stay valid and answer (WEFT_ESHUTDOWN where they would
 * start something). The handle itself is recognised as destroyed (WEFT_EINVAL) until another runtime happens to get its
 * address. Blocks as weft_runtime_shutdown. WEFT_OK; also when *runtime is NULL: the default runtime is not destroyed.
 *  WEFT_EINVAL: runtime is NULL, or was destroyed through another copy of the handle.
 *  WEFT_EDEADLK, WEFT_EINTERRUPTED: as shutdown; the handle stays the caller's. */
WEFT_API weft_status weft_runtime_destroy(weft_runtime_t **runtime);

/** Make weft usable in the child of a fork. The child has none of weft's threads, so until this call whatever would
 * start or wait for something says WEFT_EFORKED, and exit() waits for nothing. The call starts empty: a new default
 * runtime, made on first use as ever; no hooks, no configuration of the default executor, no thread. What was there
 * before:
 *  - Handles of executors, threads, groups, timers and isolated runtimes stay valid and answer WEFT_EFORKED for ever;
 *    giving them back is allowed and does nothing. (weft_runtime_destroy sets its handle to NULL and says WEFT_OK.)
 *  - Futures that were not done are cancelled (done, WEFT_ECANCELED); those that were done have what they had.
 *  - What was submitted or registered before the fork is the parent's: no task, callback or drop of it runs in the
 * child.
 *  - Descriptors that weft had open are the parent's too; they close with exec, and weft does not use them here.
 * A child that was forked inside a task or a thread of weft may use weft after this call like any other; when it
 * returns from the function that weft called, it flushes its streams and ends as by _exit(0). May be called in any
 * process and more than once: where nothing is to be reset it does nothing. To be called before the child starts
 * threads of its own. fork, vfork and posix_spawn need no call in the parent, which loses nothing. Never blocks.
 * WEFT_OK. */
WEFT_API weft_status weft_runtime_reset_after_fork(void);

/** End the process with this status: as exit(), but every thread may call it, several at once too.
 *
 * The first thread that calls it, or exit(), is the exiting thread: it runs the exit handlers, and in weft's own one it
 * waits as "The end of the process" says. Any other thread that calls weft_exit steps aside. It never returns from the
 * call, the end does not wait for it, and its worker's place goes to another one. The process ends with the first
 * status that was given to weft_exit, also when the exiting thread has called exit() with another one, or returned from
 * main.
 *
 * exit() of the C library promises none of that. From glibc 2.41 on a second thread that calls it waits for ever;
 * before, it ends the process under the first one. weft finds a thread of its own that waits so, and ends the process
 * without it, and without its status. See guide/exit.md.
 *
 * Handlers: those of atexit and static destructors, on the exiting thread, in their order.
 * In the child of a fork: until weft_runtime_reset_after_fork, streams are flushed and the process ends as by _exit.
 *
 * Threads: any, tasks, callbacks and handlers too. Not from a signal handler.
 * Blocks:  for ever.
 */
WEFT_API WEFT_NO_RETURN void weft_exit(int32_t status);

/** Read the signal mask that a process should get which the calling thread starts.
 *
 * This is the mask of the calling thread without the signals that weft itself has blocked in it. A thread that weft did
 * not start has nothing of that kind: the answer is its own mask. fork() needs no help: in the child of a task the
 * thread has this mask, unless the program has changed it since the thread began. For posix_spawn the mask goes into
 * the attributes (POSIX_SPAWN_SETSIGMASK). Around popen, system and vfork the thread sets it and restores its own. See
 * guide/signals.md.
 *
 * sigset: a sigset_t of <signal.h>; a void pointer because that header may hide the type.
 *
 * Threads: any.
 * Blocks:  never.
 *
 * Returns
 *   WEFT_OK      the mask is stored
 *   WEFT_EINVAL  `sigset` is NULL
 */
WEFT_API weft_status weft_process_signal_mask(void *sigset);

/** Is told of an error that left the target of a thread, or a task that has no future (weft_executor_post).
 *  thread: the thread in which it happened (borrowed). error: borrowed. Runs on that thread, where weft_task_name
 * names the task. If it throws, the default
 * takes over. */
typedef void (*weft_exception_hook_fn)(void *ctx, weft_thread_t *thread, const weft_error_t *error);

/** Replace the exception hook of a runtime. hook NULL restores the default: one line on stderr, with the names of
 *  the task, if it has one, and of the thread, the kind and the message. Never blocks. The previous hook's drop runs on
 * the calling thread, or on the thread that is just running the previous hook when it returns. On success ctx and drop
 * belong to the runtime. WEFT_OK. WEFT_EINVAL: runtime was destroyed. WEFT_ENOMEM. WEFT_ESHUTDOWN: the runtime has
 * ended. WEFT_ECLOSED: the thread is inside of a domain that is closed. */
WEFT_API weft_status weft_runtime_set_exception_hook(weft_runtime_t *runtime, weft_exception_hook_fn hook, void *ctx,
                                                     weft_drop_fn drop);

/** How many CPUs this process may use: the affinity mask of the process, cut by the CPU quota of its control group.
 *  At least 1. Never blocks for long (reads files of /proc and /sys at the first call). */
WEFT_API uint32_t weft_usable_cpus(void);

#ifdef __cplusplus
}
#endif
#endif
