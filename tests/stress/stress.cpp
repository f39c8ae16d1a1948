#include "stress.hpp"

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

namespace stress {
namespace {

std::atomic<const char *> part{nullptr};
std::atomic<std::uint64_t> part_value{0};

void say_where(const char *file, int line, const char *what) {
  std::fprintf(stderr, "%s:%d: broken: %s\n", file, line, what);
  if (const char *const name = part.load(); name != nullptr)
    std::fprintf(stderr, "  in %s %" PRIu64 "\n", name, part_value.load());
  std::fprintf(stderr, "  WEFT_TEST_SEED=%" PRIu64 "\n", seed());
}

} // namespace

bool is_long() {
  const char *const wish = std::getenv("WEFT_TEST_LONG");
  return wish != nullptr && *wish != '\0' && *wish != '0';
}

std::uint64_t seed() {
  static const std::uint64_t chosen = [] {
    if (const char *const wish = std::getenv("WEFT_TEST_SEED"); wish != nullptr && *wish != '\0')
      return static_cast<std::uint64_t>(std::strtoull(wish, nullptr, 10));
    return static_cast<std::uint64_t>(std::random_device{}());
  }();
  return chosen;
}

std::size_t turns(std::size_t quick, std::size_t thorough) {
  if (is_long()) return thorough;
  return quick / slower > 0 ? quick / slower : 1;
}

void say_on_failure(const char *what, std::uint64_t value) {
  part_value.store(value);
  part.store(what);
}

void fail(const char *file, int line, const char *what) {
  say_where(file, line, what);
  std::abort();
}

void fail(const char *file, int line, const char *what, weft_status got) {
  say_where(file, line, what);
  std::fprintf(stderr, "  got %s\n", weft_status_name(got));
  std::abort();
}

executor make_pool(std::uint32_t workers, std::uint64_t max_queue, std::uint32_t when_full) {
  weft_executor_options_t options;
  weft_executor_options_init(&options);
  options.max_workers = workers;
  options.max_queue = max_queue;
  options.when_full = when_full;
  weft_executor_t *made = nullptr;
  VERIFY_OK(weft_executor_create(nullptr, &options, &made));
  return executor(made);
}

executor make_strand(weft_executor_t *pool) {
  weft_executor_t *made = nullptr;
  VERIFY_OK(weft_strand_create(pool, &made));
  return executor(made);
}

executor make_caller_run() {
  weft_executor_t *made = nullptr;
  VERIFY_OK(weft_caller_run_create(nullptr, nullptr, &made));
  return executor(made);
}

future make_promise() {
  weft_future_t *made = nullptr;
  VERIFY_OK(weft_future_create(nullptr, &made));
  return future(made);
}

void end(executor &which) {
  VERIFY_OK(weft_executor_shutdown(which.get(), WEFT_SHUTDOWN_WAIT, WEFT_FOREVER));
  which.reset();
}

void wait(weft_future_t *which) {
  using clock = std::chrono::steady_clock;
  const clock::time_point began = clock::now();
  VERIFY_OK(weft_future_wait(which, WEFT_FOREVER));
  VERIFY(clock::now() - began < std::chrono::milliseconds(9'500));
}

namespace {

weft_executor_stats_t stats_of(weft_executor_t *pool) {
  weft_executor_stats_t stats{};
  stats.size = sizeof stats;
  VERIFY_OK(weft_executor_stats(pool, &stats));
  return stats;
}

} // namespace

std::uint32_t workers_started(weft_executor_t *pool) {
  return stats_of(pool).workers_started;
}
std::uint32_t workers_alive(weft_executor_t *pool) {
  return stats_of(pool).workers_alive;
}

watchdog::watchdog(const char *what, std::chrono::seconds patience)
    : thread_([this, what, patience] {
        std::unique_lock lock(mutex_);
        if (changed_.wait_for(lock, patience, [this] { return over_; })) return;
        std::fprintf(stderr, "%s hangs\n", what);
        fail(__FILE__, __LINE__, "an end in good time");
      }) {}

watchdog::~watchdog() {
  {
    const std::scoped_lock hold(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

footprint read_footprint() {
  footprint now{0, 0, 0};
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == "VmRSS:") status >> now.kilobytes;
    if (word == "Threads:") status >> now.threads;
  }
  namespace fs = std::filesystem;
  now.descriptors =
      static_cast<std::size_t>(std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator()));
  VERIFY(now.kilobytes != 0 && now.threads != 0 && now.descriptors != 0);
  return now;
}

void await_threads(std::size_t most) {
  while (read_footprint().threads > most) std::this_thread::yield();
}

} // namespace stress
