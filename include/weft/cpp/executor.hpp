// The three kinds of executor: the pool, the strand, and the one that the caller runs.
//
// Owns their making and the rules of their end. What every executor can do is in executor_ref.hpp.
#ifndef WEFT_CPP_EXECUTOR_HPP
#define WEFT_CPP_EXECUTOR_HPP

#include <weft/caller_run.h>
#include <weft/cpp/executor_ref.hpp>
#include <weft/cpp/runtime.hpp>
#include <weft/strand.h>
#include <weft/worker.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace weft {

/// What a submit to a full queue does.
enum class when_full : std::uint32_t {
  fail = WEFT_FULL_FAIL,           ///< it throws queue_full
  wait = WEFT_FULL_WAIT,           ///< it waits for room, up to full_timeout, then throws timed_out
  run_in_caller = WEFT_FULL_CALLER ///< it runs the task itself before it returns
};

/// Options of a pool, for designated initialisers: weft::executor pool({.max_workers = 4});
struct executor_options {
  std::uint32_t max_workers = 0; ///< 0: min(32, usable_cpus() + 4)
  std::string name_prefix = {};  ///< workers are called <prefix>_<i>; "": weft-<n>
  /// It runs on each worker before any task, on several workers at once. If it throws, the pool is
  /// broken.
  std::function<void()> initializer = {};
  std::uint64_t max_queue = 0;                 ///< how many tasks may wait to start; 0: no bound
  weft::when_full when_full = when_full::fail; ///< for a bounded queue
  duration full_timeout = forever;             ///< for when_full::wait
  weft::daemon daemon = weft::daemon::no;      ///< yes: the end of the process cancels what is pending
  std::uint64_t stack_size = 0;                ///< of each worker, bytes; 0: the system's default
  /// The CPUs that the pool's own workers may run on. Empty: those of the thread that starts a
  /// worker.
  std::vector<std::uint32_t> affinity = {};
  /// Of the pool's own workers, -20 (urgent) to 19 (idle). 0: as the thread that starts a worker.
  std::int32_t nice = 0;
  /// Workers beyond max_workers, while others are in a weft::blocking_region. 0: 64.
  std::uint32_t max_spares = 0;
  /// Threads beyond max_workers that may be in help() at a time. 0: 1.
  std::uint32_t max_helpers = 0;
  /// How long a worker without work stays. Zero: as long as the pool; spares stay 5 seconds.
  duration linger = {};
  const weft::runtime *runtime = nullptr; ///< the runtime that it belongs to; nullptr: the default one
  /// It runs first on each worker, before the initializer. If it throws, the pool is broken.
  std::function<void(weft_worker_t &)> worker_start = {};
  /// It runs last on each worker whose start hook has succeeded, or that has none.
  std::function<void(weft_worker_t &)> worker_stop = {};
  /// It runs on a worker each time before the worker sleeps. It must be short, and must not wait:
  /// see weft_worker_rest_fn.
  std::function<void(weft_worker_t &)> worker_rest = {};
  weft::signals signals = signals::usual; ///< which signals its workers block
  /// The pool starts no threads. Its workers are the threads that call work().
  bool host_workers = false;
};

/// Options of a caller-run executor. The fields are as in executor_options.
struct caller_run_options {
  std::uint64_t max_queue = 0;
  weft::when_full when_full = when_full::fail;
  duration full_timeout = forever;
  weft::daemon daemon = weft::daemon::no;
  const weft::runtime *runtime = nullptr;
};

/// A pool: threads that start on demand, are reused, and run what is submitted.
///
/// Move-only. The destructor shuts the pool down, and waits without a limit until everything that
/// was submitted has run and the workers have ended. So tasks may refer to what was declared before
/// the pool. A task or worker of the pool cannot wait: a destructor that runs there only shuts the
/// pool down, and the rest runs to its end. To end without running what is pending, call
/// shutdown(shutdown::cancel_pending) before. Copies of executor_ref do not keep the pool open.
class executor : public executor_ref {
public:
  using options = executor_options;

  /// Make a pool. No thread starts before the first task or timer.
  ///
  /// Throws:
  /// - invalid_argument: an option is out of range
  /// - shut_down: the runtime has ended
  /// - closed: the caller is inside a domain that is closed
  /// - out_of_memory
  explicit executor(const options &chosen = {});

  executor(executor &&) noexcept = default;
  executor &operator=(executor &&other) noexcept {
    executor old(std::move(*this));
    handle_ = std::move(other.handle_);
    return *this;
  }
  ~executor();
};

/// A strand: it runs tasks on a pool, one at a time, in the order of submission. Each task sees all
/// that the tasks before it did. Strands do not block one another. A shared handle. What was
/// submitted runs even if all handles are gone.
class strand : public executor_ref {
public:
  /// Make a strand on a pool.
  ///
  /// Throws:
  /// - not_supported: `pool` is not a pool
  /// - shut_down: the pool was shut down
  /// - out_of_memory
  explicit strand(const executor_ref &pool) {
    weft_executor_t *native = nullptr;
    check(weft_strand_create(pool.native_handle(), &native));
    handle_ = shared::adopt(native);
  }
};

