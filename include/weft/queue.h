/* weft/queue.h: completion queues: what happens in weft, as events that a host takes out when it
 * has time for them.
 *
 * They are for hosts with a loop of their own, and for languages whose code must not be called from
 * threads that they do not know. A host ties futures, groups and timers to a queue, with a tag.
 * Each becomes an event there. weft calls no code of the host for that.
 *
 *   weft_queue_create(NULL, &queue);
 *   weft_queue_fd(queue, &fd);                  for poll, epoll, select: readable while events wait
 *   weft_executor_submit(pool, NULL, fn, ctx, drop, &future);
 *   weft_future_notify(future, queue, 42);      an event with tag 42 when it is done
 *   ...
 *   poll(...);
 *   weft_queue_pop(queue, events, 64, &count);  never blocks
 *
 * Threads. Any number of threads may put events in and take events out. Each event goes to one of
 * the threads that take. Events come out in the order in which they went in.
 *
 * Ties. A tie stands for one event that is to come. The event is allocated when the tie is made, so
 * it needs no memory later. Neither the tie nor the event holds a reference to the future or group.
 * A host that wants the result after the event keeps a reference of its own.
 *
 * Memory. Everything that happened in the task happens before what follows the pop of its event.
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

/* Values of weft_event_t.kind: what an event is about. Skip kinds that you do not know.
 */
#define WEFT_EVENT_FUTURE 1u /**< a future is done: weft_future_notify */
#define WEFT_EVENT_GROUP 2u  /**< nothing of a group is pending: weft_group_notify */
#define WEFT_EVENT_TIMER 3u  /**< a timer has ticked: weft_timer_create_notify */
#define WEFT_EVENT_USER 4u   /**< weft_queue_post */

/** An event. Events are handed out in arrays, so this struct will never have another size or
 * layout: 32 bytes, the fields at 0, 8, 12, 16 and 24. */
