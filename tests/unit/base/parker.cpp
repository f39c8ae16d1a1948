// base/parker.hpp: it holds at most one permit, and loses none.
#include <doctest/doctest.h>

#include "base/parker.hpp"
#include "support.hpp"

using namespace weft::test;

TEST_CASE("parker: without a permit a poll comes back empty") {
  parker self;
  CHECK_FALSE(self.park(deadline::past()));
}

TEST_CASE("parker: a permit that came first is taken at once, even by a poll, and once only") {
  parker self;
  self.unpark();
  CHECK(self.park(deadline::past()));
  CHECK_FALSE(self.park(deadline::past()));
  self.unpark();
  CHECK(self.park(deadline::never()));
}

TEST_CASE("parker: permits do not add up") {
  parker self;
  self.unpark();
  self.unpark();
  self.unpark();
  CHECK(self.park(deadline::past()));
  CHECK_FALSE(self.park(deadline::past()));
}

TEST_CASE("parker: the deadline ends a sleep, not before its time, and leaves a parker that works") {
  parker self;
  const deadline until = deadline::after(5 * WEFT_MILLISECOND);
  CHECK_FALSE(self.park(until));
  CHECK(until.passed());
  self.unpark();
  CHECK(self.park(deadline::never()));
}

TEST_CASE("parker: what the waker did is seen by the sleeper") {
  parker self;
  int told = 0; // plain, so that ThreadSanitizer judges the order
  std::thread other([&] {
    told = 42;
    self.unpark();
  });
  CHECK(self.park(deadline::after(60 * WEFT_SECOND)));
  CHECK(told == 42);
  other.join();
}

TEST_CASE("parker: two threads hand over by turns") {
  constexpr int rounds = 20'000;
  parker one, two;
  std::atomic<int> turn{0};
  bool ok_two = true;
  std::thread other([&] {
    for (int i = 0; i < rounds && ok_two; ++i) {
      ok_two = park_until(two, [&] { return turn.load(std::memory_order_relaxed) == 2 * i + 1; });
      turn.store(2 * i + 2, std::memory_order_relaxed);
      one.unpark();
    }
  });
  bool ok_one = true;
  for (int i = 0; i < rounds && ok_one; ++i) {
    turn.store(2 * i + 1, std::memory_order_relaxed);
    two.unpark();
    ok_one = park_until(one, [&] { return turn.load(std::memory_order_relaxed) == 2 * i + 2; });
  }
  other.join();
  CHECK(ok_one);
  CHECK(ok_two);
}

// A stray permit (a late wake-up, a stop request) must not swallow one that follows it closely. The flag is relaxed on
// purpose: the parker alone has to give the order.
TEST_CASE("parker: a permit that comes twice") {
  constexpr int rounds = 100'000;
  parker sleeper;
  std::atomic<int> wanted{0}, seen{0};
  std::atomic<bool> lost{false};
  std::thread waker([&] {
    for (int i = 1; i <= rounds && !lost; ++i) {
      sleeper.unpark(); // the stray one
      for (int pause = i % 32; pause > 0; --pause) relax();
      wanted.store(i, std::memory_order_relaxed);
      sleeper.unpark();
      while (seen.load(std::memory_order_acquire) != i && !lost) relax();
    }
  });
  for (int i = 1; i <= rounds && !lost; ++i) {
    const deadline until = deadline::after(20 * WEFT_SECOND);
    while (wanted.load(std::memory_order_relaxed) < i) {
      if (sleeper.park(until)) continue;
      lost = wanted.load(std::memory_order_relaxed) >= i || until.passed(); // slept through a permit
      if (lost) break;
    }
    seen.store(i, std::memory_order_release);
  }
  waker.join();
  CHECK_FALSE(lost.load());
}
