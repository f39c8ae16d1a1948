// The three kinds of executor: the pool, the strand, and the one that the caller runs.
//
// Owns their making and the rules of their end. What can be done with any of them is in executor_ref.hpp.
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

/// Options of a pool; to be given with designated initialisers: weft::executor pool({.max_workers = 4});
struct executor_options {
  std::uint32_t max_workers = 0;               ///< 0: min(32, usable_cpus() + 4)
  std::string name_prefix = {};                ///< workers are called <prefix>_<i>; "": weft-<n>
  std::function<void()> initializer = {};      ///< runs first on each worker, on several at once; if it throws, the
                                               ///< pool is broken
  std::uint64_t max_queue = 0;                 ///< how many tasks may wait to start; 0: no bound
  weft::when_full when_full = when_full::fail; ///< for a bounded queue
  duration full_timeout = forever;             ///< for when_full::wait
  weft::daemon daemon = weft::daemon::no;      ///< yes: the end of the process cancels what is pending
  std::uint64_t stack_size = 0;                ///< of each worker, bytes; 0: the system's default
  std::vector<std::uint32_t> affinity = {};    ///< the CPUs on which its own workers may run; empty: as the process
  std::int32_t nice = 0;                       ///< of its own workers, -20 ... 19
  std::uint32_t max_spares = 0;                ///< workers beside max_workers while others are in a
                                               ///< weft::blocking_region; 0: 64
  duration linger = {};                        ///< how long a worker stays that has nothing to do; zero: as long as the
                                               ///< pool, spares 5 seconds
  const weft::runtime *runtime = nullptr;      ///< the runtime it belongs to; nullptr: the default one
  std::function<void(weft_worker_t &)> worker_start = {}; ///< runs first on each worker, before the initializer; if it
                                                          ///< throws, the pool is broken
  std::function<void(weft_worker_t &)> worker_stop = {};  ///< runs last on each worker that was started
  std::function<void(weft_worker_t &)> worker_rest = {}; ///< runs on a worker each time before it goes to sleep; short,
                                                         ///< and it must not wait: weft_worker_rest_fn
  weft::signals signals = signals::usual;                ///< which signals its workers block
  bool host_workers = false; ///< it starts no threads; workers are the threads that call work()
};

/// Options of a caller-run executor.
struct caller_run_options {
  std::uint64_t max_queue = 0;
  weft::when_full when_full = when_full::fail;
  duration full_timeout = forever;
  weft::daemon daemon = weft::daemon::no;
  const weft::runtime *runtime = nullptr;
};

/// A pool: threads that start on demand, are reused, and run what is submitted.
///
/// Move-only. The destructor shuts it down and waits until everything that was submitted has run and the workers have
/// ended, without limit; so tasks may refer to whatever was declared before the pool. Destroyed by one of its own tasks
/// or workers it cannot wait: there it only shuts down, and the rest runs to its end. (To end without running what is
/// pending, call shutdown(shutdown::cancel_pending) before.) Copies of executor_ref that are left do not keep it open.
class executor : public executor_ref {
public:
  using options = executor_options;

  /// Makes a pool. No thread starts before the first task. Never blocks. Throws invalid_argument: an option is out of
  /// range; shut_down: the runtime has ended; out_of_memory.
  explicit executor(const options &chosen = {});

  executor(executor &&) noexcept = default;
  executor &operator=(executor &&other) noexcept {
    executor old(std::move(*this));
    handle_ = std::move(other.handle_);
    return *this;
  }
  ~executor();
};

/// Runs tasks on a pool one at a time, in the order of submission, each seeing all that the one before it did. Strands
/// do not block one another. A shared handle, to be copied freely; what was submitted runs also when all are gone.
class strand : public executor_ref {
public:
  /// Never blocks. Throws not_supported: the executor is not a pool; shut_down; out_of_memory.
  explicit strand(const executor_ref &pool) {
    weft_executor_t *native = nullptr;
    check(weft_strand_create(pool.native_handle(), &native));
    handle_ = shared::adopt(native);
  }
};

/// Runs tasks only on the thread that calls run() or run_wait(): for game ticks and main loops.
///
/// Move-only. The destructor shuts it down and cancels what is pending, for nobody could run it any more.
class caller_run : public executor_ref {
public:
  using options = caller_run_options;

  /// Never blocks. Throws as executor.
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

  /// Runs what is ready, here and now: until nothing is ready, max_tasks have run (0: no bound), or no new one may
  /// begin because the budget is over. Never waits for work. Gives how many ran. Throws shut_down: it is shut down and
  /// nothing is left.
  std::uint64_t run(std::uint64_t max_tasks = 0, duration budget = forever) const {
    std::uint64_t ran = 0;
    check(weft_executor_run(handle_.get(), max_tasks, budget.count(), &ran));
    return ran;
  }

  /// The same without a budget, but when nothing is ready it first waits for a task. Gives 0 when none came in time.
  /// Blocks up to timeout. Throws shut_down, interrupted.
  std::uint64_t run_wait(std::uint64_t max_tasks = 0, duration timeout = forever) const {
    std::uint64_t ran = 0;
    const weft_status status = weft_executor_run_wait(handle_.get(), max_tasks, timeout.count(), &ran);
    if (status == WEFT_ETIMEDOUT) return 0;
    check(status);
    return ran;
  }

  /// Runs tasks, and waits for further ones, until the future is done (true) or the time is over (false). The future
  /// may belong to any executor; what it ended with stays in it. Blocks up to timeout. Throws interrupted; deadlock:
  /// called inside the task of that future, or nothing can complete it.
  template <class T> bool run_until(const future<T> &wanted, duration timeout = forever) const {
    return detail::is_in_time(weft_executor_run_until(handle_.get(), wanted.native_handle(), timeout.count()));
  }
};

/// The pool that all in this process share who have no wish of their own: as many workers as usable_cpus(), made on
/// first use. Nobody can shut it down for the others (not_supported); it finishes its work at the end of the process.
/// Never blocks. Throws shut_down: the default runtime has ended; out_of_memory.
executor_ref default_executor();

/// How it is to be made, for the host to say before the first use; the last call counts. max_workers 0: usable_cpus();
/// no name_prefix: "weft-default". Throws invalid_state: somebody has used it already; invalid_argument: an option is
/// out of range, or names another runtime than the default one; shut_down; out_of_memory.
void configure_default_executor(const executor_options &chosen);

namespace this_thread {

/// The index of the worker that this thread is, in its pool: for data of which each worker has its own. It is below
/// weft_worker_index_bound. Nothing: the thread is no worker of a pool. Never blocks.
inline std::optional<std::uint32_t> worker_index() noexcept {
  const std::int32_t index = weft_worker_index();
  if (index < 0) return std::nullopt;
  return static_cast<std::uint32_t>(index);
}

/// What worker_start has stored in weft_worker_t::data for the worker that this thread is. nullptr: nothing, or it is
/// no worker. Never blocks.
inline void *worker_data() noexcept {
  return weft_worker_data();
}

} // namespace this_thread

namespace detail {

// What both options structs have in common.
template <class Options, class Native> void set_queue(const Options &chosen, Native &native) {
  native.max_queue = chosen.max_queue;
  native.when_full = static_cast<std::uint32_t>(chosen.when_full);
  native.daemon = static_cast<std::uint32_t>(chosen.daemon);
  // In the C ABI 0 stands for forever; the shortest wait stands in for "do not wait".
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

// What belongs to the pool once it has accepted it.
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
  // A thread that was asked to stop cannot wait inside weft, but what the tasks refer to ends with the caller's scope.
  // So it looks again now and then until they have ended.
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
