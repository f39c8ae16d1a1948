// Groups: random trees of tasks that spawn into their own groups and those of others, wait, cancel, fail and poll. They
// run on one to four workers, with or without help from outside. Each task has exactly one fate and each closure one
// end. If a wait says that all is over, it is.
#include <doctest/doctest.h>

#include "stress.hpp"

#include <vector>

using namespace stress;

namespace {

using group = std::unique_ptr<weft_group_t, unref_by<&weft_group_unref>>;

group make_group(weft_executor_t *pool, std::uint32_t flags = 0) {
  weft_group_options_t options;
  weft_group_options_init(&options);
  options.flags = flags;
  weft_group_t *made = nullptr;
  VERIFY_OK(weft_group_create(pool, &options, &made));
  return group(made);
}

// What all tasks of one tree share.
struct tree {
  weft_executor_t *pool;
  bool disturbed; // there are errors, cancellations or a shutdown, so not everything runs
  std::atomic<std::int64_t> spawned{0}, ran{0}, dropped{0};
};

struct node {
  tree &of;
  std::uint32_t depth;
  std::uint64_t seed;
  weft_group_t *mine;         // the group that it was spawned into
  std::atomic<int> *siblings; // counts the nodes of that group that are over; null: not counted

  static weft_status run(void *ctx, void ** /*result*/, weft_error_t **error) {
    return static_cast<node *>(ctx)->work(error);
  }
  static void drop(void *ctx) {
    auto *const self = static_cast<node *>(ctx);
    self->of.dropped.fetch_add(1, std::memory_order_relaxed);
    if (self->siblings != nullptr) self->siblings->fetch_add(1, std::memory_order_relaxed);
    delete self;
  }
  weft_status work(weft_error_t **error);
};

void spawn(tree &of, weft_group_t *into, std::uint32_t depth, std::uint64_t seed, std::atomic<int> *siblings) {
  auto fresh = std::make_unique<node>(node{of, depth, seed, into, siblings});
  of.spawned.fetch_add(1, std::memory_order_relaxed);
  const weft_status status = weft_group_spawn(into, nullptr, node::run, fresh.get(), node::drop);
  if (status == WEFT_OK) {
    (void)fresh.release();
    return;
  }
  VERIFY_STATUS(status, WEFT_ESHUTDOWN);
  of.spawned.fetch_sub(1, std::memory_order_relaxed);
  if (siblings != nullptr) siblings->fetch_add(1, std::memory_order_relaxed);
}

// Spawns some, then waits in one of several ways. The wait must order the counter like plain memory: if a task or its
// drop still ran, the check or ThreadSanitizer would see it.
void fork_and_join(tree &of, std::uint32_t depth, dice &random) {
  const bool cancels = of.disturbed && random.percent(10);
  group inner = make_group(of.pool, of.disturbed && random.percent(30) ? WEFT_GROUP_CANCEL_ON_ERROR : 0);
  std::atomic<int> over{0};
  const int children = static_cast<int>(random.percent(3) ? random.between(200, 600) : random.between(1, 5));
  const std::uint32_t below = children > 5 ? 0 : depth - 1;
  for (int i = 0; i < children; ++i) spawn(of, inner.get(), below, random.roll(), &over);
  if (cancels) VERIFY_OK(weft_group_cancel(inner.get()));
  weft_status status = WEFT_ETIMEDOUT;
  switch (random.below(4)) {
  case 0:
    while ((status = weft_group_wait(inner.get(), 0)) == WEFT_ETIMEDOUT) {
      if (random.percent(20)) status = weft_group_wait(inner.get(), random.below(50'000));
      if (status != WEFT_ETIMEDOUT) break;
      if (random.percent(10)) break;
    }
    break;
  case 1:
    weft_group_settle(inner.get());
    VERIFY(over.load(std::memory_order_relaxed) == children);
    break;
  default:
    break;
  }
  if (status == WEFT_ETIMEDOUT || status == WEFT_EINTERRUPTED) {
    status = weft_group_wait(inner.get(), WEFT_FOREVER);
    if (status == WEFT_EINTERRUPTED) weft_group_settle(inner.get()); // this task was cancelled
  }
  VERIFY_OF(status, over.load(std::memory_order_relaxed) == children);
  VERIFY_OF(status, status == WEFT_OK || (of.disturbed && (status == WEFT_EFAILED || status == WEFT_ECANCELED ||
                                                           status == WEFT_EINTERRUPTED)));
  if (random.percent(50)) VERIFY_OK(weft_group_reset(inner.get()));
}

weft_status node::work(weft_error_t ** /*error*/) {
  dice random(seed);
  of.ran.fetch_add(1, std::memory_order_relaxed);
  spin(random.below(200));
  if (depth > 0) {
    if (random.percent(70)) fork_and_join(of, depth, random);
    if (siblings == nullptr && random.percent(50)) // into the outermost group, which does not count
      for (std::uint32_t i = random.below(4); i > 0; --i) spawn(of, mine, depth - 1, random.roll(), nullptr);
  }
  return of.disturbed && random.percent(2) ? 42 : WEFT_OK;
}

// Some threads from outside and some tasks put trees into one group, and all of them wait for it.
void one_round(dice &random, bool disturbed) {
  executor pool = make_pool(random.between(1, 4));
  tree all{pool.get(), disturbed};
  group outer = make_group(pool.get());
  const std::uint32_t planters = random.between(1, 3);
  const std::uint32_t depth = random.between(1, instrumented ? 4 : 6);
  {
    starting_line line(planters);
    std::vector<std::thread> threads;
    std::vector<future> inside;
    for (std::uint32_t i = 0; i < planters; ++i) {
      threads.emplace_back([&, mine = random.roll()] {
        dice own(mine);
        line.cross();
        for (std::uint32_t k = own.between(1, 4); k > 0; --k) spawn(all, outer.get(), depth, own.roll(), nullptr);
        if (own.percent(50)) static_cast<void>(weft_group_wait(outer.get(), own.below(100'000)));
        if (own.percent(30)) fork_and_join(all, depth, own);
        const weft_status status = weft_group_wait(outer.get(), WEFT_FOREVER);
        VERIFY_OF(status, status == WEFT_OK || all.disturbed);
      });
      inside.push_back(submit(pool.get(), [&, mine = random.roll()] {
        dice own(mine);
        for (std::uint32_t k = own.below(3); k > 0; --k) spawn(all, outer.get(), depth, own.roll(), nullptr);
        if (own.percent(30)) fork_and_join(all, depth, own);
        const weft_status status = weft_group_wait(outer.get(), WEFT_FOREVER);
        VERIFY_OF(status, status == WEFT_OK || all.disturbed);
      }));
    }
    if (disturbed && random.percent(40)) {
      spin(random.below(200'000));
      VERIFY_OK(weft_group_cancel(outer.get()));
    }
    if (disturbed && random.percent(30)) {
      spin(random.below(200'000));
      VERIFY_OK(weft_executor_shutdown(pool.get(), random.percent(50) ? WEFT_SHUTDOWN_CANCEL_PENDING : 0, 0));
    }
    for (std::thread &each : threads) each.join();
    for (const future &each : inside) wait(each);
  }
  const weft_status status = weft_group_wait(outer.get(), WEFT_FOREVER);
  VERIFY_OF(status, status == WEFT_OK || disturbed);
  VERIFY(all.dropped.load() == all.spawned.load());
  if (!disturbed) VERIFY(all.ran.load() == all.spawned.load());
  VERIFY(all.ran.load() <= all.spawned.load());
  outer.reset();
  if (!disturbed) VERIFY_OK(weft_executor_shutdown(pool.get(), WEFT_SHUTDOWN_WAIT, WEFT_FOREVER));
  if (!disturbed) {
    weft_executor_stats_t stats{};
    stats.size = sizeof stats;
    VERIFY_OK(weft_executor_stats(pool.get(), &stats));
    VERIFY(stats.submitted == static_cast<std::uint64_t>(all.spawned.load()) + planters);
    VERIFY(stats.completed == stats.submitted);
  }
  end(pool);
}

// Spawns further sprouts into its group and does not wait for them.
struct sprout {
  weft_group_t *into;
  std::uint32_t depth;
  std::atomic<std::uint32_t> &ran;

  void grow() const {
    ran.fetch_add(1, std::memory_order_relaxed);
    for (std::uint32_t i = 0; i < depth; ++i) {
      auto below = std::make_unique<sprout>(sprout{into, depth - 1, ran});
      VERIFY_OK(weft_group_spawn(into, nullptr, run, below.get(), drop));
      (void)below.release();
    }
  }
  static weft_status run(void *ctx, void ** /*result*/, weft_error_t ** /*error*/) {
    static_cast<sprout *>(ctx)->grow();
    return WEFT_OK;
  }
  static void drop(void *ctx) { delete static_cast<sprout *>(ctx); }
  // The number of sprouts, with all that come of it.
  static std::uint32_t size_of(std::uint32_t depth) { return depth == 0 ? 1 : 1 + depth * size_of(depth - 1); }
};

// Many groups, one after the other, each of which ends as soon as it can. The waiter for the task that makes them helps
// with their tasks. When it finds no more to do, its deque may hold what these have spawned. It then gives that to a
// group which other threads may end at any moment.
void short_lived(dice &random) {
  executor pool = make_pool(random.between(2, 4));
  wait(submit(pool.get(), [&, seed = random.roll()] {
    dice own(seed);
    std::atomic<std::uint64_t> seeds{own.roll()};
    auto chain = [&] {
      dice mine(seeds.fetch_add(1, std::memory_order_relaxed));
      for (std::uint32_t left = mine.between(1, 40); left > 0; --left) {
        const group inner = make_group(pool.get(), WEFT_GROUP_SCOPED);
        std::atomic<std::uint32_t> ran{0};
        const std::uint32_t depth = mine.between(1, 4);
        sprout{inner.get(), depth, ran}.grow();
        VERIFY_OK(weft_group_wait(inner.get(), WEFT_FOREVER));
        VERIFY(ran.load(std::memory_order_relaxed) == sprout::size_of(depth));
      }
    };
    const group outer = make_group(pool.get(), WEFT_GROUP_SCOPED);
    for (std::uint32_t tasks = own.between(1, 3); tasks > 0; --tasks)
      VERIFY_OK(weft_group_spawn(outer.get(), nullptr, run_closure<decltype(chain)>, &chain, nullptr));
    VERIFY_OK(weft_group_wait(outer.get(), WEFT_FOREVER));
  }));
  end(pool);
}

} // namespace

TEST_CASE("groups: random trees, each task once") {
  rounds_of(1000, 100'000, "random trees", [](dice &random) { one_round(random, false); });
}

TEST_CASE("groups: random trees with errors, cancellations and shutdowns") {
  rounds_of(1000, 100'000, "disturbed trees", [](dice &random) { one_round(random, true); });
}

TEST_CASE("groups: what a helper has spawned, for groups that end at once") {
  rounds_of(2000, 200'000, "short-lived groups", short_lived);
}
