// Runtimes: what threads and executors belong to, and how they end.
//
// Owns an isolated runtime of the C ABI. weft/runtime.h has the rules of the end.
#ifndef WEFT_CPP_RUNTIME_HPP
#define WEFT_CPP_RUNTIME_HPP

#include <weft/cpp/crossing.hpp>
#include <weft/cpp/duration.hpp>
#include <weft/cpp/thread_ref.hpp>
#include <weft/cpp/visibility.hpp>
#include <weft/report.h>
#include <weft/runtime.h>

#include <chrono>
#include <concepts>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace weft {

/// What runs on a thread that a shutdown has left; see weft/report.h.
enum class left_running : std::uint32_t {
  target = WEFT_RUNS_TARGET,
  task = WEFT_RUNS_TASK,
  start = WEFT_RUNS_START,
  end = WEFT_RUNS_END
};

/// A thread that a shutdown has left.
struct left_thread {
  std::string text; ///< one line that says all of it
  std::string name;
  std::string executor; ///< the name prefix of its pool; "": it is no worker
  std::uint64_t native_id;
  bool daemon;
  left_running runs;
  std::chrono::nanoseconds age;  ///< since it started
  std::chrono::nanoseconds busy; ///< for how long at least it has been in what it runs
  std::uint64_t function;        ///< the address of what runs; 0: not known
  std::string task_name;         ///< of the task that runs; "": it has none, or it is not known
};

/// What a shutdown has left. `safe_to_unload`: every thread is gone, so code that its threads ran
/// may be unloaded. Without that, `left` may still be empty: threads are about to end. Call
/// shutdown again then.
struct shutdown_report {
  bool safe_to_unload;
  std::vector<left_thread> left;
};

