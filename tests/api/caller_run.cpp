// The executor that the caller runs.
#include "support.hpp"

#include <doctest/doctest.h>

#include <future>
#include <thread>

using namespace std::chrono_literals;
using weft::shutdown;

TEST_CASE("nothing runs before run, and then all on the calling thread") {
  const weft::caller_run loop;
  std::thread::id where;
  const auto f = loop.submit([&] { where = std::this_thread::get_id(); });
  CHECK_FALSE(f.done());
  CHECK(loop.stats().queued == 1);
  CHECK(loop.run() == 1);
  CHECK(f.done());
  CHECK(where == std::this_thread::get_id());
  CHECK(loop.run() == 0);
}

TEST_CASE("max_tasks and the budget bound it") {
  const weft::caller_run loop;
  int ran = 0;
  for (int i = 0; i < 5; ++i) loop.post([&] { ++ran; });
  CHECK(loop.run(2) == 2);
  CHECK(ran == 2);
  CHECK(loop.run(0, 0s) == 1);
  CHECK(loop.run() == 2);
}

TEST_CASE("what a task submits runs in the same call") {
  const weft::caller_run loop;
  int ran = 0;
  loop.post([&] {
    ++ran;
    loop.post([&] { ++ran; });
  });
  CHECK(loop.run() == 2);
  CHECK(ran == 2);
}

TEST_CASE("run_wait waits for a task") {
  const weft::caller_run loop;
  CHECK(loop.run_wait(0, 1ms) == 0);
  std::thread::id where;
  std::thread other([&] { loop.post([&] { where = std::this_thread::get_id(); }); });
  CHECK(loop.run_wait(0, test::too_long) == 1);
  other.join();
  CHECK(where == std::this_thread::get_id());
}

TEST_CASE("run_until runs what others post until the future is done") {
  const weft::caller_run loop;
  weft::executor pool({.max_workers = 1});
  std::thread::id where;
  const auto errand = [&] {
    loop.submit([&] { where = std::this_thread::get_id(); }).wait(test::too_long);
    return 5;
  };
  const weft::future<int> wanted = pool.submit(errand);
  CHECK(loop.run_until(wanted));
  CHECK(wanted.result(0s) == 5);
  CHECK(where == std::this_thread::get_id());

  int ran = 0;
  const auto first = loop.submit([&] { ++ran; });
  loop.post([&] { ++ran; });
  CHECK(loop.run_until(first));
  CHECK(ran == 1); // run_until checks the future before each task
  CHECK(loop.run_until(first, 0s));
  CHECK(ran == 1);
}

TEST_CASE("help runs tasks of a pool until the future is done") {
  weft::executor pool({.max_workers = 1});
  std::promise<void> begun, gate;
  const auto held = pool.submit([&] {
    begun.set_value();
    gate.get_future().wait();
  });
  begun.get_future().wait(); // the only worker is busy
  const auto wanted = pool.submit([] { return std::this_thread::get_id(); });
  CHECK(pool.help(wanted));
  CHECK(wanted.result(0s) == std::this_thread::get_id());
  CHECK_FALSE(pool.help(held, 1ms));
  gate.set_value();
  CHECK(pool.help(held));
  weft::caller_run loop;
  CHECK_THROWS_AS(loop.help(held), weft::not_supported);
}

TEST_CASE("run_until tells that the time is over, and that the wait could never end") {
  const weft::caller_run loop;
  weft::promise<int> given;
  const weft::future<int> later = given.get_future();
  CHECK_FALSE(loop.run_until(later, 1ms));
  int ran = 0;
  for (int i = 0; i < 2; ++i) loop.post([&] { ++ran; });
  CHECK_FALSE(loop.run_until(later, 0s));
  CHECK(ran == 1);
  loop.post_after(1ms, [&] { given.set_value(3); });
  CHECK(loop.run_until(later, test::too_long));
  CHECK(later.result(0s) == 3);

  weft::future<void> own;
  bool told = false;
  own = loop.submit([&] {
    try {
      loop.run_until(own);
    } catch (const weft::deadlock &) {
      told = true;
    }
  });
  loop.run();
  CHECK(told);
  CHECK_THROWS_AS(loop.run_until(weft::future<int>()), weft::invalid_argument);
}

TEST_CASE("run_until ends when its thread is asked to stop; what the future ended with stays in it") {
  const weft::caller_run loop;
  const weft::promise<void> never;
  const auto failed = loop.submit([] { throw std::runtime_error("it stays there"); });
  CHECK(loop.run_until(failed));
  CHECK_THROWS_AS(failed.result(), std::runtime_error);
  test::gate stands;
  bool interrupted = false;
  weft::thread t([&] {
    stands.open();
    try {
      loop.run_until(never.get_future());
    } catch (const weft::interrupted &) {
      interrupted = true;
    }
  });
  t.start();
  stands.pass();
  t.request_stop();
  CHECK(t.join_for(test::too_long));
  CHECK(interrupted);
}

TEST_CASE("waiting on the loop's thread for a task of the loop runs it") {
  const weft::caller_run loop;
  const auto f = loop.submit([] { return 8; });
  weft::executor pool({.max_workers = 1});
  // Another thread cannot run it, but the loop's thread can.
  CHECK_THROWS_AS(pool.submit([&] { return f.result(1ms); }).result(), weft::timed_out);
  CHECK(loop.run() == 1);
  CHECK(f.result(0s) == 8);
}

TEST_CASE("shutdown: run tells the end once nothing is left") {
  const weft::caller_run loop;
  int ran = 0;
  loop.post([&] { ++ran; });
  loop.shutdown(shutdown::refuse_only);
  CHECK_THROWS_AS(loop.post([] {}), weft::shut_down);
  CHECK(loop.run() == 1);
  CHECK_THROWS_AS(loop.run(), weft::shut_down);
  CHECK_THROWS_AS(loop.run_wait(), weft::shut_down);
  CHECK(ran == 1);
}

TEST_CASE("a shutdown that waits runs what is pending, here") {
  const weft::caller_run loop;
  const auto f = loop.submit([] { return std::this_thread::get_id(); });
  CHECK(loop.shutdown());
  CHECK(f.result(0s) == std::this_thread::get_id());
}

TEST_CASE("the destructor cancels what is pending, whoever else holds a reference") {
  test::census counts;
  weft::future<void> f;
  weft::executor_ref left;
  {
    const weft::caller_run loop;
    left = loop;
    f = loop.submit([part = test::move_only(counts)] {});
  }
  CHECK(f.cancelled());
  CHECK(counts.alive == 0);
  CHECK_THROWS_AS(left.submit([] {}), weft::shut_down);
}

TEST_CASE("it moves; the one moved over ends as if destroyed") {
  weft::caller_run a, b;
  const auto lost = a.submit([] {});
  const auto kept = b.submit([] {});
  a = std::move(b);
  CHECK(lost.cancelled());
  CHECK(a.run() == 1);
  CHECK(kept.done());
}

TEST_CASE("a bounded queue") {
  const weft::caller_run loop({.max_queue = 1});
  loop.post([] {});
  CHECK_THROWS_AS(loop.post([] {}), weft::queue_full);
}
