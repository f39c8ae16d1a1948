// Waits that could never end are refused, and waits that can end are not: the matrix of circles, then random programs
// without one.
//
// A case that fails may hang: the watchdog then ends the program.
#include <doctest/doctest.h>

#include "stress.hpp"

#include <vector>

using namespace stress;

namespace {

// A value that one task passes to another one without weft: the other task polls until it is there.
template <class T> class hand_over {
public:
  void give(T what) { box_.store(what, std::memory_order_release); }
  T take() {
    T got{};
    while ((got = box_.load(std::memory_order_acquire)) == T{}) std::this_thread::yield();
    return got;
  }

private:
  std::atomic<T> box_{T{}};
};
using future_box = hand_over<weft_future_t *>;

weft_status wait_forever(weft_future_t *which) {
  return weft_future_wait(which, WEFT_FOREVER);
}

// One refused wait breaks a circle of two; the other wait then goes on.
void verify_broken(weft_status one, weft_status other) {
  VERIFY((one == WEFT_EDEADLK && other == WEFT_OK) || (one == WEFT_OK && other == WEFT_EDEADLK));
}

} // namespace

TEST_CASE("a task that waits for itself") {
  const watchdog patience("self-wait");
  for (const std::uint32_t workers : {1u, 2u}) {
    executor pool = make_pool(workers), strand = make_strand(pool.get()), loop = make_caller_run();
    for (weft_executor_t *const to : {pool.get(), strand.get(), loop.get()}) {
      future_box own;
      weft_status answer = WEFT_OK, set_answer = WEFT_OK;
      const future made = submit(to, [&] {
        weft_future_t *const self = own.take();
        answer = wait_forever(self);
        set_answer = weft_wait(&self, 1, WEFT_ALL_COMPLETED, WEFT_FOREVER, nullptr, nullptr);
      });
      own.give(made.get());
      if (to == loop.get()) VERIFY_OK(weft_executor_run(to, 0, WEFT_FOREVER, nullptr));
      wait(made);
      VERIFY_STATUS(answer, WEFT_EDEADLK);
      VERIFY_STATUS(set_answer, WEFT_EDEADLK);
    }
    end(strand);
    end(pool);
  }
}

TEST_CASE("a task waits for a pending one of its own pool with one worker") {
  const watchdog patience("wait in a one-worker pool");
  executor pool = make_pool(1);
  weft_status answers[3] = {1, 1, 1};
  const future outer = submit(pool.get(), [&] {
    const future a = submit(pool.get(), [] {}), b = submit(pool.get(), [] {}), c = submit(pool.get(), [] {});
    answers[0] = wait_forever(b.get());
    weft_future_t *both[] = {a.get(), c.get()};
    answers[1] = weft_wait(both, 2, WEFT_ALL_COMPLETED, WEFT_FOREVER, nullptr, nullptr);
    answers[2] = wait_forever(a.get());
  });
  wait(outer);
  for (const weft_status s : answers) VERIFY_OK(s);
  end(pool);
}

TEST_CASE("two one-worker pools whose tasks wait for each other's next") {
  const watchdog patience("two pools in a circle");
  for (std::size_t turn = turns(2'000, 100'000); turn > 0; --turn) {
    executor one = make_pool(1), other = make_pool(1);
    future_box behind_one, behind_other;
    weft_status answers[2] = {1, 1};
    const future a = submit(one.get(), [&] { answers[0] = wait_forever(behind_other.take()); });
    const future b = submit(other.get(), [&] { answers[1] = wait_forever(behind_one.take()); });
    const future c = submit(one.get(), [] {}), d = submit(other.get(), [] {});
    behind_one.give(c.get());
    behind_other.give(d.get());
    wait(a);
    wait(b);
    wait(c);
    wait(d);
    // If the tasks did not run at the same time, there was no circle.
    VERIFY((answers[0] == WEFT_OK && answers[1] == WEFT_OK) ||
           (answers[0] == WEFT_EDEADLK) != (answers[1] == WEFT_EDEADLK));
    end(one);
    end(other);
  }
}

