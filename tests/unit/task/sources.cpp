// task/sources.cpp: what the wait graph learns along links, and what a waiter runs.
#include <doctest/doctest.h>

#include <vector>

#include "support.hpp"
#include "task/continuation.hpp"
#include "task/sources.hpp"
#include "task/when.hpp"
#include "thread/wait_graph.hpp"

using namespace weft::test;

namespace {

weft_status nothing(void *, weft_future_t *, void **, weft_error_t **) {
  return WEFT_OK;
}

task *follow(task &source) {
  task *const made = create_continuation({nothing, nullptr, nullptr}, nullptr);
  continuation::start(*made, source, WEFT_THEN_RESULT, {});
  return made;
}

bool may_end(const task *which) {
  const std::scoped_lock hold(wait_graph::instance().mutex());
  return task::may_end(which, wait_graph::instance());
}

} // namespace

TEST_CASE("sources: a chain may end if what it begins with may") {
  noting_owner queue;
  work idle;
  task *const first = idle.make(), *const second = follow(*first), *const third = follow(*second);
  first->set_owner(&queue);
  CHECK(may_end(third));
  queue.starts = false;
  CHECK_FALSE(may_end(third));
  first->cancel();
  CHECK(may_end(third)); // it has ended
  first->unref();
  first->unref();
  second->unref();
  third->unref();
}

TEST_CASE("sources: all of several, or one of them") {
  noting_owner stuck;
  stuck.starts = false;
  work idle;
  task *const hopeless = idle.make(), *const promise = task::create_promise(nullptr);
  hopeless->set_owner(&stuck);
  task *const both[] = {promise, hopeless};
  task *const all = gathering::make(gather::all, both, 2), *const any = gathering::make(gather::any, both, 2);
  task *const after_all = follow(*all), *const after_any = follow(*any);
  CHECK_FALSE(may_end(after_all));
  CHECK(may_end(after_any));
  hopeless->cancel();
  CHECK(may_end(after_all));
  promise->set_result(nullptr);
  for (task *t : {all, any, after_all, after_any, promise, hopeless}) t->unref();
  hopeless->unref();
}

TEST_CASE("sources: a waiter runs down the chain and up again") {
  noting_owner queue;
  queue.lends_out = true;
  work first_work;
  task *const first = first_work.make(), *const second = follow(*first), *const third = follow(*second);
  first->set_owner(&queue);
  record &self = *current_record();
  const frame_scope serving(self, nullptr, &queue, nullptr);
  const helper mine(self, deadline::never(), true);
  CHECK(lend_source(*third, mine, lending::now) == lent::yes);
  CHECK(first_work.ran == 1);
  CHECK(third->done());
  first->unref();
  for (task *t : {first, second, third}) t->unref();
}

TEST_CASE("sources: of any one only is run, of all all") {
  noting_owner queue;
  queue.lends_out = true;
  for (const gather mode : {gather::any, gather::all}) {
    work works[3];
    std::vector<task *> tasks;
    for (work &w : works) {
      tasks.push_back(w.make());
      tasks.back()->set_owner(&queue);
    }
    task *const whole = gathering::make(mode, tasks.data(), tasks.size());
    record &self = *current_record();
    {
      const frame_scope serving(self, nullptr, &queue, nullptr);
      const helper mine(self, deadline::never(), true);
      CHECK(lend_source(*whole, mine, lending::last_resort) == lent::yes);
    }
    CHECK(whole->done());
    CHECK(works[0].ran + works[1].ran + works[2].ran == (mode == gather::any ? 1 : 3));
    for (task *t : tasks) {
      t->cancel();
      t->unref();
      t->unref();
    }
    whole->unref();
  }
}

TEST_CASE("sources: many ways through shared futures are not all walked, and count as possible") {
  noting_owner stuck;
  stuck.starts = false;
  work idle;
  task *const hopeless = idle.make(), *const promise = task::create_promise(nullptr);
  std::vector<task *> levels{promise};
  for (int i = 0; i < 40; ++i) { // 2^40 paths
    task *const twice[] = {levels.back(), levels.back()};
    levels.push_back(gathering::make(gather::all, twice, 2));
  }
  hopeless->set_owner(&stuck);
  task *const with_hopeless[] = {levels.back(), hopeless};
  task *const whole = gathering::make(gather::all, with_hopeless, 2);
  CHECK(may_end(levels.back()));
  may_end(whole); // either answer is allowed, but the call must return
  promise->set_result(nullptr);
  hopeless->cancel();
  CHECK(whole->done());
  for (task *t : levels) t->unref();
  whole->unref();
  hopeless->unref();
  hopeless->unref();
}
