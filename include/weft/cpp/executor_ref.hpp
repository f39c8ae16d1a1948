// References to executors of any kind: submit, post, batches, map, shutdown.
//
// Owns a reference to an executor of the C ABI, and the way of a callable into it. executor.hpp
// makes the three kinds of executor.
#ifndef WEFT_CPP_EXECUTOR_REF_HPP
#define WEFT_CPP_EXECUTOR_REF_HPP

#include <weft/cpp/cancel.hpp>
#include <weft/cpp/context.hpp>
#include <weft/cpp/duration.hpp>
#include <weft/cpp/future.hpp>
#include <weft/cpp/map.hpp>
#include <weft/cpp/misfit.hpp>
#include <weft/cpp/task.hpp>
#include <weft/cpp/task_options.hpp>
#include <weft/executor.h>
#include <weft/stats.h>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

namespace weft {

/// What a shutdown does besides refusing new work. Combine with |.
enum class shutdown : std::uint32_t {
  refuse_only = 0,                              ///< returns at once; what was accepted still runs
  wait = WEFT_SHUTDOWN_WAIT,                    ///< wait until everything has run and the workers have ended
  cancel_pending = WEFT_SHUTDOWN_CANCEL_PENDING ///< cancel exactly what has not started
};
constexpr shutdown operator|(shutdown a, shutdown b) noexcept {
  return static_cast<shutdown>(static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b));
}

/// Figures about an executor; see weft/stats.h.
using executor_stats = weft_executor_stats_t;

/// An executor of any kind: a shared handle. Copies mean the same executor. The last handle shuts
/// it down without a wait. Any thread may make any call, also in tasks and callbacks. An empty
/// handle throws invalid_argument.
///
/// Every call that gives work to the executor may throw:
/// - shut_down: the executor, its pool or its runtime was shut down
/// - broken_pool: the initializer or the start hook of the pool failed
/// - closed: the domain of the task is closed
/// - queue_full: the queue is full, with when_full::fail; or the batch is larger than the queue
/// - timed_out: the queue was full for full_timeout, with when_full::wait
/// - interrupted: the caller was asked to stop while it waited for room
/// - deadlock: the queue is full, and without full_timeout the wait could never end
/// - thread_refused: the pool has no worker, and the system refuses a thread
/// - out_of_memory, and what copying or moving the callable throws
///
/// Then nothing was submitted, and the copies of the callable and its arguments are destroyed. Such
/// a call blocks only if the queue is bounded with when_full::wait, up to full_timeout. It runs
/// work itself only with when_full::run_in_caller.
///
/// A callable is destroyed exactly once: right after it has run, before its future is done, on the
/// same thread; or when it is cancelled, on the thread that cancels it.
class executor_ref {
public:
  executor_ref() noexcept = default;

  bool valid() const noexcept { return static_cast<bool>(handle_); }

  /// Run f(args...) as a task, and get the future of what it returns. f and args are moved or
  /// copied in, and may be move-only; std::ref passes a reference. The call uses them up: f gets
  /// its arguments as rvalues. One allocation holds closure, result and future.
  template <class F, class... Args>
  requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
  auto submit(F &&f, Args &&...args) const -> future<call_result_t<F, Args...>>;

  /// Run f(args...) as a task without a future. Its result is discarded. An exception out of it
  /// goes to the exception hook of the runtime.
  template <class F, class... Args>
  requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
  void post(F &&f, Args &&...args) const;

  /// Submit and post with options: pool.submit({.token = token, .name = "fetch"}, f, args...).
  template <class F, class... Args>
  requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
  auto submit(const task_options &options, F &&f, Args &&...args) const -> future<call_result_t<F, Args...>>;
  template <class F, class... Args>
  requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
  void post(const task_options &options, F &&f, Args &&...args) const;

  /// Submit and post with a priority or a cancel token alone.
  template <class F, class... Args>
  requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
  auto submit(priority which, F &&f, Args &&...args) const -> future<call_result_t<F, Args...>> {
    return submit(task_options{.priority = which}, std::forward<F>(f), std::forward<Args>(args)...);
  }
  template <class F, class... Args>
  requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
  void post(priority which, F &&f, Args &&...args) const {
    post(task_options{.priority = which}, std::forward<F>(f), std::forward<Args>(args)...);
  }
  template <class F, class... Args>
  requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
  auto submit(const cancel_token &token, F &&f, Args &&...args) const -> future<call_result_t<F, Args...>> {
    return submit(task_options{.token = token}, std::forward<F>(f), std::forward<Args>(args)...);
  }
  template <class F, class... Args>
  requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
  void post(const cancel_token &token, F &&f, Args &&...args) const {
    post(task_options{.token = token}, std::forward<F>(f), std::forward<Args>(args)...);
  }

