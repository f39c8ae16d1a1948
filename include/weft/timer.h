/* weft/timer.h: timers: a task that runs at a time, once or every period; and submits that take effect later.
 *
 *   weft_timer_create(pool, NULL, tick, ctx, NULL, &timer);        not armed yet
 *   weft_timer_arm(timer, 5 * WEFT_SECOND);                        once, in five seconds
 *   weft_timer_arm_every(timer, 0, WEFT_SECOND, WEFT_MISSED_SKIP); instead of that: now, and then each second
 *   weft_timer_cancel(timer);
 *   weft_timer_unref(timer);
 *
 * When it is due, the task becomes ready on the executor as if it had been submitted at that moment: on a strand it
 * takes its place in the order, on a caller-run executor it waits for weft_executor_run. Never earlier than asked for;
 * how much later depends on how busy the executor is. What is due does not count against the bound of a queue, for it
 * was accepted when it was armed. Equal times keep the order in which they were armed.
 *
 * The task of one timer never overlaps itself. Its ctx is seen by each run as the one before it left it.
 *
 * Shutting an executor down (also by giving back its last reference, and at the end of the runtime) disarms its timers
 * and cancels its delayed futures that are not due yet, on the thread that does it; a shutdown never waits for them.
 * Shutting a pool down does the same for its strands. Arming on a pool starts its first worker, and while something is
 * armed the pool keeps one worker (of max_workers) free to look after the time.
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

/** The time, in nanoseconds of the monotonic clock that durations are counted on. Never blocks, never fails. */
WEFT_API int64_t weft_now(void);

/** Make a timer that is not armed. It runs fn(ctx) on an executor each time that it is due.
 *
 * A result of fn is ignored; an error goes to the exception hook of the runtime. The timer does not keep the executor
 * open.
 *
 * executor: of any kind.
 * options:  how each run is to run; NULL for the defaults. When the token is cancelled, a run that is under way is
 * asked to stop, and no other run begins: the timer is disarmed at the latest when it would be due, and arming it says
 * WEFT_ECANCELED.
 *
 * Threads:   any.
 * Blocks:    never.
 * Ownership: on success *out owns one reference, and ctx belongs to the timer. drop runs once, when the last reference
 * is gone and no run of fn is under way, on the thread that ends the later of these. On every failure the caller keeps
 * ctx.
 *
 * Returns
 *   WEFT_OK        the timer is made
 *   WEFT_EINVAL    executor, fn or out is NULL, or the options are malformed
 *   WEFT_ENOTSUP   the options are of a later version, or have a result_drop
 *   WEFT_ENOTSUP   the options have a priority, and the executor is no pool
 *   WEFT_ECANCELED the token is cancelled
 *   WEFT_ECLOSED   the domain is closed
 *   WEFT_ESHUTDOWN the executor was shut down
 *   WEFT_EBROKEN   as weft_executor_submit
 *   WEFT_ENOMEM    there is no memory
 */
WEFT_API weft_status weft_timer_create(weft_executor_t *executor, const weft_task_options_t *options, weft_task_fn fn,
                                       void *ctx, weft_drop_fn drop, weft_timer_t **out);

/** Take one more reference and return the same pointer. NULL gives NULL. Never blocks. */
WEFT_API weft_timer_t *weft_timer_ref(weft_timer_t *timer);

/** Give back a reference. With the last one the timer is disarmed as by weft_timer_cancel; a run of its task that is
 * under way goes on. NULL is allowed. Never blocks; may be called by its own task. */
WEFT_API void weft_timer_unref(weft_timer_t *timer);

/** Arm: run the task once, after `delay` nanoseconds (negative: 0; WEFT_FOREVER: never). Armed already, it is armed
 * anew instead: what was set before will not happen. While its task runs, the next run follows when that has ended.
 * Needs no memory for the timer itself, and no system call unless it is the next one due. Never blocks; may be called
 * by its own task. When it fails, the timer is as it was before:
 * WEFT_EINVAL: NULL. WEFT_ESHUTDOWN. WEFT_EBROKEN. WEFT_ECLOSED: it was closed (weft_timer_close), or its domain is.
 * WEFT_ECANCELED: its token is cancelled.
 * WEFT_EAGAIN: the pool has no
 * worker yet and the system refuses a thread, or the descriptors with which a pool waits for the time. WEFT_ENOMEM. */
WEFT_API weft_status weft_timer_arm(weft_timer_t *timer, int64_t delay);

/** The same for a time of weft_now(); one that has passed is due at once. */
WEFT_API weft_status weft_timer_arm_at(weft_timer_t *timer, int64_t time);

/* What a periodic timer does when a tick was late, or still ran, so that others should have begun meanwhile. */
#define WEFT_MISSED_SKIP 0u     /**< leave them out: the next is the first one that is still to come */
#define WEFT_MISSED_CATCH_UP 1u /**< run each of them, one right after the other, until none is missing */
#define WEFT_MISSED_DELAY 2u    /**< there are none: each tick comes one period after the end of the one before */

