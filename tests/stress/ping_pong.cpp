// Round trips through sleep: waiters and workers fall asleep and are woken at random moments. A lost wake-up leaves
// both asleep, which the watchdog reports.
#include <doctest/doctest.h>

#include "stress.hpp"

#include <vector>

using namespace stress;

namespace {

// Pauses for about the time that spinning waiters and searching workers take before they sleep. So sleeping and waking
// meet at each of their steps.
void pause(dice &random) {
  switch (random.below(8)) {
  case 0:
  case 1:
  case 2:
    return;
  case 3:
  case 4:
    return spin(random.below(2'000));
  case 5:
    return spin(random.below(30'000));
  case 6:
    return std::this_thread::yield();
  default:
    if (random.percent(5)) spin(random.below(300'000));
  }
}

// One thread that submits and waits by turns, on a random pool. The result is plain memory.
void round_trips(const std::vector<executor> &pools, std::size_t count, dice random) {
  std::uint64_t box = 0; // plain: written by the task, read after the wait
  for (std::uint64_t i = 1; i <= count; ++i) {
    const std::uint64_t task_random = random.roll();
    weft_executor_t *const pool = pools[random.below(static_cast<std::uint32_t>(pools.size()))].get();
    const future done = submit(pool, [&box, i, task_random] {
      dice mine(task_random);
      pause(mine);
      box = i;
    });
    pause(random);
    if (random.percent(20)) { // a wait that may end at the same moment as the task
      const weft_status status = weft_future_wait(done.get(), random.below(50) * WEFT_MICROSECOND);
      VERIFY(status == WEFT_OK || status == WEFT_ETIMEDOUT);
    }
    wait(done);
    VERIFY(box == i);
  }
}

} // namespace

TEST_CASE("submit and wait by turns") {
  const watchdog patience("ping-pong on one pool", std::chrono::seconds(is_long() ? 36'000 : 200));
  for (const std::uint32_t workers : {1u, 3u}) {
    std::vector<executor> pools;
    pools.push_back(make_pool(workers));
    round_trips(pools, turns(50'000, 20'000'000), dice(seed() + workers));
    // The waiter may submit the next task while the worker still publishes the last one. That may start more workers.
    VERIFY(workers_started(pools[0].get()) <= workers);
    end(pools[0]);
  }
}

TEST_CASE("several waiters on several pools") {
  const watchdog patience("ping-pong on several pools", std::chrono::seconds(is_long() ? 36'000 : 200));
  std::vector<executor> pools;
  for (const std::uint32_t workers : {1u, 2u, 3u}) pools.push_back(make_pool(workers));
  pools.push_back(make_strand(pools[1].get()));
  std::vector<std::thread> waiters;
  for (std::uint64_t w = 0; w < 4; ++w)
    waiters.emplace_back([&, w] { round_trips(pools, turns(12'500, 5'000'000), dice(seed() + 10 + w)); });
  for (std::thread &t : waiters) t.join();
  while (!pools.empty()) {
    end(pools.back());
    pools.pop_back();
  }
}

TEST_CASE("a caller-run executor and the thread that waits for its tasks") {
  const watchdog patience("ping-pong on a caller-run executor");
  executor loop = make_caller_run();
  std::thread runner([&] {
    dice random(seed() + 20);
    for (;;) {
      std::uint64_t ran = 0;
      const std::int64_t timeout = random.percent(30) ? random.below(40) * WEFT_MICROSECOND : WEFT_FOREVER;
      const weft_status status = weft_executor_run_wait(loop.get(), random.below(3), timeout, &ran);
      if (status == WEFT_ESHUTDOWN) return;
      VERIFY(status == WEFT_OK || status == WEFT_ETIMEDOUT);
      VERIFY((status == WEFT_OK) == (ran != 0));
      pause(random);
    }
  });
  std::vector<executor> loops;
  loops.emplace_back(weft_executor_ref(loop.get()));
  round_trips(loops, turns(25'000, 5'000'000), dice(seed() + 21));
  VERIFY_OK(weft_executor_shutdown(loop.get(), 0, 0));
  runner.join();
}

TEST_CASE("two threads that hand promises to and fro") {
  const watchdog patience("ping-pong of promises");
  const std::size_t count = turns(25'000, 5'000'000);
  std::vector<future> ping(count), pong(count);
  for (future &f : ping) f = make_promise();
  for (future &f : pong) f = make_promise();
  std::uint64_t box = 0; // plain: the thread whose turn it is owns it
  const auto play = [&](std::vector<future> &mine, std::vector<future> &theirs, bool begins, dice random) {
    for (std::size_t i = 0; i < count; ++i) {
      if (!begins || i != 0) wait(theirs[begins ? i - 1 : i]);
      VERIFY(box == 2 * i + (begins ? 0 : 1));
      ++box;
      pause(random);
      VERIFY_OK(weft_future_set_result(mine[i].get(), nullptr));
      pause(random);
    }
  };
  std::thread other([&] { play(pong, ping, false, dice(seed() + 30)); });
  play(ping, pong, true, dice(seed() + 31));
  other.join();
  VERIFY(box == 2 * count);
}

TEST_CASE("wait for several and as_completed, each awaken in time") {
  const watchdog patience("ping-pong of sets");
  executor pool = make_pool(3);
  dice random(seed() + 40);
  for (std::size_t turn = turns(15'000, 2'000'000); turn > 0; --turn) {
    std::vector<future> futures;
    std::vector<weft_future_t *> all;
    for (std::uint32_t n = random.between(1, 5); n > 0; --n) {
      const std::uint64_t task_random = random.roll();
      futures.push_back(submit(pool.get(), [task_random] {
        dice mine(task_random);
        pause(mine);
      }));
      all.push_back(futures.back().get());
    }
    pause(random);
    if (random.percent(50)) {
      std::size_t done = 0;
      const std::uint32_t mode = random.below(3);
      VERIFY_OK(weft_wait(all.data(), all.size(), mode, WEFT_FOREVER, nullptr, &done));
      VERIFY(mode == WEFT_FIRST_COMPLETED ? done >= 1 : done == all.size());
    } else {
      weft_as_completed_t *iterator = nullptr;
      VERIFY_OK(weft_as_completed(all.data(), all.size(), WEFT_FOREVER, &iterator));
      for (std::size_t i = random.below(static_cast<std::uint32_t>(all.size()) + 1); i > 0; --i) {
        weft_future_t *next = nullptr;
        VERIFY_OK(weft_as_completed_next(iterator, &next));
        VERIFY(weft_future_done(next) == 1);
        weft_future_unref(next);
      }
      weft_as_completed_destroy(&iterator);
    }
  }
  end(pool);
}
