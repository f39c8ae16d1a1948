// Futures: the outcome of a task, to be read, waited for, cancelled, or followed by a callback.
//
// Owns a reference to a future of the C ABI, and the reading of a typed result from its room.
// Futures come from executor_ref.hpp, promise.hpp, continuation.hpp and coroutine.hpp. Waits for
// several are in wait.hpp, co_await in coroutine.hpp.
#ifndef WEFT_CPP_FUTURE_HPP
#define WEFT_CPP_FUTURE_HPP

#include <weft/cancel.h>
#include <weft/cpp/crossing.hpp>
#include <weft/cpp/duration.hpp>
#include <weft/cpp/misfit.hpp>
#include <weft/cpp/outcome.hpp>
#include <weft/cpp/visibility.hpp>
#include <weft/future.h>

#include <concepts>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace weft {

class executor_ref;
struct task_options;
template <class T> class future;

/// pending -> running -> result or error; pending -> cancelled. The last three are final.
enum class future_state : std::int32_t {
  pending = WEFT_FUTURE_PENDING,
  running = WEFT_FUTURE_RUNNING,
  result = WEFT_FUTURE_RESULT,
  error = WEFT_FUTURE_ERROR,
  cancelled = WEFT_FUTURE_CANCELLED,
};

/// What any_future::cancel_or_stop has done.
enum class called_off : std::uint32_t {
  removed = WEFT_CANCEL_REMOVED,  ///< the future is cancelled, now or before; it never runs
  asked = WEFT_CANCEL_ASKED,      ///< its task runs, and was asked to stop
  too_late = WEFT_CANCEL_TOO_LATE ///< its task has ended, with a result or an error
};

namespace detail {

using future_handle = handle<weft_future_t, weft_future_ref, weft_future_unref>;

// Throw what the status of a reading call means, which is not WEFT_OK.
[[noreturn]] inline void throw_outcome(weft_status status, weft_future_t *future) {
  if (status == WEFT_EFAILED) {
    weft_error_t *native = nullptr;
    check(weft_future_exception(future, 0, &native));
    error::adopt(native).rethrow();
  }
  throw_status(status);
}

inline void read_outcome(weft_status status, weft_future_t *future) {
  if (status != WEFT_OK) [[unlikely]]
    throw_outcome(status, future);
}

// The argument of a continuation: nothing for void, the reference for T&; otherwise the result to
// read, or, if F cannot be called with that, the result to own.
template <class F, class T> struct continued {
  using argument = std::conditional_t<std::is_invocable_v<F, const T &>, const T &, T>;
  WEFT_IN_EACH_MODULE static constexpr bool possible = std::is_invocable_v<F, argument>;
};
template <class F, class T> struct continued<F, T &> {
  using argument = T &;
  WEFT_IN_EACH_MODULE static constexpr bool possible = std::is_invocable_v<F, T &>;
};
template <class F> struct continued<F, void> {
  WEFT_IN_EACH_MODULE static constexpr bool possible = std::is_invocable_v<F>;
};

template <class F, class T>
requires continued<F, T>::possible struct continued_result {
  using type = std::invoke_result_t<F, typename continued<F, T>::argument>;
};
template <class F>
requires continued<F, void>::possible struct continued_result<F, void> {
  using type = std::invoke_result_t<F>;
};

/// What a future of f(result) holds.
template <class F, class T>
using continued_result_t = typename kept<typename continued_result<std::decay_t<F>, T>::type>::type;

/// A continuation that returns a future<R> gives a future<R>, not a future of one.
template <class R> struct flattened { using type = R; };
template <class R> struct flattened<future<R>> { using type = R; };
template <class R> using flattened_t = typename flattened<R>::type;

template <class F, class T>
concept continues = continued<std::decay_t<F>, T>::possible;

template <class F, class T>
concept mends = std::invocable < std::decay_t<F>,
const error & > &&(std::is_void_v<T> || std::is_convertible_v<std::invoke_result_t<std::decay_t<F>, const error &>, T>);

template <class F, class T>
concept ends = std::invocable<F, future<T>>;
template <class F, class T> using ended_result_t = call_result_t<F, future<T>>;

template <class F, class T> using then_t = future<flattened_t<continued_result_t<F, T>>>;
template <class F, class T> using finally_t = future<flattened_t<ended_result_t<F, T>>>;

template <class F> bool add_stop_callback(weft_future_t *future, F &&callback) {
  using callable = std::decay_t<F>;
  auto owned = std::make_unique<callable>(std::forward<F>(callback));
  callable *const given = owned.release(); // first: the callback may be called at once, and end its thread
  const weft_status status = weft_future_on_stop(
      future, [](void *ctx, weft_future_t *) { std::invoke(std::move(*static_cast<callable *>(ctx))); }, given,
      [](void *ctx) { delete static_cast<callable *>(ctx); });
  if (status == WEFT_OK) return true;
  owned.reset(given);
  if (status != WEFT_EDONE) check(status);
  return false;
}

} // namespace detail

