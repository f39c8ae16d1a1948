// Entries of a group that are not tasks, and tasks that follow a group. Threads and tasks enter, leave, spawn, wait and
// let tasks follow, all at once on one group. A task that follows runs once, and not before all that its caller had
// begun is over. A task that is cancelled or refused meanwhile either runs or is dropped, once.
#include <doctest/doctest.h>

#include "stress.hpp"

#include <deque>
#include <vector>

using namespace stress;

namespace {

using group = std::unique_ptr<weft_group_t, unref_by<&weft_group_unref>>;

group make_group(weft_executor_t *pool) {
  weft_group_t *made = nullptr;
  VERIFY_OK(weft_group_create(pool, nullptr, &made));
  return group(made);
}

template <class F> void spawn(weft_group_t *into, F closure) {
  auto ctx = std::make_unique<F>(std::move(closure));
  VERIFY_OK(weft_group_spawn(into, nullptr, run_closure<F>, ctx.get(), drop_closure<F>));
  (void)ctx.release();
}

template <class F> void follow(weft_group_t *after, weft_executor_t *on, F closure) {
  auto ctx = std::make_unique<F>(std::move(closure));
  VERIFY_OK(weft_group_then(after, on, nullptr, run_closure<F>, ctx.get(), drop_closure<F>));
  (void)ctx.release();
}

// How much one thread has begun in the group, and how much of it is over. The additions are relaxed: a thread that is
// told that all is over must see them through the order that the group gives.
struct share {
  std::int64_t begun = 0; // written by that thread only
  std::atomic<std::int64_t> over{0};
  void verify(std::int64_t at_least) const { VERIFY(over.load(std::memory_order_relaxed) >= at_least); }
};

struct scene {
  weft_executor_t *pool, *strand, *elsewhere;
  weft_group_t *all;
  std::atomic<std::int64_t> followed{0}, children{0}, children_over{0};
  std::int64_t on_strand = 0; // written by tasks of the strand only
};

void end_one(share &mine, weft_group_t *all) {
  mine.over.fetch_add(1, std::memory_order_relaxed);
  VERIFY_OK(weft_group_leave(all));
}

void enter(scene &on, share &mine, dice &random) {
  ++mine.begun;
  VERIFY_OK(weft_group_enter(on.all));
  const auto leaves = [&mine, all = on.all] { end_one(mine, all); };
  switch (random.below(4)) {
  case 0:
    leaves();
    break;
  case 1:
    spawn(on.all, leaves);
    break;
  case 2:
    VERIFY_OK(try_post(on.elsewhere, leaves));
    break;
  default:
    VERIFY_OK(try_post(on.pool, leaves));
  }
}

void spawn_some(scene &on, share &mine, dice &random) {
  ++mine.begun;
  const std::uint32_t children = random.percent(30) ? random.between(1, 80) : 0; // counted in advance
  spawn(on.all, [&on, &mine, children, steps = random.below(300)] {
    for (std::uint32_t i = 0; i < children; ++i) {
      on.children.fetch_add(1, std::memory_order_relaxed);
      spawn(on.all, [&on] { on.children_over.fetch_add(1, std::memory_order_relaxed); });
    }
    spin(steps);
    mine.over.fetch_add(1, std::memory_order_relaxed);
  });
}

std::int64_t follow(scene &on, share &mine, dice &random) {
  const auto look = [&on, &mine, begun = mine.begun] {
    mine.verify(begun);
    on.followed.fetch_add(1, std::memory_order_relaxed);
  };
  switch (random.below(3)) {
  case 0:
    follow(on.all, on.elsewhere, look);
    return 0;
  case 1:
    follow(on.all, on.strand, [look, &on] {
      look();
      ++on.on_strand;
    });
    return 1;
  default:
    follow(on.all, on.pool, look);
    return 0;
  }
}

void wait_somehow(scene &on, share &mine, dice &random) {
  const std::int64_t timeout = random.percent(50) ? 0 : random.below(200) * WEFT_MICROSECOND;
  const weft_status status = weft_group_wait(on.all, timeout);
  if (status == WEFT_OK)
    mine.verify(mine.begun);
  else
    VERIFY_STATUS(status, WEFT_ETIMEDOUT);
}

} // namespace

