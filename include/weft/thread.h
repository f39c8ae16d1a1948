/* weft/thread.h: threads: start, join, daemon, names, stop requests, and the calling thread.
 *
 *   weft_thread_create(NULL, NULL, target, &state, NULL, &thread);
 *   weft_thread_start(thread);
 *   weft_thread_join(thread, WEFT_FOREVER);    `state` is now as the target has left it
 *   weft_thread_unref(thread);
 *
 * States. A thread goes from initial to started to stopped.
 *
 * Context. The context of the target is an object of the caller's choice. The caller may read it
 * after a join. A C program extends a thread in this way.
 *
 * Daemon. The end of the process or of the runtime waits for regular threads. It does not wait for
 * daemon threads (runtime.h).
 *
 * Threads of the host. A thread that weft did not start has no object until it asks for one, with
 * weft_thread_current.
 *
 * Python. The model is Python's threading.Thread. The comments below say where weft differs.
 */
#ifndef WEFT_THREAD_H
#define WEFT_THREAD_H

#include <weft/base.h>
#include <weft/error.h>
#include <weft/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The function that a thread runs.
 *
 * It returns WEFT_OK, or any other value for a failure. For more detail it stores an error of
 * weft_error_create in `*error`. The reference passes to weft, and the return value does not matter
 * then. A failure goes to the exception hook of the runtime. After that the thread is simply
 * stopped. `error` is never NULL, and `*error` is NULL at the call. */
typedef weft_status (*weft_thread_fn)(void *ctx, weft_error_t **error);

/* Values of weft_thread_options_t.daemon. */
#define WEFT_DAEMON_INHERIT 0u /**< as the creating thread */
#define WEFT_DAEMON_NO 1u      /**< a regular thread: the end of the process or runtime waits for it */
#define WEFT_DAEMON_YES 2u     /**< a daemon thread: the end does not wait for it */

/* Values of the option `signals` of threads and pools: the signals that a thread of weft blocks.
 * See guide/signals.md. */
/** The signals that the maker of the pool, or the starter of the thread, blocks itself. */
#define WEFT_SIGNALS_INHERIT 1u
/** The same, and SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGCHLD, SIGIO,
 * SIGWINCH and the real-time signals. Threads of the host take these then. */
#define WEFT_SIGNALS_BLOCK 2u

/* Values of weft_thread_state. */
#define WEFT_THREAD_INITIAL 0
#define WEFT_THREAD_STARTED 1
#define WEFT_THREAD_STOPPED 2

/** Options of a thread. weft_thread_create copies everything. */
typedef struct weft_thread_options {
  uint32_t size;   /**< sizeof(weft_thread_options_t), see WEFT_OPTIONS_INIT */
  uint32_t daemon; /**< WEFT_DAEMON_...; 0: WEFT_DAEMON_INHERIT */
  /** NULL or "": Thread-N. The system shows at most 15 bytes, cut so that a number at the end of
   * the name survives. */
  const char *name;
  /** Bytes; 0: the system's default. Less than 64 KiB counts as 64 KiB. A size below the default
   * may be too small for the program's thread-local data. Then the thread gets the default, and the
   * log gets a line. More than 2^40 is WEFT_EINVAL. */
  uint64_t stack_size;
  /** -20 (urgent) to 19 (idle); 0: as the thread that starts it. Below 0 needs a privilege. */
  int32_t nice;
  uint32_t affinity_count;  /**< entries of `affinity`; 0: as the thread that starts it */
  const uint32_t *affinity; /**< the CPUs on which the thread may run, each below 1024 */
  uint32_t signals;         /**< WEFT_SIGNALS_...; 0: WEFT_SIGNALS_INHERIT */
  uint32_t reserved;        /**< 0 */
} weft_thread_options_t;

static inline void weft_thread_options_init(weft_thread_options_t *options) {
  WEFT_OPTIONS_INIT(options);
}

/** Make a thread in the state initial. Nothing runs yet.
 *
 * `runtime`: NULL for the default one. `options`: NULL for the defaults. A thread that is made
 * inside a domain belongs to that domain, whichever thread starts it (domain.h).
 *
 * Blocks:    never.
 * Ownership: on success `*out` owns one reference, and `ctx` belongs to weft. drop runs once: on
 *            the ending thread, right after the target has ended; or, if the thread never starts,
 *            with its last reference or at the close of its domain, on the thread that does that.
 *            On failure the caller keeps `ctx`.
 *
 * Returns
 *   WEFT_OK         the thread is made
 *   WEFT_EINVAL     `target` or `out` is NULL, an option is out of range, or the runtime was
 *                   destroyed
 *   WEFT_ENOTSUP    the options are of a later version
 *   WEFT_ESHUTDOWN  the runtime has ended
 *   WEFT_ECLOSED    the caller is inside a domain that is closed
 *   WEFT_ENOMEM     nothing changed
 */
