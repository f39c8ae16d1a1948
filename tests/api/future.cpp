// Futures: states, results, errors, and what a time-out means.
#include "support.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using weft::future_state;

namespace {

// A pool of one worker that waits at a gate, so that every further task is pending.
struct held_pool {
  held_pool() {
    pool.post([this] {
      standing.open();
      hold.pass();
    });
    standing.pass();
  }
  ~held_pool() { hold.open(); }

  test::gate standing, hold;
  weft::executor pool{{.max_workers = 1}};
};

} // namespace

TEST_CASE("a future goes from pending over running to a result") {
  test::gate first_hold, first_stands, second_hold, second_stands;
  weft::executor pool({.max_workers = 1});
  const test::opener open_first(first_hold), open_second(second_hold);
  const auto first = pool.submit([&] {
    first_stands.open();
    first_hold.pass();
  });
  first_stands.pass();
  const auto second = pool.submit([&] {
    second_stands.open();
    second_hold.pass();
    return 5;
  });
  CHECK(second.state() == future_state::pending);
  CHECK_FALSE(second.running());
  CHECK_FALSE(second.done());
  first_hold.open();
  second_stands.pass();
  CHECK(second.state() == future_state::running);
  CHECK(second.running());
  CHECK_FALSE(second.done());
  second_hold.open();
  CHECK(second.result() == 5);
  CHECK(second.state() == future_state::result);
  CHECK(second.done());
  CHECK_FALSE(second.running());
  CHECK_FALSE(second.cancelled());
}

TEST_CASE("time-outs: 0 polls, and the future is as it was") {
  held_pool held;
  const auto f = held.pool.submit([] { return 1; });
  CHECK_THROWS_AS(f.result(0s), weft::timed_out);
  CHECK_THROWS_AS(f.result(1ms), weft::timed_out);
  CHECK_THROWS_AS(f.result(-5s), weft::timed_out);
  CHECK_THROWS_AS(f.take(0s), weft::timed_out);
  CHECK_THROWS_AS(f.exception(0s), weft::timed_out);
  CHECK_THROWS_AS(f.error(0s), weft::timed_out);
  CHECK_FALSE(f.wait(0s));
  CHECK_FALSE(f.done());
  held.hold.open();
  CHECK(f.wait());
  CHECK(f.result(0s) == 1);
}

TEST_CASE("cancel: a pending future never runs, and says so") {
  held_pool held;
  bool ran = false;
  const auto f = held.pool.submit([&] { ran = true; });
  CHECK(f.cancel());
  CHECK(f.cancelled());
  CHECK(f.done());
  CHECK(f.state() == future_state::cancelled);
  CHECK(f.cancel());
  CHECK(f.wait(0s));
  CHECK_THROWS_AS(f.result(), weft::cancelled);
  CHECK_THROWS_AS(f.exception(), weft::cancelled);
  CHECK_FALSE(f.request_stop());
  held.hold.open();
  held.pool.shutdown();
  CHECK_FALSE(ran);
}

TEST_CASE("cancel: too late for a running and for a finished future") {
  test::gate hold, stands;
  weft::executor pool({.max_workers = 1});
  const test::opener open_at_end(hold);
  const auto f = pool.submit([&] {
    stands.open();
    hold.pass();
    return 3;
  });
  stands.pass();
  CHECK_FALSE(f.cancel());
  CHECK(f.running());
  hold.open();
  CHECK(f.result() == 3);
  CHECK_FALSE(f.cancel());
  CHECK(f.result() == 3);
}

TEST_CASE("request_stop is seen by the running task and wakes its waits") {
  test::gate stands;
  weft::executor pool({.max_workers = 1});
  std::optional<bool> seen;
  const auto f = pool.submit([&] {
    stands.open();
    try {
      weft::this_thread::sleep_for(weft::forever);
    } catch (const weft::interrupted &) {
      seen = weft::this_thread::stop_requested();
      throw;
    }
  });
  stands.pass();
  CHECK(f.request_stop());
  CHECK_THROWS_AS(f.result(), weft::interrupted);
  CHECK(seen == true);
  CHECK_FALSE(f.request_stop());
  // The request was for that task only.
  CHECK_FALSE(pool.submit([] { return weft::this_thread::stop_requested(); }).result());
}

TEST_CASE("a request to stop does not hide what is done") {
  int got = 0;
  const weft::promise<int> made;
  made.set_value(3);
  test::gate hold, stands;
  const test::opener open_at_end(hold);
  weft::thread reader([&, done = made.get_future()] {
    stands.open();
    hold.pass();
    got = weft::this_thread::stop_requested() ? done.result() + done.result(0s) : -1;
  });
  reader.start();
  stands.pass();
  reader.request_stop();
  hold.open();
  reader.join();
  CHECK(got == 6);
}

TEST_CASE("a result can be read many times, and taken once, for all handles") {
  weft::executor pool({.max_workers = 1});
  const auto f = pool.submit([] { return std::make_unique<int>(8); });
  const auto other = f;
  CHECK(*f.result() == 8);
  CHECK(&f.result() == &other.result());
  const auto taken = f.take();
  CHECK(*taken == 8);
  CHECK_THROWS_AS(f.take(), weft::invalid_state);
  CHECK_THROWS_AS(f.result(), weft::invalid_state);
  CHECK_THROWS_AS(other.result(), weft::invalid_state);
  CHECK(f.done());
}

