/* weft/cancel.h: cancel tokens: what is to be called off together, by hand or at a deadline.
 *
 *   weft_cancel_token_create(NULL, 5 * WEFT_SECOND, &token);     over in five seconds, whatever happens
 *   weft_task_options_init(&options);
 *   options.token = token;
 *   weft_executor_submit(pool, &options, fetch, request, free, &future);
 *   weft_cancel_token_cancel(token);                             or at once
 *   weft_cancel_token_unref(token);
 *
 * When a token is cancelled, each task that was submitted with it is called off: one that has not started never will
 * (its future is cancelled, its context dropped); one that runs is asked to stop (weft_stop_requested, and its blocking
 * calls of weft return WEFT_EINTERRUPTED), and goes on until it looks. A task that has ended stays as it is. Groups
 * with that token are cancelled, and callbacks that were registered on it run.
 *
 * Tokens form a tree: cancelling one cancels all below it. A deadline of a token holds for all below it, too; one of
 * their own can only be earlier.
 *
 * A token cannot be given anything more once it is cancelled: submits return WEFT_ECANCELED, and the caller keeps what
 * it would have given away. A token is given in weft_task_options_t to everything that makes a task, and in
 * weft_group_options_t to a group as a whole.
 *
 * Deadlines. Never early.
 *  - A task does not start after the deadline of its token, whatever else is late: the thread that is about to run it
 *    looks at the time. That thread then cancels the task, with all that follows from that: the drop of its context and
 *    the done callbacks of its future run there. The same holds for the tasks of a group with that token.
 *  - A thread of the library keeps the deadlines. It starts with the first of them and runs no code of the user's. At
 * the deadline it calls off what hangs on the token: what has not started is cancelled, and what runs has been asked to
 *    stop. So no deadline waits for the callbacks of another.
 *  - What follows from that runs on further threads of the library, one for each token at a time: drops, done callbacks
 * of cancelled futures, callbacks of tokens. There are at most 32 of these threads: while so many callbacks do not
 *    return, the callbacks of further tokens wait, and so do those who wait for the futures that these have cancelled.
 *  - Deadlines belong to no runtime and to no domain. They end with the last runtime: when the default runtime was shut
 *    down and every isolated one was. After that none comes by itself any more, but weft_cancel_token_is_cancelled and
 * the threads that run tasks still look at the time.
 */
#ifndef WEFT_CANCEL_H
#define WEFT_CANCEL_H

#include <weft/base.h>
#include <weft/future.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A cancel token. Shared: weft_cancel_token_ref / weft_cancel_token_unref. What hangs on it keeps a reference. */
typedef struct weft_cancel_token weft_cancel_token_t;

/** Make a token. parent: NULL, or the token that cancels this one with it, and of which it keeps a reference; when that
 * is cancelled already, the new token begins cancelled. timeout: nanoseconds until it is cancelled by itself (0 or
 * negative: at once), or WEFT_FOREVER. Never blocks. Success: *out owns one reference. WEFT_EINVAL: out is NULL.
 * WEFT_ENOMEM. With a timeout also: WEFT_ESHUTDOWN: the default runtime has ended, and no isolated one is left that has
 * not. WEFT_EAGAIN: the system refuses the thread that keeps the deadlines, or its descriptors. */
WEFT_API weft_status weft_cancel_token_create(weft_cancel_token_t *parent, int64_t timeout, weft_cancel_token_t **out);

/** Take one more reference and return the same pointer. NULL gives NULL. Never blocks. */
WEFT_API weft_cancel_token_t *weft_cancel_token_ref(weft_cancel_token_t *token);

/** Give back a reference. It does not cancel. With the last one the callbacks that are registered on it are dropped, on
 * this thread. NULL is allowed. Never blocks otherwise. */
WEFT_API void weft_cancel_token_unref(weft_cancel_token_t *token);

