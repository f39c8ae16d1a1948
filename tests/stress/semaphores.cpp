// Semaphores under load: every permit is taken exactly once. The takers sleep, poll, give up when their time is over or
// are asked to stop, in tasks and outside. The bounds hold, and accesses that a semaphore guards are ordered.
#include <doctest/doctest.h>

#include "stress.hpp"

#include <vector>

using namespace stress;

namespace {

using semaphore = std::unique_ptr<weft_semaphore_t, unref_by<&weft_semaphore_unref>>;

semaphore make_semaphore(std::int64_t initial) {
  weft_semaphore_t *made = nullptr;
  VERIFY_OK(weft_semaphore_create(initial, &made));
  return semaphore(made);
}

std::int64_t any_timeout(dice &random) {
  switch (random.below(4)) {
  case 0:
    return 0;
  case 1:
    return random.below(200) * WEFT_MICROSECOND;
  case 2:
    return WEFT_MILLISECOND;
  default:
    return 3600 * WEFT_SECOND;
  }
}

} // namespace

TEST_CASE("each permit is taken once") {
  const watchdog patience("permits");
  dice random(seed());
  for (std::size_t turn = turns(60, 6000); turn > 0; --turn) {
    const std::int64_t initial = random.below(3);
    const semaphore permits = make_semaphore(initial);
    const std::uint32_t takers = random.between(1, 5), makers = random.between(1, 3);
    const std::int64_t each = random.between(20, 400);
    std::atomic<std::int64_t> taken{0}, given{initial};
    std::atomic<bool> over{false};
    std::vector<std::thread> threads;
    for (std::uint32_t i = 0; i < takers; ++i)
      threads.emplace_back([&, own = dice(random.roll())]() mutable {
        for (;;) {
          const std::int64_t timeout = any_timeout(own);
          const weft_status status =
              own.percent(20) ? weft_semaphore_try_wait(permits.get()) : weft_semaphore_wait(permits.get(), timeout);
          if (status == WEFT_OK) {
            if (over) return; // a permit that only ends this thread
            taken.fetch_add(1, std::memory_order_relaxed);
          } else
            VERIFY_STATUS(status, WEFT_ETIMEDOUT);
        }
      });
    std::vector<std::thread> giving;
    for (std::uint32_t i = 0; i < makers; ++i)
      giving.emplace_back([&, own = dice(random.roll())]() mutable {
        for (std::int64_t left = each; left > 0;) {
          const std::int64_t count = own.percent(70) ? 1 : own.between(1, 5);
          VERIFY_OK(weft_semaphore_signal(permits.get(), count));
          given.fetch_add(count, std::memory_order_relaxed);
          left -= count;
          if (own.percent(10)) std::this_thread::yield();
        }
      });
    for (std::thread &one : giving) one.join();
    while (taken.load() < given.load()) std::this_thread::yield(); // until all have been taken; the watchdog bounds it
    VERIFY(taken.load() == given.load());
    VERIFY(weft_semaphore_value(permits.get()) == 0);
    over = true;
    VERIFY_OK(weft_semaphore_signal(permits.get(), takers));
    for (std::thread &one : threads) one.join();
    VERIFY(weft_semaphore_value(permits.get()) == 0);
  }
}

TEST_CASE("a permit and a request to stop: one of them is told, and no permit is lost") {
  const watchdog patience("permits and stops");
  dice random(seed());
  executor pool = make_pool(3);
  for (std::size_t turn = turns(2000, 200000); turn > 0; --turn) {
    const semaphore permits = make_semaphore(0);
    std::atomic<std::int64_t> taken{0};
    const std::uint32_t count = random.between(1, 3);
    std::vector<future> waiting;
    for (std::uint32_t i = 0; i < count; ++i)
      waiting.push_back(submit(pool.get(), [&permits, &taken, timeout = any_timeout(random)] {
        const weft_status status = weft_semaphore_wait(permits.get(), timeout);
        if (status == WEFT_OK)
          taken.fetch_add(1, std::memory_order_relaxed);
        else
          VERIFY_OF(status, status == WEFT_EINTERRUPTED || status == WEFT_ETIMEDOUT);
      }));
    spin(random.below(3000));
    const std::int64_t signals = random.below(count + 1);
    std::thread other([&permits, signals] {
      for (std::int64_t i = 0; i < signals; ++i) VERIFY_OK(weft_semaphore_signal(permits.get(), 1));
    });
    for (const future &each : waiting)
      if (weft_future_cancel(each.get()) != WEFT_OK) static_cast<void>(weft_future_request_stop(each.get()));
    for (const future &each : waiting) static_cast<void>(weft_future_wait(each.get(), WEFT_FOREVER));
    other.join();
    VERIFY(taken.load() + weft_semaphore_value(permits.get()) == signals);
  }
  end(pool);
}

TEST_CASE("one permit is a mutex: what it guards is plain") {
  const watchdog patience("a mutex");
  executor pool = make_pool(3);
  const semaphore mutex = make_semaphore(1);
  std::int64_t plain = 0;
  const std::size_t each = turns(4000, 400000);
  const auto add = [&] {
    for (std::size_t i = 0; i < each; ++i) {
      VERIFY_OK(weft_semaphore_wait(mutex.get(), WEFT_FOREVER));
      ++plain;
      VERIFY_OK(weft_semaphore_signal(mutex.get(), 1));
    }
  };
  std::vector<future> all;
  for (int i = 0; i < 3; ++i) all.push_back(submit(pool.get(), add));
  std::thread outside(add);
  for (const future &one : all) VERIFY_OK(weft_future_wait(one.get(), WEFT_FOREVER));
  outside.join();
  VERIFY(plain == static_cast<std::int64_t>(4 * each));
  end(pool);
}

TEST_CASE("the waiter ends the semaphore while the signal is still on its way back") {
  const watchdog patience("ends");
  dice random(seed());
  executor pool = make_pool(2);
  for (std::size_t turn = turns(20000, 2000000); turn > 0; --turn) {
    const semaphore done = make_semaphore(0);
    VERIFY_OK(try_post(pool.get(), [raw = done.get(), pause = random.below(2000)] {
      spin(pause);
      VERIFY_OK(weft_semaphore_signal(raw, 1));
    }));
    spin(random.below(2000));
    weft_status status;
    do status = weft_semaphore_wait(done.get(), any_timeout(random));
    while (status == WEFT_ETIMEDOUT);
    VERIFY_OK(status);
  }
  end(pool);
}
