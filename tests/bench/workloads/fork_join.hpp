// W4j: recursion that forks two calls and joins them, down to the leaves: Fibonacci numbers, without any cut-off.
//
// A peer for this file: P(workers); enter(f) runs f where both(a, b) may be called, and returns what f returns; static
// both(a, b) runs both, perhaps at once.
#ifndef WEFT_BENCH_WORKLOADS_FORK_JOIN_HPP
#define WEFT_BENCH_WORKLOADS_FORK_JOIN_HPP

#include "frame/program.hpp"

namespace bench {

template <class P> std::uint64_t fork_fibonacci(unsigned n) {
  if (n < 2) return n;
  std::uint64_t a, b;
  P::both([&a, n] { a = fork_fibonacci<P>(n - 1); }, [&b, n] { b = fork_fibonacci<P>(n - 2); });
  return a + b;
}

/// W4j: nanoseconds per call.
template <class P> void fork_join(measurement &m) {
  P pool(m.workers());
  const auto n = static_cast<unsigned>(m.choose(30, 26, 12));
  std::uint64_t wanted = 0, next = 1; // F(n) and F(n + 1)
  for (unsigned i = 0; i != n; ++i) {
    const std::uint64_t sum = wanted + next;
    wanted = next;
    next = sum;
  }
  m.report_per_piece(2 * next - 1, [&] {
    const std::int64_t begin = now();
    const volatile unsigned depth = n; // volatile: keeps the calls between the clocks
    const volatile std::uint64_t got = pool.enter([&depth] { return fork_fibonacci<P>(depth); });
    const std::int64_t end = now();
    m.expect(wanted, got, "Fibonacci number");
    return static_cast<nanoseconds>(end - begin);
  });
}

} // namespace bench

#endif
