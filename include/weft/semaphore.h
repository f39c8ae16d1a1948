/* weft/semaphore.h: counting semaphores, whose waits have a timeout and end with a stop request.
 *
 * A semaphore has a value: the number of free permits. A signal adds permits. A wait takes one, and
 * sleeps while there is none. There are two uses:
 *  - A bound on how many threads or tasks do something at once. The value begins with that number;
 *    each waits, works, then signals.
 *  - A count of what was made and not taken yet. The value begins with 0; the maker signals, the
 *    taker waits.
 *
 *   weft_semaphore_create(4, &connections);                   at most four at a time
 *   if (weft_semaphore_wait(connections, 5 * WEFT_SECOND) == WEFT_OK) {
 *     fetch();
 *     weft_semaphore_signal(connections, 1);
 *   }
 *
 * Owners. A permit has none. Any thread may signal, also one that never waited, and so may a
 * callback.
 *
 * Waits inside tasks. weft does not know which task would signal. So a wait never returns
 * WEFT_EDEADLK and never runs tasks. A task that waits keeps its worker. If the task that is to
 * signal needs a worker of the same pool, the pool must have another one, or the wait must stand in
 * a blocking region (weft_blocking_begin).
 *
 * Order. Sleepers get permits in the order in which they went to sleep, and no other thread
 * overtakes them. What happens before a signal happens before what follows the wait that takes its
 * permit.
 *
 * The last reference. A thread that returns from a wait may give back the last reference at once,
 * even if the call that signals has not returned yet on its own thread. So a semaphore for a single
 * wait needs only the waiter's reference.
 */
#ifndef WEFT_SEMAPHORE_H
#define WEFT_SEMAPHORE_H

#include <weft/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A semaphore. Shared: weft_semaphore_ref / weft_semaphore_unref. */
typedef struct weft_semaphore weft_semaphore_t;

/** The largest value of a semaphore. */
#define WEFT_SEMAPHORE_MAX INT64_MAX

/** Make a semaphore with the value `initial`. It belongs to no runtime.
 *
 * Blocks:    never.
 * Ownership: `*out` owns one reference.
 *
 * Returns
 *   WEFT_OK            the semaphore is made
 *   WEFT_EINVAL        `initial` is negative, or `out` is NULL
 *   WEFT_ENOMEM        nothing changed
 */
WEFT_API weft_status weft_semaphore_create(int64_t initial, weft_semaphore_t **out);

/** Take one more reference and return the same pointer. NULL gives NULL. Never blocks. */
WEFT_API weft_semaphore_t *weft_semaphore_ref(weft_semaphore_t *semaphore);

/** Give back a reference. The last one may go with any value, but not while a thread waits. NULL is
 * allowed. Never blocks. */
WEFT_API void weft_semaphore_unref(weft_semaphore_t *semaphore);

/** Add `count` permits at once.
 *
 * It wakes up to `count` sleepers, those first that have slept longest. The permits that are left
 * are added to the value. A `count` of 0 changes nothing.
 *
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK            the permits are added
 *   WEFT_EFULL         the value would be over WEFT_SEMAPHORE_MAX; nothing changed
 *   WEFT_EINVAL        `semaphore` is NULL, or `count` is negative
 */
WEFT_API weft_status weft_semaphore_signal(weft_semaphore_t *semaphore, int64_t count);

/** Take one permit, and wait for it if there is none.
 *
 * After a failure no permit was taken. A permit that comes just as the time is over, or as the stop
 * is requested, is taken all the same.
 *
 * Threads:   any, several at once, inside tasks and outside.
 * Blocks:    up to `timeout`.
 *
 * Returns
 *   WEFT_OK            a permit was taken
 *   WEFT_ETIMEDOUT     there was none in time
 *   WEFT_EINTERRUPTED  the waiting thread or task was asked to stop, and there was no permit
 *   WEFT_EINVAL        `semaphore` is NULL
 *   WEFT_ENOMEM        there is no memory for the wait of a thread that is new to weft
 */
WEFT_API weft_status weft_semaphore_wait(weft_semaphore_t *semaphore, int64_t timeout);

/** Take one permit if there is one.
 *
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK            a permit was taken
 *   WEFT_ETIMEDOUT     there was none
 *   WEFT_EINVAL        `semaphore` is NULL
 */
WEFT_API weft_status weft_semaphore_try_wait(weft_semaphore_t *semaphore);

/** Read the value, for figures and tests.
 *
 * By the time the caller uses the value, it may have changed.
 *
 * Blocks:    never.
 *
 * Returns    the number of free permits; 0 while a thread sleeps; WEFT_EINVAL for NULL.
 */
WEFT_API int64_t weft_semaphore_value(const weft_semaphore_t *semaphore);

#ifdef __cplusplus
}
#endif
#endif
