// cancel_source, cancel_token, cancel_or_stop: what is cancelled, together or alone.
#include "support.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <thread>

using namespace std::chrono_literals;

TEST_CASE("cancel_callback: a moved one takes the place of another, which is removed") {
  weft::cancel_source source;
  int first = 0, second = 0;
  weft::cancel_callback kept = source.token().on_cancel([&first] { ++first; });
  weft::cancel_callback next = source.token().on_cancel([&second] { ++second; });
  kept = std::move(next);
  source.cancel();
  CHECK(first == 0);
  CHECK(second == 1);
}

TEST_CASE("cancel: what waits never starts, what runs is asked to stop") {
  weft::executor pool({.max_workers = 1});
  const weft::cancel_source source;
  test::gate running;
  test::census counts;
  auto first = pool.submit(source.token(), [&] {
    running.open();
    while (weft_stop_requested() == 0) std::this_thread::yield();
    return source.is_cancelled();
  });
  auto second = pool.submit(
      source.token(), [held = test::move_only(counts)](int n) { return n; }, 7);
  pool.post(source.token(), [held = test::move_only(counts)] {});
  running.pass();
  CHECK(source.cancel());
  CHECK_FALSE(source.cancel());
  CHECK(first.result());
  CHECK_THROWS_AS(second.result(), weft::cancelled);
  CHECK_THROWS_AS(pool.submit(source.token(), [] {}), weft::cancelled);
  CHECK_THROWS_AS(pool.post(source.token(), [] {}), weft::cancelled);
  CHECK(pool.submit(weft::cancel_token(), [] { return 3; }).result() == 3); // an empty token
}

TEST_CASE("cancel: trees, deadlines, the token of the running task") {
  weft::executor pool({.max_workers = 1});
  const weft::cancel_source top;
  const weft::cancel_source below(top.token()), hasty(top.token(), 1ms);
  try {
    const auto seen = pool.submit(hasty.token(), [] {
      const weft::cancel_token mine = weft::cancel_token::current();
      while (!mine.is_cancelled()) std::this_thread::yield();
      return mine.native_handle();
    });
    const bool is_its_own = seen.result() == hasty.token().native_handle(); // a CHECK would catch the exception itself
    CHECK(is_its_own);
  } catch (const weft::cancelled &) { // the task did not begin in time
  }
  CHECK_FALSE(top.is_cancelled());
  top.cancel();
  CHECK(below.is_cancelled());
  CHECK(weft::cancel_source(below.token()).is_cancelled());
  CHECK_FALSE(weft::cancel_token::current().valid());
  CHECK_FALSE(weft::cancel_token().is_cancelled());
}

TEST_CASE("cancel: callbacks are called once, and taken back by their end") {
  test::census counts;
  int calls = 0;
  const weft::cancel_source source;
  weft::cancel_callback kept = source.token().on_cancel([&calls, held = test::move_only(counts)] { ++calls; });
  {
    const auto gone = source.token().on_cancel([&calls] { calls += 100; });
  }
  auto removed = source.token().on_cancel([&calls] { calls += 100; });
  CHECK(removed.remove());
  CHECK_FALSE(removed.remove());
  source.cancel();
  CHECK(calls == 1);
  CHECK_FALSE(kept.remove());
  const auto late = source.token().on_cancel([&calls] { ++calls; });
  CHECK(calls == 2);
  CHECK_THROWS_AS(static_cast<void>(weft::cancel_token().on_cancel([] {})), weft::invalid_argument);
}

TEST_CASE("cancel_token: how much time is left") {
  CHECK(weft::cancel_token().time_left() == weft::forever);
  CHECK(weft::cancel_source().token().time_left() == weft::forever);
  const weft::cancel_source far(1h);
  CHECK(far.token().time_left() <= weft::duration(1h));
  CHECK(far.token().time_left() > weft::duration(30min));
  const weft::cancel_source near(far.token(), 1min);
  CHECK(near.token().time_left() <= weft::duration(1min));
  const weft::cancel_source over(far.token(), 0s);
  CHECK(over.token().time_left() == weft::duration());
}

TEST_CASE("cancel_or_stop: calls one future off, whatever it does, and says which it was") {
  weft::executor pool({.max_workers = 1});
  test::gate runs;
  const auto busy = pool.submit([&] {
    runs.open();
    weft::this_thread::sleep_for(weft::forever);
  });
  const auto waiting = pool.submit([] {});
  runs.pass();
  CHECK(waiting.cancel_or_stop() == weft::called_off::removed);
  CHECK(waiting.cancel_or_stop() == weft::called_off::removed);
  CHECK(busy.cancel_or_stop() == weft::called_off::asked);
  CHECK_THROWS_AS(busy.result(test::too_long), weft::interrupted);
  CHECK(busy.cancel_or_stop() == weft::called_off::too_late);
  CHECK_THROWS_AS(weft::any_future().cancel_or_stop(), weft::invalid_argument);
}
