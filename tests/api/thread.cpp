// Threads made from a callable: start, join, names, stop requests, errors, and handles released before the thread ends.
#include "support.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <pthread.h>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using weft::thread_state;

namespace {

// An isolated runtime whose errors are collected instead of printed.
struct listening_runtime {
  listening_runtime() {
    host.set_exception_hook([this](const weft::thread_ref &thread, const weft::error &failure) {
      const std::lock_guard lock(mutex);
      threads.push_back(thread.name());
      kinds.emplace_back(failure.kind());
      exceptions.push_back(failure.exception());
    });
  }

  std::mutex mutex;
  std::vector<std::string> threads, kinds;
  std::vector<std::exception_ptr> exceptions;
  weft::runtime host;
};

} // namespace

TEST_CASE("a thread runs a callable with its arguments") {
  int sum = 0;
  weft::thread t([&sum](int a, const std::unique_ptr<int> &b) { sum = a + *b; }, 40, std::make_unique<int>(2));
  CHECK(sum == 0);
  t.start();
  t.join();
  CHECK(sum == 42);

  int by_reference = 0;
  weft::thread u([](int &n) { n = 7; }, std::ref(by_reference));
  u.start();
  u.join();
  CHECK(by_reference == 7);
}

TEST_CASE("states: initial, started, stopped") {
  test::gate hold;
  const test::opener open_at_end(hold);
  weft::thread t([&] { hold.pass(); });
  CHECK(t.state() == thread_state::initial);
  CHECK_FALSE(t.is_alive());
  CHECK(t.ident() == 0);
  CHECK(t.native_id() == 0);
  CHECK_THROWS_AS(t.join(), weft::not_started);
  CHECK_THROWS_AS(t.join_for(0s), weft::not_started);
  t.start();
  CHECK(t.state() == thread_state::started);
  CHECK(t.is_alive());
  CHECK(t.ident() != 0);
  CHECK(t.native_id() != 0);
  CHECK_THROWS_AS(t.start(), weft::already_started);
  CHECK_FALSE(t.join_for(0s));
  CHECK_FALSE(t.join_for(1ms));
  CHECK_FALSE(t.join_for(-1s));
  hold.open();
  t.join();
  CHECK(t.join_for(0s));
  t.join();
  CHECK(t.state() == thread_state::stopped);
  CHECK_FALSE(t.is_alive());
  CHECK_THROWS_AS(t.start(), weft::already_started);
}

TEST_CASE("options: name, daemon, stack size") {
  std::string seen;
  bool daemon = false;
  weft::thread t({.name = "weaver", .daemon = weft::daemon::yes, .stack_size = 1 << 20}, [&] {
    seen = weft::thread::current().name();
    daemon = weft::thread::current().is_daemon();
  });
  CHECK(t.name() == "weaver");
  CHECK(t.is_daemon());
  t.start();
  t.join();
  CHECK(seen == "weaver");
  CHECK(daemon);
}

TEST_CASE("the daemon property can be set before the start, a name also after it") {
  weft::thread t([] {});
  CHECK(t.name().rfind("Thread-", 0) == 0);
  t.set_name("other");
  t.set_daemon(weft::daemon::yes);
  CHECK(t.name() == "other");
  CHECK(t.is_daemon());
  t.set_daemon(weft::daemon::no);
  CHECK_FALSE(t.is_daemon());
  CHECK_THROWS_AS(t.set_daemon(weft::daemon::inherit), weft::invalid_argument);
  CHECK_THROWS_AS(t.set_name(""), weft::invalid_argument);
  t.start();
  t.set_name("late");
  CHECK(t.name() == "late");
  CHECK_THROWS_AS(t.set_daemon(weft::daemon::yes), weft::already_started);
  t.join();
}

TEST_CASE("a thread that runs may be named anew, by itself too, and the system shows it") {
  test::gate stands, go;
  const test::opener open_at_end(go);
  std::string before, after;
  char shown[16] = "";
  weft::thread t({.name = "first"}, [&] {
    stands.open();
    go.pass();
    const weft::thread_ref self = weft::thread_ref::current();
    before = self.name();
    self.set_name("third");
    after = self.name();
    pthread_getname_np(pthread_self(), shown, sizeof shown);
  });
  t.start();
  stands.pass();
  t.set_name("second");
  CHECK(t.name() == "second");
  CHECK_THROWS_AS(t.set_name(""), weft::invalid_argument);
  go.open();
  t.join();
  CHECK(before == "second");
  CHECK(after == "third");
  CHECK(std::string(shown) == "third");
  CHECK(t.name() == "third");
  t.set_name("late"); // the thread has ended
  CHECK(t.name() == "late");
}

