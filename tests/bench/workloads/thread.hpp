// W7: create a thread and join it.
//
// A peer for this file: create_and_join() of a thread that counts one.
#ifndef WEFT_BENCH_WORKLOADS_THREAD_HPP
#define WEFT_BENCH_WORKLOADS_THREAD_HPP

#include "frame/program.hpp"

#include <atomic>

namespace bench {

/// Threads of this workload are too many for a counter each.
inline std::atomic<std::uint64_t> threads_run = 0; // each thread adds one before it is joined

/// W7: microseconds.
template <class T> void create_and_join(measurement &m) {
  const std::uint64_t count = m.choose(5'000, 2'000, 50);
  m.report_per_piece(count * 1'000, [&] {
    const std::uint64_t before = threads_run.load();
    const std::int64_t begin = now();
    for (std::uint64_t i = 0; i != count; ++i) T::create_and_join();
    const std::int64_t end = now();
    m.expect(before + count, threads_run.load(), "threads that ran");
    return static_cast<nanoseconds>(end - begin);
  });
}

} // namespace bench

#endif
