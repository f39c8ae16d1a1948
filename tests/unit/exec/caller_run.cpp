// exec/caller_run.hpp: tasks run on the thread that calls run(), and on no other.
#include <doctest/doctest.h>

#include <vector>

#include "exec/pools.hpp"
#include "task/wait.hpp"

using namespace weft::test;

TEST_CASE("caller_run: runs in order, on this thread, as many as asked for") {
  const world w;
  const handle<caller_run> c(w.new_caller_run());
  std::vector<int> order;
  std::vector<work> contents(5);
  const auto here = std::this_thread::get_id();
  for (int i = 0; i < 5; ++i) {
    contents[static_cast<std::size_t>(i)].body = [&, i](void **, weft_error **) {
      if (std::this_thread::get_id() == here) order.push_back(i);
      return WEFT_OK;
    };
    task *t = contents[static_cast<std::size_t>(i)].make_posted();
    REQUIRE(c->submit(&t, 1) == WEFT_OK);
  }
  std::uint64_t ran = 99;
  CHECK(c->run(2, deadline::never(), ran) == WEFT_OK);
  CHECK(ran == 2);
  CHECK(c->run(0, deadline::past(), ran) == WEFT_OK); // the time is up, but one task runs all the same
  CHECK(ran == 1);
  CHECK(c->run(0, deadline::never(), ran) == WEFT_OK);
  CHECK(ran == 2);
  CHECK(c->run(0, deadline::never(), ran) == WEFT_OK);
  CHECK(ran == 0);
  CHECK(order == std::vector{0, 1, 2, 3, 4});
}

TEST_CASE("caller_run: a task may submit, and run from inside") {
  const world w;
  const handle<caller_run> c(w.new_caller_run());
  work inner;
  std::uint64_t ran_inside = 0;
  work outer([&](void **, weft_error **) -> weft_status {
    task *t = inner.make_posted();
    if (c->submit(&t, 1) != WEFT_OK) return WEFT_EFAILED;
    return c->run(0, deadline::never(), ran_inside);
  });
  task *const t = submit(*c, outer);
  std::uint64_t ran = 0;
  CHECK(c->run(0, deadline::never(), ran) == WEFT_OK);
  CHECK(ran == 1);
  CHECK(ran_inside == 1);
  CHECK(t->state() == with_result);
  t->unref();
}

TEST_CASE("caller_run: run_wait waits for a task of another thread, or until its time is over") {
  const world w;
  const handle<caller_run> c(w.new_caller_run());
  std::uint64_t ran = 99;
  CHECK(c->run_wait(0, deadline::past(), ran) == WEFT_ETIMEDOUT);
  CHECK(ran == 0);
  CHECK(c->run_wait(0, deadline::after(1), ran) == WEFT_ETIMEDOUT);
  for (int round = 0; round < 300; ++round) {
    work content;
    std::thread other([&] {
      task *t = content.make_posted();
      if (c->submit(&t, 1) != WEFT_OK) task::discard(t);
    });
    const weft_status answer = c->run_wait(0, soon(), ran);
    other.join();
    REQUIRE(answer == WEFT_OK);
    REQUIRE(ran == 1);
    REQUIRE(content.dropped == 1);
  }
}

TEST_CASE("caller_run: closed, who waits for tasks is told, and join runs what is left") {
  const world w;
  const handle<caller_run> c(w.new_caller_run());
  work content, late;
  task *const t = submit(*c, content);
  c->close();
  weft_status answer = WEFT_OK;
  CHECK(submit(*c, late, &answer) == nullptr);
  CHECK(answer == WEFT_ESHUTDOWN);
  CHECK_FALSE(c->ended());
  CHECK(c->join(soon()) == WEFT_OK);
  CHECK(content.ran == 1);
  CHECK(c->ended());
  std::uint64_t ran = 0;
  CHECK(c->run(0, deadline::never(), ran) == WEFT_ESHUTDOWN);
  CHECK(c->run_wait(0, deadline::never(), ran) == WEFT_ESHUTDOWN);
  t->unref();
  for (int round = 0; round < 100; ++round) {
    const handle<caller_run> again(w.new_caller_run());
    std::thread other([&] { again->close(); });
    std::uint64_t none = 0;
    const weft_status told = again->run_wait(0, soon(), none);
    other.join();
    REQUIRE(told == WEFT_ESHUTDOWN);
  }
}

TEST_CASE("caller_run: with its last handle, what is pending is cancelled") {
  const world w;
  work content;
  task *t = nullptr;
  {
    const handle<caller_run> c(w.new_caller_run());
    t = submit(*c, content);
  }
  CHECK(t->state() == cancelled);
  CHECK(content.dropped == 1);
  t->unref();
}

TEST_CASE("caller_run: a bound, under each policy") {
  const world w;
  std::uint64_t ran = 0;
  {
    work one, two;
    const handle<caller_run> c(w.new_caller_run({1, WEFT_FULL_FAIL, 0}));
    task *const t = submit(*c, one);
    weft_status answer = WEFT_OK;
    CHECK(submit(*c, two, &answer) == nullptr);
    CHECK(answer == WEFT_EFULL);
    t->cancel(); // the count of the queue goes down at once
    task *const again = submit(*c, two, &answer);
    REQUIRE(again != nullptr);
    CHECK(c->run(0, deadline::never(), ran) == WEFT_OK);
    CHECK(two.ran == 1);
    t->unref();
    again->unref();
  }
  {
    work one, two;
    const handle<caller_run> c(w.new_caller_run({1, WEFT_FULL_CALLER, 0}));
    task *const first = submit(*c, one), *const second = submit(*c, two);
    CHECK(one.ran == 0);
    CHECK(two.ran == 1);
    first->unref();
    second->unref();
  }
  const handle<caller_run> c(w.new_caller_run({1, WEFT_FULL_WAIT, 60 * WEFT_SECOND}));
  std::vector<work> contents(200);
  std::atomic<int> refused{0};
  std::thread other([&] {
    for (work &content : contents) {
      task *t = content.make_posted();
      if (c->submit(&t, 1) == WEFT_OK) continue;
      refused.fetch_add(1);
      task::discard(t);
    }
  });
  std::uint64_t all = 0;
  while (all < contents.size() && c->run_wait(0, soon(), ran) == WEFT_OK) all += ran;
  other.join();
  CHECK(all == contents.size());
  CHECK(refused == 0);
}

TEST_CASE("caller_run: a task may wait for one behind it") {
  const world w;
  const handle<caller_run> c(w.new_caller_run());
  work behind;
  task *second = nullptr;
  weft_status answer = WEFT_EINVAL;
  work content([&](void **, weft_error **) {
    answer = wait_for_task(*second, deadline::never());
    return WEFT_OK;
  });
  task *const first = submit(*c, content);
  second = submit(*c, behind);
  std::uint64_t ran = 0;
  CHECK(c->run(0, deadline::never(), ran) == WEFT_OK);
  CHECK(answer == WEFT_OK);
  CHECK(behind.ran == 1);
  first->unref();
  second->unref();
}
