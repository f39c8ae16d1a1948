// Futures: the outcome of a task, to be read, waited for, cancelled, or called back with.
//
// Owns a reference to a future of the C ABI, and the reading of a typed result from its room. Where futures come from
// is in executor_ref.hpp, promise.hpp, continuation.hpp and coroutine.hpp; waiting for several in wait.hpp; co_await in
// coroutine.hpp.
#ifndef WEFT_CPP_FUTURE_HPP
#define WEFT_CPP_FUTURE_HPP

#include <weft/cancel.h>
#include <weft/cpp/crossing.hpp>
#include <weft/cpp/duration.hpp>
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
  removed = WEFT_CANCEL_REMOVED,  ///< it is cancelled, now or since earlier, and will never run
  asked = WEFT_CANCEL_ASKED,      ///< it runs, and was asked to stop
  too_late = WEFT_CANCEL_TOO_LATE ///< it has ended, with a result or an error
};

namespace detail {

using future_handle = handle<weft_future_t, weft_future_ref, weft_future_unref>;

// Throws what a reading call that did not end with WEFT_OK means.
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

// What a continuation is called with: nothing for void, the reference for T&, else the result itself, to read, or when
// it cannot be called so, to have.
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

template <class F, class T> struct continued_result {
  using type = std::invoke_result_t<F, typename continued<F, T>::argument>;
};
template <class F> struct continued_result<F, void> { using type = std::invoke_result_t<F>; };

/// What a future of f(result) holds.
template <class F, class T>
using continued_result_t = typename kept<typename continued_result<std::decay_t<F>, T>::type>::type;

template <class F, class T>
concept continues = continued<std::decay_t<F>, T>::possible;

template <class F, class T>
concept mends = std::invocable < std::decay_t<F>,
const error & > &&(std::is_void_v<T> || std::is_convertible_v<std::invoke_result_t<std::decay_t<F>, const error &>, T>);

template <class F, class T>
concept ends = std::invocable<F, future<T>>;
template <class F, class T> using ended_result_t = call_result_t<F, future<T>>;

template <class F> bool add_stop_callback(weft_future_t *future, F &&callback) {
  using callable = std::decay_t<F>;
  auto owned = std::make_unique<callable>(std::forward<F>(callback));
  const weft_status status = weft_future_on_stop(
      future, [](void *ctx, weft_future_t *) { std::invoke(std::move(*static_cast<callable *>(ctx))); }, owned.get(),
      [](void *ctx) { delete static_cast<callable *>(ctx); });
  if (status == WEFT_EDONE) return false;
  check(status);
  static_cast<void>(owned.release());
  return true;
}

} // namespace detail

/// A future whose result type is not known here: everything but the result. A future<T> converts to it, so futures of
/// different types can be waited for together.
///
/// A shared handle: copies mean the same future, are cheap, do not throw, and may be used by several threads (one
/// handle object by one thread at a time, like any value). A default-constructed or moved-from one is empty: valid() is
/// false, questions are answered with false, everything else throws invalid_argument.
///
/// Waiting inside a task is safe: see weft/future.h. Every waiting call throws, besides what it says itself,
///   interrupted   the waiting thread or task was asked to stop; the future is as it was,
///   deadlock      the wait could never end.
class any_future {
public:
  any_future() noexcept = default;

  bool valid() const noexcept { return static_cast<bool>(handle_); }

  /// Where it stands. Never blocks. Throws invalid_argument when empty.
  future_state state() const {
    const std::int32_t state = weft_future_state(handle_.get());
    if (state < 0) throw_status(state);
    return static_cast<future_state>(state);
  }
  /// Its task runs now. Never blocks.
  bool running() const noexcept { return weft_future_running(handle_.get()) == 1; }
  /// It has a result or an error, or was cancelled. Never blocks.
  bool done() const noexcept { return weft_future_done(handle_.get()) == 1; }
  /// It was cancelled. Never blocks.
  bool cancelled() const noexcept { return weft_future_cancelled(handle_.get()) == 1; }

  /// Cancels what has not started: waiters wake, callbacks run and the closure is destroyed, all in this call, which
  /// never blocks otherwise. True: it is cancelled, now or since earlier, and will never run. False: it had started or
  /// ended; nothing changed.
  bool cancel() const {
    const weft_status status = weft_future_cancel(handle_.get());
    if (status == WEFT_ERUNNING || status == WEFT_EDONE) return false;
    check(status);
    return true;
  }

  /// Asks a running task to stop: it can see that with this_thread::stop_requested(), and its blocking calls of weft
  /// throw interrupted. Never blocks. False: it had ended.
  bool request_stop() const {
    const weft_status status = weft_future_request_stop(handle_.get());
    if (status == WEFT_EDONE) return false;
    check(status);
    return true;
  }

