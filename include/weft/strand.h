/* weft/strand.h: a strand: its tasks run on a pool, one at a time, in the order of submission. */
#ifndef WEFT_STRAND_H
#define WEFT_STRAND_H

#include <weft/base.h>
#include <weft/executor.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Make a strand on a pool: its tasks run one at a time, each seeing all that the one before it did, in the order of
 * submission, on any worker. Strands do not block one another. The strand keeps a reference to the pool; submitting to
 * it after the pool was shut down says WEFT_ESHUTDOWN, what was accepted before still runs. Never blocks. WEFT_EINVAL:
 * NULL. WEFT_ENOTSUP: pool is not a pool. WEFT_ESHUTDOWN. WEFT_ENOMEM. */
WEFT_API weft_status weft_strand_create(weft_executor_t *pool, weft_executor_t **out);

#ifdef __cplusplus
}
#endif
#endif