typedef struct weft_event {
  uint64_t tag;  /**< as given with the tie or the post */
  uint32_t kind; /**< WEFT_EVENT_... */
  /** FUTURE: WEFT_OK, WEFT_EFAILED or WEFT_ECANCELED (also of a promise that was given up). GROUP:
   * what weft_group_wait would have returned. TIMER, USER: WEFT_OK. */
  int32_t status;
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

/** Make an empty queue. It belongs to no runtime.
 *
 * `options`: NULL for the defaults.
 *
 * Blocks:    never.
 * Ownership: on success `*out` owns one reference.
 *
 * Returns
 *   WEFT_OK       `*out` is the queue
 *   WEFT_ENOTSUP  the options are of a later version
 *   WEFT_EINVAL   `out` is NULL, a flag is set, or the options are malformed
 *   WEFT_ENOMEM   nothing changed
 */
WEFT_API weft_status weft_queue_create(const weft_queue_options_t *options, weft_queue_t **out);

/** Take one more reference and return the same pointer. NULL gives NULL. Never blocks. */
WEFT_API weft_queue_t *weft_queue_ref(weft_queue_t *queue);

/** Give back a reference. NULL is allowed. Never blocks.
 *
 * The last reference closes the queue and its descriptor. The events in it are lost, and its ties
 * to futures and groups are undone. The futures, groups and timers go on. */
WEFT_API void weft_queue_unref(weft_queue_t *queue);

/** Get the descriptor of a queue, for poll and its kin.
 *
 * It is readable exactly while events wait in the queue, and for ever once the queue is closed.
 *  - Level-triggered, a host that takes out some of the events and polls again is told again.
 *  - Edge-triggered, it fires when the first event comes into the empty queue.
 *
 * The descriptor belongs to the queue. Do not read, write or close it, and forget it before the
 * last reference to the queue goes. It is created on first use. Later calls give the same one. exec
 * does not inherit it.
 *
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK      `*out` is the descriptor
 *   WEFT_EAGAIN  the system refuses a descriptor; a later call may get one
 *   WEFT_EINVAL  `queue` or `out` is NULL
 */
WEFT_API weft_status weft_queue_fd(weft_queue_t *queue, int32_t *out);

/** Take out up to `max` events, the oldest first.
 *
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK       `*count` events are stored in `events`; 0: the queue is empty
 *   WEFT_ECLOSED  the queue is closed and empty
 *   WEFT_EINVAL   `queue`, `events` or `count` is NULL, or `max` is 0
 */
WEFT_API weft_status weft_queue_pop(weft_queue_t *queue, weft_event_t *events, size_t max, size_t *count);

/** Take out up to `max` events, the oldest first; wait for one if the queue is empty.
 *
 * An event wakes one of the threads that wait. A wait inside a task may run tied tasks that have
 * not started, and tasks of tied groups, by the rule of base.h. So a task may wait for others of
 * its own one-worker pool. The wait never returns WEFT_EDEADLK, because any thread might still post
 * an event.
 *
 * Threads:   any, several at once.
 * Blocks:    up to `timeout`.
 *
 * Returns
 *   WEFT_OK            `*count` events are stored in `events`, at least 1
 *   WEFT_ETIMEDOUT     the time is over, and no event has come
 *   WEFT_EINTERRUPTED  the calling thread or task was asked to stop
 *   WEFT_ECLOSED       the queue is closed and empty
 *   WEFT_EINVAL        `queue`, `events` or `count` is NULL, or `max` is 0
 *   WEFT_ENOMEM        no memory to wait with
 */
WEFT_API weft_status weft_queue_wait(weft_queue_t *queue, weft_event_t *events, size_t max, int64_t timeout,
                                     size_t *count);

/** Put in an event of the caller's, of the kind WEFT_EVENT_USER.
 *
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK       the event is in the queue
 *   WEFT_ECLOSED  the queue is closed
 *   WEFT_EINVAL   `queue` is NULL
 *   WEFT_ENOMEM   nothing changed
 */
WEFT_API weft_status weft_queue_post(weft_queue_t *queue, uint64_t tag, uint64_t value);

/** Close a queue.
 *
 * The events in it can still be taken out. Later events are dropped. Waiting threads wake. The
 * descriptor stays readable. To close it again is harmless.
 *
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK      the queue is closed
 *   WEFT_EINVAL  `queue` is NULL
 */
WEFT_API weft_status weft_queue_close(weft_queue_t *queue);

/** Tie a future to a queue: one event when the future is done, at once if it is.
 *
 * The event comes in any case, also when the future is cancelled, or is a promise that is given up.
 * The thread that finishes or cancels the future puts it in, in the order of
 * weft_future_add_done_callback. A future may be tied several times, also to the same queue.
 * weft_future_untie undoes a tie.
 *
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK       the event will come, or is in the queue
 *   WEFT_ECLOSED  the queue is closed
 *   WEFT_EINVAL   `future` or `queue` is NULL
 *   WEFT_ENOMEM   nothing changed
 */
WEFT_API weft_status weft_future_notify(weft_future_t *future, weft_queue_t *queue, uint64_t tag);

/** Undo one tie of this future to this queue with this tag. The future goes on.
 *
 * If several ties are alike, one of them is undone. If several threads undo one tie, one of them
 * gets WEFT_OK. On failure nothing changed.
 *
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK             no event of that tie has come or will come
 *   WEFT_EDONE          too late: the future is done. If there was such a tie, its event is in the
 *                       queue or is just being put in, and is taken out like any other
 *   WEFT_EINVALIDSTATE  the future is not done, and there is no such tie
 *   WEFT_EINVAL         `future` or `queue` is NULL
 */
WEFT_API weft_status weft_future_untie(weft_future_t *future, weft_queue_t *queue, uint64_t tag);

/** Tie a group to a queue: one event when nothing of the group is pending any more, at once if so
 * now.
 *
 * For the next round the group is tied again. Each tie gives an event of its own. The group need
 * not be kept.
 *
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK       the event will come, or is in the queue
 *   WEFT_ECLOSED  the queue is closed
 *   WEFT_EINVAL   `group` or `queue` is NULL
 *   WEFT_ENOMEM   nothing changed
 */
WEFT_API weft_status weft_group_notify(weft_group_t *group, weft_queue_t *queue, uint64_t tag);

/** Undo one tie of this group to this queue with this tag, as weft_future_untie.
 *
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK             no event of that tie has come or will come
 *   WEFT_EDONE          too late: nothing of the group is pending. If there was such a tie, its
 *                       event is in the queue or is just being put in
 *   WEFT_EINVALIDSTATE  something is pending, and there is no such tie: there never was, it was
 *                       undone, or it had its event in an earlier round
 *   WEFT_EINVAL         `group` or `queue` is NULL
 */
WEFT_API weft_status weft_group_untie(weft_group_t *group, weft_queue_t *queue, uint64_t tag);

/** Make a timer that is not armed. Its ticks are events in a queue, and no task runs.
 *
 * The executor looks after the time, as for weft_timer_create: a pool needs a worker that is free
 * to, and a caller-run executor a thread that runs it.
 *
 * There is at most one event of this timer in the queue. Ticks that come while it waits there are
 * added to its value. With WEFT_MISSED_CATCH_UP each tick that was missed is counted. The event
 * stays in the queue when the timer is cancelled or given back. weft_timer_cancel never returns
 * WEFT_ERUNNING for this timer.
 *
 * Blocks:    never.
 * Ownership: on success `*out` owns one reference. The timer keeps the memory of the queue, but
 *            does not keep it open.
 *
 * Returns
 *   WEFT_OK         `*out` is the timer
 *   WEFT_ESHUTDOWN  the executor was shut down
 *   WEFT_EBROKEN    the pool is broken, see weft_executor_error
 *   WEFT_ECLOSED    the queue is closed, or the caller is inside a domain that is closed
 *   WEFT_EINVAL     `executor`, `queue` or `out` is NULL
 *   WEFT_ENOMEM     nothing changed
 */
WEFT_API weft_status weft_timer_create_notify(weft_executor_t *executor, weft_queue_t *queue, uint64_t tag,
                                              weft_timer_t **out);

#ifdef __cplusplus
}
#endif
#endif
