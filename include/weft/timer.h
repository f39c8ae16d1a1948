/* weft/timer.h: timers: a task that runs at a time, once or every period; and submits that take
 * effect later.
 *
 *   weft_timer_create(pool, NULL, tick, ctx, NULL, &timer);        not armed yet
 *   weft_timer_arm(timer, 5 * WEFT_SECOND);                        once, in five seconds
 *   weft_timer_arm_every(timer, 0, WEFT_SECOND, WEFT_MISSED_SKIP); instead: now, and each second
 *   weft_timer_cancel(timer);
 *   weft_timer_unref(timer);
 *
 * Ticks. Each run of the task of a timer is a tick. Ticks of one timer never overlap. Each tick
 * sees ctx as the one before has left it.
 *
 * Due. When a timer or a delayed task is due, its task becomes ready on the executor as if it had
 * been submitted at that moment. On a strand it takes its place in the order. On a caller-run
 * executor it waits for weft_executor_run. It is never early. How late it is depends on how busy
 * the executor is. Equal times keep the order in which they were armed. The bound of a queue does
 * not count what is due, because it was accepted when it was armed.
 *
 * Who looks at the time. Arming on a pool starts its first worker. While something is armed, the
 * pool keeps one worker free to look after the time, and starts one more for that if max_workers
 * lets it. If all are busy, what is due becomes ready as executor.h says under "Turns".
 *
 * The end. A shutdown of an executor disarms its timers and cancels its delayed futures that are
 * not due yet, on the thread that calls it. The last unref of the executor and the end of the
 * runtime do the same. The shutdown of a pool does so for its strands, too. A pool that breaks
 * disarms its timers, and its delayed futures fail with its error. A shutdown never waits for what
 * is armed.
 */
#ifndef WEFT_TIMER_H
#define WEFT_TIMER_H

#include <weft/base.h>
#include <weft/executor.h>
#include <weft/future.h>
#include <weft/task.h>
#include <weft/task_options.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A timer. Shared: weft_timer_ref / weft_timer_unref. */
typedef struct weft_timer weft_timer_t;

/** Get the time. Never blocks, never fails.
 *
 * Returns    nanoseconds of the monotonic clock that durations are counted on.
 */
WEFT_API int64_t weft_now(void);

/** Make a timer that is not armed. Each time that it is due, it runs fn(ctx) on an executor.
 *
 *  - `executor`: of any kind. The timer does not keep it open.
 *  - `options`: for each tick; NULL for the defaults. When the token is cancelled, a tick that runs
 *    is asked to stop, and no other tick begins. The timer is disarmed at the latest when it would
 *    be due, and arming it returns WEFT_ECANCELED.
 *  - `fn`: its result is ignored. Its error goes to the exception hook of the runtime.
 *
 * Blocks:    never.
 * Ownership: on success `*out` owns one reference, and `ctx` belongs to the timer. drop runs once,
 *            when the last reference is gone and no tick runs, on the thread that ends the later of
 *            these. The close of the timer's domain (domain.h) drops `ctx` though references
 *            remain, as soon as no tick runs. On failure the caller keeps `ctx`.
 *
 * Returns
 *   WEFT_OK         `*out` is the timer
 *   WEFT_ESHUTDOWN  the executor was shut down
 *   WEFT_EBROKEN    the pool is broken, see weft_executor_error
 *   WEFT_ECANCELED  the token of the options is cancelled
 *   WEFT_ECLOSED    the domain of the task is closed
 *   WEFT_ENOTSUP    the options are of a later version or have a result_drop; or they have a
 *                   priority, and the executor is no pool
 *   WEFT_EINVAL     `executor`, `fn` or `out` is NULL, or the options are malformed
 *   WEFT_ENOMEM     nothing changed
 */
WEFT_API weft_status weft_timer_create(weft_executor_t *executor, const weft_task_options_t *options, weft_task_fn fn,
                                       void *ctx, weft_drop_fn drop, weft_timer_t **out);

/** Take one more reference and return the same pointer. NULL gives NULL. Never blocks. */
WEFT_API weft_timer_t *weft_timer_ref(weft_timer_t *timer);

