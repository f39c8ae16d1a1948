/* weft/queue.h: completion queues: what happens in weft, told as events that a host takes out when it has time for
 * them.
 *
 * For hosts with a loop of their own, and for languages whose code must not be called from threads that they do not
 * know: futures, groups and timers are tied to a queue with a tag, and each becomes an event there. Nothing of the host
 * is ever called.
 *
 *   weft_queue_create(NULL, &queue);
 *   weft_queue_fd(queue, &fd);                  for poll, epoll, select: readable while events wait
 *   weft_executor_submit(pool, NULL, fn, ctx, drop, &future);
 *   weft_future_notify(future, queue, 42);      an event with tag 42 when it is done
 *   ...
 *   poll(...);
 *   weft_queue_pop(queue, events, 64, &count);  never blocks
 *
 * Any number of threads may put events in and take events out; each event is given to one of those who take. Events
 * come out in the order in which they went in.
 *
 * A tie needs no memory later: what the event needs is allocated when the tie is made. Neither the tie nor the event
 * holds a reference to the future or group: whoever wants to read its result when the event has come keeps his own.
 * Everything that happened in the task happens before what follows the pop of its event.
 */
#ifndef WEFT_QUEUE_H
#define WEFT_QUEUE_H

#include <weft/base.h>
#include <weft/executor.h>
#include <weft/future.h>
#include <weft/group.h>
#include <weft/timer.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A completion queue. Shared: weft_queue_ref / weft_queue_unref. */
typedef struct weft_queue weft_queue_t;

/* What an event is about: weft_event_t.kind. A reader skips kinds that it does not know. */
#define WEFT_EVENT_FUTURE 1u /**< a future is done: weft_future_notify */
#define WEFT_EVENT_GROUP 2u  /**< nothing of a group is pending: weft_group_notify */
#define WEFT_EVENT_TIMER 3u  /**< a timer has ticked: weft_timer_create_notify */
#define WEFT_EVENT_USER 4u   /**< weft_queue_post */

/** An event. Events are handed out in arrays, so this struct will never have another size or layout: 32 bytes, the
 * fields at 0, 8, 12, 16 and 24. */
typedef struct weft_event {
  uint64_t tag;      /**< as given with the tie or the post */
  uint32_t kind;     /**< WEFT_EVENT_... */
  int32_t status;    /**< FUTURE: WEFT_OK, WEFT_EFAILED or WEFT_ECANCELED (also of a promise that was given up).
                        GROUP: what weft_group_wait would have said. TIMER, USER: WEFT_OK */
  uint64_t value;    /**< USER: as posted. TIMER: how many ticks this event stands for. FUTURE, GROUP: 0 */
  uint64_t reserved; /**< 0 */
} weft_event_t;

/** Options of a queue. */
typedef struct weft_queue_options {
  uint32_t size;  /**< sizeof(weft_queue_options_t), see WEFT_OPTIONS_INIT */
  uint32_t flags; /**< 0 */
} weft_queue_options_t;

static inline void weft_queue_options_init(weft_queue_options_t *options) {
  WEFT_OPTIONS_INIT(options);
}

/** Make an empty queue. It belongs to no runtime. options: NULL for the defaults. Never blocks. Success: *out owns one
 * reference. WEFT_EINVAL: out is NULL, a flag is set, or the options are malformed. WEFT_ENOTSUP: the options are of a
 * later version. WEFT_ENOMEM. */
WEFT_API weft_status weft_queue_create(const weft_queue_options_t *options, weft_queue_t **out);

/** Take one more reference and return the same pointer. NULL gives NULL. Never blocks. */
WEFT_API weft_queue_t *weft_queue_ref(weft_queue_t *queue);

/** Give back a reference. With the last one the queue is closed, what is in it is lost, its ties to futures and groups
 * are undone, and its descriptor is closed. The futures, groups and timers go on. NULL is allowed. Never blocks. */
WEFT_API void weft_queue_unref(weft_queue_t *queue);

/** Its descriptor, for poll and its kin. Readable exactly while events wait in the queue, and for ever once it is
 * closed; level-triggered: whoever takes out some of the events and polls again is told again. (Edge-triggered, it
 * fires when the first event comes into the empty queue.) It belongs to the queue: do not read, write or close it, and
 * forget it before the last reference goes. Made by the first call, so a queue that nobody polls costs none; later
 * calls give the same. Not inherited by exec. Never blocks. WEFT_EAGAIN: the system refuses a descriptor; a later call
 * may have one. WEFT_EINVAL: queue or out is NULL. */
WEFT_API weft_status weft_queue_fd(weft_queue_t *queue, int32_t *out);

/** Take out up to max events, the oldest first. Never blocks. *count: how many were stored in events.
 *  WEFT_OK: also when there is none: then *count is 0. WEFT_ECLOSED: the queue is closed, and nothing is left in it.
 * WEFT_EINVAL: queue, events or count is NULL, or max is 0. */
