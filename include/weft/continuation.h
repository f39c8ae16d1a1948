/* weft/continuation.h: futures that depend on other futures: then, flatten, when_all, when_any.
 *
 *   weft_executor_submit(pool, NULL, load, name, free, &page);
 *   weft_future_then(page, pool, WEFT_THEN_RESULT, NULL, parse, NULL, NULL, &tree);
 *   weft_future_unref(page);                            parse runs once the page is loaded
 *   weft_future_result(tree, WEFT_FOREVER, &result);    what parse has stored
 *
 * A continuation is a task that becomes ready when another future, its source, is done. It has a
 * future of its own, which may be continued in turn. Chains of any length need no stack, when they
 * are built, finished or given up.
 *
 * All futures of this header have in common:
 *  - Pending. The new future is pending until its time has come, and can be cancelled until then.
 *    Then fn never runs, the cancelling thread drops its context, and the sources go on untouched.
 *  - Waiting. A wait for the new future is as safe as any wait inside a task. A worker that waits
 *    runs the futures that it depends on, one after the other. A wait that could never end returns
 *    WEFT_EDEADLK. Of the sources of a when_any, a wait runs one only when no other worker is free
 *    to, or as a last resort.
 *  - Reach. Both follow the sources through about 100,000 futures and 64 nested when_all or
 *    when_any. What is beyond that counts as possible, and other workers run it.
 *  - References. The new future keeps no reference to a source that is not done. So a promise that
 *    is given up undone still ends: a continuation of it is cancelled, and when_all and when_any
 *    treat it as cancelled.
 *  - No promise. weft_future_set_... on the new future returns WEFT_EINVALIDSTATE.
 */
#ifndef WEFT_CONTINUATION_H
#define WEFT_CONTINUATION_H

#include <weft/base.h>
#include <weft/error.h>
#include <weft/executor.h>
#include <weft/future.h>
#include <weft/task.h>

