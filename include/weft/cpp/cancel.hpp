// weft::cancel_source and weft::cancel_token: what is called off together, for C++, over weft/cancel.h.
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

/// A callback on a token, for as long as this lives: it is taken back by the destructor, which does not wait for one
/// that runs just then. The callable is destroyed once, after its call or when it is taken back.
class cancel_callback {
public:
  cancel_callback() noexcept = default;
  cancel_callback(cancel_callback &&other) noexcept : native_(std::exchange(other.native_, nullptr)) {}
  cancel_callback &operator=(cancel_callback &&other) noexcept {
    std::swap(native_, other.native_);
    return *this;
  }
  ~cancel_callback() { remove(); }

  /// True: it will not be called. False: it was called, or runs now, or there is none.
  bool remove() noexcept { return native_ != nullptr && weft_cancel_registration_remove(&native_) == WEFT_OK; }

private:
  friend class cancel_token;
  weft_cancel_registration_t *native_ = nullptr;
};

/// What tasks are given, and look at: pool.submit(token, f). A shared handle; an empty one is never cancelled.
class cancel_token {
public:
  cancel_token() noexcept = default;

  bool valid() const noexcept { return static_cast<bool>(handle_); }
  /// It is cancelled, or its time is over. For loops in long tasks. Never blocks.
  bool is_cancelled() const noexcept { return handle_ && weft_cancel_token_is_cancelled(handle_.get()) == 1; }
  explicit operator bool() const noexcept { return valid(); }

  /// How long until its time is over, its own or that of one above it, never negative; forever: it has no deadline, or
  /// is empty. What a call out of a task may take, at most. Never blocks.
  duration time_left() const noexcept {
    const std::int64_t end = weft_cancel_token_deadline(handle_.get());
    if (end == WEFT_FOREVER) return forever;
    return duration(std::chrono::nanoseconds(std::max<std::int64_t>(end - weft_now(), 0)));
  }

  /// Has f() called once when the token is cancelled, on the thread that does it; at once when it is cancelled already.
  /// An exception out of f goes to the log. Throws invalid_argument: the token is empty; closed, out_of_memory.
  template <class F>
  requires std::invocable < std::decay_t<F>
  & > [[nodiscard]] cancel_callback on_cancel(F &&f) const {
    using callable = std::decay_t<F>;
    auto ctx = std::make_unique<callable>(std::forward<F>(f));
    cancel_callback made;
    check(weft_cancel_token_on_cancel(
        handle_.get(), [](void *given) { (*static_cast<callable *>(given))(); }, ctx.get(),
        [](void *given) { delete static_cast<callable *>(given); }, &made.native_));
    (void)ctx.release();
    return made;
  }

  /// The token of the task that the calling thread is in; empty: none.
  static cancel_token current() noexcept {
    weft_cancel_token_t *const native = weft_cancel_token_current();
    return native ? cancel_token(shared::share(native)) : cancel_token();
  }
  /// Takes over a reference of the caller's.
  static cancel_token adopt(weft_cancel_token_t *native) noexcept { return cancel_token(shared::adopt(native)); }
  /// Borrowed; NULL when empty.
  weft_cancel_token_t *native_handle() const noexcept { return handle_.get(); }

private:
  using shared = detail::handle<weft_cancel_token_t, weft_cancel_token_ref, weft_cancel_token_unref>;
  explicit cancel_token(shared object) noexcept : handle_(std::move(object)) {}
  shared handle_;
};

/// Who may cancel. Its destructor does not: what hangs on the token goes on.
///
///     weft::cancel_source request(5s);
///     auto page = pool.submit(request.token(), fetch, url);
///     request.cancel();
class cancel_source {
public:
  /// Cancelled by itself when the time is over; never early. Throws shut_down, thread_refused, out_of_memory.
  explicit cancel_source(duration timeout = forever) : cancel_source(cancel_token(), timeout) {}
  /// Cancelled with its parent, too; of an empty one: as the other. With a cancelled one it begins cancelled.
  explicit cancel_source(const cancel_token &parent, duration timeout = forever) {
    weft_cancel_token_t *native = nullptr;
    check(weft_cancel_token_create(parent.native_handle(), timeout.count(), &native));
    token_ = cancel_token::adopt(native);
  }

  /// What has not started never will, what runs is asked to stop. Drops and callbacks run here. False: it was cancelled
  /// before.
  bool cancel() const { return weft_cancel_token_cancel(token_.native_handle()) == WEFT_OK; }
  bool is_cancelled() const noexcept { return token_.is_cancelled(); }
  const cancel_token &token() const noexcept { return token_; }

private:
  cancel_token token_;
};

} // namespace weft

#endif
