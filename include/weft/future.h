/* weft/future.h: futures: the outcome of a task, to be read, waited for, cancelled, or called back with.
 *
 * A future goes pending -> running -> result or error, or pending -> cancelled; the last three are final ("done").
 * One compare-and-swap decides every race, so exactly one of cancel and run wins. Everything the task did happens
 * before whatever a waiter or callback sees. Model: Python's concurrent.futures.Future, with one deliberate difference:
 * a cancelled future counts as done for every wait at once, not only when a worker has noticed it.
 *
 * Futures come from weft_executor_submit and its kin, or are made by hand (a promise): weft_future_create.
 *
 * Waiting inside a task is safe. A waiter that is a worker of the executor takes a task that is still pending and runs
 * it itself, so a task may wait for another one of the same one-worker pool. base.h says when it does, and what the
 * limit of the wait and a request to stop do to it. It never runs anything else meanwhile, with two exceptions. For a
 * task on a strand, the tasks before it on that strand run first. And if the waiter and other waiting threads could
 * only go on once some task has run that another one of them waits for, the waiter may run that one.
 *
 * A wait without limit that could never end, because all that it depends on waits for it, says WEFT_EDEADLK instead of
 * hanging. weft does not know who will complete a promise. So a wait for a promise never says WEFT_EDEADLK, and it
 * hangs if the task that would complete it lies behind the waiter, in the queue of the same one-worker pool.
 */
#ifndef WEFT_FUTURE_H
#define WEFT_FUTURE_H

#include <weft/base.h>
#include <weft/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A future. Shared: weft_future_ref / weft_future_unref. */
typedef struct weft_future weft_future_t;

/* States, as weft_future_state tells them. */
#define WEFT_FUTURE_PENDING 0   /**< not started */
#define WEFT_FUTURE_RUNNING 1   /**< its task runs, or set_running was called */
#define WEFT_FUTURE_RESULT 2    /**< done, with a result */
#define WEFT_FUTURE_ERROR 3     /**< done, with an error */
#define WEFT_FUTURE_CANCELLED 4 /**< done: cancelled before it started */

/** Take one more reference and return the same pointer. NULL gives NULL. Never blocks. */
WEFT_API weft_future_t *weft_future_ref(weft_future_t *future);

/** Give back a reference. The task runs on without handles. With the last reference a result that was not taken is
 * given to its drop, on the thread that held that reference. NULL is allowed. Never blocks otherwise. */
WEFT_API void weft_future_unref(weft_future_t *future);

/** WEFT_FUTURE_..., or WEFT_EINVAL for NULL. Never blocks. */
WEFT_API int32_t weft_future_state(const weft_future_t *future);
/** 1 when running, 0 when not, WEFT_EINVAL for NULL. Never blocks. */
WEFT_API int32_t weft_future_running(const weft_future_t *future);
/** 1 when it has a result or an error or was cancelled, 0 when not, WEFT_EINVAL for NULL. Never blocks. */
WEFT_API int32_t weft_future_done(const weft_future_t *future);
/** 1 when cancelled, 0 when not, WEFT_EINVAL for NULL. Never blocks. */
WEFT_API int32_t weft_future_cancelled(const weft_future_t *future);

/** Cancel what has not started. Waiters wake and callbacks run at once, on the calling thread, as does the drop of the
 * task's context. Never blocks otherwise. WEFT_OK: it is cancelled, now or since earlier; it will never run.
 * WEFT_ERUNNING: it had started; nothing changed. WEFT_EDONE: it had ended; nothing changed. WEFT_EINVAL: NULL. */
WEFT_API weft_status weft_future_cancel(weft_future_t *future);

/** Ask a running task to stop: sets the flag that weft_stop_requested reads inside it and wakes its blocking calls of
 * weft with WEFT_EINTERRUPTED. On a pending future the flag is set beforehand: the task still starts, and can see it.
 * The flag belongs to this task alone. Of a promise the flag is read by weft_future_stop_requested, and by
 * weft_stop_requested in code that works for it (weft_future_enter). Callbacks of weft_future_on_stop run here. Never
 * blocks otherwise. WEFT_OK. WEFT_EDONE: it had ended. WEFT_EINVAL: NULL. */
