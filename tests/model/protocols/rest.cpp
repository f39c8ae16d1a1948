// sched/rest.cpp and what depends on it: the seat, the bell, workers that leave, helping threads, and quiet. README.md
// of lib/sched, "At rest", "The seat", "The bell", "Workers that leave when there is no work", "The limit of workers",
// "Helpers", "Idle".
#include "protocols/world.hpp"

#include "base/clock.hpp"
#include "timer/timer.hpp"

using namespace weft::test;

namespace {

constexpr std::int64_t hour = 3'600'000'000'000;

// A timer of the pool that runs a function each time. It owns the handle.
class alarm {
public:
  alarm(executor &on, std::function<void()> does) : body_(std::move(does)) {
    check(timer::make(on.timers(), on, {&alarm::run, this, nullptr}, {}, timer_) == WEFT_OK, "made");
  }
  ~alarm() { timer_->unref_handle(); }
  void arm_in(std::int64_t delay) { check(timer_->arm({now_ns() + delay}) == WEFT_OK, "armed"); }
  void cancel() { timer_->cancel(); }

private:
  static weft_status run(void *ctx, void **, weft_error **) {
    static_cast<alarm *>(ctx)->body_();
    return WEFT_OK;
  }
  std::function<void()> body_;
  timer *timer_ = nullptr;
};

// Afterwards `count` workers exist, and are about to rest.
void start_workers(executor &on, int count) {
  atomic<int> there{0};
  const auto meet = [&] {
    there.fetch_add(1, std::memory_order_acq_rel);
    while (there.load(std::memory_order_acquire) != count) weft::model::yield();
  };
  work all[3];
  task *made[3] = {};
  for (int i = 0; i < count; ++i) {
    all[i].body = meet;
    made[i] = submit(on, all[i]);
  }
  for (int i = 0; i < count; ++i) finish(made[i]);
}

// The worker in the seat runs the first tick, which ends only after the second: another one must have come to the seat.
MODEL("rest: a tick that waits for the next one", 0.2) {
  one_pool pool({2});
  atomic<bool> ticked{false};
  task *const promise = task::create_promise(nullptr);
  alarm second(*pool, [&] {
    ticked.store(true, std::memory_order_release);
    ticked.notify_all();
  });
  alarm first(*pool, [&] {
    ticked.wait(false, std::memory_order_acquire);
    promise->set_result(nullptr);
  });
  start_workers(*pool, 2);
  first.arm_in(1'000);
  second.arm_in(2'000);
  finish(promise);
  pool.finish();
}

// The same when the worker that was told of the empty seat is woken for a task, which does not end before the tick.
MODEL("rest: the seat is empty and a task comes", 0.2) {
  one_pool pool({3});
  atomic<bool> ticked{false};
  const auto await_tick = [&] { ticked.wait(false, std::memory_order_acquire); };
  alarm second(*pool, [&] {
    ticked.store(true, std::memory_order_release);
    ticked.notify_all();
  });
  alarm first(*pool, await_tick);
  work busy(await_tick);
  start_workers(*pool, 3);
  first.arm_in(1'000);
  second.arm_in(2'000);
  finish(submit(*pool, busy));
  pool.finish();
}

// The only worker sits there for a timer that is far away, so each task has to ring.
MODEL("rest: the bell is rung again and again", 0.2) {
  one_pool pool({1});
  alarm far(*pool, [] {});
  far.arm_in(hour);
  const std::int64_t limit = now_ns() + hour / 2;
  for (int i = 0; i < 3; ++i) {
    work one;
    finish(submit(*pool, one));
    check(now_ns() < limit, "it does not wait for the timer");
  }
  far.cancel();
}

// A worker leaves as soon as it has nothing to do, against a task that comes.
MODEL("rest: a late worker against a submit", 0.2) {
  one_pool pool({1, {}, 0, 1});
  for (int i = 0; i < 2; ++i) {
    work one;
    finish(submit(*pool, one));
    check(one.ran == 1, "it has run");
  }
}

MODEL("rest: late workers against the end", 0.2) {
  one_pool pool({2, {}, 0, 1});
  work one, two;
  post(*pool, one);
  post(*pool, two);
  pool.finish();
  check(one.ran == 1 && two.ran == 1, "what was accepted has run");
}

MODEL("rest: the limit is lowered and raised against submits", 0.2) {
  one_pool pool({2});
  actor other([&] {
    check(pool->set_max_workers(1), "lowered");
    check(pool->set_max_workers(2), "raised");
  });
  for (int i = 0; i < 2; ++i) {
    work one;
    finish(submit(*pool, one));
  }
  other.join();
  start_workers(*pool, 2); // two workers are still possible
}

// A thread helps until a promise is done: against that, tasks, and the end.
MODEL("help: until a promise is done", 0.2) {
  one_pool pool({1});
  task *const promise = task::create_promise(nullptr);
  promise->ref();
  actor helper([&] { check(pool->help(*promise, deadline::never()) == WEFT_OK, "it is done"); });
  work one;
  finish(submit(*pool, one));
  promise->set_result(nullptr);
  helper.join();
  promise->unref();
  promise->unref();
  pool.finish();
  check(one.ran == 1, "it has run");
}

// The pool cannot end before the task, which only the helping thread or the worker can run.
MODEL("help: against the end of the pool", 0.2) {
  one_pool pool({1});
  work one;
  task *const made = submit(*pool, one);
  made->ref();
  actor helper([&] { check(pool->help(*made, deadline::never()) == WEFT_OK, "it is done"); });
  pool->close();
  helper.join();
  made->unref();
  finish(made);
  pool.finish();
}

// The counts of the tasks are plain, so an answer that comes too early is a data race.
MODEL("idle: what was accepted has ended", 0.2) {
  one_pool pool({2});
  work first, second, child([] {});
  first.body = [&] { post(*pool, child); };
  post(*pool, first);
  post(*pool, second);
  check(pool->wait_idle(deadline::never()) == WEFT_OK, "it comes to rest");
  check(first.ran == 1 && second.ran == 1 && child.ran == 1, "all have ended");
  check(first.dropped == 1 && second.dropped == 1 && child.dropped == 1, "and are dropped");
}

MODEL("idle: two who wait, by turns", 0.2) {
  one_pool pool({1});
  const auto by_turns = [&] {
    for (int i = 0; i < 2; ++i) {
      work one;
      post(*pool, one);
      check(pool->wait_idle(deadline::never()) == WEFT_OK, "it comes to rest");
      check(one.ran == 1 && one.dropped == 1, "it has ended");
    }
  };
  actor other(by_turns);
  by_turns();
  other.join();
}

} // namespace