/// A future without its result type: it has everything but the result. A future<T> converts to it,
/// so futures of different types can be waited for together.
///
/// A shared handle. Copies mean the same future, are cheap and do not throw. A handle that is
/// default-constructed or moved from is empty: valid() is false, questions are answered with false,
/// and everything else throws invalid_argument.
///
/// A wait inside a task is safe: see weft/future.h. Every wait may throw, besides what its comment
/// lists:
/// - interrupted: the waiting thread or task was asked to stop; the future is as it was
/// - deadlock: the wait could never end
class any_future {
public:
  any_future() noexcept = default;

  bool valid() const noexcept { return static_cast<bool>(handle_); }

  /// Get the state.
  ///
  /// Throws:
  /// - invalid_argument: the handle is empty
  future_state state() const {
    const std::int32_t state = weft_future_state(handle_.get());
    if (state < 0) throw_status(state);
    return static_cast<future_state>(state);
  }
  /// Ask whether its task runs now.
  bool running() const noexcept { return weft_future_running(handle_.get()) == 1; }
  /// Ask whether it has a result or an error, or was cancelled.
  bool done() const noexcept { return weft_future_done(handle_.get()) == 1; }
  /// Ask whether it was cancelled.
  bool cancelled() const noexcept { return weft_future_cancelled(handle_.get()) == 1; }

  /// Cancel the future if its task has not started. Waiters wake, callbacks run and the closure is
  /// destroyed, all in this call.
  ///
  /// Returns: true when it is cancelled, now or before, and its task never runs; false when the
  /// task had started or ended, and nothing changed.
  bool cancel() const {
    const weft_status status = weft_future_cancel(handle_.get());
    if (status == WEFT_ERUNNING || status == WEFT_EDONE) return false;
    check(status);
    return true;
  }

  /// Ask a running task to stop. The task can see that with this_thread::stop_requested(), and its
  /// blocking calls of weft throw interrupted.
  ///
  /// Returns: false when it had ended.
  bool request_stop() const {
    const weft_status status = weft_future_request_stop(handle_.get());
    if (status == WEFT_EDONE) return false;
    check(status);
    return true;
  }

  /// Ask whether a stop was requested of it, also by its token or its domain.
  bool stop_requested() const noexcept { return weft_future_stop_requested(handle_.get()) == 1; }

  /// Call the future off, whatever its task does: cancel it as cancel() does, or, if its task runs,
  /// ask it to stop.
  ///
  /// Returns: which of the two was done, or that it was too late.
  called_off cancel_or_stop() const {
    std::uint32_t answer = 0;
    check(weft_future_cancel_or_stop(handle_.get(), &answer));
    return static_cast<called_off>(answer);
  }

  /// Wait until the future is done, with a result, an error or cancelled.
  ///
  /// Returns: false when the time is over.
  /// Blocks: up to `timeout`.
  bool wait(duration timeout = forever) const {
    return detail::is_in_time(weft_future_wait(handle_.get(), timeout.count()));
  }