TEST_CASE("being a daemon is inherited") {
  bool inherited = false, refused = true;
  weft::thread outer({.daemon = weft::daemon::yes}, [&] {
    weft::thread inner([] {});
    inherited = inner.is_daemon();
    weft::thread regular({.daemon = weft::daemon::no}, [] {});
    refused = regular.is_daemon();
  });
  outer.start();
  outer.join();
  CHECK(inherited);
  CHECK_FALSE(refused);
}

TEST_CASE("a thread that joins itself is told so") {
  weft::thread t;
  bool told = false;
  t = weft::thread([&] {
    try {
      t.join();
    } catch (const weft::deadlock &) {
      told = true;
    }
  });
  t.start();
  t.join();
  CHECK(told);
}

TEST_CASE("many threads may join one") {
  test::gate hold;
  const test::opener open_at_end(hold);
  weft::thread target([&] { hold.pass(); });
  target.start();
  std::atomic<int> joined = 0;
  std::vector<weft::thread> joiners;
  for (int i = 0; i < 4; ++i) {
    joiners.emplace_back([&] {
      target.join();
      ++joined;
    });
    joiners.back().start();
  }
  hold.open();
  for (auto &each : joiners) each.join();
  CHECK(joined == 4);
}

TEST_CASE("request_stop is seen, and wakes every kind of wait") {
  const weft::promise<void> never;
  std::atomic<int> woken = 0;
  const auto expect_interruption = [&](auto &&wait) {
    test::gate stands;
    weft::thread t([&] {
      stands.open();
      try {
        wait();
      } catch (const weft::interrupted &) {
        if (weft::this_thread::stop_requested()) ++woken;
      }
    });
    t.start();
    stands.pass();
    t.request_stop();
    CHECK(t.join_for(test::too_long));
  };
  expect_interruption([] { weft::this_thread::sleep_for(weft::forever); });
  expect_interruption([&] { never.get_future().result(); });
  expect_interruption([&] { weft::thread::main().join(); });
  CHECK(woken == 3);
  CHECK_FALSE(weft::this_thread::stop_requested());
}

TEST_CASE("clear_stop takes a request to this thread back, and not one to a task") {
  std::vector<bool> answers;
  int interruptions = 0;
  weft::thread t([&] {
    answers.push_back(weft::this_thread::clear_stop());
    for (int i = 0; i < 2; ++i) { // a later request works again
      weft::thread_ref::current().request_stop();
      try {
        weft::this_thread::sleep_for(weft::forever);
      } catch (const weft::interrupted &) {
        ++interruptions;
      }
      answers.push_back(weft::this_thread::clear_stop());
      answers.push_back(weft::this_thread::stop_requested());
      weft::this_thread::sleep_for(1ms);
    }
    answers.push_back(weft::this_thread::clear_stop());
  });
  t.start();
  t.join();
  CHECK(interruptions == 2);
  CHECK(answers == std::vector<bool>{false, true, false, true, false, false});
  weft::executor pool({.max_workers = 1});
  CHECK_THROWS_AS(pool.submit([] { weft::this_thread::clear_stop(); }).result(), weft::not_supported);
}

TEST_CASE("the callable is destroyed on the thread, right after it has run") {
  test::census counts;
  weft::thread t([part = test::move_only(counts)] {});
  CHECK(counts.alive == 1);
  t.start();
  t.join();
  CHECK(counts.alive == 0);
  CHECK(t.valid());
}

TEST_CASE("a thread that is never started destroys its callable with the handle") {
  test::census counts;
  bool ran = false;
  {
    const weft::thread t([&, part = test::move_only(counts)] { ran = true; });
  }
  CHECK(counts.alive == 0);
  CHECK_FALSE(ran);
}

TEST_CASE("a callable whose copy fails leaves no thread behind") {
  test::census counts;
  const auto callable = [part = test::copy_fails(counts)] {};
  CHECK_THROWS_AS(weft::thread{callable}, std::runtime_error);
  CHECK(counts.alive == 1);
}

TEST_CASE("without a handle the thread runs on and owns its callable") {
  test::census counts;
  test::gate hold;
  const test::opener open_at_end(hold);
  weft::thread_ref left;
  {
    weft::thread t([&hold, part = test::move_only(counts)] { hold.pass(); });
    t.start();
    left = t;
  }
  CHECK(left.is_alive());
  CHECK(counts.alive == 1);
  hold.open();
  left.join();
  CHECK(counts.alive == 0);
}

