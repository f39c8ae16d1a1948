/* weft/join.h: fork-join on the stack: two calls, the second one possibly on another worker.
 *
 *   static weft_status sort(void *ctx, weft_error_t **error) {
 *     sorting_t *range = ctx, left, right;
 *     if (is_short(range)) return sort_here(range);
 *     partition(range, &left, &right);
 *     return weft_join(range->pool, sort, &left, sort, &right, error);
 *   }
 *
 * While the first call runs, the second one lies in the frame of the caller, where an idle worker
 * may take it. If none does, the caller makes the second call itself. That costs a few nanoseconds
 * and no memory, and wakes no thread but an idle worker. So a recursion may join at every level,
 * down to the smallest piece.
 *
 * A group (group.h) does the same for any number of tasks, and for tasks that outlive the call that
 * spawns them. It costs more.
 */
#ifndef WEFT_JOIN_H
#define WEFT_JOIN_H

#include <weft/base.h>
#include <weft/error.h>
#include <weft/executor.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One call of a join.
 *
 * Any value but WEFT_OK is a failure; so is an error stored in `*error`. The reference to that
 * error passes to weft. `error` is never NULL, and `*error` is NULL at the call.
 */
typedef weft_status (*weft_join_fn)(void *ctx, weft_error_t **error);

/** Call first(first_ctx) and second(second_ctx), and return when both have ended.
 *
 * On a worker of the pool, `first` runs on the calling thread. `second` runs there after it, or on
 * another worker at the same time. So neither may wait for the other. Both are parts of the calling
 * task: a request to stop the task is for both, and both are inside its domain. If another worker
 * has taken `second`, the caller waits by the rule of base.h. Until the end of `second` it runs
 * only parts of `second`. This needs no memory.
 *
 * From a thread outside of the pool, both calls are made in the pool, and the caller sleeps. The
 * bound of the pool's queue does not count them. A request to stop the caller is handed on. This
 * needs a few bytes of memory.
 *
 * If `first` fails, `second` is left out unless it has begun. A call that has not begun is also
 * left out when the caller is asked to stop, when its domain is closed, and when the pool cancels
 * what is pending. A call that has begun always ends before this function returns.
 *
 * If a call waits for what only the end of this function could bring, such as the future of the
 * calling task, that wait returns WEFT_EDEADLK. When the caller is inside a task of a strand,
 * `second` may run outside of the strand.
 *
 * Blocks:    until both calls have ended.
 * Ownership: `*error` owns one reference after WEFT_EFAILED. `error` may be NULL.
 *
 * Returns
 *   WEFT_OK            both calls were made, and both succeeded
 *   WEFT_EFAILED       a call failed; `*error` is its error, that of `first` if both failed
 *   WEFT_EINTERRUPTED  the caller was asked to stop; a call was left out
 *   WEFT_ECANCELED     the pool was told to cancel what is pending; a call was left out
 *   WEFT_ECLOSED       the domain that the caller is inside was closed; a call was left out
 *   WEFT_ESHUTDOWN     the pool was shut down, and the caller is inside no task of it
 *   WEFT_EBROKEN       the pool is broken, and the caller is inside no task of it
 *   WEFT_EAGAIN        from outside: the pool has no worker, and the system refuses a thread
 *   WEFT_EINVAL        `pool`, `first` or `second` is NULL
 *   WEFT_ENOTSUP       `pool` is not a pool
 *   WEFT_ENOMEM        from outside: no call was made
 */
WEFT_API weft_status weft_join(weft_executor_t *pool, weft_join_fn first, void *first_ctx, weft_join_fn second,
                               void *second_ctx, weft_error_t **error);

#ifdef __cplusplus
}
#endif
#endif
