// Pointers that are no handles. In builds with misuse checks each object behind a handle has a
// magic word. The C ABI looks at it, and reports a wrong one to the host.
//
// Without the checks (release builds) a magic word has no size and is always right.
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

// Tell the misuse hook, or the log. `function` is the function of the C ABI that was misused.
void report_misuse(const char *what, const char *function) noexcept;
// While the process is forked.
native_mutex &misuse_hook_lock() noexcept;
// As weft_set_misuse_hook.
weft_status set_misuse_hook(weft_misuse_hook_fn hook, void *ctx, weft_drop_fn drop) noexcept;

// Back to the default, if the hook still has this context.
void clear_misuse_hook(const void *ctx) noexcept;

// A member of an object behind a handle, with [[no_unique_address]]. The value tells the types
// apart. The destructor spoils the word by a volatile access: the compiler knows that no correct
// code looks at it afterwards, and would leave out the store.
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
