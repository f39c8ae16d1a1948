// A counting semaphore: permits, and the threads that sleep until one comes to them. The object
// behind weft_semaphore_t.
//
// Owns the balance and the list of sleepers. Knows nothing of what a permit stands for, and nothing
// of tasks: a wait is a sleep like any other (blocking.hpp). Read on in README.md, "Semaphores".
#pragma once

#include <cstdint>
#include <new>

#include <weft/semaphore.h>

#include "base/adaptive_mutex.hpp"
#include "base/atomic.hpp"
#include "base/clock.hpp"
#include "base/fork.hpp"
#include "base/misuse.hpp"
#include "base/parker.hpp"
#include "base/refs.hpp"

struct weft_semaphore {};

namespace weft::core {

struct record;
class wake_list;

class semaphore final : public weft_semaphore, public shared_object<semaphore> {
public:
  // With one reference. Null: no memory.
  static semaphore *make(std::int64_t initial) noexcept { return new (std::nothrow) semaphore(initial); }
  ~semaphore() = default;

  // Made before a fork: of no use in this process.
  bool inherited() const noexcept { return native_.is_another(); }
  bool has_magic() const noexcept { return magic_.is_right(); }

  // Add permits, at least one. WEFT_OK, WEFT_EFULL. A waiter that it has let go may free *this.
  weft_status signal(std::int64_t count) noexcept;
  // WEFT_OK, WEFT_ETIMEDOUT, WEFT_EINTERRUPTED, WEFT_ENOMEM.
  weft_status wait(deadline until) noexcept;
  // Take a permit if there is one.
  bool try_wait() noexcept {
    std::int64_t seen = balance_.load(std::memory_order_relaxed);
    while (seen > 0)
      if (balance_.compare_exchange_weak(seen, seen - 1, std::memory_order_acquire, std::memory_order_relaxed))
        return true;
    return false;
  }
  std::int64_t value() const noexcept {
    const std::int64_t seen = balance_.load(std::memory_order_relaxed);
    return seen > 0 ? seen : 0;
  }

private:
  struct waiter { // on the stack of a thread in wait()
    parker *who;
    waiter *next = nullptr; // under mutex_
    // Written under mutex_. The release pairs with the acquire of the waiter, which reads it
    // without.
    atomic<bool> told{false};
  };

  explicit semaphore(std::int64_t initial) noexcept : balance_(initial) {}

  bool enlist(waiter &me) noexcept;
  enum class fate { told, owed, gone };
  fate leave(waiter &me) noexcept;
  void hand_out(std::int64_t count) noexcept;

  // Permits. Below 0: how many threads sleep and have no permit coming. A signal that raises it
  // from below 0 owes so many listed waiters a permit, and gives it under mutex_. The release of
  // signal() pairs with the acquire of the thread that takes a permit here.
  atomic<std::int64_t> balance_;
  const native_process native_;
  adaptive_mutex mutex_; // no other lock is taken inside it
  // Under mutex_: the waiters that sleep and were not told. The first that came is told first.
  waiter *waiters_ = nullptr, **last_waiter_ = &waiters_;
  [[no_unique_address]] magic_word<0x2bad5eed0e440012> magic_;
};

} // namespace weft::core
