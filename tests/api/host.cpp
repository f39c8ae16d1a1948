// What a host gives to weft: weft/cpp/host.hpp does what weft/host.h says; and workers that the host looks after.
//
// The allocator must be set before anything else and holds for the whole program, so it is set before main().
#include <doctest/doctest.h>

#include "support.hpp"

#include <array>
#include <cstdlib>
#include <memory_resource>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace test;

namespace {

static_assert(weft::memory_source<std::pmr::memory_resource>);
static_assert(!weft::memory_source<std::string>);

// Counts what is allocated. It refuses every request of a thread that has set `refuses`.
class counted_memory {
public:
  void *allocate(std::size_t size, std::size_t align) {
    if (refuses) throw std::bad_alloc();
    ++allocations;
    ++blocks;
    bytes += static_cast<std::int64_t>(size);
    return ::operator new(size, std::align_val_t(align));
  }
  void deallocate(void *memory, std::size_t size, std::size_t align) {
    --blocks;
    bytes -= static_cast<std::int64_t>(size);
    ::operator delete(memory, std::align_val_t(align));
  }

  static thread_local bool refuses;
  std::atomic<std::int64_t> blocks = 0, bytes = 0, allocations = 0;
};
thread_local bool counted_memory::refuses = false;

// Never destroyed: weft uses it until the process ends.
counted_memory &memory() {
  static counted_memory *const lent = [] {
    auto *const made = new counted_memory;
    weft::set_allocator(*made);
    return made;
  }();
  return *lent;
}
[[maybe_unused]] const counted_memory &before_main = memory();

struct log {
  std::mutex mutex;
  std::vector<std::pair<weft::log_level, std::string>> lines;
};

// Causes an error that weft must log, because no caller can receive it.
void throw_from_a_callback() {
  weft::promise<int> promise;
  promise.get_future().add_done_callback([](const weft::future<int> &) { throw std::runtime_error("seven"); });
  promise.set_value(1);
}

} // namespace

TEST_CASE("log hook: any callable gets the lines; the one before is destroyed") {
  test::census counts;
  log kept;
  weft::set_log_hook([&kept, part = move_only(counts)](weft::log_level level, std::string_view line) {
    const std::scoped_lock hold(kept.mutex);
    kept.lines.emplace_back(level, line);
  });
  throw_from_a_callback();
  CHECK(counts.alive == 1);
  {
    const std::scoped_lock hold(kept.mutex);
    REQUIRE(kept.lines.size() == 1);
    CHECK(kept.lines[0].first == weft::log_level::error);
    CHECK(kept.lines[0].second.find("seven") != std::string::npos);
  }
  std::atomic<int> warnings = 0;
  weft::set_log_hook([&](weft::log_level level, const char *) {
    if (level == weft::log_level::warning) ++warnings;
  });
  CHECK(counts.alive == 0);
  CHECK_THROWS_AS(weft::executor({.max_workers = 1'000'000}), weft::invalid_argument);
  CHECK(warnings == 1);
  weft::reset_log_hook();
}

TEST_CASE("log hook: one that throws loses nothing") {
  int calls = 0;
  weft::set_log_hook([&calls](weft::log_level, const char *) {
    ++calls;
    throw std::runtime_error("the hook fails; the line of the callback follows on stderr");
  });
  throw_from_a_callback();
  CHECK(calls == 1);
  weft::reset_log_hook();
}

TEST_CASE("misuse hook: is told of handles that are none, where the library looks") {
  test::census counts;
  std::vector<std::string> functions;
  weft::set_misuse_hook([&functions, part = move_only(counts)](const char *what, const char *function) {
    CHECK(what[0] != '\0');
    functions.emplace_back(function);
  });
  CHECK(counts.alive == 1);
  if (weft::checks_misuse()) {
    alignas(64) static std::array<char, 4096> junk{};
    CHECK(weft_executor_shutdown(reinterpret_cast<weft_executor_t *>(&junk[2048]), 0, 0) == WEFT_EINVAL);
    CHECK(functions == std::vector<std::string>{"weft_executor_shutdown"});
  }
  weft::reset_misuse_hook();
  CHECK(counts.alive == 0);
}

TEST_CASE("allocator: it is set once, before anything else; what it cannot give is out of memory") {
  counted_memory other;
  CHECK_THROWS_AS(weft::set_allocator(other), weft::invalid_state);
  CHECK_THROWS_AS(weft::set_allocator(*std::pmr::new_delete_resource()), weft::invalid_state);
  CHECK(other.allocations == 0);
  const auto before = memory().allocations.load();
  const std::string kind(10'000, 'k'); // more than a heap of blocks ever keeps ready
  { const weft::error made(1, kind, "message"); }
  CHECK(memory().allocations > before);
  counted_memory::refuses = true;
  const auto make = [&] { const weft::error refused(1, kind, "message"); };
  CHECK_THROWS_AS(make(), weft::out_of_memory);
  counted_memory::refuses = false;
}

TEST_CASE("cleanup: too early it says so; then nothing is left, and weft begins anew") {
  for (int round = 0; round < 3; ++round) {
    {
      const weft::runtime isolated;
      CHECK_THROWS_AS(weft::cleanup(), weft::invalid_state);
    }
    {
      weft::executor pool({.max_workers = 2});
      CHECK(pool.submit([] { return 42; }).result() == 42);
      CHECK_THROWS_AS(pool.submit([] { weft::cleanup(); }).result(), weft::deadlock);
      gate known, hold;
      std::thread host([&] {
        weft::thread_ref::current();
        known.open();
        hold.pass();
      });
      const opener open_at_end(hold);
      known.pass();
      pool.shutdown();
      CHECK_FALSE(weft::cleanup(1ms)); // a thread that has used weft still exists
      hold.open();
      host.join();
    }
    CHECK(weft::cleanup(too_long));
    CHECK(memory().blocks == 0);
    CHECK(memory().bytes == 0);
  }
}

TEST_CASE("workers: index and data of the one that runs; none outside") {
  CHECK_FALSE(weft::this_thread::worker_index());
  CHECK(weft::this_thread::worker_data() == nullptr);
  int environment = 0;
  weft::executor pool(
      {.max_workers = 1, .worker_start = [&](weft_worker_t &me) { me.data = &environment; }, .host_workers = true});
  const auto index = pool.submit([] { return weft::this_thread::worker_index(); });
  const auto data = pool.submit([] { return weft::this_thread::worker_data(); });
  std::thread host([&] { CHECK(pool.work()); });
  CHECK(index.result() == std::optional<std::uint32_t>(0));
  CHECK(data.result() == &environment);
  pool.shutdown();
  host.join();
}

TEST_CASE("features: what the library can do, by name") {
  const std::vector<std::string_view> names = weft::features();
  REQUIRE_FALSE(names.empty());
  CHECK(std::is_sorted(names.begin(), names.end()));
  for (const std::string_view name : names) CHECK(weft::has_feature(std::string(name).c_str()));
  CHECK_FALSE(weft::has_feature("what no version can do"));
  CHECK_FALSE(weft::has_feature(nullptr));
}
