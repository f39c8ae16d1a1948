/* weft/domain.h: domains: what belongs to one plugin or binding, to be closed as one, so that its code can be unloaded.
 *
 *   weft_domain_create(NULL, NULL, &domain);
 *   weft_domain_enter(domain, &scope);          what is registered from here on belongs to it
 *   plugin->init(host);                         submits, timers, callbacks ...
 *   weft_domain_leave(&scope);
 *   ...
 *   weft_domain_close(domain, WEFT_FOREVER);    nothing of the plugin runs any more, or ever will
 *   weft_domain_unref(domain);
 *   dlclose(plugin_library);
 *
 * What belongs to a domain. A thread is *inside* of a domain between weft_domain_enter and weft_domain_leave, while it
 * runs code of it (a task, a callback, a drop, a piece of a loop), and for all of its life when it was made inside.
 * Everything that is given to weft by a thread inside of a domain belongs to that domain: tasks (submitted, posted, in
 * batches, delayed, spawned, after a group, items of maps, continuations), threads, pools, promises, done callbacks,
 * callbacks of cancel tokens, timers, the hooks for exceptions, the log and misuse, errors with a foreign payload. So a
 * plugin whose entry point was entered owns all that follows from it, without changing one call. A single task can be
 * given a domain by hand (weft_task_options_t.domain). Code without a domain that runs on
 * top of a domain's (a done callback of the host on a future that the plugin has completed) is outside.
 *
 * What a domain counts is there until the last of its code has run:
 *  - a task: until its context was dropped, or, when it has a result with a drop, until that drop has run, which is
 * when the last reference to its future goes;
 *  - a callback or a hook: until its context was dropped;
 *  - a timer: until its context was dropped, by the close at the latest, though handles remain;
 *  - a thread, whoever starts it: until it has ended, its thread-local destructors included. The close asks it to stop.
 *    One that was not started loses its context to the close, and is not started any more;
 *  - a pool: until its workers have ended and the contexts of its initializer and its hooks were dropped, which the
 * close brings about though handles remain: it shuts the pool down, cancels what is pending on it, whoever has
 * submitted that, and asks the workers to stop. Each worker is counted for itself, too;
 *  - a promise: until it is done, or, with a drop for its result, until that has run. The close cancels one that is
 *    pending, for nobody of the domain could keep it any more. One that was set running is its maker's to complete, and
 *    waited for. One that is given up undone stays until the close;
 *  - a loop or reduction: while the call runs. Its pieces are inside, on whatever worker, are asked to stop, and those
 *    that have not begun are left out;
 *  - a context of an executor or a group (context.h): until it was dropped, which the close waits for;
 *  - an error: until its payload was dropped; a map: until it was destroyed; a thread between enter and leave.
 *
 * What has no code of its own is not counted, and goes on to work for who has a handle: groups, strands, caller-run
 * executors, cancel tokens, completion queues and what is tied to them, runtimes. What a plugin does not give back of
 * these is memory lost, and no more. The default executor is everybody's, whoever has used it first; its hooks are the
 * host's.
 *
 * What weft does not see: threads that the plugin makes without weft; and data of a thread that the plugin's code
 * leaves on threads that live on, such as workers of the host. A thread_local of C++ keeps the library mapped until the
 * thread ends; keys with a destructor are to be deleted (pthread_key_delete) before the library goes.
 *
 * A domain is kept by its handles and by what it counts.
 */
#ifndef WEFT_DOMAIN_H
#define WEFT_DOMAIN_H

#include <weft/base.h>
#include <weft/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A domain. Shared: weft_domain_ref / weft_domain_unref. */
typedef struct weft_domain weft_domain_t;

/** Options of a domain. Version 1.0 has none but its size. */
typedef struct weft_domain_options {
  uint32_t size;     /**< sizeof(weft_domain_options_t), see WEFT_OPTIONS_INIT */
  uint32_t reserved; /**< 0 */
} weft_domain_options_t;

static inline void weft_domain_options_init(weft_domain_options_t *options) {
  WEFT_OPTIONS_INIT(options);
}

