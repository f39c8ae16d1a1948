/* weft/future.h: futures: the outcome of a task, to be read, waited for, cancelled, or followed by
 * a callback.
 *
 *   weft_executor_submit(pool, NULL, fn, ctx, drop, &future);
 *   if (weft_future_result(future, WEFT_FOREVER, &result) == WEFT_OK) use(result);
 *   weft_future_unref(future);
 *
 * States. A future goes from pending to running, and from there to a result or an error. Or it goes
 * from pending to cancelled. The last three states are final: the future is done. One
 * compare-and-swap decides every race, so exactly one of cancel and run wins.
 *
 * Memory. Everything that the task did happens before what a waiter or callback sees.
 *
 * Promises. Submits (weft_executor_submit and its kin) make a future with a task. A promise is a
 * future without a task: weft_future_create makes it, and the caller completes it by hand.
 *
 * Waiting inside a task is safe. A waiter that is a worker of the executor may itself run a task
 * that is still pending, on its own stack. So a task may wait for another one of the same
 * one-worker pool. base.h says when a wait runs a task, and what its limit and a request to stop do
 * then. The wait runs nothing unrelated. What it runs beside the awaited task:
 *  - For a task on a strand, the tasks before it on that strand run first.
 *  - Sometimes several threads wait, and none of them can go on before one pending task has run. A
 *    waiter among them may then run that task, even if only another one waits for it.
 *
 * Waits that could never end. A wait without limit returns WEFT_EDEADLK instead of hanging, when
 * everything that it depends on waits for it:
 *  - a task waits for itself, or tasks wait for each other;
 *  - a task waits for a task behind it on its own strand;
 *  - a callback waits for a callback after it on its own thread;
 *  - waits that run tasks are nested too deep, and no other worker can run the task.
 * weft does not know which code will complete a promise. So a wait for a promise never returns
 * WEFT_EDEADLK. It hangs if the task that would complete the promise is behind the waiter in the
 * queue of the same one-worker pool.
 *
 * Python. The model is concurrent.futures.Future, with one difference on purpose: a cancelled
 * future is done for every wait at once, not only when a worker has seen it.
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

/* Values of weft_future_state. */
#define WEFT_FUTURE_PENDING 0   /**< not started */
#define WEFT_FUTURE_RUNNING 1   /**< its task runs; a promise: weft_future_set_running was called */
#define WEFT_FUTURE_RESULT 2    /**< done, with a result */
#define WEFT_FUTURE_ERROR 3     /**< done, with an error */
#define WEFT_FUTURE_CANCELLED 4 /**< done: cancelled before it started */

/** Take one more reference and return the same pointer. NULL gives NULL. Never blocks. */
WEFT_API weft_future_t *weft_future_ref(weft_future_t *future);

/** Give back a reference. NULL is allowed. Never blocks.
 *
 * The task runs on without handles. A result that was not taken goes to its drop with the last
 * reference, on the thread that held that reference. */
WEFT_API void weft_future_unref(weft_future_t *future);

/** Get the state of a future. Never blocks.
 *
 * Returns    WEFT_FUTURE_...; WEFT_EINVAL for NULL.
 */
WEFT_API int32_t weft_future_state(const weft_future_t *future);

/** Say whether a future is running. Never blocks.
 *
 * Returns    1 when it is, 0 when not, WEFT_EINVAL for NULL.
 */
WEFT_API int32_t weft_future_running(const weft_future_t *future);

/** Say whether a future is done: it has a result or an error, or was cancelled. Never blocks.
 *
 * Returns    1 when it is, 0 when not, WEFT_EINVAL for NULL.
 */
WEFT_API int32_t weft_future_done(const weft_future_t *future);

/** Say whether a future was cancelled. Never blocks.
 *
 * Returns    1 when it was, 0 when not, WEFT_EINVAL for NULL.
 */
WEFT_API int32_t weft_future_cancelled(const weft_future_t *future);

