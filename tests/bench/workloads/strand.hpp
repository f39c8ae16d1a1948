// W6a, W6b: tasks that run one at a time and in order; on one strand, and on 64 that share a pool.
//
// A peer for this file: P(workers), and P::strand(pool) with post(f) for a small f.
#ifndef WEFT_BENCH_WORKLOADS_STRAND_HPP
#define WEFT_BENCH_WORKLOADS_STRAND_HPP

#include "frame/program.hpp"
#include "workloads/post.hpp"

#include <cstddef>
#include <vector>

namespace bench {

/// What the tasks of one strand change without a lock, so that a missing or overlapping turn shows.
struct alignas(128) turn_counter {
  std::uint64_t turns = 0;
  void operator()() {
    ++turns;
    tally::count();
  }
};

template <class P, std::size_t Strands> void strands_of(measurement &m) {
  P pool(m.workers());
  std::vector<typename P::strand> strands;
  for (std::size_t i = 0; i != Strands; ++i) strands.emplace_back(pool);
  std::vector<turn_counter> counters(Strands);
  const std::uint64_t each = m.choose(1 << 20, 300'000, 6'400) / Strands;
  std::uint64_t rounds = 0;
  m.report_per_piece(each * Strands, [&] {
    const std::uint64_t before = tally::total();
    const std::int64_t begin = now();
    for (std::uint64_t i = 0; i != each; ++i)
      for (std::size_t k = 0; k != Strands; ++k) strands[k].post([counter = &counters[k]] { (*counter)(); });
    finish(pool, m, before, each * Strands);
    const std::int64_t end = now();
    ++rounds;
    for (const turn_counter &counter : counters) m.expect(rounds * each, counter.turns, "turns of a strand");
    return static_cast<nanoseconds>(end - begin);
  });
}

template <class P> workloads strands() {
  return {{"W6a", strands_of<P, 1>}, {"W6b", strands_of<P, 64>}};
}

} // namespace bench

#endif
