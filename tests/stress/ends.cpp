// Ends at awkward moments: joins by many threads, last handles dropped from inside, stop requests while other tasks
// run, and waits for tasks of an executor that is just ending.
#include <doctest/doctest.h>

#include "stress.hpp"

#include <vector>

using namespace stress;

TEST_CASE("one thread is joined by many, in time and too early, again and again") {
  const watchdog patience("join by many");
  dice random(seed());
  for (std::size_t turn = turns(1'500, 100'000); turn > 0; --turn) {
    int left_behind = 0; // plain: written by the target, read after a join
    const std::uint32_t work = random.below(100'000);
    const thread target = start_thread([&] {
      spin(work);
      left_behind = 42;
    });
    std::vector<std::thread> joiners;
    for (std::uint32_t j = random.between(1, 6); j > 0; --j)
      joiners.emplace_back([&, mine = random.roll()] {
        dice own(mine);
        const std::int64_t timeout = own.percent(50) ? WEFT_FOREVER : own.below(100) * WEFT_MICROSECOND;
        const weft_status status = weft_thread_join(target.get(), timeout);
        if (status == WEFT_ETIMEDOUT) {
          VERIFY(timeout != WEFT_FOREVER);
          VERIFY_OK(weft_thread_join(target.get(), WEFT_FOREVER));
        } else {
          VERIFY_OK(status);
        }
        VERIFY(left_behind == 42);
        VERIFY(weft_thread_is_alive(target.get()) == 0);
        VERIFY_OK(weft_thread_join(target.get(), 0));
      });
    for (std::thread &j : joiners) j.join();
  }
}

namespace {

// Holds a handle of an executor. Its drop gives the handle back and counts that.
struct holder {
  executor held;
  std::atomic<int> *gone;
  explicit holder(weft_executor_t *shared, std::atomic<int> *counter)
      : held(weft_executor_ref(shared)), gone(counter) {}
  holder(holder &&other) noexcept : held(std::move(other.held)), gone(std::exchange(other.gone, nullptr)) {}
  holder &operator=(holder &&) = delete;
  ~holder() {
    held.reset();
    if (gone != nullptr) gone->fetch_add(1, std::memory_order_release);
  }
};

void await(const std::atomic<int> &counter, int value) {
  while (counter.load(std::memory_order_acquire) != value) std::this_thread::yield();
}

executor make_some(std::uint32_t kind, const executor &pool) {
  switch (kind) {
  case 0:
    return make_pool(1);
  case 1:
    return make_pool(3);
  case 2:
    return make_strand(pool.get());
  case 3: { // the strand has the only handle of its pool
    const executor own = make_pool(2);
    return make_strand(own.get());
  }
  default:
    return make_caller_run();
  }
}

} // namespace

TEST_CASE("the last handle of an executor goes inside its own task, drop or callback") {
  const watchdog patience("last handle from inside");
  dice random(seed() + 1);
  executor lasting = make_pool(2);
  for (std::size_t turn = turns(3'000, 300'000); turn > 0; --turn) {
    const std::uint32_t kind = random.below(5);
    executor own = make_some(kind, lasting);
    std::atomic<int> gone{0}, ran{0};
    int holders = 0;
    std::vector<future> futures;
    for (std::uint32_t n = random.between(1, 6); n > 0; --n) {
      const std::uint32_t how = random.below(3);
      ++holders;
      if (how == 0) { // with the drop of the closure
        futures.push_back(submit(own.get(), [keep = holder(own.get(), &gone), &ran] { ++ran; }));
      } else if (how == 1) { // in the middle of the task
        futures.push_back(submit(own.get(), [keep = std::make_unique<holder>(own.get(), &gone), &ran]() mutable {
          ++ran;
          keep.reset();
          VERIFY(keep == nullptr);
        }));
      } else { // in a callback, on the worker or here
        futures.push_back(submit(own.get(), [&ran] { ++ran; }));
        when_done(futures.back().get(), [keep = holder(own.get(), &gone)](weft_future_t *) {});
      }
    }
    if (random.percent(20)) futures.clear(); // no thread waits for them
    if (kind == 4) {
      // Each task that runs drops a handle. The call must survive the drop of the last one.
      weft_executor_t *const borrowed = own.release();
      VERIFY_OK(try_post(borrowed, [borrowed] { weft_executor_unref(borrowed); }));
      VERIFY_OK(weft_executor_run(borrowed, 0, WEFT_FOREVER, nullptr));
    } else {
      own.reset();
    }
    await(gone, holders);
    for (const future &f : futures) wait(f);
    futures.clear();
  }
  end(lasting);
}

TEST_CASE("the last handle of a future goes inside its own task and callback, that of a thread in its target") {
  const watchdog patience("last handle of a future from inside");
  dice random(seed() + 2);
  executor pool = make_pool(3);
  for (std::size_t turn = turns(10'000, 1'000'000); turn > 0; --turn) {
    std::atomic<int> gone{0};
    auto box = std::make_shared<std::atomic<weft_future_t *>>(nullptr);
    const auto take_and_drop = [box, &gone] {
      if (weft_future_t *const mine = box->exchange(nullptr); mine != nullptr) {
        weft_future_unref(mine);
        gone.fetch_add(1, std::memory_order_release);
      }
    };
    future made = submit(pool.get(), take_and_drop);
    if (random.percent(50)) when_done(made.get(), [take_and_drop](weft_future_t *) { take_and_drop(); });
    box->store(made.release());
    if (random.percent(50)) take_and_drop();
    // The last of the three finds the future. If the task was faster than the store, that is this thread.
    if (box->load() != nullptr && random.percent(50)) take_and_drop();
    while (gone.load(std::memory_order_acquire) == 0) {
      if (random.percent(10)) take_and_drop();
      std::this_thread::yield();
    }
  }
  end(pool);
  for (std::size_t turn = turns(1'000, 100'000); turn > 0; --turn) {
    std::atomic<weft_thread_t *> own{nullptr};
    std::atomic<int> gone{0};
    thread made = start_thread([&] {
      weft_thread_t *mine = nullptr;
      while ((mine = own.exchange(nullptr)) == nullptr) std::this_thread::yield();
      weft_thread_unref(mine);
      gone.store(1, std::memory_order_release);
    });
    own.store(made.release());
    await(gone, 1);
  }
}

TEST_CASE("a stop request reaches its task or nobody, never the next one on the worker") {
  const watchdog patience("stop requests");
  dice random(seed() + 3);
  const future never = make_promise();
  for (const std::uint32_t workers : {1u, 2u}) {
    executor pool = make_pool(workers);
    executor strand = make_strand(pool.get());
    for (std::size_t turn = turns(3'000, 300'000); turn > 0; --turn) {
      weft_executor_t *const to = random.percent(70) ? pool.get() : strand.get();
      const bool asked_before = random.percent(20);
      const std::uint64_t victim_random = random.roll();
      std::atomic<bool> asked{false};
      const future victim = submit(to, [&, victim_random] {
        dice mine(victim_random);
        switch (mine.below(4)) {
        case 0:
          return spin(mine.below(5'000));
        case 1: { // a stop request ends a sleep that has no time limit
          VERIFY_STATUS(weft_sleep(WEFT_FOREVER), WEFT_EINTERRUPTED);
          VERIFY(asked.load() && weft_stop_requested() == 1);
          return;
        }
        case 2:
          VERIFY_STATUS(weft_future_wait(never.get(), WEFT_FOREVER), WEFT_EINTERRUPTED);
          VERIFY(asked.load());
          return;
        default: {
          weft_future_t *const one = never.get();
          std::size_t done = 9;
          VERIFY_STATUS(weft_wait(&one, 1, mine.below(3), WEFT_FOREVER, nullptr, &done), WEFT_EINTERRUPTED);
          VERIFY(done == 0);
        }
        }
      });
      const auto innocent = [&never] {
        VERIFY(weft_stop_requested() == 0);
        VERIFY_OK(weft_sleep(WEFT_MICROSECOND));
        VERIFY_STATUS(weft_future_wait(never.get(), WEFT_MICROSECOND), WEFT_ETIMEDOUT);
        VERIFY(weft_stop_requested() == 0);
      };
      const future next = submit(to, innocent);
      if (!asked_before) spin(random.below(20'000));
      asked.store(true);
      const weft_status status = weft_future_request_stop(victim.get());
      VERIFY(status == WEFT_OK || status == WEFT_EDONE);
      const future last = submit(to, innocent);
      wait(victim);
      wait(next);
      wait(last);
    }
    end(strand);
    end(pool);
  }
}

TEST_CASE("a task that is run by one who waits for it has its own stop flag") {
  const watchdog patience("stop requests of nested tasks");
  executor pool = make_pool(1);
  for (std::size_t turn = turns(2'000, 200'000); turn > 0; --turn) {
    future inner;
    const future outer = submit(pool.get(), [&] {
      inner = submit(pool.get(), [] { VERIFY(weft_stop_requested() == 1); });
      VERIFY_OK(weft_future_request_stop(inner.get())); // before it starts: it runs all the same
      wait(inner);
      VERIFY(weft_stop_requested() == 0);
      VERIFY_OK(weft_sleep(1));
    });
    wait(outer);
  }
  end(pool);
}

TEST_CASE("a wait for a future whose executor goes at this moment") {
  const watchdog patience("waits against the end of an executor");
  dice random(seed() + 4);
  for (std::size_t turn = turns(4'000, 400'000); turn > 0; --turn) {
    const std::uint32_t kind = random.below(3);
    const executor under = make_pool(1);
    executor own = kind == 0 ? make_caller_run() : kind == 1 ? make_pool(1) : make_strand(under.get());
    std::vector<future> futures;
    const std::uint32_t work = random.below(20'000);
    for (int i = 0; i < 3; ++i) futures.push_back(submit(own.get(), [work] { spin(work); }));
    starting_line line(3);
    std::thread waiter([&] {
      line.cross();
      for (const future &f : futures) wait(f);
    });
    std::thread other([&] {
      line.cross();
      std::vector<weft_future_t *> all;
      for (const future &f : futures) all.push_back(f.get());
      VERIFY_OK(weft_wait(all.data(), all.size(), WEFT_ALL_COMPLETED, WEFT_FOREVER, nullptr, nullptr));
    });
    line.cross();
    spin(random.below(20'000));
    if (random.percent(50)) VERIFY_OK(weft_executor_shutdown(own.get(), WEFT_SHUTDOWN_CANCEL_PENDING, 0));
    own.reset();
    waiter.join();
    other.join();
  }
}
