// While nothing happens, submitted = completed + cancelled + queued. This holds on each kind of executor, for tasks run
// by any thread.
#include <weft/weft.hpp>

#include <cstdio>
#include <thread>
#include <vector>

namespace {

bool wrong = false;

void check(const char *what, const weft::executor_ref &which, std::uint64_t submitted, std::uint64_t completed) {
  const auto seen = which.stats();
  if (seen.submitted == seen.completed + seen.cancelled + seen.queued && seen.submitted == submitted &&
      seen.completed == completed)
    return;
  std::printf("%s: submitted %llu, completed %llu, cancelled %llu, queued %llu; wanted %llu and %llu\n", what,
              static_cast<unsigned long long>(seen.submitted), static_cast<unsigned long long>(seen.completed),
              static_cast<unsigned long long>(seen.cancelled), static_cast<unsigned long long>(seen.queued),
              static_cast<unsigned long long>(submitted), static_cast<unsigned long long>(completed));
  wrong = true;
}

void run_by_a_waiter() {
  weft::executor pool({.max_workers = 1});
  pool.submit([&] {
        std::vector<weft::future<void>> all;
        for (int i = 0; i < 100; ++i) all.push_back(pool.submit([] {}));
        for (auto &each : all) each.wait(); // the only worker runs them in this wait
      })
      .wait();
  pool.shutdown();
  check("tasks that a waiter has run", pool, 101, 101);
}

void run_by_the_submitter() {
  weft::executor pool({.max_workers = 1, .max_queue = 1, .when_full = weft::when_full::run_in_caller});
  weft::promise<void> gate;
  weft::future<void> open = gate.get_future();
  auto held = pool.submit([&open] { open.wait(); });
  while (pool.stats().completed == 0) std::this_thread::yield();
  std::vector<weft::future<void>> all;
  for (int i = 0; i < 10; ++i) all.push_back(pool.submit([] {})); // one is queued, this thread runs nine
  gate.set_value();
  held.wait();
  for (auto &each : all) each.wait();
  pool.shutdown();
  check("tasks that their submitter has run", pool, 11, 11);
}

void cancelled_by_a_shutdown() {
  weft::executor pool({.max_workers = 1});
  weft::promise<void> gate;
  weft::future<void> open = gate.get_future();
  auto held = pool.submit([&open] { open.wait(); });
  while (pool.stats().completed == 0) std::this_thread::yield();
  std::vector<weft::future<void>> all;
  for (int i = 0; i < 10; ++i) all.push_back(pool.submit([] {}));
  all.front().cancel();
  pool.shutdown(weft::shutdown::cancel_pending);
  gate.set_value();
  held.wait();
  pool.shutdown();
  check("tasks that a shutdown has cancelled", pool, 11, 1);
}

void of_a_strand() {
  weft::executor pool({.max_workers = 2});
  weft::strand strand(pool);
  for (int i = 0; i < 100; ++i) strand.post([] {});
  strand.shutdown();
  check("tasks of a strand", strand, 100, 100);
}

void of_a_caller_run_executor() {
  weft::caller_run mine;
  std::vector<weft::future<void>> all;
  for (int i = 0; i < 10; ++i) all.push_back(mine.submit([] {}));
  all[3].cancel();
  check("tasks of a caller-run executor that wait", mine, 10, 0);
  mine.run();
  check("tasks of a caller-run executor", mine, 10, 9);
}

} // namespace

int main() {
  run_by_a_waiter();
  run_by_the_submitter();
  cancelled_by_a_shutdown();
  of_a_strand();
  of_a_caller_run_executor();
  return wrong ? 1 : 0;
}
