// sched/scheduler.hpp: from push to the end of the workers, with a made-up owner in place of a pool.
#include <doctest/doctest.h>

#include <memory>
#include <set>
#include <vector>

#include "sched/scheduler.hpp"
#include "support.hpp"
#include "thread/blocking.hpp"
#include "thread/roster_find.hpp"

using namespace weft::test;

namespace {

// An owner that has only a scheduler. The workers hold references to it, so it lives until they have ended.
class bare_pool final : public task_owner {
public:
  explicit bare_pool(scheduler_settings settings)
      : home(adopt(new roster)), all(home, *this, (settings.name_prefix = "unit", std::move(settings))) {}

  lent lend(task &, record &, haste, const helping &) override { return lent::no; }
  bool may_start(const task &, const wait_graph &graph) const noexcept override { return all.could_run(graph); }
  void left_queue() noexcept override {}
  void report(const weft_error *) override {}

  weft_status push(task *one) {
    one->set_owner(this);
    return all.push(&one, 1);
  }
  // Closes, and waits until everything has run and the thread of every worker has ended.
  weft_status finish() {
    all.close();
    const dependency on{nullptr, [](const void *, const wait_graph &) { return true; }};
    const weft_status status = wait_for_completion(*current_record(), all.end(), on, soon());
    return status == WEFT_OK ? all.join_workers(soon()) : status;
  }

  const shared<roster> home;
  scheduler all;
};

shared<bare_pool> pool_of(std::uint32_t workers) {
  scheduler_settings settings;
  settings.max_workers = workers;
  return adopt(new bare_pool(std::move(settings)));
}

} // namespace

TEST_CASE("scheduler: never used, it ends without a thread") {
  const auto pool = pool_of(4);
  CHECK_FALSE(pool->all.end().finished());
  CHECK(pool->finish() == WEFT_OK);
  CHECK(pool->all.figures().started == 0);
  CHECK(pool->all.closed());
  pool->all.close(); // a second close is a no-op
}

TEST_CASE("scheduler: everything runs, also what is pushed just before the end; then nothing is taken") {
  for (const std::uint32_t workers : {1u, 2u, 4u}) {
    const auto pool = pool_of(workers);
    std::vector<work> tasks(500);
    for (work &w : tasks) REQUIRE(pool->push(w.make_posted()) == WEFT_OK);
    REQUIRE(pool->finish() == WEFT_OK);
    int wrong = 0;
    for (work &w : tasks)
      if (w.ran != 1 || w.dropped != 1) ++wrong;
    CHECK(wrong == 0);
    CHECK(pool->all.figures().started <= workers);
    CHECK(pool->all.figures().workers.alive == 0);
    work late;
    task *const refused = late.make_posted();
    CHECK(pool->push(refused) == WEFT_ESHUTDOWN);
    CHECK(pool->all.push_on(&refused, 1) == WEFT_ESHUTDOWN); // no worker is left to run it
    task::discard(refused);
    CHECK(pool->home->enumerate(nullptr, 0) == 0);
  }
}

TEST_CASE("scheduler: with one worker, the order of pushes is the order of starts, over batches and from inside") {
  const auto pool = pool_of(1);
  std::vector<int> order; // only the worker writes
  constexpr int many = 300;
  std::vector<work> tasks(2 * many);
  std::vector<task *> batch;
  for (int i = 0; i < many; ++i) {
    tasks[i].body = [&, i](void **, weft_error **) {
      order.push_back(i);
      task *const next = tasks[many + i].make_posted();
      return pool->push(next);
    };
    tasks[many + i].body = [&, i](void **, weft_error **) {
      order.push_back(many + i);
      return WEFT_OK;
    };
    batch.push_back(tasks[i].make_posted());
    batch.back()->set_owner(pool.get());
  }
  gate begin, inside, done;
  work first([&](void **, weft_error **) {
    inside.open();
    return begin.wait() ? WEFT_OK : WEFT_ETIMEDOUT;
  });
  REQUIRE(pool->push(first.make_posted()) == WEFT_OK);
  REQUIRE(inside.wait());
  REQUIRE(pool->all.push(batch.data(), batch.size()) == WEFT_OK);
  CHECK(pool->all.figures().queued == many);
  begin.open();
  // Everything that the tasks push must be in the queue before the close.
  while (true) {
    if (tasks[2 * many - 1].ran == 1) break;
    std::this_thread::yield();
  }
  REQUIRE(pool->finish() == WEFT_OK);
  REQUIRE(order.size() == 2 * many);
  bool sorted = true;
  for (int i = 0; i < 2 * many; ++i) sorted = sorted && order[static_cast<std::size_t>(i)] == i;
  CHECK(sorted);
}

