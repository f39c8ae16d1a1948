// thread/wait_graph.hpp with made-up threads, tasks and waits: circles are found, and a wait that could still end is
// not called a circle. thread/thread.cpp and exec/circles.cpp test the graph with real threads.
#include <doctest/doctest.h>

#include <memory>

#include "support.hpp"
#include "thread/wait_graph.hpp"

using namespace weft::test;

namespace {

wait_graph &graph() {
  return wait_graph::instance();
}

// A thread that runs `inside` (or nothing), and may go to sleep for something.
struct sleeper {
  explicit sleeper(const task *inside = nullptr, const task_owner *serving = nullptr)
      : bottom{nullptr, serving, nullptr, nullptr, nullptr}, top{inside, serving, inside ? &inside->word() : nullptr,
                                                                 &bottom, nullptr} {
    self.top = inside != nullptr ? &top : serving != nullptr ? &bottom : nullptr;
  }
  ~sleeper() { wake(); }
  sleeper(const sleeper &) = delete;
  sleeper &operator=(const sleeper &) = delete;

  bool sleep_for_all(const dependency *on, std::size_t count) { return enter(on, count, wait_for::all, false); }
  bool sleep_for(dependency one) {
    single = one;
    return enter(&single, 1, wait_for::all, false);
  }
  bool enter(const dependency *on, std::size_t count, wait_for mode, bool timed) {
    entry.who = &self;
    entry.on = on;
    entry.count = count;
    entry.mode = mode;
    entry.timed = timed;
    entry.stuck = false;
    return asleep = graph().enter(entry);
  }
  void wake() {
    if (asleep) graph().leave(entry);
    asleep = false;
  }

  record self;
  frame bottom, top;
  dependency single{};
  blocked_thread entry{};
  bool asleep = false;
};

struct future {
  future() : which(content.make()) {}
  ~future() {
    which->cancel();
    which->unref();
    which->unref();
  }
  future(const future &) = delete;
  future &operator=(const future &) = delete;
  future &start() {
    REQUIRE(which->try_claim());
    started = true;
    return *this;
  }
  dependency end() const { return {which, &task::may_end}; }
  work content;
  task *which;
  bool started = false;
};

// A running task, published at the end of the scope.
struct running_future : future {
  running_future() { start(); }
  ~running_future() { run_callbacks(*which, which->publish({with_result, nullptr})); }
};

dependency possible() {
  return {nullptr, [](const void *, const wait_graph &) { return true; }};
}
dependency impossible() {
  return {nullptr, [](const void *, const wait_graph &) { return false; }};
}

} // namespace

TEST_CASE("wait_graph: what may happen may be waited for, what may not, not") {
  sleeper one;
  CHECK(one.sleep_for(possible()));
  one.wake();
  CHECK_FALSE(one.sleep_for(impossible()));
}

TEST_CASE("wait_graph: a wait for nothing is sleep, which may be disturbed") {
  sleeper one;
  CHECK(one.sleep_for_all(nullptr, 0));
}

TEST_CASE("wait_graph: all of several, or any of them") {
  const dependency mixed[] = {possible(), impossible()};
  sleeper one;
  CHECK_FALSE(one.enter(mixed, 2, wait_for::all, false));
  CHECK(one.enter(mixed, 2, wait_for::any, false));
  one.wake();
  const dependency none[] = {impossible(), impossible()};
  CHECK_FALSE(one.enter(none, 2, wait_for::any, false));
}

TEST_CASE("wait_graph: a timed wait is never a circle") {
  sleeper one;
  const dependency never = impossible();
  CHECK(one.enter(&never, 1, wait_for::all, true));
}

TEST_CASE("wait_graph: a task that waits for itself") {
  const running_future own;
  sleeper me(own.which);
  CHECK_FALSE(me.sleep_for(own.end()));
}

TEST_CASE("wait_graph: a circle of two, three, and twenty tasks; opened, it is none") {
  for (const std::size_t length : {2u, 3u, 20u}) {
    CAPTURE(length);
    std::vector<std::unique_ptr<running_future>> tasks;
    std::vector<std::unique_ptr<sleeper>> threads;
    for (std::size_t i = 0; i < length; ++i) {
      tasks.push_back(std::make_unique<running_future>());
      threads.push_back(std::make_unique<sleeper>(tasks.back()->which));
    }
    for (std::size_t i = 0; i + 1 < length; ++i) REQUIRE(threads[i]->sleep_for(tasks[i + 1]->end()));
    CHECK_FALSE(threads[length - 1]->sleep_for(tasks[0]->end()));
    threads[0]->wake();
    CHECK(threads[length - 1]->sleep_for(tasks[0]->end()));
    CHECK_FALSE(threads[0]->sleep_for(tasks[1]->end()));
    threads.clear();
  }
}

