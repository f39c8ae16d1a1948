// base/adaptive_mutex.hpp: one holder at a time, and every sleeper is woken.
#include <doctest/doctest.h>

#include "base/adaptive_mutex.hpp"
#include "support.hpp"

#include <mutex>
#include <vector>

using namespace weft::test;

TEST_CASE("adaptive_mutex: many threads, each step once, and all of them come to their end") {
  constexpr int threads = 6, steps = 20'000;
  adaptive_mutex mutex;
  long count = 0; // plain, so that ThreadSanitizer judges the order
  std::vector<std::thread> all;
  for (int t = 0; t < threads; ++t)
    all.emplace_back([&] {
      for (int i = 0; i < steps; ++i) {
        const std::scoped_lock hold(mutex);
        ++count;
      }
    });
  for (std::thread &each : all) each.join();
  CHECK(count == long{threads} * steps);
}

TEST_CASE("adaptive_mutex: who sleeps on it is woken, though the holder keeps it for long") {
  adaptive_mutex mutex;
  int passed = 0;
  mutex.lock();
  std::vector<std::thread> all;
  for (int t = 0; t < 4; ++t)
    all.emplace_back([&] {
      const std::scoped_lock hold(mutex);
      ++passed;
    });
  for (int i = 0; i < 20'000; ++i) std::this_thread::yield(); // most of the threads sleep by now; it need not be all
  CHECK(passed == 0);
  mutex.unlock();
  for (std::thread &each : all) each.join();
  CHECK(passed == 4);
}
