/* weft/group.h: groups of tasks, which are spawned, waited for and cancelled together: fork-join.
 *
 *   weft_group_create(pool, NULL, &group);
 *   for (i = 0; i < count; ++i) weft_group_spawn(group, NULL, resize, images[i], NULL);
 *   status = weft_group_wait(group, WEFT_FOREVER);            all have run
 *   weft_group_unref(group);
 *
 * Tasks. A group belongs to a pool, unless it is made without one, for entered things alone. Any
 * thread may spawn tasks into it, and so may its own tasks.
 * Spawned tasks have no futures: they report to the group, which keeps the first error.
 *
 * Waits. A worker that waits for a group does not idle. It runs tasks of this group, the newest
 * first, or what these wait for (WEFT_GROUP_SCOPED). It never runs unrelated tasks on top of the
 * caller's stack. So a recursion may spawn and wait at every level, and takes no more memory than
 * it is deep.
 *
 * Entered things. Something that is no task of weft can be pending in a group, too: a request that
 * another library answers, a thread, a timer. It is entered when it begins, and left when it is
 * over. Waits for the group include it.
 *
 *   for (i = 0; i < count; ++i) {
 *     weft_group_enter(group);
 *     request(urls[i], answered, group);                      answered() calls weft_group_leave
 *   }
 *   weft_group_then(group, pool, NULL, report, all, free);    runs once, after the last answer
 *   weft_group_unref(group);
 *
 *  - Only weft_group_leave ends an entered thing, not weft_group_cancel, nor the end of the pool.
 *  - Any thread might leave. So no wait for the group counts as endless while something is entered.
 *  - A task that waits keeps its worker. If a task of the same pool is to leave, and is no task of
 *    the group, the pool needs another worker for it.
 *
 * What follows. weft_group_then posts a task when nothing of the group is pending any more. No
 * thread waits for that.
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
/** weft_group_options_t.flags: the task that makes the group waits for it, or ends it
 * (weft_group_end), before it ends itself.
 *
 * This promise lets other workers help. A worker that waits further up for that task depends on
 * this group, too, so its wait may run tasks of the group. Without effect for a group that is not
 * made inside a task.
 */
#define WEFT_GROUP_SCOPED 2u

/** Options of a group. */
typedef struct weft_group_options {
  uint32_t size;  /**< sizeof(weft_group_options_t), see WEFT_OPTIONS_INIT */
  uint32_t flags; /**< any of WEFT_GROUP_CANCEL_ON_ERROR, WEFT_GROUP_SCOPED */
  /** When the token is cancelled, so is the group, as by weft_group_cancel. The worker that comes
   * to a task that has not started drops it. The group keeps a reference. NULL: none. */
  weft_cancel_token_t *token;
} weft_group_options_t;

static inline void weft_group_options_init(weft_group_options_t *options) {
  WEFT_OPTIONS_INIT(options);
}

/** Make a group on a pool, or without a pool.
 *
 * `pool`: NULL for a group into which nothing can be spawned: things are entered, left, and waited
 * for. `options`: NULL for the defaults.
 *
 * Blocks:    never.
 * Ownership: `*out` owns one reference. The group keeps a reference to the pool.
 *
 * Returns
 *   WEFT_OK            the group is made
 *   WEFT_EINVAL        `out` is NULL, or an option is out of range
 *   WEFT_ENOTSUP       `pool` is not a pool, or an option is of a later version
 *   WEFT_ECANCELED     the token of the options is cancelled
 *   WEFT_ENOMEM        nothing changed
 */
WEFT_API weft_status weft_group_create(weft_executor_t *pool, const weft_group_options_t *options, weft_group_t **out);

/** Take one more reference and return the same pointer. NULL gives NULL. Never blocks. */
WEFT_API weft_group_t *weft_group_ref(weft_group_t *group);

/** Give back a reference. What was spawned still runs, and what was entered may still be left. NULL
 * is allowed. Never blocks. */
WEFT_API void weft_group_unref(weft_group_t *group);

/** Spawn a task into a group.
 *
 * Its result is ignored, its error goes to the group. `options`: NULL for the defaults. The bound
 * of the pool's queue does not count the task.
 *
 * On a worker of the pool, the task lies on the deque of that worker. The worker takes the newest
 * task first, and another worker steals the oldest. From any other thread, tasks start in the order
 * of spawning.
 *
 * Blocks:    never.
 * Ownership: on success `ctx` belongs to weft, on failure to the caller. `drop` runs on the thread
 *            that has run the task, before the group is done; or on the thread that finds the task
 *            cancelled.
 *
 * Returns
 *   WEFT_OK            the task is accepted
 *   WEFT_EINVAL        `group` or `fn` is NULL, or an option is out of range
 *   WEFT_ENOTSUP       an option is of a later version, or there is a priority or a result_drop: a
 *                      group has one order and no results; or the group has no pool
 *   WEFT_ECANCELED     the token of the options is cancelled
 *   WEFT_ECLOSED       the domain of the task is closed
 *   WEFT_ESHUTDOWN     the pool was shut down, and the caller is inside no task of it
 *   WEFT_EBROKEN       the pool is broken, and the caller is inside no task of it
 *   WEFT_EAGAIN        the pool has no worker, and the system refuses a thread
 *   WEFT_ENOMEM        nothing changed
 */