  // If f does not fit: cpp/misfit.hpp.
  template <class F, class... Args>
  requires(!detail::says_how<F> &&
           !std::invocable<std::decay_t<F>, std::decay_t<Args>...>) void submit(F &&, Args &&...) const {
    detail::refuse_call<F>();
  }
  template <class F, class... Args>
  requires(!std::invocable<std::decay_t<F>, std::decay_t<Args>...>) void submit(const task_options &, F &&,
                                                                                Args &&...) const {
    detail::refuse_call<F>();
  }
  template <class F, class... Args>
  requires(!detail::says_how<F> &&
           !std::invocable<std::decay_t<F>, std::decay_t<Args>...>) void post(F &&, Args &&...) const {
    detail::refuse_call<F>();
  }
  template <class F, class... Args>
  requires(!std::invocable<std::decay_t<F>, std::decay_t<Args>...>) void post(const task_options &, F &&,
                                                                              Args &&...) const {
    detail::refuse_call<F>();
  }

  /// Submit and post work that becomes ready after `delay`, never earlier. The bound of a queue
  /// does not count it, so the call never blocks. Until then the future is pending, and cancelling
  /// it forgets the work at once. A shutdown cancels what is not due yet. Defined in timer.hpp,
  /// like the next ones.
  template <class F, class... Args>
  requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
  auto submit_after(duration delay, F &&f, Args &&...args) const -> future<call_result_t<F, Args...>>;
  template <class F, class... Args>
  requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
  void post_after(duration delay, F &&f, Args &&...args) const;
  template <class F, class... Args>
  requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
  auto submit_after(const task_options &options, duration delay, F &&f, Args &&...args) const
      -> future<call_result_t<F, Args...>>;
  template <class F, class... Args>
  requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
  void post_after(const task_options &options, duration delay, F &&f, Args &&...args) const;

  /// Submit and post work that becomes ready at a time, never earlier. A time that has passed is
  /// due at once. Tasks that are posted for the same time keep their order. submit_at counts the
  /// time that is left from its call on. So of tasks that are submitted for the same time, a later
  /// one may become ready a moment before an earlier one.
  template <class F, class... Args>
  requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
  auto submit_at(std::chrono::steady_clock::time_point time, F &&f, Args &&...args) const
      -> future<call_result_t<F, Args...>>;
  template <class F, class... Args>
  requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
  void post_at(std::chrono::steady_clock::time_point time, F &&f, Args &&...args) const;
  template <class F, class... Args>
  requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
  auto submit_at(const task_options &options, std::chrono::steady_clock::time_point time, F &&f, Args &&...args) const
      -> future<call_result_t<F, Args...>>;
  template <class F, class... Args>
  requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
  void post_at(const task_options &options, std::chrono::steady_clock::time_point time, F &&f, Args &&...args) const;

  /// Submit each callable of a range, in order, for less than one by one. All of them are accepted,
  /// or none and the call throws. The callables are copied out of an lvalue range, and moved out of
  /// an rvalue one.
  template <std::ranges::input_range Range>
  requires std::invocable<std::decay_t<std::ranges::range_reference_t<Range>>>
  auto submit_batch(Range &&callables) const
      -> std::vector<future<call_result_t<std::ranges::range_reference_t<Range>>>>;
  template <std::ranges::input_range Range>
  requires std::invocable<std::decay_t<std::ranges::range_reference_t<Range>>>
  auto submit_batch(const task_options &options, Range &&callables) const
      -> std::vector<future<call_result_t<std::ranges::range_reference_t<Range>>>>;

