// then, on_error, finally, when_all and when_any: what f gets and when, what is passed on, lives of closures, chains.
#include <doctest/doctest.h>

#include "support.hpp"

#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <variant>
#include <vector>

using namespace test;

TEST_CASE("then: f gets the result, on the executor") {
  weft::executor pool({.max_workers = 1});
  std::thread::id ran_on;
  const auto text =
      pool.submit([] { return 20; }).then(pool, [](const int &n) { return n + 1; }).then(pool, [&](int n) {
        ran_on = std::this_thread::get_id();
        return std::to_string(n * 2);
      });
  CHECK(text.result() == "42");
  CHECK(ran_on != std::this_thread::get_id());
}

TEST_CASE("then: inline, on the completing thread, or here when it is done") {
  weft::promise<int> promise;
  int seen = 0;
  const weft::future<void> before = promise.get_future().then([&](int n) { seen += n; });
  CHECK(seen == 0);
  promise.set_value(3);
  CHECK(seen == 3);
  CHECK(before.done());
  promise.get_future().then([&](int n) { seen += n; }).result();
  CHECK(seen == 6);
}

TEST_CASE("then: void, references and move-only results") {
  int target = 1;
  weft::promise<void> nothing;
  const weft::future<int &> reference = nothing.get_future().then([&]() -> int & { return target; });
  const auto again = reference.then([](int &n) -> int & { return ++n; });
  nothing.set_value();
  CHECK(&again.result() == &target);
  CHECK(target == 2);

  weft::promise<std::unique_ptr<int>> owner;
  const auto looked = owner.get_future().then([](const std::unique_ptr<int> &p) { return *p; });
  const auto taken = owner.get_future().then([](std::unique_ptr<int> p) { return p; });
  owner.set_value(std::make_unique<int>(7));
  CHECK(looked.result() == 7);
  CHECK(*taken.take() == 7);
  CHECK_THROWS_AS(owner.get_future().result(), weft::invalid_state);
  CHECK_THROWS_AS(owner.get_future().then([](const std::unique_ptr<int> &) {}).result(), weft::invalid_state);
}

TEST_CASE("then: an error passes by, the same exception, and f is destroyed") {
  weft::promise<int> promise;
  census lives;
  bool called = false;
  const auto last = promise.get_future()
                        .then([&called, alive = move_only(lives)](int n) {
                          called = true;
                          return n + alive.value;
                        })
                        .then([&](int n) { return n; });
  CHECK(lives.alive == 1);
  const auto original = std::make_exception_ptr(std::out_of_range("far"));
  promise.set_exception(original);
  CHECK(!called);
  CHECK(lives.alive == 0);
  CHECK_THROWS_AS(last.result(), std::out_of_range);
  CHECK(last.exception() == original);
}

TEST_CASE("then: what f throws is the outcome") {
  weft::executor pool({.max_workers = 1});
  const auto failing = pool.submit([] {}).then(pool, []() -> int { throw std::runtime_error("no"); });
  CHECK_THROWS_AS(failing.result(), std::runtime_error);
}

TEST_CASE("then: cancelled before, f never runs and the source goes on") {
  weft::promise<int> promise;
  census lives;
  const auto next = promise.get_future().then([alive = move_only(lives)](int n) { return n + alive.value; });
  const auto beside = promise.get_future().then([](int n) { return n; });
  CHECK(next.cancel());
  CHECK(lives.alive == 0);
  promise.set_value(4);
  CHECK(beside.result() == 4);
  CHECK_THROWS_AS(next.result(), weft::cancelled);
}

TEST_CASE("then: a cancellation and a refusal") {
  weft::promise<int> promise;
  weft::executor pool({.max_workers = 1});
  const auto refused = promise.get_future().then(pool, [](int) {});
  pool.shutdown();
  promise.set_value(1);
  REQUIRE(refused.error());
  CHECK(refused.error()->code() == WEFT_ESHUTDOWN);

  weft::promise<int> other;
  const auto last = other.get_future().then([](int) {}).then([] {});
  CHECK(other.get_future().cancel());
  CHECK(last.cancelled());
}

TEST_CASE("then: empty handles") {
  weft::promise<int> promise;
  CHECK_THROWS_AS(weft::future<int>().then([](int) {}), weft::invalid_argument);
  CHECK_THROWS_AS(promise.get_future().then(weft::executor_ref(), [](int) {}), weft::invalid_argument);
}

