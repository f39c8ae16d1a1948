/* weft/task.h: tasks with room: the caller builds its closure inside the task's own allocation, and the result lands in
 * the same room.
 *
 * For weft.hpp and for bindings: one allocation per task in any language. The life of such a task:
 *
 *   weft_task_create(&type, &task)          an empty task; the caller owns it
 *   room = weft_task_room(task)             build the closure there
 *   weft_executor_submit_task(ex, task, &f) on success the task belongs to the executor, and f is its future
 *   weft_task_destroy(&task)                only if it was not accepted, after the caller has destroyed its closure
 *
 * A closure that can be moved by copying its bytes (what most languages do anyway) needs one call for all of that:
 *
 *   weft_executor_submit_value(ex, NULL, &type, &closure, sizeof closure, &f)
 *
 * A type is a constant that lives as long as any task of it (in practice: static).
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

/** A task that was not submitted yet. Owned; not thread-safe. */
typedef struct weft_task weft_task_t;

/** weft_task_type_t.flags: the task has no future; it can only be posted. Saves memory. */
#define WEFT_TASK_POSTED 1u
/** weft_task_type_t.flags: the task is for weft_future_then_task (continuation.h), and for nothing else. */
#define WEFT_TASK_CONTINUATION 2u
/** weft_task_type_t.flags: whoever takes the result (weft_future_take) moves it out of the room, so that drop_result
 * does not run after that. For languages in which nothing is left behind where a value is moved out; without it
 * drop_result runs in any case. */
#define WEFT_TASK_MOVES 4u

/** How to run and drop the tasks of one type. run and drop get the room. Exactly one of run and drop is called, once.
 */
typedef struct weft_task_type {
  uint32_t size;       /**< sizeof(weft_task_type_t) */
  uint32_t flags;      /**< WEFT_TASK_POSTED; or 0, WEFT_TASK_CONTINUATION, WEFT_TASK_MOVES, or both of these */
  uint32_t room_size;  /**< bytes for the larger of closure and result; up to 2^30; 0 is allowed */
  uint32_t room_align; /**< a power of two up to 4096; 0: 16 */
  /** Run the closure in room and destroy it. Then either build the result in room and return WEFT_OK; or return another
   * value or store an error in *error (its reference passes to weft), and leave room empty. error is never NULL and
   * *error is NULL at the call. */
  weft_status (*run)(void *room, weft_error_t **error);
  /** The task will never run: destroy the closure in room. NULL: nothing to do. Runs on the cancelling thread. */
  weft_drop_fn drop;
  /** The last reference to the future is gone: destroy the result in room, unless it was taken and the type has
   * WEFT_TASK_MOVES. NULL: nothing to do. */
  weft_drop_fn drop_result;
} weft_task_type_t;

/** Allocate a task. Never blocks. Success: *out is to be submitted or given to weft_task_destroy.
 *  WEFT_EINVAL: type or out is NULL, or a field of type is out of range (size, flags, run). WEFT_ENOMEM. */
WEFT_API weft_status weft_task_create(const weft_task_type_t *type, weft_task_t **out);

/** As weft_task_create, with options (task_options.h). A type may then be freed, or its library unloaded, when
 * no task of it will call run, drop or drop_result any more. options: NULL for the defaults. A token that is cancelled
 * is no failure here: the submit says so. WEFT_EINVAL: also malformed options. WEFT_ENOTSUP (options, or result_drop is
 * set: the type says how a result is dropped). */
WEFT_API weft_status weft_task_create_with(const weft_task_type_t *type, const weft_task_options_t *options,
                                           weft_task_t **out);

/** Where to build the closure: room_size bytes, aligned to room_align. NULL for NULL. Never blocks. */
WEFT_API void *weft_task_room(weft_task_t *task);

/** The priority of the submit that follows: WEFT_PRIORITY_..., see weft_task_options_t. Never blocks. WEFT_EINVAL:
 * NULL, or an unknown one. */
WEFT_API weft_status weft_task_set_priority(weft_task_t *task, uint32_t priority);

/** Free a task that was not accepted. Does not touch the room: destroy the closure before. *task becomes NULL; NULL and
 * a pointer to NULL are harmless. Never blocks. */
WEFT_API void weft_task_destroy(weft_task_t **task);

/** Submit a task with room. out: gets its future (one reference); NULL submits without a future.
 *  Success: the task and its closure belong to the executor. On failure both are still the caller's.
 *  WEFT_EINVAL: executor or task is NULL, out is given for a WEFT_TASK_POSTED type, or the type is a
 * WEFT_TASK_CONTINUATION. WEFT_ENOTSUP: it has a priority, and the executor is no pool. The rest as
 * weft_executor_submit. */
WEFT_API weft_status weft_executor_submit_task(weft_executor_t *executor, weft_task_t *task, weft_future_t **out);

/** All of the above in one call, for a closure that is moved by copying its bytes: make a task, copy size bytes from
 * closure to the beginning of its room, and submit it.
 *  options: NULL for the defaults. closure: need not be aligned; NULL if size is 0. size: up to type->room_size.
 * out: gets the future (one reference); NULL submits without a future. Success: the closure has moved; the caller's
 * bytes are not to be used or destroyed any more. On failure nothing was copied for good, and the closure is still the
 * caller's. Blocks as weft_executor_submit does. WEFT_EINVAL: executor or type is NULL, or closure is though size is
 * not 0; a field of type is out of range; size is more than room_size; out is given for a WEFT_TASK_POSTED type; the
 * type is a WEFT_TASK_CONTINUATION; malformed options. WEFT_ENOTSUP (options; also result_drop, and a priority where
 * the executor is no pool). WEFT_ENOMEM. WEFT_ECANCELED: its token is cancelled. The rest as weft_executor_submit. */
WEFT_API weft_status weft_executor_submit_value(weft_executor_t *executor, const weft_task_options_t *options,
                                                const weft_task_type_t *type, const void *closure, size_t size,
                                                weft_future_t **out);

/** Submit several at once, all or none, as weft_executor_submit_batch. tasks: count different tasks. futures: NULL, or
 * room for count futures. WEFT_EINVAL: an argument or entry is NULL, futures is given for a WEFT_TASK_POSTED type, or a
 * type is a WEFT_TASK_CONTINUATION. WEFT_ENOTSUP: they have different priorities, or one, and the executor is no pool.
 */
WEFT_API weft_status weft_executor_submit_tasks(weft_executor_t *executor, weft_task_t *const *tasks, size_t count,
                                                weft_future_t **futures);

#ifdef __cplusplus
}
#endif
#endif
