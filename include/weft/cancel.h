/* weft/cancel.h: cancel tokens: call several things off together, by hand or at a deadline.
 *
 *   weft_cancel_token_create(NULL, 5 * WEFT_SECOND, &token);     over in five seconds at the latest
 *   weft_task_options_init(&options);
 *   options.token = token;
 *   weft_executor_submit(pool, &options, fetch, request, free, &future);
 *   weft_cancel_token_cancel(token);                             or at once
 *   weft_cancel_token_unref(token);
 *
 * Where a token is given. In weft_task_options_t, to everything that makes a task; in
 * weft_group_options_t, to a group as a whole.
 *
 * What a cancellation does:
 *  - A task that has not started never will: its future is cancelled, its context dropped.
 *  - A task that runs is asked to stop (weft_stop_requested; its blocking calls of weft return
 *    WEFT_EINTERRUPTED). It goes on until it looks.
 *  - A task that has ended stays as it is.
 *  - Groups with the token are cancelled.
 *  - Callbacks that were registered on the token run.
 *  - A cancelled token takes nothing more: submits return WEFT_ECANCELED, and the caller keeps what
 *    it would have given away.
 *
 * Trees. A token may have a parent. Cancelling a token cancels all tokens below it. The deadline of
 * a token also holds for all tokens below it. A deadline of their own can only be earlier.
 *
 * Deadlines. They are never early.
 *  - A task does not start after the deadline of its token, whatever else is late: the thread that
 *    is about to run it reads the clock. That thread then cancels the task. The drop of its context
 *    and the done callbacks of its future run there. The same holds for the tasks of a group with
 *    that token.
 *  - A thread of the library keeps the deadlines. It starts with the first of them and runs no user
 *    code. At a deadline it cancels what has not started, and asks what runs to stop. So no
 *    deadline waits for the callbacks of another one.
 *  - What follows runs on further threads of the library, one for each token at a time: drops, done
 *    callbacks of cancelled futures, callbacks of tokens. There are at most 32 of these threads.
 *    While that many callbacks do not return, the callbacks of further tokens wait, and so do the
 *    waiters of the futures that these tokens have cancelled.
 *  - Deadlines belong to no runtime and to no domain. They end with the last runtime: when the
 *    default runtime was shut down and every isolated one was. After that, no token is cancelled by
 *    its deadline alone. weft_cancel_token_is_cancelled and the threads that run tasks still read
 *    the clock.
 */
#ifndef WEFT_CANCEL_H
#define WEFT_CANCEL_H

#include <weft/base.h>
#include <weft/future.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A cancel token. Shared: weft_cancel_token_ref / weft_cancel_token_unref. What uses it keeps a
 * reference. */
typedef struct weft_cancel_token weft_cancel_token_t;

/** Make a token.
 *
 * `parent` is NULL, or a token whose cancellation cancels this one, too. If it is cancelled
 * already, the new token begins cancelled. `timeout` is the time until the token is cancelled by
 * itself: at once for 0 or less, never for WEFT_FOREVER.
 *
 * Blocks:    never.
 * Ownership: `*out` owns one reference. The token keeps a reference to `parent`.
 *
 * Returns
 *   WEFT_OK            the token is made
 *   WEFT_EINVAL        `out` is NULL
 *   WEFT_ENOMEM        nothing changed
 *   WEFT_ESHUTDOWN     there is a timeout, the default runtime has ended, and so has every isolated
 *                      one
 *   WEFT_EAGAIN        there is a timeout, and the system refuses the thread that keeps the
 *                      deadlines, or its descriptors
 */
WEFT_API weft_status weft_cancel_token_create(weft_cancel_token_t *parent, int64_t timeout, weft_cancel_token_t **out);

/** Take one more reference and return the same pointer. NULL gives NULL. Never blocks. */
WEFT_API weft_cancel_token_t *weft_cancel_token_ref(weft_cancel_token_t *token);

/** Give back a reference. That does not cancel the token. With the last reference, the callbacks
 * that are registered on it are dropped, on this thread. Never blocks otherwise. */
WEFT_API void weft_cancel_token_unref(weft_cancel_token_t *token);

/** Cancel a token, and all tokens below it.
 *
 * From the start of this call, nothing that uses the token starts. When the call returns, what had
 * not started is cancelled and what runs has been asked to stop. (If another thread cancels the
 * token at the same time, that thread may not be through.) The call does not wait for what runs.
 *
 * Blocks:    never. Drops, done callbacks of the cancelled futures and callbacks of the tokens run
 *            here, once all the futures are cancelled.
 *
 * Returns
 *   WEFT_OK            this call has cancelled the token
 *   WEFT_EDONE         it was cancelled before
 *   WEFT_EINVAL        `token` is NULL
 */
