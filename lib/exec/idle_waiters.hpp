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
      all_.count_.fetch_add(1, std::memory_order_seq_cst);
    }
    ~entry() {
      const std::scoped_lock hold(all_.mutex_);
      entry **at = &all_.first_;
      while (*at != this) at = &(*at)->next_;
      *at = next_;
      all_.count_.fetch_sub(1, std::memory_order_relaxed);
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
    atomic<bool> told_{false}; // its release pairs with the acquire of told()
  };

  // Sequentially consistent against the count in entry(): the waiter is counted before it looks
  // whether the executor is idle, and the executor changes before it asks here. One of the two sees
  // the other.
  bool any() const noexcept { return count_.load(std::memory_order_seq_cst) != 0; }
  void tell() noexcept {
    const std::scoped_lock hold(mutex_); // an entry leaves under it, so it is there
    for (entry *each = first_; each != nullptr; each = each->next_) {
      each->told_.store(true, std::memory_order_release);
      each->sleeper_.unpark();
    }
  }

private:
  native_mutex mutex_;
  entry *first_ = nullptr;         // under mutex_
  atomic<std::uint32_t> count_{0}; // written under mutex_
};

} // namespace weft::core
