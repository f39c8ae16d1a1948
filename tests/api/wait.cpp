// wait and as_completed.
#include "support.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <list>
#include <vector>

using namespace std::chrono_literals;
using weft::return_when;

namespace {

using ints = std::vector<weft::future<int>>;

ints futures_of(const std::vector<weft::promise<int>> &promises) {
  ints result;
  for (const auto &each : promises) result.push_back(each.get_future());
  return result;
}

} // namespace

TEST_CASE("wait for all") {
  weft::executor pool({.max_workers = 2});
  ints futures;
  for (int i = 0; i < 50; ++i) futures.push_back(pool.submit([i] { return i; }));
  const auto [done, not_done] = weft::wait(futures);
  REQUIRE(done.size() == 50);
  CHECK(not_done.empty());
  for (int i = 0; i < 50; ++i) CHECK(done[static_cast<std::size_t>(i)].result(0s) == i);
}

TEST_CASE("on a time-out one gets what is done") {
  const std::vector<weft::promise<int>> promises(3);
  const ints futures = futures_of(promises);
  promises[1].set_value(5);
  const auto [done, not_done] = weft::wait(futures, return_when::all_completed, 1ms);
  REQUIRE(done.size() == 1);
  CHECK(done[0] == futures[1]);
  REQUIRE(not_done.size() == 2);
  CHECK(not_done[0] == futures[0]);
  CHECK(not_done[1] == futures[2]);
}

TEST_CASE("wait for the first one") {
  const std::vector<weft::promise<int>> promises(3);
  const ints futures = futures_of(promises);
  SUBCASE("that is done already") {
    promises[2].set_value(1);
    const auto [done, not_done] = weft::wait(futures, return_when::first_completed);
    CHECK(done.size() == 1);
    CHECK(not_done.size() == 2);
  }
  SUBCASE("that another thread completes") {
    weft::executor pool({.max_workers = 1});
    pool.post([&] { promises[0].set_value(1); });
    const auto [done, not_done] = weft::wait(futures, return_when::first_completed, test::too_long);
    REQUIRE(done.size() == 1);
    CHECK(done[0] == futures[0]);
  }
}

TEST_CASE("wait for the first exception; a cancellation is none") {
  const std::vector<weft::promise<int>> promises(3);
  const ints futures = futures_of(promises);
  futures[0].cancel();
  CHECK(weft::wait(futures, return_when::first_exception, 1ms).done.size() == 1);
  promises[1].set_exception(std::make_exception_ptr(1));
  const auto [done, not_done] = weft::wait(futures, return_when::first_exception, test::too_long);
  CHECK(done.size() == 2);
  CHECK(not_done.size() == 1);
}

TEST_CASE("a cancelled future counts as done at once") {
  const std::vector<weft::promise<int>> promises(1);
  futures_of(promises)[0].cancel();
  CHECK(weft::wait(futures_of(promises)).done.size() == 1);
}

TEST_CASE("duplicates collapse, and nothing is nothing to wait for") {
  const weft::promise<int> made;
  made.set_value(1);
  const auto f = made.get_future();
  CHECK(weft::wait({f, f, f}).done.size() == 1);
  CHECK(weft::wait(ints()).done.empty());
  CHECK(weft::wait(ints(), return_when::first_completed).done.empty());
}

TEST_CASE("futures of different types are waited for together, in any container") {
  weft::executor pool({.max_workers = 1});
  std::list<weft::any_future> mixed;
  mixed.push_back(pool.submit([] { return 1; }));
  mixed.push_back(pool.submit([] {}));
  CHECK(weft::wait(mixed).done.size() == 2);
}

TEST_CASE("an empty handle is refused") {
  CHECK_THROWS_AS(weft::wait(ints(1)), weft::invalid_argument);
  CHECK_THROWS_AS(weft::as_completed(ints(1)), weft::invalid_argument);
}

