// exec/group: the count with waiters, credit and ties; README.md of lib/sched, "Groups" and "Helping further down".
#include "exec/group.hpp"
#include "protocols/world.hpp"
#include "task/completion_queue.hpp"

using namespace weft::test;

namespace {

weft_status spawn(group &into, work &what) {
  task *const made = what.make_posted();
  const weft_status said = into.spawn(*made);
  if (said != WEFT_OK) task::discard(made);
  return said;
}

void all_ran(std::initializer_list<const work *> all) {
  for (const work *each : all) check(each->ran == 1 && each->dropped == 1, "a task of the group has run");
}

MODEL("group: spawned and waited for from outside", 0.4) {
  one_pool pool({2});
  work first, second;
  const group::handle mine(group::make(&*pool, 0));
  spawn(*mine, first);
  spawn(*mine, second);
  check(mine->wait(deadline::never()) == WEFT_OK, "the wait ends well");
  all_ran({&first, &second});
}

MODEL("group: a fork and its join", 0.4) {
  one_pool pool({2});
  work first, second, third;
  work parent([&] {
    const group::handle mine(group::make(&*pool, WEFT_GROUP_SCOPED));
    spawn(*mine, first);
    spawn(*mine, second);
    spawn(*mine, third);
    check(mine->wait(deadline::never()) == WEFT_OK, "the wait ends well");
    all_ran({&first, &second, &third});
  });
  finish(submit(*pool, parent));
}

// Waiters help with what is spawned further down, and those of both levels are told.
MODEL("group: forks within forks", 0.4) {
  one_pool pool({2});
  work leaves[4];
  const auto fork = [&](work &left, work &right) {
    const group::handle mine(group::make(&*pool, WEFT_GROUP_SCOPED));
    spawn(*mine, left);
    spawn(*mine, right);
    check(mine->wait(deadline::never()) == WEFT_OK, "the wait ends well");
    all_ran({&left, &right});
  };
  work left([&] { fork(leaves[0], leaves[1]); }), right([&] { fork(leaves[2], leaves[3]); });
  work parent([&] { fork(left, right); });
  finish(submit(*pool, parent));
}

// A waiter from outside, while tasks inside spawn more with credit.
MODEL("group: a waiter from outside, and spawns with credit", 0.4) {
  one_pool pool({2});
  work leaves[3];
  const group::handle mine(group::make(&*pool, 0));
  work parent([&] {
    for (work &each : leaves) spawn(*mine, each);
  });
  spawn(*mine, parent);
  check(mine->wait(deadline::never()) == WEFT_OK, "the wait ends well");
  all_ran({&parent, &leaves[0], &leaves[1], &leaves[2]});
}

MODEL("group: two waiters from outside", 0.4) {
  one_pool pool({1});
  work first, second;
  const group::handle mine(group::make(&*pool, 0));
  spawn(*mine, first);
  spawn(*mine, second);
  actor other([&] {
    check(mine->wait(deadline::never()) == WEFT_OK, "the wait ends well");
    all_ran({&first, &second});
  });
  check(mine->wait(deadline::never()) == WEFT_OK, "the wait ends well");
  all_ran({&first, &second});
}

// The thread that leaves last ends the wait. Right after that the group may have been destroyed.
MODEL("group: entered and left, against a wait and the last handle", 0.4) {
  one_pool pool({1});
  int done[2] = {};
  group *const mine = group::make(&*pool, 0);
  for (int i = 0; i < 2; ++i) check(mine->enter() == WEFT_OK, "entered");
  actor first([&] {
    done[0] = 1;
    mine->leave();
  });
  actor second([&] {
    done[1] = 1;
    mine->leave();
  });
  check(mine->wait(deadline::never()) == WEFT_OK, "the wait ends well");
  check(done[0] == 1 && done[1] == 1, "what was before the leaves is seen");
  mine->unref_handle();
}

MODEL("group: a task that waits while another spawns", 0.4) {
  one_pool pool({2});
  work late;
  const group::handle mine(group::make(&*pool, 0));
  mine->enter();
  work waits([&] {
    check(mine->wait(deadline::never()) == WEFT_OK, "the wait ends well");
    all_ran({&late});
  });
  work spawns([&] {
    spawn(*mine, late);
    mine->leave();
  });
  task *const one = submit(*pool, waits);
  task *const other = submit(*pool, spawns);
  finish(one);
  finish(other);
}

MODEL("group: cancelled while its tasks start", 0.4) {
  one_pool pool({2});
  work first, second;
  const group::handle mine(group::make(&*pool, 0));
  spawn(*mine, first);
  actor other([&] { mine->cancel(); });
  spawn(*mine, second);
  const weft_status said = mine->wait(deadline::never());
  other.join();
  check(first.dropped == 1 && second.dropped == 1, "both are dropped");
  check((said == WEFT_OK) == (first.ran + second.ran == 2), "the verdict says whether all ran");
}

// A worker goes on outside weft after its wait, and keeps tasks that have ended as credit. A waiter that sleeps for the
// group does not wait for this worker.
MODEL("group: a busy worker holds credit, a waiter", 0.4) {
  one_pool pool({1});
  work leaf;
  atomic<bool> over{false};
  {
    const group::handle mine(group::make(&*pool, 0));
    work parent([&] {
      spawn(*mine, leaf);
      check(mine->wait(deadline::never()) == WEFT_OK, "the wait ends well");
      while (!over.load(std::memory_order_acquire)) weft::model::yield();
    });
    task *const one = submit(*pool, parent);
    check(mine->wait(deadline::never()) == WEFT_OK, "the wait ends well");
    over.store(true, std::memory_order_release);
    finish(one);
  }
  all_ran({&leaf});
}

MODEL("tie: a busy worker holds credit, an event", 0.4) {
  one_pool pool({1});
  work leaf;
  atomic<bool> over{false};
  completion_queue *const queue = completion_queue::make();
  {
    const group::handle mine(group::make(&*pool, 0));
    work parent([&] {
      spawn(*mine, leaf);
      check(mine->wait(deadline::never()) == WEFT_OK, "the wait ends well");
      while (!over.load(std::memory_order_acquire)) weft::model::yield();
    });
    task *const one = submit(*pool, parent);
    check(mine->notify(*queue, 7) == WEFT_OK, "tied");
    weft_event_t event{};
    std::size_t count = 0;
    check(queue->wait(&event, 1, deadline::never(), count) == WEFT_OK && count == 1, "its event");
    over.store(true, std::memory_order_release);
    finish(one);
  }
  queue->unref_handle();
  all_ran({&leaf});
}

// Both workers are inside tasks: only the one that sleeps for the group can run what the other spawns.
MODEL("group: a sleeper that helps is woken for a spawn", 0.4) {
  one_pool pool({2});
  atomic<bool> has_run{false};
  work leaf([&] { has_run.store(true, std::memory_order_release); });
  const group::handle mine(group::make(&*pool, 0));
  mine->enter();
  work waits([&] { check(mine->wait(deadline::never()) == WEFT_OK, "the wait ends well"); });
  work spawns([&] {
    spawn(*mine, leaf);
    while (!has_run.load(std::memory_order_acquire)) weft::model::yield();
    mine->leave();
  });
  task *const one = submit(*pool, waits);
  task *const other = submit(*pool, spawns);
  finish(one);
  finish(other);
}

// A worker that sleeps gives the tasks on its deque to their groups. Otherwise a waiter for the newer entry could not
// reach it behind the older one.
MODEL("group: what lies behind another group's on the deque of a sleeper", 0.4) {
  one_pool pool({2});
  work of_mine, of_others;
  const group::handle mine(group::make(&*pool, 0)), others(group::make(&*pool, 0));
  task *const promise = task::create_promise(nullptr);
  mine->enter();
  work spawns([&] {
    spawn(*others, of_others);
    spawn(*mine, of_mine);
    mine->leave();
    check(wait_for_task(*promise, deadline::never()) == WEFT_OK, "it is kept");
  });
  work waits([&] {
    check(mine->wait(deadline::never()) == WEFT_OK, "the wait ends well");
    promise->set_result(nullptr);
  });
  task *const one = submit(*pool, waits);
  task *const other = submit(*pool, spawns);
  finish(one);
  finish(other);
  check(others->wait(deadline::never()) == WEFT_OK, "the wait ends well");
  promise->unref();
  all_ran({&of_mine, &of_others});
}

// --- ties ---

MODEL("tie: a stage after the last task", 0.4) {
  one_pool pool({2});
  work first, second, after([&] { all_ran({&first, &second}); });
  {
    const group::handle mine(group::make(&*pool, 0));
    spawn(*mine, first);
    spawn(*mine, second);
    task *const stage = after.make();
    check(mine->then(*pool, *stage) == WEFT_OK, "tied");
    finish(stage);
  }
  all_ran({&after});
}

MODEL("tie: an event after a fork with credit", 0.4) {
  one_pool pool({2});
  work leaves[2];
  completion_queue *const queue = completion_queue::make();
  {
    const group::handle mine(group::make(&*pool, 0));
    work parent([&] {
      for (work &each : leaves) spawn(*mine, each);
    });
    spawn(*mine, parent);
    check(mine->notify(*queue, 7) == WEFT_OK, "tied");
    weft_event_t event{};
    std::size_t count = 0;
    check(queue->wait(&event, 1, deadline::never(), count) == WEFT_OK && count == 1 && event.tag == 7, "its event");
    check(mine->wait(deadline::never()) == WEFT_OK, "nothing is pending any more");
    all_ran({&parent, &leaves[0], &leaves[1]});
  }
  queue->unref_handle();
}

MODEL("tie: undone against told", 0.4) {
  one_pool pool({1});
  completion_queue *const queue = completion_queue::make();
  {
    const group::handle mine(group::make(&*pool, 0));
    mine->enter();
    check(mine->notify(*queue, 7) == WEFT_OK, "tied");
    actor leaver([&] { mine->leave(); });
    const weft_status undone = mine->undo_tie(*queue, 7);
    leaver.join();
    weft_event_t event{};
    std::size_t count = 0;
    queue->pop(&event, 1, count);
    check(count == (undone == WEFT_OK ? 0u : 1u), "undone, or told");
  }
  queue->unref_handle();
}

} // namespace
