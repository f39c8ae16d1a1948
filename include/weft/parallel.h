/* weft/parallel.h: loops and reductions over index ranges, on a pool.
 *
 * The range is split by demand. A thread that has a piece gives half of it away when nothing that it gave away is
 * waiting to be taken. While it does not know its calls to be short, it gives so much away before each of them that all
 * workers could take part: also a loop over two indices that take a second each runs on two threads. A body whose calls
 * were short in dozens of loops in a row, the last of them a moment ago, begins on the calling thread alone.
 *
 * The calling thread takes part. If it is a worker of the pool, it runs nothing unrelated meanwhile. Any other thread
 * counts as one of the workers while calls are short: on its behalf no more are woken than makes max_workers threads
 * with it, though at least one. Where calls take tens of microseconds and more, all workers may take part beside it.
 * What the calling thread has given away it may take back, and then runs it itself.
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
  uint64_t grain;    /**< indices per call of the body, at most; 0: chosen by measuring, so that a call takes some
                          microseconds */
} weft_range_options_t;

static inline void weft_range_options_init(weft_range_options_t *options) {
  WEFT_OPTIONS_INIT(options);
}

/** Do the indices from begin up to but not including end. Called on several threads at once, for pieces that do not
 * overlap, in no particular order. Any value but WEFT_OK, or an error stored in *error (its reference passes to weft),
 * ends the loop: pieces that have not begun are left out. */
typedef weft_status (*weft_range_fn)(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error);

/** Call body for the range from begin up to but not including end, in pieces, and wait for all of them. Blocks. A call
 * from inside a task waits as weft_group_wait does. pool: a pool. options: NULL for the defaults. error: NULL, or gets
 * the first error when the status is WEFT_EFAILED. An empty range is WEFT_OK.
 *  WEFT_OK: every index was done once. WEFT_EFAILED: the body failed somewhere. WEFT_EINTERRUPTED: the calling thread
 * or task was asked to stop; the pieces that had begun have ended. WEFT_ECANCELED: the pool was told meanwhile to
 * cancel what is pending. WEFT_EDEADLK: a piece waited for what only the end of this call could bring, such as the
 * future of the task that calls; it was asked to stop, and what had not begun was left out. WEFT_ESHUTDOWN,
 * WEFT_EBROKEN: of the pool; a task that it has accepted may still loop. WEFT_ECLOSED: the caller is inside of a domain
 * that was closed, before or meanwhile (domain.h); pieces on all workers are inside with it. WEFT_EINVAL: pool or body
 * is NULL, end is before begin, or an option is malformed. WEFT_ENOTSUP: pool is not a pool, or the options are of a
 * later version. WEFT_ENOMEM. */
WEFT_API weft_status weft_parallel_for(weft_executor_t *pool, const weft_range_options_t *options, uint64_t begin,
                                       uint64_t end, weft_range_fn body, void *ctx, weft_error_t **error);

/** How to reduce. The operation must be associative; it need not be commutative, for states of neighbouring pieces are
 * joined in their order. The functions are called on several threads at once, with different states; one state may be
 * worked on by several threads one after another. Those that take part call them; destroy also a thread that cancels
 * what is pending in the pool. */
typedef struct weft_reduction {
  uint32_t size;        /**< sizeof(weft_reduction_t) */
  uint32_t state_align; /**< a power of two up to 4096; 0: 16 */
  uint64_t state_size;  /**< bytes of a state, up to 2^30 */
  /** Build the neutral element in state. */
  void (*init)(void *ctx, void *state);
  /** Take the indices from begin up to but not including end into state. Errors as in weft_range_fn. */
  weft_status (*body)(void *ctx, void *state, uint64_t begin, uint64_t end, weft_error_t **error);
  /** Take `from`, which covers the indices right behind those of `into`, into `into`. */
  void (*join)(void *ctx, void *into, void *from);
  /** Destroy a state that init has built. NULL: nothing to do. */
  void (*destroy)(void *ctx, void *state);
} weft_reduction_t;

/** Reduce a range. result: a state that the caller has built, as init would; it takes part as the first one, and holds
 * the outcome. On failure it holds a part of it. how: read during the call only. The rest as weft_parallel_for, and
 * WEFT_EINVAL: how or result is NULL, or a field of how is out of range. */
WEFT_API weft_status weft_parallel_reduce(weft_executor_t *pool, const weft_range_options_t *options, uint64_t begin,
                                          uint64_t end, const weft_reduction_t *how, void *ctx, void *result,
                                          weft_error_t **error);

#ifdef __cplusplus
}
#endif
#endif
