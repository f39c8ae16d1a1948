// Priorities, a blocking region and figures, on a pool of one worker. Urgent tasks go first. A task
// that blocks outside weft lends its worker's place to another task. The pool's figures count all
// of this.
// Read on in include/weft/cpp/executor_ref.hpp, and in group.hpp for blocking_region.
#include <weft/weft.hpp>

#include <cstdio>
#include <future>

static void say(const char *text) {
  std::puts(text);
}

int main() {
  std::promise<void> held, line; // a way to block of which weft knows nothing
  weft::executor pool({.max_workers = 1});

  auto holding = pool.submit(weft::priority::high, [&] { held.get_future().wait(); });
  auto low = pool.submit(weft::priority::low, say, "low: when there is nothing else");
  auto normal = pool.submit(say, "normal");
  auto high = pool.submit(weft::priority::high, say, "high: submitted last, started first");
  held.set_value();
  for (const auto &each : {holding, low, normal, high}) each.wait();

  auto blocked = pool.submit([&] {
    const weft::blocking_region lent; // without this, "meanwhile" would wait
    line.get_future().wait();
  });
  pool.submit(say, "meanwhile: on a spare worker").wait();
  line.set_value();
  blocked.wait();

  pool.shutdown();
  const weft::executor_stats stats = pool.stats();
  std::printf("submitted %d, completed %d, workers started %d\n", static_cast<int>(stats.submitted),
              static_cast<int>(stats.completed), static_cast<int>(stats.workers_started));
}
