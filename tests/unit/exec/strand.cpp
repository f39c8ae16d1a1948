// exec/strand.hpp: tasks run one at a time and in order, on any thread; and a strand has an end of its own.
#include <doctest/doctest.h>

#include <vector>

#include "exec/pools.hpp"
#include "task/wait.hpp"

using namespace weft::test;

TEST_CASE("strand: in order and without overlap, over many turns and two submitters") {
  const world w;
  const handle<pool> p(w.new_pool(3));
  const handle<strand> s(strand::make(*p));
  constexpr std::size_t each = 3'000;
  std::vector<work> contents(2 * each);
  std::vector<std::size_t> order; // plain, so that ThreadSanitizer judges the exclusion
  std::atomic<int> inside{0}, overlaps{0}, refused{0};
  crew threads;
  for (std::size_t half = 0; half < 2; ++half)
    threads.add([&, half] {
      for (std::size_t i = half * each; i < (half + 1) * each; ++i) {
        contents[i].body = [&, i](void **, weft_error **) {
          if (inside.fetch_add(1) != 0) overlaps.fetch_add(1);
          order.push_back(i);
          inside.fetch_sub(1);
          return WEFT_OK;
        };
        task *t = contents[i].make_posted();
        if (s->submit(&t, 1) != WEFT_OK) refused.fetch_add(1);
      }
    });
  threads.join();
  s->close();
  REQUIRE(s->join(soon()) == WEFT_OK);
  CHECK(refused == 0);
  CHECK(overlaps == 0);
  REQUIRE(order.size() == 2 * each);
  std::size_t next[2] = {0, each};
  bool in_order = true;
  for (const std::size_t i : order) in_order = in_order && i == next[i / each]++;
  CHECK(in_order);
}

TEST_CASE("strand: strands of one pool do not block one another") {
  const world w;
  const handle<pool> p(w.new_pool(2));
  const handle<strand> blocked(strand::make(*p)), free(strand::make(*p));
  gate go;
  work waits([&](void **, weft_error **) { return go.wait() ? WEFT_OK : WEFT_ETIMEDOUT; }), quick;
  task *const slow = submit(*blocked, waits);
  task *const fast = submit(*free, quick);
  CHECK(wait_for_task(*fast, soon()) == WEFT_OK);
  CHECK_FALSE(slow->done());
  go.open();
  CHECK(wait_for_task(*slow, soon()) == WEFT_OK);
  slow->unref();
  fast->unref();
}

TEST_CASE("strand: closed, it refuses, finishes what it has, and leaves the pool alone") {
  const world w;
  const handle<pool> p(w.new_pool(1));
  const handle<strand> s(strand::make(*p));
  gate go;
  work first([&](void **, weft_error **) { return go.wait() ? WEFT_OK : WEFT_ETIMEDOUT; }), second, late, other;
  task *const t1 = submit(*s, first), *const t2 = submit(*s, second);
  s->close();
  weft_status answer = WEFT_OK;
  CHECK(submit(*s, late, &answer) == nullptr);
  CHECK(answer == WEFT_ESHUTDOWN);
  CHECK_FALSE(s->ended());
  CHECK(s->join(deadline::past()) == WEFT_ETIMEDOUT);
  go.open();
  CHECK(s->join(soon()) == WEFT_OK);
  CHECK(s->ended());
  CHECK(t2->done());
  task *const t3 = submit(*p, other);
  REQUIRE(t3 != nullptr);
  CHECK(wait_for_task(*t3, soon()) == WEFT_OK);
  CHECK(late.dropped == 0);
  for (task *t : {t1, t2, t3}) t->unref();
}

TEST_CASE("strand: cancel_pending cancels exactly what has not started") {
  const world w;
  const handle<pool> p(w.new_pool(1));
  const handle<strand> s(strand::make(*p));
  gate in, go;
  work first([&](void **, weft_error **) {
    in.open();
    return go.wait() ? WEFT_OK : WEFT_ETIMEDOUT;
  });
  task *const t1 = submit(*s, first);
  REQUIRE(in.wait());
  std::vector<work> rest(10);
  std::vector<task *> futures;
  for (work &r : rest) futures.push_back(submit(*s, r));
  s->close();
  s->cancel_pending();
  for (task *t : futures) CHECK(t->state() == cancelled);
  CHECK_FALSE(t1->done());
  go.open();
  CHECK(s->join(soon()) == WEFT_OK);
  CHECK(t1->state() == with_result);
  for (work &r : rest) CHECK((r.ran == 0 && r.dropped == 1));
  t1->unref();
  for (task *t : futures) t->unref();
}

TEST_CASE("strand: without a handle it still finishes, and lets its pool go") {
  for (int round = 0; round < 50; ++round) {
    const world w;
    std::vector<work> contents(20);
    {
      handle<pool> p(w.new_pool(2));
      const handle<strand> s(strand::make(*p));
      p.reset(); // the strand keeps the pool alive
      for (work &c : contents) {
        task *t = c.make_posted();
        REQUIRE(s->submit(&t, 1) == WEFT_OK);
      }
    }
    REQUIRE(w.home->shutdown(soon()) == WEFT_OK);
    for (work &c : contents) REQUIRE((c.ran == 1 && c.dropped == 1));
  }
}

TEST_CASE("strand: a worker of the pool that waits takes the turn, up to the wanted task and no further") {
  const world w;
  const handle<pool> p(w.new_pool(1));
  const handle<strand> s(strand::make(*p));
  std::vector<work> contents(5);
  std::vector<task *> futures(5);
  weft_status answer = WEFT_EINVAL;
  std::vector<int> ran_then;
  work outer([&](void **, weft_error **) {
    for (std::size_t i = 0; i < 5; ++i) futures[i] = submit(*s, contents[i]);
    answer = wait_for_task(*futures[2], deadline::never());
    for (work &c : contents) ran_then.push_back(c.ran);
    return WEFT_OK;
  });
  task *const t = submit(*p, outer);
  CHECK(wait_for_task(*t, soon()) == WEFT_OK);
  CHECK(answer == WEFT_OK);
  CHECK(ran_then == std::vector{1, 1, 1, 0, 0});
  for (task *f : futures) {
    CHECK(wait_for_task(*f, soon()) == WEFT_OK);
    f->unref();
  }
  t->unref();
}

TEST_CASE("strand: its pool closed, it takes nothing, and what it had still runs") {
  const world w;
  const handle<pool> p(w.new_pool(1));
  const handle<strand> s(strand::make(*p));
  gate in, go;
  work first([&](void **, weft_error **) {
    in.open();
    return go.wait() ? WEFT_OK : WEFT_ETIMEDOUT;
  });
  std::vector<work> rest(600); // more than one turn
  task *const t = submit(*s, first);
  REQUIRE(in.wait());
  for (work &r : rest) {
    task *posted = r.make_posted();
    REQUIRE(s->submit(&posted, 1) == WEFT_OK);
  }
  p->close();
  work late;
  weft_status answer = WEFT_OK;
  CHECK(submit(*s, late, &answer) == nullptr);
  CHECK(answer == WEFT_ESHUTDOWN);
  go.open();
  CHECK(p->join(soon()) == WEFT_OK);
  int wrong = 0;
  for (work &r : rest)
    if (r.ran != 1) ++wrong;
  CHECK(wrong == 0);
  t->unref();
}
