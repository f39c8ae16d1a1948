// sched/: census, injector, batches and wake-ups on the real scheduler. README.md of lib/sched, "Lost wake-up", "The
// end", "Cancelling what is pending", "Blocking regions".
#include "protocols/world.hpp"

using namespace weft::test;

namespace {

// The waiter sleeps until its task is done, so a lost wake-up is a deadlock.
void submit_and_wait(executor &to) {
  work one;
  finish(submit(to, one));
  check(one.ran == 1 && one.dropped == 1, "it has run, and is dropped");
}

MODEL("wake: one worker, tasks by turns", 0.4) {
  one_pool pool({1});
  submit_and_wait(*pool);
  submit_and_wait(*pool);
}

MODEL("wake: two submitters, one worker", 0.4) {
  one_pool pool({1});
  actor other([&] { submit_and_wait(*pool); });
  submit_and_wait(*pool);
}

MODEL("wake: two submitters, two workers", 0.4) {
  one_pool pool({2});
  actor other([&] {
    submit_and_wait(*pool);
    submit_and_wait(*pool);
  });
  submit_and_wait(*pool);
}

// What a task submits goes to its worker's own queue, from which a batch may be stolen. Both tasks must run, though the
// first waits for the second on another worker.
MODEL("wake: a task submits more than one", 0.4) {
  one_pool pool({2});
  work first, second;
  task *made[2] = {};
  work parent([&] {
    made[0] = submit(*pool, first);
    made[1] = submit(*pool, second);
  });
  finish(submit(*pool, parent));
  for (task *each : made) finish(each);
}

// Work conservation: with two workers, two tasks that wait for one another both start.
MODEL("wake: two tasks that meet", 0.4) {
  one_pool pool({2});
  atomic<int> there{0};
  const auto meet = [&] {
    there.fetch_add(1, std::memory_order_acq_rel);
    while (there.load(std::memory_order_acquire) != 2) weft::model::yield();
  };
  work left(meet), right(meet);
  task *const one = submit(*pool, left);
  task *const other = submit(*pool, right);
  finish(one);
  finish(other);
}

// The same from one worker's own queue: the second task is there, or in a batch, while the first runs.
MODEL("wake: two tasks of one worker that meet", 0.4) {
  one_pool pool({2});
  atomic<int> there{0};
  const auto meet = [&] {
    there.fetch_add(1, std::memory_order_acq_rel);
    while (there.load(std::memory_order_acquire) != 2) weft::model::yield();
  };
  work left(meet), right(meet);
  task *made[2] = {};
  work parent([&] {
    made[0] = submit(*pool, left);
    made[1] = submit(*pool, right);
  });
  finish(submit(*pool, parent));
  for (task *each : made) finish(each);
}

// Two of one batch that wait for one another: the second one lies with the worker that runs the first. The tasks before
// them make the next batch larger.
MODEL("wake: two tasks of one batch that meet", 0.4) {
  one_pool pool({2});
  atomic<int> there{0};
  const auto meet = [&] {
    there.fetch_add(1, std::memory_order_acq_rel);
    while (there.load(std::memory_order_acquire) != 2) weft::model::yield();
  };
  work before[3], left(meet), right(meet);
  task *made[5] = {};
  for (int i = 0; i < 3; ++i) made[i] = before[i].make();
  made[3] = left.make();
  made[4] = right.make();
  check(pool->submit(made, 5) == WEFT_OK, "accepted");
  pool->close(); // so a searcher looks once: perhaps when the batch has left the queue and is not in the ring yet
  for (task *each : made) finish(each);
}

// --- the end ---

MODEL("end: a submit against the end of the pool", 0.5) {
  one_pool pool({2});
  work first, late;
  weft_status answer = WEFT_OK;
  bool has_run = false;
  actor submitter([&] { answer = post(*pool, late); });
  post(*pool, first);
  pool.finish();
  submitter.join();
  check(first.ran == 1, "what was accepted has run");
  has_run = late.ran == 1;
  check(answer == (has_run ? WEFT_OK : WEFT_ESHUTDOWN), "accepted and run, or refused");
  check(late.dropped == (has_run ? 1 : 0), "what is refused is not dropped");
}

// After the return of cancel_pending() nothing starts any more: what is pending then ends as cancelled.
MODEL("end: nothing starts once what is pending is cancelled", 0.5) {
  one_pool pool({2});
  work tasks[2];
  task *made[2];
  for (int i = 0; i < 2; ++i) made[i] = submit(*pool, tasks[i]);
  pool->close();
  pool->cancel_pending();
  all_decided(made, tasks, pool);
}

// --- the bound ---

MODEL("bound: two who wait for room in a queue of one", 0.4) {
  one_pool pool({1, {1, WEFT_FULL_WAIT, WEFT_FOREVER}});
  work mine[2], others;
  actor submitter([&] { check(post(*pool, others) == WEFT_OK, "room comes"); });
  for (work &each : mine) check(post(*pool, each) == WEFT_OK, "room comes");
  submitter.join();
  pool.finish();
  for (const work &each : mine) check(each.ran == 1, "it has run");
  check(others.ran == 1, "it has run");
}

MODEL("bound: waiting for room against the end", 0.4) {
  one_pool pool({1, {1, WEFT_FULL_WAIT, WEFT_FOREVER}});
  work first, others[2];
  weft_status answers[2] = {};
  actor submitter([&] {
    for (int i = 0; i < 2; ++i) answers[i] = post(*pool, others[i]);
  });
  post(*pool, first);
  pool.finish();
  submitter.join();
  for (int i = 0; i < 2; ++i) check(others[i].ran == (answers[i] == WEFT_OK ? 1 : 0), "run if it was accepted");
}

MODEL("bound: a full queue runs in the caller", 0.4) {
  one_pool pool({1, {1, WEFT_FULL_CALLER, WEFT_FOREVER}});
  work tasks[2], others;
  actor submitter([&] { check(post(*pool, others) == WEFT_OK, "accepted"); });
  for (work &each : tasks) check(post(*pool, each) == WEFT_OK, "accepted");
  submitter.join();
  pool.finish();
  check(tasks[0].ran == 1 && tasks[1].ran == 1 && others.ran == 1, "all have run");
}

// --- blocking regions ---

// A task in a region waits for another one, which the only worker cannot run: a spare comes.
MODEL("region: a spare comes for what lies there") {
  one_pool pool({1, {}, 1});
  atomic<bool> done{false};
  work other([&] { done.store(true, std::memory_order_release); });
  work blocks([&] {
    record &self = *current_record();
    worker &me = *pool->workers().worker_of(&self);
    pool->workers().begin_blocking(me, self);
    while (!done.load(std::memory_order_acquire)) weft::model::yield();
    pool->workers().end_blocking(me, self);
  });
  task *const one = submit(*pool, blocks);
  task *const two = submit(*pool, other);
  finish(one);
  finish(two);
}

} // namespace
