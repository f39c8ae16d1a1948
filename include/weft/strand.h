/* weft/strand.h: strands: their tasks run on a pool, one at a time, in the order of submission.
 *
 * So the tasks of one strand share data without a lock:
 *
 *   weft_strand_create(pool, &account);
 *   weft_executor_post(account, NULL, deposit, &some, NULL);
 *   weft_executor_post(account, NULL, withdraw, &less, NULL);   starts when deposit has ended
 *   weft_executor_unref(account);                               what was posted still runs
 *
 * Order. Each task sees all that the tasks before it did. Any worker of the pool may run it.
 *
 * Independence. Strands do not block one another. The bound of the pool's queue does not count the
 * tasks of strands.
 *
 * The end. A strand that is shut down leaves its pool as it is. When the pool is shut down, the
 * strand accepts nothing more. What it accepted before still runs, unless the shutdown cancels it.
 */
#ifndef WEFT_STRAND_H
#define WEFT_STRAND_H

#include <weft/base.h>
#include <weft/executor.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Make a strand on a pool.
 *
 * Blocks:    never.
 * Ownership: `*out` owns one reference. The strand keeps a reference to the pool.
 *
 * Returns
 *   WEFT_OK            the strand is made
 *   WEFT_EINVAL        `pool` or `out` is NULL
 *   WEFT_ENOTSUP       `pool` is not a pool
 *   WEFT_ESHUTDOWN     `pool` was shut down
 *   WEFT_ENOMEM        nothing changed
 */
WEFT_API weft_status weft_strand_create(weft_executor_t *pool, weft_executor_t **out);

#ifdef __cplusplus
}
#endif
#endif
