// weft::domain and weft::inside: what one plugin owns, closed as one; over weft/domain.h.
#ifndef WEFT_CPP_DOMAIN_HPP
#define WEFT_CPP_DOMAIN_HPP

#include <weft/cpp/duration.hpp>
#include <weft/cpp/error.hpp>
#include <weft/cpp/handle.hpp>
#include <weft/domain.h>

#include <cstdint>
#include <optional>
#include <utility>

namespace weft {

/// A domain: a shared handle, which is empty only when it was moved from. weft/domain.h says what
/// belongs to a domain, and what its close does.
///
///     weft::domain plugin;
///     {
///       weft::inside here(plugin);
///       entry_point(host);   // its tasks, threads, pools, promises, timers, callbacks, hooks
///     }
///     plugin.close();          // nothing of it runs any more
///     dlclose(library);
class domain {
public:
  /// Make a domain.
  ///
  /// Throws:
  /// - shut_down: the default runtime has ended
  /// - out_of_memory
  domain() {
    weft_domain_t *native = nullptr;
    check(weft_domain_create(nullptr, nullptr, &native));
    handle_ = shared::adopt(native);
  }

  /// Get the innermost domain that the calling thread is inside; nothing when there is none.
  static std::optional<domain> current() noexcept {
    weft_domain_t *const native = weft_domain_current();
    if (!native) return std::nullopt;
    return share(native);
  }

  /// Close the domain, for good.
  ///
  /// Returns: true when nothing of it runs or ever will; false when the time is over: something
  /// still runs, or a result or an error that the domain counts is still held.
  /// Blocks: up to `timeout`.
  /// Throws:
  /// - deadlock: the caller is inside the domain, and nothing changed; or what is waited for waits
  ///   for the caller, and the domain is closed
  /// - interrupted: the caller was asked to stop; the domain is closed
  bool close(duration timeout = forever) const {
    return detail::is_in_time(weft_domain_close(handle_.get(), timeout.count()));
  }
  bool is_closed() const noexcept { return weft_domain_is_closed(handle_.get()) == 1; }
  /// Count what a close would have to withdraw or wait for.
  std::uint64_t count() const noexcept { return weft_domain_count(handle_.get()); }

  /// Take over a reference of the caller's.
  static domain adopt(weft_domain_t *native) noexcept { return domain(shared::adopt(native)); }
  /// Take a reference of its own.
  static domain share(weft_domain_t *native) noexcept { return domain(shared::share(native)); }
  /// Get the C handle, borrowed.
  weft_domain_t *native_handle() const noexcept { return handle_.get(); }

  /// Whether both are the same domain.
  friend bool operator==(const domain &a, const domain &b) noexcept { return a.native_handle() == b.native_handle(); }

private:
  using shared = detail::handle<weft_domain_t, weft_domain_ref, weft_domain_unref>;
  explicit domain(shared object) noexcept : handle_(std::move(object)) {}

  shared handle_;
};

/// A scope in which the calling thread is inside a domain. What the thread gives to weft then
/// belongs to the domain, whose close waits for the end of the scope. It is for one function on one
/// thread, and cannot be moved.
class inside {
public:
  /// Enter a domain.
  ///
  /// Throws:
  /// - closed: the domain is closed
  /// - out_of_memory
  explicit inside(const domain &which) { check(weft_domain_enter(which.native_handle(), &scope_)); }
  /// Go outside, on top of a domain's code: what follows belongs to no domain.
  ///
  /// Throws: out_of_memory.
  explicit inside(std::nullopt_t /*none*/) { check(weft_domain_enter(nullptr, &scope_)); }
  ~inside() { weft_domain_leave(&scope_); }
  inside(const inside &) = delete;
  inside &operator=(const inside &) = delete;

private:
  weft_domain_scope_t scope_;
};

} // namespace weft

#endif