/** Cancel a future that has not started.
 *
 * The waiters wake at once. The drop of the task's context and the callbacks run on the calling
 * thread.
 *
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK        it is cancelled, now or since earlier; its task will never run
 *   WEFT_ERUNNING  too late: it has started; nothing changed
 *   WEFT_EDONE     too late: it has ended; nothing changed
 *   WEFT_EINVAL    `future` is NULL
 */
WEFT_API weft_status weft_future_cancel(weft_future_t *future);

/** Ask the task of a future to stop.
 *
 * The call sets a flag of the future. weft_stop_requested reads it inside the task, and the task's
 * blocking calls of weft wake and return WEFT_EINTERRUPTED. If the future is pending, its task
 * still starts and can see the flag. The flag belongs to this task alone. Callbacks of
 * weft_future_on_stop run on the calling thread.
 *
 * A promise has the flag, too. weft_future_stop_requested reads it, and weft_stop_requested in code
 * that works for the promise (weft_future_enter).
 *
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK      the flag is set
 *   WEFT_EDONE   too late: it has ended
 *   WEFT_EINVAL  `future` is NULL
 */
WEFT_API weft_status weft_future_request_stop(weft_future_t *future);

/** Say whether a stop was requested of a future, also by its token or its domain. Never blocks.
 *
 * For code that completes a promise, and for readers of a future.
 *
 * Returns    1 when it was, 0 when not, WEFT_EINVAL for NULL.
 */
WEFT_API int32_t weft_future_stop_requested(const weft_future_t *future);

/** Wait until a future is done.
 *
 * Blocks:    up to `timeout`.
 *
 * Returns
 *   WEFT_OK            it is done: with a result, with an error or cancelled
 *   WEFT_ETIMEDOUT     the time is over, and it is not done
 *   WEFT_EINTERRUPTED  the calling thread or task was asked to stop; a task that the wait ran was
 *                      asked as well, and may be done
 *   WEFT_EDEADLK       this wait without limit could never end
 *   WEFT_EINVAL        `future` is NULL
 *   WEFT_ENOMEM        no memory to wait with
 */
WEFT_API weft_status weft_future_wait(weft_future_t *future, int64_t timeout);

/** Wait until a future is done and read its result, which may be read many times.
 *
 * The result stays the future's. It lives until the last reference is given back, or until it is
 * taken. `result`: NULL, or the place for the result.
 *
 * Blocks:    up to `timeout`.
 *
 * Returns
 *   WEFT_OK             `*result` is what the task stored; for a future with room (task.h) it is
 *                       the room
 *   WEFT_EFAILED        the task ended with an error (a time-out inside the task is one):
 *                       weft_future_exception
 *   WEFT_ECANCELED      the future was cancelled
 *   WEFT_EINVALIDSTATE  the result was taken
 *   WEFT_ETIMEDOUT      the time of this wait is over, and the future is not done
 *   WEFT_EINTERRUPTED   as weft_future_wait
 *   WEFT_EDEADLK        as weft_future_wait
 *   WEFT_EINVAL         `future` is NULL
 *   WEFT_ENOMEM         no memory to wait with
 */
WEFT_API weft_status weft_future_result(weft_future_t *future, int64_t timeout, void **result);

/** Wait until a future is done and take its result, once.
 *
 * `result`: NULL, or the place for the result. Later calls of this function and of
 * weft_future_result return WEFT_EINVALIDSTATE.
 *
 * A future with room (task.h) gives its room, which lives as long as the reference. If the type of
 * the task has WEFT_TASK_MOVES, what lies in the room becomes the caller's. Otherwise, and for a
 * promise with room, the result is only marked as taken, and its drop_result runs all the same.
 *
 * Blocks:    up to `timeout`.
 * Ownership: on success the result belongs to the caller, and its drop will not run, except as said
 *            above.
 *
 * Returns
 *   WEFT_OK             `*result` is what the task stored; for a future with room it is the room
 *   WEFT_EFAILED        the task ended with an error: weft_future_exception
 *   WEFT_ECANCELED      the future was cancelled
 *   WEFT_EINVALIDSTATE  the result was taken before
 *   WEFT_ETIMEDOUT      the time of this wait is over, and the future is not done
 *   WEFT_EINTERRUPTED   as weft_future_wait
 *   WEFT_EDEADLK        as weft_future_wait
 *   WEFT_EINVAL         `future` is NULL
 *   WEFT_ENOMEM         no memory to wait with
 */
