/* weft/semaphore.h: counting semaphores, whose waits are weft's: with a timeout, and woken by a stop request.
 *
 * A semaphore has a value, the number of permits that are there. A signal adds permits; a wait takes one, and sleeps
 * while there is none. It is a bound on how many do something at once (it begins with that number: wait, use, signal),
 * or a count of what has been made and not been taken yet (it begins with 0: the maker signals, the taker waits).
 *
 *   weft_semaphore_create(4, &connections);                at most four at a time
 *   if (weft_semaphore_wait(connections, 5 * WEFT_SECOND) == WEFT_OK) {
 *     fetch();
 *     weft_semaphore_signal(connections, 1);
 *   }
 *
 * Nobody owns a permit: whoever likes may signal, a callback or a thread that never waited too. So a wait for a
 * semaphore is never WEFT_EDEADLK, and never runs tasks meanwhile, for nobody knows which of them would signal. A task
 * that waits keeps its worker: when the task that is to signal needs a worker of the same pool, the pool must have one
 * more, or the wait stands in a blocking region (weft_blocking_begin).
 *
 * Permits go to those who sleep in the order in which they went to sleep, and nobody overtakes a sleeper. What happens
 * before a signal happens before what follows the wait that takes its permit.
 *
 * A thread that comes back from a wait may give back the last reference at once, though the signal that let it go has
 * not returned on its own thread. So a semaphore on which one thing is waited for needs one reference, the waiter's.
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

/** Make a semaphore of this value. It belongs to no runtime. Never blocks. Success: *out owns one reference.
 * WEFT_EINVAL: initial is negative, or out is NULL. WEFT_ENOMEM. */
WEFT_API weft_status weft_semaphore_create(int64_t initial, weft_semaphore_t **out);

/** Take one more reference and return the same pointer. NULL gives NULL. Never blocks. */
WEFT_API weft_semaphore_t *weft_semaphore_ref(weft_semaphore_t *semaphore);

/** Give back a reference. The last one may go whatever the value is, but not while somebody waits. NULL is allowed.
 * Never blocks. */
WEFT_API void weft_semaphore_unref(weft_semaphore_t *semaphore);

/** Add count permits at once: so many of those who sleep are woken, the one who has slept longest first; what is left
 * is added to the value. With a count of 0 nothing happens. From any thread. Never blocks. WEFT_OK. WEFT_EFULL: the
 * value would be more than WEFT_SEMAPHORE_MAX; nothing was changed. WEFT_EINVAL: semaphore is NULL, or count is
 * negative. */
WEFT_API weft_status weft_semaphore_signal(weft_semaphore_t *semaphore, int64_t count);

/** Take one permit, and wait for it if there is none. Blocks up to timeout. Any number of threads may wait, in tasks
 * and outside. On every failure no permit was taken; a permit that comes just as the time is over, or the stop is
 * asked for, is taken all the same.
 *  WEFT_OK: it was taken. WEFT_ETIMEDOUT. WEFT_EINTERRUPTED: the waiting thread or task was asked to stop, and no
 * permit was there. WEFT_EINVAL: NULL. WEFT_ENOMEM: there is none to let a thread wait that is new to weft. */
WEFT_API weft_status weft_semaphore_wait(weft_semaphore_t *semaphore, int64_t timeout);

/** Take one permit if there is one. From any thread. Never blocks. WEFT_OK: it was taken. WEFT_ETIMEDOUT: there was
 * none. WEFT_EINVAL: NULL. */
WEFT_API weft_status weft_semaphore_try_wait(weft_semaphore_t *semaphore);

/** How many permits are there at this moment; 0 while somebody sleeps; WEFT_EINVAL for NULL. For figures and tests: it
 * may be another number by the time the caller reads it. Never blocks. */
WEFT_API int64_t weft_semaphore_value(const weft_semaphore_t *semaphore);

#ifdef __cplusplus
}
#endif
#endif
