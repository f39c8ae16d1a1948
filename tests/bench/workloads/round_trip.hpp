// W5: post one task and wait until it has run, again and again. W9: what a pool uses when it has nothing to do.
//
// A peer for this file: as for post.hpp.
#ifndef WEFT_BENCH_WORKLOADS_ROUND_TRIP_HPP
#define WEFT_BENCH_WORKLOADS_ROUND_TRIP_HPP

#include "frame/program.hpp"
#include "frame/quantile.hpp"
#include "frame/resources.hpp"
#include "workloads/post.hpp"

#include <atomic>
#include <chrono>
#include <thread>

namespace bench {

inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// A task sets it, and the waiter spins on it, so that the pool is measured and not a way to sleep. The spin is short,
/// so that it does not keep the worker off a CPU that both share.
class flag {
public:
  void raise() { raised_.store(true, std::memory_order_release); }
  void wait_and_lower() {
    for (unsigned looks = 0; !raised_.load(std::memory_order_acquire); ++looks) {
      if (looks < 500)
        relax();
      else
        std::this_thread::yield();
    }
    raised_.store(false, std::memory_order_relaxed);
  }

private:
  std::atomic<bool> raised_ = false; // the task's release pairs with the waiter's acquire
};

/// W5.
template <class P> void round_trip(measurement &m) {
  P pool(m.workers());
  flag ran;
  report_quantiles(m, m.choose(10'000, 2'000, 200), [&] {
    pool.post([&ran] { ran.raise(); });
    ran.wait_and_lower();
    if constexpr (requires { pool.finish(); }) pool.finish(); // after the flag, so the waiter cannot run the task
  });
}

/// W9: milliseconds of CPU in 2 seconds right after a burst. An earlier burst starts the threads.
template <class P> void idle(measurement &m) {
  P pool(m.workers());
  const std::uint64_t count = m.choose(200'000, 200'000, 2'000);
  const auto burst = [&] {
    const std::uint64_t counted = tally::total();
    for (std::uint64_t i = 0; i != count; ++i) pool.post([] { tally::count(); });
    finish<P, tally::yielding>(pool, m, counted, count);
  };
  burst();
  const cpu_clock clock;
  burst();
  const std::int64_t before = clock.read();
  std::this_thread::sleep_for(std::chrono::milliseconds(m.choose(2'000, 2'000, 50)));
  m.report(static_cast<double>(clock.read() - before) * 1e-6);
}

} // namespace bench

#endif