  /// Call f(item) for each item of a range, and yield the results in the order of the items.
  /// map_results says how to read them. This call submits everything, and iteration is not needed
  /// for it to run. Two things keep items back: options.buffer, and a bounded queue without room.
  /// Then reading submits the rest, that many items ahead.
  ///
  /// Several workers call f at once, so it is called as const. An lvalue range is referred to, so
  /// it must outlive the iteration; its items are copied. An rvalue range is moved in, and its
  /// items are moved to the tasks.
  template <class F, std::ranges::input_range Range>
  requires std::invocable < const std::decay_t<F>
  &, detail::map_item_t < Range >> auto map(F &&f, Range &&items, const map_options &options = {}) const {
    return map(task_options(), std::forward<F>(f), std::forward<Range>(items), options);
  }
  template <class F, class Item>
  requires std::invocable < const std::decay_t<F>
  &, Item > auto map(F &&f, std::initializer_list<Item> items, const map_options &options = {}) const {
    return map(std::forward<F>(f), std::vector<Item>(items), options);
  }
  /// Map with options for the task of each item.
  template <class F, std::ranges::input_range Range>
  requires std::invocable < const std::decay_t<F>
  &, detail::map_item_t < Range >>
         auto map(const task_options &each, F &&f, Range &&items, const map_options &options = {}) const {
    return map_results<std::decay_t<F>, Range>(handle_.get(), std::forward<F>(f), std::forward<Range>(items), options,
                                               each);
  }
  template <class F, class Item>
  requires std::invocable < const std::decay_t<F>
  &, Item > auto map(const task_options &each, F &&f, std::initializer_list<Item> items,
                     const map_options &options = {}) const {
    return map(each, std::forward<F>(f), std::vector<Item>(items), options);
  }
  template <class F, std::ranges::input_range Range>
  requires(!detail::says_how<F> && !std::invocable<const std::decay_t<F> &, detail::map_item_t<Range>>) void map(
      F &&, Range &&, const map_options & = {}) const {
    static_assert(detail::never<F>, "map(f, items): f cannot be called, as const, with an item");
  }

  /// Shut the executor down: from now on it refuses work (shut_down). A further call is harmless.
  /// What cancelling destroys, and the callbacks of what is cancelled, run here. With
  /// shutdown::wait, a caller-run executor runs its pending tasks in this call.
  ///
  /// Returns: true when it did what `how` says; false when the time is over: it is shut down, but
  /// not everything has ended.
  /// Blocks: with shutdown::wait, up to `timeout`.
  /// Throws:
  /// - deadlock: a task or worker of the executor asked to wait, and nothing changed; or it is shut
  ///   down, and the wait could never end
  /// - interrupted: the caller was asked to stop; it is shut down, but has not ended
  /// - not_supported: it is the default executor
  bool shutdown(weft::shutdown how = weft::shutdown::wait, duration timeout = forever) const {
    return detail::is_in_time(weft_executor_shutdown(handle_.get(), static_cast<std::uint32_t>(how), timeout.count()));
  }

  /// Wait until the executor has nothing to do, without shutting it down. By then all tasks have
  /// ended that were submitted before, and all that these have submitted here. Timers and delayed
  /// tasks that are not due do not count. The wait runs no task.
  ///
  /// Returns: false when the time is over.
  /// Blocks: up to `timeout`.
  /// Throws:
  /// - deadlock: the caller is a task or worker of the executor; or the executor can never become
  ///   idle
  /// - interrupted: the caller was asked to stop
  bool wait_idle(duration timeout = forever) const {
    return detail::is_in_time(weft_executor_wait_idle(handle_.get(), timeout.count()));
  }

  /// Change how many workers a pool may have: from 1 to the max_workers that it was made with.
  ///
  /// Throws:
  /// - not_supported: it is not a pool, or it is the default executor
  /// - invalid_argument: `max_workers` is out of that range
  void set_max_workers(std::uint32_t max_workers) const {
    check(weft_executor_set_max_workers(handle_.get(), max_workers));
  }

  /// Let the calling thread be a worker of a pool, until the pool has ended.
  ///
  /// Returns: true when the pool has ended; false when the time is over.
  /// Blocks: up to `timeout`, and until a task that runs then has ended.
  /// Throws:
  /// - deadlock: the caller is a worker, or inside a task, callback or destructor that weft runs
  /// - interrupted: the thread was asked to stop
  /// - broken_pool
  /// - not_supported: it is not a pool
  /// - thread_refused: the pool has max_workers workers
  bool work(duration timeout = forever) const {
    return detail::is_in_time(weft_executor_work(handle_.get(), timeout.count()));
  }

  /// Let the calling thread run tasks of a pool until the future is done: see weft_executor_help.
  ///
  /// Returns: true when the future is done; false when the time is over.
  /// Blocks: up to `timeout`, and until a task that runs then has ended.
  /// Throws:
  /// - deadlock: the caller is a worker, or inside a task, callback or destructor that weft runs
  /// - interrupted: the thread was asked to stop
  /// - not_supported: it is not a pool
  template <class T> bool help(const future<T> &wanted, duration timeout = forever) const {
    return detail::is_in_time(weft_executor_help(handle_.get(), wanted.native_handle(), timeout.count()));
  }

  /// Read figures about the executor.
  executor_stats stats() const {
    executor_stats figures{};
    figures.size = sizeof figures;
    check(weft_executor_stats(handle_.get(), &figures));
    return figures;
  }

