// Timers and delayed tasks from several threads at once: armed, cancelled, armed anew, fired and released, while their
// executor ends. Each delayed task has exactly one fate, and each context is dropped exactly once. The ticks of a timer
// do not overlap, no tick comes early, and none comes after a successful cancel.
#include <doctest/doctest.h>

#include "stress.hpp"

#include <algorithm>
#include <vector>

using namespace stress;

namespace {

// The context of a timer. It must be dropped exactly once, and its ticks must never overlap.
struct ticker {
  std::atomic<int> inside{0}, ticks{0}, drops{0};
  std::atomic<std::int64_t> not_before{0}; // the next tick, as far as the arming thread knows
  int plain = 0;                           // each tick sees what the one before wrote

  static weft_status run(void *ctx, void ** /*result*/, weft_error_t ** /*error*/) {
    auto *self = static_cast<ticker *>(ctx);
    VERIFY(self->inside.fetch_add(1, std::memory_order_relaxed) == 0);
    VERIFY(self->drops.load(std::memory_order_relaxed) == 0);
    VERIFY(weft_now() >= self->not_before.load(std::memory_order_relaxed));
    ++self->plain;
    self->ticks.fetch_add(1, std::memory_order_relaxed);
    self->inside.fetch_sub(1, std::memory_order_relaxed);
    return WEFT_OK;
  }
  static void drop(void *ctx) { VERIFY(static_cast<ticker *>(ctx)->drops.fetch_add(1) == 0); }
};

weft_timer_t *make_timer(weft_executor_t *on, ticker &what) {
  weft_timer_t *made = nullptr;
  VERIFY_OK(weft_timer_create(on, nullptr, ticker::run, &what, ticker::drop, &made));
  return made;
}

// A thread that serves a caller-run executor until that is shut down.
struct loop {
  explicit loop(weft_executor_t *which)
      : runner([which] {
          for (;;) {
            const weft_status status = weft_executor_run_wait(which, 0, WEFT_FOREVER, nullptr);
            if (status == WEFT_ESHUTDOWN) return;
            VERIFY_OK(status);
          }
        }) {}
  ~loop() { runner.join(); }
  std::thread runner;
};

enum class kind { pool, strand, caller_run };
constexpr kind kinds[] = {kind::pool, kind::strand, kind::caller_run};

struct target {
  explicit target(kind which, std::uint32_t workers) {
    if (which == kind::caller_run) {
      on = make_caller_run();
      served = std::make_unique<loop>(on.get());
      return;
    }
    pool = make_pool(workers);
    if (which == kind::strand) on = make_strand(pool.get());
  }
  weft_executor_t *get() const { return on ? on.get() : pool.get(); }
  // Shuts everything down and waits. The handles stay, because other threads may still call.
  void finish() {
    if (!served) VERIFY_OK(weft_executor_shutdown(get(), WEFT_SHUTDOWN_WAIT, WEFT_FOREVER));
    if (pool) VERIFY_OK(weft_executor_shutdown(pool.get(), WEFT_SHUTDOWN_WAIT, WEFT_FOREVER));
    if (!served) return;
    VERIFY_OK(weft_executor_shutdown(on.get(), 0, 0));
    served.reset();
  }
  executor pool, on;
  std::unique_ptr<loop> served;
};

// One round: some timers, and some threads that do everything with them at once.
void everything_at_once(kind which, dice &random) {
  constexpr std::size_t timers = 6;
  const std::uint32_t threads = random.between(2, 4);
  target to(which, random.between(1, 3));
  std::vector<ticker> contexts(timers);
  std::vector<weft_timer_t *> all;
  for (ticker &each : contexts) all.push_back(make_timer(to.get(), each));
  starting_line line(threads);
  std::vector<std::thread> crew;
  for (std::uint32_t i = 0; i < threads; ++i) {
    for (weft_timer_t *each : all) weft_timer_ref(each);
    crew.emplace_back([&, seed = random.roll()] {
      dice mine(seed);
      line.cross();
      for (int step = 0; step < 60; ++step) {
        weft_timer_t *const t = all[mine.below(timers)];
        weft_status status = WEFT_OK;
        switch (mine.below(6)) {
        case 0:
        case 1:
          VERIFY_OK(weft_timer_arm(t, mine.below(20'000)));
          break;
        case 2:
          VERIFY_OK(weft_timer_arm_every(t, mine.below(20'000), mine.between(1, 30'000), mine.below(3)));
          break;
        case 3:
          VERIFY_OK(weft_timer_arm_at(t, weft_now() - mine.below(1000)));
          break;
        case 4:
          status = weft_timer_cancel(t);
          VERIFY_OF(status, status == WEFT_OK || status == WEFT_EDONE || status == WEFT_ERUNNING);
          break;
        default:
          spin(mine.below(3000));
          break;
        }
      }
      for (weft_timer_t *each : all) weft_timer_unref(each);
    });
  }
  const bool release_first = random.percent(50);
  if (release_first)
    for (weft_timer_t *each : all) weft_timer_unref(each);
  for (std::thread &each : crew) each.join();
  to.finish();
  if (!release_first)
    for (weft_timer_t *each : all) weft_timer_unref(each);
  for (const ticker &each : contexts) {
    VERIFY(each.drops.load() == 1);
    VERIFY(each.plain == each.ticks.load());
  }
}

// What became of a delayed task.
struct fate {
  std::atomic<int> runs{0}, drops{0};
  std::int64_t due = 0;

  static weft_status run(void *ctx, void ** /*result*/, weft_error_t ** /*error*/) {
    auto *self = static_cast<fate *>(ctx);
    VERIFY(self->runs.fetch_add(1, std::memory_order_relaxed) == 0);
    VERIFY(self->drops.load(std::memory_order_relaxed) == 0);
    VERIFY(weft_now() >= self->due);
    return WEFT_OK;
  }
  static void drop(void *ctx) { VERIFY(static_cast<fate *>(ctx)->drops.fetch_add(1, std::memory_order_relaxed) == 0); }
};

void delayed_against_cancel_and_shutdown(kind which, dice &random) {
  constexpr std::size_t count = 200;
  target to(which, random.between(1, 3));
  std::vector<fate> fates(count);
  std::vector<future> futures(count);
  std::vector<weft_status> cancelled(count, WEFT_EINVALIDSTATE);
  std::atomic<std::size_t> accepted{0};
  std::atomic<bool> over{false};
  starting_line line(3);
  std::thread submitter([&, seed = random.roll()] {
    dice mine(seed);
    line.cross();
    for (std::size_t i = 0; i < count; ++i) {
      weft_future_t *made = nullptr;
      fates[i].due = weft_now() + mine.below(30'000);
      const weft_status status =
          weft_executor_submit_at(to.get(), fates[i].due, nullptr, fate::run, &fates[i], fate::drop, &made);
      if (status != WEFT_OK) {
        VERIFY_STATUS(status, WEFT_ESHUTDOWN);
        break;
      }
      futures[i].reset(made);
      accepted.store(i + 1, std::memory_order_release);
    }
    over.store(true, std::memory_order_release);
  });
  std::thread canceller([&, seed = random.roll()] {
    dice mine(seed);
    line.cross();
    for (std::size_t i = 0;; ++i) {
      while (i >= accepted.load(std::memory_order_acquire))
        if (over.load(std::memory_order_acquire) && i >= accepted.load(std::memory_order_acquire)) return;
      if (mine.percent(50)) cancelled[i] = weft_future_cancel(futures[i].get());
    }
  });
  line.cross();
  spin(random.below(400'000));
  to.finish();
  submitter.join();
  canceller.join();
  for (std::size_t i = 0; i < count; ++i) {
    const fate &each = fates[i];
    if (i >= accepted.load()) {
      VERIFY(each.runs.load() == 0 && each.drops.load() == 0);
      continue;
    }
    VERIFY(weft_future_done(futures[i].get()) == 1);
    VERIFY(each.drops.load() == 1);
    VERIFY(each.runs.load() == (weft_future_cancelled(futures[i].get()) == 1 ? 0 : 1));
    if (cancelled[i] == WEFT_OK) VERIFY(each.runs.load() == 0);
    if (cancelled[i] == WEFT_ERUNNING || cancelled[i] == WEFT_EDONE) VERIFY(each.runs.load() == 1);
  }
}

// Each timer is released from within its task, while others do the same and the executor is closed.
void released_from_within(kind which, dice &random) {
  constexpr int count = 20;
  struct own {
    std::atomic<weft_timer_t *> self{nullptr};
    std::atomic<int> drops{0};
    static weft_status run(void *ctx, void ** /*result*/, weft_error_t ** /*error*/) {
      auto *me = static_cast<own *>(ctx);
      if (weft_timer_t *const timer = me->self.exchange(nullptr); timer != nullptr) {
        static_cast<void>(weft_timer_arm(timer, 1000));
        weft_timer_unref(timer);
      }
      return WEFT_OK;
    }
    static void drop(void *ctx) { VERIFY(static_cast<own *>(ctx)->drops.fetch_add(1) == 0); }
  };
  target to(which, random.between(1, 3));
  std::vector<own> all(count);
  for (own &each : all) {
    weft_timer_t *made = nullptr;
    VERIFY_OK(weft_timer_create(to.get(), nullptr, own::run, &each, own::drop, &made));
    weft_timer_ref(made); // one handle for the task, one for this function
    each.self.store(made);
    VERIFY_OK(weft_timer_arm_every(made, random.below(20'000), random.between(1, 20'000), random.below(3)));
    weft_timer_unref(made);
  }
  spin(random.below(100'000));
  to.finish();
  for (own &each : all) {
    if (weft_timer_t *const left = each.self.exchange(nullptr); left != nullptr) weft_timer_unref(left);
    VERIFY(each.drops.load() == 1);
  }
}

} // namespace

TEST_CASE("timers: everything at once") {
  const watchdog guard("everything at once");
  dice random(seed());
  for (std::size_t i = 0; i < turns(300, 30'000); ++i) everything_at_once(kinds[i % 3], random);
}

TEST_CASE("delayed tasks against cancel and shutdown") {
  const watchdog guard("delayed tasks against cancel and shutdown");
  dice random(seed());
  for (std::size_t i = 0; i < turns(600, 60'000); ++i) delayed_against_cancel_and_shutdown(kinds[i % 3], random);
}

TEST_CASE("timers that release themselves against shutdown") {
  const watchdog guard("timers that release themselves");
  dice random(seed());
  for (std::size_t i = 0; i < turns(600, 60'000); ++i) released_from_within(kinds[i % 3], random);
}

// After a cancel that says "it will not fire any more", the caller may change the context.
TEST_CASE("a timer that was cancelled does not fire") {
  const watchdog guard("a timer that was cancelled does not fire");
  dice random(seed());
  executor pool = make_pool(2);
  ticker context;
  weft_timer_t *const timer = make_timer(pool.get(), context);
  for (std::size_t i = 0; i < turns(20'000, 2'000'000); ++i) {
    VERIFY_OK(weft_timer_arm_every(timer, random.below(60'000), random.between(1000, 50'000), random.below(3)));
    spin(random.below(20'000));
    if (const weft_status status = weft_timer_cancel(timer); status == WEFT_ERUNNING) continue;
    const int before = context.plain; // no race: no tick runs, and none will
    spin(200);
    VERIFY(context.plain == before);
  }
  weft_timer_unref(timer);
  end(pool);
  VERIFY(context.drops.load() == 1);
}

// A task waits for one delayed task after the other. A lost alarm would show as a wait of seconds.
TEST_CASE("each delayed task wakes its waiter") {
  const watchdog guard("each delayed task wakes its waiter");
  dice random(seed());
  executor pool = make_pool(random.between(1, 3));
  executor strand = make_strand(pool.get());
  for (std::size_t i = 0; i < turns(20'000, 2'000'000); ++i) {
    fate each;
    weft_future_t *made = nullptr;
    each.due = weft_now() + random.below(100'000);
    weft_executor_t *const to = random.percent(50) ? pool.get() : strand.get();
    VERIFY_OK(weft_executor_submit_at(to, each.due, nullptr, fate::run, &each, fate::drop, &made));
    const future done(made);
    wait(done);
    VERIFY(each.runs.load() == 1);
  }
  end(strand);
  end(pool);
}

// Two of three workers are busy for long: the third one always looks after what is due.
TEST_CASE("what is due does not wait for busy workers while another one may start") {
  const watchdog guard("what is due does not wait for busy workers");
  for (std::size_t i = 0; i < turns(300, 30'000); ++i) {
    executor pool = make_pool(3);
    std::atomic<int> ran{0};
    // Two tasks end only when the delayed one has run. That needs a third worker, which looks after the time.
    std::vector<future> busy;
    const auto until_it_ran = [&ran] {
      while (ran.load() == 0) std::this_thread::yield();
    };
    const auto arm = [&] {
      const auto run = [](void *ctx, void **, weft_error_t **) -> weft_status {
        static_cast<std::atomic<int> *>(ctx)->fetch_add(1);
        return WEFT_OK;
      };
      VERIFY_OK(weft_executor_post_after(pool.get(), 20'000, nullptr, run, &ran, nullptr));
    };
    if (i % 2 == 0) arm();
    busy.push_back(submit(pool.get(), until_it_ran));
    busy.push_back(submit(pool.get(), until_it_ran));
    if (i % 2 == 1) arm();
    for (const future &each : busy) wait(each);
    VERIFY(ran.load() == 1);
    end(pool);
  }
}
