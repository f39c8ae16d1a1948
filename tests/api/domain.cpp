// domain: what a close ends, with promises and coroutines. At the start of each case the headers keep nothing.
#include "support.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <coroutine>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

using namespace std::chrono_literals;

namespace {

weft::future<int> add_one(weft::future<int> f) {
  co_return co_await f + 1;
}

weft::future<int> add_one_on(weft::executor_ref pool, weft::future<int> f, test::tracked<>) {
  co_return co_await weft::resume_on(pool, f) + 1;
}

weft::future<int> fail_after(weft::future<int> f) {
  const int value = co_await f;
  throw std::runtime_error(std::to_string(value));
}

} // namespace

TEST_CASE("domain: the one that a thread is inside of") {
  CHECK_FALSE(weft::domain::current());
  const weft::domain plugin;
  const weft::inside here(plugin);
  CHECK(weft::domain::current() == plugin);
  {
    const weft::inside nobodys(std::nullopt);
    CHECK_FALSE(weft::domain::current());
  }
  CHECK(weft::domain::share(plugin.native_handle()) == plugin);
  CHECK(weft::domain::current() == plugin);
}

TEST_CASE("domain: what was given inside of it ends with it") {
  weft::executor pool({.max_workers = 2});
  const weft::domain plugin;
  weft::promise<int> news;
  std::atomic<int> calls{0};
  {
    const weft::inside here(plugin);
    pool.post([&] {
      try {
        while (weft_stop_requested() == 0) pool.submit([&] { calls.fetch_add(1); }).wait();
      } catch (const weft::status_error &) { // closed, or interrupted by the close
      }
    });
    news.get_future().add_done_callback([&](const weft::future<int> &) { calls.fetch_add(1'000'000); });
    CHECK_THROWS_AS(plugin.close(), weft::deadlock);
  }
  while (calls.load() < 3) std::this_thread::yield();
  CHECK(plugin.close());
  CHECK(plugin.count() == 0);
  const int before = calls.load();
  news.set_value(1);
  CHECK(calls.load() == before);
  CHECK_THROWS_AS(weft::inside here(plugin), weft::closed);
}

TEST_CASE("domain: the first promise of the program leaves nothing in it") {
  CHECK(weft::cleanup());
  const weft::domain plugin;
  {
    const weft::inside here(plugin);
    const weft::promise<int> made;
    made.set_value(3);
    CHECK(made.get_future().result() == 3);
  }
  CHECK(plugin.count() == 0);
  CHECK(plugin.close(0s));
}

TEST_CASE("domain: a promise that breaks in it leaves nothing, though the error is still held") {
  CHECK(weft::cleanup());
  const weft::domain plugin;
  weft::future<int> broken;
  {
    const weft::inside here(plugin);
    broken = weft::promise<int>().get_future();
  }
  const auto held = broken.error();
  CHECK(plugin.count() == 0);
  CHECK(plugin.close(0s));
  CHECK_THROWS_AS(broken.result(), weft::broken_promise);
  CHECK_THROWS_AS(held->rethrow(), weft::broken_promise);
}

TEST_CASE("domain: its promises are cancelled by the close") {
  CHECK(weft::cleanup());
  const weft::domain plugin;
  std::optional<weft::promise<int>> made;
  {
    const weft::inside here(plugin);
    made.emplace();
  }
  CHECK(plugin.count() == 1);
  CHECK(plugin.close(0s));
  CHECK(made->get_future().cancelled());
  CHECK_THROWS_AS(made->set_value(1), weft::cancelled);
}

TEST_CASE("domain: an exception set inside of it is there as long as somebody holds it") {
  const weft::domain plugin;
  weft::future<int> failed;
  {
    const weft::inside here(plugin);
    const weft::promise<int> made;
    failed = made.get_future();
    made.set_exception(std::make_exception_ptr(std::runtime_error("of the plugin")));
  }
  CHECK_FALSE(plugin.close(0s));
  failed = {};
  CHECK(plugin.close(0s));
}

TEST_CASE("domain: a coroutine that has come to its end leaves nothing") {
  CHECK(weft::cleanup());
  const weft::domain plugin;
  const weft::promise<int> hosts;
  weft::future<int> sum, failed;
  {
    const weft::inside here(plugin);
    sum = add_one(hosts.get_future());
    failed = fail_after(hosts.get_future());
  }
  CHECK(plugin.count() >= 2);
  hosts.set_value(4);
  CHECK(sum.result(0s) == 5);
  CHECK_THROWS_AS(failed.result(0s), std::runtime_error);
  failed = {}; // drops the exception, too
  CHECK(plugin.count() == 0);
  CHECK(plugin.close(0s));
}

TEST_CASE("domain: a coroutine that waits is brought to its end by the close") {
  CHECK(weft::cleanup());
  const weft::domain plugin;
  const weft::promise<int> hosts;
  test::census counts;
  weft::executor pool({.max_workers = 1});
  weft::future<int> sum, sum_of_sum, there;
  {
    const weft::inside here(plugin);
    sum = add_one(hosts.get_future());
    sum_of_sum = add_one(sum);
    there = add_one_on(pool, hosts.get_future(), test::tracked<>(counts));
  }
  CHECK(counts.alive == 1);
  CHECK_FALSE(there.done());
  CHECK(plugin.close(0s));
  CHECK(plugin.count() == 0);
  CHECK(counts.alive == 0);
  CHECK_THROWS_AS(sum.result(0s), weft::closed);
  CHECK_THROWS_AS(sum_of_sum.result(0s), weft::closed);
  CHECK_THROWS_AS(there.result(0s), weft::closed);
  hosts.set_value(4); // resumes no coroutine
}
