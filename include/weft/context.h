/* weft/context.h: a pointer of the user's on an executor or a group; which executor runs this code.
 *
 *   weft_strand_create(pool, &account);
 *   weft_executor_set_context(account, state, free);       state lives as long as the strand
 *   weft_executor_post(account, NULL, deposit, amount, NULL);
 *   weft_executor_unref(account);                          deposit still runs, then free(state)
 *
 *   weft_status deposit(void *amount, void **result, weft_error_t **error) {
 *     struct state *state = weft_executor_context(weft_executor_current());
 *     ...
 *   }
 *
 * When a context is dropped. Once, in one of two cases:
 *  - Another context is set in its place. The thread that sets it runs the drop.
 *  - The object ends: its last handle is gone, and nothing of it runs or is pending any more. The
 *    drop runs on the thread that lets go of the object last: the thread that gives back the last
 *    handle, or a worker after the last task. A drop may give tasks to weft there, but must not
 *    wait for anything.
 * A context whose object still has handles when the process ends is not dropped.
 *
 * What keeps a context. Only the handles and the work of its own object. Handles of timers do not
 * keep the context of their executor, so a context may own the timers of its executor. Handles of a
 * group do not keep the context of its pool. A group has no other end than that of its last handle.
 *
 * Replacing. weft does not count the users of a context. The thread that sets another one must know
 * that the previous one is not in use.
 *
 * Domains. A context with a drop belongs to the domain in which it was set, which counts it until
 * the drop has run. The close of the domain waits for that and does not drop the context, because
 * what still runs may use it. So a plugin that has set a context on an object of the host sets NULL
 * in its place before the close, and gives back its handles of its own objects.
 */
#ifndef WEFT_CONTEXT_H
#define WEFT_CONTEXT_H

#include <weft/base.h>
#include <weft/executor.h>
#include <weft/group.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Set the context of an executor of any kind, in place of the previous one.
 *
 * `ctx` and `drop` are both NULL to have none from now on. With a `drop`, a `ctx` of NULL is a
 * context like any other: drop(NULL) runs at its end.
 *
 * Blocks:    never. The drop of the previous context runs here.
 * Ownership: on success the executor owns `ctx`. On failure the caller keeps it.
 *
 * Returns
 *   WEFT_OK            the context is set
 *   WEFT_EINVAL        `executor` is NULL
 *   WEFT_ENOTSUP       `executor` is the default executor, which all parts of the process share
 *   WEFT_ENOMEM        nothing changed
 *   WEFT_ECLOSED       `drop` is given, and the thread is inside a domain that is closed
 */
WEFT_API weft_status weft_executor_set_context(weft_executor_t *executor, void *ctx, weft_drop_fn drop);

/** Set the context of an executor, and take the previous one back instead of dropping it.
 *
 * `ctx` and `drop`: as for weft_executor_set_context. Both NULL take the context away.
 * `*old_ctx` and `*old_drop` get what was set before, or NULL and NULL.
 *
 * Blocks:    never.
 * Ownership: on WEFT_OK `ctx` belongs to the executor, and the old one to the caller. No drop runs.
 *            On failure nothing changed and the outputs are untouched.
 *
 * Returns
 *   WEFT_OK       the context is set
 *   WEFT_ENOTSUP  `executor` is the default executor, which all parts of the process share
 *   WEFT_EINVAL   `executor`, `old_ctx` or `old_drop` is NULL
 *   WEFT_ENOMEM   nothing changed
 *   WEFT_ECLOSED  the thread is inside a domain that is closed
 */
WEFT_API weft_status weft_executor_swap_context(weft_executor_t *executor, void *ctx, weft_drop_fn drop, void **old_ctx,
                                                weft_drop_fn *old_drop);

/** Get the context of an executor.
 *
 * Blocks:    never.
 * Ownership: the executor keeps the context.
 *
 * Returns    the context; NULL when there is none, and for NULL.
 */
WEFT_API void *weft_executor_context(weft_executor_t *executor);

/** Get the executor that the calling code runs on.
 *
 * It is that of the innermost task, callback or hook of the thread: the strand for a task of a
 * strand, the pool for a task of a group or a piece of a loop.
 *
 * Blocks:    never.
 * Ownership: borrowed, valid inside that task, callback or hook; weft_executor_ref keeps it longer.
 *
 * Returns    the executor; NULL when the thread runs nothing for an executor.
 */
WEFT_API weft_executor_t *weft_executor_current(void);

/** Set the context of a group, in place of the previous one: as weft_executor_set_context.
 *
 * When the end of the group drops the context, all tasks of the group are done.
 *
 * Blocks:    never. The drop of the previous context runs here.
 * Ownership: on success the group owns `ctx`. On failure the caller keeps it.
 *
 * Returns
 *   WEFT_OK            the context is set
 *   WEFT_EINVAL        `group` is NULL
 *   WEFT_ENOMEM        nothing changed
 *   WEFT_ECLOSED       `drop` is given, and the thread is inside a domain that is closed
 */
WEFT_API weft_status weft_group_set_context(weft_group_t *group, void *ctx, weft_drop_fn drop);

/** Set the context of a group, and take the previous one back instead of dropping it.
 *
 * Threads:   any.
 * Blocks:    never.
 * Ownership: as for weft_executor_swap_context.
 *
 * Returns
 *   WEFT_OK       the context is set
 *   WEFT_EINVAL   `group`, `old_ctx` or `old_drop` is NULL
 *   WEFT_ENOMEM   nothing changed
 *   WEFT_ECLOSED  the thread is inside a domain that is closed
 */
WEFT_API weft_status weft_group_swap_context(weft_group_t *group, void *ctx, weft_drop_fn drop, void **old_ctx,
                                             weft_drop_fn *old_drop);

/** Get the context of a group.
 *
 * Blocks:    never.
 * Ownership: the group keeps the context.
 *
 * Returns    the context; NULL when there is none, and for NULL.
 */
WEFT_API void *weft_group_context(weft_group_t *group);

#ifdef __cplusplus
}
#endif
#endif
