// 200 bursts of three blocking regions, one after the other, need only a few threads, not new ones for each burst.
#include <weft/weft.hpp>

#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <vector>

namespace {

constexpr int bursts = 200, regions = 3;

// Opens when all tasks of a burst have come, so each of them needs its own worker.
class meeting {
public:
  void attend() {
    std::unique_lock<std::mutex> hold(mutex_);
    const int round = arrived_++ / regions;
    if (arrived_ % regions == 0) changed_.notify_all();
    changed_.wait(hold, [&] { return arrived_ / regions > round; });
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int arrived_ = 0;
};

} // namespace

int main() {
  weft::executor pool({.max_workers = 1, .max_spares = 4});
  meeting all;
  for (int i = 0; i < bursts; ++i) {
    std::vector<weft::future<void>> burst;
    for (int k = 0; k < regions; ++k)
      burst.push_back(pool.submit([&all] {
        const weft::blocking_region lent;
        all.attend();
      }));
    for (auto &each : burst) each.wait();
    pool.submit([] {}).wait(); // a moment without a region
  }
  const auto started = pool.stats().workers_started;
  if (started <= 8) return 0;
  std::printf("%u threads were started for %d bursts of %d regions\n", static_cast<unsigned>(started), bursts, regions);
  return 1;
}
