// Time as the library counts it: monotonic nanoseconds, and cheap cycles for rough judgements.
//
// A deadline is made once, at the border, from the caller's relative timeout; below that nobody computes with timeouts.
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

// A moment on the monotonic clock, or never. Negative timeouts count as 0; sums that overflow mean never.
class deadline {
public:
  static deadline after(std::int64_t timeout) noexcept {
    if (timeout == WEFT_FOREVER) return never();
    if (timeout <= 0) return deadline(0);
    const std::int64_t now = now_ns();
    return timeout >= WEFT_FOREVER - now ? never() : deadline(now + timeout);
  }
  // A moment of now_ns(), which is later than 0.
  static deadline at(std::int64_t moment) noexcept { return deadline(moment); }
  static deadline never() noexcept { return deadline(WEFT_FOREVER); }
  static deadline past() noexcept { return deadline(0); }

  bool is_never() const noexcept { return at_ == WEFT_FOREVER; }
  // True for timeouts of 0: such a call only looks.
  bool is_poll() const noexcept { return at_ == 0; }
  bool passed() const noexcept { return !is_never() && (is_poll() || now_ns() >= at_); }
  // At least so many nanoseconds are left.
  bool is_beyond(std::int64_t span) const noexcept { return is_never() || (!is_poll() && at_ - now_ns() >= span); }
  std::int64_t at() const noexcept { return at_; }

private:
  explicit deadline(std::int64_t at) noexcept : at_(at) {}
  std::int64_t at_;
};

// A counter that runs at `frequency` and is shifted left by this runs at 2.1 to 4.3 per nanosecond.
constexpr int cycle_shift(std::uint64_t frequency) noexcept {
  if (frequency == 0) return 5; // the firmware does not say
  return std::max(0, 32 - static_cast<int>(std::bit_width(frequency)));
}

#if !defined(WEFT_MODEL)

// A counter of about 1 to 4 per nanosecond, read in a few nanoseconds. Good for orders of magnitude only.
inline std::uint64_t cycles() noexcept {
#if defined(__x86_64__)
  return __rdtsc();
#elif defined(__aarch64__)
  // The virtual counter runs at 20 MHz to 1 GHz. It is scaled so that the thresholds keep their magnitude.
  std::uint64_t value, frequency;
  asm volatile("mrs %0, cntvct_el0" : "=r"(value));
  asm("mrs %0, cntfrq_el0" : "=r"(frequency));
  return value << cycle_shift(frequency);
#else
  return static_cast<std::uint64_t>(now_ns()) * 2;
#endif
}

// Tells the core that we spin, so that it saves power and lets the sibling thread run.
inline void relax() noexcept {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("isb");
#endif
}

#endif

} // namespace weft::core
