// submit and post with a priority: which task starts first on a pool of one worker.
#include "support.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <memory>
#include <vector>

TEST_CASE("priority: high before normal before low, whatever their order of submission") {
  weft::executor pool({.max_workers = 1});
  test::gate gate;
  const test::opener at_end(gate);
  auto held = pool.submit([&] { gate.pass(); });
  while (pool.stats().completed == 0) std::this_thread::yield(); // until it has begun
  std::vector<int> order;                                        // written by the only worker
  const auto note = [&order](int number) { order.push_back(number); };
  auto low = pool.submit(weft::priority::low, [&] { order.push_back(5); });
  pool.post(weft::priority::low, note, 6);
  pool.post(note, 3);
  auto normal = pool.submit(weft::priority::normal, note, 4);
  pool.post(weft::priority::high, note, 1);
  auto high = pool.submit(weft::priority::high, [&, only_moves = std::make_unique<int>(2)] { note(*only_moves); });
  gate.open();
  held.result();
  high.result();
  normal.result();
  low.result();
  pool.shutdown();
  if (std::getenv("WEFT_TEST_EMULATED") != nullptr) // there a task takes longer than a turn
    MESSAGE("skipped: the order of priorities, because what is short elsewhere takes long in an emulator");
  else
    CHECK(order == std::vector<int>{1, 2, 3, 4, 5, 6});
}

TEST_CASE("priority: results and exceptions as ever; an unknown one is refused") {
  weft::executor pool({.max_workers = 2});
  CHECK(pool.submit(
                weft::priority::high, [](int a, int b) { return a * b; }, 6, 7)
            .result() == 42);
  CHECK_THROWS_AS(pool.submit(weft::priority::low, [] { throw std::out_of_range(""); }).result(), std::out_of_range);
  test::census counts;
  constexpr auto unknown = static_cast<weft::priority>(7);
  CHECK_THROWS_AS(pool.submit(unknown, [held = test::move_only(counts)] {}), weft::invalid_argument);
  CHECK_THROWS_AS(pool.post(unknown, [held = test::move_only(counts)] {}), weft::invalid_argument);
  CHECK(counts.alive == 0);
}
