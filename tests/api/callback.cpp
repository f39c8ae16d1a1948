// add_done_callback: callbacks run once, in order, on the thread that ends the future.
#include "support.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

TEST_CASE("callbacks run on result, error and cancellation") {
  int calls = 0;
  const auto count = [&](const weft::any_future &) { ++calls; };
  const weft::promise<int> a, b, c;
  for (const auto *p : {&a, &b, &c}) p->get_future().add_done_callback(count);
  CHECK(calls == 0);
  a.set_value(1);
  b.set_exception(std::make_exception_ptr(1));
  c.get_future().cancel();
  CHECK(calls == 3);
}

TEST_CASE("a callback gets the future, done") {
  std::optional<int> got;
  const weft::promise<int> made;
  made.get_future().add_done_callback([&](weft::future<int> f) { got = f.result(0s); });
  made.set_value(6);
  CHECK(got == 6);
}

TEST_CASE("callbacks run in the order in which they were added, exactly once") {
  std::vector<int> order;
  const weft::promise<void> made;
  for (int i = 0; i < 100; ++i)
    made.get_future().add_done_callback([&order, i](const weft::future<void> &) { order.push_back(i); });
  made.set_value();
  REQUIRE(order.size() == 100);
  for (int i = 0; i < 100; ++i) CHECK(order[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("on a future that is done, it runs at once, here") {
  const weft::promise<void> made;
  made.set_value();
  std::thread::id where;
  made.get_future().add_done_callback([&](const weft::future<void> &) { where = std::this_thread::get_id(); });
  CHECK(where == std::this_thread::get_id());
}

TEST_CASE("cancel runs it on the cancelling thread; the end of a task, on the worker") {
  test::gate hold, stands;
  weft::executor pool({.max_workers = 1});
  const test::opener open_at_end(hold);
  std::thread::id cancelled_on, ended_on, worker;
  const auto running = pool.submit([&] {
    worker = std::this_thread::get_id();
    stands.open();
    hold.pass();
  });
  stands.pass();
  running.add_done_callback([&](const weft::future<void> &) { ended_on = std::this_thread::get_id(); });
  const auto pending = pool.submit([] {});
  pending.add_done_callback([&](const weft::future<void> &) { cancelled_on = std::this_thread::get_id(); });
  pending.cancel();
  CHECK(cancelled_on == std::this_thread::get_id());
  hold.open();
  pool.shutdown();
  CHECK(ended_on == worker);
}

TEST_CASE("a callable may be move-only; it is destroyed right after its call") {
  test::census counts;
  const weft::promise<void> made;
  int alive_in_second = -1;
  made.get_future().add_done_callback([part = test::move_only(counts)](const weft::future<void> &) {});
  made.get_future().add_done_callback([&](const weft::future<void> &) { alive_in_second = counts.alive; });
  CHECK(counts.alive == 1);
  made.set_value();
  CHECK(alive_in_second == 0);
  CHECK(counts.alive == 0);
}

TEST_CASE("a callback that throws does not keep the others from running") {
  int calls = 0;
  test::census counts;
  const weft::promise<void> made;
  made.get_future().add_done_callback([&, part = test::move_only(counts)](const weft::future<void> &) {
    ++calls;
    throw std::runtime_error("a callback of the tests throws this; the line belongs here");
  });
  made.get_future().add_done_callback([&](const weft::future<void> &) { ++calls; });
  CHECK_NOTHROW(made.set_value());
  CHECK(calls == 2);
  CHECK(counts.alive == 0);
  made.get_future().result();
}

TEST_CASE("a callback may add another one, which runs too") {
  int calls = 0;
  const weft::promise<void> made;
  made.get_future().add_done_callback([&](const weft::future<void> &f) {
    ++calls;
    f.add_done_callback([&](const weft::future<void> &) { ++calls; });
  });
  made.set_value();
  CHECK(calls == 2);
}

TEST_CASE("a callback may drop the last handle, and destroy the promise") {
  test::census counts;
  auto made = std::make_unique<weft::promise<test::tracked<>>>();
  made->get_future().add_done_callback([&](const weft::future<test::tracked<>> &) { made.reset(); });
  made->set_value(counts);
  CHECK(made == nullptr);
  CHECK(counts.alive == 0);
  CHECK(counts.born == 1);
}

TEST_CASE("the callable is copied from an lvalue; a copy that fails leaves nothing behind") {
  test::census counts;
  const weft::promise<void> made;
  const auto callback = [part = test::copy_fails(counts)](const weft::future<void> &) {};
  CHECK_THROWS_AS(made.get_future().add_done_callback(callback), std::runtime_error);
  made.set_value();
  CHECK(counts.alive == 1);
}

TEST_CASE("a callback that was never called is destroyed with the future") {
  test::census counts;
  {
    weft_future_t *native = nullptr;
    weft::check(weft_future_create(nullptr, &native));
    const auto never = weft::any_future::adopt(native);
    never.add_done_callback([part = test::move_only(counts)](const weft::any_future &) {});
    CHECK(counts.alive == 1);
  }
  CHECK(counts.alive == 0);
}

TEST_CASE("a chain of a million futures, each completed by the callback of the one before, needs no stack") {
  constexpr std::size_t links = test::long_chain;
  std::vector<weft::promise<int>> chain(links);
  for (std::size_t i = 0; i + 1 < links; ++i)
    chain[i].get_future().add_done_callback(
        [&next = chain[i + 1]](const weft::future<int> &f) { next.set_value(f.result() + 1); });
  chain.front().set_value(1);
  CHECK(chain.back().get_future().result() == static_cast<int>(links));
}

TEST_CASE("callbacks that are added while the future ends run exactly once") {
  std::atomic<int> calls = 0;
  test::census counts;
  weft::executor pool({.max_workers = 2});
  constexpr int rounds = 2'000;
  for (int i = 0; i < rounds; ++i) {
    const auto f = pool.submit([] {});
    f.add_done_callback([&, part = test::move_only(counts)](const weft::future<void> &) { ++calls; });
  }
  pool.shutdown();
  CHECK(calls == rounds);
  CHECK(counts.alive == 0);
}