  /// Get the reason why a pool is broken: the kind and message of what its initializer or start
  /// hook failed with. Nothing when it is not broken.
  std::optional<error> broken() const {
    weft_error_t *native = nullptr;
    check(weft_executor_error(handle_.get(), &native));
    if (!native) return std::nullopt;
    return error::adopt(native);
  }

  /// Set the context: an object that the executor owns from now on, in place of the previous one,
  /// which is destroyed here. nullptr: none. The object is destroyed when another one is set; or
  /// when the executor has ended, on the thread that lets go of the executor last. That is the
  /// thread with the last handle, or a worker after the last task. A destructor that runs there may
  /// give tasks to weft, and must not wait. If the call throws, the object is destroyed here. See
  /// weft/context.h, also for domains.
  ///
  /// Throws:
  /// - not_supported: it is the default executor
  /// - closed: the caller is inside a domain that is closed
  /// - out_of_memory
  template <detail::can_hang T> void set_context(std::unique_ptr<T> object) const {
    detail::hang(std::move(object),
                 [this](void *ctx, weft_drop_fn drop) { return weft_executor_set_context(handle_.get(), ctx, drop); });
  }
  /// Set the context to an object that stays the caller's. Throws as above.
  template <detail::can_hang T> void set_context(T *object) const {
    check(weft_executor_set_context(handle_.get(), object, nullptr));
  }
  /// Set no context. The previous one is destroyed here.
  void reset_context() const { check(weft_executor_set_context(handle_.get(), nullptr, nullptr)); }
  /// Take the context away, and give it to the caller. It must be a T.
  ///
  /// Returns: the object; empty when there was none, or when it is its setter's own (set by
  /// pointer).
  /// Throws:
  /// - not_supported: it is the default executor
  template <detail::can_hang T> std::unique_ptr<T> take_context() const {
    return detail::take_down<T>([this](void **ctx, weft_drop_fn *drop) {
      return weft_executor_swap_context(handle_.get(), nullptr, nullptr, ctx, drop);
    });
  }
  /// Get the context, which must be a T; nullptr when there is none.
  template <detail::can_hang T> T *context() const noexcept {
    return static_cast<T *>(weft_executor_context(handle_.get()));
  }

  /// Get the executor that the calling code runs on: that of the innermost task, callback or hook.
  /// For a task of a strand it is the strand, for a task of a group or a piece of a loop the pool.
  /// Nothing when the thread runs nothing for an executor.
  static std::optional<executor_ref> current() {
    weft_executor_t *const native = weft_executor_current();
    if (native == nullptr) return std::nullopt;
    return share(native);
  }

  /// Take over a reference of the caller's.
  static executor_ref adopt(weft_executor_t *native) noexcept { return executor_ref(shared::adopt(native)); }
  /// Take a reference of its own.
  static executor_ref share(weft_executor_t *native) noexcept { return executor_ref(shared::share(native)); }
  /// Get the C handle, borrowed; NULL when empty.
  weft_executor_t *native_handle() const noexcept { return handle_.get(); }

  /// Whether both are the same executor.
  friend bool operator==(const executor_ref &a, const executor_ref &b) noexcept {
    return a.native_handle() == b.native_handle();
  }

protected:
  using shared = detail::handle<weft_executor_t, weft_executor_ref, weft_executor_unref>;
  explicit executor_ref(shared object) noexcept : handle_(std::move(object)) {}

  shared handle_;
};

namespace detail {

// Throw what a refused submit means. The exception for a broken pool has the reason.
[[noreturn]] inline void throw_refusal(weft_status status, weft_executor_t *executor) {
  weft_error_t *reason = nullptr;
  if (status == WEFT_EBROKEN && weft_executor_error(executor, &reason) == WEFT_OK && reason)
    throw broken_pool(error::adopt(reason));
  throw_status(status);
}

// A callable without arguments is its own closure.
template <class F, class... Args>
using closure_t = std::conditional_t<sizeof...(Args) == 0, std::decay_t<F>, bound_call_t<F, Args...>>;

template <kind_of_task Kind, class R, class F, class... Args> auto prepare(F &&f, Args &&...args) {
  using closure = closure_t<F, Args...>;
  using task = prepared_task<closure, R, Kind>;
  if constexpr (sizeof...(Args) == 0)
    return task(std::in_place_t(), std::forward<F>(f));
  else
    return task(std::in_place_t(), std::in_place_t(), std::forward<F>(f), std::forward<Args>(args)...);
}

template <kind_of_task Kind, class R, class F, class... Args>
weft_status submit_call(weft_executor_t *executor, weft_future_t **out, F &&f, Args &&...args) {
  using closure = closure_t<F, Args...>;
  if constexpr (sizeof...(Args) == 0)
    return submit_closure<closure, R, Kind>(executor, out, std::forward<F>(f));
  else
    return submit_closure<closure, R, Kind>(executor, out, std::in_place_t(), std::forward<F>(f),
                                            std::forward<Args>(args)...);
}

template <kind_of_task Kind, class R, class F, class... Args>
auto prepare_with(const weft_task_options_t &options, F &&f, Args &&...args) {
  using closure = closure_t<F, Args...>;
  using task = prepared_task<closure, R, Kind>;
  if constexpr (sizeof...(Args) == 0)
    return task(options, std::in_place_t(), std::forward<F>(f));
  else
    return task(options, std::in_place_t(), std::in_place_t(), std::forward<F>(f), std::forward<Args>(args)...);
}

} // namespace detail