WEFT_API weft_status weft_thread_create(weft_runtime_t *runtime, const weft_thread_options_t *options,
                                        weft_thread_fn target, void *ctx, weft_drop_fn drop, weft_thread_t **out);

/** Start a thread. A thread starts once.
 *
 * On success the thread is alive and has its ident. The thread holds a reference to itself while it
 * runs, so the caller may give its own back at once. A thread that fails to start stays initial and
 * may be started again, except after WEFT_ECLOSED.
 *
 * Blocks:    shortly; never for the target.
 *
 * Returns
 *   WEFT_OK         the thread is alive
 *   WEFT_ESTARTED   it was started before, or weft_thread_create did not make it
 *   WEFT_EAGAIN     the system refuses a thread
 *   WEFT_EPERM      the system refuses the priority
 *   WEFT_ESHUTDOWN  the runtime has ended
 *   WEFT_ECLOSED    its domain is closed; its context is dropped, here or by the close
 *   WEFT_EINVAL     `thread` is NULL, or the system refuses the affinity: no CPU in it may be used
 *   WEFT_ENOMEM     nothing changed
 */
WEFT_API weft_status weft_thread_start(weft_thread_t *thread);

/** Wait until a thread has stopped. A thread may be joined many times.
 *
 * A thread that weft did not start counts as stopped when it ends. The main thread ends with the
 * process.
 *
 * Threads:   any, several at once.
 * Blocks:    up to `timeout`.
 *
 * Returns
 *   WEFT_OK            it has stopped; all that it did happened before, also its thread-local
 *                      destructors
 *   WEFT_ETIMEDOUT     it is still alive
 *   WEFT_ENOTSTARTED   it was not started yet
 *   WEFT_EDEADLK       the caller is this thread; or the wait has no limit, and this thread waits
 *                      for the caller without limit, directly or through others
 *   WEFT_EINTERRUPTED  the caller was asked to stop
 *   WEFT_EINVAL        `thread` is NULL
 *   WEFT_ENOMEM        no memory to wait with
 */
WEFT_API weft_status weft_thread_join(weft_thread_t *thread, int64_t timeout);

/** Ask a thread to stop.
 *
 * The call sets a flag of the thread and wakes its blocking calls of weft, which return
 * WEFT_EINTERRUPTED. weft_stop_requested reads the flag in that thread. The flag stays set. It is
 * never carried into a task: tasks have flags of their own, also on a worker.
 *
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK      the flag is set, or the thread has stopped
 *   WEFT_EINVAL  `thread` is NULL
 */
WEFT_API weft_status weft_thread_request_stop(weft_thread_t *thread);

/** Get the state of a thread. Never blocks.
 *
 * Returns    WEFT_THREAD_INITIAL, _STARTED or _STOPPED; WEFT_EINVAL for NULL.
 */
WEFT_API int32_t weft_thread_state(const weft_thread_t *thread);

/** Say whether a thread is alive: from a successful start until its target has ended. Never blocks.
 *
 * Returns    1 when it is, 0 when not, WEFT_EINVAL for NULL.
 */
WEFT_API int32_t weft_thread_is_alive(const weft_thread_t *thread);

/** Say whether a thread is a daemon. Never blocks.
 *
 * Returns    1 for a daemon thread, 0 for a regular one, WEFT_EINVAL for NULL.
 */
WEFT_API int32_t weft_thread_is_daemon(const weft_thread_t *thread);

/** Make a thread a daemon (1) or regular (0), before it is started.
 *
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK        the thread is what `daemon` says
 *   WEFT_ESTARTED  too late: it was started
 *   WEFT_EINVAL    `thread` is NULL, or `daemon` is neither 0 nor 1
 */
WEFT_API weft_status weft_thread_set_daemon(weft_thread_t *thread, int32_t daemon);

/** Get the name of a thread. Never blocks.
 *
 * The name lives as long as the thread object. A pointer that was read before weft_thread_set_name
 * must not be used after it.
 *
 * Returns    the name; "" for NULL.
 */
WEFT_API const char *weft_thread_name(const weft_thread_t *thread);

/** Set the name of a thread, at any time.
 *
 * Before the start, weft copies `name`. A pointer from weft_thread_name must not be used after this
 * call. After the start, weft keeps each new name for good, as weft_name does, because reports may
 * refer to it. So do not give one thread new names again and again. The system shows the new name
 * only if weft has started the thread and the thread itself makes this call.
 *
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK      the name is set
 *   WEFT_EINVAL  `thread` or `name` is NULL, or `name` is ""
 *   WEFT_ENOMEM  nothing changed
 */
WEFT_API weft_status weft_thread_set_name(weft_thread_t *thread, const char *name);

/** Get the ident of a thread: a number that no other thread of this process had or will have. Never
 * blocks.
 *
 * Returns    the ident; 0 before the start and for NULL.
 */
