// W2, W5f, W8f, FFI_go: tasks with a future each.
//
// A peer for this file: P(workers); submit(f) for a small f that returns an int; its result has get(), used once. Only
// for FFI_go: submit_batch(fs, futures), which appends the futures of a vector of such f.
#ifndef WEFT_BENCH_WORKLOADS_FUTURE_HPP
#define WEFT_BENCH_WORKLOADS_FUTURE_HPP

#include "frame/program.hpp"
#include "frame/quantile.hpp"
#include "workloads/pending.hpp"

#include <vector>

namespace bench {

struct number {
  int value;
  int operator()() const { return value; }
};

template <class P> using future_of = decltype(std::declval<P &>().submit(number{}));

/// W2: submit them all, then read them all. Peers with a thread for each task get fewer (P::few).
template <class P> void submit_and_read(measurement &m) {
  P pool(m.workers());
  std::uint64_t count = m.choose(1'000'000, 300'000, 2'000);
  if constexpr (requires { P::few; }) count /= P::few;
  std::vector<future_of<P>> futures;
  futures.reserve(count);
  m.report_per_piece(count, [&] {
    std::uint64_t sum = 0;
    const std::int64_t begin = now();
    for (std::uint64_t i = 0; i != count; ++i) futures.push_back(pool.submit(number{static_cast<int>(i)}));
    for (auto &each : futures) sum += static_cast<std::uint64_t>(each.get());
    futures.clear();
    const std::int64_t end = now();
    m.expect(count * (count - 1) / 2, sum, "sum of the results");
    return static_cast<nanoseconds>(end - begin);
  });
}

/// FFI_go: W2 in batches of a thousand.
template <class P> void submit_batches(measurement &m) {
  P pool(m.workers());
  constexpr std::uint64_t size = 1'000;
  const std::uint64_t count = m.choose(1'000'000, 300'000, 2'000);
  std::vector<number> batch(size);
  std::vector<future_of<P>> futures;
  futures.reserve(count);
  m.report_per_piece(count, [&] {
    std::uint64_t sum = 0;
    const std::int64_t begin = now();
    while (futures.size() != count) {
      for (number &each : batch) each.value = static_cast<int>(futures.size() + (&each - batch.data()));
      pool.submit_batch(batch, futures);
    }
    for (auto &each : futures) sum += static_cast<std::uint64_t>(each.get());
    futures.clear();
    const std::int64_t end = now();
    m.expect(count * (count - 1) / 2, sum, "sum of the results");
    return static_cast<nanoseconds>(end - begin);
  });
}

/// W5f: submit one, and block until its result is there.
template <class P> void future_round_trip(measurement &m) {
  P pool(m.workers());
  int turn = 0;
  report_quantiles(m, m.choose(10'000, 2'000, 200), [&] {
    const int got = pool.submit(number{++turn}).get();
    m.expect(static_cast<std::uint64_t>(turn), static_cast<std::uint64_t>(got), "result");
  });
}

/// W8f: bytes for each task that waits to start, with its future.
template <class P> void pending_future_memory(measurement &m) {
  P pool(m.workers());
  closed_gate gate(m);
  gate.block(pool);
  const std::uint64_t count = m.choose(1'000'000, 300'000, 2'000);
  std::vector<future_of<P>> futures;
  futures.reserve(count);
  touch(futures);
  const std::int64_t before = resident_bytes();
  for (std::uint64_t i = 0; i != count; ++i) futures.push_back(pool.submit(number{1}));
  m.report(static_cast<double>(resident_bytes() - before) / static_cast<double>(count));
  gate.open();
  std::uint64_t sum = 0;
  for (auto &each : futures) sum += static_cast<std::uint64_t>(each.get());
  m.expect(count, sum, "sum of the results");
}

template <class P> workloads futures() {
  return {{"W2", submit_and_read<P>}, {"W5f", future_round_trip<P>}};
}

} // namespace bench

#endif
