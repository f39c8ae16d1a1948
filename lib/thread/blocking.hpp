// How a thread waits: it looks, spins shortly, then sleeps in the wait graph until it is woken,
// late, or asked to stop.
//
// Owns the loop of a sleep and nothing else. The caller brings the condition. The thread that makes
// it true must unpark the sleeper afterwards; usually an observer of a completion does. A stop
// request or a late permit wakes the sleeper too, so it looks at the condition each time. Read on
// in README.md, "Waits that could never end" and "Time".
#pragma once

#include <algorithm>
#include <cstddef>

#include <weft/base.h>

#include "base/block.hpp"
#include "base/clock.hpp"
#include "base/completion.hpp"
#include "base/system.hpp"
#include "thread/record.hpp"
#include "thread/wait_graph.hpp"

namespace weft::core {

// How often a waiter looks before it sleeps: some tens of microseconds, about what a wake-up costs.
// 0 if there is one CPU.
int spin_limit() noexcept;

// Spins `times` as long as usual.
template <class Condition> bool spin_until(Condition ready, int times = 1) noexcept {
  for (int i = spin_limit() * times; i > 0; --i) {
    if (ready()) return true;
    relax();
  }
  return ready();
}

// A thread that sleeps inside executors looks after what is armed on these, because all their
// threads may be asleep. The first executor brings the two functions: this layer does not know
// executors.
struct timekeeping {
  static constexpr std::int64_t none = INT64_MAX;
  std::int64_t (*next_look)(const record &self) noexcept; // a moment of now_ns(), or none
  void (*look)(const record &self);
};
// The release of the first executor pairs with the acquire of a thread that sleeps inside one.
inline constinit atomic<const timekeeping *> timekeeper{nullptr};

// A sleep in a wait that may run something.
struct helpful_sleep {
  const lending_hand *hand = nullptr; // as in blocked_thread
  // News end the sleep, if the graph has more of them than the waiter has seen.
  bool interested = false;
  std::uint64_t news_seen = 0;
  // So does this moment of now_ns(). It is no limit: the graph judges a wait that only looks again.
  std::int64_t next_look = timekeeping::none;
  // As in blocked_thread. WEFT_EDEADLK then means that something is offered.
  bool stays = false;
  // As in blocked_thread.
  bool leaves = false;
  // Out, with WEFT_EDEADLK: as in blocked_thread.
  const void *offered = nullptr;
  // Out, with WEFT_OK: the graph has asked this thread to look again.
  bool was_asked = false;
};

// WEFT_OK, WEFT_ETIMEDOUT, WEFT_EINTERRUPTED or WEFT_EDEADLK. Does not spin. The wakers must be in
// place before the call. With `helper`, WEFT_OK also means: look again at what may be run.
template <class Condition>
weft_status sleep_until(record &self, const dependency *on, std::size_t count, wait_for mode, deadline until,
                        Condition ready, helpful_sleep *helper = nullptr) noexcept {
  if (ready()) return WEFT_OK;
  if (until.passed()) return WEFT_ETIMEDOUT;
  flush_freed_blocks();
  wait_graph &graph = wait_graph::instance();
  const timekeeping *const time = self.top != nullptr ? timekeeper.load(std::memory_order_acquire) : nullptr;
  for (;;) {
    if (self.before_sleep != nullptr) self.before_sleep(self);
    blocked_thread entry{&self, on, count, mode, !until.is_never()};
    if (helper != nullptr) {
      entry.hand = helper->hand;
      entry.stays = helper->stays;
      entry.leaves = helper->leaves;
      entry.interested = helper->interested;
      entry.news_seen = helper->news_seen;
    }
    if (!graph.enter(entry)) {
      if (entry.offered == nullptr && ready()) return WEFT_OK;
      if (helper != nullptr) helper->offered = entry.offered;
      return WEFT_EDEADLK;
    }
    if (time != nullptr) full_fence(); // pairs with that of wake_for_time()
    enum { sleeps, looks_again, serves_time, ends } next = sleeps;
    weft_status status = WEFT_OK;
    // The flags are read after enter(): a stop request finds this thread listed, or this thread
    // finds its flag.
    for (; next == sleeps;) {
      const std::int64_t look = helper != nullptr ? helper->next_look : timekeeping::none;
      const std::int64_t due = time != nullptr ? time->next_look(self) : timekeeping::none;
      if (ready()) {
        next = ends;
      } else if (stop_requested(self)) {
        status = WEFT_EINTERRUPTED;
        next = ends;
      } else if (until.passed()) {
        status = WEFT_ETIMEDOUT;
        next = ends;
      } else if (entry.looks_again.load(std::memory_order_acquire) ||
                 (helper != nullptr && helper->interested && graph.news() != helper->news_seen) ||
                 (look != timekeeping::none && look <= now_ns())) {
        next = looks_again;
      } else if (due != timekeeping::none && due <= now_ns()) {
        next = serves_time;
      } else {
        const std::int64_t soonest = std::min(due, look);
        self.sleeper.park(soonest < until.at() ? deadline::at(soonest) : until);
      }
    }
    graph.leave(entry);
    if (next == ends) return status;
    if (next == serves_time) time->look(self);
    if (helper != nullptr) {
      helper->was_asked = entry.looks_again.load(std::memory_order_relaxed);
      return WEFT_OK;
    }
  }
}

// While it lives, the end of something wakes this thread. `end` may be null: then nothing does.
class completion_waker : private observer {
public:
  completion_waker(parker &sleeper, completion *end) noexcept;
  ~completion_waker() {
    if (is_listed_) end_->remove(*this);
  }
  completion_waker(const completion_waker &) = delete;
  completion_waker &operator=(const completion_waker &) = delete;
  bool is_listed() const noexcept { return is_listed_; } // false: it has ended already

private:
  static void tell(observer &self, bool failed, wake_list &sleepers) noexcept;
  parker &sleeper_;
  completion *const end_;
  bool is_listed_;
};

// Wait for one completion. `on` is what the wait graph asks.
enum class spinning { some, none }; // before it sleeps
weft_status wait_for_completion(record &self, completion &end, dependency on, deadline until,
                                spinning before = spinning::some, helpful_sleep *helper = nullptr) noexcept;

// weft_sleep: waits for time and stop requests only.
weft_status sleep_for(std::int64_t duration) noexcept;

} // namespace weft::core