TEST_CASE("a circle of two and of three running tasks") {
  const watchdog patience("circles of running tasks");
  dice random(seed());
  for (std::size_t turn = turns(3'000, 200'000); turn > 0; --turn) {
    const std::size_t length = random.between(2, 3);
    executor pool = make_pool(3);
    std::vector<future_box> boxes(length);
    std::vector<weft_status> answers(length, 1);
    std::vector<future> futures;
    for (std::size_t i = 0; i < length; ++i)
      futures.push_back(submit(pool.get(), [&, i] { answers[i] = wait_forever(boxes[(i + 1) % length].take()); }));
    for (std::size_t i = 0; i < length; ++i) boxes[i].give(futures[i].get());
    for (const future &f : futures) wait(f);
    std::size_t refused = 0;
    for (const weft_status s : answers) {
      VERIFY(s == WEFT_OK || s == WEFT_EDEADLK);
      refused += s == WEFT_EDEADLK ? 1 : 0;
    }
    VERIFY(refused == 1);
    end(pool);
  }
}

TEST_CASE("on a strand: behind oneself, before oneself, strand in strand") {
  const watchdog patience("strands and waits");
  for (const std::uint32_t workers : {1u, 2u}) {
    executor pool = make_pool(workers), strand = make_strand(pool.get()), inner = make_strand(pool.get());
    weft_status behind = 1, nested = 1, through_pool = 1;
    const future task = submit(strand.get(), [&] {
      const future next = submit(strand.get(), [] {});
      behind = wait_forever(next.get());
      const future other = submit(inner.get(), [] {});
      nested = wait_forever(other.get());
      const future plain = submit(pool.get(), [] {});
      through_pool = wait_forever(plain.get());
    });
    wait(task);
    VERIFY_STATUS(behind, WEFT_EDEADLK);
    VERIFY_OK(nested);
    VERIFY_OK(through_pool);
    // Two strands; the task of each waits for a task that is queued behind the other strand's task.
    future_box behind_one, behind_other;
    weft_status answers[2] = {1, 1};
    const future a = submit(strand.get(), [&] { answers[0] = wait_forever(behind_other.take()); });
    const future b = submit(inner.get(), [&] { answers[1] = wait_forever(behind_one.take()); });
    const future c = submit(strand.get(), [] {}), d = submit(inner.get(), [] {});
    behind_one.give(c.get());
    behind_other.give(d.get());
    for (const future *const f : {&a, &b, &c, &d}) wait(*f);
    verify_broken(answers[0], answers[1]);
    end(inner);
    end(strand);
    end(pool);
  }
}

TEST_CASE("callbacks that wait for what stands behind them") {
  const watchdog patience("callbacks that wait");
  executor pool = make_pool(2), strand = make_strand(pool.get()), loop = make_caller_run();
  for (weft_executor_t *const to : {strand.get(), loop.get()}) {
    std::atomic<bool> ready{false};
    weft_status waited = 1, shut = 1;
    const future first = submit(to, [&] {
      while (to != loop.get() && !ready.load()) std::this_thread::yield();
    });
    const future second = submit(to, [] {});
    when_done(first.get(), [&](weft_future_t *) {
      if (to == strand.get()) waited = wait_forever(second.get());
      shut = weft_executor_shutdown(to, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER);
    });
    ready = true;
    if (to == loop.get()) VERIFY_OK(weft_executor_run(to, 0, WEFT_FOREVER, nullptr));
    wait(first);
    wait(second);
    if (to == strand.get()) end(strand); // waits for the end of its callback
    if (to == loop.get()) VERIFY_OK(weft_executor_shutdown(to, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER));
    VERIFY(waited == WEFT_EDEADLK || to != strand.get());
    VERIFY_STATUS(shut, WEFT_EDEADLK);
  }
  end(pool);
}

TEST_CASE("a callback of a task cancelled by shutdown waits for another one") {
  const watchdog patience("callbacks of cancel_pending");
  for (int kind = 0; kind < 3; ++kind) {
    executor pool = make_pool(1), own = kind == 0   ? executor(weft_executor_ref(pool.get()))
                                        : kind == 1 ? make_strand(pool.get())
                                                    : make_caller_run();
    std::atomic<bool> held{false}, go{false};
    const future holder = submit(pool.get(), [&] {
      held = true;
      while (!go) std::this_thread::yield();
    });
    while (!held) std::this_thread::yield();
    const future a = submit(own.get(), [] {}), b = submit(own.get(), [] {});
    weft_status first = 1, second = 1;
    when_done(a.get(), [&](weft_future_t *) { first = wait_forever(b.get()); });
    when_done(b.get(), [&](weft_future_t *) { second = wait_forever(a.get()); });
    VERIFY_OK(weft_executor_shutdown(own.get(), WEFT_SHUTDOWN_CANCEL_PENDING, 0));
    VERIFY(weft_future_cancelled(a.get()) == 1 && weft_future_cancelled(b.get()) == 1);
    VERIFY_OK(first);
    VERIFY_OK(second);
    go = true;
    wait(holder);
    own.reset();
    end(pool);
  }
}