WEFT_API weft_status weft_future_request_stop(weft_future_t *future);

/** 1 when a stop was requested of it, also by its token or its domain, 0 when not, WEFT_EINVAL for NULL. For those who
 * make a promise come true, and for its readers. Never blocks. */
WEFT_API int32_t weft_future_stop_requested(const weft_future_t *future);

/** Wait until it is done. Blocks up to timeout.
 *  WEFT_OK: it is done, in whatever way. WEFT_ETIMEDOUT. WEFT_EINTERRUPTED: the waiting thread or task was asked to
 * stop; if the wait ran the future's task itself, that was asked as well, and may be done. WEFT_EDEADLK: the wait could
 * never end (a task waits for itself, in a circle, for a task behind it on its own strand, for a callback after it on
 * its own thread, or too deep in such waits). WEFT_EINVAL: NULL. */
WEFT_API weft_status weft_future_wait(weft_future_t *future, int64_t timeout);

/** Wait for the result and read it, as often as wanted. result may be NULL. The value stays the future's: it lives
 * until the last unref, or until taken. Blocks up to timeout. WEFT_OK: *result is what the task stored, or for a future
 * with room (task.h) the room. WEFT_EFAILED: the task ended with an error; see weft_future_exception. WEFT_ECANCELED.
 * WEFT_ETIMEDOUT: the wait is over (a time-out inside the task is WEFT_EFAILED). WEFT_EINVALIDSTATE: it was taken.
 * WEFT_EINTERRUPTED, WEFT_EDEADLK, WEFT_EINVAL: as weft_future_wait. */
WEFT_API weft_status weft_future_result(weft_future_t *future, int64_t timeout, void **result);

/** As weft_future_result, but the result now belongs to the caller and its drop will not run; once only: later calls,
 * of weft_future_result too, say WEFT_EINVALIDSTATE. For a future with room (task.h) *result is the room, which stays
 * as long as the reference. What lies in it becomes the caller's if the type of the task has WEFT_TASK_MOVES; else it
 * is only marked as taken, and its drop_result runs all the same. */
WEFT_API weft_status weft_future_take(weft_future_t *future, int64_t timeout, void **result);

/** Wait for the end and read the error. Blocks up to timeout.
 *  WEFT_OK: *error is a new reference to the error, or NULL when there is a result. WEFT_ECANCELED.
 *  WEFT_ETIMEDOUT, WEFT_EINTERRUPTED, WEFT_EDEADLK: as weft_future_wait. WEFT_EINVAL: future or error is NULL. */
WEFT_API weft_status weft_future_exception(weft_future_t *future, int64_t timeout, weft_error_t **error);

/** The room of a task made with weft_task_create, or of a promise made with weft_future_create_room: where its result
 * lies once weft_future_state is WEFT_FUTURE_RESULT. Valid as long as the reference. NULL for NULL and for futures
 * without room. Never blocks. */
WEFT_API void *weft_future_room(weft_future_t *future);

/** Called when a future is done. future is borrowed: take a reference to keep it. */
typedef void (*weft_future_fn)(void *ctx, weft_future_t *future);

/** Have fn called when the future is done, by result, error or cancellation: exactly once, in the order of adding, on
 * the thread that finished or cancelled it; on a future that is done already, at once, on the calling thread.
 * (Callbacks that are nested deeper than 32 on one thread are run by the outermost one instead, so that long chains
 * need no stack.) ctx is dropped right after the call, on the same thread; or with the last unref of a future that
 * never got done. Never blocks otherwise. A C++ exception out of fn goes to the log; the other callbacks still run.
 * WEFT_OK. WEFT_EINVAL: future or fn is NULL. WEFT_ENOMEM. WEFT_ECLOSED: the thread is inside of a domain
 * that is closed. */
WEFT_API weft_status weft_future_add_done_callback(weft_future_t *future, weft_future_fn fn, void *ctx,
                                                   weft_drop_fn drop);

