// Strands: one task at a time, in order, on any worker.
#include "support.hpp"

#include <doctest/doctest.h>

#include <vector>

TEST_CASE("tasks of a strand keep their order and do not overlap") {
  std::vector<int> order;
  std::atomic<int> inside = 0;
  std::atomic<bool> overlapped = false;
  {
    weft::executor pool({.max_workers = 4});
    const weft::strand line(pool);
    for (int i = 0; i < 2'000; ++i)
      line.post([&, i] {
        if (++inside != 1) overlapped = true;
        order.push_back(i); // without a lock: each task sees the writes of the one before it
        --inside;
      });
  }
  CHECK_FALSE(overlapped);
  REQUIRE(order.size() == 2'000);
  for (int i = 0; i < 2'000; ++i) CHECK(order[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("one strand does not hold up another") {
  test::gate hold;
  weft::executor pool({.max_workers = 2});
  const weft::strand held(pool), free(pool);
  const test::opener open_at_end(hold);
  const auto waits = held.submit([&] { hold.pass(); });
  CHECK(free.submit([] { return 1; }).result(test::too_long) == 1);
  CHECK_FALSE(waits.done());
}

TEST_CASE("a strand is a shared handle; what was submitted runs without one") {
  weft::executor pool({.max_workers = 1});
  weft::future<int> f;
  {
    const weft::strand line(pool);
    const weft::strand copy = line;
    CHECK(copy == line);
    f = copy.submit([] { return 3; });
  }
  CHECK(f.result(test::too_long) == 3);
}

TEST_CASE("a strand ends alone, or with its pool") {
  weft::executor pool({.max_workers = 1});
  const weft::strand first(pool), second(pool);
  CHECK(first.shutdown());
  CHECK_THROWS_AS(first.submit([] {}), weft::shut_down);
  CHECK(second.submit([] { return 1; }).result() == 1);
  CHECK(pool.submit([] { return 1; }).result() == 1);
  pool.shutdown();
  CHECK_THROWS_AS(second.submit([] {}), weft::shut_down);
}

TEST_CASE("a strand stands on a pool only") {
  const weft::caller_run loop;
  CHECK_THROWS_AS(weft::strand{loop}, weft::not_supported);
  CHECK_THROWS_AS(weft::strand{weft::executor_ref()}, weft::invalid_argument);
}

TEST_CASE("a task of a strand that waits for a later one of it is told so") {
  weft::executor pool({.max_workers = 2});
  const weft::strand line(pool);
  const auto f = line.submit([&] { return line.submit([] { return 1; }).result(); });
  CHECK_THROWS_AS(f.result(test::too_long), weft::deadlock);
}