  /// Wait for the end, and get what the task threw; null when there is a result. For an error that
  /// was no C++ exception it holds a weft::error.
  ///
  /// Blocks: up to `timeout`.
  /// Throws: weft::cancelled, timed_out.
  std::exception_ptr exception(duration timeout = forever) const {
    const std::optional<weft::error> failure = error(timeout);
    return failure ? failure->exception() : nullptr;
  }

  /// Wait for the end, and get the error as an object: code, kind and message of any error, C++
  /// exceptions included. Nothing when there is a result.
  ///
  /// Blocks: up to `timeout`.
  /// Throws: weft::cancelled, timed_out.
  std::optional<weft::error> error(duration timeout = forever) const {
    weft_error_t *native = nullptr;
    check(weft_future_exception(handle_.get(), timeout.count(), &native));
    if (!native) return std::nullopt;
    return weft::error::adopt(native);
  }

  /// Have callback(future) called once, when the future is done: on the thread that ends it, or, if
  /// it is done already, at once on this thread. Callbacks run in the order of adding. The callable
  /// may be move-only, and is destroyed right after the call. An exception out of it becomes a line
  /// of the log, and the other callbacks still run. If this call throws, the callable is destroyed
  /// without a call.
  ///
  /// Throws:
  /// - closed: the caller is inside a domain that is closed
  /// - out_of_memory, and what moving the callable throws
  template <std::invocable<any_future> F> void add_done_callback(F &&callback) const {
    add_callback<any_future>(std::forward<F>(callback));
  }

  /// Have callback() called once, when a stop is requested of the future: on the thread that
  /// requests it, or, if one was requested before, at once on this thread. The callable may be
  /// move-only. It is destroyed right after the call, or without a call when the future is done.
  /// See weft_future_on_stop. If this call throws, the callable is destroyed without a call.
  ///
  /// Returns: false when the future is done.
  /// Throws:
  /// - closed: the caller is inside a domain that is closed
  /// - out_of_memory, and what moving the callable throws
  template <std::invocable F> bool on_stop(F &&callback) const {
    return detail::add_stop_callback(handle_.get(), std::forward<F>(callback));
  }

  /// Get the C handle, borrowed; NULL when empty.
  weft_future_t *native_handle() const noexcept { return handle_.get(); }

  /// Give the reference to the caller, who must give it back with weft_future_unref. The handle is
  /// empty afterwards.
  [[nodiscard]] weft_future_t *release() noexcept { return handle_.release(); }

  /// Take over a reference of the caller's.
  static any_future adopt(weft_future_t *native) noexcept { return any_future(detail::future_handle::adopt(native)); }
  /// Take a reference of its own.
  static any_future share(weft_future_t *native) noexcept { return any_future(detail::future_handle::share(native)); }

  /// Whether both are the same future.
  friend bool operator==(const any_future &a, const any_future &b) noexcept {
    return a.native_handle() == b.native_handle();
  }

protected:
  explicit any_future(detail::future_handle object) noexcept : handle_(std::move(object)) {}

  template <class Future, class F> void add_callback(F &&callback) const {
    using callable = std::decay_t<F>;
    auto owned = std::make_unique<callable>(std::forward<F>(callback));
    callable *const given = owned.release(); // first: the callback may be called at once, and end its thread
    const weft_status status = weft_future_add_done_callback(
        handle_.get(),
        [](void *ctx, weft_future_t *future) {
          std::invoke(std::move(*static_cast<callable *>(ctx)), Future::share(future));
        },
        given, [](void *ctx) { delete static_cast<callable *>(ctx); });
    if (status == WEFT_OK) return;
    owned.reset(given);
    check(status);
  }

  detail::future_handle handle_;
};