WEFT_API weft_status weft_future_take(weft_future_t *future, int64_t timeout, void **result);

/** Wait until a future is done and read its error.
 *
 * Blocks:    up to `timeout`.
 * Ownership: on success `*error` is NULL or owns one reference.
 *
 * Returns
 *   WEFT_OK            `*error` is the error; NULL: the future has a result
 *   WEFT_ECANCELED     the future was cancelled
 *   WEFT_ETIMEDOUT     the time of this wait is over, and the future is not done
 *   WEFT_EINTERRUPTED  as weft_future_wait
 *   WEFT_EDEADLK       as weft_future_wait
 *   WEFT_EINVAL        `future` or `error` is NULL
 *   WEFT_ENOMEM        no memory to wait with
 */
WEFT_API weft_status weft_future_exception(weft_future_t *future, int64_t timeout, weft_error_t **error);

/** Get the room of a future: of a task with room (task.h), or of a promise of
 * weft_future_create_room. Never blocks.
 *
 * The result lies there once weft_future_state is WEFT_FUTURE_RESULT. The room lives as long as the
 * reference.
 *
 * Returns    the room; NULL for NULL and for a future without room.
 */
WEFT_API void *weft_future_room(weft_future_t *future);

/** The callback of a future. `future` is borrowed: take a reference to keep it. */
typedef void (*weft_future_fn)(void *ctx, weft_future_t *future);

/** Have fn called once when a future is done: by a result, an error or a cancellation.
 *
 * Callbacks run in the order of adding, on the thread that finishes or cancels the future. If the
 * future is done already, fn runs at once, on the calling thread. Callbacks that finish further
 * futures are nested at most 32 deep on one thread. Deeper callbacks run after the outermost ones,
 * on the same thread, so that long chains need no stack. A C++ exception out of fn goes to the log,
 * and the other callbacks still run.
 *
 * Blocks:    never.
 * Ownership: on success `ctx` belongs to weft. drop runs once: right after fn, on the same thread;
 *            or without a call, with the last reference to a future that never got done, or at the
 *            close of the callback's domain (domain.h). On failure the caller keeps `ctx`.
 *
 * Returns
 *   WEFT_OK       fn is registered, or has run
 *   WEFT_ECLOSED  the caller is inside a domain that is closed
 *   WEFT_EINVAL   `future` or `fn` is NULL
 *   WEFT_ENOMEM   nothing changed
 */
WEFT_API weft_status weft_future_add_done_callback(weft_future_t *future, weft_future_fn fn, void *ctx,
                                                   weft_drop_fn drop);

/** Take back a callback of weft_future_add_done_callback.
 *
 * fn, ctx: as they were given there. If several callbacks have both, the first of them goes.
 *
 * Threads:   any.
 * Blocks:    never.
 * Ownership: on WEFT_OK drop(ctx) runs here.
 *
 * Returns
 *   WEFT_OK             it will not be called
 *   WEFT_EDONE          there is none, and the future is done: it was called, or is being called
 *   WEFT_EINVALIDSTATE  there is none, and the future is not done
 *   WEFT_EINVAL         `future` or `fn` is NULL
 */
WEFT_API weft_status weft_future_remove_callback(weft_future_t *future, weft_future_fn fn, void *ctx);

