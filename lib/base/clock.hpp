// Time as the library counts it: monotonic nanoseconds, and cheap cycles for rough estimates.
//
// The C ABI makes a deadline of the caller's relative timeout, once. The code below it does not
// compute with timeouts.
#pragma once

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdint>

#include <weft/base.h>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace weft::core {

#if defined(WEFT_MODEL)

std::int64_t now_ns() noexcept;
std::uint64_t cycles() noexcept;
void relax() noexcept;

#else

inline std::int64_t now_ns() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

#endif

// A moment on the monotonic clock, or never. A timeout below 0 counts as 0. A sum that overflows
// means never.
class deadline {
public:
  static deadline after(std::int64_t timeout) noexcept {
    if (timeout == WEFT_FOREVER) return never();
    if (timeout <= 0) return deadline(0);
    const std::int64_t now = now_ns();
    return timeout >= WEFT_FOREVER - now ? never() : deadline(now + timeout);
  }
  // A moment of now_ns(), later than 0.
  static deadline at(std::int64_t moment) noexcept { return deadline(moment); }
  static deadline never() noexcept { return deadline(WEFT_FOREVER); }
  static deadline past() noexcept { return deadline(0); }

  bool is_never() const noexcept { return at_ == WEFT_FOREVER; }
  // True for a timeout of 0: the call only looks.
  bool is_poll() const noexcept { return at_ == 0; }
  bool passed() const noexcept { return !is_never() && (is_poll() || now_ns() >= at_); }
  // At least `span` nanoseconds are left.
  bool is_beyond(std::int64_t span) const noexcept { return is_never() || (!is_poll() && at_ - now_ns() >= span); }
  std::int64_t at() const noexcept { return at_; }

private:
  explicit deadline(std::int64_t at) noexcept : at_(at) {}
  std::int64_t at_;
};

// A counter that runs at `frequency`, shifted left by this, runs at 2.1 to 4.3 per nanosecond.
constexpr int cycle_shift(std::uint64_t frequency) noexcept {
  if (frequency == 0) return 5; // the firmware does not say
  return std::max(0, 32 - static_cast<int>(std::bit_width(frequency)));
}

#if !defined(WEFT_MODEL)

// A counter that runs at about 1 to 4 per nanosecond. Reading it takes a few nanoseconds. Good for
// orders of magnitude only.
inline std::uint64_t cycles() noexcept {
#if defined(__x86_64__)
  return __rdtsc();
#elif defined(__aarch64__)
  // The virtual counter runs at 20 MHz to 1 GHz. It is scaled, so that thresholds keep their
  // magnitude.
  std::uint64_t value, frequency;
  asm volatile("mrs %0, cntvct_el0" : "=r"(value));
  asm("mrs %0, cntfrq_el0" : "=r"(frequency));
  return value << cycle_shift(frequency);
#else
  return static_cast<std::uint64_t>(now_ns()) * 2;
#endif
}

// Tells the core that this thread spins. The core saves power, and its sibling runs better.
inline void relax() noexcept {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("isb");
#endif
}

#endif

} // namespace weft::core
