// Joins: trees of any shape, made outside and inside of tasks and loops, together with groups, sleeps, errors, stop
// requests and shutdowns. Each call is made at most once, and none still runs when its join has returned.
#include <doctest/doctest.h>

#include "stress.hpp"

#include <stdexcept>
#include <vector>

using namespace stress;

namespace {

// What may happen inside of a tree.
struct manners {
  std::uint32_t steps = 0;    // steps of work in each leaf
  std::uint32_t failing = 0;  // per mille of the leaves
  std::uint32_t sleeping = 0; // per mille of the calls
  std::uint32_t spawning = 0; // per mille, into a group that the tree does not wait for
  std::uint32_t forking = 0;  // per mille, with a scoped group in place of a join
  bool disturbed = false;     // from outside: joins may be refused, or leave out calls
};

// One tree of joins, with `size` leaves.
struct tree {
  weft_executor_t *pool;
  const manners how;
  weft_group_t *strays = nullptr; // may be null
  std::atomic<std::uint64_t> leaves{0}, failed{0}, spawned{0}, strayed{0};
  std::atomic<std::int64_t> inside{0}; // calls that run now
};

struct node {
  tree &of;
  std::uint64_t size, seed;
  std::atomic<int> calls{0};

  static weft_status call(void *ctx, weft_error_t **error) { return static_cast<node *>(ctx)->run(error); }
  static weft_status spawned(void *ctx, void ** /*result*/, weft_error_t **error) { return call(ctx, error); }
  static weft_status stray(void *ctx, void ** /*result*/, weft_error_t ** /*error*/) {
    static_cast<tree *>(ctx)->strayed.fetch_add(1, std::memory_order_relaxed);
    return WEFT_OK;
  }

  weft_status run(weft_error_t **error) {
    VERIFY(calls.fetch_add(1, std::memory_order_relaxed) == 0);
    const struct counted {
      std::atomic<std::int64_t> &inside;
      ~counted() { inside.fetch_sub(1, std::memory_order_relaxed); }
    } here{of.inside};
    of.inside.fetch_add(1, std::memory_order_relaxed);
    return run_inside(error);
  }

  weft_status run_inside(weft_error_t **error) {
    dice random(seed);
    if (random.below(1000) < of.how.sleeping) weft_sleep(random.between(1, 50) * WEFT_MICROSECOND);
    if (of.strays != nullptr && random.below(1000) < of.how.spawning &&
        weft_group_spawn(of.strays, nullptr, stray, &of, nullptr) == WEFT_OK)
      of.spawned.fetch_add(1, std::memory_order_relaxed);
    if (size == 1) {
      spin(random.below(of.how.steps + 1));
      of.leaves.fetch_add(1, std::memory_order_relaxed);
      if (random.below(1000) >= of.how.failing) return WEFT_OK;
      of.failed.fetch_add(1, std::memory_order_relaxed);
      if (random.percent(50)) throw std::runtime_error("a leaf");
      return weft_error_create(7, "ValueError", "a leaf", error);
    }
    const std::uint64_t left = 1 + random.roll() % (size - 1);
    node first{of, left, random.roll()}, second{of, size - left, random.roll()};
    if (random.below(1000) < of.how.forking) return fork(first, second, error);
    const weft_status status = weft_join(of.pool, call, &first, call, &second, error);
    const bool both = first.calls.load() == 1 && second.calls.load() == 1;
    VERIFY_OF(status, status != WEFT_OK || both);
    VERIFY_OF(status, status == WEFT_OK || status == WEFT_EFAILED || of.how.disturbed);
    return status;
  }

