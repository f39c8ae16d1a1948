// weft::domain and weft::inside: what belongs to one plugin, to be closed as one, over weft/domain.h.
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

/// A shared handle of a domain; an empty one only by moving from it. What belongs to a domain, and what closing does,
/// is told in weft/domain.h.
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
  /// Throws shut_down, out_of_memory.
  domain() {
    weft_domain_t *native = nullptr;
    check(weft_domain_create(nullptr, nullptr, &native));
    handle_ = shared::adopt(native);
  }

  /// The domain that the calling thread is inside of, innermost; nothing: none. Never blocks.
  static std::optional<domain> current() noexcept {
    weft_domain_t *const native = weft_domain_current();
    if (!native) return std::nullopt;
    return share(native);
  }

  /// True: nothing of it runs or ever will. False: the time is over; something still runs, or somebody holds a result
  /// that it counts. Throws deadlock: from inside of it; interrupted.
  bool close(duration timeout = forever) const {
    return detail::is_in_time(weft_domain_close(handle_.get(), timeout.count()));
  }
  bool is_closed() const noexcept { return weft_domain_is_closed(handle_.get()) == 1; }
  /// How much a close would have to withdraw or wait for.
  std::uint64_t count() const noexcept { return weft_domain_count(handle_.get()); }

  /// Takes over a reference of the caller's.
  static domain adopt(weft_domain_t *native) noexcept { return domain(shared::adopt(native)); }
  /// Takes a reference of its own.
  static domain share(weft_domain_t *native) noexcept { return domain(shared::share(native)); }
  /// Borrowed.
  weft_domain_t *native_handle() const noexcept { return handle_.get(); }

  /// Whether both are the same domain.
  friend bool operator==(const domain &a, const domain &b) noexcept { return a.native_handle() == b.native_handle(); }

private:
  using shared = detail::handle<weft_domain_t, weft_domain_ref, weft_domain_unref>;
  explicit domain(shared object) noexcept : handle_(std::move(object)) {}

  shared handle_;
};

/// For as long as it lives, what this thread gives to weft belongs to the domain, and its close waits. For the scope of
/// one function, on one thread.
class inside {
public:
  /// Throws closed; out_of_memory.
  explicit inside(const domain &which) { check(weft_domain_enter(which.native_handle(), &scope_)); }
  /// Inside of none, on top of a domain's code: what follows belongs to nobody's domain. Throws out_of_memory.
  explicit inside(std::nullopt_t /*none*/) { check(weft_domain_enter(nullptr, &scope_)); }
  ~inside() { weft_domain_leave(&scope_); }
  inside(const inside &) = delete;
  inside &operator=(const inside &) = delete;

private:
  weft_domain_scope_t scope_;
};

} // namespace weft

#endif
