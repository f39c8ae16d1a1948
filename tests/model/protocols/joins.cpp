// exec/branch and exec/join: a branch runs once or is left out, its caller sees what it did and outlives it, and no
// thread sleeps for ever. README.md of lib/sched, "Joins".
#include "exec/group.hpp"
#include "exec/join.hpp"
#include "protocols/world.hpp"

using namespace weft::test;

namespace {

// One call of a join. The counts are plain. If it runs twice at a time, or the joining thread does not see it, that is
// a data race.
struct part {
  part() = default;
  explicit part(std::function<weft_status()> does) : body(std::move(does)) {}
  static weft_status run(void *ctx, weft_error ** /*failure*/) {
    auto &self = *static_cast<part *>(ctx);
    check(locks_held() == 0, "code of the user runs under no lock");
    check(++self.ran == 1, "a call is made once");
    return self.body ? self.body() : WEFT_OK;
  }
  join_call as_call() noexcept { return {&part::run, this}; }

  std::function<weft_status()> body;
  int ran = 0;
};

weft_status join_parts(pool &on, part &first, part &second) {
  const join_outcome got = join(on, first.as_call(), second.as_call());
  if (got.failure != nullptr) got.failure->unref();
  return got.status;
}

void join_well(pool &on, part &first, part &second) {
  check(join_parts(on, first, second) == WEFT_OK, "the join ends well");
  check(first.ran == 1 && second.ran == 1, "both calls were made");
}

MODEL("join: in a task", 0.4) {
  one_pool pool({2});
  part first, second;
  work parent([&] { join_well(*pool, first, second); });
  finish(submit(*pool, parent));
}

MODEL("join: from outside", 0.4) {
  one_pool pool({2});
  part first, second;
  join_well(*pool, first, second);
}

// A stolen branch joins again. The thread that waits for the branch helps, and is woken for that if it sleeps.
MODEL("join: within a branch", 0.4) {
  one_pool pool({2});
  part leaves[4];
  part left([&] {
    join_well(*pool, leaves[0], leaves[1]);
    return WEFT_OK;
  });
  part right([&] {
    join_well(*pool, leaves[2], leaves[3]);
    return WEFT_OK;
  });
  work parent([&] { join_well(*pool, left, right); });
  finish(submit(*pool, parent));
}

// The thread that runs the branch waits in it until another thread has run what the branch offers. Only the caller of
// the join can do that. So the caller must be woken, or must not go to sleep.
MODEL("join: a sleeper that helps is woken for a branch", 0.4) {
  one_pool pool({2});
  atomic<bool> begun{false}, helped{false};
  part offered([&] {
    helped.store(true, std::memory_order_release);
    return WEFT_OK;
  });
  part waits([&] {
    while (!helped.load(std::memory_order_acquire)) weft::model::yield();
    return WEFT_OK;
  });
  part right([&] {
    begun.store(true, std::memory_order_release);
    join_well(*pool, waits, offered);
    return WEFT_OK;
  });
  part left([&] {
    while (!begun.load(std::memory_order_acquire)) weft::model::yield(); // until the branch was stolen
    return WEFT_OK;
  });
  work parent([&] { join_well(*pool, left, right); });
  finish(submit(*pool, parent));
}

// The first call leaves tasks of a group above the branch.
MODEL("join: below the tasks of a group", 0.4) {
  one_pool pool({2});
  work strays[2];
  const group::handle mine(group::make(&*pool, 0));
  part first([&] {
    for (work &each : strays) check(mine->spawn(*each.make_posted()) == WEFT_OK, "it is spawned");
    return WEFT_OK;
  });
  part second;
  work parent([&] { join_well(*pool, first, second); });
  finish(submit(*pool, parent));
  check(mine->wait(deadline::never()) == WEFT_OK, "the wait ends well");
  for (const work &each : strays) check(each.ran == 1 && each.dropped == 1, "a task of the group has run");
}

// A worker that sleeps in the first call keeps its branch, and gives away the task of a group that lies below it.
MODEL("join: the first call sleeps", 0.4) {
  one_pool pool({2});
  work stray;
  const group::handle mine(group::make(&*pool, 0));
  task *const promise = task::create_promise(nullptr);
  part first([&] {
    check(wait_for_task(*promise, deadline::never()) == WEFT_OK, "it is kept");
    return WEFT_OK;
  });
  part second;
  mine->enter();
  work parent([&] {
    check(mine->spawn(*stray.make_posted()) == WEFT_OK, "it is spawned");
    mine->leave();
    join_well(*pool, first, second);
  });
  task *const one = submit(*pool, parent);
  promise->set_result(nullptr);
  check(mine->wait(deadline::never()) == WEFT_OK, "the wait ends well");
  check(stray.ran == 1 && stray.dropped == 1, "a task of the group has run");
  finish(one);
  promise->unref();
}

MODEL("join: a call fails", 0.4) {
  one_pool pool({2});
  part first([] { return WEFT_EINVAL; }), second;
  work parent([&] {
    check(join_parts(*pool, first, second) == WEFT_EFAILED, "it says so");
    check(first.ran == 1 && second.ran <= 1, "the other one was left out, or has ended");
  });
  finish(submit(*pool, parent));
}

// A branch waits for the task that joins. Its wait is told at once, because the branch is a part of that task.
MODEL("join: a circle", 0.4) {
  one_pool pool({2});
  task *joining = nullptr;
  atomic<bool> known{false};
  part first, second([&] {
    while (!known.load(std::memory_order_acquire)) weft::model::yield();
    check(wait_for_task(*joining, deadline::never()) == WEFT_EDEADLK, "the wait is told");
    return WEFT_OK;
  });
  work parent([&] { join_well(*pool, first, second); });
  joining = submit(*pool, parent);
  known.store(true, std::memory_order_release);
  finish(joining);
}

// The branch waits for a task that waits for the joining task. One of the two waits is told, in whichever order the
// threads go to sleep.
MODEL("join: a circle of three", 0.4) {
  one_pool pool({3});
  task *joining = nullptr, *beside = nullptr;
  atomic<bool> known{false};
  weft_status said[2] = {};
  part first, second([&] {
    while (!known.load(std::memory_order_acquire)) weft::model::yield();
    said[0] = wait_for_task(*beside, deadline::never());
    return WEFT_OK;
  });
  work parent([&] { join_well(*pool, first, second); });
  work other([&] {
    while (!known.load(std::memory_order_acquire)) weft::model::yield();
    said[1] = wait_for_task(*joining, deadline::never());
  });
  joining = submit(*pool, parent);
  beside = submit(*pool, other);
  known.store(true, std::memory_order_release);
  check(wait_for_task(*joining, deadline::never()) == WEFT_OK, "the wait ends, and well");
  finish(beside);
  finish(joining);
  check((said[0] == WEFT_EDEADLK) + (said[1] == WEFT_EDEADLK) == 1, "one of the two is told");
}

// A join from outside while all workers are busy: its branch is withdrawn or run.
MODEL("join: from outside, against a cancellation", 0.4) {
  one_pool pool({1});
  part first, second;
  actor other([&] {
    pool->close();
    pool->cancel_pending();
  });
  const weft_status said = join_parts(*pool, first, second);
  check(said == WEFT_OK || said == WEFT_ESHUTDOWN || said == WEFT_ECANCELED, "it ran, or was refused, or cancelled");
  check((said == WEFT_OK) == (first.ran + second.ran == 2), "it says whether both ran");
  other.join();
}

// The join is made by a thread that runs a task for the pool and is not a worker.
MODEL("join: by a guest", 0.4) {
  one_pool pool({2});
  part first, second;
  check(pool->workers().enter_as_guest(), "it is open");
  {
    record &self = *current_record();
    const frame_scope serving(self, nullptr, &*pool, nullptr);
    join_well(*pool, first, second);
  }
  pool->leave_as_guest();
}

} // namespace