  weft_status fork(node &first, node &second, weft_error_t **error) {
    weft_group_options_t options;
    weft_group_options_init(&options);
    options.flags = WEFT_GROUP_SCOPED;
    weft_group_t *group = nullptr;
    VERIFY_OK(weft_group_create(of.pool, &options, &group));
    const weft_status refused = weft_group_spawn(group, nullptr, spawned, &first, nullptr);
    VERIFY_OF(refused, refused == WEFT_OK || of.how.disturbed);
    weft_status status = WEFT_OK;
    try {
      status = second.run(error);
    } catch (...) {
      weft_group_end(group);
      throw;
    }
    weft_group_settle(group);
    const weft_status said = weft_group_wait(group, WEFT_FOREVER);
    if (status == WEFT_OK && said == WEFT_EFAILED) weft_group_error(group, error);
    weft_group_unref(group);
    return status != WEFT_OK ? status : said;
  }
};

void grow(tree &of, std::uint64_t size, std::uint64_t seed) {
  node first{of, size, seed}, second{of, 1, seed + 1};
  weft_error_t *error = nullptr;
  const weft_status status = weft_join(of.pool, node::call, &first, node::call, &second, &error);
  VERIFY(of.inside.load() == 0); // no call outlives the join
  VERIFY_OF(status, (status == WEFT_EFAILED) == (error != nullptr));
  if (status == WEFT_OK) VERIFY(of.leaves.load() == size + 1 && of.failed.load() == 0);
  if (!of.how.disturbed) VERIFY_OF(status, (status == WEFT_EFAILED) == (of.failed.load() != 0));
  weft_error_unref(error);
}

// Trees from several threads and tasks at once, and inside of a loop.
void trees_at_once(dice &random, const manners &how) {
  executor pool = make_pool(random.between(1, 4));
  const std::uint32_t callers = random.between(1, 3);
  std::vector<std::thread> threads;
  std::vector<future> inside;
  const auto grow_one = [&](std::uint64_t size, std::uint64_t seed) {
    tree mine{pool.get(), how};
    if (how.spawning != 0) VERIFY_OK(weft_group_create(pool.get(), nullptr, &mine.strays));
    grow(mine, size, seed);
    if (mine.strays == nullptr) return;
    const weft_status said = weft_group_wait(mine.strays, WEFT_FOREVER);
    VERIFY_OF(said, said == WEFT_OK || (how.disturbed && (said == WEFT_ECANCELED || said == WEFT_EINTERRUPTED)));
    if (said == WEFT_OK) VERIFY(mine.strayed.load() == mine.spawned.load());
    weft_group_settle(mine.strays);
    weft_group_unref(mine.strays);
  };
  for (std::uint32_t i = 0; i < callers; ++i) {
    const std::uint64_t size = random.between(1, 600), seed = random.roll();
    switch (random.below(3)) {
    case 0:
      threads.emplace_back([=] { grow_one(size, seed); });
      break;
    case 1:
      inside.push_back(submit(pool.get(), [=] { grow_one(size, seed); }));
      break;
    default: // a thread of the test that starts a loop
      threads.emplace_back([=, &pool] {
        struct loop {
          const decltype(grow_one) &one;
          std::uint64_t size, seed;
          static weft_status body(void *ctx, std::uint64_t begin, std::uint64_t end, weft_error_t ** /*error*/) {
            const auto &self = *static_cast<loop *>(ctx);
            for (; begin != end; ++begin) self.one(1 + self.size / 4, self.seed + begin);
            return WEFT_OK;
          }
        } all{grow_one, size, seed};
        const weft_status said = weft_parallel_for(pool.get(), nullptr, 0, 4, loop::body, &all, nullptr);
        VERIFY_OF(said, said == WEFT_OK || how.disturbed);
      });
    }
  }
  if (how.disturbed) {
    spin(random.below(200'000));
    if (random.percent(50) && !inside.empty()) weft_future_request_stop(inside.front().get());
    if (random.percent(50)) VERIFY_OK(weft_executor_shutdown(pool.get(), WEFT_SHUTDOWN_CANCEL_PENDING, 0));
  }
  for (std::thread &each : threads) each.join();
  for (const future &each : inside) wait(each);
  end(pool);
}

} // namespace

TEST_CASE("joins: trees of any shape, from everywhere") {
  rounds_of(2000, 200'000, "trees", [](dice &random) { trees_at_once(random, {.steps = random.below(300)}); });
}

TEST_CASE("joins: that sleep, beside groups, and within them") {
  rounds_of(1000, 100'000, "mixed trees", [](dice &random) {
    trees_at_once(random, {.steps = random.below(300),
                           .sleeping = random.below(20),
                           .spawning = random.below(300),
                           .forking = random.below(500)});
  });
}

TEST_CASE("joins: with errors, stop requests and shutdowns") {
  rounds_of(1000, 100'000, "disturbed trees", [](dice &random) {
    trees_at_once(random, {.steps = random.below(300),
                           .failing = random.percent(50) ? random.below(10) : 0,
                           .sleeping = random.below(20),
                           .spawning = random.below(100),
                           .forking = random.below(200),
                           .disturbed = true});
  });
}

TEST_CASE("joins: with errors alone") {
  rounds_of(1000, 100'000, "failing trees",
            [](dice &random) { trees_at_once(random, {.steps = random.below(100), .failing = random.below(10)}); });
}
