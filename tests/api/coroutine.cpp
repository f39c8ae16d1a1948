// co_await on futures, and coroutines that return them.
#include "support.hpp"

#include <doctest/doctest.h>

#include <coroutine>
#include <memory>
#include <optional>
#include <string>
#include <thread>

using namespace std::chrono_literals;

namespace {

weft::future<int> add_one(weft::future<int> f) {
  co_return co_await f + 1;
}

weft::future<std::thread::id> thread_after(weft::future<void> f) {
  co_await f;
  co_return std::this_thread::get_id();
}

// A coroutine type that is not weft's: it begins at once and has no result.
struct fire_and_forget {
  struct promise_type {
    fire_and_forget get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const { throw; }
  };
};

} // namespace

TEST_CASE("a coroutine that never waits is done when it returns") {
  const auto f = []() -> weft::future<int> { co_return 3; }();
  CHECK(f.done());
  CHECK(f.result() == 3);
}

TEST_CASE("a coroutine goes on when what it awaits is done, on the thread that completed it") {
  const weft::promise<int> made;
  const auto f = add_one(made.get_future());
  CHECK(f.running());
  CHECK_FALSE(f.cancel());
  made.set_value(4);
  CHECK(f.result(0s) == 5);

  test::gate hold;
  weft::executor pool({.max_workers = 1});
  const auto where = thread_after(pool.submit([&] { hold.pass(); }));
  hold.open();
  CHECK(where.result() == pool.submit([] { return std::this_thread::get_id(); }).result());
}

TEST_CASE("awaiting what is done does not leave the thread") {
  const weft::promise<void> made;
  made.set_value();
  CHECK(thread_after(made.get_future()).result(0s) == std::this_thread::get_id());
}

TEST_CASE("an await gives what result gives") {
  weft::executor pool({.max_workers = 1});
  SUBCASE("a reference into a future with a name") {
    const auto f = [](weft::executor &pool) -> weft::future<bool> {
      const auto named = pool.submit([] { return std::string("text"); });
      const std::string &text = co_await named;
      co_return &text == &named.result();
    }(pool);
    CHECK(f.result());
  }
  SUBCASE("a value for a temporary, moved out where it cannot be copied") {
    const auto f = [](weft::executor &pool) -> weft::future<int> {
      const std::string text = co_await pool.submit([] { return std::string("four"); });
      const std::unique_ptr<int> n = co_await pool.submit([] { return std::make_unique<int>(2); });
      co_return static_cast<int>(text.size()) + *n;
    }(pool);
    CHECK(f.result() == 6);
  }
  SUBCASE("the result itself with take") {
    const auto source = pool.submit([] { return std::string("text"); });
    const auto f = [](weft::future<std::string> from) -> weft::future<std::string> {
      std::string text = co_await weft::take(from);
      co_return text;
    }(source);
    CHECK(f.result() == "text");
    CHECK_THROWS_AS(source.result(), weft::invalid_state);
  }
  SUBCASE("references and void") {
    int target = 1;
    const auto f = [](weft::executor &pool, int &target) -> weft::future<int &> {
      co_await pool.submit([] {});
      int &found = co_await pool.submit([&]() -> int & { return target; });
      co_return found;
    }(pool, target);
    CHECK(&f.result() == &target);
  }
}

TEST_CASE("exceptions go through an await and out of a coroutine, type kept") {
  struct odd : std::runtime_error {
    using std::runtime_error::runtime_error;
  };
  const weft::promise<int> made;
  std::optional<std::string> caught;
  const auto f = [](weft::future<int> from, std::optional<std::string> &caught) -> weft::future<void> {
    try {
      co_await from;
    } catch (const odd &e) {
      caught = e.what();
      throw;
    }
  }(made.get_future(), caught);
  made.set_exception(std::make_exception_ptr(odd("3")));
  CHECK(caught == "3");
  CHECK_THROWS_AS(f.result(0s), odd);
}

TEST_CASE("a cancelled future wakes whoever awaits it") {
  const weft::promise<int> made;
  const auto f = add_one(made.get_future());
  made.get_future().cancel();
  CHECK_THROWS_AS(f.result(0s), weft::cancelled);
  CHECK_FALSE(f.cancelled());
  CHECK(f.state() == weft::future_state::error);
}

TEST_CASE("a broken promise wakes it too") {
  weft::future<int> f;
  {
    const weft::promise<int> made;
    f = add_one(made.get_future());
  }
  CHECK_THROWS_AS(f.result(0s), weft::broken_promise);
}

TEST_CASE("an await of an empty future throws in the coroutine") {
  CHECK_THROWS_AS(add_one({}).result(0s), weft::invalid_argument);
}

TEST_CASE("locals and arguments are destroyed before the future is done") {
  test::census counts;
  const weft::promise<void> made;
  const auto f = [](test::tracked<> argument, weft::future<void> from, test::census &counts) -> weft::future<int> {
    const test::tracked<> local(counts);
    co_await from;
    co_return argument.value;
  }(test::tracked<>(counts, 9), made.get_future(), counts);
  CHECK(counts.alive == 2);
  int alive_when_done = -1;
  f.add_done_callback([&](const weft::future<int> &) { alive_when_done = counts.alive; });
  made.set_value();
  CHECK(alive_when_done == 0);
  CHECK(f.result() == 9);
}

TEST_CASE("the same when it ends by an exception") {
  test::census counts;
  const auto f = [](test::tracked<> argument) -> weft::future<int> {
    if (argument.value == 0) throw std::runtime_error("no");
    co_return 1;
  }(test::tracked<>(counts));
  CHECK(counts.alive == 0);
  CHECK_THROWS_AS(f.result(), std::runtime_error);
}

