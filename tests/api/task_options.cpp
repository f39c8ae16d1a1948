// weft::task_options as the first argument of every function that makes tasks.
#include "support.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

std::string name_now() {
  const char *const name = weft::task_name();
  return name != nullptr ? name : "";
}

} // namespace

TEST_CASE("task options: a name, wherever a task is made") {
  weft::executor pool({.max_workers = 1});
  const weft::task_options options{.name = "fetch"};
  CHECK(weft::task_name() == nullptr);
  CHECK(pool.submit(options, name_now).result() == "fetch");
  CHECK(pool.submit(
                {.name = "literal"}, [](int n) { return name_now() + std::to_string(n); }, 7)
            .result() == "literal7");
  CHECK(pool.submit_after(options, weft::duration(), name_now).result() == "fetch");
  const std::vector<std::string (*)()> several{name_now, name_now};
  for (const auto &each : pool.submit_batch(options, several)) CHECK(each.result() == "fetch");
  for (const std::string &each : pool.map(options, [](int) { return name_now(); }, {1, 2, 3})) CHECK(each == "fetch");
  const auto done = pool.submit([] { return 1; });
  CHECK(done.then(options, pool, [](int) { return name_now(); }).result() == "fetch");
  CHECK(done.finally(options, pool, [](auto) { return name_now(); }).result() == "fetch");
  const auto failed = pool.submit([]() -> std::string { throw std::runtime_error("no"); });
  CHECK(failed.on_error(options, pool, [](const weft::error &) { return name_now(); }).result() == "fetch");

  std::string posted, delayed, spawned, in_group, after_group, ticked;
  pool.post(options, [&] { posted = name_now(); });
  pool.post_after(options, weft::duration(), [&] { delayed = name_now(); });
  {
    weft::group group(pool);
    group.run(options, [&spawned, owner = std::make_unique<int>(1)] { spawned = name_now(); });
    group.run(options, [&in_group] { in_group = name_now(); });
    group.wait();
    test::gate then;
    group.then(options, pool, [&] {
      after_group = name_now();
      then.open();
    });
    then.pass();
  }
  test::gate tick;
  weft::timer timer(options, pool, [&] {
    ticked = name_now();
    tick.open();
  });
  timer.arm(weft::duration());
  tick.pass();
  timer.close();
  pool.shutdown();
  for (const std::string &each : {posted, delayed, spawned, in_group, after_group, ticked}) CHECK(each == "fetch");
}

TEST_CASE("task options: a token and a priority together") {
  weft::executor pool({.max_workers = 1});
  const weft::cancel_source source;
  test::gate running, go_on;
  std::vector<int> order;
  pool.post([&] {
    running.open();
    go_on.pass();
  });
  running.pass();
  auto low = pool.submit({.priority = weft::priority::low, .token = source.token()}, [&] { order.push_back(2); });
  auto high = pool.submit({.priority = weft::priority::high, .token = source.token()}, [&] { order.push_back(1); });
  go_on.open();
  low.wait();
  CHECK(order == std::vector<int>{1, 2});
  source.cancel();
  CHECK_THROWS_AS(pool.submit({.token = source.token()}, [] {}), weft::cancelled);
  CHECK_THROWS_AS(pool.submit_after({.token = source.token()}, weft::duration(), [] {}), weft::cancelled);
  CHECK_THROWS_AS(pool.map({.token = source.token()}, [](int) {}, {1}), weft::cancelled);
  CHECK_THROWS_AS(weft::timer({.token = source.token()}, pool, [] {}), weft::cancelled);
  weft::group group(pool);
  CHECK_THROWS_AS(group.run({.token = source.token()}, [] {}), weft::cancelled);
  CHECK_THROWS_AS(group.then({.token = source.token()}, pool, [] {}), weft::cancelled);
}

TEST_CASE("task options: a domain") {
  weft::executor pool({.max_workers = 1});
  const weft::domain domain;
  test::gate running;
  auto inside = pool.submit({.domain = &domain}, [&] {
    running.open();
    while (weft_stop_requested() == 0) std::this_thread::yield();
    return weft::domain::current() == domain;
  });
  running.pass();
  CHECK(domain.close());
  CHECK(inside.result());
  CHECK_THROWS_AS(pool.post({.domain = &domain}, [] {}), weft::closed);
}

TEST_CASE("task options: a priority is refused where there is one order") {
  weft::executor pool({.max_workers = 1});
  const weft::strand strand(pool);
  const weft::task_options high{.priority = weft::priority::high};
  CHECK_THROWS_AS(strand.submit(high, [] {}), weft::not_supported);
  CHECK_THROWS_AS(strand.post(weft::priority::low, [] {}), weft::not_supported);
  CHECK_THROWS_AS(strand.map(high, [](int) {}, {1}), weft::not_supported);
  weft::group group(pool);
  CHECK_THROWS_AS(group.run(high, [] {}), weft::not_supported);
  CHECK_THROWS_AS(weft::timer(high, strand, [] {}), weft::not_supported);
}

TEST_CASE("task options: a map whose token is cancelled, or whose domain goes, in the middle") {
  weft::executor pool({.max_workers = 1});
  const weft::cancel_source source;
  auto called_off = pool.map({.token = source.token()}, [](int n) { return n; }, {1, 2, 3}, {.buffer = 1});
  auto it = called_off.begin();
  CHECK(*it == 1); // the second one has been submitted, too
  source.cancel();
  int cancelled = 0, read = 0;
  for (++it; it != called_off.end(); ++it) try {
      static_cast<void>(*it);
      ++read;
    } catch (const weft::cancelled &) {
      ++cancelled;
    }
  CHECK(read + cancelled == 2);
  CHECK(cancelled >= 1);

  std::optional<weft::domain> domain(std::in_place);
  auto inside = pool.map({.domain = &*domain}, [](int n) { return n; }, {1, 2, 3}, {.buffer = 1});
  domain.reset(); // the map has a handle of its own
  int sum = 0;
  for (const int n : inside) sum += n;
  CHECK(sum == 6);
}
