// Promises: futures that are completed by hand.
//
// Owns the writing side of a future with room. Knows nothing of tasks.
#ifndef WEFT_CPP_PROMISE_HPP
#define WEFT_CPP_PROMISE_HPP

#include <weft/cpp/future.hpp>

#include <atomic>
#include <exception>
#include <type_traits>
#include <utility>

namespace weft {

namespace detail {

// One for all promises, made with the first of them and kept until cleanup(), for a promise is broken in a destructor,
// which must not fail for want of memory. It carries no exception but only its kind (error::exception() knows it): a
// payload would keep the domain that the first promise was made in from ever being closed. The release of who makes it
// pairs with the acquire of who finds it.
inline std::atomic<weft_error_t *> &kept_broken_promise_error() noexcept {
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

// When there is no promise any more.
inline void release_broken_promise_error() noexcept {
  weft_error_unref(kept_broken_promise_error().exchange(nullptr, std::memory_order_acq_rel));
}

// A pending future with room for a T. From here on broken_promise_error() cannot fail.
template <class T> future_handle new_future() {
  static_assert(alignof(stored_t<T>) <= 4096, "a result cannot be aligned to more than 4096 bytes");
  static_cast<void>(broken_promise_error());
  weft_future_t *native = nullptr;
  check(weft_future_create_room(sizeof(stored_t<T>), alignof(stored_t<T>), result_drop<T>(), &native));
  return future_handle::adopt(native);
}

// Builds a result in a room that weft_future_set_begin gave. NULL when it is built; else the exception that building
// threw, as an error that the caller owns.
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

/// A future completed by hand. Move-only. Its calls may come from any thread; of several that complete it one wins.
///
/// A promise that is destroyed before it was kept completes its future with broken_promise, so no reader waits in vain.
template <class T> class promise {
public:
  using value_type = T;

  /// A pending future. Throws out_of_memory.
  promise() : future_(detail::new_future<T>()) {}

  promise(promise &&) noexcept = default;
  promise &operator=(promise &&other) noexcept {
    promise old(std::move(*this));
    future_ = std::move(other.future_);
    return *this;
  }
  /// Callbacks of a broken promise run here.
  ~promise() {
    if (!future_ || weft_future_done(future_.get()) == 1) return;
    // It may fail, because another thread has just cancelled it. Then there is nothing to do.
    static_cast<void>(weft_future_set_error(future_.get(), detail::broken_promise_error()));
  }

  /// The future; as often as wanted, before and after it is completed.
  future<T> get_future() const noexcept { return future<T>::share(future_.get()); }

  /// pending -> running: from now on it cannot be cancelled. False: it was cancelled, so the work need not begin.
  /// Never blocks. Throws invalid_state when it is running or done.
  bool set_running() const {
    const weft_status status = weft_future_set_running(future_.get());
    if (status == WEFT_ECANCELED) return false;
    check(status);
    return true;
  }

  /// A reader has asked it to stop (future::request_stop, cancel_or_stop), or its domain has. Never blocks.
  bool stop_requested() const noexcept { return weft_future_stop_requested(future_.get()) == 1; }

  /// Has callback() called once then, as any_future::on_stop: to hand the request on to what works for this promise.
  template <std::invocable F> bool on_stop(F &&callback) const {
    return detail::add_stop_callback(future_.get(), std::forward<F>(callback));
  }

  /// Completes it with a T built in place from these values (for T&: the object; for void: none). Waiters wake and
  /// callbacks run in this call, which never blocks otherwise. When building the T throws, the future is completed with
  /// that exception instead, and this call returns.
  /// Throws cancelled when it was cancelled, invalid_state when it is done or being completed; the first value stays.
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

  /// Completes it with an exception, as a task that threw it. The rest as set_value. Throws also invalid_argument for a
  /// null pointer, out_of_memory.
  void set_exception(const std::exception_ptr &exception) const { set_error(to_error(exception)); }

  /// Completes it with an error object. The rest as set_value.
  void set_error(const error &failure) const {
    const detail::future_handle self = future_;
    check(weft_future_set_error(self.get(), failure.native_handle()));
  }

private:
  detail::future_handle future_;
};

} // namespace weft

#endif
