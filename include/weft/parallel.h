/* weft/parallel.h: loops and reductions over index ranges, on a pool.
 *
 *   static weft_status brighten(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
 *     float *pixels = ctx;
 *     (void)error;
 *     for (; begin != end; ++begin) pixels[begin] *= 2;
 *     return WEFT_OK;
 *   }
 *
 *   weft_parallel_for(pool, NULL, 0, count, brighten, pixels, NULL);
 *
 * Splitting. The range is split by demand. A thread that has a piece gives half of it away when
 * nothing that it gave away is still waiting to be taken. Until it knows its calls to be short, it
 * gives more away before each call: enough for all workers to take part. So a loop over two indices
 * that take a second each runs on two threads. A body whose calls were short in dozens of loops in
 * a row, the last of them a moment ago, begins on the calling thread alone.
 *
 * Threads. The calling thread takes part. It may take back what it has given away, and then runs it
 * itself.
 *  - A worker of the pool runs nothing unrelated meanwhile.
 *  - Any other thread counts as one of the workers while calls are short. Its loop then wakes at
 *    most max_workers - 1 workers, but at least one. When calls take tens of microseconds or more,
 *    all workers may take part beside it.
 */
#ifndef WEFT_PARALLEL_H
#define WEFT_PARALLEL_H

#include <weft/base.h>
#include <weft/error.h>
#include <weft/executor.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Options of a loop or reduction. */
typedef struct weft_range_options {
  uint32_t size;     /**< sizeof(weft_range_options_t), see WEFT_OPTIONS_INIT */
  uint32_t reserved; /**< 0 */
  /** The most indices for one call of the body. 0: chosen by measuring, so that a call takes some
   * microseconds. */
  uint64_t grain;
} weft_range_options_t;

static inline void weft_range_options_init(weft_range_options_t *options) {
  WEFT_OPTIONS_INIT(options);
}

/** The body of a loop: do the indices from `begin` up to but not including `end`.
 *
 * It is called on several threads at once, for pieces that do not overlap, in no particular order.
 * Any value but WEFT_OK is a failure; so is an error stored in `*error`, whose reference passes to
 * weft. A failure ends the loop: pieces that have not begun are left out.
 */
typedef weft_status (*weft_range_fn)(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error);

/** Call `body` for the range from `begin` up to but not including `end`, in pieces.
 *
 * `options`: NULL for the defaults. `error`: NULL, or gets the first error. An empty range is a
 * success. While the call waits, it runs pieces of this loop, or what these wait for. A piece that
 * has begun always ends before this function returns. If the caller is inside a domain, the pieces
 * are inside it on all workers.
 *
 * Blocks:    until every piece has ended or was left out.
 * Ownership: `*error` owns one reference after WEFT_EFAILED.
 *
 * Returns
 *   WEFT_OK            every index was done once
 *   WEFT_EFAILED       a function of the caller failed; `*error` is the first error
 *   WEFT_EINTERRUPTED  the calling thread or task was asked to stop; so were the pieces that had
 *                      begun; the others were left out
 *   WEFT_ECANCELED     the pool was told to cancel what is pending; pieces were left out
 *   WEFT_EDEADLK       a piece waited for what only the end of this call could bring, such as the
 *                      future of the calling task; pieces that had begun were asked to stop, the
 *                      others were left out
 *   WEFT_ECLOSED       the domain that the caller is inside was closed, before or meanwhile
 *   WEFT_ESHUTDOWN     the pool was shut down, and the caller is inside no task of it
 *   WEFT_EBROKEN       the pool is broken, and the caller is inside no task of it
 *   WEFT_EINVAL        `pool` or `body` is NULL, `end` is before `begin`, or an option is out of
 *                      range
 *   WEFT_ENOTSUP       `pool` is not a pool, or an option is of a later version
 *   WEFT_ENOMEM        no index was done
 */
WEFT_API weft_status weft_parallel_for(weft_executor_t *pool, const weft_range_options_t *options, uint64_t begin,
                                       uint64_t end, weft_range_fn body, void *ctx, weft_error_t **error);

