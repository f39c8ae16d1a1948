// When a worker looks at the clock: often with long tasks, seldom with short ones. A few unusual tasks change nothing.
#include "sched/pace.hpp"

#include <cstdint>

#include <doctest/doctest.h>

using weft::core::pace;

namespace {

constexpr std::uint64_t short_task = pace::turn / 1000, long_task = pace::turn;

// The time that tasks take, as one worker sees it.
struct worker {
  pace clock;
  std::uint64_t now = 0;

  // Whether the worker looked at the clock after this task.
  bool run(std::uint64_t length) {
    now += length;
    if (!clock.is_look_due(1)) return false;
    clock.look(now);
    return true;
  }
  // After how many of these equal tasks it looked.
  int looks(int tasks, std::uint64_t length) {
    int seen = 0;
    for (int i = 0; i != tasks; ++i) seen += run(length) ? 1 : 0;
    return seen;
  }
};

} // namespace

TEST_CASE("pace: each long task is looked at, and is a turn") {
  worker me;
  CHECK(me.looks(10, long_task) == 10);
  CHECK(me.clock.has_long_tasks());
  me.now += long_task;
  CHECK(me.clock.look(me.now));
  me.now += short_task;
  CHECK_FALSE(me.clock.look(me.now));
  CHECK_FALSE(me.clock.has_long_tasks());
}

TEST_CASE("pace: of many short tasks one in sixteen is looked at") {
  worker me;
  me.looks(1000, short_task);
  CHECK(me.looks(16 * 50, short_task) == 50);
}

TEST_CASE("pace: a few short tasks between long ones let none of these pass unlooked") {
  for (int few = 0; few != pace::looks_to_relax; ++few) {
    CAPTURE(few);
    worker me;
    me.run(long_task);
    for (int round = 0; round != 20; ++round) {
      me.looks(few, short_task);
      CHECK(me.run(long_task));
    }
  }
}

TEST_CASE("pace: of the long tasks behind short ones at most one in sixteen of these passes") {
  for (int few = 0; few != 400; ++few) {
    CAPTURE(few);
    worker me;
    me.run(long_task);
    me.looks(few, short_task);
    int passed = 0;
    while (!me.run(long_task)) ++passed;
    CHECK(passed <= few / 16);
    CHECK(passed < pace::most_unlooked);
    CHECK(me.run(long_task));
  }
}

TEST_CASE("pace: tasks of middling length do not relax it") {
  worker me;
  for (int i = 0; i != 100; ++i) {
    CHECK(me.looks(pace::looks_to_relax - 1, short_task) == pace::looks_to_relax - 1);
    CHECK(me.run(pace::turn / 8));
  }
}
