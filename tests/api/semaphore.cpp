// weft::semaphore: it does what weft/semaphore.h says, with the names of std::counting_semaphore.
#include <doctest/doctest.h>

#include "support.hpp"

#include <thread>
#include <vector>

using namespace test;

TEST_CASE("semaphore: permits are released and acquired") {
  const weft::semaphore permits(1);
  CHECK(permits.value() == 1);
  permits.acquire();
  CHECK_FALSE(permits.try_acquire());
  CHECK_FALSE(permits.try_acquire_for(1ms));
  permits.release(2);
  CHECK(permits.try_acquire());
  CHECK(permits.try_acquire_for(0s));
  CHECK(permits.value() == 0);
}

TEST_CASE("semaphore: a bound on how many tasks do something at once") {
  weft::executor pool({.max_workers = 4});
  const weft::semaphore room(2);
  std::atomic<int> inside = 0, most = 0;
  std::vector<weft::future<void>> all;
  for (int i = 0; i < 200; ++i)
    all.push_back(pool.submit([room, &inside, &most] {
      room.acquire();
      const int now = ++inside;
      for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
      }
      --inside;
      room.release();
    }));
  for (const auto &each : all) each.result();
  CHECK(most <= 2);
  CHECK(room.value() == 2);
}

TEST_CASE("semaphore: whoever sleeps is woken by a release, or by a request to stop") {
  const weft::semaphore permits(0);
  std::thread other([permits] { permits.acquire(); });
  permits.release();
  other.join();
  weft::executor pool({.max_workers = 1});
  std::atomic<bool> was_interrupted = false;
  const weft::future<void> waiting = pool.submit([&] {
    try {
      permits.acquire();
    } catch (const weft::interrupted &) {
      was_interrupted = true;
    }
  });
  while (!waiting.running()) std::this_thread::yield();
  waiting.request_stop();
  waiting.result();
  CHECK(was_interrupted);
}

TEST_CASE("semaphore: too many permits, too few, and empty handles") {
  const weft::semaphore full(weft::semaphore::max());
  CHECK_THROWS_AS(full.release(), weft::queue_full);
  CHECK_THROWS_AS(full.release(-1), weft::invalid_argument);
  CHECK_THROWS_AS(weft::semaphore(-1), weft::invalid_argument);
  weft::semaphore one(3);
  const weft::semaphore moved = std::move(one), copy = moved;
  CHECK_FALSE(one.valid()); // NOLINT(bugprone-use-after-move): that is what is tested
  CHECK(copy.native_handle() == moved.native_handle());
  CHECK_THROWS_AS(one.acquire(), weft::invalid_argument);
  CHECK_THROWS_AS(static_cast<void>(one.value()), weft::invalid_argument);
  CHECK(weft::semaphore::share(copy.native_handle()).value() == 3);
}
