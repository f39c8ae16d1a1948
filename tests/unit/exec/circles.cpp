// Waits that could never end, and waits that only look as if they could not. They go through real pools, strands and
// caller-run executors.
#include <doctest/doctest.h>

#include <array>
#include <thread>
#include <vector>

#include "exec/pools.hpp"
#include "task/wait.hpp"

using namespace weft::test;

TEST_CASE("circles: a task that waits for itself is told, on a pool and on a strand") {
  const world w;
  const handle<pool> p(w.new_pool(2));
  const handle<strand> s(strand::make(*p));
  executor *const both[] = {&*p, &*s};
  for (executor *on : both) {
    std::atomic<task *> own{nullptr};
    std::atomic<weft_status> answer{WEFT_OK};
    gate known;
    work content([&](void **, weft_error **) {
      if (known.wait()) answer = wait_for_task(*own, deadline::never());
      return WEFT_OK;
    });
    task *const t = submit(*on, content);
    own = t;
    known.open();
    CHECK(wait_for_task(*t, soon()) == WEFT_OK);
    CHECK(answer == WEFT_EDEADLK);
    t->unref();
  }
}

TEST_CASE("circles: tasks that wait for one another in a ring; one is told, all end") {
  for (const std::size_t length : {2u, 3u})
    for (int round = 0; round < 20; ++round) {
      const world w;
      const handle<pool> p(w.new_pool(static_cast<std::uint32_t>(length)));
      std::vector<work> contents(length);
      std::vector<task *> all(length);
      std::vector<weft_status> answers(length, WEFT_EINVAL);
      std::atomic<std::size_t> inside{0};
      gate go;
      for (std::size_t i = 0; i < length; ++i) {
        contents[i].body = [&, i](void **, weft_error **) {
          if (inside.fetch_add(1) + 1 == length) go.open(); // all tasks run, so a waiter can run none of them
          if (go.wait()) answers[i] = wait_for_task(*all[(i + 1) % length], deadline::never());
          return WEFT_OK;
        };
        all[i] = nullptr;
      }
      std::vector<task *> made;
      for (work &c : contents) made.push_back(c.make());
      all = made; // before any of them runs
      REQUIRE(p->submit(made.data(), made.size()) == WEFT_OK);
      for (task *t : all) REQUIRE(wait_for_task(*t, soon()) == WEFT_OK);
      std::size_t told = 0, fine = 0;
      for (const weft_status a : answers) {
        if (a == WEFT_EDEADLK) ++told;
        if (a == WEFT_OK) ++fine;
      }
      REQUIRE(told == 1);
      REQUIRE(fine == length - 1);
      for (task *t : all) t->unref();
    }
}

TEST_CASE("circles: a pool with one worker runs what its task waits for, many deep") {
  const world w;
  const handle<pool> p(w.new_pool(1));
  constexpr int depth = 50;
  std::vector<work> contents(depth);
  std::vector<weft_status> answers(depth, WEFT_EINVAL);
  for (int i = 0; i < depth; ++i)
    contents[static_cast<std::size_t>(i)].body = [&, i](void **, weft_error **) {
      const auto at = static_cast<std::size_t>(i);
      answers[at] = WEFT_OK;
      if (i + 1 == depth) return WEFT_OK;
      task *const next = submit(*p, contents[at + 1]);
      answers[at] = wait_for_task(*next, deadline::never());
      next->unref();
      return WEFT_OK;
    };
  task *const first = submit(*p, contents[0]);
  CHECK(wait_for_task(*first, soon()) == WEFT_OK);
  first->unref();
  for (const weft_status a : answers) CHECK(a == WEFT_OK);
}

