// weft::group: closures of every kind, exceptions, cancellation, nesting, and what the destructor waits for; and
// weft::blocking_region.
#include "support.hpp"

#include <doctest/doctest.h>

#include <array>
#include <memory>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

using test::census;

static_assert(!std::is_copy_constructible_v<weft::group> && !std::is_move_constructible_v<weft::group>);
static_assert(!std::is_copy_constructible_v<weft::blocking_region>);

namespace {

int fibonacci(const weft::executor_ref &pool, int n) {
  if (n < 2) return n;
  int a = 0;
  weft::group both(pool);
  both.run([&] { a = fibonacci(pool, n - 1); });
  const int b = fibonacci(pool, n - 2);
  both.wait();
  return a + b;
}

} // namespace

TEST_CASE("group: runs what is spawned, from outside and from its own tasks, again and again") {
  weft::executor pool({.max_workers = 3});
  weft::group group(pool);
  for (int round = 0; round < 10; ++round) {
    std::atomic<int> ran = 0;
    for (int i = 0; i < 20; ++i)
      group.run([&] {
        ++ran;
        for (int k = 0; k < 5; ++k) group.run([&] { ++ran; });
      });
    group.wait();
    CHECK(ran == 20 * 6);
  }
}

TEST_CASE("group: recursion, inside and outside of the pool") {
  for (const std::uint32_t workers : {1u, 2u, 4u}) {
    weft::executor pool({.max_workers = workers});
    CHECK(pool.submit([&] { return fibonacci(pool, 16); }).result() == 987);
    CHECK(fibonacci(pool, 12) == 144);
  }
}

TEST_CASE("group: closures that only move, of any size, live exactly once") {
  census counts;
  {
    weft::executor pool({.max_workers = 2});
    weft::group group(pool);
    std::atomic<int> sum = 0;
    group.run([&sum, held = std::make_unique<int>(5)] { sum += *held; });
    group.run([&sum, held = test::move_only(counts, 7)] { sum += held.value; });
    std::array<int, 300> large{};
    large[299] = 11;
    group.run([&sum, large] { sum += large[299]; });
    const auto named = [&sum, held = std::make_shared<int>(13)] { sum += *held; };
    group.run(named); // copied
    group.wait();
    CHECK(sum == 36);
    CHECK(counts.alive == 0); // all closures have been dropped when the wait returns
    CHECK(counts.copied == 0);
  }
  CHECK(counts.alive == 0);
}

TEST_CASE("group: a closure that cannot be copied in is not spawned") {
  struct throws_when_copied {
    throws_when_copied() = default;
    throws_when_copied(const throws_when_copied &) { throw std::runtime_error("this cannot be copied"); }
    void operator()() const {}
  };
  weft::executor pool({.max_workers = 1});
  weft::group group(pool);
  const throws_when_copied bad;
  CHECK_THROWS_WITH_AS(group.run(bad), "this cannot be copied", std::runtime_error);
  group.wait();
  CHECK(pool.stats().submitted == 0);
}

TEST_CASE("group: wait rethrows the first exception, once") {
  weft::executor pool({.max_workers = 1});
  weft::group group(pool);
  std::atomic<int> ran = 0;
  group.run([] { throw std::out_of_range("far"); });
  group.run([] { throw std::runtime_error("second"); });
  group.run([&] { ++ran; });
  CHECK_THROWS_WITH_AS(group.wait(), "far", std::out_of_range);
  CHECK(ran == 1); // the other tasks ran
  group.wait();
  group.run([&] { ++ran; });
  group.wait();
  CHECK(ran == 2);
}

TEST_CASE("group: an error may cancel what has not started") {
  weft::executor pool({.max_workers = 1});
  weft::group group(pool, weft::on_error::cancel);
  test::gate gate;
  const test::opener at_end(gate);
  auto held = pool.submit([&] { gate.pass(); });
  std::atomic<int> ran = 0;
  group.run([] { throw std::runtime_error("first"); });
  for (int i = 0; i < 10; ++i) group.run([&] { ++ran; });
  gate.open();
  CHECK_THROWS_WITH_AS(group.wait(), "first", std::runtime_error);
  CHECK(ran == 0);
  group.run([&] { ++ran; }); // the wait has also cleared the cancellation
  group.wait();
  CHECK(ran == 1);
  held.result();
}