TEST_CASE("wait_graph: a task deep in the stack counts as held") {
  const running_future outer, inner, other;
  sleeper me(outer.which);
  frame on_top{inner.which, nullptr, &inner.which->word(), me.self.top, nullptr};
  me.self.top = &on_top; // the thread runs a second task on top, which waits
  REQUIRE(me.sleep_for(other.end()));
  sleeper they(other.which);
  CHECK_FALSE(they.sleep_for(outer.end()));
  CHECK_FALSE(they.sleep_for(inner.end()));
}

TEST_CASE("wait_graph: a chain that ends in a running thread is no circle") {
  const running_future first, second, third;
  sleeper one(first.which), two(second.which);
  CHECK(one.sleep_for(second.end()));
  CHECK(two.sleep_for(third.end())); // no thread sleeps in the third task
}

TEST_CASE("wait_graph: a timed wait in the circle opens it, and closes it when it becomes an untimed one") {
  const running_future first, second;
  sleeper one(first.which), two(second.which);
  const dependency on_second = second.end();
  REQUIRE(one.enter(&on_second, 1, wait_for::all, true));
  CHECK(two.sleep_for(first.end()));
  one.wake();
  CHECK_FALSE(one.enter(&on_second, 1, wait_for::all, false));
}

TEST_CASE("wait_graph: a stop request opens the circle") {
  const running_future first, second;
  sleeper one(first.which), two(second.which);
  REQUIRE(one.sleep_for(second.end()));
  REQUIRE(first.which->request_stop() == WEFT_OK);
  CHECK(two.sleep_for(first.end()));
}

TEST_CASE("wait_graph: any of several opens the circle, all of them does not") {
  const running_future first, second, third;
  const dependency both[] = {first.end(), third.end()};
  sleeper one(first.which), two(second.which);
  REQUIRE(one.sleep_for(second.end()));
  CHECK(two.enter(both, 2, wait_for::any, false));
  two.wake();
  CHECK_FALSE(two.enter(both, 2, wait_for::all, false));
}

TEST_CASE("wait_graph: two who wait for either of each other are not stuck while a third runs") {
  const running_future first, second, third;
  sleeper one(first.which), two(second.which), three(third.which);
  const dependency from_one[] = {second.end(), third.end()}, from_two[] = {first.end(), third.end()};
  REQUIRE(one.enter(from_one, 2, wait_for::any, false));
  REQUIRE(two.enter(from_two, 2, wait_for::any, false));
  CHECK_FALSE(three.sleep_for(first.end())); // now all three would be stuck
  two.wake();
  CHECK(three.sleep_for(second.end()));
}

TEST_CASE("wait_graph: pending tasks may end if their executor may start them; promises always may") {
  noting_owner owner;
  {
    const future queued;
    queued.which->set_owner(&owner);
    sleeper me;
    CHECK(me.sleep_for(queued.end()));
    me.wake();
    owner.starts = false;
    CHECK_FALSE(me.sleep_for(queued.end()));
    queued.which->cancel(); // a done task has ended, whether or not it could start
    CHECK(me.sleep_for(queued.end()));
  }
  task *const promise = task::create_promise(nullptr);
  {
    sleeper me;
    CHECK(me.sleep_for({promise, &task::may_end}));
    me.wake();
    REQUIRE(promise->set_running() == WEFT_OK);
    CHECK(me.sleep_for({promise, &task::may_end}));
  }
  promise->unref();
}

TEST_CASE("wait_graph: workers that are stuck are counted by the bottom of their stacks") {
  noting_owner pool, strand;
  const running_future first, second;
  sleeper worker(first.which, &pool), visitor(second.which, &strand);
  struct probe {
    const task_owner *pool, *strand;
    static bool look(const void *object, const wait_graph &in) {
      const auto *p = static_cast<const probe *>(object);
      return in.stuck_workers(p->pool) == 1 && in.stuck_workers(p->strand) == 1 && in.stuck_serving(p->strand) &&
             in.stuck_serving(p->pool);
    }
  } const seen{&pool, &strand};
  REQUIRE(worker.sleep_for(second.end()));
  CHECK(visitor.sleep_for({&seen, &probe::look}));
}

TEST_CASE("wait_graph: a request wakes exactly those who sleep inside the task") {
  const running_future mine, other;
  sleeper inside(mine.which), outside(other.which);
  REQUIRE(inside.sleep_for(possible()));
  REQUIRE(outside.sleep_for(possible()));
  graph().wake_asked(mine.which->word());
  CHECK(inside.self.sleeper.park(deadline::past()));
  CHECK_FALSE(outside.self.sleeper.park(deadline::past()));
}

TEST_CASE("wait_graph: a request wakes no one whose innermost task is another") {
  const running_future outer, inner;
  sleeper me(outer.which);
  frame on_top{inner.which, nullptr, &inner.which->word(), me.self.top, nullptr};
  me.self.top = &on_top;
  REQUIRE(me.sleep_for(possible()));
  graph().wake_asked(outer.which->word());
  CHECK_FALSE(me.self.sleeper.park(deadline::past()));
}

