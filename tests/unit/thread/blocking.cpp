// thread/blocking.hpp: every way out of a wait.
#include <doctest/doctest.h>

#include "thread/blocking.hpp"
#include "thread/targets.hpp"

using namespace weft::test;

namespace {

dependency possible() {
  return {nullptr, [](const void *, const wait_graph &) { return true; }};
}
dependency impossible() {
  return {nullptr, [](const void *, const wait_graph &) { return false; }};
}

weft_status sleep_on(dependency on, deadline until, const std::atomic<bool> &ready) {
  return sleep_until(*current_record(), &on, 1, wait_for::all, until, [&]() noexcept { return ready.load(); });
}

} // namespace

TEST_CASE("blocking: what is ready needs no wait, however late or impossible it is") {
  const std::atomic<bool> ready{true};
  CHECK(sleep_on(impossible(), deadline::past(), ready) == WEFT_OK);
  CHECK(sleep_on(impossible(), deadline::never(), ready) == WEFT_OK);
}

TEST_CASE("blocking: a poll and a deadline end with a timeout") {
  const std::atomic<bool> ready{false};
  CHECK(sleep_on(possible(), deadline::past(), ready) == WEFT_ETIMEDOUT);
  const deadline until = deadline::after(3 * WEFT_MILLISECOND);
  CHECK(sleep_on(possible(), until, ready) == WEFT_ETIMEDOUT);
  CHECK(until.passed());
}

TEST_CASE("blocking: what can never happen is told to those who would wait for good only") {
  const std::atomic<bool> ready{false};
  CHECK(sleep_on(impossible(), deadline::never(), ready) == WEFT_EDEADLK);
  CHECK(sleep_on(impossible(), deadline::after(WEFT_MILLISECOND), ready) == WEFT_ETIMEDOUT);
}

TEST_CASE("blocking: a stray permit does not end a wait, the condition does") {
  std::atomic<bool> ready{false};
  record &self = *current_record();
  self.sleeper.unpark();
  CHECK(sleep_on(possible(), deadline::after(WEFT_MILLISECOND), ready) == WEFT_ETIMEDOUT);
  std::thread other([&] {
    for (int i = 0; i < 100; ++i) self.sleeper.unpark();
    ready = true;
    self.sleeper.unpark();
  });
  CHECK(sleep_on(possible(), soon(), ready) == WEFT_OK);
  other.join();
}

TEST_CASE("blocking: asked to stop before the wait begins") {
  const std::atomic<bool> ready{false};
  std::atomic<std::uint32_t> word{stop_bit};
  record &self = *current_record();
  const frame_scope inside(self, nullptr, nullptr, &word);
  CHECK(sleep_on(possible(), deadline::never(), ready) == WEFT_EINTERRUPTED);
  CHECK(sleep_for(WEFT_SECOND) == WEFT_EINTERRUPTED);
  CHECK(sleep_for(0) == WEFT_EINTERRUPTED);
}

TEST_CASE("blocking: sleep lasts as long as it should") {
  CHECK(sleep_for(0) == WEFT_OK);
  CHECK(sleep_for(-5) == WEFT_OK);
  const std::int64_t began = now_ns();
  CHECK(sleep_for(3 * WEFT_MILLISECOND) == WEFT_OK);
  CHECK(now_ns() - began >= 3 * WEFT_MILLISECOND);
}

TEST_CASE("blocking: a completion ends the wait, whenever it comes") {
  record &self = *current_record();
  {
    completion end;
    CHECK(wait_for_completion(self, end, possible(), deadline::past()) == WEFT_ETIMEDOUT);
    CHECK(wait_for_completion(self, end, possible(), deadline::after(1)) == WEFT_ETIMEDOUT);
    CHECK(wait_for_completion(self, end, impossible(), deadline::never()) == WEFT_EDEADLK);
    end.finish(false);
    CHECK(wait_for_completion(self, end, impossible(), deadline::past()) == WEFT_OK);
  }
  for (int round = 0; round < 500; ++round) {
    completion end;
    std::thread other([&] {
      if (round % 2 == 0) std::this_thread::yield();
      end.finish(false);
    });
    const weft_status answer = wait_for_completion(self, end, possible(), soon());
    other.join();
    REQUIRE(answer == WEFT_OK);
  }
}

TEST_CASE("blocking: spinning sees what is ready, and gives up") {
  CHECK(spin_until([]() noexcept { return true; }));
  CHECK_FALSE(spin_until([]() noexcept { return false; }));
  CHECK(spin_limit() >= 0);
}
