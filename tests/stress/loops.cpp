// Loops and reductions: inside each other, from several threads and tasks at once. The operation of the reductions is
// not commutative; they run undisturbed and with errors and shutdowns. One thread at a time uses a state, each state is
// destroyed once, and the result of each call is right.
#include <doctest/doctest.h>

#include "stress.hpp"

#include <stdexcept>
#include <vector>

using namespace stress;

namespace {

// Loops from several threads and tasks at once, inside each other.
void loops_at_once(dice &random) {
  executor pool = make_pool(random.between(1, 4));
  struct loop {
    weft_executor_t *pool;
    std::uint64_t inner;
    std::atomic<std::uint64_t> sum{0};
    static weft_status body(void *ctx, std::uint64_t begin, std::uint64_t end, weft_error_t ** /*error*/) {
      auto *const self = static_cast<loop *>(ctx);
      if (self->inner == 0) {
        self->sum.fetch_add(end - begin, std::memory_order_relaxed);
        return WEFT_OK;
      }
      for (std::uint64_t i = begin; i < end; ++i) {
        loop below{self->pool, 0};
        VERIFY_OK(weft_parallel_for(self->pool, nullptr, 0, self->inner, body, &below, nullptr));
        self->sum.fetch_add(below.sum.load(), std::memory_order_relaxed);
      }
      return WEFT_OK;
    }
  };
  const std::uint64_t outer = random.between(1, 200), inner = random.between(1, 2000);
  const auto both = [&] {
    loop all{pool.get(), inner};
    VERIFY_OK(weft_parallel_for(pool.get(), nullptr, 0, outer, loop::body, &all, nullptr));
    VERIFY(all.sum.load() == outer * inner);
  };
  const std::uint32_t callers = random.between(1, 3);
  std::vector<std::thread> threads;
  std::vector<future> inside;
  for (std::uint32_t i = 0; i < callers; ++i) {
    threads.emplace_back(both);
    inside.push_back(submit(pool.get(), both));
  }
  for (std::thread &each : threads) each.join();
  for (const future &each : inside) wait(each);
  end(pool);
}

// A range of indices that were taken in order, without a gap.
struct stretch {
  std::atomic<int> &live;
  std::uint64_t first = 0, behind = 0;
  std::atomic<bool> in_use{false};

  explicit stretch(std::atomic<int> &live) noexcept : live(live) { live.fetch_add(1, std::memory_order_relaxed); }
  ~stretch() { live.fetch_sub(1, std::memory_order_relaxed); }
  void append(std::uint64_t begin, std::uint64_t end) {
    VERIFY(first == behind || behind == begin);
    if (first == behind) first = begin;
    behind = end;
  }
};

// Checks that no other thread uses the state meanwhile.
struct using_it {
  stretch &which;
  explicit using_it(void *state) : which(*static_cast<stretch *>(state)) {
    VERIFY(!which.in_use.exchange(true, std::memory_order_relaxed));
  }
  ~using_it() { which.in_use.store(false, std::memory_order_relaxed); }
};

struct reduction {
  std::uint64_t fails_at; // an index, or none of them
  std::uint32_t steps;    // steps of work for each index
  std::atomic<int> live{0};
  static inline std::atomic<std::uint64_t> joins{0};

  static void init(void *ctx, void *state) { ::new (state) stretch(static_cast<reduction *>(ctx)->live); }
  static weft_status body(void *ctx, void *state, std::uint64_t begin, std::uint64_t end, weft_error_t ** /*error*/) {
    const auto *const self = static_cast<reduction *>(ctx);
    const using_it mine(state);
    if (begin <= self->fails_at && self->fails_at < end) throw std::runtime_error("there");
    for (std::uint64_t i = begin; i < end; ++i) spin(self->steps);
    mine.which.append(begin, end);
    return WEFT_OK;
  }
  static void join(void * /*ctx*/, void *into, void *from) {
    const using_it left(into), right(from);
    joins.fetch_add(1, std::memory_order_relaxed);
    left.which.append(right.which.first, right.which.behind);
  }
  static void destroy(void * /*ctx*/, void *state) {
    const using_it last(state);
    last.which.~stretch();
  }

  void reduce(weft_executor_t *pool, std::uint64_t length, std::uint64_t grain, bool disturbed) {
    static constexpr weft_reduction_t how{sizeof how, alignof(stretch), sizeof(stretch), init, body, join, destroy};
    weft_range_options_t options;
    weft_range_options_init(&options);
    options.grain = grain;
    {
      stretch all(live);
      const weft_status status = weft_parallel_reduce(pool, &options, 10, 10 + length, &how, this, &all, nullptr);
      if (status == WEFT_OK) {
        VERIFY(all.first == 10 && all.behind == 10 + length);
        VERIFY(fails_at == 0);
      } else {
        VERIFY_OF(status, disturbed || fails_at != 0);
        VERIFY_OF(status, status == WEFT_EFAILED || status == WEFT_ECANCELED || status == WEFT_ESHUTDOWN);
        VERIFY_OF(status, (status == WEFT_EFAILED) <= (fails_at != 0));
      }
    }
    VERIFY(live.load() == 0);
  }
};

void reductions_at_once(dice &random, bool disturbed) {
  executor pool = make_pool(random.between(1, 4));
  struct plan {
    std::uint64_t length, grain, fails_at;
    std::uint32_t steps;
  };
  const std::uint32_t callers = random.between(1, 3);
  std::vector<std::thread> threads;
  std::vector<future> inside;
  const auto plan_one = [&] {
    const std::uint64_t length = random.between(1, 3000);
    const std::uint64_t fails_at =
        disturbed && random.percent(30) ? 10 + random.below(static_cast<std::uint32_t>(length)) : 0;
    return plan{length, random.percent(50) ? 0u : random.between(1, 50), fails_at, random.below(100)};
  };
  const auto follow = [&](plan how) {
    reduction one{how.fails_at, how.steps};
    one.reduce(pool.get(), how.length, how.grain, disturbed);
  };
  for (std::uint32_t i = 0; i < callers; ++i) {
    inside.push_back(submit(pool.get(), [follow, how = plan_one()] { follow(how); }));
    threads.emplace_back(follow, plan_one());
  }
  if (disturbed && random.percent(50)) {
    spin(random.below(100'000));
    VERIFY_OK(weft_executor_shutdown(pool.get(), WEFT_SHUTDOWN_CANCEL_PENDING, 0));
  }
  for (std::thread &each : threads) each.join();
  for (const future &each : inside) wait(each);
  end(pool);
}

} // namespace

TEST_CASE("loops: within loops, from everywhere") {
  rounds_of(2000, 200'000, "loops", loops_at_once);
}

TEST_CASE("loops: reductions in order, each state with one thread at a time") {
  rounds_of(2000, 200'000, "reductions", [](dice &random) { reductions_at_once(random, false); });
  CHECK(reduction::joins.load() > 0); // else the test has shown nothing
}

TEST_CASE("loops: reductions with errors and shutdowns") {
  rounds_of(2000, 200'000, "disturbed reductions", [](dice &random) { reductions_at_once(random, true); });
}