#ifdef __cplusplus
extern "C" {
#endif

/* When a continuation runs. Otherwise the outcome is handed on: its own future ends as the source
 * did. */
#define WEFT_THEN_RESULT 0u /**< after a result. An error or a cancellation is handed on */
#define WEFT_THEN_ERROR 1u  /**< after an error. A result or a cancellation is handed on */
#define WEFT_THEN_ALWAYS 2u /**< in any case, also after a cancellation */
/** Beside WEFT_THEN_RESULT or WEFT_THEN_ALWAYS: the result of the continuation is a future, and the
 * new future ends as that one does, see weft_future_flatten. */
#define WEFT_THEN_FLATTEN 4u

/** The function that a continuation runs. `done` is the source, which is done. It is borrowed until
 * the return, and may be read, taken from, and referenced. The rest as weft_task_fn. */
typedef weft_status (*weft_then_fn)(void *ctx, weft_future_t *done, void **result, weft_error_t **error);

/** Have fn run once a future is done, and get a future of its outcome.
 *
 *  - `executor`: where fn runs. weft keeps a reference until the executor has the task. NULL: on
 *    the thread that finishes or cancels `future`, before that call returns; if `future` is done
 *    already, on the calling thread, before this call returns. fn is one of the callbacks of
 *    `future`: their order and the limit of their nesting hold for it
 *    (weft_future_add_done_callback), and because of that limit it may run later. So give NULL only
 *    for an fn that is short.
 *  - `when`: WEFT_THEN_... With WEFT_THEN_FLATTEN the new future is that of weft_future_flatten. Then
 *    what is said here about its cancellation, and of the thread that cancels it, holds as there.
 *  - `options`: as for weft_executor_submit, for the result of fn. NULL for the defaults.
 *
 * Handing on. An error is handed on as the same object. A cancellation cancels the new future. A
 * result stays one thing with one owner: the new future reads it where it lies and keeps it alive.
 * It can be taken once, through either future.
 *
 * Submit. The thread that finishes `future` submits the task to the executor; if `future` is done
 * already, the calling thread does. It waits there if the queue is full and bounded with
 * WEFT_FULL_WAIT. If the executor refuses the task, for any reason of weft_executor_submit, fn
 * never runs. The new future then ends with an error with that status as its code; for a broken
 * pool it is the error of weft_executor_error.
 *
 * Blocks:    never; if `future` is done already, as the submit does (see "Submit").
 * Ownership: on success `*out` owns one reference. The task goes on without it, and only the
 *            outcome is lost. `ctx` belongs to weft. drop runs once: after fn, before the new
 *            future is done, on the same thread; or when the outcome is handed on, the task is
 *            refused, or the new future is cancelled, on the thread that does that. On failure the
 *            caller keeps `ctx`.
 *
 * Returns
 *   WEFT_OK         `*out` is the new future
 *   WEFT_ECANCELED  the token of the options is cancelled
 *   WEFT_ECLOSED    the domain of the task is closed
 *   WEFT_ENOTSUP    the options are of a later version; or they have a priority, and `executor` is
 *                   NULL or no pool
 *   WEFT_EINVAL     `future`, `fn` or `out` is NULL, `when` is unknown, or the options are
 *                   malformed
 *   WEFT_ENOMEM     nothing changed
 */
WEFT_API weft_status weft_future_then(weft_future_t *future, weft_executor_t *executor, uint32_t when,
                                      const weft_task_options_t *options, weft_then_fn fn, void *ctx, weft_drop_fn drop,
                                      weft_future_t **out);

/** Have a task with room (task.h) run once a future is done, and get its future. One allocation.
 *
 * The type of the task has WEFT_TASK_CONTINUATION. Its run finds the source with
 * weft_continuation_source. When a result is handed on, weft_future_room gives the room where it
 * lies, that of the source. So with WEFT_THEN_ERROR both should keep their results in the same way.
 * The rest as weft_future_then.
 *
 * Blocks:    as weft_future_then.
 * Ownership: on success the task and its closure belong to weft, and `*out` owns one reference. On
 *            failure both are still the caller's.
 *
 * Returns
 *   WEFT_OK         `*out` is the new future
 *   WEFT_ECANCELED  the token of the task is cancelled
 *   WEFT_ECLOSED    the domain of the task is closed
 *   WEFT_ENOTSUP    the task has a priority, and `executor` is NULL or no pool
 *   WEFT_EINVAL     `future`, `task` or `out` is NULL, `when` is unknown, or the type of the task
 *                   lacks WEFT_TASK_CONTINUATION
 */
WEFT_API weft_status weft_future_then_task(weft_future_t *future, weft_executor_t *executor, uint32_t when,
                                           weft_task_t *task, weft_future_t **out);

/** Turn a future of a future into a plain one, which ends as the inner future does.
 *
 * For a task that begins something, and whose outcome is to be that of what it has begun. The
 * result of `future` is a reference to the inner future, as a weft_future_t *. A task with room has
 * that pointer at the beginning of its room. Once `future` is done, its result is taken
 * (weft_future_take). No other thread may read it meanwhile. If the room of a task without
 * WEFT_TASK_MOVES is dropped later, its pointer is NULL. When the inner future is done, its outcome
 * is handed on as weft_future_then says. An error or a cancellation of `future` is handed on, too.
 *
 *  - The new future ends with an error if there is no inner future. Its code is WEFT_EINVALIDSTATE
 *    if the result of `future` is NULL or was taken before; WEFT_EDEADLK if the inner future is the
 *    new one itself; WEFT_EINVAL if misuse checks find that the result is no future.
 *  - Neither its cancellation nor a stop request to it reaches `future` or the inner one. If it is
 *    cancelled before `future` is done, nothing takes the result. So `future` needs a `result_drop`
 *    that calls weft_future_unref.
 *  - Futures that come of each other in a circle are never done, and keep each other until one is
 *    cancelled.
 *
 * Blocks:    never.
 * Ownership: on success `*out` owns one reference.
 *
 * Returns
 *   WEFT_OK      `*out` is the new future
 *   WEFT_EINVAL  `future` or `out` is NULL, or `future` is of weft_when_all or weft_when_any
 *   WEFT_ENOMEM  nothing changed
 */
WEFT_API weft_status weft_future_flatten(weft_future_t *future, weft_future_t **out);

/** Get the source of the continuation that the calling thread runs. Never blocks.
 *
 * Returns    the source, which is done, borrowed until the run returns; NULL elsewhere, also in
 *            callbacks inside that run.
 */
WEFT_API weft_future_t *weft_continuation_source(void);

/** Make a future that is done when all of some futures are.
 *
 * It ends with an error if a future has failed: with the one that came first in time, the same
 * object. Otherwise it is cancelled if a future was cancelled, or is a promise that was given up.
 * Otherwise its result is NULL. It does not keep the futures: a caller that wants their results
 * keeps them. `futures` may hold one future more than once. With a `count` of 0 it is done at once.
 * Its cancellation cancels none of the futures.
 *
 * Blocks:    never.
 * Ownership: on success `*out` owns one reference.
 *
 * Returns
 *   WEFT_OK      `*out` is the future
 *   WEFT_EINVAL  `out` or an entry is NULL, or `futures` is NULL though `count` is not 0
 *   WEFT_ENOMEM  nothing changed; also for more than about ten million futures
 */
WEFT_API weft_status weft_when_all(weft_future_t *const *futures, size_t count, weft_future_t **out);

/** Make a future that is done as soon as one of some futures is: with a result, an error or a
 * cancellation.
 *
 * Its result is the index of that one: a size_t in its room. weft_future_room points to it, and so
 * does `*result` of weft_future_result. If several are done already, it is the lowest of their
 * indices. The other futures go on, and keep no reference to the new one. When all are promises
 * that were given up, it is cancelled. The rest as weft_when_all.
 *
 * Blocks:    never.
 * Ownership: on success `*out` owns one reference.
 *
 * Returns
 *   WEFT_OK      `*out` is the future
 *   WEFT_EINVAL  `out`, `futures` or an entry is NULL, or `count` is 0, which would never be done
 *   WEFT_ENOMEM  nothing changed; also for more than about ten million futures
 */
WEFT_API weft_status weft_when_any(weft_future_t *const *futures, size_t count, weft_future_t **out);

#ifdef __cplusplus
}
#endif
#endif
