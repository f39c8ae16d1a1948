/* weft/group.h: groups of tasks: fork-join.
 *
 * A group belongs to a pool. Tasks are spawned into it, from anywhere, also from its own tasks; then somebody waits for
 * all of them. A worker that waits does not idle: it runs tasks of this group, the newest first, or what these wait for
 * (WEFT_GROUP_SCOPED), and never unrelated ones on top of the caller's stack. So recursion may spawn and wait at every
 * level, and takes no more memory than it is deep. Spawned tasks have no futures: they report to the group, which keeps
 * the first error.
 *
 * What is no task of weft's can be pending in a group too: a request that another library answers, a thread, a timer.
 * It is entered, and left when it is over. And what is to follow need not be waited for: it runs once nothing of the
 * group is pending any more.
 *
 *   for (i = 0; i < count; ++i) {
 *     weft_group_enter(group);
 *     request(urls[i], answered, group);                  answered() ends with weft_group_leave(group)
 *   }
 *   weft_group_then(group, pool, NULL, report, all, free); once, after the last answer
 *   weft_group_unref(group);
 */
#ifndef WEFT_GROUP_H
#define WEFT_GROUP_H

#include <weft/base.h>
#include <weft/error.h>
#include <weft/executor.h>
#include <weft/task.h>
#include <weft/task_options.h>

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

/** Give back a reference. What was spawned still runs, and what was entered is still left. NULL is allowed. Never
 * blocks. */
WEFT_API void weft_group_unref(weft_group_t *group);

/** Spawn a task. options: NULL for the defaults. Its result is ignored; its error goes to the group. On a worker of the
 * pool it lies on that worker's own deque, newest first, until another worker steals it, oldest first; from elsewhere
 * it starts in the order of spawning. The bound of the pool's queue does not count it. ctx, drop: on success they
 * belong to weft; drop runs when the task has run, on the same thread and before the group is done, or when it is
 * cancelled, on the thread that finds it so. Never blocks. On failure the caller keeps ctx. WEFT_EINVAL: group or fn is
 * NULL. WEFT_ESHUTDOWN, WEFT_EBROKEN: of the pool; tasks that the pool has accepted may go on spawning. WEFT_EAGAIN:
 * there is no worker yet and the system refuses a thread. WEFT_ENOMEM. WEFT_ECANCELED: the token of the options is
 * cancelled. WEFT_ECLOSED: its domain is closed. WEFT_ENOTSUP (options, or they have a priority or a result_drop: a
 * group has one order and no results). */
WEFT_API weft_status weft_group_spawn(weft_group_t *group, const weft_task_options_t *options, weft_task_fn fn,
                                      void *ctx, weft_drop_fn drop);

/** Spawn a task with room (task.h), of a WEFT_TASK_POSTED type. Success: the task and its closure belong to the group.
 *  On failure both are the caller's. WEFT_EINVAL: an argument is NULL, or the type is not WEFT_TASK_POSTED.
 * WEFT_ENOTSUP: it has another priority than WEFT_PRIORITY_NORMAL, and the order of a group knows none. The rest as
 * weft_group_spawn.
 */
WEFT_API weft_status weft_group_spawn_task(weft_group_t *group, weft_task_t *task);

/** Make a task with room and spawn it, in one call, for a closure that is moved by copying its bytes: size of them go
 * from closure to the beginning of the room. type: a WEFT_TASK_POSTED one. closure: need not be aligned; NULL if
 * size is 0. size: up to type->room_size. Success: the closure has moved; the caller's bytes are not to be used or
 * destroyed any more. On failure nothing was copied for good, and the closure is still the caller's. WEFT_EINVAL: group
 * or type is NULL, or closure is though size is not 0; a field of type is out of range, or it is not WEFT_TASK_POSTED;
 * size is more than room_size. The rest as weft_group_spawn. */
WEFT_API weft_status weft_group_spawn_value(weft_group_t *group, const weft_task_options_t *options,
                                            const weft_task_type_t *type, const void *closure, size_t size);

/** The most things that are entered in a group at the same time. */
#define WEFT_GROUP_ENTERED_MAX 0x1000000

/** Count something as pending that is no task, until weft_group_leave. weft_group_wait and its kin wait for it,
 * weft_group_then and weft_group_notify come after it. Enter before whatever leaves can begin. Nothing else ends it:
 * weft_group_cancel and the end of the pool do not concern it, and as anybody might leave, no wait for it is hopeless
 * (WEFT_EDEADLK); a task that waits keeps its worker, so if another task is to leave that is none of the group's, the
 * pool needs one more. It keeps the group as a reference does, so that the one who leaves needs none. It belongs to no
 * domain and is not refused by a pool that was shut down. From any thread. Never blocks.
 *  WEFT_OK. WEFT_EFULL: WEFT_GROUP_ENTERED_MAX are entered; nothing changed. WEFT_EINVAL: NULL. */
WEFT_API weft_status weft_group_enter(weft_group_t *group);