TEST_CASE("then: large results and closures that may throw when moved") {
  struct large {
    char bytes[300];
    int number;
  };
  census lives;
  weft::promise<int> promise;
  const auto built = promise.get_future().then([](int n) { return large{{}, n}; });
  const auto careful = built.then([&](const large &l) { return move_may_throw(lives, l.number); });
  promise.set_value(9);
  CHECK(built.result().number == 9);
  CHECK(careful.result().value == 9);
}

TEST_CASE("on_error: mends an error, hands a result on") {
  weft::promise<std::unique_ptr<int>> good, bad;
  const auto mend = [](const weft::error &e) { return std::make_unique<int>(e.code() == WEFT_EFAILED ? -1 : -2); };
  const auto kept = good.get_future().on_error(mend), mended = bad.get_future().on_error(mend);
  good.set_value(std::make_unique<int>(5));
  bad.set_exception(std::make_exception_ptr(std::runtime_error("no")));
  CHECK(*kept.result() == 5);
  const auto source = good.get_future();
  CHECK(&kept.result() == &source.result()); // one object
  CHECK(*kept.take() == 5);
  CHECK_THROWS_AS(good.get_future().result(), weft::invalid_state);
  CHECK(*mended.result() == -1);

  weft::promise<void> other;
  std::string what;
  const weft::future<void> quiet = other.get_future().on_error([&](const weft::error &e) { what = e.what(); });
  other.set_exception(std::make_exception_ptr(std::runtime_error("so")));
  quiet.result();
  CHECK(what == "so");

  weft::promise<int> dropped;
  const auto passed = dropped.get_future().on_error([](const weft::error &) { return 0; });
  CHECK(dropped.get_future().cancel());
  CHECK(passed.cancelled());
}

TEST_CASE("on_error: what was handed on outlives its source") {
  census lives;
  weft::future<move_only> last;
  {
    weft::promise<move_only> promise;
    last = promise.get_future().on_error([&](const weft::error &) { return move_only(lives, -1); });
    promise.set_value(lives, 8);
  }
  CHECK(last.result().value == 8);
  CHECK(lives.alive == 1);
  last = {};
  CHECK(lives.alive == 0);
}

TEST_CASE("finally: in any case") {
  weft::executor pool({.max_workers = 1});
  const auto tell = [](const weft::future<int> &f) { return f.state(); };
  weft::promise<int> good, bad, dropped;
  const auto a = good.get_future().finally(pool, tell), b = bad.get_future().finally(tell),
             c = dropped.get_future().finally(pool, tell);
  good.set_value(1);
  bad.set_exception(std::make_exception_ptr(1));
  dropped.get_future().cancel();
  CHECK(a.result() == weft::future_state::result);
  CHECK(b.result() == weft::future_state::error);
  CHECK(c.result() == weft::future_state::cancelled);
}

TEST_CASE("then: an f that returns a future gives a future of what is inside") {
  weft::executor pool({.max_workers = 1});
  const auto later = [&pool](int n) { return pool.submit([n] { return std::to_string(n); }); };
  const weft::future<std::string> text = pool.submit([] { return 4; }).then(pool, later).then(pool, [&](std::string s) {
    return pool.submit([s = std::move(s)] { return s + "2"; });
  });
  CHECK(text.result() == "42");
  const weft::future<void> nothing = text.then([&](const std::string &) { return pool.submit([] {}); });
  nothing.result();
  // finally: another try after a failure
  const auto failing = pool.submit([]() -> int { throw std::runtime_error("once"); });
  const weft::future<int> tried = failing.finally(
      [&](const weft::future<int> &done) { return done.error() ? pool.submit([] { return 7; }) : done; });
  CHECK(tried.result() == 7);
}