TEST_CASE("a taken result is still destroyed once") {
  test::census counts;
  {
    weft::executor pool({.max_workers = 1});
    const auto f = pool.submit([&] { return test::move_only(counts, 2); });
    const auto taken = f.take();
    CHECK(taken.value == 2);
  }
  CHECK(counts.alive == 0);
}

TEST_CASE("a temporary gives a value") {
  test::census counts; // outlives the pool: a worker may drop the last reference to a result
  weft::executor pool({.max_workers = 1});
  SUBCASE("a copy where T can be copied: other handles keep the result") {
    const auto f = pool.submit([] { return std::string("text"); });
    static_assert(std::is_same_v<decltype(weft::future<std::string>().result()), std::string>);
    CHECK(weft::future(f).result() == "text");
    CHECK(f.result() == "text");
  }
  SUBCASE("what take gives where it cannot") {
    const std::unique_ptr<int> n = pool.submit([] { return std::make_unique<int>(1); }).result();
    CHECK(*n == 1);
  }
  SUBCASE("a copy that fails leaves the future as it was") {
    const auto f = pool.submit([&] { return test::copy_fails(counts, 6); });
    CHECK_THROWS_AS(weft::future(f).result(), std::runtime_error);
    CHECK(f.result().value == 6);
  }
  SUBCASE("for a reference, the reference") {
    int target = 0;
    CHECK(&pool.submit([&]() -> int & { return target; }).result() == &target);
  }
}

TEST_CASE("exception and error tell how a task ended") {
  weft::executor pool({.max_workers = 1});
  const auto good = pool.submit([] { return 1; });
  CHECK(good.exception() == nullptr);
  CHECK_FALSE(good.error());
  const auto bad = pool.submit([]() -> int { throw std::invalid_argument("seven"); });
  CHECK(bad.exception() != nullptr);
  REQUIRE(bad.error());
  CHECK(std::string(bad.error()->what()) == "seven");
  CHECK(bad.state() == future_state::error);
  CHECK_THROWS_AS(bad.result(), std::invalid_argument);
  CHECK_THROWS_AS(bad.take(), std::invalid_argument);
  CHECK_THROWS_AS(weft::future(bad).result(), std::invalid_argument);
}

TEST_CASE("a time-out inside the task is not the time-out of the wait") {
  weft::executor pool({.max_workers = 1});
  const auto f = pool.submit([] { throw weft::timed_out(); });
  CHECK(f.wait());
  CHECK(f.done());
  CHECK_THROWS_AS(f.result(0s), weft::timed_out);
  CHECK(f.exception(0s) != nullptr);
}

TEST_CASE("an empty handle is harmless") {
  const weft::future<int> empty;
  CHECK_FALSE(empty.valid());
  CHECK_FALSE(empty.done());
  CHECK_FALSE(empty.running());
  CHECK_FALSE(empty.cancelled());
  CHECK_THROWS_AS(empty.state(), weft::invalid_argument);
  CHECK_THROWS_AS(empty.result(), weft::invalid_argument);
  CHECK_THROWS_AS(empty.take(), weft::invalid_argument);
  CHECK_THROWS_AS(empty.wait(), weft::invalid_argument);
  CHECK_THROWS_AS(empty.cancel(), weft::invalid_argument);
  CHECK_THROWS_AS(empty.request_stop(), weft::invalid_argument);
  CHECK_THROWS_AS(empty.exception(), weft::invalid_argument);
  CHECK_THROWS_AS(empty.add_done_callback([](weft::future<int>) {}), weft::invalid_argument);
  CHECK(empty == weft::future<int>());
}

TEST_CASE("handles compare, convert, and go to C and back") {
  weft::executor pool({.max_workers = 1});
  auto f = pool.submit([] { return 4; });
  const weft::any_future untyped = f;
  CHECK(untyped == f);
  CHECK(untyped.wait());
  CHECK(weft::future<int>::share(untyped.native_handle()).result() == 4);
  weft_future_t *const native = f.release();
  CHECK_FALSE(f.valid());
  CHECK(weft::future<int>::adopt(native).result() == 4);
}

TEST_CASE("a task may wait for a pending one of the same one-worker pool") {
  weft::executor pool({.max_workers = 1});
  const auto outer = pool.submit([&] { return pool.submit([] { return 20; }).result() + 1; });
  CHECK(outer.result(test::too_long) == 21);
}

TEST_CASE("a wait that could never end throws") {
  test::gate hold;
  weft::executor pool({.max_workers = 1});
  weft::future<void> self;
  self = pool.submit([&] {
    hold.pass();
    self.wait();
  });
  hold.open();
  CHECK_THROWS_AS(self.result(test::too_long), weft::deadlock);
}

TEST_CASE("what the task wrote is there for whoever waited") {
  weft::executor pool({.max_workers = 2});
  for (int i = 0; i < 1'000; ++i) {
    int plain = 0;
    const auto f = pool.submit([&] { plain = i + 1; });
    f.result();
    CHECK(plain == i + 1);
  }
}

TEST_CASE("cancel against run: exactly one of them wins") {
  test::census counts;
  int cancelled = 0;
  std::atomic<int> ran = 0;
  weft::executor pool({.max_workers = 2});
  constexpr int rounds = 5'000;
  for (int i = 0; i < rounds; ++i) {
    const auto f = pool.submit([&, part = test::tracked<>(counts)] { ++ran; });
    if (f.cancel()) {
      ++cancelled;
      CHECK_THROWS_AS(f.result(), weft::cancelled);
    } else {
      f.result();
    }
  }
  pool.shutdown();
  CHECK(cancelled + ran == rounds);
  CHECK(counts.alive == 0);
}
