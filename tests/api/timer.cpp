// weft::timer, submit_after, submit_at, post_after and post_at: they do in C++ what weft/timer.h says.
#include <doctest/doctest.h>

#include "support.hpp"

#include <memory>
#include <string>
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

TEST_CASE("submit_at: the result comes, and not before its time; a time that has passed is due at once") {
  weft::executor pool({.max_workers = 2});
  const auto time = clock_type::now() + 3ms;
  CHECK(pool.submit_at(time, [] { return clock_type::now(); }).result() >= time);
  const auto multiply = [](int a, const std::unique_ptr<int> &b) { return a * *b; };
  CHECK(pool.submit_at(clock_type::now() - 1h, multiply, 6, std::make_unique<int>(7)).result() == 42);
  CHECK(pool.submit_at(clock_type::time_point::min(), [] { return 1; }).result() == 1);
  CHECK_THROWS_AS(pool.submit_at(time, [] { throw std::logic_error("no"); }).result(), std::logic_error);
  CHECK(pool.submit_at({.name = "named"}, time, [] { return std::string(weft::task_name()); }).result() == "named");
  const auto never = pool.submit_at(clock_type::time_point::max(), [] {});
  CHECK_FALSE(never.wait(1ms));
  CHECK(never.cancel());
}

TEST_CASE("post_at: not before its time, and in order for the same one") {
  weft::caller_run mine;
  census lives;
  const auto time = clock_type::now() + 3ms;
  std::vector<int> order;
  for (int i = 0; i < 50; ++i)
    mine.post_at(time, [&order, i, held = move_only(lives)] { order.push_back(held.value + i); });
  mine.post_at(
      {.name = "named"}, time, [&order](int last) { order.push_back(weft::task_name() ? last : -1); }, 50);
  CHECK(lives.alive == 50);
  while (order.size() < 51) mine.run_wait();
  CHECK(clock_type::now() >= time);
  CHECK(lives.alive == 0);
  for (int i = 0; i <= 50; ++i) CHECK(order[static_cast<std::size_t>(i)] == i);
  mine.post_at(clock_type::time_point::min(), [&order] { order.clear(); });
  CHECK(mine.run() == 1);
  CHECK(order.empty());
}

TEST_CASE("submit_at and post_at: cancelled or refused, the callable is destroyed at once") {
  census lives;
  const weft::cancel_source source;
  weft::executor pool({.max_workers = 1});
  const auto time = clock_type::now() + 1h;
  const auto future = pool.submit_at(time, [held = move_only(lives)] {});
  pool.post_at({.token = source.token()}, time, [held = move_only(lives)] {});
  CHECK(lives.alive == 2);
  CHECK(future.cancel());
  CHECK(lives.alive == 1);
  source.cancel();
  CHECK(lives.alive == 0);
  CHECK_THROWS_AS(pool.post_at({.token = source.token()}, time, [held = move_only(lives)] {}), weft::cancelled);
  const auto bad = [held = copy_fails(lives)] {};
  CHECK_THROWS_AS(pool.post_at(time, bad), std::runtime_error);
  pool.post_at(time, [held = move_only(lives)] {});
  pool.shutdown();
  CHECK_THROWS_AS(pool.submit_at(time, [held = move_only(lives)] {}), weft::shut_down);
  CHECK_THROWS_AS(pool.post_at(time, [held = move_only(lives)] {}), weft::shut_down);
  CHECK_THROWS_AS(weft::executor_ref().post_at(time, [] {}), weft::invalid_argument);
  CHECK_THROWS_AS(weft::executor_ref().submit_at(time, [] {}), weft::invalid_argument);
  CHECK(lives.alive == 1); // the closure `bad`
}

TEST_CASE("post_at: an exception goes to the hook") {
  weft::runtime runtime;
  std::atomic<int> told = 0;
  runtime.set_exception_hook([&told](const weft::thread_ref &, const weft::error &) { ++told; });
  weft::executor pool({.max_workers = 1, .runtime = &runtime});
  pool.post_at(clock_type::now(), [] { throw std::runtime_error("nobody waits for it"); });
  CHECK(pool.wait_idle());
  CHECK(told == 1);
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

TEST_CASE("timer: every period from a time on") {
  weft::executor pool({.max_workers = 2});
  gate enough;
  std::vector<clock_type::time_point> ticks;
  weft::timer t;
  t = weft::timer(pool, [&] {
    ticks.push_back(clock_type::now());
    if (ticks.size() == 3) enough.open();
    if (ticks.size() >= 3) static_cast<void>(t.cancel());
  });
  const auto first = clock_type::now() + 2ms;
  t.arm_every_at(first, 1ms, weft::missed::catch_up);
  enough.pass();
  pool.shutdown();
  REQUIRE(ticks.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(ticks[i] - first >= 1ms * static_cast<int>(i));
}

TEST_CASE("timer: what cannot be done throws") {
  weft::executor pool({.max_workers = 1});
  const weft::timer none, t(pool, [] {});
  CHECK_THROWS_AS(none.arm(1s), weft::invalid_argument);
  CHECK_THROWS_AS(none.cancel(), weft::invalid_argument);
  CHECK_THROWS_AS(t.arm_every(1s, 0s), weft::invalid_argument);
  CHECK_THROWS_AS(t.arm_every_at(clock_type::now(), 0s), weft::invalid_argument);
  CHECK_THROWS_AS(none.arm_every_at(clock_type::now(), 1s), weft::invalid_argument);
  t.arm(weft::forever);
  CHECK(t.cancel() == weft::disarmed::yes);
  pool.shutdown();
  CHECK_THROWS_AS(t.arm(1s), weft::shut_down);
  CHECK_THROWS_AS(t.arm_at(clock_type::now()), weft::shut_down);
  CHECK_THROWS_AS(t.arm_every(1s), weft::shut_down);
  CHECK_THROWS_AS(t.arm_every_at(clock_type::now(), 1s), weft::shut_down);
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
