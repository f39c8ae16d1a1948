// Counts the tasks that have run. Each thread has its own counter, so tasks do not contend for one.
//
// Owns the counters. A task of a workload calls count(); the waiter adds the counters up.
#ifndef WEFT_BENCH_TALLY_HPP
#define WEFT_BENCH_TALLY_HPP

#include "frame/measurement.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

namespace bench::tally {

struct alignas(128) counter {
  std::atomic<std::uint64_t> value = 0; // written by one thread; release there pairs with acquire in total()
};

inline constexpr unsigned capacity = 4096;
inline counter counters[capacity];
inline std::atomic<unsigned> taken = 0; // pairs with itself; the counters exist from the beginning

inline counter &claim() {
  const unsigned index = taken.fetch_add(1, std::memory_order_relaxed);
  if (index >= capacity) measurement("tally", 0, extent::full).fail("too many threads");
  return counters[index];
}

inline void count() {
  thread_local counter *mine = nullptr;
  if (!mine) [[unlikely]]
    mine = &claim();
  mine->value.store(mine->value.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

inline std::uint64_t total() {
  std::uint64_t sum = 0;
  const unsigned end = taken.load(std::memory_order_relaxed);
  for (unsigned i = 0; i != end; ++i) sum += counters[i].value.load(std::memory_order_acquire);
  return sum;
}

/// Sleeps between two looks, so that the waiter takes no CPU from the workers. The sleeps are short against the work.
struct napping {
  static void pause() { std::this_thread::sleep_for(std::chrono::microseconds(200)); }
};
/// Sees the end at once, for a measurement that begins right after it.
struct yielding {
  static void pause() { std::this_thread::yield(); }
};

/// Waits until `count` tasks more than `before` have run; fails when none comes for half a minute.
template <class How = napping> void wait_for(const measurement &m, std::uint64_t before, std::uint64_t count) {
  std::uint64_t seen = total();
  for (std::int64_t since = now(); seen != before + count;) {
    if (seen > before + count) m.fail("tasks ran twice: " + std::to_string(seen - before - count));
    How::pause();
    const std::uint64_t sum = total();
    if (sum != seen) since = now();
    if (now() - since > 30'000'000'000)
      m.fail("tasks were lost: " + std::to_string(before + count - sum) + " of " + std::to_string(count));
    seen = sum;
  }
}

} // namespace bench::tally

#endif