/** Have fn called once when a stop is requested of a future that is not done.
 *
 * The request may come by weft_future_request_stop, weft_future_cancel_or_stop, a token, or the
 * close of a domain. Callbacks run in the order of adding, on the thread that makes the request. If
 * a stop was requested before, fn runs at once, on the calling thread. A C++ exception out of fn
 * goes to the log.
 *
 * This is for code that completes a promise: it hands the request on to what works for the promise.
 * And it is for tasks with calls that weft cannot interrupt.
 *
 * Blocks:    never.
 * Ownership: on success `ctx` belongs to weft. drop runs once: right after fn, on the same thread;
 *            or without a call when the future is done, on the thread that finished it, or with the
 *            last reference to a future that never got done. On failure the caller keeps `ctx`.
 *            Inside a domain the callback belongs to the domain, which counts it until its drop has
 *            run. The close does not withdraw it, but waits.
 *
 * Returns
 *   WEFT_OK       fn will run or be dropped, or has been
 *   WEFT_EDONE    the future is done
 *   WEFT_ECLOSED  the caller is inside a domain that is closed
 *   WEFT_EINVAL   `future` or `fn` is NULL
 *   WEFT_ENOMEM   nothing changed
 */
WEFT_API weft_status weft_future_on_stop(weft_future_t *future, weft_future_fn fn, void *ctx, weft_drop_fn drop);

/* --- several at once --- */

/* What weft_wait waits for. */
#define WEFT_ALL_COMPLETED 0u   /**< all futures are done */
#define WEFT_FIRST_COMPLETED 1u /**< one future is done */
#define WEFT_FIRST_EXCEPTION 2u /**< all are done, or one has an error. A cancellation is no error */

/** Wait for several futures.
 *
 * `futures` holds `count` futures, and may hold one more than once. When `count` is 0, there is
 * nothing to wait for: WEFT_OK.
 *  - `mode`: one of the three values above.
 *  - `done`: NULL, or room for `count` flags. `done[i]` becomes 1 if `futures[i]` was done when the
 *    wait ended, else 0.
 *  - `done_count`: NULL, or gets the number of different futures that were done.
 *
 * Both outputs are also set on WEFT_ETIMEDOUT, WEFT_EINTERRUPTED and WEFT_EDEADLK, so that what is
 * done is never lost. On WEFT_EINVAL they are untouched.
 *
 * Blocks:    up to `timeout`.
 *
 * Returns
 *   WEFT_OK            what `mode` says has happened
 *   WEFT_ETIMEDOUT     the time was over before that
 *   WEFT_EINTERRUPTED  as weft_future_wait
 *   WEFT_EDEADLK       as weft_future_wait
 *   WEFT_EINVAL        an entry is NULL, `futures` is NULL though `count` is not 0, or `mode` is
 *                      unknown
 *   WEFT_ENOMEM        no memory to wait with; the outputs are untouched, or say what is done
 */
WEFT_API weft_status weft_wait(weft_future_t *const *futures, size_t count, uint32_t mode, int64_t timeout,
                               uint8_t *done, size_t *done_count);

/** Yields futures as they get done. Owned: weft_as_completed / weft_as_completed_destroy. One
 * thread at a time may use it. */
typedef struct weft_as_completed_iterator weft_as_completed_t;

/** Begin to iterate over futures in the order in which they get done.
 *
 * Futures that are done already come first. A future that stands in `futures` more than once is
 * yielded once. `timeout` counts from this call.
 *
 * Blocks:    never.
 * Ownership: on success `*out` is the caller's, until weft_as_completed_destroy. It holds a
 *            reference to each future until it has yielded that one.
 *
 * Returns
 *   WEFT_OK      `*out` is the iterator
 *   WEFT_EINVAL  an entry is NULL, `futures` is NULL though `count` is not 0, or `out` is NULL
 *   WEFT_ENOMEM  nothing changed
 */
