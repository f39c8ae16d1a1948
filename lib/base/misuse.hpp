// Handles that are none: in builds with misuse checks each object behind a handle has a magic word, which the C ABI
// looks at, and a wrong one is reported to the host.
//
// Without the checks (release builds) a magic word takes no room and is always right.
#pragma once

#include <cstdint>
#include <mutex>

#include <weft/host.h>

#include "base/atomic.hpp"

#if !defined(WEFT_MISUSE_CHECKS)
#define WEFT_MISUSE_CHECKS 0
#endif

namespace weft::core {

inline constexpr bool misuse_checks = WEFT_MISUSE_CHECKS != 0;

// To the misuse hook, or to the log. `function` is the one of the C ABI that was misused.
void report_misuse(const char *what, const char *function) noexcept;
// While the process is forked.
native_mutex &misuse_hook_lock() noexcept;
// As weft_set_misuse_hook.
weft_status set_misuse_hook(weft_misuse_hook_fn hook, void *ctx, weft_drop_fn drop) noexcept;

// Back to the default, if the hook is still the one with this context.
void clear_misuse_hook(const void *ctx) noexcept;

// A member of an object behind a handle, with [[no_unique_address]]; the value tells the types apart. The destructor
// spoils it, through a volatile access, for the compiler knows that nobody may look afterwards.
#if WEFT_MISUSE_CHECKS
template <std::uint64_t Value> class magic_word {
public:
  magic_word() noexcept = default;
  ~magic_word() { *const_cast<volatile std::uint64_t *>(&word_) = ~Value; }
  magic_word(const magic_word &) = delete;
  magic_word &operator=(const magic_word &) = delete;
  __attribute__((no_sanitize("address"))) bool is_right() const noexcept {
    return *const_cast<const volatile std::uint64_t *>(&word_) == Value;
  }

private:
  std::uint64_t word_ = Value;
};
#else
template <std::uint64_t Value> class magic_word {
public:
  static constexpr bool is_right() noexcept { return true; }
};
#endif

} // namespace weft::core