WEFT_API weft_status weft_queue_pop(weft_queue_t *queue, weft_event_t *events, size_t max, size_t *count);

/** The same, but wait for the first one if there is none. Blocks up to timeout. Any number of threads may wait; what
 * comes wakes one of them. Inside a task it may run tasks that are tied to the queue and have not started, and tasks of
 * tied groups, by the rule of base.h, so that a task may wait for others of its own one-worker pool. It is never
 * WEFT_EDEADLK, for anybody might still post an event.
 *  WEFT_OK: *count is at least 1. WEFT_ETIMEDOUT. WEFT_EINTERRUPTED: the waiting thread or task was asked to stop.
 * WEFT_ECLOSED, WEFT_EINVAL: as weft_queue_pop. WEFT_ENOMEM: there is none to let a thread wait that is new to weft. */
WEFT_API weft_status weft_queue_wait(weft_queue_t *queue, weft_event_t *events, size_t max, int64_t timeout,
                                     size_t *count);

/** Put in an event of the caller's. From any thread. Never blocks. WEFT_EINVAL: queue is NULL. WEFT_ECLOSED.
 * WEFT_ENOMEM. */
WEFT_API weft_status weft_queue_post(weft_queue_t *queue, uint64_t tag, uint64_t value);

/** Close it: what is in it can still be taken out; what would come later is dropped; who waits, wakes; the descriptor
 * stays readable. Closing it again is harmless. Never blocks. WEFT_OK. WEFT_EINVAL: NULL. */
WEFT_API weft_status weft_queue_close(weft_queue_t *queue);

/** One event when the future is done, at once if it is: an event comes in any case, also when it is cancelled or is a
 * promise that is given up. A future may be tied several times, to the same queue too. The event is put in by the
 * thread that finishes or cancels the future, in the order of weft_future_add_done_callback. Undone
 * by weft_future_untie. Never blocks. WEFT_EINVAL: future or queue is NULL. WEFT_ECLOSED. WEFT_ENOMEM. */
WEFT_API weft_status weft_future_notify(weft_future_t *future, weft_queue_t *queue, uint64_t tag);

/** Undo one tie of this future to this queue with this tag; of several that are alike, one. The future goes on. From
 * any thread; of the calls for one tie one says WEFT_OK. Never blocks. On every failure nothing was changed.
 *  WEFT_OK: no event of that tie has come or will. WEFT_EDONE: too late, the future is done: if it was tied so, the
 * event was put in, or is being put in at this moment, and is to be taken out like any other. WEFT_EINVALIDSTATE: it is
 * not done, and there is no such tie. WEFT_EINVAL: future or queue is NULL. */
WEFT_API weft_status weft_future_untie(weft_future_t *future, weft_queue_t *queue, uint64_t tag);

/** One event when nothing of the group is pending any more, at once if so now. For the next round it is tied again.
 * Each tie gives an event of its own. The group need not be kept. Never blocks. WEFT_EINVAL: group or queue is NULL.
 * WEFT_ECLOSED. WEFT_ENOMEM. */
WEFT_API weft_status weft_group_notify(weft_group_t *group, weft_queue_t *queue, uint64_t tag);

/** Undo one tie of this group to this queue with this tag, as weft_future_untie. WEFT_OK: no event of that tie has come
 * or will. WEFT_EDONE: too late, nothing of the group is pending: if it was tied so, the event was put in or is being
 * put in at this moment. WEFT_EINVALIDSTATE: something is pending, and there is no such tie: there never was, or it was
 * undone, or it had its event in an earlier round. WEFT_EINVAL: group or queue is NULL. */
WEFT_API weft_status weft_group_untie(weft_group_t *group, weft_queue_t *queue, uint64_t tag);

/** Make a timer that is not armed, whose ticks go to a queue instead of a task. All else is as with weft_timer_create:
 * the executor looks after the time, so a pool needs a worker that is free to, and a caller-run executor one who runs
 * it; but nothing is run. Ticks that come while an event of this timer waits in the queue are added to that event's
 * value, so a timer never has more than one event there. With WEFT_MISSED_CATCH_UP each tick that was missed is
 * counted. What is in the queue stays there when the timer is cancelled or given back. weft_timer_cancel never says
 * WEFT_ERUNNING. Never blocks.
 *  Success: *out owns one reference. WEFT_EINVAL: executor, queue or out is NULL. WEFT_ECLOSED: the queue, or
 * the domain that the thread is inside of.
 * WEFT_ESHUTDOWN, WEFT_EBROKEN: as weft_timer_create. WEFT_ENOMEM. */
WEFT_API weft_status weft_timer_create_notify(weft_executor_t *executor, weft_queue_t *queue, uint64_t tag,
                                              weft_timer_t **out);

#ifdef __cplusplus
}
#endif
#endif