/// The outcome of a call that gives a T. T may be void, an lvalue reference, or move-only; it need
/// not even be movable. What any_future says holds here, too.
///
/// The result stays in the future, and many threads may read it many times. It is destroyed with
/// the last handle.
template <class T> class future : public any_future {
public:
  using value_type = T;

  future() noexcept = default;

  /// Wait for the result and read it.
  ///
  /// Returns: a reference into the future, valid while a handle to it exists and until take(); for
  /// T& that reference; for void nothing.
  /// Blocks: up to `timeout`.
  /// Throws:
  /// - what the task threw: the same object if it was a C++ exception, shared by all readers as
  ///   with std::shared_future; otherwise weft::error
  /// - weft::cancelled: the future was cancelled
  /// - timed_out: the time is over, and the future is not done; that tells it apart from a task
  ///   that failed with timed_out itself
  /// - invalid_state: the result was taken
  decltype(auto) result(duration timeout = forever) const & {
    await(timeout);
    if constexpr (std::is_lvalue_reference_v<T>)
      return static_cast<T>(*detail::stored_at<T>(room()));
    else if constexpr (!std::is_void_v<T>)
      return static_cast<const T &>(detail::stored_at<T>(room()));
  }

  /// Wait for the result and read it as a value, for a temporary: in pool.submit(f).result() a
  /// reference could dangle. The value is a copy, or, for a type that cannot be copied, what take()
  /// gives. To save a copy, call take().
  ///
  /// Blocks: up to `timeout`.
  /// Throws: as above.
  decltype(auto) result(duration timeout = forever) && {
    if constexpr (std::is_void_v<T> || std::is_lvalue_reference_v<T>) {
      return static_cast<const future &>(*this).result(timeout);
    } else if constexpr (std::is_copy_constructible_v<T>) {
      return T(static_cast<const future &>(*this).result(timeout));
    } else {
      return take(timeout);
    }
  }

  /// Wait for the result and move it out, once for all handles; later reads throw invalid_state.
  /// The caller sees to it that no other thread reads the result through result() meanwhile.
  ///
  /// Blocks: up to `timeout`.
  /// Throws: as result(). If the move constructor of T throws, the result is lost.
  T take(duration timeout = forever) const {
    void *ignored = nullptr;
    detail::read_outcome(weft_future_take(handle_.get(), timeout.count(), &ignored), handle_.get());
    if constexpr (std::is_lvalue_reference_v<T>)
      return *detail::stored_at<T>(room());
    else if constexpr (!std::is_void_v<T>)
      return std::move(detail::stored_at<T>(room()));
  }

  /// Have callback(future) called as any_future::add_done_callback does, with the typed future.
  template <std::invocable<future> F> void add_done_callback(F &&callback) const {
    add_callback<future>(std::forward<F>(callback));
  }

  /// Continue: get the future of f(result), which is called once there is a result. f gets it as
  /// const T & (as T & for a reference, nothing for void). An f that cannot be called so, such as
  /// one that takes a move-only T by value, gets what take() gives. An error or a cancellation is
  /// handed on, the same exception object, and f is destroyed without a call. f may be move-only,
  /// and is destroyed right after the call, before the new future is done. One allocation holds f,
  /// its result and the new future. Chains of any length need no stack.
  ///
  /// With an executor, f runs there. If the executor refuses it when its time has come (shut down,
  /// full, broken ...), the new future fails with an error whose code() is that status, or with
  /// broken_pool. Without an executor, f runs on the thread that completes this future, or at once
  /// on this thread if it is done already. That is for a short f.
  ///
  /// The new future is pending until f starts, and can be cancelled until then; this one goes on.
  /// weft/continuation.h has the rest.
  ///
  /// If f returns a future<R>, the new future is a future<R>, and ends as that one does (flatten()).
  /// It is pending until then. Its cancellation, or a stop request to it, reaches neither f nor what
  /// f has begun. To call those off, give them a cancel token.
  ///
  /// Blocks: never; if this future is done already, as a submit to the executor does.
  /// Throws:
  /// - invalid_argument: this future or the executor is empty
  /// - closed: the domain of the task is closed
  /// - out_of_memory, and what moving f throws
  template <detail::continues<T> F> auto then(const executor_ref &where, F &&f) const -> detail::then_t<F, T>;
  template <detail::continues<T> F> auto then(F &&f) const -> detail::then_t<F, T>;
  /// Continue with options. It may also throw cancelled (the token is cancelled) and not_supported
  /// (there is a priority, and the executor is no pool).
  template <detail::continues<T> F>
  auto then(const task_options &options, const executor_ref &where, F &&f) const -> detail::then_t<F, T>;

  /// Mend an error: get the future of f(error), which is called with a const weft::error & once
  /// there is an error, and gives a T in its place. The exception() of the error is what the task
  /// threw. A result is handed on as it is. It stays one object with that of this future, and
  /// take() through either moves it out for both. A cancellation is no error, and is handed on,
  /// too. The rest is as for then.
  template <detail::mends<T> F> future on_error(const executor_ref &where, F &&f) const;
  template <detail::mends<T> F> future on_error(F &&f) const;
  template <detail::mends<T> F> future on_error(const task_options &options, const executor_ref &where, F &&f) const;

  /// Continue in any case: get the future of f(this future), which is called when it is done, with
  /// a result, an error or cancelled. The rest is as for then.
  template <detail::ends<T> F> auto finally(const executor_ref &where, F &&f) const -> detail::finally_t<F, T>;
  template <detail::ends<T> F> auto finally(F &&f) const -> detail::finally_t<F, T>;
  template <detail::ends<T> F>
  auto finally(const task_options &options, const executor_ref &where, F &&f) const -> detail::finally_t<F, T>;

  // If f does not fit: cpp/misfit.hpp.
  template <class F>
  requires(!detail::continues<F, T>) void then(const executor_ref &, F &&) const { refuse_then<F>(); }
  template <class F>
  requires(!detail::continues<F, T>) void then(F &&) const { refuse_then<F>(); }
  template <class F>
  requires(!detail::continues<F, T>) void then(const task_options &, const executor_ref &, F &&) const {
    refuse_then<F>();
  }
  template <class F>
  requires(!detail::mends<F, T>) void on_error(const executor_ref &, F &&) const { refuse_on_error<F>(); }
  template <class F>
  requires(!detail::mends<F, T>) void on_error(F &&) const { refuse_on_error<F>(); }
  template <class F>
  requires(!detail::mends<F, T>) void on_error(const task_options &, const executor_ref &, F &&) const {
    refuse_on_error<F>();
  }
  template <class F>
  requires(!detail::ends<F, T>) void finally(const executor_ref &, F &&) const { refuse_finally<F>(); }
  template <class F>
  requires(!detail::ends<F, T>) void finally(F &&) const { refuse_finally<F>(); }
  template <class F>
  requires(!detail::ends<F, T>) void finally(const task_options &, const executor_ref &, F &&) const {
    refuse_finally<F>();
  }

  /// Take over a reference of the caller's. weft.hpp must have made the future for the same T. Only
  /// future<void> may stand for any future.
  static future adopt(weft_future_t *native) noexcept { return future(detail::future_handle::adopt(native)); }
  /// Take a reference of its own. The rest is as for adopt.
  static future share(weft_future_t *native) noexcept { return future(detail::future_handle::share(native)); }

private:
  template <class F> static constexpr void refuse_then() noexcept {
    static_assert(detail::never<F>, "then: f cannot be called with the result of the future");
  }
  template <class F> static constexpr void refuse_on_error() noexcept {
    static_assert(detail::never<F>, "on_error: f cannot be called with a const weft::error &, or gives no T");
  }
  template <class F> static constexpr void refuse_finally() noexcept {
    static_assert(detail::never<F>, "finally: f cannot be called with the future");
  }

  explicit future(detail::future_handle object) noexcept : any_future(std::move(object)) {}

  void await(duration timeout) const {
    detail::read_outcome(weft_future_result(handle_.get(), timeout.count(), nullptr), handle_.get());
  }
  void *room() const noexcept { return weft_future_room(handle_.get()); }
};

} // namespace weft

#endif
