// weft::duration: every chrono duration converts, and none overflows.
#include "support.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <ratio>

using weft::duration;
using namespace std::chrono_literals;

static_assert(std::is_convertible_v<std::chrono::milliseconds, duration>);
static_assert(std::is_convertible_v<std::chrono::duration<float>, duration>);
static_assert(duration(1s).count() == WEFT_SECOND);
static_assert(weft::forever.count() == WEFT_FOREVER);

TEST_CASE("whole units convert exactly") {
  CHECK(duration().count() == 0);
  CHECK(duration(7ns).count() == 7);
  CHECK(duration(3us).count() == 3000);
  CHECK(duration(2h).count() == 7'200 * WEFT_SECOND);
  CHECK(duration(std::chrono::days(1)).count() == 86'400 * WEFT_SECOND);
}

TEST_CASE("what is too long becomes forever") {
  CHECK(duration(std::chrono::hours::max()).is_forever());
  CHECK(duration(std::chrono::seconds::max()).is_forever());
  CHECK(duration(std::chrono::nanoseconds::max()).is_forever());
  CHECK(duration(std::chrono::years(293)).is_forever());
  CHECK_FALSE(duration(std::chrono::years(291)).is_forever());
  CHECK(duration(std::chrono::duration<double>(1e300)).is_forever());
  CHECK(duration(std::chrono::duration<double>(std::numeric_limits<double>::infinity())).is_forever());
  CHECK(duration(std::chrono::duration<std::uint64_t, std::nano>(std::numeric_limits<std::uint64_t>::max()))
            .is_forever());
}

TEST_CASE("what is negative, or no number, becomes 0") {
  CHECK(duration(-1ns).count() == 0);
  CHECK(duration(std::chrono::hours::min()).count() == 0);
  CHECK(duration(std::chrono::duration<double>(-0.5)).count() == 0);
  CHECK(duration(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN())).count() == 0);
  CHECK(duration::from_count(-5).count() == 0);
}

TEST_CASE("parts of a nanosecond are rounded up, so a wait is never too short") {
  using picoseconds = std::chrono::duration<std::int64_t, std::pico>;
  CHECK(duration(picoseconds(1)).count() == 1);
  CHECK(duration(picoseconds(1000)).count() == 1);
  CHECK(duration(picoseconds(1001)).count() == 2);
  CHECK(duration(std::chrono::duration<double, std::nano>(2.5)).count() == 3);
  using frames = std::chrono::duration<int, std::ratio<1, 60>>;
  CHECK(duration(frames(60)).count() == WEFT_SECOND);
  CHECK(duration(frames(1)).count() == 16'666'667);
}

TEST_CASE("durations compare") {
  CHECK(duration(1s) == duration(1000ms));
  CHECK(duration(1s) < weft::forever);
}