  /// A stop was requested of it, also by its token or its domain. Never blocks.
  bool stop_requested() const noexcept { return weft_future_stop_requested(handle_.get()) == 1; }

  /// Calls it off, whatever it does: cancels what has not started, as cancel(), and asks what runs to stop. Tells which
  /// of the two it was. Never blocks otherwise.
  called_off cancel_or_stop() const {
    std::uint32_t answer = 0;
    check(weft_future_cancel_or_stop(handle_.get(), &answer));
    return static_cast<called_off>(answer);
  }

  /// Waits until it is done, in whatever way. False: the time is over. Blocks up to timeout.
  bool wait(duration timeout = forever) const {
    return detail::is_in_time(weft_future_wait(handle_.get(), timeout.count()));
  }

  /// Waits for the end and tells what the task threw: null when there is a result. For errors that were no C++
  /// exception it holds a weft::error. Blocks up to timeout. Throws weft::cancelled, timed_out.
  std::exception_ptr exception(duration timeout = forever) const {
    const std::optional<weft::error> failure = error(timeout);
    return failure ? failure->exception() : nullptr;
  }

  /// The same as an error object: code, kind and message of any error, C++ exceptions included. Empty when there is a
  /// result. Blocks up to timeout. Throws weft::cancelled, timed_out.
  std::optional<weft::error> error(duration timeout = forever) const {
    weft_error_t *native = nullptr;
    check(weft_future_exception(handle_.get(), timeout.count(), &native));
    if (!native) return std::nullopt;
    return weft::error::adopt(native);
  }

  /// Has callback(future) called once, when the future is done: on the thread that ends it, or, when it is done
  /// already, at once on this thread. Callbacks run in the order of adding. The callable may be move-only; it is
  /// destroyed right after the call. An exception out of it goes to the log, and the other callbacks still run. Never
  /// blocks otherwise. Throws out_of_memory and what moving the callable throws; it is then destroyed without a call.
  template <std::invocable<any_future> F> void add_done_callback(F &&callback) const {
    add_callback<any_future>(std::forward<F>(callback));
  }

  /// Has callback() called once, when a stop is requested of it: on the thread that requests it; at once on this thread
  /// when one was requested before. The callable may be move-only; it is destroyed right after the call, or without one
  /// when the future is done. See weft_future_on_stop. False: it is done. Throws out_of_memory, closed, and what moving
  /// the callable throws; it is then destroyed without a call.
  template <std::invocable F> bool on_stop(F &&callback) const {
    return detail::add_stop_callback(handle_.get(), std::forward<F>(callback));
  }

  /// Borrowed; NULL when empty.
  weft_future_t *native_handle() const noexcept { return handle_.get(); }

  /// Gives the reference to the caller, who must unref it. The handle is empty afterwards.
  [[nodiscard]] weft_future_t *release() noexcept { return handle_.release(); }

  /// Takes over a reference of the caller's.
  static any_future adopt(weft_future_t *native) noexcept { return any_future(detail::future_handle::adopt(native)); }
  /// Takes a reference of its own.
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
    check(weft_future_add_done_callback(
        handle_.get(),
        [](void *ctx, weft_future_t *future) {
          std::invoke(std::move(*static_cast<callable *>(ctx)), Future::share(future));
        },
        owned.get(), [](void *ctx) { delete static_cast<callable *>(ctx); }));
    static_cast<void>(owned.release());
  }

  detail::future_handle handle_;
};