/** Cancel it, and all below it. Nothing that hangs on it starts any more from the beginning of this call on. When it
 * returns, what had not started is cancelled and what runs has been asked to stop, unless another thread is just
 * cancelling it, too; it does not wait for what runs. Drops, callbacks of the cancelled futures and of the tokens run
 * here, once all the futures are cancelled. Never blocks otherwise. WEFT_OK: cancelled now. WEFT_EDONE: it was before.
 * WEFT_EINVAL: NULL. */
WEFT_API weft_status weft_cancel_token_cancel(weft_cancel_token_t *token);

/** 1 when it is cancelled or its time is over, 0 when not, WEFT_EINVAL for NULL. For loops in long tasks. Never blocks.
 */
WEFT_API int32_t weft_cancel_token_is_cancelled(const weft_cancel_token_t *token);

/** When its time is over: a time of weft_now (timer.h), its own or of one above it, whichever is earlier; WEFT_FOREVER:
 * it has no deadline, or is NULL. Never blocks. */
WEFT_API int64_t weft_cancel_token_deadline(const weft_cancel_token_t *token);

/** The token of the task that the calling thread is in, innermost; NULL when that has none, or there is no task.
 * Borrowed: valid inside that task. Never blocks. */
WEFT_API weft_cancel_token_t *weft_cancel_token_current(void);

/* --- callbacks: for bindings, to hand a cancellation on to what is not weft's --- */

/** Called when a token is cancelled, on the thread that cancels it; at a deadline on a thread of the library. */
typedef void (*weft_cancel_fn)(void *ctx);

/** The registration of a callback. Owned: weft_cancel_registration_remove. */
typedef struct weft_cancel_registration weft_cancel_registration_t;

/** Have fn called once, when the token is cancelled, in the order of registration and after the tasks of the token were
 * called off. On a token that is cancelled already it is called at once, on the calling thread. ctx is dropped right
 * after the call, on the same thread; or when the registration is removed, or with the last reference to the token. A
 * C++ exception out of fn goes to the log. registration: NULL, or gets one that has to be given to
 * weft_cancel_registration_remove, and keeps a reference to the token until then; it is set before fn can be called.
 * Never blocks otherwise. WEFT_OK. WEFT_EINVAL: token or fn is NULL. WEFT_ENOMEM, WEFT_ECLOSED (the
 * thread is inside of a domain that is closed): ctx is still the caller's. */
WEFT_API weft_status weft_cancel_token_on_cancel(weft_cancel_token_t *token, weft_cancel_fn fn, void *ctx,
                                                 weft_drop_fn drop, weft_cancel_registration_t **registration);

/** Give a registration back. *registration becomes NULL in every case but WEFT_EINVAL. Never waits for the callback;
 * may be called by it. WEFT_OK: it will not be called; its context was dropped, here. Also when *registration is NULL.
 * WEFT_EDONE: it was called, and its context dropped. WEFT_ERUNNING: it runs at this moment, perhaps it is the caller;
 * its context is dropped after it. WEFT_EINVAL: NULL. */
WEFT_API weft_status weft_cancel_registration_remove(weft_cancel_registration_t **registration);

/* --- one future --- */

/* What weft_future_cancel_or_stop has done. */
#define WEFT_CANCEL_REMOVED                                                                                            \
  0u                            /**< removed from the queue: it is cancelled, now or since earlier; it will never run  \
                                 */
#define WEFT_CANCEL_ASKED 1u    /**< it runs, and was asked to stop */
#define WEFT_CANCEL_TOO_LATE 2u /**< it has ended, with a result or an error */

/** Call one future off, whatever it does: weft_future_cancel, and if that is too late, weft_future_request_stop.
 * *answer: WEFT_CANCEL_...; it may be NULL. Waiters wake, callbacks and the drop run here as for weft_future_cancel.
 * Never blocks otherwise. WEFT_OK. WEFT_EINVAL: future is NULL. */
WEFT_API weft_status weft_future_cancel_or_stop(weft_future_t *future, uint32_t *answer);

#ifdef __cplusplus
}
#endif
#endif