/** Have fn called when a stop is requested of a future that is not done: once, in the order of adding, on the thread
 * that requests it (by weft_future_request_stop, weft_future_cancel_or_stop, a token, or the close of a domain); at
 * once, on the calling thread, when a stop was requested before. For the maker of a promise, to hand the request on to
 * what works for it; and inside a task, for calls that weft cannot interrupt.
 *
 * Threads:   any.
 * Blocks:    never, but for fn itself.
 * Ownership: on WEFT_OK ctx belongs to weft. drop runs once: after the call, on the same thread; or without a call when
 *            the future is done, on the thread that finished it, or with the last unref of one that never got done. On
 *            failure ctx is still the caller's. Inside a domain the callback belongs to that, which counts it until
 *            then: its close does not withdraw it, but waits.
 *
 * A C++ exception out of fn goes to the log.
 *
 * Returns
 *   WEFT_OK       it will be called or dropped, or was already
 *   WEFT_EDONE    the future is done
 *   WEFT_EINVAL   future or fn is NULL
 *   WEFT_ENOMEM
 *   WEFT_ECLOSED  the thread is inside of a domain that is closed
 */
WEFT_API weft_status weft_future_on_stop(weft_future_t *future, weft_future_fn fn, void *ctx, weft_drop_fn drop);

/* --- several at once --- */

#define WEFT_ALL_COMPLETED 0u
#define WEFT_FIRST_COMPLETED 1u
#define WEFT_FIRST_EXCEPTION 2u /**< as ALL_COMPLETED, but an error ends the wait. A cancellation is no error. */

/** Wait for several futures. Blocks up to timeout.
 *  futures, count: entries may repeat; count may be 0 (nothing to wait for: WEFT_OK at once). mode: one of the three
 * above. done: NULL, or room for count flags: done[i] becomes 1 if futures[i] was done when the wait ended, else 0.
 *  done_count: NULL, or gets the number of different futures that were done.
 *  Both outputs are also set on WEFT_ETIMEDOUT, WEFT_EINTERRUPTED and WEFT_EDEADLK: what is done is never lost.
 *  WEFT_EINVAL: an entry is NULL, futures is NULL with a count, or the mode is unknown; outputs untouched. WEFT_ENOMEM:
 * the same. */
WEFT_API weft_status weft_wait(weft_future_t *const *futures, size_t count, uint32_t mode, int64_t timeout,
                               uint8_t *done, size_t *done_count);

/** Yields futures as they get done. Owned: weft_as_completed / weft_as_completed_destroy. One thread at a time may use
 * it. */
typedef struct weft_as_completed_iterator weft_as_completed_t;

/** Begin to iterate over futures in the order in which they get done, those that are done already first. Duplicates are
 * yielded once. timeout counts from this call. The iterator holds a reference to each future until it has yielded it.
 * Never blocks. WEFT_EINVAL: an entry is NULL, futures is NULL with a count, or out is NULL. WEFT_ENOMEM. */
WEFT_API weft_status weft_as_completed(weft_future_t *const *futures, size_t count, int64_t timeout,
                                       weft_as_completed_t **out);

/** The next done future; its reference passes to the caller. Blocks until there is one or the timeout given at the
 * beginning is over; what is done is yielded even then. WEFT_EEND: all were yielded. WEFT_ETIMEDOUT: none is done;
 * later calls may still find one. WEFT_EINTERRUPTED, WEFT_EDEADLK: as weft_future_wait. WEFT_EINVAL: NULL. */
WEFT_API weft_status weft_as_completed_next(weft_as_completed_t *iterator, weft_future_t **out);

/** End the iteration, at any point. *iterator becomes NULL; NULL and a pointer to NULL are harmless. The futures go on.
 * Never blocks. */
WEFT_API void weft_as_completed_destroy(weft_as_completed_t **iterator);

/* --- promises: futures made by hand --- */

/** Make a pending future that the caller will complete. drop is for its result, as in
 * weft_task_options_t.result_drop; it may be NULL. Never blocks. Success: *out owns one reference. WEFT_EINVAL: out
 * is NULL. WEFT_ENOMEM. When the last reference goes while it is not done, its callbacks' contexts are dropped without
 * a call. Made inside of a domain it belongs to that: the close cancels it while it is pending, and it stays until
 * then, though the last reference goes (domain.h). WEFT_ECLOSED: that is closed. */
