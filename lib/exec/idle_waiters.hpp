// Threads that wait until an executor is idle. The executor tells them when it may have become so.
//
// Does not know what idle means: that is executor::idle(). The protocol is argued in README.md,
// "Idle".
#pragma once

#include <cstdint>
#include <mutex>

#include "base/atomic.hpp"
#include "base/parker.hpp"

namespace weft::core {

class idle_waiters {
public:
  // On the stack of the waiter. Listed as long as it lives.
  class entry {
  public:
    entry(idle_waiters &all, parker &sleeper) noexcept : all_(all), sleeper_(sleeper) {
      const std::scoped_lock hold(all_.mutex_);
      next_ = all_.first_;
      all_.first_ = this;
      number_ = ++all_.last_;
      all_.newest_.store(number_, std::memory_order_seq_cst);
    }
    ~entry() {
      const std::scoped_lock hold(all_.mutex_);
      entry **at = &all_.first_;
      while (*at != this) at = &(*at)->next_;
      *at = next_;
      if (all_.first_ == nullptr) all_.newest_.store(0, std::memory_order_relaxed);
    }
    entry(const entry &) = delete;
    entry &operator=(const entry &) = delete;
    // The executor has been idle since this entry was listed.
    bool told() const noexcept { return told_.load(std::memory_order_acquire); }

  private:
    friend class idle_waiters;
    idle_waiters &all_;
    parker &sleeper_;
    entry *next_ = nullptr;    // under the lock of the list
    std::uint64_t number_ = 0; // the same
    atomic<bool> told_{false}; // its release pairs with the acquire of told()
  };

  // The number of the newest entry; 0: there is none. Sequentially consistent against entry(): the
  // waiter is listed before it looks whether the executor is idle, and the executor changes before
  // it asks here. One of the two sees the other.
  std::uint64_t newest() const noexcept { return newest_.load(std::memory_order_seq_cst); }
  // The executor was idle after newest() had said this number.
  void tell_up_to(std::uint64_t number) noexcept {
    const std::scoped_lock hold(mutex_); // an entry leaves under it, so it is there
    for (entry *each = first_; each != nullptr; each = each->next_) {
      if (each->number_ > number) continue;
      each->told_.store(true, std::memory_order_release);
      each->sleeper_.unpark();
    }
  }

private:
  native_mutex mutex_;
  entry *first_ = nullptr;          // under mutex_
  std::uint64_t last_ = 0;          // under mutex_: the last number that was given
  atomic<std::uint64_t> newest_{0}; // written under mutex_
};

} // namespace weft::core