/// An executor that runs tasks only on a thread that calls run(), run_wait() or run_until(): for
/// game ticks and main loops.
///
/// Move-only. The destructor shuts it down and cancels what is pending, because no thread could run
/// it any more.
class caller_run : public executor_ref {
public:
  using options = caller_run_options;

  /// Make a caller-run executor.
  ///
  /// Throws:
  /// - invalid_argument: an option is out of range
  /// - shut_down: the runtime has ended
  /// - out_of_memory
  explicit caller_run(const options &chosen = {});

  caller_run(caller_run &&) noexcept = default;
  caller_run &operator=(caller_run &&other) noexcept {
    caller_run old(std::move(*this));
    handle_ = std::move(other.handle_);
    return *this;
  }
  ~caller_run() {
    if (valid()) static_cast<void>(weft_executor_shutdown(handle_.get(), WEFT_SHUTDOWN_CANCEL_PENDING, 0));
  }

  /// Run what is ready, on this thread, without waiting for work. It returns when nothing is ready,
  /// when `max_tasks` tasks have run (0: no bound), or when `budget` is over. If a task is ready,
  /// at least one runs.
  ///
  /// Returns: how many tasks have run.
  /// Throws:
  /// - shut_down: it was shut down, and nothing is left
  std::uint64_t run(std::uint64_t max_tasks = 0, duration budget = forever) const {
    std::uint64_t ran = 0;
    check(weft_executor_run(handle_.get(), max_tasks, budget.count(), &ran));
    return ran;
  }

  /// Wait until a task is ready, then run what is ready, as run() without a budget.
  ///
  /// Returns: how many tasks have run; 0 when none was ready in time.
  /// Blocks: up to `timeout` for the first task.
  /// Throws:
  /// - shut_down: it was shut down, and nothing is left
  /// - interrupted: the caller was asked to stop, and no task was ready
  std::uint64_t run_wait(std::uint64_t max_tasks = 0, duration timeout = forever) const {
    std::uint64_t ran = 0;
    const weft_status status = weft_executor_run_wait(handle_.get(), max_tasks, timeout.count(), &ran);
    if (status == WEFT_ETIMEDOUT) return 0;
    check(status);
    return ran;
  }

  /// Run tasks, and wait for further ones, until a future is done. The future may belong to any
  /// executor. What it ended with stays in it.
  ///
  /// Returns: false when the time is over.
  /// Blocks: up to `timeout`, and until the task that runs then has returned.
  /// Throws:
  /// - interrupted: the caller was asked to stop
  /// - deadlock: the caller is inside the task of this future, or nothing can complete it
  template <class T> bool run_until(const future<T> &wanted, duration timeout = forever) const {
    return detail::is_in_time(weft_executor_run_until(handle_.get(), wanted.native_handle(), timeout.count()));
  }
};

/// Get the default executor: one pool for all parts of the process that need no pool of their own.
/// It has usable_cpus() workers, and is made on first use. No part can shut it down for the others
/// (not_supported). At the end of the process it finishes its work.
///
/// Throws:
/// - shut_down: the default runtime has ended
/// - out_of_memory
executor_ref default_executor();

/// Set the options of the default executor. It is for the host, before the first use; the last call
/// counts. A max_workers of 0 stands for usable_cpus(), an empty name_prefix for "weft-default".
///
/// Throws:
/// - invalid_state: the executor was used already
/// - invalid_argument: an option is out of range, or names another runtime than the default one
/// - not_supported: the caller is inside a domain, and an initializer or hook would outlive it
/// - shut_down: the default runtime has ended
/// - out_of_memory
void configure_default_executor(const executor_options &chosen);

namespace this_thread {

/// Get the index of the worker that the calling thread is, in its pool, for data of which each
/// worker has its own. It is below weft_worker_index_bound. Nothing when the thread is no worker of
/// a pool.
inline std::optional<std::uint32_t> worker_index() noexcept {
  const std::int32_t index = weft_worker_index();
  if (index < 0) return std::nullopt;
  return static_cast<std::uint32_t>(index);
}

/// Get what worker_start has stored in weft_worker_t::data for the worker that the calling thread
/// is; nullptr when it stored nothing, or the thread is no worker.
inline void *worker_data() noexcept {
  return weft_worker_data();
}

} // namespace this_thread

