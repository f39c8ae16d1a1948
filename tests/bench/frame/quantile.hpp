// Many short times of one thing: their median and 99th percentile.
#ifndef WEFT_BENCH_QUANTILE_HPP
#define WEFT_BENCH_QUANTILE_HPP

#include "frame/measurement.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench {

/// Calls once() `count` times after a tenth as many calls to warm up, and reports its p50 and p99, the latter as
/// "_p99".
template <class Once> void report_quantiles(measurement &m, std::uint64_t count, Once once) {
  for (std::uint64_t i = 0; i <= count / 10; ++i) once();
  std::vector<std::int64_t> times(count);
  for (std::int64_t &time : times) {
    const std::int64_t begin = now();
    once();
    time = now() - begin;
  }
  std::sort(times.begin(), times.end());
  m.report(static_cast<double>(times[times.size() / 2]));
  m.report("_p99", static_cast<double>(times[times.size() * 99 / 100]));
}

} // namespace bench

#endif
