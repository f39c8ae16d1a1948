/* weft/weft.h: all of weft's C API, and a tour of it.
 *
 *   base.h          statuses, durations, the rules for all functions: read this first
 *   version.h       which version this is, and what it can do
 *   error.h         error objects: code, kind, message, foreign payload
 *   runtime.h       runtimes, and what happens at the end of the process
 *   report.h        the bounded end of a runtime, and a list of what is left
 *   thread.h        threads, daemon threads, joins, stop requests
 *   future.h        futures: result, exception, cancel, callbacks, wait, as_completed, promises
 *   continuation.h  then, flatten, when_all, when_any: futures that come of futures
 *   host.h          what a host gives to weft: a log, a hook for misuse, memory
 *   cancel.h        cancel tokens: call several things off together, by hand or at a deadline
 *   domain.h        domains: what one plugin or binding owns, closed as one
 *   executor.h      pools, and what all executors have in common: submit, post, batches, shutdown
 *   task_options.h  how a task runs: priority, token, domain, name
 *   worker.h        hooks of the workers, their indices, blocking regions
 *   strand.h        strands: one task at a time, in order
 *   caller_run.h    executors that the caller runs: main loops, game ticks
 *   map.h           a function for each of many items
 *   stats.h         figures about an executor
 *   group.h         groups: spawn, wait for all, cancel together
 *   join.h          two calls at once: fork-join on the stack
 *   context.h       a pointer of the user's on an executor or a group; which executor runs this
 *   parallel.h      loops and reductions over index ranges
 *   queue.h         completion queues: what happens, as events for a loop of the host
 *   semaphore.h     semaphores: a bound on what runs at once, or a count of what there is
 *   timer.h         timers, once or every period; submits that take effect later
 *   task.h          tasks with room for a closure: for bindings
 *
 * Longer texts about one subject each are in guide/. C++ programs include weft/weft.hpp instead,
 * which is built on these headers.
 *
 *   static weft_status square(void *ctx, void **result, weft_error_t **error) {
 *     (void)error;
 *     *result = (void *)((intptr_t)ctx * (intptr_t)ctx);
 *     return WEFT_OK;
 *   }
 *
 *   weft_executor_t *pool;
 *   weft_future_t *future;
 *   void *result;
 *   weft_executor_create(NULL, NULL, &pool);
 *   weft_executor_submit(pool, NULL, square, (void *)7, NULL, &future);
 *   weft_future_result(future, WEFT_FOREVER, &result); -> 49
 *   weft_future_unref(future);
 *   weft_executor_unref(pool);
 */
#ifndef WEFT_WEFT_H
#define WEFT_WEFT_H

#include <weft/base.h>
#include <weft/caller_run.h>
#include <weft/cancel.h>
#include <weft/context.h>
#include <weft/continuation.h>
#include <weft/domain.h>
#include <weft/error.h>
#include <weft/executor.h>
#include <weft/future.h>
#include <weft/group.h>
#include <weft/host.h>
#include <weft/join.h>
#include <weft/map.h>
#include <weft/parallel.h>
#include <weft/queue.h>
#include <weft/report.h>
#include <weft/runtime.h>
#include <weft/semaphore.h>
#include <weft/stats.h>
#include <weft/strand.h>
#include <weft/task.h>
#include <weft/task_options.h>
#include <weft/thread.h>
#include <weft/timer.h>
#include <weft/version.h>
#include <weft/worker.h>

#endif
