// Every accepted task runs once and is dropped once. Each task has a mark that counts both. Many threads submit, and so
// do tasks, singly and in batches, while workers steal.
#include <doctest/doctest.h>

#include "stress.hpp"

#include <vector>

using namespace stress;

namespace {

// One byte per task: low nibble runs, high nibble drops.
using mark = std::atomic<std::uint8_t>;
constexpr std::uint8_t one_run = 0x01, one_drop = 0x10, once = 0x11;

weft_status run_mark(void *ctx, void ** /*result*/, weft_error_t ** /*error*/) {
  const auto was = static_cast<mark *>(ctx)->fetch_add(one_run, std::memory_order_relaxed);
  VERIFY(was == 0);
  return WEFT_OK;
}

void drop_mark(void *ctx) {
  const auto was = static_cast<mark *>(ctx)->fetch_add(one_drop, std::memory_order_relaxed);
  VERIFY(was == one_run);
}

void verify_all_once(const std::vector<mark> &marks) {
  for (const mark &m : marks) VERIFY(m.load(std::memory_order_relaxed) == once);
}

// Each submitter posts its share, one by one and in batches.
void post_share(weft_executor_t *pool, mark *first, std::size_t count, dice random) {
  std::vector<weft_call_t> batch;
  for (std::size_t i = 0; i < count;) {
    if (random.percent(97)) {
      VERIFY_OK(weft_executor_post(pool, nullptr, run_mark, first + i++, drop_mark));
      continue;
    }
    batch.clear();
    for (std::uint32_t n = random.between(1, 200); n > 0 && i < count; --n)
      batch.push_back({run_mark, first + i++, drop_mark});
    VERIFY_OK(weft_executor_submit_batch(pool, nullptr, batch.data(), batch.size(), nullptr));
  }
}

void from_outside(std::uint32_t submitters, std::uint32_t workers, std::size_t total) {
  const watchdog patience("posts from outside");
  executor pool = make_pool(workers);
  std::vector<mark> marks(total);
  std::vector<std::thread> threads;
  starting_line line(submitters);
  const std::size_t share = total / submitters;
  for (std::uint32_t s = 0; s < submitters; ++s)
    threads.emplace_back([&, s] {
      line.cross();
      const std::size_t begin = s * share, end = s + 1 == submitters ? total : begin + share;
      post_share(pool.get(), marks.data() + begin, end - begin, dice(seed() + s));
    });
  for (std::thread &t : threads) t.join();
  VERIFY(workers_started(pool.get()) <= workers);
  end(pool);
  verify_all_once(marks);
}

// A task that marks its place and posts the tasks of its subtree: by halves, or all at once as a batch.
struct grower {
  weft_executor_t *pool;
  mark *first;
  std::size_t count;
  std::uint64_t random;

  static weft_status run(void *ctx, void ** /*result*/, weft_error_t ** /*error*/) {
    const auto *self = static_cast<grower *>(ctx);
    dice random(self->random);
    run_mark(self->first, nullptr, nullptr);
    const std::size_t rest = self->count - 1;
    if (rest <= 32 && random.percent(30)) {
      std::vector<weft_call_t> batch;
      for (std::size_t i = 1; i <= rest; ++i) batch.push_back({run_mark, self->first + i, drop_mark});
      VERIFY_OK(weft_executor_submit_batch(self->pool, nullptr, batch.data(), batch.size(), nullptr));
    } else {
      const std::size_t left = rest / 2;
      post(self->pool, self->first + 1, left, random.roll());
      post(self->pool, self->first + 1 + left, rest - left, random.roll());
    }
    return WEFT_OK;
  }
  static void drop(void *ctx) {
    drop_mark(static_cast<grower *>(ctx)->first);
    delete static_cast<grower *>(ctx);
  }
  static void post(weft_executor_t *pool, mark *first, std::size_t count, std::uint64_t random) {
    if (count == 0) return;
    VERIFY_OK(weft_executor_post(pool, nullptr, run, new grower{pool, first, count, random}, drop));
  }
};

} // namespace

