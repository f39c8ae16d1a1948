// Programs without a circle are never told of a deadlock. In these random programs a task waits only for earlier tasks,
// of its own pool or of a pool below it. So they can always go on, even with one worker a pool.
#include <doctest/doctest.h>

#include "stress.hpp"

#include <algorithm>
#include <vector>

using namespace stress;

namespace {

class acyclic_program {
public:
  explicit acyclic_program(std::uint64_t from) : random_(from) { say_on_failure("acyclic program", from); }

  void run() {
    const std::uint32_t pools = random_.between(1, 3), count = random_.between(4, 16);
    for (std::uint32_t p = 0; p < pools; ++p) pools_.push_back(make_pool(random_.between(1, 3)));
    futures_ = std::vector<std::atomic<weft_future_t *>>(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      task_of_.push_back(random_.below(pools));
      seeds_.push_back(random_.roll());
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      kept_.push_back(submit(pools_[task_of_[i]].get(), [this, i] { wait_for_earlier(i); }));
      futures_[i].store(kept_.back().get(), std::memory_order_release);
    }
    for (const future &f : kept_) wait(f);
    for (executor &p : pools_) end(p);
  }

private:
  // The futures of all earlier tasks were stored before this task was submitted.
  void wait_for_earlier(std::uint32_t self) {
    dice mine(seeds_[self]);
    for (std::uint32_t waits = mine.below(3); waits > 0; --waits) {
      std::vector<weft_future_t *> awaited;
      for (std::uint32_t n = mine.between(1, 4); n > 0 && self > 0; --n)
        if (const std::uint32_t other = mine.below(self); task_of_[other] <= task_of_[self])
          awaited.push_back(futures_[other].load(std::memory_order_acquire));
      if (awaited.empty()) continue;
      const std::int64_t timeout = mine.percent(80) ? WEFT_FOREVER : mine.below(50) * WEFT_MICROSECOND;
      weft_status status = WEFT_OK;
      if (mine.percent(50)) {
        status = weft_future_wait(awaited[0], timeout);
      } else if (mine.percent(70)) {
        status = weft_wait(awaited.data(), awaited.size(), mine.below(3), timeout, nullptr, nullptr);
      } else {
        weft_as_completed_t *iterator = nullptr;
        VERIFY_OK(weft_as_completed(awaited.data(), awaited.size(), timeout, &iterator));
        while (status == WEFT_OK) {
          weft_future_t *next = nullptr;
          status = weft_as_completed_next(iterator, &next);
          if (status == WEFT_OK) weft_future_unref(next);
        }
        weft_as_completed_destroy(&iterator);
        if (status == WEFT_EEND) status = WEFT_OK;
      }
      VERIFY_OF(status, status == WEFT_OK || (status == WEFT_ETIMEDOUT && timeout != WEFT_FOREVER));
    }
  }

  dice random_;
  std::vector<executor> pools_;
  std::vector<std::uint32_t> task_of_; // the pool of each task
  std::vector<std::uint64_t> seeds_;
  std::vector<std::atomic<weft_future_t *>> futures_;
  std::vector<future> kept_;
};

} // namespace

TEST_CASE("programs without a circle are never refused a wait") {
  dice seeds(seed());
  for (std::size_t i = turns(10'000, 1'000'000); i > 0; --i) {
    const watchdog patience("an acyclic program");
    acyclic_program(seeds.roll()).run();
  }
}
