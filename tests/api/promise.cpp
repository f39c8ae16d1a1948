// Promises: completing a future by hand, once.
#include "support.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

TEST_CASE("a value is built in place") {
  test::census counts;
  {
    const weft::promise<test::tracked<>> made;
    const auto f = made.get_future();
    made.set_value(counts, 5);
    CHECK(f.result().value == 5);
    CHECK(counts.moved == 0);
    CHECK(counts.copied == 0);
  }
  CHECK(counts.born == 1);
  CHECK(counts.alive == 0);
}

TEST_CASE("move-only, void, reference and aggregate values") {
  const weft::promise<std::unique_ptr<int>> owner;
  owner.set_value(std::make_unique<int>(3));
  CHECK(*owner.get_future().take() == 3);

  const weft::promise<void> nothing;
  nothing.set_value();
  CHECK_NOTHROW(nothing.get_future().result());

  int target = 0;
  const weft::promise<int &> reference;
  reference.set_value(target);
  CHECK(&reference.get_future().result() == &target);

  struct point {
    int x, y;
  };
  const weft::promise<point> aggregate;
  aggregate.set_value(point{1, 2});
  CHECK(aggregate.get_future().result().y == 2);
}

TEST_CASE("the first value stays") {
  const weft::promise<int> made;
  made.set_value(1);
  CHECK_THROWS_AS(made.set_value(2), weft::invalid_state);
  CHECK_THROWS_AS(made.set_exception(std::make_exception_ptr(1)), weft::invalid_state);
  CHECK_THROWS_AS(made.set_running(), weft::invalid_state);
  CHECK(made.get_future().result() == 1);
}

TEST_CASE("a cancelled future cannot be completed") {
  test::census counts;
  const weft::promise<test::tracked<>> made;
  CHECK(made.get_future().cancel());
  CHECK_FALSE(made.set_running());
  CHECK_THROWS_AS(made.set_value(counts), weft::cancelled);
  CHECK_THROWS_AS(made.set_exception(std::make_exception_ptr(1)), weft::cancelled);
  CHECK(counts.born == 0);
}

TEST_CASE("a running one cannot be cancelled") {
  const weft::promise<int> made;
  CHECK(made.set_running());
  CHECK(made.get_future().running());
  CHECK_FALSE(made.get_future().cancel());
  CHECK_THROWS_AS(made.set_running(), weft::invalid_state);
  made.set_value(4);
  CHECK(made.get_future().result() == 4);
}

TEST_CASE("a promise that is destroyed unkept breaks") {
  weft::future<int> f;
  SUBCASE("while pending") {
    f = weft::promise<int>().get_future();
  }
  SUBCASE("while running") {
    const weft::promise<int> made;
    made.set_running();
    f = made.get_future();
  }
  SUBCASE("when another is moved over it") {
    weft::promise<int> made;
    f = made.get_future();
    made = weft::promise<int>();
    CHECK_FALSE(made.get_future().done());
  }
  CHECK(f.done());
  CHECK_THROWS_AS(f.result(), weft::broken_promise);
  CHECK(std::string(f.error()->kind()) == "weft::broken_promise");
}

TEST_CASE("moving a promise breaks nothing") {
  weft::promise<int> first;
  const auto f = first.get_future();
  weft::promise<int> second = std::move(first);
  first = std::move(second);
  CHECK_FALSE(f.done());
  first.set_value(3);
  CHECK(f.result() == 3);
}

TEST_CASE("a kept or cancelled promise does not break") {
  weft::future<int> kept, cancelled;
  {
    const weft::promise<int> a, b;
    kept = a.get_future();
    cancelled = b.get_future();
    a.set_value(1);
    cancelled.cancel();
  }
  CHECK(kept.result() == 1);
  CHECK(cancelled.cancelled());
}

TEST_CASE("a value that cannot be built becomes the exception of the future") {
  test::census counts;
  const weft::promise<test::copy_fails> made;
  const test::copy_fails original(counts);
  CHECK_NOTHROW(made.set_value(original));
  CHECK_THROWS_AS(made.get_future().result(), std::runtime_error);
  CHECK(counts.alive == 1);
}

TEST_CASE("exceptions and error objects") {
  const weft::promise<int> thrown;
  thrown.set_exception(std::make_exception_ptr(std::out_of_range("r")));
  CHECK_THROWS_AS(thrown.get_future().result(), std::out_of_range);

  const weft::promise<int> described;
  described.set_error(weft::error(5, "k", "m"));
  CHECK(described.get_future().error()->code() == 5);

  const weft::promise<int> untouched;
  CHECK_THROWS_AS(untouched.set_exception(nullptr), weft::invalid_argument);
  CHECK_FALSE(untouched.get_future().done());
}

TEST_CASE("a moved-from promise is empty") {
  weft::promise<int> first;
  const weft::promise<int> second = std::move(first);
  CHECK_FALSE(first.get_future().valid());
  CHECK_THROWS_AS(first.set_value(1), weft::invalid_argument);
  CHECK_THROWS_AS(first.set_running(), weft::invalid_argument);
}

TEST_CASE("setting wakes whoever waits") {
  const weft::promise<int> made;
  int got = 0;
  std::thread reader([&, f = made.get_future()] { got = f.result(); });
  made.set_value(7);
  reader.join();
  CHECK(got == 7);
}

TEST_CASE("of many that complete it, exactly one wins; cancel is one of them") {
  for (int round = 0; round < 300; ++round) {
    test::census counts;
    {
      const weft::promise<test::tracked<>> made;
      std::atomic<int> winners = 0, refusals = 0;
      std::vector<std::thread> racers;
      for (int i = 0; i < 3; ++i)
        racers.emplace_back([&, i] {
          try {
            made.set_value(counts, i);
            ++winners;
          } catch (const weft::status_error &) {
            ++refusals;
          }
        });
      if (made.get_future().cancel()) ++winners;
      for (auto &racer : racers) racer.join();
      CHECK(winners == 1);
      CHECK(winners + refusals >= 3);
      CHECK(made.get_future().done());
      CHECK(counts.born == (made.get_future().cancelled() ? 0 : 1));
    }
    CHECK(counts.alive == 0);
  }
}

TEST_CASE("promise: its maker reads a stop request and is called back") {
  const weft::promise<int> made;
  int heard = 0;
  CHECK(made.set_running());
  CHECK_FALSE(made.stop_requested());
  CHECK(made.on_stop([&heard, owned = std::make_unique<int>(1)] { heard += *owned; }));
  CHECK(made.get_future().cancel_or_stop() == weft::called_off::asked);
  CHECK(made.stop_requested());
  CHECK(heard == 1);
  CHECK(made.get_future().on_stop([&heard] { ++heard; }));
  CHECK(heard == 2);
  made.set_value(1);
  CHECK_FALSE(made.on_stop([&heard] { ++heard; }));
  CHECK(heard == 2);
}
