// Pools: how they begin, refuse and end.
#include "support.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using weft::shutdown;

TEST_CASE("the destructor waits until everything has run") {
  std::atomic<int> ran = 0;
  {
    weft::executor pool({.max_workers = 2});
    for (int i = 0; i < 500; ++i) pool.post([&] { ++ran; });
  }
  CHECK(ran == 500);
}

TEST_CASE("workers start on demand and are reused") {
  weft::executor pool({.max_workers = 4});
  CHECK(pool.stats().max_workers == 4);
  CHECK(pool.stats().workers_started == 0);
  for (int i = 0; i < 3; ++i) pool.submit([] {}).result();
  CHECK(pool.stats().workers_started == 1);
}

TEST_CASE("no more workers than asked for, and as many as are needed") {
  test::gate hold;
  std::vector<test::gate> standing(3);
  weft::executor pool({.max_workers = 3});
  const test::opener open_at_end(hold);
  std::vector<weft::future<void>> futures;
  for (std::size_t i = 0; i < 6; ++i)
    futures.push_back(pool.submit([&, i] {
      if (i < 3) standing[i].open();
      hold.pass();
    }));
  for (auto &each : standing) each.pass();
  CHECK(pool.stats().workers_started == 3);
  CHECK(pool.stats().queued == 3);
  hold.open();
  CHECK(weft::wait(futures).done.size() == 6);
  CHECK(pool.stats().workers_started == 3);
}

TEST_CASE("workers are named after the prefix") {
  weft::executor pool({.max_workers = 1, .name_prefix = "loom"});
  CHECK(pool.submit([] { return weft::thread::current().name(); }).result() == "loom_0");
}