/// The outcome of a call that gives a T. T may be void, an lvalue reference, or move-only; it need not even be movable.
/// Everything that any_future says holds here.
///
/// The result stays in the future and can be read many times, by many threads. It is destroyed with the last handle.
template <class T> class future : public any_future {
public:
  using value_type = T;

  future() noexcept = default;

  /// Waits for the result and reads it. Blocks up to timeout. Gives a reference into the future, valid as long as any
  /// handle to it and until take(); for a reference T&, that reference; for void, nothing.
  /// Throws what the task threw, the same exception object where that was C++ (and then shared by all readers, as with
  /// std::shared_future), else weft::error; weft::cancelled; timed_out: the time is over (the future is not done then,
  /// which tells it apart from a task that failed with timed_out itself); invalid_state: it was taken.
  decltype(auto) result(duration timeout = forever) const & {
    await(timeout);
    if constexpr (std::is_lvalue_reference_v<T>)
      return static_cast<T>(*detail::stored_at<T>(room()));
    else if constexpr (!std::is_void_v<T>)
      return static_cast<const T &>(detail::stored_at<T>(room()));
  }

  /// On a temporary, as in pool.submit(f).result(), a reference could dangle, so this gives a value: a copy of the
  /// result, or, for a type that cannot be copied, what take() gives. To save a copy, call take().
  decltype(auto) result(duration timeout = forever) && {
    if constexpr (std::is_void_v<T> || std::is_lvalue_reference_v<T>) {
      return static_cast<const future &>(*this).result(timeout);
    } else if constexpr (std::is_copy_constructible_v<T>) {
      return T(static_cast<const future &>(*this).result(timeout));
    } else {
      return take(timeout);
    }
  }

  /// Waits for the result and moves it out: once for all handles, later reads throw invalid_state. Blocks up to
  /// timeout. The caller sees to it that no other thread is reading it through result() meanwhile. Throws as result();
  /// an exception of T's move constructor loses the result.
  T take(duration timeout = forever) const {
    void *ignored = nullptr;
    detail::read_outcome(weft_future_take(handle_.get(), timeout.count(), &ignored), handle_.get());
    if constexpr (std::is_lvalue_reference_v<T>)
      return *detail::stored_at<T>(room());
    else if constexpr (!std::is_void_v<T>)
      return std::move(detail::stored_at<T>(room()));
  }

  /// As any_future::add_done_callback, with the typed future.
  template <std::invocable<future> F> void add_done_callback(F &&callback) const {
    add_callback<future>(std::forward<F>(callback));
  }

  /// Continues: the future of f(result), which is called once there is a result. f gets it as const T & (as T & for a
  /// reference, nothing for void); an f that cannot be called so, as one that takes a move-only T by value, gets what
  /// take() gives. An error or a cancellation is handed on, the same exception object, and f is destroyed without a
  /// call. f may be move-only; it is destroyed right after the call, before the new future is done.
  /// One allocation holds f, its result and the new future; chains of any length need no stack.
  ///
  /// On an executor it runs there; refused when its time has come (shut down, full, broken ...), the new future fails
  /// with an error whose code() is that status (with broken_pool for a broken pool). Without an executor it runs on the
  /// thread that completes this future, or now and here when it is done already: for a short f. Never blocks otherwise.
  ///
  /// The new future is pending until f starts and can be cancelled until then; this one goes on. See
  /// weft/continuation.h for the rest. Throws invalid_argument: this future or the executor is empty; out_of_memory,
  /// and what moving f throws.
  template <detail::continues<T> F>
  auto then(const executor_ref &where, F &&f) const -> future<detail::continued_result_t<F, T>>;
  template <detail::continues<T> F> auto then(F &&f) const -> future<detail::continued_result_t<F, T>>;
  /// With options. Throws besides not_supported: there is a priority, and the executor is no pool; cancelled, closed.
  template <detail::continues<T> F>
  auto then(const task_options &options, const executor_ref &where, F &&f) const
      -> future<detail::continued_result_t<F, T>>;

  /// Mends an error: the future of f(error), called with a const weft::error & once there is an error (its exception()
  /// is what the task threw), and giving a T in its place. A result is handed on as it is: it stays one object with
  /// this future's, and take() through either moves it out for both. So is a cancellation, which is no error. Else as
  /// then.
  template <detail::mends<T> F> future on_error(const executor_ref &where, F &&f) const;
  template <detail::mends<T> F> future on_error(F &&f) const;
  template <detail::mends<T> F> future on_error(const task_options &options, const executor_ref &where, F &&f) const;

  /// Continues in any case: the future of f(this future), called when it is done by result, error or cancellation. Else
  /// as then.
  template <detail::ends<T> F>
  auto finally(const executor_ref &where, F &&f) const -> future<detail::ended_result_t<F, T>>;
  template <detail::ends<T> F> auto finally(F &&f) const -> future<detail::ended_result_t<F, T>>;
  template <detail::ends<T> F>
  auto finally(const task_options &options, const executor_ref &where, F &&f) const
      -> future<detail::ended_result_t<F, T>>;

  /// Takes over a reference of the caller's. The future must have been made by weft.hpp for the same T; only
  /// future<void> may stand for any.
  static future adopt(weft_future_t *native) noexcept { return future(detail::future_handle::adopt(native)); }
  /// Takes a reference of its own; else as adopt.
  static future share(weft_future_t *native) noexcept { return future(detail::future_handle::share(native)); }

private:
  explicit future(detail::future_handle object) noexcept : any_future(std::move(object)) {}

  void await(duration timeout) const {
    detail::read_outcome(weft_future_result(handle_.get(), timeout.count(), nullptr), handle_.get());
  }
  void *room() const noexcept { return weft_future_room(handle_.get()); }
};

} // namespace weft

#endif
