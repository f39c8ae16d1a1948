/* weft/thread.h: threads: create, start, join, daemon, names, stop requests, and "who am I".
 *
 * A thread goes from initial to started to stopped. The target's context is an object of the caller's choice; whatever
 * the target leaves in it may be read after a join (that is how a thread is extended in C).
 * Model: Python's threading.Thread; where weft differs it is said below.
 */
#ifndef WEFT_THREAD_H
#define WEFT_THREAD_H

#include <weft/base.h>
#include <weft/error.h>
#include <weft/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a thread runs. Return WEFT_OK, or any other value for a failure; for more detail store an error of
 *  weft_error_create in *error (its reference passes to weft; then the return value does not matter). A failure goes to
 * the exception hook of the runtime and the thread is simply stopped. error is never NULL and *error is NULL at the
 * call. */
typedef weft_status (*weft_thread_fn)(void *ctx, weft_error_t **error);

/* Values of weft_thread_options_t.daemon. */
#define WEFT_DAEMON_INHERIT 0u /**< as the creating thread */
#define WEFT_DAEMON_NO 1u      /**< a regular thread: the end of the process or runtime waits for it */
#define WEFT_DAEMON_YES 2u     /**< a daemon thread: not waited for */

/* Values of the option `signals` of threads and pools: which signals a thread of weft's blocks. See guide/signals.md.
 */
#define WEFT_SIGNALS_INHERIT 1u /**< those that the thread blocks which makes the pool, or starts the thread */
#define WEFT_SIGNALS_BLOCK                                                                                             \
  2u /**< beside these: SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGCHLD,                          \
          SIGIO, SIGWINCH and the real-time signals, which threads of the host take then */

/* States, as weft_thread_state tells them. */
#define WEFT_THREAD_INITIAL 0
#define WEFT_THREAD_STARTED 1
#define WEFT_THREAD_STOPPED 2

/** Options of a thread. Everything is copied by weft_thread_create. */
typedef struct weft_thread_options {
  uint32_t size;       /**< sizeof(weft_thread_options_t), see WEFT_OPTIONS_INIT */
  uint32_t daemon;     /**< WEFT_DAEMON_...; 0 inherits from the creating thread */
  const char *name;    /**< NULL or "": Thread-N. The system sees at most 15 bytes of it, cut so that a number at
                            its end survives */
  uint64_t stack_size; /**< bytes; 0: the system's default. Less than 64 KiB counts as 64 KiB; a small size that the
                            program's thread-local data do not fit into is replaced by the default, with a line in the
                          log.     Over 2^40 is WEFT_EINVAL */
  int32_t nice;        /**< -20 (urgent) ... 19 (idle), 0: as the thread that starts it. Below 0 needs a privilege */
  uint32_t affinity_count;  /**< how many entries affinity has; 0: as the thread that starts it */
  const uint32_t *affinity; /**< the CPUs on which the thread may run, each below 1024 */
  uint32_t signals;         /**< WEFT_SIGNALS_...; 0: WEFT_SIGNALS_INHERIT */
  uint32_t reserved;        /**< 0 */
} weft_thread_options_t;

static inline void weft_thread_options_init(weft_thread_options_t *options) {
  WEFT_OPTIONS_INIT(options);
}

/** Make a thread in state initial. Nothing runs yet.
 *  runtime: NULL for the default one. options: NULL for the defaults.
 *  ctx, drop: the target's; on success they belong to weft: drop runs right after the target has ended, on the ending
 * thread, or, when the thread is never started, with its last unref, there. Never blocks. Success: *out owns one
 * reference. WEFT_EINVAL: target or out is NULL, an option is out of range, or the runtime was destroyed. WEFT_ENOTSUP
 * (options). WEFT_ENOMEM. WEFT_ESHUTDOWN: the runtime has ended. Made inside of a domain, it
 * belongs to that, whoever starts it (domain.h). WEFT_ECLOSED: that is closed. */
WEFT_API weft_status weft_thread_create(weft_runtime_t *runtime, const weft_thread_options_t *options,
                                        weft_thread_fn target, void *ctx, weft_drop_fn drop, weft_thread_t **out);

/** Start it, once. Returns when the thread is alive and has its ident and native id. A thread that fails to start stays
 * initial and may be started again. The thread holds a reference to itself while it runs, so the caller may unref at
 * once. Blocks shortly, never for the target. WEFT_EINVAL: NULL, or the affinity names no CPU that exists.
 * WEFT_ESTARTED: started before, or not made by weft_thread_create. WEFT_EAGAIN: the system refuses a thread.
 * WEFT_EPERM: the system refuses the priority. WEFT_ENOMEM. WEFT_ESHUTDOWN: the runtime has ended. WEFT_ECLOSED: its
 * domain is closed; its context is dropped. */
WEFT_API weft_status weft_thread_start(weft_thread_t *thread);

