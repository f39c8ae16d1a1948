// Timers: a callable that runs at a time, once or every period; and submits that take effect later.
//
// Owns a reference to a timer of the C ABI, and submit_after, submit_at, post_after and post_at of
// executor_ref. The rules of time are in weft/timer.h.
#ifndef WEFT_CPP_TIMER_HPP
#define WEFT_CPP_TIMER_HPP

#include <weft/cpp/crossing.hpp>
#include <weft/cpp/duration.hpp>
#include <weft/cpp/error.hpp>
#include <weft/cpp/executor_ref.hpp>
#include <weft/cpp/handle.hpp>
#include <weft/timer.h>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

namespace weft {

/// What a periodic timer does with ticks that were missed: a tick was late, or still ran, when the
/// next ones were due.
enum class missed : std::uint32_t {
  skip = WEFT_MISSED_SKIP,         ///< leave them out: the next tick is the first one that is still to come
  catch_up = WEFT_MISSED_CATCH_UP, ///< run each of them, one right after the other, until none is missing
  delay = WEFT_MISSED_DELAY        ///< there are none: each tick comes one period after the end of the one before
};

/// What weft::timer::cancel found.
enum class disarmed {
  yes,     ///< it was armed, and will not fire any more
  already, ///< it was not armed, and does not run
  /// Its callable runs at this moment, perhaps as the caller. No run follows unless it is armed
  /// again.
  running
};

namespace detail {

// The clock of weft_now() is the steady clock, in nanoseconds.
inline std::int64_t native_time(std::chrono::steady_clock::time_point time) noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

inline std::int64_t time_until(std::chrono::steady_clock::time_point time) noexcept {
  const std::int64_t due = native_time(time), now = weft_now();
  return due > now ? due - now : 0;
}

// A callable on the heap, as a task of the C ABI without a result.
template <class F> weft_status run_callable(void *ctx, void ** /*result*/, weft_error_t **error) {
  return guard_unread(error, [ctx] { static_cast<void>((*static_cast<F *>(ctx))()); });
}
template <class F> void drop_callable(void *ctx) {
  delete static_cast<F *>(ctx);
}

} // namespace detail

/// A timer: it runs a callable on an executor when it is due, never early, and never twice at the
/// same time.
///
/// A shared handle. The last handle disarms the timer; the callable is destroyed when no run of it
/// goes on. The timer does not keep the executor open, and a shutdown of the executor disarms it.
/// Any thread may make any call, also the callable. An empty handle throws invalid_argument.
class timer {
public:
  timer() noexcept = default;

  /// Make a timer that is not armed. f is moved or copied in, may be move-only, and keeps its state
  /// from one run to the next. Its result is discarded. An exception out of it goes to the
  /// exception hook of the runtime.
  ///
  /// Throws:
  /// - shut_down: the executor was shut down
  /// - broken_pool: the pool is broken
  /// - closed: the domain of the task is closed
  /// - out_of_memory, and what moving f throws
  template <class F>
  requires std::invocable < std::decay_t<F>
  & > timer(const executor_ref &on, F &&f) : timer(task_options(), on, std::forward<F>(f)) {}
  /// Make a timer with options for each run. A token that is cancelled disarms the timer for good.
  /// It may also throw cancelled (the token is cancelled already) and not_supported (there is a
  /// priority, and the executor is no pool).
  template <class F>
  requires std::invocable < std::decay_t<F>
  & > timer(const task_options &options, const executor_ref &on, F &&f) {
    const weft_task_options_t native = detail::native_options(options);
    using callable = std::decay_t<F>;
    auto owned = std::make_unique<callable>(std::forward<F>(f));
    weft_timer_t *created = nullptr;
    const weft_status status = weft_timer_create(on.native_handle(), &native, &detail::run_callable<callable>,
                                                 owned.get(), &detail::drop_callable<callable>, &created);
    if (status != WEFT_OK) detail::throw_refusal(status, on.native_handle());
    static_cast<void>(owned.release());
    handle_ = shared::adopt(created);
  }

  bool valid() const noexcept { return static_cast<bool>(handle_); }

  /// Arm the timer: run it once, after `delay` (forever: never). If it is armed already, the new
  /// time takes the place of the old one. If the call throws, the timer is as it was before.
  ///
  /// Throws:
  /// - shut_down: the executor was shut down
  /// - broken_pool: the pool is broken
  /// - cancelled: the token of the timer is cancelled
  /// - closed: the timer was closed, or its domain is closed
  /// - thread_refused: the pool has no worker, and the system refuses a thread or a descriptor
  /// - out_of_memory
  void arm(duration delay) const { check(weft_timer_arm(handle_.get(), delay.count())); }

  /// Arm the timer for a point in time; one that has passed is due at once. Throws as arm.
  void arm_at(std::chrono::steady_clock::time_point time) const {
    check(weft_timer_arm_at(handle_.get(), detail::native_time(time)));
  }

  /// Arm the timer to run after `first`, and then every `period` (at least a nanosecond), without
  /// drift.
  ///
  /// Throws: as arm; invalid_argument for a period of 0.
  void arm_every(duration first, duration period, missed rule = missed::skip) const {
    check(weft_timer_arm_every(handle_.get(), first.count(), period.count(), static_cast<std::uint32_t>(rule)));
  }
  void arm_every(duration period, missed rule = missed::skip) const { arm_every(period, period, rule); }

