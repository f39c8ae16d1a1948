// weft::cancel_source and weft::cancel_token: call several things off together, over weft/cancel.h.
#ifndef WEFT_CPP_CANCEL_HPP
#define WEFT_CPP_CANCEL_HPP

#include <weft/cancel.h>
#include <weft/cpp/duration.hpp>
#include <weft/cpp/error.hpp>
#include <weft/cpp/handle.hpp>
#include <weft/timer.h>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

namespace weft {

/// A callback on a token, for as long as this object lives. The destructor removes the callback,
/// and does not wait for one that runs at that moment. The callable is destroyed once: after its
/// call, or when it is removed.
class cancel_callback {
public:
  cancel_callback() noexcept = default;
  cancel_callback(cancel_callback &&other) noexcept : native_(std::exchange(other.native_, nullptr)) {}
  cancel_callback &operator=(cancel_callback &&other) noexcept {
    weft_cancel_registration_t *const taken = std::exchange(other.native_, nullptr);
    remove();
    native_ = taken;
    return *this;
  }
  ~cancel_callback() { remove(); }

  /// Remove the callback.
  ///
  /// Returns: true when it will not be called; false when it was called, runs now, or there is
  /// none.
  bool remove() noexcept { return native_ != nullptr && weft_cancel_registration_remove(&native_) == WEFT_OK; }

private:
  friend class cancel_token;
  weft_cancel_registration_t *native_ = nullptr;
};

/// A token: a task looks at it, and is called off with it: pool.submit(token, f). A shared handle.
/// An empty one is never cancelled.
class cancel_token {
public:
  cancel_token() noexcept = default;

  bool valid() const noexcept { return static_cast<bool>(handle_); }
  /// Ask whether the token is cancelled or its deadline has passed. For loops in long tasks.
  bool is_cancelled() const noexcept { return handle_ && weft_cancel_token_is_cancelled(handle_.get()) == 1; }
  explicit operator bool() const noexcept { return valid(); }

  /// Get the time until the deadline of the token, its own or that of a token above it, whichever
  /// is earlier. It is the most that a call out of a task may take.
  ///
  /// Returns: the time, never negative; forever when there is no deadline or the token is empty.
  duration time_left() const noexcept {
    const std::int64_t end = weft_cancel_token_deadline(handle_.get());
    if (end == WEFT_FOREVER) return forever;
    return duration(std::chrono::nanoseconds(std::max<std::int64_t>(end - weft_now(), 0)));
  }

  /// Have f() called once when the token is cancelled, on the thread that cancels it. If it is
  /// cancelled already, f() is called at once, on this thread. An exception out of f becomes a line
  /// of the log.
  ///
  /// Throws:
  /// - invalid_argument: the token is empty
  /// - closed: the thread is inside a domain that is closed
  /// - out_of_memory
  template <class F>
  requires std::invocable < std::decay_t<F>
  & > [[nodiscard]] cancel_callback on_cancel(F &&f) const {
    using callable = std::decay_t<F>;
    auto owned = std::make_unique<callable>(std::forward<F>(f));
    callable *const given = owned.release(); // first: the callback may be called at once, and end its thread
    cancel_callback made;
    const weft_status status = weft_cancel_token_on_cancel(
        handle_.get(), [](void *ctx) { (*static_cast<callable *>(ctx))(); }, given,
        [](void *ctx) { delete static_cast<callable *>(ctx); }, &made.native_);
    if (status == WEFT_OK) return made;
    owned.reset(given);
    check(status);
    return made;
  }

  /// Get the token of the innermost task that the calling thread is in; empty when there is none.
  static cancel_token current() noexcept {
    weft_cancel_token_t *const native = weft_cancel_token_current();
    return native ? cancel_token(shared::share(native)) : cancel_token();
  }
  /// Take over a reference of the caller's.
  static cancel_token adopt(weft_cancel_token_t *native) noexcept { return cancel_token(shared::adopt(native)); }
  /// Get the C handle, borrowed; NULL when empty.
  weft_cancel_token_t *native_handle() const noexcept { return handle_.get(); }

private:
  using shared = detail::handle<weft_cancel_token_t, weft_cancel_token_ref, weft_cancel_token_unref>;
  explicit cancel_token(shared object) noexcept : handle_(std::move(object)) {}
  shared handle_;
};

/// The right to cancel a token. The destructor does not cancel it: what uses the token goes on.
///
///     weft::cancel_source request(5s);
///     auto page = pool.submit(request.token(), fetch, url);
///     request.cancel();
class cancel_source {
public:
  /// Make a token that is cancelled by itself when `timeout` is over, never early.
  ///
  /// Throws:
  /// - shut_down: there is a timeout, and every runtime has ended
  /// - thread_refused: there is a timeout, and the system refuses the thread that keeps deadlines,
  ///   or its descriptors
  /// - out_of_memory
  explicit cancel_source(duration timeout = forever) : cancel_source(cancel_token(), timeout) {}
  /// Make a token that is also cancelled together with `parent`. An empty parent counts as none. If
  /// the parent is cancelled already, the new token begins cancelled. Throws as the constructor
  /// above.
  explicit cancel_source(const cancel_token &parent, duration timeout = forever) {
    weft_cancel_token_t *native = nullptr;
    check(weft_cancel_token_create(parent.native_handle(), timeout.count(), &native));
    token_ = cancel_token::adopt(native);
  }

  /// Cancel the token. What has not started never will, and what runs is asked to stop. Destructors
  /// and callbacks of what is cancelled run here.
  ///
  /// Returns: false when it was cancelled before.
  bool cancel() const { return weft_cancel_token_cancel(token_.native_handle()) == WEFT_OK; }
  bool is_cancelled() const noexcept { return token_.is_cancelled(); }
  const cancel_token &token() const noexcept { return token_; }

private:
  cancel_token token_;
};

} // namespace weft

#endif