TEST_CASE("the result of a coroutine is built once, in place") {
  test::census counts;
  {
    const auto f = [](test::census &counts) -> weft::future<test::move_only> {
      co_return test::move_only(counts, 5);
    }(counts);
    CHECK(f.result().value == 5);
    CHECK(counts.alive == 1);
    CHECK(counts.moved == 1);
  }
  CHECK(counts.alive == 0);
}

TEST_CASE("a result that cannot be copied into the future is the coroutine's failure") {
  test::census counts;
  const test::copy_fails original(counts);
  const auto f = [](const test::copy_fails &original) -> weft::future<test::copy_fails> {
    co_return original;
  }(original);
  CHECK_THROWS_AS(f.result(), std::runtime_error);
  CHECK(counts.alive == 1);
}

TEST_CASE("a coroutine goes on on a chosen executor") {
  weft::executor pool({.max_workers = 1});
  const auto worker = pool.submit([] { return std::this_thread::get_id(); }).result();
  SUBCASE("at once") {
    const auto f = [](weft::executor &pool) -> weft::future<std::thread::id> {
      co_await weft::resume_on(pool);
      co_return std::this_thread::get_id();
    }(pool);
    CHECK(f.result() == worker);
  }
  SUBCASE("after a future, even one that is done") {
    const weft::promise<int> made;
    made.set_value(2);
    const auto f = [](weft::executor &pool, weft::future<int> from) -> weft::future<std::thread::id> {
      if (co_await weft::resume_on(pool, from) != 2) throw std::logic_error("wrong value");
      co_return std::this_thread::get_id();
    }(pool, made.get_future());
    CHECK(f.result() == worker);
  }
  SUBCASE("on a loop that the caller runs, with the value moved out") {
    const weft::caller_run loop;
    std::thread::id where;
    const auto f = [](const weft::caller_run &loop, weft::executor &pool, std::thread::id &where) -> weft::future<int> {
      const auto n = co_await weft::resume_on(loop, weft::take(pool.submit([] { return std::make_unique<int>(6); })));
      where = std::this_thread::get_id();
      co_return *n;
    }(loop, pool, where);
    CHECK(loop.run_wait(0, test::too_long) == 1);
    CHECK(f.result(0s) == 6);
    CHECK(where == std::this_thread::get_id());
  }
}

TEST_CASE("an executor that refuses: the coroutine goes on where it stands, with the exception") {
  weft::executor pool({.max_workers = 1});
  pool.shutdown();
  const auto hop = [](weft::executor &pool) -> weft::future<void> { co_await weft::resume_on(pool); };
  CHECK_THROWS_AS(hop(pool).result(0s), weft::shut_down);
  const auto hop_after = [](weft::executor &pool, weft::future<int> from) -> weft::future<int> {
    co_return co_await weft::resume_on(pool, from);
  };
  const weft::promise<int> made;
  const auto f = hop_after(pool, made.get_future());
  made.set_value(1);
  CHECK_THROWS_AS(f.result(0s), weft::shut_down);
}

TEST_CASE("a hop that is cancelled: the coroutine goes on with cancelled") {
  weft::future<void> f;
  {
    const weft::caller_run loop;
    f = [](const weft::caller_run &loop) -> weft::future<void> { co_await weft::resume_on(loop); }(loop);
    CHECK_FALSE(f.done());
  }
  CHECK_THROWS_AS(f.result(0s), weft::cancelled);
}

TEST_CASE("any coroutine may await a future") {
  const weft::promise<int> made;
  int got = 0;
  [](weft::future<int> from, int &got) -> fire_and_forget { got = co_await from; }(made.get_future(), got);
  CHECK(got == 0);
  made.set_value(5);
  CHECK(got == 5);
}

TEST_CASE("many coroutines may await one future") {
  const weft::promise<int> made;
  std::vector<weft::future<int>> all;
  for (int i = 0; i < 50; ++i) all.push_back(add_one(made.get_future()));
  made.set_value(1);
  for (const auto &f : all) CHECK(f.result(0s) == 2);
}

TEST_CASE("a stop request is seen in the coroutine, and an await that would suspend throws") {
  const weft::promise<int> first, second;
  bool seen = false, interrupted = false;
  int got = 0;
  const auto f = [](weft::future<int> one, weft::future<int> two, bool &seen, bool &interrupted,
                    int &got) -> weft::future<void> {
    got = co_await one;
    seen = weft::this_thread::stop_requested();
    try {
      co_await two;
    } catch (const weft::interrupted &) {
      interrupted = true;
    }
    got += co_await one; // already done: no wait
    co_await two;
  }(first.get_future(), second.get_future(), seen, interrupted, got);
  CHECK_FALSE(f.stop_requested());
  CHECK(f.request_stop());
  CHECK(f.stop_requested());
  CHECK_FALSE(f.done()); // it resumes when the future that it awaits is done
  first.set_value(1);
  CHECK(seen);
  CHECK(interrupted);
  CHECK(got == 2);
  CHECK_THROWS_AS(f.result(0s), weft::interrupted);
  CHECK_FALSE(weft::this_thread::stop_requested());
}

TEST_CASE("a stop request to a coroutine that has ended is none to the one that awaits it") {
  const weft::promise<int> made;
  const auto inner = add_one(made.get_future());
  bool seen = true;
  const auto outer = [](weft::future<int> from, bool &seen) -> weft::future<int> {
    const int got = co_await from;
    seen = weft::this_thread::stop_requested();
    co_return got;
  }(inner, seen);
  CHECK(inner.request_stop());
  made.set_value(1);
  CHECK(outer.result(0s) == 2);
  CHECK_FALSE(seen);
}
