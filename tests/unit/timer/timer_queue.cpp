// timer/timer_queue.hpp: delayed tasks, the end, and the queues of strands, with a clock that the test sets. Timers are
// in timer.cpp.
#include <doctest/doctest.h>

#include <memory>
#include <random>
#include <vector>

#include "host.hpp"
#include "thread/wait_graph.hpp"

using namespace weft::test;

TEST_CASE("delayed: ready at its time, in the order of time, and of arming where times are equal") {
  fake_host host;
  std::vector<int> order;
  std::vector<std::unique_ptr<work>> all;
  const std::int64_t times[] = {1300, 1100, 1200, 1100, 1300, 1100};
  for (int i = 0; i < 6; ++i) {
    all.push_back(std::make_unique<work>([&order, i](void **, weft_error **) {
      order.push_back(i);
      return WEFT_OK;
    }));
    task *const each = all.back()->make_posted();
    REQUIRE(host.queue.add(*each, times[i]) == WEFT_OK);
    CHECK(each->pending_owner() != nullptr);
  }
  host.advance_to(1099);
  CHECK(host.run_all() == 0);
  host.clock = 1300;
  host.queue.serve();
  CHECK(host.run_all() == 6);
  CHECK(order == std::vector<int>{1, 3, 5, 2, 0, 4});
}

TEST_CASE("delayed: nobody starts it before its time; that it may start is the executor's word") {
  fake_host host;
  work content;
  task *const t = content.make();
  REQUIRE(host.queue.add(*t, 1100) == WEFT_OK);
  const helping by{nullptr, nullptr, deadline::never()};
  CHECK(t->pending_owner()->lend(*t, *current_record(), task_owner::haste::now, by) == task_owner::lent::no);
  {
    const std::scoped_lock hold(wait_graph::instance().mutex());
    CHECK(task::may_end(t, wait_graph::instance()));
    host.starts = false;
    CHECK_FALSE(task::may_end(t, wait_graph::instance()));
  }
  CHECK(t->cancel() == WEFT_OK);
  CHECK(content.dropped == 1);
  t->unref();
}

