/* weft/continuation.h: futures that come of other futures: then, when_all, when_any.
 *
 * A continuation is a task that becomes ready when another future is done. It has a future of its own, which may be
 * continued in turn; chains of any length need no stack, however they are built, finished or given up.
 *
 * What all of these have in common:
 *
 *  - The new future is pending until its time has come, and can be cancelled until then: fn never runs, its ctx is
 *    dropped by the canceller, and the futures that it was to come of go on untouched.
 *  - Waiting for them is as safe as any wait inside a task: a worker that waits runs what the future depends on, one
 *    after the other, and a wait that could never end says WEFT_EDEADLK. Of when_any it runs something only when no
 *    other worker is free to, or as a last resort. Both look some 100,000 futures and 64 nested when_all/when_any far;
 *    what lies beyond counts as possible, and is left to others.
 *  - They keep no reference to a future that is not done. A promise that is given up without being kept therefore still
 *    ends: a continuation of it is cancelled, and when_all and when_any take it for cancelled (see there).
 *  - weft_future_set_... on them says WEFT_EINVALIDSTATE.
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

/* When a continuation runs. Otherwise the outcome is handed on: its own future then ends as the one before did. */
#define WEFT_THEN_RESULT 0u /**< when there is a result. An error or a cancellation is handed on */
#define WEFT_THEN_ERROR 1u  /**< when there is an error. A result is handed on, and so is a cancellation: it is none */
#define WEFT_THEN_ALWAYS 2u /**< in any case, cancellation included */

/** What a continuation runs. done: the future before it, done, borrowed until the return; it may be read, taken from,
 * and referenced. The rest as weft_task_fn. */
typedef weft_status (*weft_then_fn)(void *ctx, weft_future_t *done, void **result, weft_error_t **error);

/** Have fn run once future is done, and get a future for what it makes of it.
 *
 *  executor: where fn runs; it keeps a reference until it has got the task. NULL: on the thread that finishes or
 * cancels future, before that call returns; when future is done already, on the calling thread, before this call
 * returns. (At depth 32 of such calls within each other it is put off until the outermost one ends, as for
 *    weft_future_add_done_callback, in whose order it takes part.) So give NULL only for an fn that is short.
 *  when: WEFT_THEN_...
 *  options: as weft_executor_submit, for the result of fn. NULL for the defaults.
 *  ctx, drop: on success they belong to weft. drop runs once: when fn has run, before the new future is done, on the
 *    same thread; or when the outcome is handed on or the new future is cancelled, on the thread that does that.
 *
 * Handing on: an error is the same object. A result stays one thing with one owner: the new future reads it where it
 * lies, keeps it alive, and takes it for both, so it can be taken once, through either. A cancellation cancels.
 *
 * The executor is given the task by the thread that finishes future, which therefore waits there if the queue is
 * bounded with WEFT_FULL_WAIT. If it refuses then, for whatever reason weft_executor_submit has, the new future ends
 * with an error with that status as its code (for a broken pool: the error of weft_executor_error), and fn never runs.
 *
 * Never blocks otherwise. Success: *out owns one reference; without it everything goes on all the same, and only the
 * outcome is lost. On every failure the caller keeps ctx:
 *  WEFT_EINVAL: future, fn or out is NULL, when is none of the three, or the options are malformed. WEFT_ENOTSUP
 * (options, or a priority and the executor is NULL or no pool). WEFT_ECANCELED: the token is cancelled. WEFT_ECLOSED:
 * the domain is closed. WEFT_ENOMEM. */
WEFT_API weft_status weft_future_then(weft_future_t *future, weft_executor_t *executor, uint32_t when,
                                      const weft_task_options_t *options, weft_then_fn fn, void *ctx, weft_drop_fn drop,
                                      weft_future_t **out);

/** The same with a task with room (task.h) whose type has WEFT_TASK_CONTINUATION: one allocation. Its run finds the
 * future with weft_continuation_source. Success: the task and its closure belong to weft. On failure both are still the
 * caller's. When a result is handed on, weft_future_room gives the room where it lies, that of the future before; so
 * with WEFT_THEN_ERROR both should keep their results in the same way.
 *  WEFT_EINVAL: future, task or out is NULL, when is none of the three, or the task is not of such a type.
 * WEFT_ENOTSUP: it has a priority, and the executor is NULL or no pool. */
WEFT_API weft_status weft_future_then_task(weft_future_t *future, weft_executor_t *executor, uint32_t when,
                                           weft_task_t *task, weft_future_t **out);

/** In the run of a continuation: the future before it, done; borrowed until run returns. NULL everywhere else, in
 * callbacks that run inside it too. Never blocks. */
WEFT_API weft_future_t *weft_continuation_source(void);

/** A future that is done when all of these are: with the error that came first in time, the same object, if any failed;
 * else cancelled, if any was cancelled (or is a promise that was given up); else with NULL as its result. It does not
 * keep the futures: whoever wants their results keeps them. The same future may be given more than once. count 0: it is
 * done at once. Cancelling it cancels none of them. Never blocks. Success: *out owns one reference.
 *  WEFT_EINVAL: out or an entry is NULL, or futures is NULL with a count. WEFT_ENOMEM, also for more than some ten
 * million futures. */
WEFT_API weft_status weft_when_all(weft_future_t *const *futures, size_t count, weft_future_t **out);

/** A future that is done as soon as one of these is, be it with a result, an error or a cancellation. Its result is the
 * index of that one: a size_t in its room (weft_future_room, and *result of weft_future_result points to it). Of those
 * that are done already it is the lowest. The others go on and keep nothing of it. When all are promises that were
 * given up, it is cancelled. The rest as weft_when_all. WEFT_EINVAL: also when count is 0, for that would never be
 * done. WEFT_ENOMEM. */
WEFT_API weft_status weft_when_any(weft_future_t *const *futures, size_t count, weft_future_t **out);

#ifdef __cplusplus
}
#endif
#endif
