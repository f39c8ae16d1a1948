// Timers: a callable that runs at a time, once or every period; and submits that take effect later.
//
// Owns a reference to a timer of the C ABI. The rules of time are in weft/timer.h; executor_ref has submit_after and
// post_after.
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

/// What a periodic timer does when a tick was late, or still ran, so that others should have begun meanwhile.
enum class missed : std::uint32_t {
  skip = WEFT_MISSED_SKIP,         ///< leave them out: the next is the first one that is still to come
  catch_up = WEFT_MISSED_CATCH_UP, ///< run each of them, one right after the other, until none is missing
  delay = WEFT_MISSED_DELAY        ///< there are none: each comes one period after the end of the one before
};

/// What weft::timer::cancel found.
enum class disarmed {
  yes,     ///< it was armed, and will not fire any more
  already, ///< it was not armed, and does not run
  running  ///< its callable runs at this moment, perhaps it is the caller; no run follows unless it is armed again
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

/// A timer: runs a callable on an executor when it is due; never early, never two runs of it at a time.
///
/// A shared handle; with the last one it is disarmed, and the callable is destroyed when no run of it is under way. It
/// does not keep the executor open, whose shutdown disarms it. Every call may come from any thread, from the callable
/// too, and never blocks; one handle object is for one thread at a time. An empty handle throws invalid_argument.
class timer {
public:
  timer() noexcept = default;

  /// Makes a timer that is not armed. f is moved or copied in, may be move-only, and keeps its state from one run to
  /// the next. What it returns is discarded; an exception goes to the exception hook of the runtime. Throws shut_down,
  /// broken_pool, out_of_memory, and whatever moving f throws.
  template <class F>
  requires std::invocable < std::decay_t<F>
  & > timer(const executor_ref &on, F &&f) : timer(task_options(), on, std::forward<F>(f)) {}
  /// The same with options for each run. A token that is cancelled disarms the timer for good. Throws not_supported:
  /// there is a priority, and the executor is no pool; cancelled, closed.
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

  /// Runs it once, after `delay` (forever: never). Armed already, it is armed anew instead. Throws shut_down,
  /// broken_pool; thread_refused: there is no worker yet and the system refuses a thread; out_of_memory: it is as it
  /// was before.
  void arm(duration delay) const { check(weft_timer_arm(handle_.get(), delay.count())); }

  /// The same for a point in time; one that has passed is due at once.
  void arm_at(std::chrono::steady_clock::time_point time) const {
    check(weft_timer_arm_at(handle_.get(), detail::native_time(time)));
  }

  /// Runs it after `first`, and then every `period` (at least a nanosecond), without drift. Throws invalid_argument
  /// for a period of 0; the rest as arm.
  void arm_every(duration first, duration period, missed rule = missed::skip) const {
    check(weft_timer_arm_every(handle_.get(), first.count(), period.count(), static_cast<std::uint32_t>(rule)));
  }
  void arm_every(duration period, missed rule = missed::skip) const { arm_every(period, period, rule); }

  /// The same with a point in time for the first run; one that has passed is due at once.
  void arm_every_at(std::chrono::steady_clock::time_point first, duration period, missed rule = missed::skip) const {
    check(weft_timer_arm_every_at(handle_.get(), detail::native_time(first), period.count(),
                                  static_cast<std::uint32_t>(rule)));
  }

  /// Disarms it until it is armed again.
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

  /// Disarms it for good, and waits for the run that is under way: from the start of this call no run begins, and
  /// arming it throws closed. False: the time is over, and the last run still goes on. Throws interrupted; deadlock:
  /// the caller is its callable; it is closed all the same. Blocks up to `timeout`.
  bool close(duration timeout = forever) const {
    return detail::is_in_time(weft_timer_close(handle_.get(), timeout.count()));
  }

  /// Takes over a reference of the caller's.
  static timer adopt(weft_timer_t *native) noexcept { return timer(shared::adopt(native)); }
  /// Takes a reference of its own.
  static timer share(weft_timer_t *native) noexcept { return timer(shared::share(native)); }
  /// Borrowed; NULL when empty.
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
  // The C ABI submits a task with room after a delay only.
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
