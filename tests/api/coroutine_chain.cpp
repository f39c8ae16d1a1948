// Long chains of coroutines: the stack must not grow with them.
#include "support.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace std::chrono_literals;

namespace {

weft::future<int> add_one(weft::future<int> f) {
  co_return co_await f + 1;
}

} // namespace

TEST_CASE("a million coroutines, each awaiting the one before") {
  constexpr int links = test::long_chain;
  const weft::promise<int> first;
  weft::future<int> last = first.get_future();
  for (int i = 0; i < links; ++i) last = add_one(std::move(last));
  first.set_value(0);
  CHECK(last.result(0s) == links);
}

TEST_CASE("the same chain, ended by an exception") {
  constexpr int links = 20'000; // fewer, because each link throws again, which is slow
  const weft::promise<int> first;
  weft::future<int> last = first.get_future();
  for (int i = 0; i < links; ++i) last = add_one(std::move(last));
  first.set_exception(std::make_exception_ptr(std::runtime_error("end")));
  CHECK_THROWS_AS(last.result(0s), std::runtime_error);
}

TEST_CASE("the same chain, cancelled") {
  constexpr int links = 20'000;
  const weft::promise<int> first;
  weft::future<int> last = first.get_future();
  for (int i = 0; i < links; ++i) last = add_one(std::move(last));
  first.get_future().cancel();
  CHECK_THROWS_AS(last.result(0s), weft::cancelled);
}

TEST_CASE("one coroutine with a million awaits of what is done") {
  const weft::promise<int> made;
  made.set_value(1);
  const auto f = [](weft::future<int> from) -> weft::future<int> {
    int sum = 0;
    for (int i = 0; i < test::long_chain; ++i) sum += co_await from;
    co_return sum;
  }(made.get_future());
  CHECK(f.result(0s) == test::long_chain);
}

TEST_CASE("one coroutine with many awaits of tasks") {
  weft::executor pool({.max_workers = 2});
  const auto f = [](weft::executor &pool) -> weft::future<int> {
    int sum = 0;
    for (int i = 0; i < 20'000; ++i) sum += co_await pool.submit([] { return 1; });
    co_return sum;
  }(pool);
  CHECK(f.result(test::too_long) == 20'000);
}

TEST_CASE("two coroutines that hand a promise to and fro") {
  constexpr int rounds = 100'000;
  std::vector<weft::promise<int>> there(rounds), back(rounds);
  const auto ping = [&]() -> weft::future<int> {
    int sum = 0;
    for (std::size_t i = 0; i < rounds; ++i) {
      there[i].set_value(1);
      sum += co_await back[i].get_future();
    }
    co_return sum;
  };
  const auto pong = [&]() -> weft::future<void> {
    for (std::size_t i = 0; i < rounds; ++i) back[i].set_value(co_await there[i].get_future());
  };
  const auto answers = pong();
  const auto sum = ping();
  CHECK(sum.result(0s) == rounds);
  CHECK(answers.done());
}

TEST_CASE("a coroutine that hops a hundred thousand times") {
  const weft::caller_run loop;
  const auto f = [](const weft::caller_run &loop) -> weft::future<int> {
    int hops = 0;
    for (; hops < 100'000; ++hops) co_await weft::resume_on(loop);
    co_return hops;
  }(loop);
  CHECK(loop.run() == 100'000);
  CHECK(f.result(0s) == 100'000);
}

TEST_CASE("an executor that runs what has no room in the caller: hops need no stack either") {
  test::gate hold, stands;
  weft::executor pool({.max_workers = 1, .max_queue = 1, .when_full = weft::when_full::run_in_caller});
  const test::opener open_at_end(hold);
  pool.post([&] {
    stands.open();
    hold.pass();
  });
  stands.pass();
  pool.post([] {});
  const auto f = [](weft::executor &pool) -> weft::future<int> {
    int hops = 0;
    for (; hops < 1'000; ++hops) co_await weft::resume_on(pool);
    co_return hops;
  }(pool);
  CHECK(f.result(test::too_long) == 1'000);
}