TEST_CASE("what follows runs once, after all that its caller has begun") {
  const watchdog patience("what follows a group");
  dice random(seed());
  for (std::size_t turn = turns(150, 15000); turn > 0; --turn) {
    executor pool = make_pool(random.between(1, 3)), elsewhere = make_pool(1), strand = make_strand(pool.get());
    group all = make_group(pool.get());
    scene on{pool.get(), strand.get(), elsewhere.get(), all.get()};
    const std::uint32_t count = random.between(2, 4);
    std::deque<share> shares(count);
    std::atomic<std::int64_t> follows{0}, on_strand{0};
    starting_line line(count);
    std::vector<std::thread> threads;
    for (share &mine : shares)
      threads.emplace_back([&, own = dice(random.roll()), moves = random.between(20, 200)]() mutable {
        std::int64_t called = 0, of_strand = 0;
        line.cross();
        for (std::uint32_t i = 0; i < moves; ++i) {
          const std::uint32_t move = own.below(10);
          if (move < 4)
            enter(on, mine, own);
          else if (move < 7)
            spawn_some(on, mine, own);
          else if (move < 9)
            of_strand += follow(on, mine, own), ++called;
          else
            wait_somehow(on, mine, own);
        }
        VERIFY_OK(weft_group_wait(on.all, WEFT_FOREVER));
        VERIFY(mine.over.load(std::memory_order_relaxed) == mine.begun);
        follows.fetch_add(called);
        on_strand.fetch_add(of_strand);
      });
    for (std::thread &one : threads) one.join();
    // Nothing is pending any more, so all tasks that follow have been submitted.
    VERIFY_OK(weft_group_wait(on.all, WEFT_FOREVER));
    VERIFY(on.children.load() == on.children_over.load());
    while (on.followed.load() < follows.load()) std::this_thread::yield(); // the watchdog bounds it
    VERIFY_STATUS(weft_group_leave(on.all), WEFT_EINVALIDSTATE);
    all.reset();
    end(strand);
    end(elsewhere);
    end(pool);
    VERIFY(on.followed.load() == follows.load());
    VERIFY(on.on_strand == on_strand.load());
  }
}

namespace {

struct fate {
  std::atomic<int> runs{0}, drops{0};
  static weft_status run(void *room, weft_error_t ** /*error*/) {
    (*static_cast<fate **>(room))->runs.fetch_add(1, std::memory_order_relaxed);
    return WEFT_OK;
  }
  static void drop(void *room) { (*static_cast<fate **>(room))->drops.fetch_add(1, std::memory_order_relaxed); }
};

const weft_task_type_t noted{sizeof noted, WEFT_TASK_POSTED, sizeof(fate *), 0, fate::run, fate::drop, nullptr};

weft_task_t *make_task(fate &of, weft_cancel_token_t *token, weft_domain_t *home) {
  weft_task_options_t options;
  weft_task_options_init(&options);
  options.token = token;
  options.domain = home;
  weft_task_t *made = nullptr;
  VERIFY_OK(weft_task_create_with(&noted, &options, &made));
  *static_cast<fate **>(weft_task_room(made)) = &of;
  return made;
}

} // namespace

// One thread lets the group become empty again and again, one lets tasks follow, and one cancels them. The executor on
// which the tasks would run may be shut down.
TEST_CASE("what is called off or refused meanwhile has one fate") {
  const watchdog patience("what is called off");
  dice random(seed());
  for (std::size_t turn = turns(300, 30000); turn > 0; --turn) {
    executor pool = make_pool(random.between(1, 2)), target = make_pool(1);
    group all = make_group(pool.get());
    weft_cancel_token_t *token = nullptr;
    weft_domain_t *home = nullptr;
    VERIFY_OK(weft_cancel_token_create(nullptr, WEFT_FOREVER, &token));
    VERIFY_OK(weft_domain_create(nullptr, nullptr, &home));
    std::deque<fate> fates(random.between(10, 100));
    std::vector<bool> accepted(fates.size());
    const std::uint32_t rounds = random.between(10, 300), patience_before = random.below(20'000);
    const bool shuts_down = random.percent(40);
    starting_line line(3);
    std::thread empties([&] {
      line.cross();
      for (std::uint32_t i = 0; i < rounds; ++i) {
        VERIFY_OK(weft_group_enter(all.get()));
        spawn(all.get(), [] {});
        VERIFY_OK(weft_group_leave(all.get()));
      }
    });
    std::thread follows([&, own = dice(random.roll())]() mutable {
      line.cross();
      for (std::size_t i = 0; i < fates.size(); ++i) {
        const std::uint32_t kind = own.below(4); // with a token, a domain, both or neither
        weft_task_t *task = make_task(fates[i], (kind & 1) != 0 ? token : nullptr, (kind & 2) != 0 ? home : nullptr);
        const weft_status status = weft_group_then_task(all.get(), target.get(), task);
        accepted[i] = status == WEFT_OK;
        VERIFY_OF(status, status == WEFT_OK || status == WEFT_ECANCELED || status == WEFT_ECLOSED);
        if (status != WEFT_OK) weft_task_destroy(&task);
      }
    });
    std::thread calls_off([&] {
      line.cross();
      spin(patience_before);
      VERIFY_OK(weft_cancel_token_cancel(token));
      VERIFY_OK(weft_domain_close(home, WEFT_FOREVER));
      if (shuts_down) VERIFY_OK(weft_executor_shutdown(target.get(), WEFT_SHUTDOWN_CANCEL_PENDING, 0));
    });
    empties.join();
    follows.join();
    calls_off.join();
    VERIFY_OK(weft_group_wait(all.get(), WEFT_FOREVER));
    all.reset();
    end(pool); // only its workers may still submit what follows
    end(target);
    for (std::size_t i = 0; i < fates.size(); ++i) {
      VERIFY(fates[i].runs.load() + fates[i].drops.load() == (accepted[i] ? 1 : 0));
    }
    weft_cancel_token_unref(token);
    weft_domain_unref(home);
  }
}