TEST_CASE("delayed: cancelled in any position, it is gone at once or soon, and the rest comes in order") {
  fake_host host;
  constexpr int count = 2000;
  std::vector<work> all(count);
  std::vector<task *> tasks;
  std::mt19937_64 random(3);
  for (work &each : all) {
    tasks.push_back(each.make());
    REQUIRE(host.queue.add(*tasks.back(), 2000 + static_cast<std::int64_t>(random() % 10'000)) == WEFT_OK);
  }
  int left = count;
  for (int i = 0; i < count; ++i) {
    if (random() % 4 == 0) continue;
    REQUIRE(tasks[static_cast<std::size_t>(i)]->cancel() == WEFT_OK);
    CHECK(all[static_cast<std::size_t>(i)].dropped == 1);
    --left;
  }
  // The queue's references went with the heap slots.
  int forgotten = 0;
  for (task *each : tasks) forgotten += each->state() == cancelled && each->is_last_reference() ? 1 : 0;
  CHECK(forgotten > (count - left) * 3 / 4);
  host.advance_to(20'000);
  CHECK(host.run_all() == left);
  for (task *each : tasks) {
    CHECK(each->done());
    CHECK(each->is_last_reference());
    each->unref();
  }
}

TEST_CASE("delayed: one that is cancelled on its way to the executor runs no more, and gives everything back once") {
  fake_host host;
  work content;
  task *const t = content.make();
  REQUIRE(host.queue.add(*t, 1100) == WEFT_OK);
  host.advance_to(1100);
  REQUIRE(host.ready.size() == 1);
  CHECK(t->pending_owner() == &host);
  CHECK(t->cancel() == WEFT_OK);
  CHECK(host.run_all() == 0);
  CHECK(content.dropped == 1);
  CHECK(t->is_last_reference());
  t->unref();
}

TEST_CASE("timer_queue: at the end timers are disarmed, delayed tasks cancelled, and nothing can be armed") {
  fake_host host;
  work ticking, waiting, posted, ready;
  test_timer t(host, ticking), due(host, ready);
  REQUIRE(due->arm({1050}) == WEFT_OK);
  host.advance_to(1050);
  REQUIRE(t->arm({1100, 10}) == WEFT_OK);
  task *const one = waiting.make();
  REQUIRE(host.queue.add(*one, 1200) == WEFT_OK);
  REQUIRE(host.queue.add(*posted.make_posted(), 1200) == WEFT_OK);
  weft_status expected = WEFT_ESHUTDOWN;
  SUBCASE("closed") {
    host.queue.close(WEFT_ESHUTDOWN, nullptr);
  }
  SUBCASE("broken") {
    expected = WEFT_EBROKEN;
    error *const reason = error::make_or_enomem(WEFT_EBROKEN, "test", "broken");
    host.queue.close(WEFT_EBROKEN, reason);
    reason->unref();
  }
  CHECK(one->state() == (expected == WEFT_EBROKEN ? with_error : cancelled));
  CHECK(waiting.dropped == 1);
  CHECK(posted.dropped == 1);
  CHECK(host.reports == (expected == WEFT_EBROKEN ? 1 : 0)); // for the task that has no future
  CHECK(t->arm({1300}) == expected);
  CHECK(t->cancel() == WEFT_EDONE);
  work more;
  test_timer refused(host, more);
  CHECK(refused.made == expected);
  CHECK(more.dropped == 0);
  task *const late = more.make();
  CHECK(host.queue.add(*late, 1300) == expected);
  task::discard(late);
  host.run_all();
  CHECK(ready.ran == 1); // a task that was already due still runs
  host.queue.close(WEFT_ESHUTDOWN, nullptr);
  host.advance_to(5000);
  CHECK(host.run_all() == 0);
  CHECK(ticking.ran + waiting.ran + posted.ran == 0);
  one->unref();
}

TEST_CASE("timer_queue: what the executor refuses or discards is cancelled") {
  fake_host host;
  work ticking, waiting;
  test_timer t(host, ticking);
  REQUIRE(t->arm({1100, 10}) == WEFT_OK);
  task *const one = waiting.make();
  REQUIRE(host.queue.add(*one, 1100) == WEFT_OK);
  SUBCASE("refused") {
    host.answer = host.next_answer = WEFT_ESHUTDOWN;
    host.advance_to(1100);
  }
  SUBCASE("discarded") {
    host.advance_to(1100);
    host.discard_all();
  }
  CHECK(one->state() == cancelled);
  CHECK(waiting.dropped == 1);
  CHECK(t->cancel() == WEFT_EDONE);
  t.release();
  CHECK(ticking.dropped == 1);
  CHECK(ticking.ran == 0);
  one->unref();
}

TEST_CASE("timer_queue: a strand's queue is served and closed through its pool's") {
  fake_host pool;
  work on_pool, on_strand, late;
  fake_host strand(&pool.queue);
  {
    test_timer a(pool, on_pool), b(strand, on_strand);
    REQUIRE(a->arm({1200}) == WEFT_OK);
    REQUIRE(b->arm({1100, 10}) == WEFT_OK);
    CHECK(pool.alarm == 1100);
    pool.clock = strand.clock = 1100;
    pool.queue.serve();
    CHECK(strand.run_all() == 1);
    CHECK(pool.alarm == 1110);
    CHECK(pool.ready.empty());
    task *const one = late.make();
    REQUIRE(strand.queue.add(*one, 1500) == WEFT_OK);
    pool.queue.close(WEFT_ESHUTDOWN, nullptr);
    CHECK(one->state() == cancelled);
    CHECK(b->cancel() == WEFT_EDONE);
    CHECK(b->arm({1600}) == WEFT_ESHUTDOWN);
    one->unref();
  }
  CHECK(on_strand.ran == 1);
  CHECK(on_pool.ran == 0);
  CHECK(on_strand.dropped + on_pool.dropped == 2);
}