TEST_CASE("posts from outside run exactly once") {
  if (is_long()) {
    for (std::uint32_t submitters = 1; submitters <= 4; ++submitters)
      for (std::uint32_t workers = 1; workers <= 6; ++workers) from_outside(submitters, workers, 1'000'000);
  } else {
    const std::size_t share = turns(1'000'000, 0) / 8;
    for (const auto &[submitters, workers] : std::initializer_list<std::pair<std::uint32_t, std::uint32_t>>{
             {1, 1}, {1, 2}, {2, 1}, {2, 2}, {3, 4}, {4, 3}, {4, 6}, {1, 6}})
      from_outside(submitters, workers, share);
  }
}

TEST_CASE("posts from inside run exactly once") {
  const watchdog patience("posts from inside");
  dice random(seed());
  const std::size_t total = turns(100'000, 2'000'000);
  for (std::uint32_t workers = 1; workers <= 6; ++workers) {
    executor pool = make_pool(workers);
    std::vector<mark> marks(total);
    grower::post(pool.get(), marks.data(), total, random.roll());
    // A closed pool takes nothing from tasks, and the tree may still grow here. So wait for the last mark before the
    // shutdown.
    for (const mark &m : marks)
      while (m.load(std::memory_order_relaxed) == 0) std::this_thread::yield();
    end(pool);
    verify_all_once(marks);
  }
}

TEST_CASE("stolen from a worker that does not come back to its queue") {
  const watchdog patience("stealing");
  const std::size_t total = 256;
  for (std::size_t turn = turns(200, 20'000); turn > 0; --turn) {
    executor pool = make_pool(3);
    std::vector<mark> marks(total);
    std::atomic<std::size_t> ran{0};
    // The task fills the queue of its worker and then waits, without weft, until other workers have emptied it.
    future filler = submit(pool.get(), [&] {
      for (mark &m : marks)
        VERIFY_OK(try_post(pool.get(), [&] {
          run_mark(&m, nullptr, nullptr);
          ran.fetch_add(1, std::memory_order_relaxed);
        }));
      while (ran.load(std::memory_order_relaxed) != total) std::this_thread::yield();
    });
    wait(filler);
    end(pool);
    for (const mark &m : marks) VERIFY(m.load(std::memory_order_relaxed) == one_run);
  }
}

TEST_CASE("one worker starts the tasks of each submitter in their order") {
  const watchdog patience("order on one worker");
  constexpr std::uint32_t submitters = 3;
  const std::size_t share = turns(60'000, 2'000'000);
  executor pool = make_pool(1);
  std::uint64_t last[submitters] = {}; // plain: only the one worker touches it
  std::vector<std::thread> threads;
  starting_line line(submitters);
  for (std::uint32_t s = 0; s < submitters; ++s)
    threads.emplace_back([&, s] {
      line.cross();
      for (std::uint64_t order = 1; order <= share; ++order)
        VERIFY_OK(try_post(pool.get(), [&, s, order] {
          VERIFY(last[s] + 1 == order);
          last[s] = order;
        }));
    });
  for (std::thread &t : threads) t.join();
  end(pool);
  for (const std::uint64_t l : last) VERIFY(l == share);
}

TEST_CASE("a strand keeps the order and never overlaps, while its pool is busy") {
  const watchdog patience("order on strands");
  constexpr std::uint32_t strands = 4, submitters = 3;
  const std::size_t share = turns(10'000, 500'000);
  executor pool = make_pool(4);
  struct lane {
    executor strand;
    std::uint64_t last[submitters] = {}, total = 0; // plain: only the strand protects them
  };
  std::vector<lane> lanes(strands);
  for (lane &l : lanes) l.strand = make_strand(pool.get());
  std::vector<std::thread> threads;
  starting_line line(submitters);
  for (std::uint32_t s = 0; s < submitters; ++s)
    threads.emplace_back([&, s] {
      line.cross();
      for (std::uint64_t order = 1; order <= share; ++order)
        for (lane &l : lanes)
          VERIFY_OK(try_post(l.strand.get(), [&l, s, order] {
            VERIFY(l.last[s] + 1 == order);
            l.last[s] = order;
            ++l.total;
          }));
    });
  for (std::thread &t : threads) t.join();
  for (lane &l : lanes) {
    end(l.strand);
    VERIFY(l.total == share * submitters);
  }
  end(pool);
}
