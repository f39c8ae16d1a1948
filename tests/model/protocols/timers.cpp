// timer/: armed timers and delayed tasks against the time, a cancellation, an earlier arming, and the end.
#include "protocols/world.hpp"

#include "base/clock.hpp"
#include "exec/strand.hpp"
#include "timer/timer.hpp"

using namespace weft::test;

namespace {

struct ticks {
  int count = 0, dropped = 0;
  std::int64_t not_before = 0;
  atomic<bool> cancelled_for_good{false};
  std::function<void()> body;
  static weft_status run(void *ctx, void **, weft_error **) {
    auto &self = *static_cast<ticks *>(ctx);
    check(now_ns() >= self.not_before, "a timer is never early");
    check(!self.cancelled_for_good.load(std::memory_order_seq_cst), "what is cancelled does not tick");
    ++self.count;
    if (self.body) self.body();
    return WEFT_OK;
  }
  static void drop(void *ctx) { check(++static_cast<ticks *>(ctx)->dropped == 1, "dropped once"); }
};

timer *make_timer(executor &on, ticks &what) {
  timer *made = nullptr;
  check(timer::make(on.timers(), on, {&ticks::run, &what, &ticks::drop}, {}, made) == WEFT_OK, "made");
  return made;
}

MODEL("timer: armed once", 0.4) {
  one_pool pool({1});
  ticks what;
  work told;
  task *const promise = task::create_promise(nullptr);
  what.body = [&] { promise->set_result(nullptr); };
  timer *const clock = make_timer(*pool, what);
  what.not_before = now_ns() + 5'000;
  check(clock->arm({what.not_before}) == WEFT_OK, "armed");
  finish(promise);
  clock->unref_handle();
  pool.finish();
  check(what.count == 1 && what.dropped == 1, "one tick");
}

MODEL("timer: armed against cancelled", 0.4) {
  one_pool pool({1});
  ticks what;
  timer *const clock = make_timer(*pool, what);
  what.not_before = now_ns() + 1'000;
  check(clock->arm({what.not_before}) == WEFT_OK, "armed");
  const weft_status said = clock->cancel();
  if (said == WEFT_OK) what.cancelled_for_good.store(true, std::memory_order_seq_cst);
  clock->unref_handle();
  pool.finish();
  if (said == WEFT_OK) check(what.count == 0, "cancelled in time: it never ticks");
  if (said == WEFT_EDONE) check(what.count == 1, "it was due before");
  check(what.dropped == 1, "dropped once");
}

// The thread that sleeps for the later time learns of the earlier one.
MODEL("timer: a second one for an earlier time", 0.4) {
  one_pool pool({1});
  ticks late, early;
  task *const promise = task::create_promise(nullptr);
  std::int64_t limit = 0;
  early.body = [&] {
    check(now_ns() < limit, "it does not wait for the later one");
    promise->set_result(nullptr);
  };
  timer *const one = make_timer(*pool, late), *const other = make_timer(*pool, early);
  const std::int64_t hour = 3'600'000'000'000;
  late.not_before = now_ns() + hour;
  check(one->arm({late.not_before}) == WEFT_OK, "armed");
  early.not_before = now_ns() + 1'000;
  limit = early.not_before + hour / 2;
  check(other->arm({early.not_before}) == WEFT_OK, "armed");
  finish(promise);
  check(one->cancel() == WEFT_OK, "it is armed still");
  one->unref_handle();
  other->unref_handle();
}

MODEL("timer: two threads arm and cancel", 0.4) {
  one_pool pool({1});
  ticks what;
  timer *const clock = make_timer(*pool, what);
  const std::int64_t begin = now_ns();
  what.not_before = begin + 1'000;
  actor other([&] { clock->arm({begin + 2'000}); });
  clock->arm({begin + 1'000});
  clock->cancel();
  other.join();
  clock->unref_handle();
  pool.finish();
  check(what.count <= 2 && what.dropped == 1, "each arming ticks once at most");
}

MODEL("timer: delayed tasks against a cancellation and the end", 0.4) {
  one_pool pool({1});
  work first, second;
  task *const one = first.make(), *const other = second.make();
  const std::int64_t begin = now_ns();
  first.body = [&] { check(now_ns() >= begin + 1'000, "never early"); };
  second.body = [&] { check(now_ns() >= begin + 2'000, "never early"); };
  check(pool->accept_after(*one, begin + 1'000) == WEFT_OK, "accepted");
  check(pool->accept_after(*other, begin + 2'000) == WEFT_OK, "accepted");
  actor canceller([&] { other->cancel(); });
  finish(one);
  canceller.join();
  pool.finish();
  const task_state end = finish(other);
  check(second.ran == (end == cancelled ? 0 : 1) && second.dropped == 1, "run or cancelled, and dropped");
  check(first.ran == 1, "it has run");
}

MODEL("timer: on a strand, against its close", 0.4) {
  one_pool pool({1});
  strand *const serial = strand::make(*pool);
  ticks what;
  timer *const clock = make_timer(*serial, what);
  what.not_before = now_ns() + 1'000;
  check(clock->arm({what.not_before}) == WEFT_OK, "armed");
  actor closer([&] { serial->close(); });
  closer.join();
  check(serial->join(deadline::never()) == WEFT_OK, "the strand ends");
  what.cancelled_for_good.store(true, std::memory_order_seq_cst);
  clock->unref_handle();
  serial->unref_handle();
}

MODEL("timer: periodic, cancelled from outside", 0.4) {
  one_pool pool({1});
  ticks what;
  task *const promise = task::create_promise(nullptr);
  what.body = [&] {
    if (what.count == 2) promise->set_result(nullptr);
    what.not_before += 1'000;
  };
  timer *const clock = make_timer(*pool, what);
  what.not_before = now_ns() + 1'000;
  check(clock->arm({what.not_before, 1'000}) == WEFT_OK, "armed");
  finish(promise);
  if (clock->cancel() == WEFT_OK) what.cancelled_for_good.store(true, std::memory_order_seq_cst);
  clock->unref_handle();
  pool.finish();
  check(what.dropped == 1, "dropped once");
}

} // namespace