// A lending hand that may run one given task, on any thread.
namespace {

const void *may_be_run = nullptr;
int kept = 0;
const lending_hand hand{
    [](const record &, const dependency &wanted, const wait_graph &) { return wanted.object == may_be_run; },
    [](const dependency &) { ++kept; }};

} // namespace

TEST_CASE("wait_graph: a newcomer is offered what opens the circle, with a reference") {
  const running_future outer;
  noting_owner queue;
  future queued;
  queued.which->set_owner(&queue);
  sleeper first(outer.which), second;
  REQUIRE(first.sleep_for(queued.end()));
  queue.starts = false; // from here on only a thread of the circle could run it
  may_be_run = queued.which;
  kept = 0;
  second.entry.hand = &hand;
  CHECK_FALSE(second.sleep_for(outer.end()));
  CHECK(second.entry.offered == queued.which);
  CHECK(kept == 1);
  second.entry.offered = nullptr;
  second.entry.hand = nullptr; // without a hand nothing is offered
  CHECK_FALSE(second.sleep_for(outer.end()));
  CHECK(second.entry.offered == nullptr);
}

TEST_CASE("wait_graph: what would free others only is not offered") {
  const running_future outer, own;
  noting_owner queue;
  future queued;
  queued.which->set_owner(&queue);
  sleeper first(outer.which), second(own.which);
  REQUIRE(first.sleep_for(queued.end()));
  queue.starts = false;
  may_be_run = queued.which;
  second.entry.hand = &hand;
  CHECK_FALSE(second.sleep_for(own.end())); // it waits for itself
  CHECK(second.entry.offered == nullptr);
}

TEST_CASE("wait_graph: who sleeps already and could open the circle is woken for it, and the newcomer sleeps") {
  const running_future outer;
  noting_owner queue;
  future queued;
  queued.which->set_owner(&queue);
  sleeper first(outer.which), second;
  first.entry.hand = &hand;
  REQUIRE(first.sleep_for(queued.end()));
  queue.starts = false;
  may_be_run = queued.which;
  CHECK(second.sleep_for(outer.end()));
  CHECK(first.entry.looks_again.load());
}

TEST_CASE("wait_graph: leaving in any order keeps the rest listed") {
  for (std::size_t gone = 0; gone < 3; ++gone) {
    const running_future tasks[3];
    {
      sleeper all[3] = {sleeper(tasks[0].which), sleeper(tasks[1].which), sleeper(tasks[2].which)};
      for (sleeper &s : all) REQUIRE(s.sleep_for(possible()));
      all[gone].wake();
      for (std::size_t i = 0; i < 3; ++i) {
        graph().wake_asked(tasks[i].which->word());
        CHECK(all[i].self.sleeper.park(deadline::past()) == (i != gone));
      }
    }
  }
}

TEST_CASE("wait_graph: a sleeper that left something to others is asked before the newcomer is told") {
  const running_future outer, own;
  sleeper first(outer.which), second(own.which);
  noting_owner queue;
  future queued;
  queued.which->set_owner(&queue);
  first.entry.leaves = true;
  REQUIRE(first.sleep_for(queued.end()));
  queue.starts = false;
  CHECK(second.sleep_for(outer.end()));
  CHECK(first.entry.looks_again.load());
  first.wake();
  first.entry.leaves = false; // it has looked, and found nothing that it could run
  first.entry.looks_again.store(false);
  CHECK_FALSE(first.sleep_for(queued.end()));
}

TEST_CASE("wait_graph: a newcomer whose circle needs nothing that others left is told at once") {
  const running_future outer, own;
  sleeper first(outer.which), second(own.which);
  first.entry.leaves = true;
  noting_owner queue;
  future queued;
  queued.which->set_owner(&queue);
  const dependency both[] = {queued.end(), own.end()};
  REQUIRE(first.sleep_for_all(both, 2));
  queue.starts = false;
  CHECK_FALSE(second.sleep_for(own.end())); // it waits for itself; the first sleeper only depends on it
}

TEST_CASE("wait_graph: what a newcomer is offered is not lost beside a sleeper that left something") {
  const running_future outer, own;
  sleeper first(outer.which), second(own.which);
  noting_owner queue;
  future queued;
  queued.which->set_owner(&queue);
  first.entry.leaves = true;
  REQUIRE(first.sleep_for(queued.end()));
  queue.starts = false;
  may_be_run = queued.which;
  kept = 0;
  second.entry.hand = &hand;
  CHECK_FALSE(second.sleep_for(outer.end()));
  CHECK(second.entry.offered == queued.which);
  CHECK(kept == 1);
  CHECK_FALSE(first.entry.looks_again.load());
}
