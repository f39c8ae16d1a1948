// task/: claims against cancellations, and which waiters are told; rolls against claims; the graph of waits.
#include "protocols/world.hpp"
#include "task/attachment.hpp"
#include "task/callback.hpp"
#include "task/cancel_callback.hpp"
#include "task/cancel_token.hpp"
#include "task/continuation.hpp"

using namespace weft::test;

namespace {

// An executor that does nothing.
struct nobody final : task_owner {
  lent lend(task &, record &, haste, const helping &) override { return lent::no; }
  bool may_start(const task &, const wait_graph &) const noexcept override { return true; }
  void left_queue() noexcept override { ++left; }
  void report(const weft_error *) override {}
  int left = 0;
};
using owner = shared<nobody>;
owner make_owner() {
  return adopt(new nobody);
}

// Does what a worker does with a task from a queue.
void run_as_worker(task &ready, nobody &by) {
  record &self = *current_record();
  const frame_scope serving(self, nullptr, &by, nullptr);
  if (ready.try_claim()) ready.run_claimed(self, &by);
  ready.unref();
}

MODEL("task: a claim against a cancellation, and a waiter") {
  const owner by = make_owner();
  work what;
  task *const made = what.make();
  made->set_owner(by.get());
  made->ref();
  weft_status said = WEFT_OK;
  actor worker([&] { run_as_worker(*made, *by); });
  actor canceller([&] {
    said = made->cancel();
    made->unref();
  });
  const task_state end = finish(made);
  worker.join();
  canceller.join();
  check(end == (what.ran == 1 ? with_result : cancelled), "it ran, or was cancelled");
  check((said == WEFT_OK) == (end == cancelled), "the canceller knows which");
  check(what.dropped == 1, "dropped once");
}

MODEL("task: two who claim") {
  const owner by = make_owner();
  work what;
  task *const made = what.make();
  made->set_owner(by.get());
  made->ref();
  actor first([&] { run_as_worker(*made, *by); }), second([&] { run_as_worker(*made, *by); });
  check(finish(made) == with_result && what.ran == 1, "one of them has run it");
}

MODEL("task: counted, run, cancelled and taken back") {
  const owner by = make_owner();
  work what;
  task *const made = what.make();
  made->set_owner(by.get());
  check(made->set_counted(), "pending");
  made->ref();
  made->ref();
  atomic<int> took_back{0};
  actor worker([&] { run_as_worker(*made, *by); });
  actor canceller([&] {
    made->cancel();
    made->unref();
  });
  actor timer([&] {
    if (made->clear_counted()) took_back.fetch_add(1);
    made->unref();
  });
  finish(made);
  worker.join();
  canceller.join();
  timer.join();
  check(by->left + took_back.load() == 1, "it has left the queue once");
}

// The outcome happens before each waiter and callback goes on. Each callback runs once, and its context is dropped
// once.
struct told {
  explicit told(const work &source) : of(source), entry(callback::storage::lent, &called, this, &dropped) {}
  static void called(void *ctx, weft_future_t *which) {
    auto &self = *static_cast<told *>(ctx);
    check(locks_held() == 0, "callbacks run under no lock");
    check(++self.times == 1, "a callback runs once");
    const task &done = *reinterpret_cast<const task *>(which);
    check(done.done(), "it runs when the task is done");
    check(self.of.ran == (done.state() == with_result ? 1 : 0), "it sees what the task did");
  }
  static void dropped(void *) { fail("the future is done"); }
  const work &of;
  callback entry;
  int times = 0;
};

MODEL("task: published against callbacks and a waiter") {
  const owner by = make_owner();
  work what;
  task *const made = what.make();
  made->set_owner(by.get());
  made->ref();
  told early(what), late(what);
  {
    actor worker([&] { run_as_worker(*made, *by); });
    actor adder([&] {
      add_callback(*made, late.entry);
      made->unref();
    });
    add_callback(*made, early.entry);
    finish(made);
  }
  check(early.times == 1 && late.times == 1, "both are called");
}

MODEL("task: cancelled against callbacks") {
  const owner by = make_owner();
  work what;
  task *const made = what.make();
  made->set_owner(by.get());
  made->ref();
  told entry(what);
  {
    actor worker([&] { run_as_worker(*made, *by); });
    actor canceller([&] {
      made->cancel();
      made->unref();
    });
    add_callback(*made, entry.entry);
    made->unref();
  }
  check(entry.times == 1, "it is called");
}

MODEL("promise: two who keep it, one who waits with a limit") {
  task *const made = task::create_promise(nullptr);
  made->ref();
  made->ref();
  int kept = 0;
  int news = 0;
  atomic<int> successes{0};
  const auto keep = [&] {
    const weft_status said = made->set_result(&kept);
    if (said == WEFT_OK) successes.fetch_add(1);
    made->unref();
  };
  actor first([&] {
    news = 1;
    keep();
  });
  actor second(keep);
  const weft_status waited = wait_for_task(*made, deadline::after(1'000));
  check(waited == WEFT_OK || waited == WEFT_ETIMEDOUT, "done, or not yet");
  if (waited == WEFT_OK) check(made->state() == with_result, "done");
  first.join();
  second.join();
  check(successes.load() == 1 && news == 1, "one has kept it");
  made->unref();
}

// --- a future of a future ---

struct nested {
  // Stands behind the flattening in the list of the outer future.
  struct last : callback {
    last()
        : callback(
              storage::lent, [](void *ctx, weft_future_t *) { ++*static_cast<int *>(ctx); }, &calls, nullptr) {}
    int calls = 0;
  } behind;
  task *const outer = task::create_promise([](void *result) { static_cast<task *>(result)->unref(); });
  task *const inner = task::create_promise(nullptr);
  task *const flat = create_flattening();
  nested() {
    continuation::start_flattening(*flat, *outer);
    add_callback(*outer, behind);
    outer->ref();
    inner->ref();
    flat->ref();
  }
  // Each gives back one reference.
  void complete_outer() {
    inner->ref();
    check(outer->set_result(inner) == WEFT_OK, "nobody else does");
    outer->unref();
  }
  void complete_inner() {
    check(inner->set_result(nullptr) == WEFT_OK, "nobody else does");
    inner->unref();
  }
};

MODEL("flattening: both futures become done") {
  nested of;
  actor first([&] { of.complete_outer(); }), second([&] { of.complete_inner(); });
  check(wait_for_task(*of.flat, deadline::never()) == WEFT_OK && of.flat->state() == with_result, "handed on");
  first.join();
  second.join();
  of.flat->unref();
  check(of.flat->is_last_reference(), "nothing else refers to it");
  of.flat->unref();
  of.inner->unref();
  of.outer->unref();
}

// The inner future is not done yet, so it must not be what keeps a cancelled flattening.
MODEL("flattening: cancelled while the outer future becomes done") {
  nested of;
  {
    actor completer([&] { of.complete_outer(); }), canceller([&] { check(of.flat->cancel() == WEFT_OK, "pending"); });
  }
  of.outer->unref();
  of.flat->unref();
  check(of.flat->state() == cancelled && of.flat->is_last_reference(), "nothing else refers to it");
  of.flat->unref();
  of.complete_inner();
  of.inner->unref();
}

// --- rolls ---

MODEL("roll: a token is cancelled while its task is submitted and run") {
  const owner by = make_owner();
  cancel_token *const token = cancel_token::make(nullptr, cancel_token::never);
  work what;
  task *made = what.make({token, nullptr});
  made->set_owner(by.get());
  atomic<int> accepted{0};
  actor canceller([&] { token->cancel(); });
  const weft_status said = submit_attached(&made, 1, [&](task *const *, std::size_t) { return WEFT_OK; });
  if (said == WEFT_OK) {
    actor worker([&] { run_as_worker(*made, *by); });
    const task_state end = finish(made);
    check(end == (what.ran == 1 ? with_result : cancelled), "it ran, or was cancelled");
  } else {
    check(said == WEFT_ECANCELED && what.ran == 0 && what.dropped == 0, "refused: still the caller's");
    task::discard(made);
  }
  canceller.join();
  check(what.dropped == (said == WEFT_OK ? 1 : 0), "dropped if it was accepted");
  token->unref();
}

MODEL("roll: a tree of tokens") {
  cancel_token *const top = cancel_token::make(nullptr, cancel_token::never);
  cancel_token *const below = cancel_token::make(top, cancel_token::never);
  const owner by = make_owner();
  work what;
  task *made = what.make({below, nullptr});
  made->set_owner(by.get());
  check(submit_attached(&made, 1, [&](task *const *, std::size_t) { return WEFT_OK; }) == WEFT_OK, "accepted");
  actor canceller([&] {
    top->cancel();
    check(made->state() != pending, "what hangs on it is over, or runs");
    top->unref();
  });
  actor worker([&] { run_as_worker(*made, *by); });
  below->unref();
  canceller.join();
  finish(made);
  check(what.dropped == 1, "dropped once");
}

struct call_count {
  int called = 0, dropped = 0;
  static void run(void *ctx) {
    check(locks_held() == 0, "callbacks run under no lock");
    ++static_cast<call_count *>(ctx)->called;
  }
  static void drop(void *ctx) { ++static_cast<call_count *>(ctx)->dropped; }
};

MODEL("roll: a callback is removed while the token is cancelled") {
  cancel_token *const token = cancel_token::make(nullptr, cancel_token::never);
  call_count counts;
  weft_cancel_registration *registration = nullptr;
  check(cancel_callback::add(*token, {&call_count::run, &counts, &call_count::drop}, &registration) == WEFT_OK,
        "added");
  actor canceller([&] { token->cancel(); });
  const weft_status said = static_cast<cancel_callback *>(registration)->remove();
  if (said == WEFT_OK) check(counts.called == 0 && counts.dropped == 1, "removed: never called, and dropped");
  if (said == WEFT_EDONE) check(counts.called == 1 && counts.dropped == 1, "called before, and dropped");
  canceller.join();
  token->unref();
  check(counts.dropped == 1 && counts.called <= 1, "dropped once");
}

// --- waits that could never end ---

// Two tasks wait for one another, on two workers: exactly one is told, and the other goes on.
MODEL("waits: a circle of two tasks", 0.4) {
  one_pool pool({2});
  task *made[2] = {};
  weft_status said[2] = {};
  atomic<int> there{0};
  const auto wait_for = [&](int me, int other) {
    there.fetch_add(1, std::memory_order_acq_rel);
    while (there.load(std::memory_order_acquire) != 2) weft::model::yield();
    said[me] = wait_for_task(*made[other], deadline::never());
  };
  work first([&] { wait_for(0, 1); }), second([&] { wait_for(1, 0); });
  made[0] = first.make();
  made[1] = second.make();
  check(pool->submit(made, 2) == WEFT_OK, "accepted");
  for (task *each : made) check(wait_for_task(*each, deadline::never()) == WEFT_OK, "both end");
  check((said[0] == WEFT_EDEADLK) != (said[1] == WEFT_EDEADLK), "one of the two is told");
  for (task *each : made) each->unref();
}

// There is no circle: the wait of the second worker depends on the first worker, which is about to go on.
MODEL("waits: no circle is invented", 0.4) {
  one_pool pool({2});
  task *const promise = task::create_promise(nullptr);
  work first([&] { check(wait_for_task(*promise, deadline::never()) == WEFT_OK, "it is kept"); });
  task *const one = submit(*pool, first);
  work second([&] { check(wait_for_task(*one, deadline::never()) == WEFT_OK, "it ends"); });
  task *const other = submit(*pool, second);
  promise->set_result(nullptr);
  finish(other);
  finish(one);
  promise->unref();
}

// A stop request wakes a sleeper, or the thread finds it before it sleeps.
MODEL("waits: a stop request against a sleep", 0.4) {
  one_pool pool({1});
  task *const promise = task::create_promise(nullptr);
  weft_status said = WEFT_OK;
  work sleeps([&] { said = wait_for_task(*promise, deadline::never()); });
  task *const one = submit(*pool, sleeps);
  one->request_stop();
  const task_state end = finish(one);
  check(end == with_result && said == WEFT_EINTERRUPTED, "it is woken");
  promise->set_result(nullptr);
  promise->unref();
}

} // namespace