/** Get the index that the calling thread has in loops on a pool, for arrays with an element for each
 * thread that takes part.
 *
 * A worker of `pool` has its weft_worker_index. Any other thread has the index
 * weft_worker_index_bound(pool). So such an array has weft_worker_index_bound(pool) + 1 elements,
 * and belongs to one call of a loop.
 *
 *  - A thread that is no worker takes part as the caller of the loop. In one case a second one may
 *    take part, and has the same index: while it is in a piece of another loop on `pool` that it
 *    has called itself, it waits there for a group whose tasks have called this loop.
 *  - A body that waits may be in the middle of a piece while its thread runs another piece of the
 *    same loop.
 *
 * Blocks:    never.
 *
 * Returns    the index; WEFT_ENOTSUP when `pool` is not a pool; WEFT_EINVAL for NULL.
 */
WEFT_API int32_t weft_parallel_index(weft_executor_t *pool);

/** How to reduce a range to one state.
 *
 * The operation must be associative. It need not be commutative: states of neighbouring pieces are
 * joined in their order.
 *
 * The threads that take part call the functions, several at once with different states. One state
 * may pass from thread to thread. A thread that cancels what is pending in the pool may also call
 * `destroy`.
 */
typedef struct weft_reduction {
  uint32_t size;        /**< sizeof(weft_reduction_t) */
  uint32_t state_align; /**< a power of two up to 4096; 0: 16 */
  uint64_t state_size;  /**< bytes of a state, up to 2^30 */
  /** Build the neutral element in `state`. */
  void (*init)(void *ctx, void *state);
  /** Take the indices from `begin` up to but not including `end` into `state`. Errors are as for
   * weft_range_fn. */
  weft_status (*body)(void *ctx, void *state, uint64_t begin, uint64_t end, weft_error_t **error);
  /** Take `from`, which covers the indices right behind those of `into`, into `into`. */
  void (*join)(void *ctx, void *into, void *from);
  /** Destroy a state that `init` has built. NULL: nothing to do. */
  void (*destroy)(void *ctx, void *state);
} weft_reduction_t;

/** Reduce the range from `begin` up to but not including `end`.
 *
 * `result`: a state that the caller has built, as `init` would. It takes part as the first state,
 * and holds the outcome; after a failure it holds a part of it. `how`: read during the call only.
 * All else is as for weft_parallel_for.
 *
 * Blocks:    until every piece has ended or was left out.
 * Ownership: `result` stays the caller's. `*error` owns one reference after WEFT_EFAILED.
 *
 * Returns
 *   WEFT_OK            every index was done once
 *   WEFT_EFAILED       a function of the caller failed; `*error` is the first error
 *   WEFT_EINTERRUPTED  the calling thread or task was asked to stop; so were the pieces that had
 *                      begun; the others were left out
 *   WEFT_ECANCELED     the pool was told to cancel what is pending; pieces were left out
 *   WEFT_EDEADLK       a piece waited for what only the end of this call could bring, such as the
 *                      future of the calling task; pieces that had begun were asked to stop, the
 *                      others were left out
 *   WEFT_ECLOSED       the domain that the caller is inside was closed, before or meanwhile
 *   WEFT_ESHUTDOWN     the pool was shut down, and the caller is inside no task of it
 *   WEFT_EBROKEN       the pool is broken, and the caller is inside no task of it
 *   WEFT_EINVAL        `pool`, `how` or `result` is NULL, a field of `how` is out of range, `end`
 *                      is before `begin`, or an option is out of range
 *   WEFT_ENOTSUP       `pool` is not a pool, or an option is of a later version
 *   WEFT_ENOMEM        no index was done
 */
WEFT_API weft_status weft_parallel_reduce(weft_executor_t *pool, const weft_range_options_t *options, uint64_t begin,
                                          uint64_t end, const weft_reduction_t *how, void *ctx, void *result,
                                          weft_error_t **error);

#ifdef __cplusplus
}
#endif
#endif