WEFT_API uint64_t weft_thread_ident(const weft_thread_t *thread);

/** Get the system's number of a thread (Linux: the thread id).
 *
 * When the number is there, the system shows the thread's name. After the end of the thread the
 * system may use the number again.
 *
 * Blocks:    some microseconds right after the start, for the first steps of the thread.
 *
 * Returns    the number; 0 before the start and for NULL.
 */
WEFT_API uint64_t weft_thread_native_id(const weft_thread_t *thread);

/** Take one more reference and return the same pointer. NULL gives NULL. Never blocks. */
WEFT_API weft_thread_t *weft_thread_ref(weft_thread_t *thread);

/** Give back a reference. NULL is allowed. Never blocks.
 *
 * A started thread runs on without handles. The last reference to a thread that was never started
 * runs its drop (weft_thread_create). */
WEFT_API void weft_thread_unref(weft_thread_t *thread);

/** Get the object of the calling thread.
 *
 * A thread that weft did not start gets an object, too. It is a regular thread of the default
 * runtime, and stopped when the thread ends.
 *
 * Blocks:    never.
 * Ownership: `*out` owns one reference.
 *
 * Returns
 *   WEFT_OK      `*out` is the object
 *   WEFT_EINVAL  `out` is NULL
 *   WEFT_ENOMEM  nothing changed
 */
WEFT_API weft_status weft_thread_current(weft_thread_t **out);

/** Get the object of the process's main thread, which is named "MainThread".
 *
 * The main thread may have begun a join without a limit before the first call for this object. A
 * request to stop does not wake that join.
 *
 * Blocks:    never.
 * Ownership: `*out` owns one reference.
 *
 * Returns
 *   WEFT_OK      `*out` is the object
 *   WEFT_EINVAL  `out` is NULL
 *   WEFT_ENOMEM  nothing changed
 */
WEFT_API weft_status weft_thread_main(weft_thread_t **out);

/** List the threads of a runtime that are alive.
 *
 * These are the threads that were started and the workers of pools. The default runtime (NULL) has
 * the main thread, too, and the threads of the host that have an object. The call stores at most
 * `capacity` of them in `threads`. `*count` says how many there are, which may be more. `threads`
 * may be NULL when `capacity` is 0.
 *
 * Blocks:    never.
 * Ownership: each thread in `threads` is a reference of the caller's.
 *
 * Returns
 *   WEFT_OK      `*count` is set, and `threads` up to `capacity`
 *   WEFT_EINVAL  `count` is NULL, `threads` is NULL though `capacity` is not 0, or the runtime was
 *                destroyed
 *   WEFT_ENOMEM  nothing changed; only for the default runtime
 */
WEFT_API weft_status weft_thread_enumerate(weft_runtime_t *runtime, weft_thread_t **threads, size_t capacity,
                                           size_t *count);

/** Count the threads that weft_thread_enumerate lists.
 *
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK      `*count` is set
 *   WEFT_EINVAL  `count` is NULL, or the runtime was destroyed
 *   WEFT_ENOMEM  nothing changed; only for the default runtime
 */
WEFT_API weft_status weft_thread_active_count(weft_runtime_t *runtime, size_t *count);

/** Say whether the calling code was asked to stop. Never blocks, never fails.
 *
 * Inside a task the answer is about the task, elsewhere about the thread. It includes what the code
 * works for: a loop (parallel.h), a promise (weft_future_enter), and a wait that runs the task
 * (base.h). Once the end of the runtime has asked its threads to stop (runtime.h), the answer is 1
 * in all of them.
 *
 * Returns    1 when it was, 0 when not.
 */
WEFT_API int32_t weft_stop_requested(void);

/** Take back the request to stop that was made to the calling thread, which then goes on.
 *
 * For a thread that turns a request into something else, such as a main thread whose binding raises
 * an exception for it and goes on afterwards. Only requests to the thread count
 * (weft_thread_request_stop), not those to promises that it has entered.
 *
 * Threads:   any, outside of tasks.
 * Blocks:    never.
 *
 * Returns    1 when the thread was asked to stop, and is not any more; 0 when it was not asked;
 *            WEFT_ENOTSUP inside of a task, callback or hook.
 */
WEFT_API int32_t weft_thread_clear_stop(void);

/** Sleep for `duration` nanoseconds, or until the calling code is asked to stop.
 *
 * 0 or less returns at once. WEFT_FOREVER sleeps until a stop is requested.
 *
 * Blocks:    up to `duration`.
 *
 * Returns
 *   WEFT_OK            the time is over
 *   WEFT_EINTERRUPTED  the calling code was asked to stop, before or meanwhile
 *   WEFT_ENOMEM        no memory to wait with
 */
WEFT_API weft_status weft_sleep(int64_t duration);

#ifdef __cplusplus
}
#endif
#endif
