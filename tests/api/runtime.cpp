// Isolated runtimes and the exception hook.
#include "support.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <memory>
#include <string>

using namespace std::chrono_literals;

static_assert(!std::is_move_constructible_v<weft::runtime>);

TEST_CASE("the destructor waits for regular threads") {
  test::gate hold;
  bool ran = false;
  {
    const weft::runtime host;
    weft::thread t({.runtime = &host}, [&] {
      hold.pass();
      ran = true;
    });
    t.start();
    hold.open();
  }
  CHECK(ran);
}

TEST_CASE("shutdown: a time-out, then the end") {
  weft::runtime host;
  weft::thread t({.runtime = &host}, [&] {
    try {
      weft::this_thread::sleep_for(weft::forever);
    } catch (const weft::interrupted &) { // the shutdown asks it to stop when the time below is over
    }
  });
  t.start();
  CHECK_FALSE(host.shutdown(1ms));
  CHECK(host.shutdown(test::too_long));
  CHECK(host.shutdown());
  CHECK_FALSE(t.is_alive());
}

TEST_CASE("shutdown within a bound: the report lists what is left, then nothing") {
  weft::runtime host;
  std::atomic<bool> go = false;
  weft::thread deaf({.name = "deaf", .daemon = weft::daemon::yes, .runtime = &host}, [&] {
    while (!go) std::this_thread::yield();
  });
  deaf.start();
  const weft::shutdown_report first = host.shutdown(1ms, 1ms);
  CHECK_FALSE(first.safe_to_unload);
  REQUIRE(first.left.size() == 1);
  CHECK(first.left[0].name == "deaf");
  CHECK(first.left[0].native_id == deaf.native_id());
  CHECK(first.left[0].daemon);
  CHECK(first.left[0].runs == weft::left_running::target);
  CHECK(first.left[0].age >= 1ms);
  go = true;
  const weft::shutdown_report second = host.shutdown(weft::forever, weft::forever);
  CHECK(second.safe_to_unload);
  CHECK(second.left.empty());
}

TEST_CASE("shutdown within a bound: the report has the name of a task that sleeps in weft") {
  weft::runtime host;
  weft::executor pool({.max_workers = 1, .runtime = &host}), other({.max_workers = 1});
  std::atomic<weft::group *> entered = nullptr;
  pool.post({.name = "settles"}, [&] {
    weft::group group(other);
    group.enter();
    entered = &group;
  }); // the group's destructor waits, even if its thread is asked to stop
  while (entered == nullptr) std::this_thread::yield();
  weft::shutdown_report report;
  do report = host.shutdown(0s, 1ms);
  while (report.left.size() != 1 || report.left[0].task_name.empty());
  CHECK(report.left[0].task_name == "settles");
  CHECK(report.left[0].runs == weft::left_running::task);
  entered.load()->leave();
  CHECK(host.shutdown());
}

TEST_CASE("after the end nothing new starts in it") {
  weft::runtime host;
  weft::executor pool({.max_workers = 1, .runtime = &host});
  const auto f = pool.submit([] { return 1; });
  host.shutdown();
  CHECK(f.result(0s) == 1);
  CHECK_THROWS_AS(pool.submit([] {}), weft::shut_down);
  CHECK_THROWS_AS(weft::executor({.runtime = &host}), weft::shut_down);
  CHECK_THROWS_AS(weft::thread({.runtime = &host}, [] {}), weft::shut_down);
  CHECK_THROWS_AS(weft::caller_run({.runtime = &host}), weft::shut_down);
}

TEST_CASE("its own thread cannot wait for its end") {
  weft::runtime host;
  bool told = false;
  weft::thread t({.runtime = &host}, [&] {
    try {
      host.shutdown();
    } catch (const weft::deadlock &) {
      told = true;
    }
  });
  t.start();
  t.join();
  CHECK(told);
}

TEST_CASE("daemon threads are asked to stop, not waited for; they end without a word") {
  weft::thread_ref daemon;
  std::atomic<int> errors = 0;
  {
    weft::runtime host;
    host.set_exception_hook([&](const weft::thread_ref &, const weft::error &) { ++errors; });
    test::gate stands;
    weft::thread t({.daemon = weft::daemon::yes, .runtime = &host}, [&stands] {
      stands.open();
      weft::this_thread::sleep_for(weft::forever);
    });
    t.start();
    stands.pass();
    daemon = t;
  }
  CHECK(daemon.join_for(test::too_long));
  CHECK(errors == 0);
}

TEST_CASE("the hook may be any callable; the one before is destroyed") {
  weft::runtime host;
  test::census counts;
  int first = 0, second = 0;
  const auto fail_once = [&] {
    weft::thread t({.runtime = &host}, [] { throw 1; });
    t.start();
    t.join();
  };
  host.set_exception_hook(
      [&first, part = test::move_only(counts)](const weft::thread_ref &, const weft::error &) { ++first; });
  fail_once();
  CHECK(counts.alive == 1);
  host.set_exception_hook([&](const weft::thread_ref &, const weft::error &) { ++second; });
  CHECK(counts.alive == 0);
  fail_once();
  CHECK(first == 1);
  CHECK(second == 1);
  host.reset_exception_hook();
}

TEST_CASE("a hook that throws does not end the process") {
  weft::runtime host;
  int calls = 0;
  host.set_exception_hook([&](const weft::thread_ref &, const weft::error &) {
    ++calls;
    throw std::runtime_error("the hook fails; the line that follows belongs here");
  });
  weft::thread t({.runtime = &host}, [] { throw std::runtime_error("a thread of the tests throws this"); });
  t.start();
  t.join();
  CHECK(calls == 1);
}

TEST_CASE("the threads of a runtime are its own") {
  const weft::runtime host;
  test::gate hold;
  const test::opener open_at_end(hold);
  CHECK(host.active_count() == 0);
  weft::thread t({.runtime = &host}, [&] { hold.pass(); });
  t.start();
  CHECK(host.active_count() == 1);
  REQUIRE(host.threads().size() == 1);
  CHECK(host.threads()[0] == t);
  hold.open();
  t.join();
}

TEST_CASE("the runtime of the process is there") {
  CHECK(weft::runtime::process().native_handle() == nullptr);
  CHECK(weft::runtime::process().active_count() >= 1);
  CHECK(&weft::runtime::process() == &weft::runtime::process());
  CHECK(weft::usable_cpus() >= 1);
}

TEST_CASE("the mask for processes is that of a thread which weft did not start") {
  sigset_t own;
  pthread_sigmask(SIG_SETMASK, nullptr, &own);
  const sigset_t told = weft::process_signal_mask();
  for (int signal = 1; signal < 32; ++signal) CHECK(sigismember(&told, signal) == sigismember(&own, signal));
}

TEST_CASE("a worker's mask has what the host takes, and a process of its task has not") {
  for (const auto choice : {weft::signals::usual, weft::signals::inherit, weft::signals::block}) {
    const weft::executor pool({.max_workers = 1, .signals = choice});
    pool.submit([choice] {
          sigset_t own;
          pthread_sigmask(SIG_SETMASK, nullptr, &own);
          const sigset_t told = weft::process_signal_mask();
          CHECK(sigismember(&own, SIGTERM) == (choice == weft::signals::inherit ? 0 : 1));
          CHECK(sigismember(&told, SIGTERM) == 0);
        })
        .result();
  }
}