TEST_CASE("a wait of a task that was asked to stop is interrupted") {
  test::gate stands;
  weft::executor pool({.max_workers = 1});
  const weft::promise<int> never;
  const auto f = pool.submit([&] {
    stands.open();
    static_cast<void>(weft::wait({never.get_future()}));
  });
  stands.pass();
  f.request_stop();
  CHECK_THROWS_AS(f.result(test::too_long), weft::interrupted);
}

TEST_CASE("as_completed: the finished ones first, then as they come, each once") {
  const std::vector<weft::promise<int>> promises(4);
  ints futures = futures_of(promises);
  futures.push_back(futures[2]);
  promises[2].set_value(2);
  test::gate go;
  weft::executor pool({.max_workers = 1});
  pool.post([&] {
    go.pass();
    promises[3].set_value(3);
    promises[0].set_value(0);
    promises[1].get_future().cancel();
  });
  std::vector<weft::future<int>> order;
  for (const auto &f : weft::as_completed(futures, test::too_long)) {
    order.push_back(f);
    go.open();
  }
  REQUIRE(order.size() == 4);
  CHECK(order[0] == futures[2]);
  CHECK(order[1] == futures[3]);
  CHECK(order[2] == futures[0]);
  CHECK(order[3] == futures[1]);
}

TEST_CASE("as_completed: a time-out of 0 still gives every finished one") {
  const std::vector<weft::promise<int>> promises(3);
  promises[0].set_value(1);
  promises[2].set_value(1);
  auto iterator = weft::as_completed(futures_of(promises), 0s);
  CHECK(iterator.next().has_value());
  CHECK(iterator.next().has_value());
  CHECK_THROWS_AS(iterator.next(), weft::timed_out);
  promises[1].set_value(1);
  CHECK(iterator.next().has_value());
  CHECK_FALSE(iterator.next().has_value());
}

TEST_CASE("as_completed in a loop: the time-out is thrown after what is done") {
  const std::vector<weft::promise<int>> promises(2);
  promises[0].set_value(1);
  int seen = 0;
  const auto go_through = [&] {
    for (const auto &f : weft::as_completed(futures_of(promises), 1ms)) seen += f.result(0s);
  };
  CHECK_THROWS_AS(go_through(), weft::timed_out);
  CHECK(seen == 1);
}

TEST_CASE("as_completed keeps no reference to what it has given") {
  test::census counts;
  std::vector<weft::promise<test::tracked<>>> promises(2);
  for (auto &each : promises) each.set_value(counts);
  std::vector<weft::future<test::tracked<>>> futures;
  for (auto &each : promises) futures.push_back(each.get_future());
  auto iterator = weft::as_completed(futures);
  futures.clear();
  promises.clear();
  CHECK(counts.alive == 2);
  { const auto first = iterator.next(); }
  CHECK(counts.alive == 1);
  { const auto second = iterator.next(); }
  CHECK(counts.alive == 0);
}

TEST_CASE("as_completed may be ended early, and go over nothing") {
  const std::vector<weft::promise<int>> promises(2);
  promises[0].set_value(1);
  for (const auto &f : weft::as_completed(futures_of(promises))) {
    CHECK(f.done());
    break;
  }
  for (const auto &f : weft::as_completed(ints())) FAIL(f.done());
}

TEST_CASE("as_completed over a busy pool gives each future exactly once") {
  weft::executor pool({.max_workers = 3});
  ints futures;
  for (int i = 0; i < 1'000; ++i) futures.push_back(pool.submit([i] { return i; }));
  std::vector<int> seen;
  for (const auto &f : weft::as_completed(futures, test::too_long)) seen.push_back(f.result(0s));
  std::sort(seen.begin(), seen.end());
  REQUIRE(seen.size() == 1'000);
  for (int i = 0; i < 1'000; ++i) CHECK(seen[static_cast<std::size_t>(i)] == i);
}
