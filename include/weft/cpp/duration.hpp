// weft::duration: one type for every timeout and span, made from any std::chrono duration.
//
// Owns the conversion to the nanoseconds of the C ABI. Knows nothing of clocks.
#ifndef WEFT_CPP_DURATION_HPP
#define WEFT_CPP_DURATION_HPP

#include <weft/cpp/language.hpp>

#include <weft/base.h>
#include <weft/cpp/visibility.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace weft {

/// A span of time: any std::chrono duration, kept as nanoseconds.
///
/// The conversion never overflows. A span of more than 292 years becomes forever, and a negative
/// one becomes 0. A fraction of a nanosecond is rounded up, so that a wait is never shorter than
/// asked for. A timeout of 0 polls.
class duration {
public:
  /// Make a span of 0.
  constexpr duration() noexcept = default;

  template <class Rep, class Period>
  constexpr duration(std::chrono::duration<Rep, Period> span) noexcept
      : nanoseconds_(to_nanoseconds<Rep, Period>(span.count())) {}

  /// Convert a number of the C ABI: nanoseconds, or WEFT_FOREVER. A negative one becomes 0.
  static constexpr duration from_count(std::int64_t nanoseconds) noexcept {
    duration result;
    result.nanoseconds_ = nanoseconds < 0 ? 0 : nanoseconds;
    return result;
  }

  /// Get the number for the C ABI: never negative, WEFT_FOREVER for forever.
  constexpr std::int64_t count() const noexcept { return nanoseconds_; }

  constexpr bool is_forever() const noexcept { return nanoseconds_ == WEFT_FOREVER; }

  friend constexpr bool operator==(duration, duration) noexcept = default;
  friend constexpr auto operator<=>(duration, duration) noexcept = default;

private:
  template <class Rep, class Period> static constexpr std::int64_t to_nanoseconds(Rep count) noexcept {
    using ratio = std::ratio_divide<Period, std::nano>;
    if constexpr (std::is_floating_point_v<Rep>) {
      const long double value = static_cast<long double>(count) * ratio::num / ratio::den;
      if (!(value > 0)) return 0; // also for a NaN
      if (value >= static_cast<long double>(WEFT_FOREVER)) return WEFT_FOREVER;
      const auto whole = static_cast<std::int64_t>(value);
      return static_cast<long double>(whole) < value ? whole + 1 : whole;
    } else {
      if (!(count > Rep{0})) return 0;
      // Unsigned and wide, so that a Rep of any integer type compares without a change of sign.
      const auto units = static_cast<std::uintmax_t>(count);
      constexpr auto num = static_cast<std::uintmax_t>(ratio::num);
      constexpr auto den = static_cast<std::uintmax_t>(ratio::den);
      if (units > static_cast<std::uintmax_t>(WEFT_FOREVER) / num) return WEFT_FOREVER;
      const std::uintmax_t scaled = units * num;
      return static_cast<std::int64_t>(scaled / den + (scaled % den != 0 ? 1 : 0));
    }
  }

  std::int64_t nanoseconds_ = 0;
};

/// The timeout of a wait without a limit.
WEFT_IN_EACH_MODULE inline constexpr duration forever = duration::from_count(WEFT_FOREVER);

} // namespace weft

#endif