WEFT_API weft_status weft_group_spawn(weft_group_t *group, const weft_task_options_t *options, weft_task_fn fn,
                                      void *ctx, weft_drop_fn drop);

/** Spawn a task with room (task.h) into a group.
 *
 * Its type is a WEFT_TASK_POSTED one. All else is as for weft_group_spawn.
 *
 * Blocks:    never.
 * Ownership: on success the task and its closure belong to the group, on failure to the caller.
 *
 * Returns
 *   WEFT_OK            the task is accepted
 *   WEFT_EINVAL        `group` or `task` is NULL, or the type of the task is not WEFT_TASK_POSTED
 *   WEFT_ENOTSUP       the task has a priority: a group has one order; or the group has no pool
 *   WEFT_ECANCELED     the token of the task is cancelled
 *   WEFT_ECLOSED       the domain of the task is closed
 *   WEFT_ESHUTDOWN     the pool was shut down, and the caller is inside no task of it
 *   WEFT_EBROKEN       the pool is broken, and the caller is inside no task of it
 *   WEFT_EAGAIN        the pool has no worker, and the system refuses a thread
 *   WEFT_ENOMEM        nothing changed
 */
WEFT_API weft_status weft_group_spawn_task(weft_group_t *group, weft_task_t *task);

/** Make a task with room and spawn it, in one call.
 *
 * For a closure that is moved by copying its bytes: `size` of them go from `closure` to the
 * beginning of the room. `type` is a WEFT_TASK_POSTED one. `closure` need not be aligned, and may
 * be NULL if `size` is 0. All else is as for weft_group_spawn.
 *
 * Blocks:    never.
 * Ownership: on success the closure has moved: the caller does not use or destroy its bytes any
 *            more. On failure it is still the caller's.
 *
 * Returns
 *   WEFT_OK            the task is accepted
 *   WEFT_EINVAL        `group` or `type` is NULL, `closure` is NULL with a size, a field of `type`
 *                      is out of range, `type` is not WEFT_TASK_POSTED, `size` is over its
 *                      room_size, or an option is out of range
 *   WEFT_ENOTSUP       an option is of a later version, or there is a priority or a result_drop; or
 *                      the group has no pool
 *   WEFT_ECANCELED     the token of the options is cancelled
 *   WEFT_ECLOSED       the domain of the task is closed
 *   WEFT_ESHUTDOWN     the pool was shut down, and the caller is inside no task of it
 *   WEFT_EBROKEN       the pool is broken, and the caller is inside no task of it
 *   WEFT_EAGAIN        the pool has no worker, and the system refuses a thread
 *   WEFT_ENOMEM        nothing changed
 */
WEFT_API weft_status weft_group_spawn_value(weft_group_t *group, const weft_task_options_t *options,
                                            const weft_task_type_t *type, const void *closure, size_t size);

/** The most things that are entered in a group at the same time. */
#define WEFT_GROUP_ENTERED_MAX 0x1000000

/** Count something that is no task as pending, until weft_group_leave.
 *
 * Waits for the group include it, and weft_group_then and weft_group_notify come after it. Make
 * this call before the code that leaves can begin. An entered thing keeps the group as a reference
 * does, so the thread that leaves needs none. It belongs to no domain, and a pool that was shut
 * down does not refuse it.
 *
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK            it is counted
 *   WEFT_EFULL         WEFT_GROUP_ENTERED_MAX are entered; nothing changed
 *   WEFT_EINVAL        `group` is NULL
 */
WEFT_API weft_status weft_group_enter(weft_group_t *group);

/** Say that one entered thing is over.
 *
 * If nothing else is pending, this call hands over what weft_group_then has kept. What the caller
 * did before happens before what follows a wait or a weft_group_then. The group may be gone
 * afterwards, unless the caller has a reference.
 *
 * Threads:   any, also in tasks of the group.
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK            it is not counted any more
 *   WEFT_EINVALIDSTATE nothing is entered; nothing changed
 *   WEFT_EINVAL        `group` is NULL
 */
WEFT_API weft_status weft_group_leave(weft_group_t *group);

/** Post a task to an executor once nothing of the group is pending; at once if that is so now.
 *
 * Each call posts one task, once, also when tasks of the group have failed or were cancelled. Tasks
 * that wait for the same moment are posted in the order of the calls. The task does not belong to
 * the group: the group does not wait for it and does not cancel it. The caller need not keep the
 * group.
 *
 * `executor`: of any kind, the group's pool or another. weft keeps a handle until the executor has
 * the task, and the bound of its queue does not count it. The thread that ends the last task of the
 * group, or leaves it, gives the task to the executor.
 *  - If the executor was shut down before, the task is cancelled. So what is to run on a pool that
 *    ends with the group should wait for the group instead.
 *  - If the executor refuses the task for another reason, the task fails with that status, and the
 *    exception hook is told.
 *
 * `options`: NULL for the defaults. Their token, or the close of the task's domain, cancels the
 * task while it waits for the group.
 *
 * Blocks:    never.
 * Ownership: on success `ctx` belongs to weft, on failure to the caller. `drop` runs on the thread
 *            that has run the task; or on the thread that cancels or refuses it, where it must not
 *            wait for anything.
 *
 * Returns
 *   WEFT_OK            the task is posted, or will be
 *   WEFT_EINVAL        `group`, `executor` or `fn` is NULL, or an option is out of range
 *   WEFT_ENOTSUP       an option is of a later version, or there is a priority and `executor` is no
 *                      pool
 *   WEFT_ECANCELED     the token of the options is cancelled
 *   WEFT_ECLOSED       the domain of the task is closed
 *   WEFT_ENOMEM        nothing changed
 */