  /// Arm the timer as arm_every, with a point in time for the first run; one that has passed is due
  /// at once. Throws as arm_every.
  void arm_every_at(std::chrono::steady_clock::time_point first, duration period, missed rule = missed::skip) const {
    check(weft_timer_arm_every_at(handle_.get(), detail::native_time(first), period.count(),
                                  static_cast<std::uint32_t>(rule)));
  }

  /// Disarm the timer until it is armed again.
  disarmed cancel() const {
    switch (const weft_status status = weft_timer_cancel(handle_.get()); status) {
    case WEFT_EDONE:
      return disarmed::already;
    case WEFT_ERUNNING:
      return disarmed::running;
    default:
      check(status);
      return disarmed::yes;
    }
  }

  /// Disarm the timer for good, and wait for a run that goes on. From the start of this call no run
  /// begins, and arming it throws closed.
  ///
  /// Returns: false when the time is over, and the last run still goes on.
  /// Blocks: up to `timeout`.
  /// Throws:
  /// - interrupted: the caller was asked to stop; the timer is closed
  /// - deadlock: the caller is its callable, or the callable waits for the caller; the timer is
  ///   closed
  bool close(duration timeout = forever) const {
    return detail::is_in_time(weft_timer_close(handle_.get(), timeout.count()));
  }

  /// Take over a reference of the caller's.
  static timer adopt(weft_timer_t *native) noexcept { return timer(shared::adopt(native)); }
  /// Take a reference of its own.
  static timer share(weft_timer_t *native) noexcept { return timer(shared::share(native)); }
  /// Get the C handle, borrowed; NULL when empty.
  weft_timer_t *native_handle() const noexcept { return handle_.get(); }

private:
  using shared = detail::handle<weft_timer_t, weft_timer_ref, weft_timer_unref>;
  explicit timer(shared object) noexcept : handle_(std::move(object)) {}

  shared handle_;
};

template <class F, class... Args>
requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
auto executor_ref::submit_after(duration delay, F &&f, Args &&...args) const -> future<call_result_t<F, Args...>> {
  return submit_after(task_options(), delay, std::forward<F>(f), std::forward<Args>(args)...);
}

template <class F, class... Args>
requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
auto executor_ref::submit_after(const task_options &options, duration delay, F &&f, Args &&...args) const
    -> future<call_result_t<F, Args...>> {
  using result = call_result_t<F, Args...>;
  auto task = detail::prepare_with<detail::kind_of_task::with_future, result>(
      detail::native_options(options), std::forward<F>(f), std::forward<Args>(args)...);
  weft_future_t *native = nullptr;
  const weft_status status = weft_executor_submit_task_after(handle_.get(), delay.count(), task.get(), &native);
  if (status != WEFT_OK) detail::throw_refusal(status, handle_.get());
  task.release();
  return future<result>::adopt(native);
}

template <class F, class... Args>
requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
void executor_ref::post_after(duration delay, F &&f, Args &&...args) const {
  post_after(task_options(), delay, std::forward<F>(f), std::forward<Args>(args)...);
}

template <class F, class... Args>
requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
void executor_ref::post_after(const task_options &options, duration delay, F &&f, Args &&...args) const {
  auto task = detail::prepare_with<detail::kind_of_task::posted, void>(detail::native_options(options),
                                                                       std::forward<F>(f), std::forward<Args>(args)...);
  const weft_status status = weft_executor_submit_task_after(handle_.get(), delay.count(), task.get(), nullptr);
  if (status != WEFT_OK) detail::throw_refusal(status, handle_.get());
  task.release();
}

template <class F, class... Args>
requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
auto executor_ref::submit_at(std::chrono::steady_clock::time_point time, F &&f, Args &&...args) const
    -> future<call_result_t<F, Args...>> {
  return submit_at(task_options(), time, std::forward<F>(f), std::forward<Args>(args)...);
}

template <class F, class... Args>
requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
auto executor_ref::submit_at(const task_options &options, std::chrono::steady_clock::time_point time, F &&f,
                             Args &&...args) const -> future<call_result_t<F, Args...>> {
  // The C ABI submits a task with room only after a delay.
  return submit_after(options, duration::from_count(detail::time_until(time)), std::forward<F>(f),
                      std::forward<Args>(args)...);
}

template <class F, class... Args>
requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
void executor_ref::post_at(std::chrono::steady_clock::time_point time, F &&f, Args &&...args) const {
  post_at(task_options(), time, std::forward<F>(f), std::forward<Args>(args)...);
}

template <class F, class... Args>
requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
void executor_ref::post_at(const task_options &options, std::chrono::steady_clock::time_point time, F &&f,
                           Args &&...args) const {
  using closure = detail::closure_t<F, Args...>;
  std::unique_ptr<closure> owned;
  if constexpr (sizeof...(Args) == 0)
    owned = std::make_unique<closure>(std::forward<F>(f));
  else
    owned = std::make_unique<closure>(std::in_place_t(), std::forward<F>(f), std::forward<Args>(args)...);
  const weft_task_options_t native = detail::native_options(options);
  const weft_status status =
      weft_executor_post_at(handle_.get(), detail::native_time(time), &native, &detail::run_callable<closure>,
                            owned.get(), &detail::drop_callable<closure>);
  if (status != WEFT_OK) detail::throw_refusal(status, handle_.get());
  static_cast<void>(owned.release());
}

} // namespace weft

#endif