/** Give back a reference. NULL is allowed. Never blocks. A tick may give back references to its own
 * timer.
 *
 * The last reference disarms the timer as weft_timer_cancel does. A tick that runs goes on. */
WEFT_API void weft_timer_unref(weft_timer_t *timer);

/** Arm a timer: run its task once, after `delay` nanoseconds.
 *
 * A negative delay counts as 0. WEFT_FOREVER is never. If the timer is armed already, the new time
 * takes the place of the old one. If a tick runs, the next one follows when that has ended. On
 * failure the timer stays as it was.
 *
 * Arming needs no memory for the timer itself. It makes a system call only if the timer is the next
 * one due.
 *
 * Threads:   any, also its own task.
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK         the timer is armed
 *   WEFT_ESHUTDOWN  the executor was shut down
 *   WEFT_EBROKEN    the pool is broken, see weft_executor_error
 *   WEFT_ECANCELED  the token of the timer is cancelled
 *   WEFT_ECLOSED    the timer was closed (weft_timer_close), or its domain is closed
 *   WEFT_EAGAIN     the pool has no worker, and the system refuses a thread; or the system refuses
 *                   the descriptors with which a pool waits for the time
 *   WEFT_EINVAL     `timer` is NULL
 *   WEFT_ENOMEM     nothing changed
 */
WEFT_API weft_status weft_timer_arm(weft_timer_t *timer, int64_t delay);

/** Arm a timer as weft_timer_arm, for a time of weft_now. A time that has passed is due at once.
 *
 * Threads:   any, also its own task.
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK         the timer is armed
 *   WEFT_ESHUTDOWN  the executor was shut down
 *   WEFT_EBROKEN    the pool is broken, see weft_executor_error
 *   WEFT_ECANCELED  the token of the timer is cancelled
 *   WEFT_ECLOSED    the timer was closed (weft_timer_close), or its domain is closed
 *   WEFT_EAGAIN     the system refuses a thread or a descriptor, see weft_timer_arm
 *   WEFT_EINVAL     `timer` is NULL
 *   WEFT_ENOMEM     nothing changed
 */
WEFT_API weft_status weft_timer_arm_at(weft_timer_t *timer, int64_t time);

/* What a periodic timer does with ticks that were missed: a tick was late, or still ran, when the
 * next ones were due. */
#define WEFT_MISSED_SKIP 0u     /**< leave them out: the next tick is the first one that is still to come */
#define WEFT_MISSED_CATCH_UP 1u /**< run each of them, one right after the other, until none is missing */
#define WEFT_MISSED_DELAY 2u    /**< there are none: each tick comes one period after the end of the one before */

/** Arm a timer to run its task after `first_delay` nanoseconds, and then every `period`.
 *
 * Ticks do not drift: the n-th one after the first is due n periods after the first.
 * WEFT_MISSED_DELAY is the exception. The rest as weft_timer_arm.
 *
 * Threads:   any, also its own task.
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK         the timer is armed
 *   WEFT_ESHUTDOWN  the executor was shut down
 *   WEFT_EBROKEN    the pool is broken, see weft_executor_error
 *   WEFT_ECANCELED  the token of the timer is cancelled
 *   WEFT_ECLOSED    the timer was closed (weft_timer_close), or its domain is closed
 *   WEFT_EAGAIN     the system refuses a thread or a descriptor, see weft_timer_arm
 *   WEFT_EINVAL     `timer` is NULL, `period` is less than 1, or `missed` is not one of
 *                   WEFT_MISSED_...
 *   WEFT_ENOMEM     nothing changed
 */
WEFT_API weft_status weft_timer_arm_every(weft_timer_t *timer, int64_t first_delay, int64_t period, uint32_t missed);

/** Arm a timer as weft_timer_arm_every, with the first tick at a time of weft_now. A time that has
 * passed is due at once.
 *
 * Threads:   any, also its own task.
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK         the timer is armed
 *   WEFT_ESHUTDOWN  the executor was shut down
 *   WEFT_EBROKEN    the pool is broken, see weft_executor_error
 *   WEFT_ECANCELED  the token of the timer is cancelled
 *   WEFT_ECLOSED    the timer was closed (weft_timer_close), or its domain is closed
 *   WEFT_EAGAIN     the system refuses a thread or a descriptor, see weft_timer_arm
 *   WEFT_EINVAL     `timer` is NULL, `period` is less than 1, or `missed` is not one of
 *                   WEFT_MISSED_...
 *   WEFT_ENOMEM     nothing changed
 */