TEST_CASE("circles: a task waits for one behind it on its own strand") {
  const world w;
  const handle<pool> p(w.new_pool(2));
  const handle<strand> s(strand::make(*p));
  weft_status answer = WEFT_OK;
  work second;
  work first([&](void **, weft_error **) {
    task *const behind = submit(*s, second);
    answer = wait_for_task(*behind, deadline::never());
    behind->unref();
    return WEFT_OK;
  });
  task *const t = submit(*s, first);
  CHECK(wait_for_task(*t, soon()) == WEFT_OK);
  CHECK(answer == WEFT_EDEADLK);
  CHECK(w.home->shutdown(soon()) == WEFT_OK); // the second task runs all the same
  CHECK(second.ran == 1);
  t->unref();
}

TEST_CASE("circles: two strands, whose tasks wait for each other's") {
  const world w;
  const handle<pool> p(w.new_pool(2));
  const handle<strand> left(strand::make(*p)), right(strand::make(*p));
  std::array<work, 2> contents;
  std::array<task *, 2> all{contents[0].make(), contents[1].make()};
  std::array<weft_status, 2> answers{};
  std::atomic<int> inside{0};
  gate go;
  for (std::size_t i = 0; i < 2; ++i)
    contents[i].body = [&, i](void **, weft_error **) {
      if (inside.fetch_add(1) == 1) go.open();
      if (go.wait()) answers[i] = wait_for_task(*all[1 - i], deadline::never());
      return WEFT_OK;
    };
  REQUIRE(left->submit(&all[0], 1) == WEFT_OK);
  REQUIRE(right->submit(&all[1], 1) == WEFT_OK);
  for (task *t : all) {
    CHECK(wait_for_task(*t, soon()) == WEFT_OK);
  }
  CHECK(((answers[0] == WEFT_EDEADLK) != (answers[1] == WEFT_EDEADLK)));
  CHECK((answers[0] == WEFT_OK || answers[1] == WEFT_OK));
  for (task *t : all) t->unref();
}

TEST_CASE("circles: a pool whose workers all wait for a promise is no circle, for others may keep it") {
  const world w;
  const handle<pool> p(w.new_pool(2));
  task *const promise = task::create_promise(nullptr);
  std::vector<work> contents(2);
  std::vector<weft_status> answers(2, WEFT_EINVAL);
  std::vector<task *> all;
  for (std::size_t i = 0; i < 2; ++i) {
    contents[i].body = [&, i](void **, weft_error **) {
      answers[i] = wait_for_task(*promise, deadline::never());
      return WEFT_OK;
    };
    all.push_back(submit(*p, contents[i]));
  }
  promise->set_result(nullptr);
  for (task *t : all) CHECK(wait_for_task(*t, soon()) == WEFT_OK);
  for (const weft_status a : answers) CHECK(a == WEFT_OK);
  for (task *t : all) t->unref();
  promise->unref();
}

TEST_CASE("circles: two pools of one worker each, whose tasks wait for a task of the other's queue") {
  const world w;
  const handle<pool> left(w.new_pool(1)), right(w.new_pool(1));
  std::array<pool *, 2> pools{&*left, &*right};
  std::array<work, 2> outer, inner;
  std::array<weft_status, 2> answers{};
  std::array<task *, 2> first{}, queued{};
  std::atomic<int> inside{0};
  gate go;
  for (std::size_t i = 0; i < 2; ++i) {
    outer[i].body = [&, i](void **, weft_error **) -> weft_status {
      if (inside.fetch_add(1) == 1) go.open();
      if (!go.wait()) return WEFT_ETIMEDOUT;
      queued[1 - i] = submit(*pools[1 - i], inner[1 - i]); // behind the other pool's outer task, which already runs
      answers[i] = wait_for_task(*queued[1 - i], deadline::never());
      return WEFT_OK;
    };
    first[i] = outer[i].make();
  }
  for (std::size_t i = 0; i < 2; ++i) REQUIRE(pools[i]->submit(&first[i], 1) == WEFT_OK);
  for (task *t : first) CHECK(wait_for_task(*t, soon()) == WEFT_OK);
  for (task *t : queued) CHECK(wait_for_task(*t, soon()) == WEFT_OK);
  // The second waiter runs the task that the first one waits for. That frees the worker that the second waiter needs.
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(answers[i] == WEFT_OK);
    CHECK(inner[i].ran == 1);
    first[i]->unref();
    queued[i]->unref();
  }
}