/** Make a domain. runtime: NULL for the default one; what belongs to the domain may be of any. options: NULL for the
 * defaults. Never blocks. Success: *out owns one reference. WEFT_EINVAL: out is NULL, an option is out of range, or the
 * runtime was destroyed. WEFT_ENOTSUP (options). WEFT_ENOMEM. WEFT_ESHUTDOWN: the runtime has ended. */
WEFT_API weft_status weft_domain_create(weft_runtime_t *runtime, const weft_domain_options_t *options,
                                        weft_domain_t **out);

/** Take one more reference and return the same pointer. NULL gives NULL. Never blocks. */
WEFT_API weft_domain_t *weft_domain_ref(weft_domain_t *domain);

/** Give back a reference. It does not close. NULL is allowed. Never blocks. */
WEFT_API void weft_domain_unref(weft_domain_t *domain);

/** Close it, for good. From the beginning of this call on nothing of it starts any more, and whatever would give it
 * more says WEFT_ECLOSED. Here, on this thread: what has not started is cancelled (futures of its tasks and its
 * promises with all that follows from that; callbacks are taken out of the futures and tokens that they wait for, and
 * not called; timers are disarmed, pools shut down, hooks taken back), and the contexts are dropped. What runs is asked
 * to stop at once (weft_stop_requested, WEFT_EINTERRUPTED), and waited for up to timeout. WEFT_OK: nothing of the
 * domain runs or ever will: no task, no thread, no callback, no drop. WEFT_ETIMEDOUT: something still runs, or a result
 * or error that the domain counts is still held by somebody; the close has taken place all the same, and another call
 * waits further. So WEFT_FOREVER is for a host that knows that it holds no such future. Any number of threads may close
 * at once: each returns when it is over. WEFT_EDEADLK: the caller is inside of the domain, at any depth (a task on a
 * worker of one of its pools is), and nothing was changed; or what is waited for waits for the caller.
 * WEFT_EINTERRUPTED: the caller was asked to stop; the close has taken place. WEFT_EINVAL: NULL. WEFT_ENOMEM: nothing
 * was changed. */
WEFT_API weft_status weft_domain_close(weft_domain_t *domain, int64_t timeout);

/** 1 when weft_domain_close was called, 0 when not, WEFT_EINVAL for NULL. Never blocks. */
WEFT_API int32_t weft_domain_is_closed(const weft_domain_t *domain);

/** How much is there that weft_domain_close would have to withdraw or wait for; 0 for NULL. Never blocks. */
WEFT_API uint64_t weft_domain_count(const weft_domain_t *domain);

/** What weft_domain_enter notes, on the stack of the caller; not to be copied. */
typedef struct weft_domain_scope {
  void *reserved[4];
} weft_domain_scope_t;

/** Go inside: from now on what this thread gives to weft belongs to the domain, and its close waits for this thread to
 * leave (without asking it to stop). domain NULL: go outside, on top of a domain's code: what follows belongs to none.
 * Scopes nest, and end in reverse order, on the same thread and in the task that has begun them. A thread that ends
 * inside, by pthread_exit say, has left all of its scopes. Never blocks.
 * WEFT_OK: *scope is to be given to weft_domain_leave. WEFT_ECLOSED: it is closed; nothing to leave. WEFT_EINVAL: scope
 * is NULL. WEFT_ENOMEM. */
WEFT_API weft_status weft_domain_enter(weft_domain_t *domain, weft_domain_scope_t *scope);

/** Back to where the thread was before. Never blocks. WEFT_OK. WEFT_EINVALIDSTATE: it is not the innermost scope of
 * this thread; nothing changed. WEFT_EINVAL: NULL. */
WEFT_API weft_status weft_domain_leave(weft_domain_scope_t *scope);

/** The domain that the calling thread is inside of, innermost; NULL: none. Borrowed. Never blocks. */
WEFT_API weft_domain_t *weft_domain_current(void);

#ifdef __cplusplus
}
#endif
#endif