WEFT_API weft_status weft_future_create(weft_drop_fn result_drop, weft_future_t **out);

/** The same with room for a result that is built in place (weft_future_set_begin). size up to 2^30, 0 allowed; align a
 * power of two up to 4096, or 0 for 16. drop_result(room) destroys the result with the last reference; NULL: nothing to
 * do. WEFT_EINVAL, WEFT_ENOMEM, WEFT_ECLOSED. */
WEFT_API weft_status weft_future_create_room(size_t size, size_t align, weft_drop_fn drop_result, weft_future_t **out);

/** pending -> running: from now on it cannot be cancelled. Never blocks. WEFT_ECANCELED: it was cancelled: do not
 * begin. WEFT_EINVALIDSTATE: it is running or done, or belongs to a task. WEFT_EINVAL: NULL. */
WEFT_API weft_status weft_future_set_running(weft_future_t *future);

/** Room for weft_future_enter, mostly on the stack of its caller. */
typedef struct weft_future_scope {
  void *reserved[8]; /**< the library's */
} weft_future_scope_t;

/** From here on the calling thread works for a promise, until weft_future_leave: a stop request to the promise is one
 * to that code too. weft_stop_requested reads it there, and blocking calls of weft return WEFT_EINTERRUPTED. Requests
 * to what is around the scope (the task or thread) still count. For schedulers of coroutines and the like, around each
 * stretch of code. Scopes of one thread are left in reverse order, those of domains included. scope: stays where it is
 * until then; it holds a reference to the promise.
 *
 * Blocks: never.
 *
 * Returns
 *   WEFT_OK
 *   WEFT_EINVALIDSTATE  it is no promise: it belongs to a task, whose own code sees the requests anyway
 *   WEFT_EINVAL         future or scope is NULL
 *   WEFT_ENOMEM
 */
WEFT_API weft_status weft_future_enter(weft_future_t *future, weft_future_scope_t *scope);

/** End a scope of weft_future_enter. Never blocks; gives back the reference. WEFT_OK. WEFT_EINVALIDSTATE: it is not the
 * innermost scope of the calling thread. WEFT_EINVAL: NULL. */
WEFT_API weft_status weft_future_leave(weft_future_scope_t *scope);

/** Complete with a result, from pending or running. Success: result belongs to the future (see weft_future_create).
 * Waiters wake, callbacks run here. Never blocks otherwise. WEFT_ECANCELED: it was cancelled. WEFT_EINVALIDSTATE: it is
 * done, is being set by another thread, has room, or belongs to a task. WEFT_EINVAL: NULL. On failure the result is
 * still the caller's and what was set first stays. */
WEFT_API weft_status weft_future_set_result(weft_future_t *future, void *result);

/** Complete with an error, of which the future takes a reference of its own. The rest as weft_future_set_result,
 * futures with room included. WEFT_EINVAL: future or error is NULL. */
WEFT_API weft_status weft_future_set_error(weft_future_t *future, weft_error_t *error);

/** For a future with room: win the right to complete it, and learn where to build the result. It is then running, and
 * only weft_future_set_commit or weft_future_set_abort may follow. Never blocks. WEFT_ECANCELED, WEFT_EINVALIDSTATE,
 * WEFT_EINVAL: as weft_future_set_result. */
WEFT_API weft_status weft_future_set_begin(weft_future_t *future, void **room);

/** After weft_future_set_begin and once the result is built: complete with it. Waiters wake, callbacks run here.
 * WEFT_EINVALIDSTATE: there was no weft_future_set_begin. WEFT_EINVAL: NULL. */
WEFT_API weft_status weft_future_set_commit(weft_future_t *future);

/** After weft_future_set_begin when the result could not be built: complete with an error, as weft_future_set_error.
 *  WEFT_EINVALIDSTATE, WEFT_EINVAL: as weft_future_set_commit. */
WEFT_API weft_status weft_future_set_abort(weft_future_t *future, weft_error_t *error);

#ifdef __cplusplus
}
#endif
#endif