/** One thing that was entered is over. What the caller did before happens before what follows a wait or a
 * weft_group_then. The group may be gone afterwards, unless the caller has a reference. From any thread, in tasks of
 * the group too. Never blocks; hands over what weft_group_then has kept, if nothing else is pending.
 *  WEFT_OK. WEFT_EINVALIDSTATE: nothing is entered; nothing changed. WEFT_EINVAL: NULL. */
WEFT_API weft_status weft_group_leave(weft_group_t *group);

/** Post a task to an executor once nothing of the group is pending, at once if so now. Each call posts one task, once,
 * whether or not tasks of the group have failed or were cancelled; what waits for the same moment is posted in the
 * order of the calls. It is no task of the group's: the group does not wait for it, and does not cancel it. The group
 * need not be kept.
 *  executor: of any kind, the group's pool or another; weft keeps a handle until it has got the task. The bound of its
 * queue does not count the task. It gets it from the thread that ends the last task of the group or leaves. If it was
 * shut down before, the task is cancelled; so what is to run on a pool that ends with the group waits for the group
 * instead. If it refuses for another reason, the task fails with that, which the exception hook is told.
 *  ctx, drop: on success they belong to weft. drop runs once: when fn has run, on the same thread; or when the task is
 * cancelled or refused, on the thread that does that; there it must not wait for anything. options:
 * NULL for the defaults. The close of the task's domain, or its token, cancels it while it waits for the group.
 *  Never blocks. On failure the caller keeps ctx. WEFT_EINVAL: group, executor or fn is NULL. WEFT_ENOMEM.
 * WEFT_ECANCELED: the token of the options is cancelled. WEFT_ECLOSED: its domain is closed. WEFT_ENOTSUP (options, or
 * a priority and the executor is no pool). */
WEFT_API weft_status weft_group_then(weft_group_t *group, weft_executor_t *executor, const weft_task_options_t *options,
                                     weft_task_fn fn, void *ctx, weft_drop_fn drop);

/** The same with a task with room (task.h), of a WEFT_TASK_POSTED type, with the token, the domain and the priority
 * that it has. A token or domain may cancel it while it waits. Success: the task and its closure belong to weft. On
 * failure both are the caller's. WEFT_EINVAL: an argument is NULL, or the type is not WEFT_TASK_POSTED. WEFT_ENOTSUP:
 * it has a priority, and the executor is no pool. WEFT_ECANCELED: its token is cancelled. WEFT_ECLOSED: its domain is
 * closed. WEFT_ENOMEM. */
WEFT_API weft_status weft_group_then_task(weft_group_t *group, weft_executor_t *executor, weft_task_t *task);

/** Wait until nothing of the group is pending. On a worker of its pool this runs tasks of the group, by the rule of
 * base.h. Blocks up to timeout, and until a task that it has begun has ended. Any number of threads may wait.
 *  WEFT_OK: all have run. WEFT_EFAILED: at least one has failed; see weft_group_error. WEFT_ECANCELED: none has failed,
 * and at least one never ran. WEFT_ETIMEDOUT, WEFT_EINTERRUPTED: as weft_future_wait; the group goes on.
 * WEFT_EDEADLK: it could never end, such as when a task waits for its own group, and nothing is entered. WEFT_ENOMEM.
 * WEFT_EINVAL: NULL. */
WEFT_API weft_status weft_group_wait(weft_group_t *group, int64_t timeout);

/** Wait until nothing of the group is pending, for destructors: the closures refer to what is about to go. Requests to
 * stop and the end of the runtime do not end this wait. Blocks; runs tasks as weft_group_wait does, however deep it is
 * nested. Returns early only when the wait could never end. NULL is allowed. */
WEFT_API void weft_group_settle(weft_group_t *group);

/** The end of the scope that the tasks of a group refer to, in one call: if anything is pending, weft_group_cancel and
 * weft_group_settle; then weft_group_unref. Cheap when weft_group_wait has come before. Blocks as weft_group_settle.
 * NULL is allowed. */
WEFT_API void weft_group_end(weft_group_t *group);

/** Cancel what has not started, now and from now on until weft_group_reset: those tasks are dropped, here or by the
 * worker that comes by. Tasks that run are asked to stop (weft_stop_requested, WEFT_EINTERRUPTED). What is entered
 * stays pending until it is left. Never blocks otherwise. WEFT_OK. WEFT_EINVAL: NULL. */
WEFT_API weft_status weft_group_cancel(weft_group_t *group);

/** The first error: *error is a new reference, or NULL when no task has failed so far. Never blocks. WEFT_EINVAL: group
 * or error is NULL. */
WEFT_API weft_status weft_group_error(weft_group_t *group, weft_error_t **error);

/** Forget the error and the cancellation, to use the group again. Never blocks. WEFT_EINVALIDSTATE: something is
 * pending. WEFT_ECANCELED: its token is cancelled; nothing changed. WEFT_EINVAL: NULL. */
WEFT_API weft_status weft_group_reset(weft_group_t *group);

#ifdef __cplusplus
}
#endif
#endif
