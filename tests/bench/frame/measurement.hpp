// One measurement: its settings (how many workers, how large), its reports and its failures.
//
// A measurement with a wrong result ends the program: that rule is here. This file knows nothing of workloads and
// peers. program.cpp calls it.
#ifndef WEFT_BENCH_MEASUREMENT_HPP
#define WEFT_BENCH_MEASUREMENT_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace bench {

using nanoseconds = double;

inline std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// full: for figures. quick: for a first impression. smoke: to see whether it works at all.
enum class extent { full, quick, smoke };

class measurement {
public:
  measurement(std::string workload, unsigned workers, extent size)
      : workload_(std::move(workload)), workers_(workers), size_(size) {}

  const std::string &workload() const { return workload_; }
  unsigned workers() const { return workers_; }

  std::uint64_t choose(std::uint64_t full, std::uint64_t quick, std::uint64_t smoke) const {
    return size_ == extent::full ? full : size_ == extent::quick ? quick : smoke;
  }

  /// Reports the figure of this workload.
  void report(double value) { figures_.emplace_back(workload_, value); }
  /// Reports a further figure of the same run, such as "_p99".
  void report(const std::string &suffix, double value) { figures_.emplace_back(workload_ + suffix, value); }

  /// once() does `count` pieces of work and returns how long it took. The first call warms up memory, threads and
  /// caches. For a short workload the median of three counts, because the timing of its threads differs from time to
  /// time.
  template <class Once> void report_per_piece(std::uint64_t count, Once once) {
    once();
    double took = once();
    if (took < soon) {
      std::array<double, 3> all{took, once(), once()};
      std::sort(all.begin(), all.end());
      took = all[1];
    }
    report(took / static_cast<double>(count));
  }

  /// Ends the program at once, because a pool that has lost a task may never end by itself.
  [[noreturn]] void fail(const std::string &what) const {
    std::fprintf(stderr, "%s, %u workers: %s\n", workload_.c_str(), workers_, what.c_str());
    std::fflush(nullptr);
    _exit(1);
  }
  void expect(std::uint64_t wanted, std::uint64_t got, const char *what) const {
    if (got != wanted) fail(std::string(what) + ": " + std::to_string(got) + " instead of " + std::to_string(wanted));
  }

  const std::vector<std::pair<std::string, double>> &figures() const { return figures_; }

private:
  static constexpr double soon = 2e8; // nanoseconds

  std::string workload_;
  unsigned workers_;
  extent size_;
  std::vector<std::pair<std::string, double>> figures_;
};

} // namespace bench

#endif
