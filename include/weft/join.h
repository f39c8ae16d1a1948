/* weft/join.h: fork-join on the stack: two calls, the second one possibly on another worker.
 *
 *   static weft_status sort(void *ctx, weft_error_t **error) {
 *     sorting_t *range = ctx, left, right;
 *     if (is_short(range)) return sort_here(range);
 *     partition(range, &left, &right);
 *     return weft_join(range->pool, sort, &left, sort, &right, error);
 *   }
 *
 * While the first call runs, the second one lies in the frame of the caller, where a worker that has nothing to do may
 * take it. If none has, the caller makes the second call itself. That costs a few nanoseconds, no memory, and wakes no
 * thread but one that is idle. So a recursion may join at every level, down to the smallest piece.
 *
 * A group (group.h) does the same for any number of tasks, and for tasks that outlive the call that spawns them; it
 * costs more.
 */
#ifndef WEFT_JOIN_H
#define WEFT_JOIN_H

#include <weft/base.h>
#include <weft/error.h>
#include <weft/executor.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One call of a join. Any value but WEFT_OK, or an error stored in *error (its reference passes to weft), is a
 * failure. error is never NULL and *error is NULL at the call. */
typedef weft_status (*weft_join_fn)(void *ctx, weft_error_t **error);

/** Call first(first_ctx) and second(second_ctx), and return when both have ended.
 *
 * On a worker of the pool, `first` runs on the calling thread. `second` runs there after it, or on another worker at
 * the same time. So neither may wait for the other. Both are parts of the calling task: a request to stop the task is
 * for both, and both are inside of its domain. If another worker has taken `second`, the caller waits as base.h says:
 * until the end of `second` it runs nothing but parts of `second`.
 *
 * From a thread outside of the pool, both calls are made in the pool, and the caller sleeps. The bound of the pool's
 * queue does not count them. A request to stop the caller is handed on.
 *
 * If `first` fails, `second` is left out unless it has begun. A call that has not begun is also left out when the
 * caller is asked to stop, when its domain is closed, and when the pool cancels what is pending. What has begun comes
 * to its end in any case before this function returns.
 *
 * A call that waits for what only the end of this function could bring, such as the future of the calling task, is told
 * WEFT_EDEADLK by that wait. On a thread inside of a strand's task, `second` may run outside of the strand.
 *
 * Threads: any.
 * Blocks:  until both calls have ended.
 * Memory:  none on a worker; a few bytes from outside.
 *
 * Returns
 *   WEFT_OK            both calls were made, and both returned WEFT_OK
 *   WEFT_EFAILED       a call failed. *error, unless error is NULL, is its error: that of `first` if both have failed
 *   WEFT_EINTERRUPTED  the caller was asked to stop; a call was left out
 *   WEFT_ECANCELED     the pool was told to cancel what is pending; a call was left out
 *   WEFT_ECLOSED       the caller is inside of a domain that was closed; a call was left out
 *   WEFT_ESHUTDOWN     the pool was shut down; a task that it has accepted may still join
 *   WEFT_EBROKEN       the initializer of the pool failed
 *   WEFT_EAGAIN        from outside: there is no worker yet, and the system refuses a thread
 *   WEFT_EINVAL        pool, first or second is NULL
 *   WEFT_ENOTSUP       pool is not a pool
 *   WEFT_ENOMEM        from outside
 */
WEFT_API weft_status weft_join(weft_executor_t *pool, weft_join_fn first, void *first_ctx, weft_join_fn second,
                               void *second_ctx, weft_error_t **error);

#ifdef __cplusplus
}
#endif
#endif
