// weft/weft.hpp: weft for C++20. Header-only, over the stable C ABI; a program that uses it links libweft and nothing
// else.
//
// A tour:
//
//   cpp/executor.hpp      the pool, the strand, and the executor that the caller runs
//   cpp/executor_ref.hpp  what can be done with any of them: submit, post, submit_batch, map, shutdown
//   cpp/task_options.hpp  how a task is to run: priority, token, domain, name
//   cpp/context.hpp       an object that hangs on an executor or a group; which executor runs this
//   cpp/map.hpp           the results of map
//   cpp/future.hpp        futures: result, take, exception, cancel, callbacks
//   cpp/promise.hpp       futures completed by hand
//   cpp/wait.hpp          wait and as_completed
//   cpp/continuation.hpp  then, on_error, finally; when_all of a range or of different types, when_any
//   cpp/coroutine.hpp     co_await on futures; futures as the return type of coroutines
//   cpp/completion_queue.hpp  what is done, as events for a loop of the program's own
//   cpp/join.hpp          several calls at once, down to the leaves of a recursion
//   cpp/group.hpp         tasks that are spawned and waited for together; blocking regions
//   cpp/parallel.hpp      loops over indices or the elements of a range, and reductions
//   cpp/thread.hpp        threads, from a callable or by deriving; thread_ref.hpp: join, ask, this_thread
//   cpp/cancel.hpp        cancel tokens, by hand or at a deadline; submit and post with one
//   cpp/domain.hpp        what belongs to a plugin, to be closed as one
//   cpp/semaphore.hpp     a bound on how many do something at once, or a count of what there is
//   cpp/timer.hpp         timers, once or every period; submit_after and submit_at, post_after and post_at
//   cpp/runtime.hpp       isolated runtimes and the exception hook
//   cpp/host.hpp          what a host lends: where the log and misuse go, where memory comes from; cleanup
//   cpp/version.hpp       what the library that is loaded can do
//   cpp/error.hpp         what is thrown; crossing.hpp: how exceptions keep their type on the way through a future
//   cpp/duration.hpp      time-outs: any std::chrono duration, or weft::forever
//   cpp/language.hpp      what is needed of the compiler
//   cpp/task.hpp, outcome.hpp, handle.hpp, visibility.hpp   what these stand on; nothing in them is for users
//
//     weft::executor pool({.max_workers = 4});
//
//     weft::future<int> f = pool.submit([](int a, int b) { return a + b; }, 20, 22);
//     f.result();                                  // 42, or what the task threw
//
//     for (int n : pool.map(square, std::vector{1, 2, 3})) std::cout << n << ' ';        // 1 4 9
//
//     weft::future<int> sum(weft::executor_ref pool) {                                   // a coroutine
//       int a = co_await pool.submit(one), b = co_await pool.submit(two);
//       co_return a + b;
//     }
//
//     weft::thread t([] { ... });
//     t.start();
//     t.join();
//
// What holds everywhere:
//  - Handles (future, executor_ref, strand, thread_ref, error) are shared: a copy means the same object. What owns
//    (executor, caller_run, promise, thread, runtime) is move-only or stays where it is.
//  - Functions may be called from any thread and do not block, unless they say otherwise. One handle object is, like
//    any value, for one thread at a time.
//  - A call that fails throws. Statuses of the C ABI become exceptions derived from status_error; whatever a function
//    does not name itself can only be out_of_memory, or invalid_argument for an empty handle.
//  - Time-outs are weft::duration: any std::chrono duration converts to it.
//  - Callables, arguments and results may be move-only. They are destroyed exactly once: callables right after they
//    have run or when they are cancelled, before the future is done; results with the last handle to the future.
//  - What several threads may call at once (the function of map, initializers, exception hooks) is called as const.
//  - native_handle(), adopt(), share() and release() lead to the C API and back.
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
