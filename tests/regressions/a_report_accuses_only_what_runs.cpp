// A shutdown with a time limit, with one task that does not end, on a pool of three workers. The report names the
// worker that runs the task, and none of the idle ones.
#include <weft/weft.hpp>

#include <condition_variable>
#include <cstdio>
#include <latch>
#include <mutex>
#include <thread>
#include <vector>

int main() {
  using namespace std::chrono_literals;
  weft::runtime rt;
  weft::executor pool({.max_workers = 3, .name_prefix = "cpu", .runtime = &rt});
  std::latch all(3);
  std::vector<weft::future<void>> meeting;
  for (int i = 0; i < 3; ++i) meeting.push_back(pool.submit([&] { all.arrive_and_wait(); })); // three workers exist
  for (auto &each : meeting) each.wait();
  std::mutex mutex;
  std::condition_variable changed;
  bool runs = false, over = false;
  auto stuck = pool.submit([&] {
    std::unique_lock<std::mutex> hold(mutex);
    runs = true;
    changed.notify_all();
    changed.wait(hold, [&] { return over; });
  });
  {
    std::unique_lock<std::mutex> hold(mutex);
    changed.wait(hold, [&] { return runs; });
  }
  while (pool.stats().parks < 2) std::this_thread::yield(); // the other two rest
  const auto report = rt.shutdown(50ms, 50ms);
  {
    const std::scoped_lock<std::mutex> hold(mutex);
    over = true;
    changed.notify_all();
  }
  stuck.wait();
  if (report.left.size() == 1 && !report.safe_to_unload) return 0;
  std::printf("%zu threads are named for one task that runs\n", report.left.size());
  for (const auto &each : report.left) std::printf("  %s\n", each.text.c_str());
  return 1;
}