WEFT_API weft_status weft_group_then(weft_group_t *group, weft_executor_t *executor, const weft_task_options_t *options,
                                     weft_task_fn fn, void *ctx, weft_drop_fn drop);

/** Post a task with room (task.h) once nothing of the group is pending.
 *
 * Its type is a WEFT_TASK_POSTED one. Its own token, domain and priority take the place of options;
 * the token or domain may cancel it while it waits. All else is as for weft_group_then.
 *
 * Blocks:    never.
 * Ownership: on success the task and its closure belong to weft, on failure to the caller.
 *
 * Returns
 *   WEFT_OK            the task is posted, or will be
 *   WEFT_EINVAL        `group`, `executor` or `task` is NULL, or the type of the task is not
 *                      WEFT_TASK_POSTED
 *   WEFT_ENOTSUP       the task has a priority and `executor` is no pool
 *   WEFT_ECANCELED     the token of the task is cancelled
 *   WEFT_ECLOSED       the domain of the task is closed
 *   WEFT_ENOMEM        nothing changed
 */
WEFT_API weft_status weft_group_then_task(weft_group_t *group, weft_executor_t *executor, weft_task_t *task);

/** Wait until nothing of the group is pending.
 *
 * On a worker of its pool this runs tasks of the group, by the rule of base.h. When the wait ends
 * early, the group goes on.
 *
 * Threads:   any, several at once.
 * Blocks:    up to `timeout`, and until a task that it has begun has ended.
 *
 * Returns
 *   WEFT_OK            all tasks have run
 *   WEFT_EFAILED       a task has failed, or the pool is broken, see weft_group_error
 *   WEFT_ECANCELED     no task has failed, but at least one never ran
 *   WEFT_ETIMEDOUT     something is still pending
 *   WEFT_EINTERRUPTED  the waiting thread or task was asked to stop
 *   WEFT_EDEADLK       the wait could never end, such as that of a task for its own group
 *   WEFT_ENOMEM        there is no memory for the wait of a thread that is new to weft
 *   WEFT_EINVAL        `group` is NULL
 */
WEFT_API weft_status weft_group_wait(weft_group_t *group, int64_t timeout);

/** Wait until nothing of the group is pending, even if the caller is asked to stop.
 *
 * For destructors, when the closures refer to something that is about to go. Requests to stop and
 * the end of the runtime do not end this wait. It runs tasks as weft_group_wait does, however deep
 * it is nested. It returns early only when the wait could never end, or when there is no memory for
 * the wait of a thread that is new to weft. NULL is allowed.
 *
 * Blocks:    until nothing is pending.
 */
WEFT_API void weft_group_settle(weft_group_t *group);

/** End the scope that the tasks of a group refer to, in one call.
 *
 * If anything is pending, it calls weft_group_cancel and weft_group_settle; then weft_group_unref
 * in any case. It is cheap after weft_group_wait. NULL is allowed.
 *
 * Blocks:    until nothing is pending, as weft_group_settle.
 * Ownership: takes the caller's reference.
 */
WEFT_API void weft_group_end(weft_group_t *group);

/** Cancel what has not started, now and until weft_group_reset.
 *
 * Those tasks are dropped, on this thread or by the worker that comes by. Tasks that run are asked
 * to stop: weft_stop_requested says so, and their blocking calls of weft end. What is entered stays
 * pending until it is left.
 *
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK            the group is cancelled
 *   WEFT_EINVAL        `group` is NULL
 */
WEFT_API weft_status weft_group_cancel(weft_group_t *group);

/** Get the first error of a group.
 *
 * Blocks:    never.
 * Ownership: `*error`, unless it is NULL, owns one reference.
 *
 * Returns
 *   WEFT_OK            `*error` is the first error, or NULL: no task has failed so far
 *   WEFT_EINVAL        `group` or `error` is NULL
 */
WEFT_API weft_status weft_group_error(weft_group_t *group, weft_error_t **error);

/** Forget the error and the cancellation, to use the group again.
 *
 * Blocks:    never.
 *
 * Returns
 *   WEFT_OK            the group can be used like a new one
 *   WEFT_EINVALIDSTATE something is pending
 *   WEFT_ECANCELED     the token of the group is cancelled; nothing changed
 *   WEFT_EINVAL        `group` is NULL
 */
WEFT_API weft_status weft_group_reset(weft_group_t *group);

#ifdef __cplusplus
}
#endif
#endif
