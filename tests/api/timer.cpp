// weft::timer, submit_after and post_after: that they are what weft/timer.h says, in the words of C++.
#include <doctest/doctest.h>

#include "support.hpp"

#include <memory>
#include <vector>

using namespace test;
using clock_type = std::chrono::steady_clock;

TEST_CASE("submit_after: the result comes, and not before its time") {
  weft::executor pool({.max_workers = 2});
  const auto submitted = clock_type::now();
  const weft::future<clock_type::time_point> ran = pool.submit_after(3ms, [] { return clock_type::now(); });
  CHECK(ran.result() - submitted >= 3ms);
  CHECK(pool.submit_after(
                0s, [](int a, int b) { return a * b; }, 6, 7)
            .result() == 42);
  CHECK_THROWS_AS(pool.submit_after(0s, [] { throw std::logic_error("no"); }).result(), std::logic_error);
}

TEST_CASE("submit_after: cancelled or refused, the callable is destroyed at once") {
  census lives;
  weft::executor pool({.max_workers = 1});
  const auto future = pool.submit_after(1h, [held = move_only(lives)] { return held.value; });
  CHECK(lives.alive == 1);
  CHECK(future.cancel());
  CHECK(lives.alive == 0);
  CHECK_THROWS_AS(future.result(), weft::cancelled);
  pool.post_after(1h, [held = move_only(lives)] {});
  CHECK(lives.alive == 1);
  pool.shutdown();
  CHECK(lives.alive == 0);
  CHECK_THROWS_AS(pool.submit_after(1ms, [held = move_only(lives)] {}), weft::shut_down);
  CHECK_THROWS_AS(pool.post_after(1ms, [held = move_only(lives)] {}), weft::shut_down);
  CHECK(lives.alive == 0);
}

TEST_CASE("post_after: on a caller-run executor run_wait comes for it") {
  weft::caller_run mine;
  int ran = 0;
  mine.post_after(1ms, [&ran] { ++ran; });
  CHECK(mine.run_wait() == 1);
  CHECK(ran == 1);
}

TEST_CASE("timer: runs once, keeps its state, and is destroyed with the last handle") {
  census lives;
  weft::executor pool({.max_workers = 1});
  gate first, second;
  {
    weft::timer t(pool, [&, count = 0, held = move_only(lives)]() mutable { (++count == 1 ? first : second).open(); });
    CHECK(t.valid());
    CHECK(t.cancel() == weft::disarmed::already);
    t.arm(1ms);
    first.pass();
    const weft::timer copy = t;
    t = weft::timer();
    CHECK_FALSE(t.valid());
    copy.arm_at(clock_type::now());
    second.pass();
    CHECK(lives.alive == 1);
  }
  pool.shutdown();
  CHECK(lives.alive == 0);
}

TEST_CASE("timer: every period, until it is cancelled from within") {
  weft::executor pool({.max_workers = 2});
  gate enough;
  std::vector<clock_type::time_point> ticks;
  weft::disarmed answer = weft::disarmed::yes;
  weft::timer t;
  const auto armed = clock_type::now();
  t = weft::timer(pool, [&] {
    ticks.push_back(clock_type::now());
    if (ticks.size() < 5) return;
    answer = t.cancel();
    enough.open();
  });
  t.arm_every(2ms, weft::missed::catch_up);
  enough.pass();
  pool.shutdown();
  CHECK(answer == weft::disarmed::running);
  REQUIRE(ticks.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) CHECK(ticks[i] - armed >= 2ms * static_cast<int>(i + 1));
}

TEST_CASE("timer: what cannot be done throws") {
  weft::executor pool({.max_workers = 1});
  const weft::timer none, t(pool, [] {});
  CHECK_THROWS_AS(none.arm(1s), weft::invalid_argument);
  CHECK_THROWS_AS(none.cancel(), weft::invalid_argument);
  CHECK_THROWS_AS(t.arm_every(1s, 0s), weft::invalid_argument);
  t.arm(weft::forever);
  CHECK(t.cancel() == weft::disarmed::yes);
  pool.shutdown();
  CHECK_THROWS_AS(t.arm(1s), weft::shut_down);
  CHECK_THROWS_AS(t.arm_at(clock_type::now()), weft::shut_down);
  CHECK_THROWS_AS(t.arm_every(1s), weft::shut_down);
  CHECK_THROWS_AS(weft::timer(pool, [] {}), weft::shut_down);
}

TEST_CASE("timer: an exception goes to the hook, and the next tick comes all the same") {
  weft::runtime runtime;
  std::atomic<int> told = 0;
  runtime.set_exception_hook([&told](const weft::thread_ref &, const weft::error &) { ++told; });
  weft::executor pool({.max_workers = 1, .runtime = &runtime});
  gate enough;
  weft::timer t(pool, [&, count = 0]() mutable {
    if (++count == 3) enough.open();
    throw std::runtime_error("a tick failed");
  });
  t.arm_every(1ms);
  enough.pass();
  static_cast<void>(t.cancel());
  pool.shutdown();
  CHECK(told >= 3);
}

TEST_CASE("timer: closed, it is never armed again, and its last run has ended") {
  weft::executor pool({.max_workers = 2});
  gate runs, go;
  std::atomic<bool> ended = false;
  weft::timer t;
  t = weft::timer(pool, [&] {
    runs.open();
    go.pass();
    ended = true;
  });
  t.arm_every(1ms);
  runs.pass();
  CHECK_FALSE(t.close(0s));
  go.open();
  CHECK(t.close());
  CHECK(ended);
  CHECK_THROWS_AS(t.arm(1ms), weft::closed);
  CHECK(t.cancel() == weft::disarmed::already);
}