// A waiter may be woken to look again, because its wait may have become hopeless. Until it has looked, a wait for it is
// not hopeless: the task gets WEFT_EDEADLK, and the wait from outside goes on.
TEST_CASE("a task waits for its own group, and another thread for that task") {
  const watchdog patience("a group that waits for itself");
  for (const std::uint32_t workers : {2u, 3u}) {
    executor pool = make_pool(workers);
    for (std::size_t turn = turns(4'000, 200'000); turn > 0; --turn) {
      weft_group_t *group = nullptr;
      VERIFY_OK(weft_group_create(pool.get(), nullptr, &group));
      const auto wait_from_inside = [](void *own, void **, weft_error_t **) -> weft_status {
        const auto nothing = [](void *, void **, weft_error_t **) -> weft_status { return WEFT_OK; };
        for (int i = 0; i < 3; ++i)
          VERIFY_OK(weft_group_spawn(static_cast<weft_group_t *>(own), nullptr, nothing, nullptr, nullptr));
        VERIFY_STATUS(weft_group_wait(static_cast<weft_group_t *>(own), WEFT_FOREVER), WEFT_EDEADLK);
        return WEFT_OK;
      };
      VERIFY_OK(weft_group_spawn(group, nullptr, wait_from_inside, group, nullptr));
      VERIFY_OK(weft_group_wait(group, WEFT_FOREVER));
      weft_group_unref(group);
    }
    end(pool);
  }
}

TEST_CASE("a full queue filled by its only worker") {
  const watchdog patience("full queues");
  executor pool = make_pool(1, 1, WEFT_FULL_WAIT);
  weft_status last = WEFT_OK;
  int accepted = 0;
  const future filler = submit(pool.get(), [&] {
    while (last == WEFT_OK && accepted < 10) {
      last = try_post(pool.get(), [] {});
      accepted += last == WEFT_OK ? 1 : 0;
    }
  });
  wait(filler);
  VERIFY_STATUS(last, WEFT_EDEADLK);
  VERIFY(accepted == 1);
  // Two pools, each of which fills the queue of the other.
  executor other = make_pool(1, 1, WEFT_FULL_WAIT);
  weft_status answers[2] = {WEFT_OK, WEFT_OK};
  std::atomic<int> full{0};
  const auto fill = [&](weft_executor_t *to, weft_status &answer) {
    full.fetch_add(1);
    while (full.load() != 2) std::this_thread::yield(); // both workers are busy, so neither queue is emptied
    for (int i = 0; i < 3 && answer == WEFT_OK; ++i) answer = try_post(to, [] {});
  };
  const future a = submit(pool.get(), [&] { fill(other.get(), answers[0]); });
  const future b = submit(other.get(), [&] { fill(pool.get(), answers[1]); });
  wait(a);
  wait(b);
  VERIFY(answers[0] == WEFT_EDEADLK || answers[1] == WEFT_EDEADLK);
  end(pool);
  end(other);
}

TEST_CASE("threads that join each other, and a task in the circle") {
  const watchdog patience("joins in a circle");
  executor pool = make_pool(1);
  for (std::size_t turn = turns(1'000, 50'000); turn > 0; --turn) {
    hand_over<weft_thread_t *> one, other;
    weft_status answers[2] = {1, 1};
    const thread a = start_thread([&] { answers[0] = weft_thread_join(other.take(), WEFT_FOREVER); });
    const thread b = start_thread([&] { answers[1] = weft_thread_join(one.take(), WEFT_FOREVER); });
    one.give(a.get());
    other.give(b.get());
    VERIFY_OK(weft_thread_join(a.get(), WEFT_FOREVER));
    VERIFY_OK(weft_thread_join(b.get(), WEFT_FOREVER));
    verify_broken(answers[0], answers[1]);

    future_box task;
    hand_over<weft_thread_t *> joined;
    weft_status waited = 1, join = 1;
    const thread c = start_thread([&] { waited = wait_forever(task.take()); });
    const future made = submit(pool.get(), [&] { join = weft_thread_join(joined.take(), WEFT_FOREVER); });
    joined.give(c.get());
    task.give(made.get());
    wait(made);
    VERIFY_OK(weft_thread_join(c.get(), WEFT_FOREVER));
    verify_broken(waited, join);
  }
  weft_thread_t *self = nullptr;
  VERIFY_OK(weft_thread_current(&self));
  VERIFY_STATUS(weft_thread_join(self, WEFT_FOREVER), WEFT_EDEADLK);
  weft_thread_unref(self);
  end(pool);
}