/** Arm: run the task after first_delay, and then every period. Ticks do not drift: the n-th one is due at the first
 * plus n periods (not so with WEFT_MISSED_DELAY). period: 1 or more nanoseconds. missed: WEFT_MISSED_...
 * WEFT_EINVAL: NULL, period is not positive, or missed is none of these. The rest as weft_timer_arm. */
WEFT_API weft_status weft_timer_arm_every(weft_timer_t *timer, int64_t first_delay, int64_t period, uint32_t missed);

/** The same with the first run at a time of weft_now(); one that has passed is due at once. */
WEFT_API weft_status weft_timer_arm_every_at(weft_timer_t *timer, int64_t first, int64_t period, uint32_t missed);

/** Disarm: it will not fire any more until it is armed again, by any thread or by its own task. To stop it for good, or
 * to wait for a run that is under way: weft_timer_close.
 *
 * Threads: any, also its own task.
 * Blocks:  never.
 *
 * Returns
 *   WEFT_OK        it was armed, or due but not yet run, and its task does not run
 *   WEFT_EDONE     it was not armed, and its task does not run
 *   WEFT_ERUNNING  its task runs at this moment, perhaps it is the caller; it goes on to its end. No run follows unless
 *                  the timer is armed again, which that task may still do
 *   WEFT_EINVAL    NULL
 */
WEFT_API weft_status weft_timer_cancel(weft_timer_t *timer);

/** Disarm for good, and wait for the run that is under way. From the start of this call no run begins, and every call
 * that would arm it returns WEFT_ECLOSED. When the status is WEFT_OK, its task will never use ctx again; drop runs with
 * the last reference, as ever. A run that is under way is not asked to stop.
 *
 * Threads: any, several at once, also its own task.
 * Blocks:  up to `timeout`; 0: not at all.
 *
 * Returns
 *   WEFT_OK           it is closed, and its task does not run
 *   WEFT_ETIMEDOUT    it is closed; its task still runs, for the last time; a later call may wait again
 *   WEFT_EINTERRUPTED the caller was asked to stop; the rest as WEFT_ETIMEDOUT
 *   WEFT_EDEADLK      it is closed; the caller is its task, or what the task waits for; that run is the last
 *   WEFT_ENOMEM       it is closed; there is no memory to wait with
 *   WEFT_EINVAL       NULL
 */
WEFT_API weft_status weft_timer_close(weft_timer_t *timer, int64_t timeout);

/** As weft_executor_submit, but the task becomes ready only after `delay` nanoseconds (as for weft_timer_arm). Its
 * future is pending until it runs, and can be cancelled, which forgets the task at once. Never blocks.
 * On every failure the caller keeps ctx: WEFT_EINVAL: executor, fn or out is NULL, or the options are malformed.
 * WEFT_ENOTSUP (options, or a priority and the executor is no pool). WEFT_ECANCELED: the token is cancelled.
 * WEFT_ECLOSED: the domain is closed. WEFT_ESHUTDOWN. WEFT_EBROKEN. WEFT_EAGAIN: as weft_timer_arm. WEFT_ENOMEM. */
WEFT_API weft_status weft_executor_submit_after(weft_executor_t *executor, int64_t delay,
                                                const weft_task_options_t *options, weft_task_fn fn, void *ctx,
                                                weft_drop_fn drop, weft_future_t **out);

/** The same for a time of weft_now(); one that has passed is due at once. */
WEFT_API weft_status weft_executor_submit_at(weft_executor_t *executor, int64_t time,
                                             const weft_task_options_t *options, weft_task_fn fn, void *ctx,
                                             weft_drop_fn drop, weft_future_t **out);

/** The same two without a future, as weft_executor_post. */
WEFT_API weft_status weft_executor_post_after(weft_executor_t *executor, int64_t delay,
                                              const weft_task_options_t *options, weft_task_fn fn, void *ctx,
                                              weft_drop_fn drop);
WEFT_API weft_status weft_executor_post_at(weft_executor_t *executor, int64_t time, const weft_task_options_t *options,
                                           weft_task_fn fn, void *ctx, weft_drop_fn drop);

/** The same for a task with room, as weft_executor_submit_task. WEFT_EINVAL: executor or task is NULL, out is given
 * for a WEFT_TASK_POSTED type, or the type is a WEFT_TASK_CONTINUATION. WEFT_ENOTSUP: it has a priority, and the
 * executor is no pool. */
WEFT_API weft_status weft_executor_submit_task_after(weft_executor_t *executor, int64_t delay, weft_task_t *task,
                                                     weft_future_t **out);

#ifdef __cplusplus
}
#endif
#endif