WEFT_API weft_status weft_as_completed(weft_future_t *const *futures, size_t count, int64_t timeout,
                                       weft_as_completed_t **out);

/** Wait for the next future that is done.
 *
 * After the timeout of weft_as_completed, the call still yields what is done.
 *
 * Threads:   one at a time for an iterator.
 * Blocks:    until a future is done, or that timeout is over.
 * Ownership: on success the iterator's reference in `*out` passes to the caller.
 *
 * Returns
 *   WEFT_OK            `*out` is the next one
 *   WEFT_EEND          all were yielded
 *   WEFT_ETIMEDOUT     the time is over, and none is done; a later call may find one
 *   WEFT_EINTERRUPTED  as weft_future_wait
 *   WEFT_EDEADLK       as weft_future_wait
 *   WEFT_EINVAL        `iterator` or `out` is NULL
 *   WEFT_ENOMEM        no memory to wait with
 */
WEFT_API weft_status weft_as_completed_next(weft_as_completed_t *iterator, weft_future_t **out);

/** End the iteration, at any point. The futures go on. Never blocks.
 *
 * `*iterator` becomes NULL. NULL and a pointer to NULL are harmless. */
WEFT_API void weft_as_completed_destroy(weft_as_completed_t **iterator);

/* --- promises: futures made by hand --- */

/** Make a promise: a pending future that the caller will complete.
 *
 * `result_drop` is for its result, as weft_task_options_t.result_drop; it may be NULL. If the last
 * reference goes while the promise is not done, the contexts of its callbacks are dropped without a
 * call.
 *
 * A promise that is made inside a domain belongs to that domain (domain.h). The close cancels it
 * while it is pending. Until then the promise stays, even without references.
 *
 * Blocks:    never.
 * Ownership: on success `*out` owns one reference.
 *
 * Returns
 *   WEFT_OK       `*out` is the promise
 *   WEFT_ECLOSED  the caller is inside a domain that is closed
 *   WEFT_EINVAL   `out` is NULL
 *   WEFT_ENOMEM   nothing changed
 */
WEFT_API weft_status weft_future_create(weft_drop_fn result_drop, weft_future_t **out);

/** Make a promise with room for a result that is built in place (weft_future_set_begin).
 *
 * `size`: bytes, up to 2^30; 0 is allowed. `align`: a power of two up to 4096; 0: 16. `drop_result`
 * gets the room and destroys the result, with the last reference; NULL: nothing to do. The rest as
 * weft_future_create.
 *
 * Blocks:    never.
 * Ownership: on success `*out` owns one reference.
 *
 * Returns
 *   WEFT_OK       `*out` is the promise
 *   WEFT_ECLOSED  the caller is inside a domain that is closed
 *   WEFT_EINVAL   `out` is NULL, or `size` or `align` is out of range
 *   WEFT_ENOMEM   nothing changed
 */
WEFT_API weft_status weft_future_create_room(size_t size, size_t align, weft_drop_fn drop_result, weft_future_t **out);

/** Set a pending promise running: from now on it cannot be cancelled.
 *
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK             it is running
 *   WEFT_ECANCELED      it was cancelled, or its domain is about to cancel it: do not begin
 *   WEFT_EINVALIDSTATE  it is running or done, or is no promise
 *   WEFT_EINVAL         `future` is NULL
 */
WEFT_API weft_status weft_future_set_running(weft_future_t *future);

/** Memory for weft_future_enter, mostly on the stack of its caller. */
typedef struct weft_future_scope {
  void *reserved[8]; /**< the library's */
} weft_future_scope_t;

