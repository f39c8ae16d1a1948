// W13: a parallel loop over few indices whose bodies take long.
//
// Bodies sleep, so the number of CPUs does not matter. The ideal is the length of one body, as measured by a loop over
// one index, times the rounds that the workers need. The figure is the worst time of n = 1 to 16 as a multiple of the
// ideal. The loop is called by a thread from outside, and as "_inside" by a task.
//
// A peer for this file: P(workers), loop(count, f), and enter(f), which calls f in a task and returns its result.
#ifndef WEFT_BENCH_WORKLOADS_FEW_BODIES_HPP
#define WEFT_BENCH_WORKLOADS_FEW_BODIES_HPP

#include "frame/program.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

namespace bench {

template <class P, std::int64_t Length> class few_bodies {
public:
  few_bodies(const measurement &m, P &pool) : m_(m), pool_(pool) {}

  double worst_over_ideal() {
    for (int i = 0; i != 3; ++i) median_of_loops(m_.workers()); // threads are started
    const double body = median_of_loops(1);
    double worst = 0;
    for (std::size_t n = 1; n <= 16; n += m_.choose(1, n < 6 ? 1 : 5, 7)) {
      const std::size_t rounds = (n + m_.workers() - 1) / m_.workers();
      worst = std::max(worst, median_of_loops(n) / (body * static_cast<double>(rounds)));
    }
    return worst;
  }

private:
  double median_of_loops(std::size_t n) {
    std::vector<double> times(Length < 10'000'000 ? m_.choose(15, 7, 1) : 1);
    for (double &time : times) {
      std::atomic<std::size_t> ran = 0;
      const std::int64_t begin = now();
      pool_.loop(n, [&ran](std::size_t) {
        std::this_thread::sleep_for(std::chrono::nanoseconds(Length));
        ran.fetch_add(1, std::memory_order_relaxed);
      });
      time = static_cast<double>(now() - begin);
      m_.expect(n, ran, "bodies of a loop");
    }
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
  }

  const measurement &m_;
  P &pool_;
};

template <class P, std::int64_t Length> void few_long_bodies(measurement &m) {
  P pool(m.workers());
  few_bodies<P, Length> loops(m, pool);
  m.report(loops.worst_over_ideal());
  m.report("_inside", pool.enter([&loops] { return loops.worst_over_ideal(); }));
}

template <class P> workloads long_bodies() {
  return {{"W13_1ms", few_long_bodies<P, 1'000'000>}, {"W13_100ms", few_long_bodies<P, 100'000'000>}};
}

} // namespace bench

#endif
