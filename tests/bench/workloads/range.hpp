// W11: the sum of ten million doubles. W11b: a parallel loop over next to nothing.
//
// A peer for this file: P(workers); sum(data, count); loop(count, f) calls f(i) for each i below count.
#ifndef WEFT_BENCH_WORKLOADS_RANGE_HPP
#define WEFT_BENCH_WORKLOADS_RANGE_HPP

#include "frame/program.hpp"
#include "frame/quantile.hpp"

#include <array>
#include <cstddef>
#include <numeric>
#include <vector>

namespace bench {

/// What each peer does with a piece of the data: four sums at once, because a single one waits for its own last step.
inline double sum_of(const double *data, std::size_t count) {
  std::array<double, 4> sums{};
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4)
    for (std::size_t k = 0; k != 4; ++k) sums[k] += data[i + k];
  for (; i != count; ++i) sums[0] += data[i];
  return sums[0] + sums[1] + sums[2] + sums[3];
}

/// W11: GB/s, the best of a few passes in a row, because the bandwidth of the machine varies.
template <class P> void parallel_sum(measurement &m) {
  P pool(m.workers());
  std::vector<double> data(m.choose(10'000'000, 10'000'000, 10'000));
  for (std::size_t i = 0; i != data.size(); ++i) data[i] = static_cast<double>(i % 8); // exact in any order
  const double wanted = std::accumulate(data.begin(), data.end(), 0.0);
  double best = 0;
  for (int pass = 0; pass != 10; ++pass) {
    const std::int64_t begin = now();
    const double got = pool.sum(data.data(), data.size());
    const std::int64_t end = now();
    if (got != wanted) m.fail("wrong sum");
    best = std::max(best, static_cast<double>(data.size() * sizeof(double)) / static_cast<double>(end - begin));
  }
  m.report(best);
}

/// W11b: p50 and p99 of a loop over four indices.
template <class P> void tiny_loop(measurement &m) {
  P pool(m.workers());
  struct alignas(128) cell {
    std::uint64_t value = 0;
  };
  std::array<cell, 4> cells;
  std::uint64_t turns = 0;
  report_quantiles(m, m.choose(20'000, 5'000, 200), [&] {
    pool.loop(cells.size(), [&cells](std::size_t i) { ++cells[i].value; });
    ++turns;
  });
  for (const cell &each : cells) m.expect(turns, each.value, "turns of the loop");
}

template <class P> workloads ranges() {
  return {{"W11", parallel_sum<P>}, {"W11b", tiny_loop<P>}};
}

} // namespace bench

#endif