WEFT_API weft_status weft_cancel_token_cancel(weft_cancel_token_t *token);

/** Ask whether a token is cancelled or its deadline has passed. This is for loops in long tasks.
 *
 * Blocks:    never.
 *
 * Returns    1 when it is, 0 when not, WEFT_EINVAL for NULL.
 */
WEFT_API int32_t weft_cancel_token_is_cancelled(const weft_cancel_token_t *token);

/** Get the deadline of a token: its own or that of a token above it, whichever is earlier.
 *
 * Blocks:    never.
 *
 * Returns    a time of weft_now (timer.h); WEFT_FOREVER when there is no deadline, and for NULL.
 */
WEFT_API int64_t weft_cancel_token_deadline(const weft_cancel_token_t *token);

/** Get the token of the innermost task that the calling thread is in.
 *
 * Blocks:    never.
 * Ownership: the token is borrowed; it is valid inside that task.
 *
 * Returns    the token; NULL when the task has none, or when the thread is in no task.
 */
WEFT_API weft_cancel_token_t *weft_cancel_token_current(void);

/* --- callbacks: for bindings that hand a cancellation on to things outside weft --- */

/** React to a cancellation. weft calls it on the thread that cancels the token; at a deadline, on a
 * thread of the library. What it throws becomes a line of the log. */
typedef void (*weft_cancel_fn)(void *ctx);

/** The registration of a callback. Owned: weft_cancel_registration_remove. */
typedef struct weft_cancel_registration weft_cancel_registration_t;

/** Register a callback on a token.
 *
 * `fn` is called once, when the token is cancelled: after the tasks of the token were called off,
 * and in the order of registration. On a token that is cancelled already, it is called at once, on
 * the calling thread.
 *
 * `registration` may be NULL. Otherwise it gets a registration, and is set before `fn` can be
 * called.
 *
 * Blocks:    never.
 * Ownership: on success weft owns `ctx`. Its drop runs right after `fn`, on the same thread; or
 *            when the registration is removed; or with the last reference to the token. On failure
 *            the caller keeps `ctx`. `*registration` must be given to
 *            weft_cancel_registration_remove, and keeps a reference to the token until then.
 *
 * Returns
 *   WEFT_OK            the callback is registered, or was called
 *   WEFT_EINVAL        `token` or `fn` is NULL
 *   WEFT_ENOMEM        nothing changed
 *   WEFT_ECLOSED       the thread is inside a domain that is closed
 */
WEFT_API weft_status weft_cancel_token_on_cancel(weft_cancel_token_t *token, weft_cancel_fn fn, void *ctx,
                                                 weft_drop_fn drop, weft_cancel_registration_t **registration);

/** Remove a callback, and give its registration back.
 *
 * The callback itself may call this.
 *
 * Blocks:    never, also not for a callback that runs.
 * Ownership: `*registration` becomes NULL, unless `registration` itself is NULL.
 *
 * Returns
 *   WEFT_OK            the callback will not be called, its context was dropped here; or
 *                      `*registration` was NULL
 *   WEFT_EDONE         the callback was called, and its context dropped
 *   WEFT_ERUNNING      the callback runs at this moment, perhaps it is the caller; its context is
 *                      dropped after it
 *   WEFT_EINVAL        `registration` is NULL
 */
WEFT_API weft_status weft_cancel_registration_remove(weft_cancel_registration_t **registration);

/* --- one future --- */

/* What weft_future_cancel_or_stop has done. */
#define WEFT_CANCEL_REMOVED 0u  /**< the future is cancelled, now or before; its task never runs */
#define WEFT_CANCEL_ASKED 1u    /**< the task runs, and was asked to stop */
#define WEFT_CANCEL_TOO_LATE 2u /**< the task has ended, with a result or an error */

/** Call one future off, whatever its task does.
 *
 * The call does what weft_future_cancel does. If it is too late for that, it does what
 * weft_future_request_stop does. `*answer` is one of WEFT_CANCEL_...; `answer` may be NULL.
 *
 * Blocks:    never. Waiters wake, and callbacks and the drop run here, as for weft_future_cancel.
 *
 * Returns
 *   WEFT_OK            `*answer` says what was done
 *   WEFT_EINVAL        `future` is NULL
 */
WEFT_API weft_status weft_future_cancel_or_stop(weft_future_t *future, uint32_t *answer);

#ifdef __cplusplus
}
#endif
#endif
