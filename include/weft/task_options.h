/* weft/task_options.h: how a task is to run: its priority, what calls it off, what it belongs to, its name.
 *
 * One struct for everything that makes a task: submits, posts, batches, maps, delayed submits, continuations, spawns
 * into groups, timers, and tasks with room (task.h).
 *
 * A field that cannot be honoured is refused with WEFT_ENOTSUP, and nothing changes:
 *
 *  - priority: by strands, caller-run executors and groups, which have one order only; by a continuation without an
 *    executor, which runs at once.
 *  - result_drop: by spawns into groups and by timers, which have no results; by tasks with room, whose type says how a
 *    result is dropped.
 */
#ifndef WEFT_TASK_OPTIONS_H
#define WEFT_TASK_OPTIONS_H

#include <weft/base.h>
#include <weft/cancel.h>
#include <weft/domain.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Values of weft_task_options_t.priority. */
#define WEFT_PRIORITY_NORMAL 0u
#define WEFT_PRIORITY_HIGH 1u /**< before the others, except one task in 8 and one of each source a millisecond */
#define WEFT_PRIORITY_LOW 2u  /**< when there is nothing else, but after 60 others or a millisecond on each worker */

/** How one task is to run. */
typedef struct weft_task_options {
  uint32_t size;     /**< sizeof(weft_task_options_t), see WEFT_OPTIONS_INIT */
  uint32_t priority; /**< WEFT_PRIORITY_...: which of the tasks that wait in a pool start first. Tasks of one priority
                        keep their order */
  weft_cancel_token_t *token; /**< calls the task off when it is cancelled (cancel.h). The task keeps a reference. NULL:
                                 none */
  weft_domain_t *domain;    /**< what the task belongs to (domain.h). NULL: the domain that the calling thread is inside
                               of, or none */
  weft_drop_fn result_drop; /**< gets a result that nobody took, when the last reference to the future goes; without a
                               future, when the task has run. NULL: nothing to do */
  const char *name;         /**< for reports and the exception hook. Not copied: it must live as long as the process, as
                               a string literal does, or what weft_name returns. NULL: none */
} weft_task_options_t;

static inline void weft_task_options_init(weft_task_options_t *options) {
  WEFT_OPTIONS_INIT(options);
}

/** Intern a name: get a copy of a string that lives until the process ends. Equal strings give the same pointer.
 *
 * For bindings, and for names that are made at run time. Each different name takes memory for good, so names should be
 * few: a kind of task, not each task.
 *
 * Threads: any, also in the child of a fork.
 * Blocks:  never.
 *
 * Returns the copy; NULL: `name` is NULL, or there is no memory.
 */
WEFT_API const char *weft_name(const char *name);

/** Read the name of the task that the calling thread runs, of several within each other the innermost. In the exception
 * hook: of the task that has failed.
 *
 * Threads: any.
 * Blocks:  never.
 *
 * Returns the `name` of its options; NULL: it has none, or the thread runs no task.
 */
WEFT_API const char *weft_task_name(void);

#ifdef __cplusplus
}
#endif
#endif