TEST_CASE("scheduler: as many tasks run at the same time as there may be workers, no more") {
  constexpr std::uint32_t workers = 3;
  const auto pool = pool_of(workers);
  std::atomic<std::uint32_t> inside{0}, most{0};
  gate all_in, go;
  std::atomic<int> late{0};
  std::vector<work> tasks(workers * 2);
  for (work &w : tasks) {
    w.body = [&](void **, weft_error **) {
      const std::uint32_t now = inside.fetch_add(1) + 1;
      for (std::uint32_t seen = most; seen < now && !most.compare_exchange_weak(seen, now);) continue;
      if (now == workers) all_in.open();
      if (!go.wait()) late.fetch_add(1);
      inside.fetch_sub(1);
      return WEFT_OK;
    };
    REQUIRE(pool->push(w.make_posted()) == WEFT_OK);
  }
  CHECK(all_in.wait()); // each push got a worker, though all earlier ones were busy
  CHECK_FALSE(pool->all.has_free_hand());
  CHECK(pool->all.figures().workers.alive == workers);
  go.open();
  REQUIRE(pool->finish() == WEFT_OK);
  CHECK(late == 0);
  CHECK(most == workers);
}

TEST_CASE("scheduler: one who submits and waits by turns needs one worker") {
  const auto pool = pool_of(4);
  for (int i = 0; i < 200; ++i) {
    work content;
    task *const t = content.make();
    REQUIRE(pool->push(t) == WEFT_OK);
    const dependency on{t, &task::may_end};
    REQUIRE(wait_for_completion(*current_record(), *t->end(), on, soon()) == WEFT_OK);
    t->unref();
  }
  CHECK(pool->all.figures().started == 1);
  CHECK(pool->finish() == WEFT_OK);
}

// Idle workers look again by themselves after ten seconds. A test that needs this look has lost a wake-up, so the bound
// is half of that.
TEST_CASE("scheduler: the first push to a fresh scheduler is seen without the re-check") {
  for (int round = 0; round < 1'000; ++round) {
    const auto pool = pool_of(round % 3 + 1);
    work content;
    task *const t = content.make();
    REQUIRE(pool->push(t) == WEFT_OK);
    const dependency on{t, &task::may_end};
    const weft_status answer = wait_for_completion(*current_record(), *t->end(), on, deadline::after(5 * WEFT_SECOND));
    REQUIRE(pool->finish() == WEFT_OK);
    t->unref();
    REQUIRE(answer == WEFT_OK);
  }
}