WEFT_API weft_status weft_timer_arm_every_at(weft_timer_t *timer, int64_t first, int64_t period, uint32_t missed);

/** Disarm a timer: no tick begins until it is armed again, by any thread or by its own task.
 *
 * weft_timer_close stops a timer for good and waits for a tick that runs.
 *
 * Threads:   any, also its own task.
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK        it was armed, or due but not yet run, and its task does not run
 *   WEFT_EDONE     it was not armed, and its task does not run
 *   WEFT_ERUNNING  its task runs at this moment, perhaps as the caller, and goes on to its end; no
 *                  tick follows unless the timer is armed again, which that task may still do
 *   WEFT_EINVAL    `timer` is NULL
 */
WEFT_API weft_status weft_timer_cancel(weft_timer_t *timer);

/** Disarm a timer for good, and wait for a tick that runs.
 *
 * From the start of this call no tick begins, and every call that would arm the timer returns
 * WEFT_ECLOSED. A tick that runs is not asked to stop. Once the status is WEFT_OK, the task will
 * never use ctx again. drop runs with the last reference, as ever.
 *
 * Threads:   any, several at once, also its own task.
 * Blocks:    up to `timeout`.
 *
 * Returns
 *   WEFT_OK            it is closed, and its task does not run
 *   WEFT_ETIMEDOUT     it is closed; its task still runs, for the last time; a later call may wait
 *                      again
 *   WEFT_EINTERRUPTED  the caller was asked to stop; the rest as WEFT_ETIMEDOUT
 *   WEFT_EDEADLK       it is closed; the caller is its task, or the task waits for the caller; that
 *                      tick is the last
 *   WEFT_EINVAL        `timer` is NULL
 *   WEFT_ENOMEM        it is closed; no memory to wait with
 */
WEFT_API weft_status weft_timer_close(weft_timer_t *timer, int64_t timeout);

/** Submit a task that becomes ready after `delay` nanoseconds, and get its future.
 *
 * `delay` is as for weft_timer_arm. The bound of the executor's queue does not count the task. The
 * future is pending until the task runs. weft_future_cancel forgets the task at once. All else is
 * as for weft_executor_submit.
 *
 * Blocks:    never.
 * Ownership: on success `*out` owns one reference, and `ctx` belongs to weft. On failure the caller
 *            keeps `ctx`.
 *
 * Returns
 *   WEFT_OK         the executor has accepted the task
 *   WEFT_ESHUTDOWN  the executor was shut down
 *   WEFT_EBROKEN    the pool is broken, see weft_executor_error
 *   WEFT_ECANCELED  the token of the options is cancelled
 *   WEFT_ECLOSED    the domain of the task is closed
 *   WEFT_EAGAIN     the system refuses a thread or a descriptor, see weft_timer_arm
 *   WEFT_ENOTSUP    the options are of a later version; or they have a priority, and the executor
 *                   is no pool
 *   WEFT_EINVAL     `executor`, `fn` or `out` is NULL, or the options are malformed
 *   WEFT_ENOMEM     nothing changed
 */
WEFT_API weft_status weft_executor_submit_after(weft_executor_t *executor, int64_t delay,
                                                const weft_task_options_t *options, weft_task_fn fn, void *ctx,
                                                weft_drop_fn drop, weft_future_t **out);

/** Submit a task as weft_executor_submit_after, for a time of weft_now. A time that has passed is
 * due at once.
 *
 * Blocks:    never.
 * Ownership: as weft_executor_submit_after.
 *
 * Returns
 *   WEFT_OK         the executor has accepted the task
 *   WEFT_ESHUTDOWN  the executor was shut down
 *   WEFT_EBROKEN    the pool is broken, see weft_executor_error
 *   WEFT_ECANCELED  the token of the options is cancelled
 *   WEFT_ECLOSED    the domain of the task is closed
 *   WEFT_EAGAIN     the system refuses a thread or a descriptor, see weft_timer_arm
 *   WEFT_ENOTSUP    the options are of a later version; or they have a priority, and the executor
 *                   is no pool
 *   WEFT_EINVAL     `executor`, `fn` or `out` is NULL, or the options are malformed
 *   WEFT_ENOMEM     nothing changed
 */
