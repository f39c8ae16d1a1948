// sched/census.hpp: the three counts in one word do not affect each other.
#include <doctest/doctest.h>

#include "sched/census.hpp"
#include "support.hpp"

using namespace weft::test;

namespace {

bool is(const census::counts &c, std::uint32_t searching, std::uint32_t active, std::uint32_t alive) {
  return c.searching == searching && c.active == active && c.alive == alive;
}

} // namespace

TEST_CASE("census: begins with nobody") {
  census all;
  CHECK(is(all.read(), 0, 0, 0));
  CHECK(all.read().idle() == 0);
}

TEST_CASE("census: add answers what was before") {
  census all;
  CHECK(is(all.add(+1, +1, +1), 0, 0, 0));
  CHECK(is(all.add(-1, 0, 0), 1, 1, 1));
  CHECK(is(all.add(0, -1, 0), 0, 1, 1));
  CHECK(is(all.read(), 0, 0, 1));
  CHECK(all.read().idle() == 1);
}

TEST_CASE("census: steps down do not borrow from the next count") {
  census all;
  all.add(0, 0, 4096);
  all.add(0, 4096, 0);
  all.add(4096, 0, 0);
  CHECK(is(all.read(), 4096, 4096, 4096));
  for (int i = 0; i < 4096; ++i) all.add(-1, 0, 0);
  CHECK(is(all.read(), 0, 4096, 4096));
  for (int i = 0; i < 4096; ++i) all.add(0, -1, 0);
  CHECK(is(all.read(), 0, 0, 4096));
  CHECK(all.read().idle() == 4096);
  all.add(0, 0, -4096);
  CHECK(is(all.read(), 0, 0, 0));
}

TEST_CASE("census: mixed signs in one step") {
  census all;
  all.add(1, 3, 5);
  all.add(-1, +1, -1);
  CHECK(is(all.read(), 0, 4, 4));
}

TEST_CASE("census: change succeeds on what is, and else tells what is") {
  census all;
  all.add(0, 1, 2);
  census::counts stale{0, 0, 2};
  CHECK_FALSE(all.change(stale, +1, +1, 0));
  CHECK(is(stale, 0, 1, 2));
  census::counts seen = stale;
  while (!all.change(seen, +1, +1, 0)) continue; // it may fail spuriously
  CHECK(is(all.read(), 1, 2, 2));
}

TEST_CASE("census: one searcher at most, under contention") {
  census all;
  all.add(0, 4, 4);
  std::atomic<int> inside{0}, too_many{0}, turns{0};
  crew threads;
  for (int i = 0; i < 3; ++i)
    threads.add([&] {
      for (int round = 0; round < 20'000; ++round) {
        census::counts seen = all.read();
        if (seen.searching != 0 || !all.change(seen, +1, 0, 0)) continue;
        if (inside.fetch_add(1) != 0) too_many.fetch_add(1);
        turns.fetch_add(1);
        inside.fetch_sub(1);
        all.add(-1, 0, 0);
      }
    });
  threads.join();
  CHECK(too_many == 0);
  CHECK(turns > 0);
  CHECK(is(all.read(), 0, 4, 4));
}