TEST_CASE("scheduler: pushes into rest and search are seen without the re-check") {
  const auto pool = pool_of(2);
  for (int round = 0; round < 5'000; ++round) {
    work content;
    task *const t = content.make();
    for (int pause = round % 1'500; pause > 0; --pause) relax(); // up to about the time of a worker's search
    REQUIRE(pool->push(t) == WEFT_OK);
    const dependency on{t, &task::may_end};
    const weft_status answer = wait_for_completion(*current_record(), *t->end(), on, deadline::after(5 * WEFT_SECOND));
    t->cancel(); // if it is still queued: the content goes with this round
    while (!t->done()) std::this_thread::yield();
    t->unref();
    REQUIRE(answer == WEFT_OK);
  }
  CHECK(pool->finish() == WEFT_OK);
}

TEST_CASE("scheduler: what is withdrawn does not run, all else does") {
  const auto pool = pool_of(2);
  gate go;
  std::atomic<int> busy{0};
  gate both;
  std::vector<work> blockers(2);
  for (work &w : blockers) {
    w.body = [&](void **, weft_error **) {
      if (busy.fetch_add(1) == 1) both.open();
      return go.wait() ? WEFT_OK : WEFT_ETIMEDOUT;
    };
    REQUIRE(pool->push(w.make_posted()) == WEFT_OK);
  }
  REQUIRE(both.wait());
  std::vector<work> tasks(100);
  for (work &w : tasks) REQUIRE(pool->push(w.make_posted()) == WEFT_OK);
  std::size_t withdrawn = 0;
  task *out[30];
  while (const std::size_t got = pool->all.withdraw(out, 30)) {
    withdrawn += got;
    for (std::size_t i = 0; i < got; ++i) {
      CHECK(out[i]->cancel() == WEFT_OK);
      out[i]->unref();
    }
  }
  CHECK(withdrawn == 100);
  go.open();
  REQUIRE(pool->finish() == WEFT_OK);
  for (work &w : tasks) REQUIRE((w.ran == 0 && w.dropped == 1));
  for (work &w : blockers) CHECK(w.ran == 1);
}

TEST_CASE("scheduler: the preparation runs once on each worker, before its first task") {
  static std::atomic<int> prepared;
  static thread_local bool mine = false;
  prepared = 0;
  scheduler_settings settings;
  settings.max_workers = 3;
  static std::atomic<int> dismissed;
  dismissed = 0;
  settings.prepare = [](task_owner &, weft_worker_t &) {
    prepared.fetch_add(1);
    return mine = true;
  };
  settings.dismiss = [](task_owner &, weft_worker_t &) noexcept { dismissed.fetch_add(mine ? 1 : 100); };
  const auto pool = adopt(new bare_pool(std::move(settings)));
  std::atomic<int> unprepared{0};
  std::vector<work> tasks(200);
  for (work &w : tasks) {
    w.body = [&](void **, weft_error **) {
      if (!mine) unprepared.fetch_add(1);
      return WEFT_OK;
    };
    REQUIRE(pool->push(w.make_posted()) == WEFT_OK);
  }
  REQUIRE(pool->finish() == WEFT_OK);
  CHECK(unprepared == 0);
  CHECK(static_cast<std::uint32_t>(prepared) == pool->all.figures().started);
  CHECK(dismissed == prepared); // each of them, once, before the end
}

TEST_CASE("scheduler: a closed roster refuses the worker, and the task stays the caller's") {
  const auto pool = pool_of(2);
  pool->home->close();
  work content;
  task *const t = content.make_posted();
  CHECK(pool->push(t) == WEFT_ESHUTDOWN);
  CHECK(content.dropped == 0);
  task::discard(t);
  CHECK(pool->all.figures().refused == 1);
  CHECK(pool->all.figures().workers.alive == 0);
  CHECK(pool->finish() == WEFT_OK);
}

// Several threads push, and so do tasks, while workers park and are woken. Each task runs exactly once.
TEST_CASE("scheduler: exactly once, while several push and tasks push further ones") {
  for (const std::uint32_t workers : {2u, 4u})
    for (int round = 0; round < 20; ++round) {
      const auto pool = pool_of(workers);
      constexpr std::size_t pushers = 2, each = 200;
      std::vector<work> tasks(pushers * each * 2);
      std::atomic<int> refused{0}, seeds_ran{0};
      const auto push = [&](std::size_t i) {
        task *const t = tasks[i].make_posted();
        if (pool->push(t) == WEFT_OK) return;
        refused.fetch_add(1);
        task::discard(t);
      };
      crew threads;
      for (std::size_t p = 0; p < pushers; ++p)
        threads.add([&, p] {
          for (std::size_t k = 0; k < each; ++k) {
            const std::size_t i = 2 * (p * each + k);
            tasks[i].body = [&, i](void **, weft_error **) {
              push(i + 1);
              seeds_ran.fetch_add(1);
              return WEFT_OK;
            };
            push(i);
            if (k % 32 == 0) std::this_thread::yield(); // lets workers become idle
          }
        });
      threads.join();
      while (seeds_ran != pushers * each) std::this_thread::yield();
      REQUIRE(pool->finish() == WEFT_OK);
      int wrong = 0;
      for (work &w : tasks)
        if (w.ran != 1 || w.dropped != 1) ++wrong;
      REQUIRE(refused == 0);
      REQUIRE(wrong == 0);
    }
}

TEST_CASE("scheduler: pushes against close are refused or run") {
  for (int round = 0; round < 100; ++round) {
    const auto pool = pool_of(2);
    std::vector<work> tasks(200);
    std::atomic<std::size_t> accepted{0};
    crew threads;
    threads.add([&] {
      for (work &w : tasks) {
        task *const t = w.make_posted();
        if (pool->push(t) != WEFT_OK) return task::discard(t);
        accepted.fetch_add(1);
      }
    });
    if (round % 2 == 0) std::this_thread::yield();
    REQUIRE(pool->finish() == WEFT_OK);
    threads.join();
    std::size_t ran = 0;
    for (work &w : tasks) ran += static_cast<std::size_t>(w.ran.load());
    REQUIRE(ran == accepted);
  }
}