template <class F, class... Args>
requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
auto executor_ref::submit(F &&f, Args &&...args) const -> future<call_result_t<F, Args...>> {
  using result = call_result_t<F, Args...>;
  weft_future_t *native = nullptr;
  const weft_status status = detail::submit_call<detail::kind_of_task::with_future, result>(
      handle_.get(), &native, std::forward<F>(f), std::forward<Args>(args)...);
  if (status != WEFT_OK) [[unlikely]]
    detail::throw_refusal(status, handle_.get());
  return future<result>::adopt(native);
}

template <class F, class... Args>
requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
void executor_ref::post(F &&f, Args &&...args) const {
  const weft_status status = detail::submit_call<detail::kind_of_task::posted, void>(
      handle_.get(), nullptr, std::forward<F>(f), std::forward<Args>(args)...);
  if (status != WEFT_OK) [[unlikely]]
    detail::throw_refusal(status, handle_.get());
}

template <class F, class... Args>
requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
auto executor_ref::submit(const task_options &options, F &&f, Args &&...args) const
    -> future<call_result_t<F, Args...>> {
  using result = call_result_t<F, Args...>;
  auto task = detail::prepare_with<detail::kind_of_task::with_future, result>(
      detail::native_options(options), std::forward<F>(f), std::forward<Args>(args)...);
  weft_future_t *native = nullptr;
  const weft_status status = task.submit(handle_.get(), &native);
  if (status != WEFT_OK) [[unlikely]]
    detail::throw_refusal(status, handle_.get());
  return future<result>::adopt(native);
}

template <class F, class... Args>
requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
void executor_ref::post(const task_options &options, F &&f, Args &&...args) const {
  auto task = detail::prepare_with<detail::kind_of_task::posted, void>(detail::native_options(options),
                                                                       std::forward<F>(f), std::forward<Args>(args)...);
  const weft_status status = task.submit(handle_.get(), nullptr);
  if (status != WEFT_OK) [[unlikely]]
    detail::throw_refusal(status, handle_.get());
}

template <std::ranges::input_range Range>
requires std::invocable<std::decay_t<std::ranges::range_reference_t<Range>>>
auto executor_ref::submit_batch(Range &&callables) const
    -> std::vector<future<call_result_t<std::ranges::range_reference_t<Range>>>> {
  return submit_batch(task_options(), std::forward<Range>(callables));
}

template <std::ranges::input_range Range>
requires std::invocable<std::decay_t<std::ranges::range_reference_t<Range>>>
auto executor_ref::submit_batch(const task_options &options, Range &&callables) const
    -> std::vector<future<call_result_t<std::ranges::range_reference_t<Range>>>> {
  using callable = std::decay_t<std::ranges::range_reference_t<Range>>;
  using result = call_result_t<callable>;
  using task = detail::prepared_task<callable, result, detail::kind_of_task::with_future>;

  std::vector<task> tasks;
  if constexpr (std::ranges::sized_range<Range>) tasks.reserve(detail::size_of(callables));
  const weft_task_options_t native_options = detail::native_options(options);
  for (auto &&each : callables)
    tasks.emplace_back(native_options, std::in_place_t(), detail::forward_item<Range>(each));

  std::vector<weft_task_t *> natives;
  natives.reserve(tasks.size());
  for (const task &each : tasks) natives.push_back(each.get());
  std::vector<weft_future_t *> submitted(tasks.size());
  std::vector<future<result>> futures;
  futures.reserve(tasks.size());

  const weft_status status =
      weft_executor_submit_tasks(handle_.get(), natives.data(), natives.size(), submitted.data());
  if (status != WEFT_OK) detail::throw_refusal(status, handle_.get());
  for (task &each : tasks) each.release();
  for (weft_future_t *each : submitted) futures.push_back(future<result>::adopt(each));
  return futures;
}

} // namespace weft

#endif
