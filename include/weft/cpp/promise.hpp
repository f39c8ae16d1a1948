// Promises: futures that are completed by hand.
//
// Owns the writing side of a future with room. Knows nothing of tasks.
#ifndef WEFT_CPP_PROMISE_HPP
#define WEFT_CPP_PROMISE_HPP

#include <weft/cpp/future.hpp>
#include <weft/cpp/visibility.hpp>

#include <atomic>
#include <exception>
#include <type_traits>
#include <utility>

namespace weft {

namespace detail {

// The error of all broken promises. The first promise makes it, and it is kept until cleanup(),
// because a destructor breaks a promise and must not fail for lack of memory. It carries only its
// kind, which error::exception() knows, and no exception: a payload would keep the domain in which
// the first promise was made from ever being closed. The release by the thread that makes it pairs
// with the acquire of a thread that finds it.
WEFT_IN_EACH_MODULE inline std::atomic<weft_error_t *> &kept_broken_promise_error() noexcept {
  static constinit std::atomic<weft_error_t *> kept{nullptr};
  return kept;
}

inline weft_error_t *broken_promise_error() {
  weft_error_t *kept = kept_broken_promise_error().load(std::memory_order_acquire);
  if (kept) [[likely]]
    return kept;
  weft_error_t *made = nullptr;
  check(weft_error_create(WEFT_EFAILED, broken_promise_kind, broken_promise_text, &made));
  if (kept_broken_promise_error().compare_exchange_strong(kept, made, std::memory_order_acq_rel)) return made;
  weft_error_unref(made); // another thread was faster
  return kept;
}

// Call it when there is no promise any more.
inline void release_broken_promise_error() noexcept {
  weft_error_unref(kept_broken_promise_error().exchange(nullptr, std::memory_order_acq_rel));
}

// Make a pending future with room for a T. After this call broken_promise_error() cannot fail.
template <class T> future_handle new_future() {
  static_assert(alignof(stored_t<T>) <= 4096, "a result cannot be aligned to more than 4096 bytes");
  static_cast<void>(broken_promise_error());
  weft_future_t *native = nullptr;
  check(weft_future_create_room(sizeof(stored_t<T>), alignof(stored_t<T>), result_drop<T>(), &native));
  return future_handle::adopt(native);
}

// Build a result in a room that weft_future_set_begin gave.
//
// Returns: NULL when it is built; otherwise the exception that building threw, as an error that the
// caller owns.
template <class T, class Make> weft_error_t *build_outcome(void *room, Make &&make) {
  weft_error_t *failure = nullptr;
  if (guard(&failure, [&] { build_result<T>(room, std::forward<Make>(make)); }) == WEFT_OK) return nullptr;
  return failure ? failure : weft_error_ref(broken_promise_error());
}

inline void abort_outcome(weft_future_t *future, weft_error_t *adopted) noexcept {
  static_cast<void>(weft_future_set_abort(future, adopted));
  weft_error_unref(adopted);
}

} // namespace detail

/// A future that is completed by hand. Move-only. Any thread may make any call. If several threads
/// complete it, one wins.
///
/// The destructor of a promise that is not done completes its future with broken_promise, so that
/// no reader waits for ever.
template <class T> class promise {
public:
  using value_type = T;

  /// Make a pending future.
  ///
  /// Throws:
  /// - closed: the caller is inside a domain that is closed
  /// - out_of_memory
  promise() : future_(detail::new_future<T>()) {}

  promise(promise &&) noexcept = default;
  promise &operator=(promise &&other) noexcept {
    promise old(std::move(*this));
    future_ = std::move(other.future_);
    return *this;
  }
  /// Break the promise if it is not done. Callbacks of its future run here.
  ~promise() {
    if (!future_ || weft_future_done(future_.get()) == 1) return;
    // It may fail, because another thread has just cancelled the future. Then there is nothing to
    // do.
    static_cast<void>(weft_future_set_error(future_.get(), detail::broken_promise_error()));
  }

  /// Get the future, any number of times, before and after it is completed.
  future<T> get_future() const noexcept { return future<T>::share(future_.get()); }

  /// Set the future running: from now on it cannot be cancelled.
  ///
  /// Returns: false when it was cancelled, so that the work need not begin.
  /// Throws:
  /// - invalid_state: it is running or done
  bool set_running() const {
    const weft_status status = weft_future_set_running(future_.get());
    if (status == WEFT_ECANCELED) return false;
    check(status);
    return true;
  }

  /// Ask whether a reader has asked the future to stop (future::request_stop, cancel_or_stop), or
  /// its domain has.
  bool stop_requested() const noexcept { return weft_future_stop_requested(future_.get()) == 1; }

  /// Have callback() called once when a stop is requested, as any_future::on_stop: to hand the
  /// request on to what works for this promise.
  template <std::invocable F> bool on_stop(F &&callback) const {
    return detail::add_stop_callback(future_.get(), std::forward<F>(callback));
  }

  /// Complete the future with a T that is built in place from these values (for T&: the object; for
  /// void: none). Waiters wake and callbacks run in this call. If building the T throws, the future
  /// is completed with that exception instead, and this call returns.
  ///
  /// Throws:
  /// - cancelled: the future was cancelled
  /// - invalid_state: it is done or being completed; the first value stays
  template <class... Values> void set_value(Values &&...values) const {
    const detail::future_handle self = future_; // a callback may destroy this promise
    void *room = nullptr;
    check(weft_future_set_begin(self.get(), &room));
    weft_error_t *failure = detail::build_outcome<T>(room, [&]() -> T {
      if constexpr (std::is_lvalue_reference_v<T>)
        return (values, ...);
      else if constexpr (!std::is_void_v<T>)
        return T(std::forward<Values>(values)...);
    });
    if (failure)
      detail::abort_outcome(self.get(), failure);
    else
      check(weft_future_set_commit(self.get()));
  }

  /// Complete the future with an exception, as a task that threw it.
  ///
  /// Throws:
  /// - cancelled, invalid_state: as set_value
  /// - invalid_argument: `exception` is null
  /// - out_of_memory
  void set_exception(const std::exception_ptr &exception) const { set_error(to_error(exception)); }

  /// Complete the future with an error object.
  ///
  /// Throws:
  /// - cancelled, invalid_state: as set_value
  void set_error(const error &failure) const {
    const detail::future_handle self = future_;
    check(weft_future_set_error(self.get(), failure.native_handle()));
  }

private:
  detail::future_handle future_;
};

} // namespace weft

#endif