/** Let the calling thread work for a promise, until weft_future_leave.
 *
 * A request to stop the promise is then one to the calling code, too. weft_stop_requested reads it
 * there, and blocking calls of weft return WEFT_EINTERRUPTED. Requests to what is around the scope
 * (the task or thread) still count. This is for schedulers of coroutines and the like, around each
 * stretch of code.
 *
 * Scopes of one thread are left in reverse order, together with those of domains. `scope` stays in
 * its place until then, and is not copied.
 *
 * Blocks:    never.
 * Ownership: on success the scope holds a reference to the promise.
 *
 * Returns
 *   WEFT_OK             the thread works for the promise
 *   WEFT_EINVALIDSTATE  it is no promise; the code of a task sees the requests anyway
 *   WEFT_EINVAL         `future` or `scope` is NULL
 *   WEFT_ENOMEM         nothing changed
 */
WEFT_API weft_status weft_future_enter(weft_future_t *future, weft_future_scope_t *scope);

/** End a scope of weft_future_enter, on the thread that has entered it.
 *
 * Blocks:    never.
 * Ownership: on success the reference of the scope is given back.
 *
 * Returns
 *   WEFT_OK             the scope has ended
 *   WEFT_EINVALIDSTATE  it is not the innermost scope of the calling thread
 *   WEFT_EINVAL         `scope` is NULL
 */
WEFT_API weft_status weft_future_leave(weft_future_scope_t *scope);

/** Complete a promise with a result, from pending or running.
 *
 * Waiters wake, and callbacks run on the calling thread.
 *
 * Blocks:    never.
 * Ownership: on success `result` belongs to the future (see weft_future_create). On failure the
 *            caller keeps it, and what was set first stays.
 *
 * Returns
 *   WEFT_OK             the promise is done
 *   WEFT_ECANCELED      it was cancelled
 *   WEFT_EINVALIDSTATE  it is done, is just being completed, has room, or is no promise
 *   WEFT_EINVAL         `future` is NULL
 */
WEFT_API weft_status weft_future_set_result(weft_future_t *future, void *result);

/** Complete a promise with an error, from pending or running. The promise may have room.
 *
 * Waiters wake, and callbacks run on the calling thread.
 *
 * Blocks:    never.
 * Ownership: on success the future takes a reference of its own to `error`. On failure what was set
 *            first stays.
 *
 * Returns
 *   WEFT_OK             the promise is done
 *   WEFT_ECANCELED      it was cancelled
 *   WEFT_EINVALIDSTATE  it is done, is just being completed, or is no promise
 *   WEFT_EINVAL         `future` or `error` is NULL
 */
WEFT_API weft_status weft_future_set_error(weft_future_t *future, weft_error_t *error);

/** Begin to complete a promise with room: win the right to, and get the room in which to build the
 * result.
 *
 * The promise is then running. Only weft_future_set_commit or weft_future_set_abort may follow.
 *
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK             `*room` is the room
 *   WEFT_ECANCELED      it was cancelled
 *   WEFT_EINVALIDSTATE  it is done, is just being completed, has no room, or is no promise
 *   WEFT_EINVAL         `future` or `room` is NULL
 */
WEFT_API weft_status weft_future_set_begin(weft_future_t *future, void **room);

/** Complete a promise with the result that was built after weft_future_set_begin.
 *
 * Waiters wake, and callbacks run on the calling thread.
 *
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK             the promise is done
 *   WEFT_EINVALIDSTATE  there was no weft_future_set_begin, or the promise is done already
 *   WEFT_EINVAL         `future` is NULL
 */
WEFT_API weft_status weft_future_set_commit(weft_future_t *future);

/** Complete a promise with an error after weft_future_set_begin: the result could not be built.
 *
 * Waiters wake, and callbacks run on the calling thread.
 *
 * Blocks:    never.
 * Ownership: on success the future takes a reference of its own to `error`.
 *
 * Returns
 *   WEFT_OK             the promise is done
 *   WEFT_EINVALIDSTATE  there was no weft_future_set_begin, or the promise is done already
 *   WEFT_EINVAL         `future` or `error` is NULL
 */
WEFT_API weft_status weft_future_set_abort(weft_future_t *future, weft_error_t *error);

#ifdef __cplusplus
}
#endif
#endif
