/* weft/context.h: a pointer of the user's that hangs on an executor or a group and is dropped with it; and which
 * executor it is that the calling code runs on.
 *
 *   weft_strand_create(pool, &account);
 *   weft_executor_set_context(account, state, free);       state lives as long as the strand
 *   weft_executor_post(account, NULL, deposit, amount, NULL);
 *   weft_executor_unref(account);                           what was posted still runs, then free(state)
 *
 *   weft_status deposit(void *amount, void **result, weft_error_t **error) {
 *     weft_executor_t *self;
 *     if (weft_executor_current(&self) == WEFT_OK) {
 *       struct state *state = weft_executor_context(self);
 *       ...
 *       weft_executor_unref(self);
 *     }
 *
 * A context is dropped once: when another is set in its place, by the thread that does so; or when the object ends:
 * when its last handle is gone and nothing of it runs or is pending any more. That is on the thread that lets go of it
 * last: the one that gives back the last handle, or a worker after the last task. A drop there may give tasks to weft,
 * but must not wait for anything. What still has handles when the process ends is not dropped. Handles of timers do not
 * keep the context of their executor, so a context may own the timers of its executor. A group has no other end than
 * its last handle: it keeps no context of its pool either.
 *
 * Nobody counts who uses a context: whoever sets another sees to it that the one before is not in use.
 *
 * With a drop it belongs to the domain in which it was set, which counts it until then. The close of the domain does
 * not drop it, for what still runs may use it, but waits: so a plugin that hangs one on what the host keeps takes it
 * back first (by setting NULL), and gives back its handles of what is its own.
 */
#ifndef WEFT_CONTEXT_H
#define WEFT_CONTEXT_H

#include <weft/base.h>
#include <weft/executor.h>
#include <weft/group.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Hang a context on an executor of any kind; the one before is dropped here. ctx, drop: both NULL for none from now
 * on. With a drop, a ctx of NULL is a context as any other: drop(NULL) is called at its end. On success ctx belongs to
 * the executor; on every failure it is the caller's, and nothing was changed. Any thread. Never blocks otherwise.
 * WEFT_OK. WEFT_ENOTSUP: it is the default executor, which is everybody's. WEFT_EINVAL: executor is NULL. WEFT_ENOMEM.
 * WEFT_ECLOSED: the thread is inside of a domain that is closed. */
WEFT_API weft_status weft_executor_set_context(weft_executor_t *executor, void *ctx, weft_drop_fn drop);

/** The context of an executor; NULL: none, or executor is NULL. Borrowed. Never blocks. */
WEFT_API void *weft_executor_context(weft_executor_t *executor);

/** The executor that the calling code runs on: of the task, callback or hook that the thread is in, innermost: the
 * strand for a task of a strand, the pool for a task of a group or a piece of a loop. Success: *out is a new reference.
 * Never blocks. WEFT_ENOTSUP: the thread runs nothing for an executor. WEFT_EINVAL: out is NULL. */
WEFT_API weft_status weft_executor_current(weft_executor_t **out);

/** Hang a context on a group, as weft_executor_set_context. Tasks of the group are done by the time its drop runs.
 * WEFT_OK. WEFT_EINVAL: group is NULL. WEFT_ENOMEM. WEFT_ECLOSED. */
WEFT_API weft_status weft_group_set_context(weft_group_t *group, void *ctx, weft_drop_fn drop);

/** The context of a group; NULL: none, or group is NULL. Borrowed. Never blocks. */
WEFT_API void *weft_group_context(weft_group_t *group);

#ifdef __cplusplus
}
#endif
#endif