TEST_CASE("threads with a callable move, also while they run") {
  test::gate hold;
  const test::opener open_at_end(hold);
  std::atomic<int> ran = 0;
  std::vector<weft::thread> threads;
  for (int i = 0; i < 10; ++i) {
    threads.push_back(weft::thread([&] {
      hold.pass();
      ++ran;
    }));
    threads.back().start();
  }
  weft::thread moved = std::move(threads.front());
  CHECK_FALSE(threads.front().valid());
  CHECK_THROWS_AS(threads.front().join(), weft::invalid_argument);
  CHECK_THROWS_AS(threads.front().start(), weft::invalid_argument);
  threads.erase(threads.begin());
  hold.open();
  moved.join();
  for (auto &each : threads) each.join();
  CHECK(ran == 10);
}

TEST_CASE("joining<thread> waits at the end of its scope") {
  test::gate hold;
  bool ran = false;
  {
    weft::joining<weft::thread> t([&] {
      hold.pass();
      ran = true;
    });
    t.start();
    hold.open();
  }
  CHECK(ran);
  {
    const weft::joining<weft::thread> never_started([] {});
  }
}

TEST_CASE("an exception goes to the hook, with the thread and its type; the process goes on") {
  listening_runtime runtime;
  weft::thread t({.name = "unlucky", .runtime = &runtime.host}, [] { throw std::underflow_error("u"); });
  t.start();
  t.join();
  REQUIRE(runtime.kinds.size() == 1);
  CHECK(runtime.kinds[0] == "std::underflow_error");
  CHECK(runtime.threads[0] == "unlucky");
  CHECK_THROWS_AS(std::rethrow_exception(runtime.exceptions[0]), std::underflow_error);
  CHECK(t.state() == thread_state::stopped);
}

TEST_CASE("an interrupted thread that lets it pass ends quietly; without a request it is an error like any other") {
  listening_runtime runtime;
  test::gate stands;
  weft::thread asked({.runtime = &runtime.host}, [&] {
    stands.open();
    weft::this_thread::sleep_for(weft::forever);
  });
  asked.start();
  stands.pass();
  asked.request_stop();
  asked.join();
  CHECK(runtime.kinds.empty());

  weft::thread unasked({.runtime = &runtime.host}, [] { throw weft::interrupted(); });
  unasked.start();
  unasked.join();
  CHECK(runtime.kinds == std::vector<std::string>{"weft::interrupted"});
}

TEST_CASE("current, main, enumerate, active_count") {
  const auto here = weft::thread::current();
  CHECK(here == weft::thread::main());
  CHECK(here.name() == "MainThread");
  CHECK(here.is_alive());

  const auto before = weft::thread::active_count();
  test::gate hold;
  const test::opener open_at_end(hold);
  weft::thread t([&] { hold.pass(); });
  t.start();
  CHECK(weft::thread::active_count() == before + 1);
  const auto all = weft::thread::enumerate();
  CHECK(std::count(all.begin(), all.end(), here) == 1);
  CHECK(std::count(all.begin(), all.end(), t) == 1);
  hold.open();
  t.join();

  bool foreign_has_object = false;
  std::thread foreign([&] {
    const auto mine = weft::thread::current();
    foreign_has_object = mine.is_alive() && mine.ident() != here.ident();
  });
  foreign.join();
  CHECK(foreign_has_object);
}

TEST_CASE("an empty thread_ref is harmless") {
  const weft::thread_ref empty;
  CHECK_FALSE(empty.valid());
  CHECK_FALSE(empty.is_alive());
  CHECK_FALSE(empty.is_daemon());
  CHECK(empty.ident() == 0);
  CHECK(empty.name().empty());
  CHECK_THROWS_AS(empty.join(), weft::invalid_argument);
  CHECK_THROWS_AS(empty.state(), weft::invalid_argument);
  CHECK_THROWS_AS(empty.request_stop(), weft::invalid_argument);
}

TEST_CASE("sleep_for returns when the time is over") {
  CHECK_NOTHROW(weft::this_thread::sleep_for(0s));
  CHECK_NOTHROW(weft::this_thread::sleep_for(1ms));
}

TEST_CASE("options that are out of range are refused") {
  CHECK_THROWS_AS(weft::thread({.nice = 100}, [] {}), weft::invalid_argument);
  CHECK_THROWS_AS(weft::thread({.affinity = {5'000}}, [] {}), weft::invalid_argument);
}