TEST_CASE("group: cancel") {
  census counts;
  weft::executor pool({.max_workers = 1});
  weft::group group(pool);
  test::gate gate;
  const test::opener at_end(gate);
  auto held = pool.submit([&] { gate.pass(); });
  std::atomic<int> ran = 0;
  for (int i = 0; i < 5; ++i) group.run([&ran, tracked = test::move_only(counts)] { ++ran; });
  CHECK(counts.alive == 5);
  group.cancel();
  CHECK(counts.alive == 0);
  CHECK_THROWS_AS(group.wait(), weft::cancelled);
  group.run([&] { ++ran; });
  gate.open();
  group.wait();
  CHECK(ran == 1);
  held.result();
}

TEST_CASE("group: wait_for tells that the time is over") {
  weft::executor pool({.max_workers = 1});
  weft::group group(pool);
  test::gate gate;
  const test::opener at_end(gate);
  group.run([&] { gate.pass(); });
  CHECK_FALSE(group.wait_for(std::chrono::seconds(0)));
  CHECK_FALSE(group.wait_for(std::chrono::milliseconds(5)));
  gate.open();
  CHECK(group.wait_for(test::too_long));
}

TEST_CASE("group: the destructor cancels what has not started and waits for what runs") {
  std::atomic<int> ran = 0;
  std::atomic<bool> began = false, asked = false;
  weft::executor pool({.max_workers = 1});
  {
    weft::group group(pool);
    group.run([&] {
      began = true;
      while (!weft::this_thread::stop_requested()) std::this_thread::yield(); // until the destructor asks
      asked = true;
    });
    while (!began) std::this_thread::yield();
    for (int i = 0; i < 5; ++i) group.run([&] { ++ran; });
  }
  CHECK(asked);
  CHECK(ran == 0);
}

TEST_CASE("group: an exception between run and wait leaves nothing behind") {
  weft::executor pool({.max_workers = 2});
  census counts;
  std::atomic<int> alive_at_end = -1;
  try {
    const test::move_only around(counts); // the closures refer to it
    weft::group group(pool);
    for (int i = 0; i < 100; ++i)
      group.run([&around, held = test::move_only(counts)] { static_cast<void>(around.value + held.value); });
    throw std::runtime_error("in between");
  } catch (const std::runtime_error &) {
    alive_at_end = counts.alive.load();
  }
  CHECK(alive_at_end == 0);
}

TEST_CASE("group: refusals") {
  weft::executor pool({.max_workers = 1});
  weft::strand strand(pool);
  CHECK_THROWS_AS(weft::group{strand}, weft::not_supported);
  CHECK_THROWS_AS(weft::group{weft::executor_ref()}, weft::invalid_argument);
  weft::group group(pool);
  pool.shutdown();
  census counts;
  CHECK_THROWS_AS(group.run([held = test::move_only(counts)] {}), weft::shut_down);
  CHECK(counts.alive == 0);
  group.wait(); // nothing was spawned

  weft::executor broken({.max_workers = 1, .initializer = [] { throw std::runtime_error("no"); }});
  weft::group hopeless(broken);
  CHECK_THROWS_AS(broken.submit([] {}).result(), weft::broken_pool);
  CHECK_THROWS_AS(hopeless.run([] {}), weft::broken_pool);
}

TEST_CASE("group: a task that waits for its own group is told") {
  weft::executor pool({.max_workers = 2});
  weft::group group(pool);
  bool told = false;
  group.run([&] {
    try {
      group.wait();
    } catch (const weft::deadlock &) {
      told = true;
    }
  });
  while (pool.stats().completed == 0) std::this_thread::yield(); // else the wait below could run the task itself
  CHECK_NOTHROW(group.wait());
  CHECK(told);
}