namespace detail {

// The fields that both options structs have.
template <class Options, class Native> void set_queue(const Options &chosen, Native &native) {
  native.max_queue = chosen.max_queue;
  native.when_full = static_cast<std::uint32_t>(chosen.when_full);
  native.daemon = static_cast<std::uint32_t>(chosen.daemon);
  // In the C ABI 0 means forever, so the shortest wait stands for "do not wait".
  native.full_timeout = std::max<std::int64_t>(chosen.full_timeout.count(), 1);
}

struct worker_hooks {
  std::function<void(weft_worker_t &)> start, stop, rest;
};

template <class Options> weft_runtime_t *native_runtime(const Options &chosen) {
  return chosen.runtime ? chosen.runtime->native_handle() : nullptr;
}

} // namespace detail

namespace detail {

// The callables of the options. They belong to the pool once it has accepted them.
struct pool_callables {
  std::unique_ptr<std::function<void()>> initializer;
  std::unique_ptr<worker_hooks> hooks;
  void release() noexcept {
    static_cast<void>(initializer.release());
    static_cast<void>(hooks.release());
  }
};

inline weft_executor_options_t native_pool_options(const executor_options &chosen, pool_callables &callables) {
  weft_executor_options_t native;
  weft_executor_options_init(&native);
  set_queue(chosen, native);
  native.name_prefix = chosen.name_prefix.c_str(); // these two still belong to chosen
  native.affinity = chosen.affinity.data();
  native.affinity_count = static_cast<std::uint32_t>(chosen.affinity.size());
  native.nice = chosen.nice;
  native.max_workers = chosen.max_workers;
  native.stack_size = chosen.stack_size;
  native.max_spares = chosen.max_spares;
  native.max_helpers = chosen.max_helpers;
  native.linger = chosen.linger.count();
  native.signals = static_cast<std::uint32_t>(chosen.signals);
  native.flags = chosen.host_workers ? WEFT_EXECUTOR_HOST_WORKERS : 0;
  if (chosen.initializer) {
    callables.initializer = std::make_unique<std::function<void()>>(chosen.initializer);
    native.initializer_ctx = callables.initializer.get();
    native.initializer = [](void *ctx, weft_error_t **error) {
      return guard(error, *static_cast<const std::function<void()> *>(ctx));
    };
    native.initializer_drop = [](void *ctx) { delete static_cast<std::function<void()> *>(ctx); };
  }
  if (chosen.worker_start || chosen.worker_stop || chosen.worker_rest) {
    callables.hooks.reset(new worker_hooks{chosen.worker_start, chosen.worker_stop, chosen.worker_rest});
    native.worker_ctx = callables.hooks.get();
    native.worker_start = [](void *ctx, weft_worker_t *worker, weft_error_t **error) {
      const auto &start = static_cast<const worker_hooks *>(ctx)->start;
      return start ? guard(error, [&] { start(*worker); }) : WEFT_OK;
    };
    native.worker_stop = [](void *ctx, weft_worker_t *worker) {
      if (const auto &stop = static_cast<const worker_hooks *>(ctx)->stop) stop(*worker);
    };
    if (chosen.worker_rest)
      native.worker_rest = [](void *ctx, weft_worker_t *worker) { static_cast<worker_hooks *>(ctx)->rest(*worker); };
    native.worker_drop = [](void *ctx) { delete static_cast<worker_hooks *>(ctx); };
  }
  return native;
}

} // namespace detail

inline executor_ref default_executor() {
  weft_executor_t *shared = nullptr;
  check(weft_default_executor(&shared));
  return executor_ref::adopt(shared);
}

inline void configure_default_executor(const executor_options &chosen) {
  if (chosen.runtime != nullptr && chosen.runtime->native_handle() != nullptr) check(WEFT_EINVAL);
  detail::pool_callables callables;
  const weft_executor_options_t native = detail::native_pool_options(chosen, callables);
  check(weft_default_executor_configure(&native));
  callables.release();
}

inline executor::executor(const options &chosen) {
  detail::pool_callables callables;
  const weft_executor_options_t native = detail::native_pool_options(chosen, callables);
  weft_executor_t *created = nullptr;
  check(weft_executor_create(detail::native_runtime(chosen), &native, &created));
  callables.release();
  handle_ = shared::adopt(created);
}

inline executor::~executor() {
  if (!valid()) return;
  weft_status status;
  // A thread that was asked to stop cannot wait inside weft. But what the tasks refer to ends with
  // the caller's scope. So this thread looks again every millisecond until the tasks have ended.
  while ((status = weft_executor_shutdown(handle_.get(), WEFT_SHUTDOWN_WAIT, WEFT_FOREVER)) == WEFT_EINTERRUPTED)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  if (status == WEFT_EDEADLK) static_cast<void>(weft_executor_shutdown(handle_.get(), 0, 0));
}

inline caller_run::caller_run(const options &chosen) {
  weft_caller_run_options_t native;
  weft_caller_run_options_init(&native);
  detail::set_queue(chosen, native);
  weft_executor_t *created = nullptr;
  check(weft_caller_run_create(detail::native_runtime(chosen), &native, &created));
  handle_ = shared::adopt(created);
}

} // namespace weft

#endif