TEST_CASE("flatten: results, errors, cancellations and empty futures") {
  census lives;
  {
    weft::promise<weft::future<std::unique_ptr<int>>> outer;
    weft::promise<std::unique_ptr<int>> inner;
    const weft::future<std::unique_ptr<int>> flat = weft::flatten(outer.get_future());
    outer.set_value(inner.get_future());
    CHECK_THROWS_AS(outer.get_future().result(), weft::invalid_state);
    CHECK_FALSE(flat.done());
    inner.set_value(std::make_unique<int>(3));
    CHECK(*flat.take() == 3);
  }
  {
    weft::promise<weft::future<move_only>> outer;
    outer.set_value(weft::executor({.max_workers = 1}).submit([&] { return move_only(lives); }));
    const weft::future<move_only> flat = weft::flatten(outer.get_future());
    flat.wait();
    CHECK(lives.alive == 1);
  }
  CHECK(lives.alive == 0);
  weft::promise<weft::future<int>> failed, cancelled, empty;
  failed.set_exception(std::make_exception_ptr(std::logic_error("outer")));
  CHECK_THROWS_AS(weft::flatten(failed.get_future()).result(), std::logic_error);
  cancelled.get_future().cancel();
  CHECK(weft::flatten(cancelled.get_future()).cancelled());
  empty.set_value(weft::future<int>());
  const auto of_none = weft::flatten(empty.get_future());
  CHECK(of_none.error()->code() == WEFT_EINVALIDSTATE);
  CHECK_THROWS_AS(weft::flatten(weft::future<weft::future<int>>()), weft::invalid_argument);
}

TEST_CASE("when_all: the results in order") {
  weft::executor pool({.max_workers = 2});
  std::vector<weft::future<int>> squares;
  for (int i = 0; i < 10; ++i) squares.push_back(pool.submit([i] { return i * i; }));
  const std::vector<int> results = weft::when_all(squares).result();
  REQUIRE(results.size() == 10);
  for (int i = 0; i < 10; ++i) CHECK(results[static_cast<std::size_t>(i)] == i * i);
  CHECK(squares[3].result() == 9); // copied
  CHECK(weft::when_all(std::vector<weft::future<int>>()).result().empty());
}

TEST_CASE("when_all: move-only, references, void and mixed") {
  weft::promise<std::unique_ptr<int>> one, two;
  const auto moved = weft::when_all({one.get_future(), two.get_future()});
  one.set_value(std::make_unique<int>(1));
  two.set_value(std::make_unique<int>(2));
  CHECK(*moved.result()[1] == 2);
  CHECK_THROWS_AS(one.get_future().result(), weft::invalid_state);

  int target = 0;
  weft::promise<int &> reference;
  const auto references = weft::when_all({reference.get_future()});
  reference.set_value(target);
  CHECK(&references.result()[0].get() == &target);

  weft::promise<void> nothing;
  weft::promise<int> number;
  const weft::future<void> mixed =
      weft::when_all(std::vector<weft::any_future>{nothing.get_future(), number.get_future()});
  nothing.set_value();
  CHECK(!mixed.done());
  number.set_value(1);
  mixed.result();
}

TEST_CASE("when_all: the first error in time, or a cancellation") {
  weft::promise<int> a, b, c;
  const auto all = weft::when_all({a.get_future(), b.get_future(), c.get_future()});
  b.set_exception(std::make_exception_ptr(std::out_of_range("first")));
  a.set_exception(std::make_exception_ptr(std::runtime_error("second")));
  CHECK(!all.done());
  c.set_value(1);
  CHECK_THROWS_AS(all.result(), std::out_of_range);

  weft::promise<int> d, e;
  const auto other = weft::when_all({d.get_future(), e.get_future()});
  d.get_future().cancel();
  e.set_value(1);
  CHECK(other.cancelled());
  CHECK_THROWS_AS(weft::when_all({weft::future<int>()}), weft::invalid_argument);
}

TEST_CASE("when_all: futures of different types give a tuple") {
  weft::executor pool({.max_workers = 2});
  weft::promise<std::unique_ptr<int>> owned;
  weft::promise<int &> reference;
  weft::promise<void> nothing;
  int target = 0;
  const weft::future<std::string> text = pool.submit([] { return std::string("text"); });
  const auto all = weft::when_all(text, owned.get_future(), reference.get_future(), nothing.get_future(),
                                  weft::any_future(text), pool.submit([] { return std::monostate(); }));
  static_assert(
      std::is_same_v<decltype(all),
                     const weft::future<std::tuple<std::string, std::unique_ptr<int>, std::reference_wrapper<int>,
                                                   std::monostate, std::monostate, std::monostate>>>);
  owned.set_value(std::make_unique<int>(5));
  reference.set_value(target);
  CHECK_FALSE(all.wait(0s));
  nothing.set_value();
  const auto &results = all.result(too_long);
  CHECK(std::get<0>(results) == "text");
  CHECK(*std::get<1>(results) == 5);
  CHECK(&std::get<2>(results).get() == &target);
  CHECK(text.result() == "text"); // copied
  CHECK_THROWS_AS(owned.get_future().result(), weft::invalid_state);

  const auto sum = weft::when_all(pool.submit([] { return 1; }), pool.submit([] {
                     return 2.5;
                   })).then([](const std::tuple<int, double> &both) { return std::get<0>(both) + std::get<1>(both); });
  CHECK(sum.result(too_long) == 3.5);
  const auto nested = weft::when_all(pool.submit([] { return std::tuple(7); })).result(too_long);
  static_assert(std::is_same_v<decltype(nested), const std::tuple<std::tuple<int>>>);
  CHECK(std::get<0>(std::get<0>(nested)) == 7);
  CHECK(weft::when_all().done());
}

