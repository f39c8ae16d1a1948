/* weft/domain.h: domains: what one plugin or binding owns, closed as one before it is unloaded.
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
 * Inside. A thread is inside a domain
 *  - between weft_domain_enter and weft_domain_leave;
 *  - while it runs code of the domain: a task, a callback, a drop, a piece of a loop;
 *  - for all of its life, if it was made inside.
 *
 * What belongs to a domain. Everything that a thread inside a domain gives to weft belongs to the
 * domain:
 *  - tasks: submitted, posted, in batches, delayed, spawned, after a group, items of maps,
 *    continuations;
 *  - threads, pools, promises, timers;
 *  - done callbacks, callbacks of cancel tokens, the hooks for exceptions, the log and misuse;
 *  - errors with a foreign payload.
 * So a plugin whose entry point was entered owns all that follows from it, without a change to one
 * call. A single task can be given a domain by hand (weft_task_options_t.domain). Code without a
 * domain that runs on top of a domain's code is outside, such as a done callback of the host on a
 * future that the plugin completes.
 *
 * What a domain counts. Each thing counts until the last of its code has run:
 *  - a task: until its context was dropped. If its result has a drop: until that has run, with the
 *    last reference to its future;
 *  - a callback or a hook: until its context was dropped;
 *  - a timer: until its context was dropped. The close does that at the latest, even if handles
 *    remain;
 *  - a thread, whichever thread starts it: until it has ended, its thread-local destructors
 *    included. The close asks it to stop. A thread that was not started loses its context to the
 *    close, and cannot be started after it;
 *  - a pool: until its workers have ended and the contexts of its initializer and its hooks were
 *    dropped. The close brings that about even if handles remain. It shuts the pool down, cancels
 *    what is pending on it, also what others have submitted, and asks the workers to stop. Each
 *    worker counts for itself, too;
 *  - a promise: until it is done. If its result has a drop: until that has run. The close cancels a
 *    pending promise, because no code of the domain could complete it any more. It waits for a
 *    promise that was set running: its maker completes it. A promise that is given up undone counts
 *    until the close;
 *  - a loop or reduction: while the call runs. Its pieces are inside, on whatever worker. The close
 *    asks them to stop, and those that have not begun are left out;
 *  - a context of an executor or a group (context.h): until it was dropped. The close waits for
 *    that;
 *  - an error: until its payload was dropped;
 *  - a map: until it was destroyed;
 *  - a thread between enter and leave: until it leaves.
 *
 * What a domain does not count. Objects without code of their own go on to work for the threads
 * that have handles: groups, strands, caller-run executors, semaphores, cancel tokens, completion
 * queues and what is tied to them, runtimes. A plugin that does not give one of these back loses
 * memory, and no more. The default executor belongs to no domain, wherever it was first used. Its
 * hooks are the host's.
 *
 * What weft does not see. Threads that the plugin makes without weft. Data that the plugin's code
 * leaves on threads that live on, such as workers of the host: a thread_local of C++ keeps the
 * library mapped until the thread ends, and keys with a destructor must be deleted
 * (pthread_key_delete) before the library goes.
 *
 * Life. A domain lives as long as its handles and what it counts.
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

/** Make a domain.
 *
 * `runtime` says only which runtime must not have ended; NULL means the default one. What belongs
 * to the domain may be of any runtime.
 *
 * Blocks:    never.
 * Ownership: `*out` owns one reference.
 *
 * Returns
 *   WEFT_OK            the domain is made
 *   WEFT_EINVAL        `out` is NULL, an option is out of range, or `runtime` was destroyed
 *   WEFT_ENOTSUP       the options ask for something that this version does not know
 *   WEFT_ENOMEM        nothing changed
 *   WEFT_ESHUTDOWN     the runtime has ended
 */
WEFT_API weft_status weft_domain_create(weft_runtime_t *runtime, const weft_domain_options_t *options,
                                        weft_domain_t **out);

/** Take one more reference and return the same pointer. NULL gives NULL. Never blocks. */
WEFT_API weft_domain_t *weft_domain_ref(weft_domain_t *domain);