TEST_CASE("circles: a stop request or a time limit in the ring lets it go on") {
  const world w;
  const handle<pool> p(w.new_pool(2));
  std::array<work, 2> contents;
  std::array<task *, 2> all{contents[0].make(), contents[1].make()};
  std::array<weft_status, 2> answers{};
  std::atomic<int> inside{0};
  gate go;
  for (std::size_t i = 0; i < 2; ++i)
    contents[i].body = [&, i](void **, weft_error **) {
      if (inside.fetch_add(1) == 1) go.open();
      if (go.wait())
        answers[i] = wait_for_task(*all[1 - i], i == 0 ? deadline::after(20 * WEFT_MILLISECOND) : deadline::never());
      return WEFT_OK;
    };
  REQUIRE(p->submit(all.data(), 2) == WEFT_OK);
  for (task *t : all) CHECK(wait_for_task(*t, soon()) == WEFT_OK);
  CHECK(answers[0] == WEFT_ETIMEDOUT);
  CHECK(answers[1] == WEFT_OK);
  for (task *t : all) t->unref();
}

TEST_CASE("circles: shutdown with wait from inside is refused, on each kind") {
  const world w;
  const handle<pool> p(w.new_pool(2));
  const handle<strand> s(strand::make(*p));
  const handle<caller_run> c(w.new_caller_run());
  executor *const kinds[] = {&*p, &*s, &*c};
  for (executor *on : kinds) {
    weft_status answer = WEFT_OK;
    work content([&](void **, weft_error **) {
      answer = on->join(deadline::never());
      return WEFT_OK;
    });
    task *const t = submit(*on, content);
    if (on == &*c) {
      std::uint64_t ran = 0;
      CHECK(c->run(0, deadline::never(), ran) == WEFT_OK);
    }
    CHECK(wait_for_task(*t, soon()) == WEFT_OK);
    CHECK(answer == WEFT_EDEADLK);
    t->unref();
  }
}

TEST_CASE("circles: a task of a strand that waits for the next one is told, not another one that waits for that, too") {
  const world w;
  const handle<pool> p(w.new_pool(2));
  const handle<strand> s(strand::make(*p));
  std::atomic<task *> wanted{nullptr};
  std::atomic<const record *> other{nullptr};
  weft_status of_strand = WEFT_OK, of_other = WEFT_EINVAL;
  gate holds, sleeps;
  work holder([&](void **, weft_error **) {
    holds.open();
    if (sleeps.wait()) of_strand = wait_for_task(*wanted, deadline::never());
    return WEFT_OK;
  });
  work waiter([&](void **, weft_error **) {
    other = current_record();
    of_other = wait_for_task(*wanted, deadline::never());
    return WEFT_OK;
  });
  work next([](void **, weft_error **) { return WEFT_OK; });
  task *const first = submit(*s, holder);
  REQUIRE(holds.wait());
  wanted = submit(*s, next);
  task *const second = submit(*p, waiter);
  for (bool is_listed = false; !is_listed; std::this_thread::yield())
    if (const record *const who = other; who != nullptr)
      wait_graph::instance().look_at(who, [&](const frame &) { return is_listed = true; });
  sleeps.open();
  for (task *const t : {first, second, wanted.load()}) CHECK(wait_for_task(*t, soon()) == WEFT_OK);
  CHECK(of_strand == WEFT_EDEADLK);
  CHECK(of_other == WEFT_OK);
  CHECK(next.ran == 1);
  for (task *const t : {first, second, wanted.load()}) t->unref();
}