WEFT_API weft_status weft_executor_submit_at(weft_executor_t *executor, int64_t time,
                                             const weft_task_options_t *options, weft_task_fn fn, void *ctx,
                                             weft_drop_fn drop, weft_future_t **out);

/** Post a task that becomes ready after `delay` nanoseconds: weft_executor_submit_after without a
 * future.
 *
 * Its result and its error go where those of weft_executor_post go.
 *
 * Blocks:    never.
 * Ownership: on success `ctx` belongs to weft. On failure the caller keeps it.
 *
 * Returns
 *   WEFT_OK         the executor has accepted the task
 *   WEFT_ESHUTDOWN  the executor was shut down
 *   WEFT_EBROKEN    the pool is broken, see weft_executor_error
 *   WEFT_ECANCELED  the token of the options is cancelled
 *   WEFT_ECLOSED    the domain of the task is closed
 *   WEFT_EAGAIN     the system refuses a thread or a descriptor, see weft_timer_arm
 *   WEFT_ENOTSUP    the options are of a later version; or they have a priority, and the executor
 *                   is no pool
 *   WEFT_EINVAL     `executor` or `fn` is NULL, or the options are malformed
 *   WEFT_ENOMEM     nothing changed
 */
WEFT_API weft_status weft_executor_post_after(weft_executor_t *executor, int64_t delay,
                                              const weft_task_options_t *options, weft_task_fn fn, void *ctx,
                                              weft_drop_fn drop);

/** Post a task as weft_executor_post_after, for a time of weft_now. A time that has passed is due
 * at once.
 *
 * Blocks:    never.
 * Ownership: as weft_executor_post_after.
 *
 * Returns
 *   WEFT_OK         the executor has accepted the task
 *   WEFT_ESHUTDOWN  the executor was shut down
 *   WEFT_EBROKEN    the pool is broken, see weft_executor_error
 *   WEFT_ECANCELED  the token of the options is cancelled
 *   WEFT_ECLOSED    the domain of the task is closed
 *   WEFT_EAGAIN     the system refuses a thread or a descriptor, see weft_timer_arm
 *   WEFT_ENOTSUP    the options are of a later version; or they have a priority, and the executor
 *                   is no pool
 *   WEFT_EINVAL     `executor` or `fn` is NULL, or the options are malformed
 *   WEFT_ENOMEM     nothing changed
 */
WEFT_API weft_status weft_executor_post_at(weft_executor_t *executor, int64_t time, const weft_task_options_t *options,
                                           weft_task_fn fn, void *ctx, weft_drop_fn drop);

/** Submit a task with room (task.h) that becomes ready after `delay` nanoseconds.
 *
 * `out` gets its future; NULL submits without a future. The rest as weft_executor_submit_after.
 *
 * Blocks:    never.
 * Ownership: on success the task and its closure belong to the executor, and `*out` owns one
 *            reference. On failure both are still the caller's.
 *
 * Returns
 *   WEFT_OK         the executor has accepted the task
 *   WEFT_ESHUTDOWN  the executor was shut down
 *   WEFT_EBROKEN    the pool is broken, see weft_executor_error
 *   WEFT_ECANCELED  the token of the task is cancelled
 *   WEFT_ECLOSED    the domain of the task is closed
 *   WEFT_EAGAIN     the system refuses a thread or a descriptor, see weft_timer_arm
 *   WEFT_ENOTSUP    the task has a priority, and the executor is no pool
 *   WEFT_EINVAL     `executor` or `task` is NULL, `out` is given for a WEFT_TASK_POSTED type, or
 *                   the type is a WEFT_TASK_CONTINUATION
 *   WEFT_ENOMEM     nothing changed
 */
WEFT_API weft_status weft_executor_submit_task_after(weft_executor_t *executor, int64_t delay, weft_task_t *task,
                                                     weft_future_t **out);

#ifdef __cplusplus
}
#endif
#endif