TEST_CASE("when_all of different types: the first error in time, or a cancellation; nothing is read then") {
  weft::promise<int> a;
  weft::promise<std::string> b;
  weft::promise<std::unique_ptr<int>> c;
  const auto all = weft::when_all(a.get_future(), b.get_future(), c.get_future());
  b.set_exception(std::make_exception_ptr(std::out_of_range("first")));
  a.set_exception(std::make_exception_ptr(std::runtime_error("second")));
  CHECK_FALSE(all.done());
  c.set_value(std::make_unique<int>(3));
  CHECK_THROWS_AS(all.result(), std::out_of_range);
  CHECK(*c.get_future().take() == 3);

  weft::promise<int> d, e;
  const auto other = weft::when_all(d.get_future(), weft::any_future(e.get_future()));
  d.get_future().cancel();
  e.set_value(1);
  CHECK(other.cancelled());
  CHECK_THROWS_AS(weft::when_all(weft::future<int>(), e.get_future()), weft::invalid_argument);
}

TEST_CASE("when_any: futures of different types") {
  weft::promise<int> a;
  weft::promise<std::string> b;
  const weft::future<std::size_t> first = weft::when_any(a.get_future(), b.get_future());
  b.set_value("b");
  CHECK(first.result() == 1);
  a.set_value(1);
}

TEST_CASE("when_any: the index of the first") {
  weft::promise<int> a, b;
  const weft::future<std::size_t> first = weft::when_any({a.get_future(), b.get_future()});
  const auto value =
      first.then([f = std::vector{a.get_future(), b.get_future()}](std::size_t i) { return f[i].result(); });
  b.set_value(5);
  a.set_value(6);
  CHECK(first.result() == 1);
  CHECK(value.result() == 5);
  CHECK_THROWS_AS(weft::when_any(std::vector<weft::future<int>>()), weft::invalid_argument);
}

TEST_CASE("then: a long chain needs no stack, built before or after") {
  for (const bool late : {false, true}) {
    weft::promise<int> promise;
    if (late) promise.set_value(0);
    weft::future<int> last = promise.get_future();
    for (int i = 0; i < long_chain; ++i) last = last.then([](int n) { return n + 1; });
    if (!late) promise.set_value(0);
    CHECK(last.result() == long_chain);
  }
}

TEST_CASE("then: a long chain whose source is never kept") {
  census lives;
  weft::future<int> last;
  {
    weft::promise<int> promise;
    last = promise.get_future();
    for (int i = 0; i < long_chain; ++i)
      last = last.then([alive = move_only(lives)](int n) { return n + alive.value; });
    CHECK(lives.alive == long_chain);
  }
  CHECK_THROWS_AS(last.result(), weft::broken_promise);
  CHECK(lives.alive == 0);
}

TEST_CASE("then: a loop that continues itself keeps only its end") {
  census lives;
  weft::promise<move_only> promise;
  weft::future<move_only> last = promise.get_future();
  promise.set_value(lives, 0);
  promise = {};
  for (int i = 0; i < 1'000; ++i) last = last.then([&](const move_only &m) { return move_only(lives, m.value + 1); });
  CHECK(last.result().value == 1'000);
  CHECK(lives.alive == 1);
}

TEST_CASE("then: inside a task of the one worker") {
  weft::executor pool({.max_workers = 1});
  const int sum = pool.submit([&] {
                        std::vector<weft::future<int>> parts;
                        for (int i = 0; i < 20; ++i)
                          parts.push_back(pool.submit([i] { return i; }).then(pool, [](int n) { return 2 * n; }));
                        int total = 0;
                        for (const int n : weft::when_all(parts).result()) total += n;
                        return total;
                      })
                      .result();
  CHECK(sum == 380);
}
