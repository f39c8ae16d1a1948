/* weft/group.h: groups of tasks: fork-join.
 *
 * A group belongs to a pool. Tasks are spawned into it, from anywhere, also from its own tasks; then somebody waits for
 * all of them. A worker that waits does not idle: it runs tasks of this group, the newest first, or what these wait for
 * (WEFT_GROUP_SCOPED), and never unrelated ones on top of the caller's stack. So recursion may spawn and wait at every
 * level, and takes no more memory than it is deep. Spawned tasks have no futures: they report to the group, which keeps
 * the first error.
 */
#ifndef WEFT_GROUP_H
#define WEFT_GROUP_H

#include <weft/base.h>
#include <weft/error.h>
#include <weft/executor.h>
#include <weft/task.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A group. Shared: weft_group_ref / weft_group_unref. */
typedef struct weft_group weft_group_t;

/** weft_group_options_t.flags: the first error cancels what has not started. */
#define WEFT_GROUP_CANCEL_ON_ERROR 1u
/** weft_group_options_t.flags: the task that makes the group waits for it, or ends it (weft_group_end), before it ends
 * itself. Then a worker that waits for a task further up, which has been taken by another worker, may run tasks of this
 * group meanwhile: it waits for them anyway. Without effect for a group that is not made inside of a task. */
#define WEFT_GROUP_SCOPED 2u

/** Options of a group. */
typedef struct weft_group_options {
  uint32_t size;              /**< sizeof(weft_group_options_t), see WEFT_OPTIONS_INIT */
  uint32_t flags;             /**< any of WEFT_GROUP_CANCEL_ON_ERROR, WEFT_GROUP_SCOPED */
  weft_cancel_token_t *token; /**< cancels the group with it, as weft_group_cancel does (what has not started is dropped
                                 by the worker that comes by); the group keeps a reference; NULL: none */
} weft_group_options_t;

static inline void weft_group_options_init(weft_group_options_t *options) {
  WEFT_OPTIONS_INIT(options);
}

/** Make a group on a pool, of which it keeps a reference. options: NULL for the defaults. Never blocks.
 *  Success: *out owns one reference. WEFT_EINVAL: pool or out is NULL, or an unknown flag. WEFT_ENOTSUP: pool is not a
 * pool, or the options are of a later version. WEFT_ENOMEM. WEFT_ECANCELED: the token is cancelled. */
WEFT_API weft_status weft_group_create(weft_executor_t *pool, const weft_group_options_t *options, weft_group_t **out);

/** Take one more reference and return the same pointer. NULL gives NULL. Never blocks. */
WEFT_API weft_group_t *weft_group_ref(weft_group_t *group);

/** Give back a reference. What was spawned still runs. NULL is allowed. Never blocks. */
WEFT_API void weft_group_unref(weft_group_t *group);

/** Spawn a task. Its result is ignored; its error goes to the group. On a worker of the pool it lies on that worker's
 * own deque, newest first, until another worker steals it, oldest first; from elsewhere it starts in the order of
 * spawning. The bound of the pool's queue does not count it. ctx, drop: on success they belong to weft; drop runs when
 * the task has run, on the same thread and before the group is done, or when it is cancelled, on the thread that finds
 * it so. Never blocks. On failure the caller keeps ctx. WEFT_EINVAL: group or fn is NULL. WEFT_ESHUTDOWN, WEFT_EBROKEN:
 * of the pool; tasks that the pool has accepted may go on spawning. WEFT_EAGAIN: there is no worker yet and the system
 * refuses a thread. WEFT_ENOMEM. WEFT_ECLOSED: the thread is inside of a domain that is closed. */
WEFT_API weft_status weft_group_spawn(weft_group_t *group, weft_task_fn fn, void *ctx, weft_drop_fn drop);

/** Spawn a task with room (task.h), of a WEFT_TASK_POSTED type. Success: the task and its closure belong to the group.
 *  On failure both are the caller's. WEFT_EINVAL: an argument is NULL, or the type is not WEFT_TASK_POSTED. The rest as
 * weft_group_spawn. */
WEFT_API weft_status weft_group_spawn_task(weft_group_t *group, weft_task_t *task);

/** Wait until nothing of the group is pending. On a worker of its pool this runs tasks of the group. Blocks up to
 * timeout (and as long as a task takes that it has begun). Any number of threads may wait.
 *  WEFT_OK: all have run. WEFT_EFAILED: at least one has failed; see weft_group_error. WEFT_ECANCELED: none has failed,
 * and at least one never ran. WEFT_ETIMEDOUT, WEFT_EINTERRUPTED: as weft_future_wait; the group goes on.
 * WEFT_EDEADLK: it could never end, such as when a task waits for its own group. WEFT_ENOMEM. WEFT_EINVAL: NULL. */
WEFT_API weft_status weft_group_wait(weft_group_t *group, int64_t timeout);

/** Wait until nothing of the group is pending, whoever asks the caller to stop: for destructors, whose closures refer
 * to what is about to go. Blocks; runs tasks as weft_group_wait does. Returns early only when the wait could never end.
 * NULL is allowed. */
WEFT_API void weft_group_settle(weft_group_t *group);

/** The end of the scope that the tasks of a group refer to, in one call: if anything is pending, weft_group_cancel and
 * weft_group_settle; then weft_group_unref. Cheap when weft_group_wait has come before. Blocks as weft_group_settle.
 * NULL is allowed. */
WEFT_API void weft_group_end(weft_group_t *group);

/** Cancel what has not started, now and from now on until weft_group_reset: those tasks are dropped, here or by the
 * worker that comes by. Tasks that run are asked to stop (weft_stop_requested, WEFT_EINTERRUPTED). Never blocks
 * otherwise. WEFT_OK. WEFT_EINVAL: NULL. */
WEFT_API weft_status weft_group_cancel(weft_group_t *group);

/** The first error: *error is a new reference, or NULL when no task has failed so far. Never blocks. WEFT_EINVAL: group
 * or error is NULL. */
WEFT_API weft_status weft_group_error(weft_group_t *group, weft_error_t **error);

/** Forget the error and the cancellation, to use the group again. Never blocks. WEFT_EINVALIDSTATE: tasks are pending.
 * WEFT_ECANCELED: its token is cancelled; nothing changed. WEFT_EINVAL: NULL. */
WEFT_API weft_status weft_group_reset(weft_group_t *group);

#ifdef __cplusplus
}
#endif
#endif
