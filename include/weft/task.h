/* weft/task.h: tasks with room: the caller builds its closure inside the task's own allocation, and
 * the result lands in the same room.
 *
 * This is for weft.hpp and for bindings: one allocation for a task, in any language. The life of
 * such a task:
 *
 *   weft_task_create(&type, &task)           an empty task; the caller owns it
 *   room = weft_task_room(task)              build the closure there
 *   weft_executor_submit_task(ex, task, &f)  on success the executor owns the task; f is its future
 *   weft_task_destroy(&task)                 only if it was not accepted; destroy the closure first
 *
 * A closure may be moved by a copy of its bytes in most languages. For such a closure one call does
 * all of that:
 *
 *   weft_executor_submit_value(ex, NULL, &type, &closure, sizeof closure, &f)
 *
 * A type is a constant that lives as long as any task of it, in practice static.
 * weft_task_create_with has an exception for libraries that are unloaded.
 */
#ifndef WEFT_TASK_H
#define WEFT_TASK_H

#include <weft/base.h>
#include <weft/error.h>
#include <weft/executor.h>
#include <weft/future.h>
#include <weft/task_options.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A task that was not submitted yet. Owned: weft_task_create / weft_task_destroy, or a submit. One
 * thread at a time may use it. */
typedef struct weft_task weft_task_t;

/** weft_task_type_t.flags: the task has no future; it can only be posted. Saves memory. */
#define WEFT_TASK_POSTED 1u
/** weft_task_type_t.flags: the task is for weft_future_then_task (continuation.h), and for nothing
 * else. */
#define WEFT_TASK_CONTINUATION 2u
/** weft_task_type_t.flags: weft_future_take moves the result out of the room, and drop_result does
 * not run after that. For languages in which nothing is left behind where a value is moved out.
 * Without this flag drop_result runs in any case. */
#define WEFT_TASK_MOVES 4u

/** How to run and drop the tasks of one type. run and drop get the room. For each accepted task
 * weft calls exactly one of run and drop, once. */
typedef struct weft_task_type {
  uint32_t size;       /**< sizeof(weft_task_type_t) */
  uint32_t flags;      /**< WEFT_TASK_POSTED; or any of WEFT_TASK_CONTINUATION and WEFT_TASK_MOVES; or 0 */
  uint32_t room_size;  /**< bytes for the larger of closure and result; up to 2^30; 0 is allowed */
  uint32_t room_align; /**< a power of two up to 4096; 0: 16 */
  /** Run the closure in `room` and destroy it. Then build the result in `room` and return WEFT_OK.
   * For a failure return another value, or store an error in `*error` (the reference passes to
   * weft), and leave `room` empty. `error` is never NULL, and `*error` is NULL at the call. */
  weft_status (*run)(void *room, weft_error_t **error);
  /** Destroy the closure in the room: the task will never run. Runs on the thread that cancels the
   * task; in a group see weft_group_cancel. NULL: nothing to do. */
  weft_drop_fn drop;
  /** Destroy the result in the room: the last reference to the future is gone, or the task has no
   * future and has run, as in a group. Does not run for a result that was taken if the type has
   * WEFT_TASK_MOVES. NULL: nothing to do. */
  weft_drop_fn drop_result;
} weft_task_type_t;

/** Allocate a task with an empty room.
 *
 * A task that is made inside a domain belongs to that domain (domain.h).
 *
 * Blocks:    never.
 * Ownership: on success `*out` is the caller's until a submit accepts it, or weft_task_destroy.
 *
 * Returns
 *   WEFT_OK      `*out` is the task
 *   WEFT_EINVAL  `type` or `out` is NULL, or a field of `type` is out of range
 *   WEFT_ENOMEM  nothing changed
 */
WEFT_API weft_status weft_task_create(const weft_task_type_t *type, weft_task_t **out);

/** Allocate a task with an empty room, with options (task_options.h).
 *
 * `options`: NULL for the defaults. A token that is cancelled or a domain that is closed is no
 * failure here: the submit returns WEFT_ECANCELED or WEFT_ECLOSED.
 *
 * A task that has a token, a domain or a name keeps a copy of its type. Such a type may be freed,
 * or its library unloaded, once no task of it will call run, drop or drop_result any more.
 *
 * Blocks:    never.
 * Ownership: as weft_task_create.
 *
 * Returns
 *   WEFT_OK       `*out` is the task
 *   WEFT_EINVAL   `type` or `out` is NULL, a field of `type` is out of range, or the options are
 *                 malformed
 *   WEFT_ENOTSUP  the options are of a later version, or have a result_drop: the type has
 *                 drop_result
 *   WEFT_ENOMEM   nothing changed
 */
WEFT_API weft_status weft_task_create_with(const weft_task_type_t *type, const weft_task_options_t *options,
                                           weft_task_t **out);

/** Get the room of a task, to build the closure there. Never blocks.
 *
 * Returns    room_size bytes, aligned to room_align; NULL for NULL.
 */
WEFT_API void *weft_task_room(weft_task_t *task);

/** Set the priority of a task for the submit that follows.
 *
 * `priority`: WEFT_PRIORITY_..., see weft_task_options_t.
 *
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK      the task has the priority
 *   WEFT_EINVAL  `task` is NULL, or `priority` is none of these
 */
WEFT_API weft_status weft_task_set_priority(weft_task_t *task, uint32_t priority);

/** Free a task that was not accepted. Never blocks.
 *
 * The room is not touched: destroy the closure before. `*task` becomes NULL. NULL and a pointer to
 * NULL are harmless. */
WEFT_API void weft_task_destroy(weft_task_t **task);

