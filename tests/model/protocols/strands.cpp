// exec/strand: tasks run one at a time and in order, against submits, the close, a cancellation and the end.
#include "exec/strand.hpp"
#include "protocols/world.hpp"

using namespace weft::test;

namespace {

struct on_strand {
  explicit on_strand(pool &on) : of(strand::make(on)) {}
  ~on_strand() { of->unref_handle(); }
  strand *of;
};

// What a task notes is plain, so an overlap is a data race. `order` has the numbers in the order in which they ran.
struct notes {
  int order[8] = {};
  int count = 0;
  std::function<void()> of(int number) {
    return [this, number] { order[count++] = number; };
  }
  int place_of(int number) const {
    for (int i = 0; i < count; ++i)
      if (order[i] == number) return i;
    return -1;
  }
  void in_order(int first, int second) const {
    if (place_of(first) >= 0 && place_of(second) >= 0)
      check(place_of(first) < place_of(second), "in the order of submission");
  }
};

MODEL("strand: two submitters, in order, without overlap", 0.4) {
  one_pool pool({2});
  notes all;
  work mine[2] = {work(all.of(1)), work(all.of(2))}, others[2] = {work(all.of(11)), work(all.of(12))};
  {
    const on_strand serial(*pool);
    actor other([&] {
      for (work &each : others) post(*serial.of, each);
    });
    for (work &each : mine) post(*serial.of, each);
    other.join();
    serial.of->close();
    check(serial.of->join(deadline::never()) == WEFT_OK, "the strand ends");
    check(all.count == 4, "all have run");
  }
  all.in_order(1, 2);
  all.in_order(11, 12);
}

MODEL("strand: a waiter for each task", 0.4) {
  one_pool pool({1});
  const on_strand serial(*pool);
  notes all;
  work first(all.of(1)), second(all.of(2));
  actor other([&] { finish(submit(*serial.of, first)); });
  finish(submit(*serial.of, second));
  other.join();
  check(all.count == 2, "both have run");
}

MODEL("strand: a submit against the close and the end", 0.4) {
  one_pool pool({2});
  const on_strand serial(*pool);
  notes all;
  work first(all.of(1)), late[2] = {work(all.of(2)), work(all.of(3))};
  weft_status answers[2] = {};
  actor other([&] {
    for (int i = 0; i < 2; ++i) answers[i] = post(*serial.of, late[i]);
  });
  check(post(*serial.of, first) == WEFT_OK, "accepted");
  serial.of->close();
  check(serial.of->join(deadline::never()) == WEFT_OK, "the strand ends");
  const int before = all.count;
  other.join();
  check(all.count == before, "nothing runs after the end");
  check(first.ran == 1, "what was accepted has run");
  for (int i = 0; i < 2; ++i) check(late[i].ran == (answers[i] == WEFT_OK ? 1 : 0), "accepted and run, or refused");
  all.in_order(2, 3);
}

MODEL("strand: cancelled while its turn runs", 0.4) {
  one_pool pool({2});
  const on_strand serial(*pool);
  work tasks[3];
  task *made[3];
  for (int i = 0; i < 3; ++i) made[i] = submit(*serial.of, tasks[i]);
  serial.of->close();
  serial.of->cancel_pending();
  all_decided(made, tasks, pool);
  for (int i = 1; i < 3; ++i)
    check(tasks[i].ran <= tasks[i - 1].ran, "what comes later is cancelled with what is first");
  check(serial.of->ended(), "the strand ends");
}

MODEL("strand: the pool cancels what is pending", 0.4) {
  one_pool pool({1});
  const on_strand serial(*pool);
  work tasks[2];
  task *made[2];
  for (int i = 0; i < 2; ++i) made[i] = submit(*serial.of, tasks[i]);
  pool->close();
  pool->cancel_pending();
  all_decided(made, tasks, pool);
}

// A worker that waits takes the strand's turn itself, up to the task that it waits for.
MODEL("strand: a waiter inside takes the turn", 0.4) {
  one_pool pool({1});
  const on_strand serial(*pool);
  notes all;
  work first(all.of(1)), second(all.of(2)), third(all.of(3));
  work parent([&] {
    post(*serial.of, first);
    task *const wanted = submit(*serial.of, second);
    post(*serial.of, third);
    finish(wanted);
  });
  actor other([&] { finish(submit(*pool, parent)); });
  other.join();
  serial.of->close();
  check(serial.of->join(deadline::never()) == WEFT_OK, "the strand ends");
  check(all.count == 3, "all have run");
  all.in_order(1, 2);
  all.in_order(2, 3);
}

} // namespace
