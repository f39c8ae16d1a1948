// weft::completion_queue: it does in C++ what weft/queue.h says.
#include <doctest/doctest.h>

#include "support.hpp"

#include <poll.h>

#include <array>
#include <optional>
#include <thread>
#include <vector>

using namespace test;

namespace {

bool is_readable(int descriptor) {
  pollfd entry{descriptor, POLLIN, 0};
  return poll(&entry, 1, 0) == 1;
}

} // namespace

TEST_CASE("completion_queue: futures of any type become events, with their status") {
  const weft::completion_queue queue;
  weft::executor pool({.max_workers = 2});
  const weft::future<int> number = pool.submit([] { return 42; });
  const weft::future<void> failing = pool.submit([] { throw std::runtime_error("no"); });
  weft::promise<int> promise;
  const weft::future<int> cancelled = promise.get_future();
  queue.notify(number, 1);
  queue.notify(failing, 2);
  queue.notify(cancelled, 3);
  CHECK(cancelled.cancel());
  std::array<weft::event, 2> room{};
  std::array<std::optional<weft_status>, 4> seen;
  for (std::size_t count = 0; count < 3;) {
    const auto events = queue.wait(room, too_long);
    REQUIRE_FALSE(events.empty());
    for (const weft::event &each : events) {
      CHECK(each.kind == WEFT_EVENT_FUTURE);
      REQUIRE(each.tag < seen.size());
      seen[each.tag] = each.status;
    }
    count += events.size();
  }
  CHECK(seen[1] == WEFT_OK);
  CHECK(seen[2] == WEFT_EFAILED);
  CHECK(seen[3] == WEFT_ECANCELED);
  CHECK(number.result(0s) == 42);
  CHECK(queue.pop(room).empty());
  CHECK(queue.wait(room, 0s).empty());
}

TEST_CASE("completion_queue: groups, timers and posts") {
  const weft::completion_queue queue;
  weft::executor pool({.max_workers = 2});
  std::array<weft::event, 4> room{};
  {
    weft::group all(pool);
    std::atomic<int> ran = 0;
    for (int i = 0; i < 10; ++i) all.run([&ran] { ++ran; });
    queue.notify(all, 7);
    const auto events = queue.wait(room);
    REQUIRE(events.size() == 1);
    CHECK(events[0].tag == 7);
    CHECK(events[0].kind == WEFT_EVENT_GROUP);
    CHECK(ran == 10);
  }
  const weft::timer ticking = queue.make_timer(pool, 8);
  ticking.arm(1ms);
  auto events = queue.wait(room);
  REQUIRE(events.size() == 1);
  CHECK(events[0].tag == 8);
  CHECK(events[0].value == 1);
  queue.post(9, 99);
  queue.post(10);
  events = queue.pop(room);
  REQUIRE(events.size() == 2);
  CHECK(events[0].value == 99);
  CHECK(events[1].tag == 10);
}

TEST_CASE("completion_queue: a tie is undone") {
  const weft::completion_queue queue;
  weft::promise<int> promise;
  const weft::future<int> future = promise.get_future();
  std::array<weft::event, 4> room{};
  queue.notify(future, 1);
  queue.notify(future, 2);
  CHECK_THROWS_AS(queue.untie(future, 3), weft::invalid_state);
  CHECK(queue.untie(future, 1));
  promise.set_value(5);
  CHECK_FALSE(queue.untie(future, 2));
  const auto events = queue.pop(room);
  REQUIRE(events.size() == 1);
  CHECK(events[0].tag == 2);
  CHECK_THROWS_AS(queue.untie(weft::any_future(), 1), weft::invalid_argument);

  weft::executor pool({.max_workers = 1});
  weft::group all(pool);
  test::gate hold;
  const test::opener open_at_end(hold);
  all.run([&] { hold.pass(); });
  queue.notify(all, 4);
  CHECK(queue.untie(all, 4));
  CHECK_THROWS_AS(queue.untie(all, 4), weft::invalid_state);
  hold.open();
  all.wait();
  CHECK_FALSE(queue.untie(all, 4));
  CHECK(queue.pop(room).empty());
}

TEST_CASE("completion_queue: the descriptor, a waiting thread, and closing") {
  weft::completion_queue queue;
  const int descriptor = queue.descriptor();
  CHECK_FALSE(is_readable(descriptor));
  std::vector<std::uint64_t> taken;
  bool was_closed = false;
  std::thread waiter([&, copy = queue] {
    std::array<weft::event, 1> room{};
    try {
      for (;;) taken.push_back(copy.wait(room).front().tag);
    } catch (const weft::closed &) {
      was_closed = true;
    }
  });
  queue.post(1);
  queue.post(2);
  queue.close();
  waiter.join();
  CHECK(taken == std::vector<std::uint64_t>{1, 2});
  CHECK(was_closed);
  CHECK(is_readable(descriptor));
  CHECK_THROWS_AS(queue.post(3), weft::closed);
  weft::promise<void> promise;
  CHECK_THROWS_AS(queue.notify(promise.get_future(), 0), weft::closed);
  weft::executor pool({.max_workers = 1});
  CHECK_THROWS_AS(queue.make_timer(pool, 0), weft::closed);
  std::array<weft::event, 1> room{};
  CHECK_THROWS_AS(queue.pop(room), weft::closed);
  promise.set_value();
}

TEST_CASE("completion_queue: handles are shared; empty ones and empty room are invalid") {
  weft::completion_queue one;
  const weft::completion_queue copy = one, moved = std::move(one);
  CHECK_FALSE(one.valid()); // NOLINT(bugprone-use-after-move): that is what is tested
  CHECK(copy.native_handle() == moved.native_handle());
  CHECK_THROWS_AS(one.post(1), weft::invalid_argument);
  CHECK_THROWS_AS(static_cast<void>(copy.pop({})), weft::invalid_argument);
  CHECK_THROWS_AS(copy.notify(weft::any_future(), 1), weft::invalid_argument);
  const auto shared = weft::completion_queue::share(copy.native_handle());
  shared.post(5);
  std::array<weft::event, 1> room{};
  CHECK(copy.pop(room).front().tag == 5);
  weft::executor pool({.max_workers = 1});
  pool.shutdown();
  CHECK_THROWS_AS(copy.make_timer(pool, 0), weft::shut_down);
}
