/* weft/caller_run.h: executors whose tasks run only on the thread that calls weft_executor_run: for main loops and game
 * ticks.
 */
#ifndef WEFT_CALLER_RUN_H
#define WEFT_CALLER_RUN_H

#include <weft/base.h>
#include <weft/executor.h>
#include <weft/future.h>
#include <weft/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Options of a caller-run executor. */
typedef struct weft_caller_run_options {
  uint32_t size;        /**< sizeof(weft_caller_run_options_t), see WEFT_OPTIONS_INIT */
  uint32_t when_full;   /**< WEFT_FULL_... */
  uint64_t max_queue;   /**< as weft_executor_options_t.max_queue */
  int64_t full_timeout; /**< as weft_executor_options_t.full_timeout */
  uint32_t daemon;      /**< WEFT_DAEMON_..., as weft_executor_options_t.daemon */
  uint32_t flags;       /**< 0 */
} weft_caller_run_options_t;

static inline void weft_caller_run_options_init(weft_caller_run_options_t *options) {
  WEFT_OPTIONS_INIT(options);
}

/** Make a caller-run executor. A task of it that waits without limit for what only another weft_executor_run could
 * bring waits for itself, in the sense of weft_future_wait, unless another thread is in weft_executor_run at that
 * moment. A thread outside of it may wait for a task of it, for any thread may run it; that wait says WEFT_EDEADLK only
 * when every thread of the process sleeps in such waits. When the runtime ends, what is pending on it is cancelled.
 * runtime, options: NULL for the defaults. Statuses: as weft_executor_create. */
WEFT_API weft_status weft_caller_run_create(weft_runtime_t *runtime, const weft_caller_run_options_t *options,
                                            weft_executor_t **out);

/** Run what is ready on a caller-run executor, on this thread: until nothing is ready, max_tasks tasks have run (0: no
 * bound), or `budget` nanoseconds have passed (no task begins after that; at least one runs; WEFT_FOREVER: no bound).
 * Never waits for work. ran: NULL, or gets how many tasks ran. WEFT_OK. WEFT_ESHUTDOWN: it is shut down and nothing is
 * left. WEFT_ENOTSUP: not a caller-run executor. WEFT_EINVAL: NULL. */
WEFT_API weft_status weft_executor_run(weft_executor_t *executor, uint64_t max_tasks, int64_t budget, uint64_t *ran);

/** As weft_executor_run without a budget, but when nothing is ready it first waits for a task, up to timeout.
 *  WEFT_ETIMEDOUT: none came. WEFT_EINTERRUPTED: the caller was asked to stop. The rest as weft_executor_run. */
WEFT_API weft_status weft_executor_run_wait(weft_executor_t *executor, uint64_t max_tasks, int64_t timeout,
                                            uint64_t *ran);

#ifdef __cplusplus
}
#endif
#endif