/// An isolated runtime, for a host that ends its part and lives on. Or the default runtime of the
/// process, which is used wherever no runtime is named, and lasts until the process ends.
///
/// It cannot be copied or moved. The destructor of an isolated runtime shuts it down, and waits
/// without a limit for its regular threads and pools. (In a thread or task of the same runtime it
/// can do neither, and leaves the runtime as it is.)
class runtime {
public:
  /// Make an isolated runtime. It starts no thread.
  ///
  /// Throws: out_of_memory.
  runtime() { check(weft_runtime_create(nullptr, &native_)); }
  runtime(const runtime &) = delete;
  runtime &operator=(const runtime &) = delete;
  ~runtime() {
    if (!native_) return;
    // A thread that was asked to stop cannot wait inside weft. But what the runtime's threads use
    // may end with the caller's scope. So this thread looks again every millisecond until they are
    // gone.
    while (weft_runtime_destroy(&native_) == WEFT_EINTERRUPTED)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

  /// Get the runtime of the process. It lives until the process ends, and any thread may use it.
  WEFT_IN_EACH_MODULE static runtime &process() noexcept {
    static runtime instance{nullptr};
    return instance;
  }

  /// End the runtime: wait for its regular threads, let its pools finish, ask its daemon threads to
  /// stop. From then on nothing new starts in it (shut_down).
  ///
  /// Returns: false when the time is over; what was pending is cancelled, every thread was asked to
  /// stop, and a further call waits on.
  /// Blocks: up to `timeout`.
  /// Throws:
  /// - deadlock: the caller is a thread or task of the runtime, and nothing changed; or what is
  ///   waited for waits for the caller
  /// - interrupted: the caller was asked to stop
  /// - out_of_memory
  bool shutdown(duration timeout = forever) {
    return detail::is_in_time(weft_runtime_shutdown(native_, timeout.count()));
  }

  /// End the runtime within a bound. First shut it down up to `timeout`. Then cancel what is
  /// pending, ask every thread to stop, and wait up to `grace` until no thread that weft has
  /// started in it is left, daemon threads and workers included. It may be called again while
  /// something is left.
  ///
  /// Returns: a report. It says that no thread is left, or lists those that are.
  /// Blocks: up to `timeout` + `grace`.
  /// Throws:
  /// - deadlock: the caller is a thread or task of the runtime
  /// - interrupted: the caller was asked to stop
  /// - out_of_memory
  weft::shutdown_report shutdown(duration timeout, duration grace);

  /// Replace the exception hook. hook(thread, error) is called for each error that leaves a thread
  /// or a task without a future, on the thread where it happened. Several threads may call it at
  /// once, so it is called as const. If it throws, the default takes over: one line of the log. The
  /// previous hook is destroyed here; or, if a thread is just in it, on that thread when the hook
  /// returns.
  ///
  /// Throws:
  /// - shut_down: the runtime has ended
  /// - closed: the caller is inside a domain that is closed
  /// - out_of_memory
  template <class F>
  requires std::invocable < const std::decay_t<F>
  &, const thread_ref &, const error & > void set_exception_hook(F &&hook) {
    using callable = std::decay_t<F>;
    auto owned = std::make_unique<callable>(std::forward<F>(hook));
    check(weft_runtime_set_exception_hook(
        native_,
        [](void *ctx, weft_thread_t *thread, const weft_error_t *failure) {
          std::invoke(*static_cast<const callable *>(ctx), thread_ref::share(thread), error::share(failure));
        },
        owned.get(), [](void *ctx) { delete static_cast<callable *>(ctx); }));
    static_cast<void>(owned.release());
  }

  /// Restore the default exception hook.
  ///
  /// Throws: as set_exception_hook.
  void reset_exception_hook() { check(weft_runtime_set_exception_hook(native_, nullptr, nullptr, nullptr)); }

  /// List the threads of the runtime that are alive, workers included.
  ///
  /// Throws: out_of_memory.
  std::vector<thread_ref> threads() const { return thread_ref::enumerate(native_); }
  /// Count the threads that threads() lists.
  std::size_t active_count() const { return thread_ref::active_count(native_); }

  /// Get the C handle, borrowed; NULL for the default runtime.
  weft_runtime_t *native_handle() const noexcept { return native_; }

private:
  explicit runtime(weft_runtime_t *native) noexcept : native_(native) {}

  weft_runtime_t *native_ = nullptr;
};

inline shutdown_report runtime::shutdown(duration timeout, duration grace) {
  weft_report_t *native = nullptr;
  const weft_status status = weft_runtime_shutdown_report(native_, timeout.count(), grace.count(), &native);
  if (status != WEFT_ETIMEDOUT) check(status);
  const auto give_back = [](weft_report_t *held) { weft_report_destroy(&held); };
  const std::unique_ptr<weft_report_t, decltype(give_back)> owned(native, give_back);
  shutdown_report report{weft_report_safe_to_unload(native) == 1, {}};
  for (std::size_t i = 0; i < weft_report_count(native); ++i)
    report.left.push_back({weft_report_text(native, i), weft_report_name(native, i), weft_report_executor(native, i),
                           weft_report_native_id(native, i), weft_report_is_daemon(native, i) == 1,
                           static_cast<left_running>(weft_report_runs(native, i)),
                           std::chrono::nanoseconds(weft_report_age(native, i)),
                           std::chrono::nanoseconds(weft_report_busy(native, i)), weft_report_function(native, i),
                           weft_report_task_name(native, i)});
  return report;
}

/// Make weft usable in the child of a fork, which starts empty. Until then, and for ever with
/// handles from before the fork, calls throw forked. Futures that were not done are cancelled. In
/// any other process it does nothing. weft_runtime_reset_after_fork in weft/runtime.h has the
/// details.
inline void reset_after_fork() {
  check(weft_runtime_reset_after_fork());
}

/// End the process with this status, from any thread. It does what std::exit does, which a second
/// thread must not call. Static objects are destroyed; objects on the stack are not. It never
/// returns. weft_exit in weft/runtime.h has the details.
[[noreturn]] inline void end_process(int status) {
  weft_exit(status);
}

/// Get the signal mask for a process that the calling thread starts: its own mask, without the
/// signals that weft has blocked in it. See weft_process_signal_mask in weft/runtime.h.
inline sigset_t process_signal_mask() noexcept {
  sigset_t mask;
  weft_process_signal_mask(&mask);
  return mask;
}

/// Count the CPUs that this process may use: the affinity mask, cut by the CPU quota of its control
/// group. It is at least 1.
///
/// Blocks: not for long: the first call reads files of /proc and /sys.
inline std::uint32_t usable_cpus() noexcept {
  return weft_usable_cpus();
}

} // namespace weft

#endif