TEST_CASE("one worker keeps the order of submission") {
  std::vector<int> order;
  {
    weft::executor pool({.max_workers = 1});
    for (int i = 0; i < 1'000; ++i) pool.post([&order, i] { order.push_back(i); });
  }
  REQUIRE(order.size() == 1'000);
  for (int i = 0; i < 1'000; ++i) CHECK(order[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("after a shutdown it refuses work; what was accepted still runs") {
  test::gate hold;
  weft::executor pool({.max_workers = 1});
  const test::opener open_at_end(hold);
  const auto first = pool.submit([&] { hold.pass(); });
  const auto second = pool.submit([] { return 2; });
  CHECK(pool.shutdown(shutdown::refuse_only));
  CHECK_THROWS_AS(pool.submit([] {}), weft::shut_down);
  CHECK_THROWS_AS(pool.post([] {}), weft::shut_down);
  CHECK_THROWS_AS(pool.submit_batch(std::vector<void (*)()>{[] {}}), weft::shut_down);
  CHECK_FALSE(pool.shutdown(shutdown::wait, 1ms));
  hold.open();
  CHECK(pool.shutdown());
  CHECK(second.result(0s) == 2);
  CHECK(pool.shutdown(shutdown::wait | shutdown::cancel_pending));
  CHECK(pool.stats().workers_alive == 0);
}

TEST_CASE("cancel_pending cancels exactly what has not started") {
  test::gate hold, stands;
  test::census counts;
  weft::executor pool({.max_workers = 1});
  const test::opener open_at_end(hold);
  const auto running = pool.submit([&] {
    stands.open();
    hold.pass();
    return 1;
  });
  stands.pass();
  std::vector<weft::future<void>> pending;
  for (int i = 0; i < 10; ++i) pending.push_back(pool.submit([part = test::tracked<>(counts)] {}));
  pool.shutdown(shutdown::cancel_pending);
  for (const auto &each : pending) CHECK(each.cancelled());
  CHECK(counts.alive == 0);
  hold.open();
  CHECK(running.result() == 1);
}

TEST_CASE("a task that asks its own pool to wait is told so, and nothing has changed") {
  weft::executor pool({.max_workers = 2});
  CHECK_THROWS_AS(pool.submit([&] { pool.shutdown(); }).result(test::too_long), weft::deadlock);
  CHECK(pool.submit([] { return 1; }).result() == 1);
  CHECK(pool.submit([&] { return pool.shutdown(shutdown::refuse_only); }).result(test::too_long));
  CHECK_THROWS_AS(pool.submit([] {}), weft::shut_down);
}

TEST_CASE("a pool that is destroyed by its own task does not wait for itself") {
  test::gate hold;
  const test::opener open_at_end(hold);
  auto pool = std::make_unique<weft::executor>(weft::executor::options{.max_workers = 1});
  weft::executor *const raw = pool.get();
  std::atomic<int> ran = 0;
  const auto destroys = raw->submit([&hold, owner = std::move(pool)]() mutable {
    hold.pass();
    owner.reset();
    return 1;
  });
  // What was accepted before the shutdown still runs.
  const auto after = raw->submit([&] { ++ran; });
  hold.open();
  CHECK(destroys.result(test::too_long) == 1);
  CHECK(after.wait(test::too_long));
  CHECK(ran == 1);
}

TEST_CASE("a pool that dies with the closure of its last task ends") {
  test::gate hold;
  const test::opener open_at_end(hold);
  auto pool = std::make_unique<weft::executor>(weft::executor::options{.max_workers = 1});
  weft::executor *const raw = pool.get();
  const auto last = raw->submit([&hold, owner = std::move(pool)] { hold.pass(); });
  hold.open();
  CHECK(last.wait(test::too_long));
}

TEST_CASE("the destructor waits also in a thread that was asked to stop") {
  test::gate hold, stopping;
  const test::opener open_at_end(hold);
  std::atomic<bool> ran = false, gone = false, gone_before = false;
  weft::thread owner([&] {
    {
      weft::executor pool({.max_workers = 1});
      pool.post([&] {
        hold.pass();
        gone_before = gone.load();
        ran = true;
      });
      weft::thread_ref::current().request_stop();
      stopping.open();
    }
    gone = true;
  });
  owner.start();
  stopping.pass();
  CHECK_FALSE(owner.join_for(10ms));
  hold.open();
  CHECK(owner.join_for(test::too_long));
  CHECK(ran);
  CHECK_FALSE(gone_before);
}

TEST_CASE("pools move; the one moved over ends as if destroyed") {
  std::atomic<int> ran = 0;
  weft::executor a({.max_workers = 1}), b({.max_workers = 1});
  a.post([&] { ++ran; });
  a = std::move(b);
  CHECK(ran == 1);
  CHECK_FALSE(b.valid());
  CHECK_THROWS_AS(b.submit([] {}), weft::invalid_argument);
  CHECK(a.submit([] { return 3; }).result() == 3);
  const weft::executor c = std::move(a);
  CHECK(c.submit([] { return 4; }).result() == 4);
}

TEST_CASE("executor_ref: shares a pool, does not keep it open") {
  weft::executor_ref shared;
  CHECK_THROWS_AS(shared.submit([] {}), weft::invalid_argument);
  {
    const weft::executor pool({.max_workers = 1});
    shared = pool;
    CHECK(shared == pool);
    CHECK(shared.submit([] { return 1; }).result() == 1);
    CHECK(weft::executor_ref::share(pool.native_handle()) == pool);
  }
  CHECK_THROWS_AS(shared.submit([] {}), weft::shut_down);
}

TEST_CASE("the initializer runs first on each worker") {
  static thread_local bool prepared = false;
  std::atomic<int> calls = 0;
  test::census counts;
  {
    weft::executor pool({.max_workers = 2, .initializer = [&calls, part = test::tracked<>(counts)] {
                           prepared = true;
                           ++calls;
                         }});
    std::vector<weft::future<bool>> futures;
    for (int i = 0; i < 100; ++i) futures.push_back(pool.submit([] { return prepared; }));
    for (const auto &f : futures) CHECK(f.result());
    pool.shutdown(); // until then a worker that has just started may not have run its initializer
    CHECK(calls == static_cast<int>(pool.stats().workers_started));
    CHECK_FALSE(pool.broken());
  }
  CHECK(calls >= 1);
  CHECK(counts.alive == 0);
}

TEST_CASE("hooks run first and last on each worker, and are destroyed with the pool") {
  static thread_local bool attached = false;
  std::atomic<int> starts = 0, stops = 0;
  test::census counts;
  {
    weft::executor pool({.max_workers = 2,
                         .initializer = [] { CHECK(attached); },
                         .worker_start =
                             [&starts, part = test::tracked<>(counts)](weft_worker_t &me) {
                               attached = true;
                               me.data = &starts;
                               ++starts;
                             },
                         .worker_stop =
                             [&starts, &stops](weft_worker_t &me) {
                               CHECK(me.data == &starts);
                               ++stops;
                             }});
    for (int i = 0; i < 10; ++i) CHECK(pool.submit([] { return attached; }).result());
  }
  CHECK(starts >= 1);
  CHECK(stops == starts);
  CHECK(counts.alive == 0);
}

TEST_CASE("the hook before a rest gives back what a worker keeps from one task to the next") {
  static thread_local std::unique_lock<std::mutex> kept;
  std::mutex lock;
  std::atomic<int> rests = 0, lines = 0;
  int sum = 0; // guarded by the lock
  weft::set_log_hook([&](weft::log_level, std::string_view line) {
    if (line.find("rest hook") != std::string_view::npos) ++lines;
  });
  {
    weft::executor pool({.max_workers = 1, .worker_rest = [&](weft_worker_t &) {
                           if (kept) kept.unlock();
                           ++rests;
                           throw std::runtime_error("a line of the log");
                         }});
    for (int i = 1; i <= 20; ++i) {
      pool.submit([&] {
            if (!kept) kept = std::unique_lock(lock);
            ++sum;
          })
          .result();
      const std::lock_guard here(lock);
      CHECK(sum == i);
    }
  }
  weft::reset_log_hook();
  CHECK(rests >= 1);
  CHECK(lines == rests);
}

TEST_CASE("a start hook that throws breaks the pool") {
  weft::executor pool({.max_workers = 1, .worker_start = [](weft_worker_t &) { throw std::runtime_error("no gpu"); }});
  CHECK_THROWS_AS(pool.submit([] { return 1; }).result(test::too_long), weft::broken_pool);
}

TEST_CASE("a pool without threads of its own is worked by those who call work") {
  weft::executor pool({.max_workers = 2, .host_workers = true});
  const auto sum = pool.submit([](int a, int b) { return a + b; }, 1, 2);
  CHECK(pool.stats().workers_started == 0);
  CHECK_FALSE(pool.work(0s));
  CHECK(sum.result() == 3);
  std::thread host([&] { CHECK(pool.work()); });
  CHECK(pool.submit([] { return std::this_thread::get_id(); }).result() == host.get_id());
  CHECK_THROWS_AS(pool.submit([&] { pool.work(); }).result(), weft::deadlock);
  pool.shutdown();
  host.join();
}

TEST_CASE("an initializer that throws breaks the pool") {
  weft::executor pool({.max_workers = 1, .initializer = [] { throw std::runtime_error("no database"); }});
  const auto f = pool.submit([] { return 1; });
  try {
    f.result(test::too_long);
    FAIL("it did not throw");
  } catch (const weft::broken_pool &e) {
    CHECK(e.status() == WEFT_EBROKEN);
    CHECK(std::string(e.what()) == "no database");
    CHECK(std::string(e.reason().kind()) == "std::runtime_error");
  }
  try {
    pool.submit([] {});
    FAIL("it did not throw");
  } catch (const weft::broken_pool &e) {
    CHECK(std::string(e.what()) == "no database");
  }
  CHECK_THROWS_AS(pool.post([] {}), weft::broken_pool);
  REQUIRE(pool.broken());
  CHECK(pool.broken()->code() == WEFT_EBROKEN);
  // The exception keeps its type and reason when a task of another pool passes it on.
  weft::executor other({.max_workers = 1});
  CHECK_THROWS_AS(other.submit([&] { return f.result(); }).result(), weft::broken_pool);
}

TEST_CASE("a bounded queue") {
  test::gate hold, stands;
  const auto fill = [&](weft::executor &pool) {
    pool.post([&] {
      stands.open();
      hold.pass();
    });
    stands.pass();
    pool.post([] {});
  };
  SUBCASE("that fails when it is full") {
    weft::executor pool({.max_workers = 1, .max_queue = 1});
    const test::opener open_at_end(hold);
    fill(pool);
    test::census counts;
    CHECK_THROWS_AS(pool.submit([part = test::tracked<>(counts)] {}), weft::queue_full);
    CHECK(counts.alive == 0);
  }
  SUBCASE("that waits for room, with a limit") {
    weft::executor pool({.max_workers = 1, .max_queue = 1, .when_full = weft::when_full::wait, .full_timeout = 1ms});
    const test::opener open_at_end(hold);
    fill(pool);
    CHECK_THROWS_AS(pool.submit([] {}), weft::timed_out);
  }
  SUBCASE("a limit of 0 is no wait, not an endless one") {
    weft::executor pool({.max_workers = 1, .max_queue = 1, .when_full = weft::when_full::wait, .full_timeout = 0s});
    const test::opener open_at_end(hold);
    fill(pool);
    CHECK_THROWS_AS(pool.submit([] {}), weft::timed_out);
  }
  SUBCASE("that waits for room, without one") {
    weft::executor pool({.max_workers = 1, .max_queue = 1, .when_full = weft::when_full::wait});
    const test::opener open_at_end(hold);
    fill(pool);
    std::thread later([&] { hold.open(); });
    CHECK(pool.submit([] { return 1; }).result(test::too_long) == 1);
    later.join();
  }
  SUBCASE("whose caller runs what has no room") {
    weft::executor pool({.max_workers = 1, .max_queue = 1, .when_full = weft::when_full::run_in_caller});
    const test::opener open_at_end(hold);
    fill(pool);
    const auto f = pool.submit([] { return std::this_thread::get_id(); });
    CHECK(f.done());
    CHECK(f.result() == std::this_thread::get_id());
  }
}

TEST_CASE("options that are out of range are refused") {
  CHECK_THROWS_AS(weft::executor({.max_workers = 1'000'000}), weft::invalid_argument);
}

TEST_CASE("tasks and callbacks may submit") {
  weft::executor pool({.max_workers = 2});
  const weft::promise<int> last;
  pool.post([&] {
    pool.submit([] { return 5; }).add_done_callback([&](const weft::future<int> &f) {
      pool.post([&last, n = f.result()] { last.set_value(n); });
    });
  });
  CHECK(last.get_future().result(test::too_long) == 5);
}

TEST_CASE("a future that is cancelled right after its submission never hangs the end") {
  for (int i = 0; i < 200; ++i) {
    weft::executor pool({.max_workers = 1});
    pool.submit([] {}).cancel();
  }
}

TEST_CASE("a daemon pool and a stack size are accepted") {
  weft::executor pool({.max_workers = 1, .daemon = weft::daemon::yes, .stack_size = 1 << 20});
  CHECK(pool.submit([] { return weft::thread::current().is_daemon(); }).result());
}

TEST_CASE("wait_idle: until what was submitted has ended, and what that has submitted; the pool goes on") {
  weft::executor pool({.max_workers = 2});
  CHECK(pool.wait_idle(0s));
  test::gate hold;
  const test::opener open_at_end(hold);
  std::atomic<int> ran = 0;
  pool.post([&] {
    hold.pass();
    pool.post([&] { pool.post([&] { ++ran; }); });
  });
  const auto later = pool.submit_after(1h, [] {}); // a delayed task does not count
  CHECK_FALSE(pool.wait_idle(0s));
  CHECK_FALSE(pool.wait_idle(1ms));
  hold.open();
  CHECK(pool.wait_idle());
  CHECK(ran == 1);
  CHECK_FALSE(later.done());
  CHECK(pool.submit([] { return 1; }).result() == 1);
}

TEST_CASE("wait_idle: it runs nothing itself, and is refused inside") {
  const weft::caller_run loop;
  int ran = 0;
  loop.post([&] { ++ran; });
  CHECK_FALSE(loop.wait_idle(1ms));
  CHECK(ran == 0);
  loop.run();
  CHECK(loop.wait_idle());
  weft::executor pool({.max_workers = 1});
  const weft::strand strand(pool);
  CHECK_THROWS_AS(pool.submit([&] { pool.wait_idle(); }).result(), weft::deadlock);
  CHECK_THROWS_AS(strand.submit([&] { strand.wait_idle(); }).result(), weft::deadlock);
  CHECK_THROWS_AS(weft::executor_ref().wait_idle(), weft::invalid_argument);
}

TEST_CASE("set_max_workers: fewer at a time, and more again") {
  weft::executor pool({.max_workers = 2});
  test::gate hold;
  const test::opener open_at_end(hold);
  pool.set_max_workers(1);
  const auto first = pool.submit([&] { hold.pass(); });
  const auto second = pool.submit([] { return 2; });
  CHECK_FALSE(second.wait(5ms));
  pool.set_max_workers(2);
  CHECK(second.result(test::too_long) == 2);
  hold.open();
  first.result();
}

TEST_CASE("set_max_workers: refusals") {
  weft::executor pool({.max_workers = 3});
  CHECK_THROWS_AS(pool.set_max_workers(0), weft::invalid_argument);
  CHECK_THROWS_AS(pool.set_max_workers(4), weft::invalid_argument);
  CHECK_THROWS_AS(weft::executor_ref().set_max_workers(1), weft::invalid_argument);
  CHECK_THROWS_AS(weft::strand(pool).set_max_workers(1), weft::not_supported);
  CHECK_THROWS_AS(weft::caller_run().set_max_workers(1), weft::not_supported);
  CHECK_THROWS_AS(weft::default_executor().set_max_workers(1), weft::not_supported);
}

TEST_CASE("linger: a worker without work ends after that time, and another one starts for the next task") {
  weft::executor pool({.max_workers = 1, .linger = 1ms});
  for (std::uint32_t round = 1; round <= 2; ++round) {
    CHECK(pool.submit([] { return 1; }).result() == 1);
    CHECK(pool.stats().workers_started == round);
    while (pool.stats().workers_alive != 0) std::this_thread::sleep_for(1ms);
  }
}