/** Wait until the thread has stopped. Any number of threads may join one thread, also again and again.
 *  WEFT_OK: it has stopped; all that it did, its thread-local destructors included, happened before. WEFT_ETIMEDOUT: it
 * is still alive. WEFT_ENOTSTARTED. WEFT_EDEADLK: a thread cannot join itself, nor one that waits, however indirectly
 * and without limit, for it. WEFT_EINTERRUPTED: the caller was asked to stop. WEFT_EINVAL: NULL. A thread that weft did
 * not start counts as stopped when it ends; the main thread ends with the process. Blocks up to timeout. */
WEFT_API weft_status weft_thread_join(weft_thread_t *thread, int64_t timeout);

/** Ask it to stop: sets the flag that weft_stop_requested reads in that thread, and wakes its blocking calls of weft
 * with WEFT_EINTERRUPTED. The flag stays set. It is never carried into a task: a worker's tasks have flags of their
 * own. Never blocks. WEFT_OK, also when it has stopped. WEFT_EINVAL: NULL. */
WEFT_API weft_status weft_thread_request_stop(weft_thread_t *thread);

/** WEFT_THREAD_INITIAL, _STARTED or _STOPPED; WEFT_EINVAL for NULL. Never blocks. */
WEFT_API int32_t weft_thread_state(const weft_thread_t *thread);

/** 1 from the moment start has succeeded until the target has ended, else 0; WEFT_EINVAL for NULL. Never blocks. */
WEFT_API int32_t weft_thread_is_alive(const weft_thread_t *thread);

/** 1 for a daemon thread, 0 for a regular one, WEFT_EINVAL for NULL. Never blocks. */
WEFT_API int32_t weft_thread_is_daemon(const weft_thread_t *thread);

/** Make it a daemon (1) or regular (0) before it is started. Never blocks.
 *  WEFT_ESTARTED: too late. WEFT_EINVAL: NULL, or a value other than 0 and 1. */
WEFT_API weft_status weft_thread_set_daemon(weft_thread_t *thread, int32_t daemon);

/** The name. Lives as long as the thread object; a pointer got before weft_thread_set_name must not be used after it.
 * "" for NULL. Never blocks. */
WEFT_API const char *weft_thread_name(const weft_thread_t *thread);

/** Set the name before the thread is started. name is copied. Never blocks.
 *  WEFT_ESTARTED: too late. WEFT_EINVAL: thread or name is NULL, or name is "". WEFT_ENOMEM. */
WEFT_API weft_status weft_thread_set_name(weft_thread_t *thread, const char *name);

/** A number that no other thread of this process had or will have; 0 before the start and for NULL. Never blocks. */
WEFT_API uint64_t weft_thread_ident(const weft_thread_t *thread);

/** The system's number for it (Linux: the thread id); 0 before the start and for NULL. The name is shown by then. The
 * system may use it again after the end. Right after the start it may wait for the first steps of the thread, some
 * microseconds. */
WEFT_API uint64_t weft_thread_native_id(const weft_thread_t *thread);

/** Take one more reference and return the same pointer. NULL gives NULL. Never blocks. */
WEFT_API weft_thread_t *weft_thread_ref(weft_thread_t *thread);

/** Give back a reference. A started thread runs on without handles. NULL is allowed. Never blocks (it may run drop, see
 * create). */
WEFT_API void weft_thread_unref(weft_thread_t *thread);

/** The object of the calling thread. A thread that weft did not start gets one too, a regular one that belongs to the
 * default runtime; it is stopped when the thread ends. Never blocks. Success: *out owns one reference. WEFT_EINVAL: out
 * is NULL. WEFT_ENOMEM. */
WEFT_API weft_status weft_thread_current(weft_thread_t **out);

/** The object of the process's main thread, named "MainThread". As weft_thread_current otherwise. A join without a
 * timeout that the main thread has begun before anybody asked for this object is not woken by a request to stop it. */
WEFT_API weft_status weft_thread_main(weft_thread_t **out);

/** All threads of a runtime that are alive: started ones, workers, and for the default runtime the main thread and the
 * foreign threads that have an object. At most `capacity` of them are stored in `threads`, each with a reference of the
 * caller's; *count tells how many there are, which may be more. threads may be NULL when capacity is 0. Never blocks.
 *  WEFT_EINVAL: count is NULL, threads is NULL with a capacity, or the runtime was destroyed. WEFT_ENOMEM. */
WEFT_API weft_status weft_thread_enumerate(weft_runtime_t *runtime, weft_thread_t **threads, size_t capacity,
                                           size_t *count);

/** How many threads weft_thread_enumerate would tell. Never blocks. WEFT_EINVAL: count is NULL or the runtime was
 * destroyed. WEFT_ENOMEM. */
WEFT_API weft_status weft_thread_active_count(weft_runtime_t *runtime, size_t *count);

/** 1 when the running task, or outside of tasks the calling thread, was asked to stop; else 0. Never blocks, never
 * fails. */
WEFT_API int32_t weft_stop_requested(void);

/** Sleep, wakeable by a stop request. Blocks. WEFT_OK: the time is over (0 or less: at once). WEFT_EINTERRUPTED: asked
 * to stop, before or meanwhile. WEFT_FOREVER sleeps until then. */
WEFT_API weft_status weft_sleep(int64_t duration);

#ifdef __cplusplus
}
#endif
#endif