TEST_CASE("blocking_region: on a pool of one worker another task runs meanwhile") {
  weft::executor pool({.max_workers = 1, .max_spares = 1});
  test::gate gate;
  const test::opener at_end(gate);
  auto blocked = pool.submit([&] {
    const weft::blocking_region lent;
    gate.pass();
  });
  CHECK(pool.submit([] { return 5; }).result() == 5);
  gate.open();
  blocked.result();
  const weft::blocking_region nothing; // this thread is no worker: a no-op
  CHECK(pool.stats().workers_blocked == 0);
}

TEST_CASE("group: what is no task is pending until it is left") {
  weft::executor pool({.max_workers = 1});
  weft::group group(pool);
  CHECK_THROWS_AS(group.leave(), weft::invalid_state);
  group.enter();
  CHECK_FALSE(group.wait_for(std::chrono::seconds(0)));
  group.cancel();
  CHECK_FALSE(group.wait_for(std::chrono::milliseconds(1)));
  std::atomic<bool> answered = false;
  std::thread other([&] {
    answered = true;
    group.leave();
  });
  group.wait();
  CHECK(answered);
  other.join();
  {
    weft::group inner(pool); // its destructor waits, too
    inner.enter();
    answered = false;
    other = std::thread([&] {
      answered = true;
      inner.leave();
    });
  }
  CHECK(answered);
  other.join();
}

TEST_CASE("group: without a pool, things are entered, left and waited for") {
  weft::executor pool({.max_workers = 1});
  std::atomic<int> answers = 0, followed = 0;
  weft::group group;
  for (int i = 0; i < 3; ++i) {
    group.enter();
    pool.post([&] {
      ++answers;
      group.leave();
    });
  }
  group.wait();
  CHECK(answers == 3);
  group.then(pool, [&] { ++followed; });
  pool.wait_idle();
  CHECK(followed == 1);
  CHECK_THROWS_AS(group.run([] {}), weft::not_supported);
  CHECK_THROWS_AS(weft::group(weft::executor_ref()), weft::invalid_argument);
}

TEST_CASE("group: what follows runs once nothing is pending, on the executor that was named") {
  census counts;
  weft::executor pool({.max_workers = 2});
  weft::strand strand(pool);
  weft::caller_run mine;
  std::atomic<int> ran = 0, seen = 0;
  test::gate over;
  {
    weft::group group(pool);
    for (int round = 0; round < 2; ++round) {
      group.enter();
      for (int i = 0; i < 5; ++i) group.run([&] { ++ran; });
      group.then(mine, [&ran, &seen, held = test::move_only(counts, round)] { seen = ran + 100 * held.value; });
      CHECK(mine.run() == 0);
      group.leave();
      group.wait();
      while (mine.run_wait() == 0) {
      }
      CHECK(seen == 5 + 105 * round);
    }
    group.then(strand, [&] {
      CHECK(weft::executor_ref::current() == strand);
      over.open();
    });
  }
  over.pass(); // the group has ended
  CHECK(counts.alive == 0);
  CHECK(counts.copied == 0);
}

TEST_CASE("group: what follows can be called off, and is destroyed once when it is refused") {
  census counts;
  weft::executor pool({.max_workers = 1});
  weft::caller_run mine;
  weft::group group(pool);
  const weft::cancel_source source;
  const weft::cancel_token token = source.token();
  const auto never = [held = test::tracked<>(counts)] { throw std::logic_error("it was run"); };
  group.enter();
  group.then(token, mine, never);
  CHECK(counts.alive == 2);
  source.cancel();
  CHECK(counts.alive == 1);
  CHECK_THROWS_AS(group.then(token, mine, never), weft::cancelled);
  CHECK(counts.alive == 1);
  group.then(mine, never);
  mine.shutdown(weft::shutdown::refuse_only);
  CHECK(counts.alive == 2);
  group.leave();
  CHECK(counts.alive == 1);
  CHECK_THROWS_AS(group.then(weft::executor_ref(), never), weft::invalid_argument);
  CHECK(counts.alive == 1);
}
