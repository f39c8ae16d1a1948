// W1, W3: a million empty tasks, posted from outside, by several threads, or by a task.
//
// A peer for this file: P(workers), post(f) for a small f; finish() if it has its own way to wait for all, else the
// tasks are counted.
#ifndef WEFT_BENCH_WORKLOADS_POST_HPP
#define WEFT_BENCH_WORKLOADS_POST_HPP

#include "frame/program.hpp"
#include "frame/resources.hpp"
#include "frame/tally.hpp"

#include <thread>
#include <vector>

namespace bench {

template <class P, class How = tally::napping>
void finish(P &pool, const measurement &m, std::uint64_t before, std::uint64_t count) {
  if constexpr (requires { pool.finish(); }) pool.finish();
  tally::wait_for<How>(m, before, count);
}

template <class P> nanoseconds post_and_wait(P &pool, const measurement &m, std::uint64_t count) {
  const std::uint64_t before = tally::total();
  const std::int64_t begin = now();
  for (std::uint64_t i = 0; i != count; ++i) pool.post([] { tally::count(); });
  finish(pool, m, before, count);
  return static_cast<nanoseconds>(now() - begin);
}

/// W1.
template <class P> void post_outside(measurement &m) {
  P pool(m.workers());
  const std::uint64_t count = m.choose(1'000'000, 300'000, 2'000);
  m.report_per_piece(count, [&] { return post_and_wait(pool, m, count); });
}

/// W1_10M: ten times as many.
template <class P> void post_many(measurement &m) {
  P pool(m.workers());
  const std::uint64_t count = m.choose(10'000'000, 3'000'000, 5'000);
  m.report_per_piece(count, [&] { return post_and_wait(pool, m, count); });
}

/// W1_grow: ten rounds of W1, and by how many KiB the process has grown after the first two.
template <class P> void post_rounds(measurement &m) {
  P pool(m.workers());
  const std::uint64_t count = m.choose(1'000'000, 300'000, 2'000);
  std::int64_t early = 0;
  for (int round = 0; round != 10; ++round) {
    post_and_wait(pool, m, count);
    if (round == 1) early = resident_bytes();
  }
  m.report(static_cast<double>(resident_bytes() - early) / 1024);
}

/// W1_s2 ... W1_s8: the same million from several threads at once.
template <class P, unsigned Submitters> void post_from_several(measurement &m) {
  P pool(m.workers());
  const std::uint64_t each = m.choose(1'000'000, 300'000, 4'000) / Submitters;
  m.report_per_piece(each * Submitters, [&] {
    const std::uint64_t before = tally::total();
    std::vector<std::thread> submitters;
    const std::int64_t begin = now();
    for (unsigned i = 0; i != Submitters; ++i)
      submitters.emplace_back([&] {
        for (std::uint64_t k = 0; k != each; ++k) pool.post([] { tally::count(); });
      });
    for (std::thread &submitter : submitters) submitter.join();
    finish(pool, m, before, each * Submitters);
    return static_cast<nanoseconds>(now() - begin);
  });
}

/// W3.
template <class P> void post_inside(measurement &m) {
  P pool(m.workers());
  struct order {
    P &pool;
    const std::uint64_t count;
  } given{pool, m.choose(1'000'000, 300'000, 2'000)};
  m.report_per_piece(given.count, [&] {
    const std::uint64_t before = tally::total();
    const std::int64_t begin = now();
    pool.post([order = &given] {
      for (std::uint64_t i = 0; i != order->count; ++i) order->pool.post([] { tally::count(); });
    });
    finish(pool, m, before, given.count);
    return static_cast<nanoseconds>(now() - begin);
  });
}

template <class P> workloads growing() {
  return {{"W1_s2", post_from_several<P, 2>},
          {"W1_s4", post_from_several<P, 4>},
          {"W1_s8", post_from_several<P, 8>},
          {"W1_10M", post_many<P>},
          {"W1_grow", post_rounds<P>}};
}

} // namespace bench

#endif
