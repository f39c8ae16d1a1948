/* weft/task_options.h: how a task is to run: its priority, its token, its domain, its name.
 *
 *   weft_task_options_t options;
 *   weft_task_options_init(&options);
 *   options.priority = WEFT_PRIORITY_HIGH;
 *   options.name = "render";
 *   weft_executor_submit(pool, &options, render, scene, free, &future);
 *
 * All calls that make a task take this struct: submits, posts, batches, maps, delayed submits,
 * continuations, spawns into groups, timers, and tasks with room (task.h).
 *
 * A call that cannot honour a field returns WEFT_ENOTSUP, and nothing changes:
 *  - priority: a strand, a caller-run executor and a group have one order only. A continuation
 *    without an executor runs at once.
 *  - result_drop: a task that is spawned into a group and a timer have no results. The type of a
 *    task with room says how its result is dropped.
 */
#ifndef WEFT_TASK_OPTIONS_H
#define WEFT_TASK_OPTIONS_H

#include <weft/base.h>
#include <weft/cancel.h>
#include <weft/domain.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Values of weft_task_options_t.priority. The bounds are told in executor.h, "Turns". */
#define WEFT_PRIORITY_NORMAL 0u
/** Before the others, except for one task in 10, and one turn of each source in a millisecond. */
#define WEFT_PRIORITY_HIGH 1u
/** After the others, but passed over for at most 60 tasks or a millisecond on each worker. */
#define WEFT_PRIORITY_LOW 2u

/** How one task is to run. */
typedef struct weft_task_options {
  uint32_t size; /**< sizeof(weft_task_options_t), see WEFT_OPTIONS_INIT */
  /** WEFT_PRIORITY_...: which of the ready tasks of a pool start first. Tasks of one priority keep
   * their order. */
  uint32_t priority;
  /** When it is cancelled, the task is called off (cancel.h). The task keeps a reference. NULL:
   * none. */
  weft_cancel_token_t *token;
  /** The domain that the task belongs to (domain.h). NULL: the one that the calling thread is
   * inside, or none. */
  weft_domain_t *domain;
  /** Drops a result that was not taken, when the last reference to the future goes. The result of a
   * task without a future is dropped when the task has run. NULL: nothing to do. */
  weft_drop_fn result_drop;
  /** The name of the task, for reports and the exception hook. It is not copied: it must live as
   * long as the process, like a string literal or a result of weft_name. NULL: none. */
  const char *name;
} weft_task_options_t;

static inline void weft_task_options_init(weft_task_options_t *options) {
  WEFT_OPTIONS_INIT(options);
}

/** Intern a name: get a copy of a string that lives until the process ends.
 *
 * Equal strings give the same pointer. For bindings, and for names that are made at run time. The
 * memory of each different name is never given back. So there should be few names: one for a kind
 * of task, not one for each task. This works in the child of a fork, too.
 *
 * Blocks:    never.
 *
 * Returns    the copy; NULL when `name` is NULL or there is no memory.
 */
WEFT_API const char *weft_name(const char *name);

/** Read the name of the task that the calling thread runs.
 *
 * If a wait inside a task runs another task, it is the name of the inner one. In the exception
 * hook it is the name of the task that has failed.
 *
 * Blocks:    never.
 *
 * Returns    `name` of the options of the task; NULL when it has none or the thread runs no task.
 */
WEFT_API const char *weft_task_name(void);

#ifdef __cplusplus
}
#endif
#endif
