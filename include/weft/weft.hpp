// weft/weft.hpp: weft for C++20. Header-only, over the stable C ABI. A program that uses it links
// libweft and nothing else.
//
// A tour:
//
//     cpp/executor.hpp      the pool, the strand, and the executor that the caller runs
//     cpp/executor_ref.hpp  what every executor can do: submit, post, submit_batch, map, shutdown
//     cpp/task_options.hpp  how a task runs: priority, token, domain, name
//     cpp/context.hpp       an object of the user's on an executor or a group
//     cpp/map.hpp           the results of map
//     cpp/future.hpp        futures: result, take, exception, cancel, callbacks
//     cpp/promise.hpp       futures that are completed by hand
//     cpp/wait.hpp          wait and as_completed
//     cpp/continuation.hpp  then, on_error, finally; flatten, when_all, when_any
//     cpp/coroutine.hpp     co_await on futures; futures as the return type of coroutines
//     cpp/completion_queue.hpp  what is done, as events for a loop of the program's own
//     cpp/group.hpp         tasks that are spawned and waited for together; blocking regions
//     cpp/join.hpp          several calls at once, down to the leaves of a recursion
//     cpp/parallel.hpp      loops over indices or over the elements of a range, and reductions
//     cpp/thread.hpp        threads, from a callable or by deriving
//     cpp/thread_ref.hpp    handles of threads: join, stop requests; this_thread
//     cpp/cancel.hpp        cancel tokens, by hand or at a deadline
//     cpp/domain.hpp        what one plugin owns, closed as one
//     cpp/semaphore.hpp     a bound on what runs at once, or a count of what there is
//     cpp/timer.hpp         timers, once or every period; submits that take effect later
//     cpp/runtime.hpp       isolated runtimes, reports of what is left, the exception hook
//     cpp/host.hpp          what a host gives to weft: a log, a hook for misuse, memory; cleanup
//     cpp/version.hpp       what the loaded library can do
//     cpp/error.hpp         what is thrown
//     cpp/crossing.hpp      how exceptions keep their type on the way through a future
//     cpp/duration.hpp      timeouts: any std::chrono duration, or weft::forever
//     cpp/language.hpp      what the compiler must be able to do
//     cpp/task.hpp, outcome.hpp, handle.hpp, misfit.hpp, visibility.hpp   the foundation; not for users
//
//     weft::executor pool({.max_workers = 4});
//
//     weft::future<int> f = pool.submit([](int a, int b) { return a + b; }, 20, 22);
//     f.result();                                     // 42, or what the task threw
//
//     for (int n : pool.map(square, std::vector{1, 2, 3})) std::cout << n << ' ';   // 1 4 9
//
//     weft::future<int> sum(weft::executor_ref pool) {                              // a coroutine
//       int a = co_await pool.submit(one), b = co_await pool.submit(two);
//       co_return a + b;
//     }
//
//     weft::thread t([] { ... });
//     t.start();
//     t.join();
//
// These rules hold for every class and function. Comments say where one does not.
// - Handles. future, executor_ref, strand, thread_ref, timer, error and their like are shared: a
//   copy means the same object. Objects with one owner (executor, caller_run, promise, thread,
//   runtime, group) are move-only, or stay in their place.
// - Threads. Any thread may call any function. One handle object is for one thread at a time, like
//   any value.
// - Blocking. A call never blocks, unless its comment has a line `Blocks`. base.h says what that
//   means. Callbacks and destructors that a call runs itself take their own time.
// - Failures. A call that fails throws. A status of the C ABI becomes an exception derived from
//   status_error (error.hpp). Every call may throw out_of_memory, and invalid_argument for an empty
//   handle, even if its list `Throws` does not have them. In the child of a fork it may throw
//   forked (runtime.hpp).
// - Timeouts are weft::duration, to which any std::chrono duration converts.
// - Callables, arguments and results may be move-only. Each is destroyed exactly once. A callable
//   is destroyed right after it has run, or when it is cancelled, and before its future is done. A
//   result is destroyed with the last handle to its future.
// - Functions that several threads may call at once (that of map, initializers, exception hooks)
//   are called as const.
// - native_handle(), adopt(), share() and release() lead to the C ABI and back.
#ifndef WEFT_WEFT_HPP
#define WEFT_WEFT_HPP

#include <weft/cpp/language.hpp>

#ifdef WEFT_CPP_LANGUAGE_SUFFICES
#include <weft/cpp/cancel.hpp>
#include <weft/cpp/completion_queue.hpp>
#include <weft/cpp/context.hpp>
#include <weft/cpp/continuation.hpp>
#include <weft/cpp/coroutine.hpp>
#include <weft/cpp/crossing.hpp>
#include <weft/cpp/domain.hpp>
#include <weft/cpp/duration.hpp>
#include <weft/cpp/error.hpp>
#include <weft/cpp/executor.hpp>
#include <weft/cpp/executor_ref.hpp>
#include <weft/cpp/future.hpp>
#include <weft/cpp/group.hpp>
#include <weft/cpp/host.hpp>
#include <weft/cpp/join.hpp>
#include <weft/cpp/map.hpp>
#include <weft/cpp/parallel.hpp>
#include <weft/cpp/promise.hpp>
#include <weft/cpp/runtime.hpp>
#include <weft/cpp/semaphore.hpp>
#include <weft/cpp/task_options.hpp>
#include <weft/cpp/thread.hpp>
#include <weft/cpp/thread_ref.hpp>
#include <weft/cpp/timer.hpp>
#include <weft/cpp/version.hpp>
#include <weft/cpp/wait.hpp>
#include <weft/weft.h>
#endif

#endif