/** Give back a reference. That does not close the domain. Never blocks. */
WEFT_API void weft_domain_unref(weft_domain_t *domain);

/** Close a domain, permanently.
 *
 * From the start of this call nothing of the domain starts, and every call that would add to it
 * returns WEFT_ECLOSED. The close goes in two steps:
 *  1. The calling thread withdraws what has not started, and drops the contexts. Tasks and promises
 *     are cancelled, with all that follows from it. Callbacks are removed from the futures and
 *     tokens that they wait for. Timers are disarmed, pools shut down, hooks taken back.
 *  2. What runs is asked to stop (weft_stop_requested, WEFT_EINTERRUPTED), and this call waits for
 *     it.
 *
 * Results and errors that the domain counts may be held by others. The call waits for these, too,
 * so WEFT_FOREVER is for a host that holds none of the domain's futures.
 *
 * Threads:   any, several at once; each call returns when the close is complete.
 * Blocks:    up to `timeout`. Drops and callbacks of what is withdrawn run here.
 *
 * Returns
 *   WEFT_OK            nothing of the domain runs, or ever will: no task, thread, callback or drop
 *   WEFT_ETIMEDOUT     something still runs, or a result or an error is still held; the domain is
 *                      closed; a later call waits on
 *   WEFT_EDEADLK       the caller is inside the domain, at any depth, also as a task on a worker of
 *                      one of its pools: nothing changed. Or what is waited for waits for the
 *                      caller: the domain is closed
 *   WEFT_EINTERRUPTED  the caller was asked to stop; the domain is closed
 *   WEFT_EINVAL        `domain` is NULL
 *   WEFT_ENOMEM        nothing changed
 */
WEFT_API weft_status weft_domain_close(weft_domain_t *domain, int64_t timeout);

/** Ask whether weft_domain_close was called.
 *
 * Blocks:    never.
 *
 * Returns    1 when it was, 0 when not, WEFT_EINVAL for NULL.
 */
WEFT_API int32_t weft_domain_is_closed(const weft_domain_t *domain);

/** Count what weft_domain_close would have to withdraw or wait for.
 *
 * Blocks:    never.
 *
 * Returns    the count; 0 for NULL.
 */
WEFT_API uint64_t weft_domain_count(const weft_domain_t *domain);

/** The room in which weft_domain_enter keeps a scope, mostly on the stack of the caller. It must
 * not be copied. */
typedef struct weft_domain_scope {
  void *reserved[4];
} weft_domain_scope_t;

/** Enter a domain: the calling thread is inside from now on.
 *
 * What this thread gives to weft then belongs to the domain. The close of the domain waits until
 * this thread leaves, without asking it to stop. A `domain` of NULL leads outside, on top of a
 * domain's code: what follows belongs to no domain.
 *
 * Scopes nest. They end in reverse order, on the same thread, and in the task that has begun them.
 * A thread that ends inside, by pthread_exit for example, has left all of its scopes.
 *
 * Blocks:    never.
 * Ownership: on success `*scope` must be given to weft_domain_leave. On failure there is nothing to
 *            leave.
 *
 * Returns
 *   WEFT_OK            the thread is inside
 *   WEFT_ECLOSED       the domain is closed
 *   WEFT_EINVAL        `scope` is NULL
 *   WEFT_ENOMEM        nothing changed
 */
WEFT_API weft_status weft_domain_enter(weft_domain_t *domain, weft_domain_scope_t *scope);

/** Leave the innermost scope: the thread is again where it was before weft_domain_enter.
 *
 * Threads:   the one that has entered.
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK            the scope is left
 *   WEFT_EINVALIDSTATE `scope` is not the innermost one of this thread; nothing changed
 *   WEFT_EINVAL        `scope` is NULL
 */
WEFT_API weft_status weft_domain_leave(weft_domain_scope_t *scope);

/** Get the innermost domain that the calling thread is inside.
 *
 * Blocks:    never.
 * Ownership: the pointer is borrowed.
 *
 * Returns    the domain; NULL when the thread is outside.
 */
WEFT_API weft_domain_t *weft_domain_current(void);

#ifdef __cplusplus
}
#endif
#endif