/** Submit a task with room.
 *
 * `out` gets the future. NULL submits without a future: an error of the task goes to the exception
 * hook then.
 *
 * Blocks:    as weft_executor_submit.
 * Ownership: on success the task and its closure belong to the executor, and `*out` owns one
 *            reference. On failure both are still the caller's.
 *
 * Returns
 *   WEFT_OK            the executor has accepted the task
 *   WEFT_ESHUTDOWN     the executor was shut down
 *   WEFT_EBROKEN       the pool is broken, see weft_executor_error
 *   WEFT_ECANCELED     the token of the task is cancelled
 *   WEFT_ECLOSED       the domain of the task is closed
 *   WEFT_EFULL         the queue is full, with WEFT_FULL_FAIL
 *   WEFT_ETIMEDOUT     the queue was full for `full_timeout`, with WEFT_FULL_WAIT
 *   WEFT_EINTERRUPTED  the caller was asked to stop while it waited for the queue
 *   WEFT_EDEADLK       the queue is full, and without `full_timeout` the wait could never end
 *   WEFT_EAGAIN        the pool has no worker, and the system refuses a thread
 *   WEFT_ENOTSUP       the task has a priority, and the executor is no pool
 *   WEFT_EINVAL        `executor` or `task` is NULL, `out` is given for a WEFT_TASK_POSTED type, or
 *                      the type is a WEFT_TASK_CONTINUATION
 *   WEFT_ENOMEM        nothing changed
 */
WEFT_API weft_status weft_executor_submit_task(weft_executor_t *executor, weft_task_t *task, weft_future_t **out);

/** Make a task, move a closure into its room, and submit it, in one call.
 *
 * `options`: NULL for the defaults. `closure`: the bytes of the closure, `size` of them, at most
 * room_size. They are copied to the beginning of the room. They need not be aligned. `closure` may
 * be NULL if `size` is 0. `out` gets the future; NULL submits without one.
 *
 * Blocks:    as weft_executor_submit.
 * Ownership: on success the closure has moved: the caller neither uses nor destroys its bytes any
 *            more, and `*out` owns one reference. On failure the closure is still the caller's.
 *
 * Returns
 *   WEFT_OK            the executor has accepted the task
 *   WEFT_ESHUTDOWN     the executor was shut down
 *   WEFT_EBROKEN       the pool is broken, see weft_executor_error
 *   WEFT_ECANCELED     the token of the options is cancelled
 *   WEFT_ECLOSED       the domain of the task is closed
 *   WEFT_EFULL         the queue is full, with WEFT_FULL_FAIL
 *   WEFT_ETIMEDOUT     the queue was full for `full_timeout`, with WEFT_FULL_WAIT
 *   WEFT_EINTERRUPTED  the caller was asked to stop while it waited for the queue
 *   WEFT_EDEADLK       the queue is full, and without `full_timeout` the wait could never end
 *   WEFT_EAGAIN        the pool has no worker, and the system refuses a thread
 *   WEFT_ENOTSUP       the options are of a later version or have a result_drop; or they have a
 *                      priority, and the executor is no pool
 *   WEFT_EINVAL        `executor` or `type` is NULL; `closure` is NULL though `size` is not 0;
 *                      `size` is more than room_size; a field of `type` is out of range; `out` is
 *                      given for a WEFT_TASK_POSTED type; the type is a WEFT_TASK_CONTINUATION; or
 *                      the options are malformed
 *   WEFT_ENOMEM        nothing changed
 */
WEFT_API weft_status weft_executor_submit_value(weft_executor_t *executor, const weft_task_options_t *options,
                                                const weft_task_type_t *type, const void *closure, size_t size,
                                                weft_future_t **out);

/** Submit several tasks with room at once, all or none.
 *
 * They are submitted in this order, as by weft_executor_submit_batch. `tasks` holds `count`
 * different tasks. `futures` is NULL or has room for `count` futures. A `count` of 0 is WEFT_OK.
 *
 * Blocks:    as weft_executor_submit_batch.
 * Ownership: on success the tasks and their closures belong to the executor, and each future owns
 *            one reference. On failure all are still the caller's.
 *
 * Returns
 *   WEFT_OK            the executor has accepted all tasks
 *   WEFT_ESHUTDOWN     the executor was shut down
 *   WEFT_EBROKEN       the pool is broken, see weft_executor_error
 *   WEFT_ECANCELED     the token of a task is cancelled
 *   WEFT_ECLOSED       the domain of a task is closed
 *   WEFT_EFULL         the tasks do not fit into the queue, with WEFT_FULL_FAIL; or they never fit:
 *                      they are more than `max_queue`
 *   WEFT_ETIMEDOUT     the queue was full for `full_timeout`, with WEFT_FULL_WAIT
 *   WEFT_EINTERRUPTED  the caller was asked to stop while it waited for the queue
 *   WEFT_EDEADLK       the queue is full, and without `full_timeout` the wait could never end
 *   WEFT_EAGAIN        the pool has no worker, and the system refuses a thread
 *   WEFT_ENOTSUP       the tasks have different priorities; or they have one, and the executor is
 *                      no pool
 *   WEFT_EINVAL        `executor` or an entry of `tasks` is NULL, `tasks` is NULL though `count` is
 *                      not 0, `futures` is given for a WEFT_TASK_POSTED type, or a type is a
 *                      WEFT_TASK_CONTINUATION
 *   WEFT_ENOMEM        nothing changed
 */
WEFT_API weft_status weft_executor_submit_tasks(weft_executor_t *executor, weft_task_t *const *tasks, size_t count,
                                                weft_future_t **futures);

#ifdef __cplusplus
}
#endif
#endif
