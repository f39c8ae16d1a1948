// base/clock.hpp: how timeouts become deadlines, at their borders.
#include <doctest/doctest.h>

#include "base/clock.hpp"

using namespace weft::core;

TEST_CASE("clock: FOREVER is never, and never passes") {
  CHECK(deadline::after(WEFT_FOREVER).is_never());
  CHECK(deadline::never().is_never());
  CHECK_FALSE(deadline::never().passed());
  CHECK_FALSE(deadline::never().is_poll());
}

TEST_CASE("clock: zero and negative timeouts poll, and have passed") {
  for (const std::int64_t timeout : {INT64_C(0), INT64_C(-1), INT64_MIN}) {
    CAPTURE(timeout);
    CHECK(deadline::after(timeout).is_poll());
    CHECK(deadline::after(timeout).passed());
    CHECK_FALSE(deadline::after(timeout).is_never());
  }
  CHECK(deadline::past().is_poll());
}

TEST_CASE("clock: a sum that would overflow means never") {
  CHECK(deadline::after(WEFT_FOREVER - 1).is_never());
  CHECK(deadline::after(WEFT_FOREVER - now_ns()).is_never());
  const deadline far = deadline::after(WEFT_FOREVER / 2);
  CHECK_FALSE(far.is_never());
  CHECK_FALSE(far.passed());
}

TEST_CASE("clock: a deadline lies as far ahead as was asked") {
  const std::int64_t before = now_ns();
  const deadline soon = deadline::after(WEFT_SECOND);
  const std::int64_t after = now_ns();
  CHECK(soon.at() >= before + WEFT_SECOND);
  CHECK(soon.at() <= after + WEFT_SECOND);
}

TEST_CASE("clock: one nanosecond is no poll, and passes") {
  const deadline soon = deadline::after(1);
  CHECK_FALSE(soon.is_poll());
  while (now_ns() < soon.at()) relax();
  CHECK(soon.passed());
}

TEST_CASE("clock: a counter of any frequency is scaled to a few cycles per nanosecond") {
  for (const std::uint64_t frequency :
       {UINT64_C(1'000'000), UINT64_C(19'200'000), UINT64_C(25'000'000), UINT64_C(62'500'000), UINT64_C(100'000'000),
        UINT64_C(1'000'000'000), UINT64_C(4'000'000'000)}) {
    CAPTURE(frequency);
    const double scaled = static_cast<double>(frequency << cycle_shift(frequency));
    CHECK(scaled >= 2e9);
    CHECK(scaled <= 4.3e9);
  }
  CHECK(cycle_shift(UINT64_C(1) << 40) == 0);
  CHECK(cycle_shift(0) == 5);
}

TEST_CASE("clock: cycles and nanoseconds do not run backwards") {
  std::int64_t last = now_ns();
  for (int i = 0; i < 10'000; ++i) {
    const std::int64_t next = now_ns();
    REQUIRE(next >= last);
    last = next;
  }
  const std::uint64_t began = cycles();
  const std::int64_t until = now_ns() + WEFT_MILLISECOND;
  while (now_ns() < until) relax();
  CHECK(cycles() > began);
}
