// A mutex for critical sections of a few dozen instructions under heavy contention: it spins
// shortly before it sleeps.
//
// lock() and unlock() are inline, one atomic operation each. The mutex of the C library adapts too,
// but it is a call with choices to make: with it each submit took a tenth longer
// (tests/bench/README.md). This one has four bytes. It sleeps in the kernel only when the holder
// has lost its CPU. It has no owner, so the child of a fork may unlock it.
#pragma once

#include <cstdint>

#include "base/atomic.hpp"

#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>

#endif

namespace weft::core {

class futex_mutex {
public:
  constexpr futex_mutex() noexcept = default;
  futex_mutex(const futex_mutex &) = delete;
  futex_mutex &operator=(const futex_mutex &) = delete;

  void lock() noexcept {
    tell_sanitizer(step::before_lock);
    if (!take()) [[unlikely]]
      lock_contended();
    tell_sanitizer(step::after_lock);
  }
  // The next holder may destroy the mutex at once: after the exchange only its address is used.
  void unlock() noexcept { unlock_in(std::memory_order_release); }
  // Also a full fence: earlier writes are visible to all threads before the caller's later reads.
  // On x86 the operation that unlocks is such a fence.
  void unlock_with_fence() noexcept {
    unlock_in(std::memory_order_seq_cst);
#if !defined(__x86_64__) || defined(WEFT_MODEL)
    full_fence();
#endif
  }

private:
  // With this ThreadSanitizer checks the order of these locks, as it does that of others. It is not
  // told of the end of a mutex: it knows a mutex by its address only, and takes a new one at that
  // address for the old one.
  enum class step { before_lock, after_lock, before_unlock, after_unlock };
  void tell_sanitizer([[maybe_unused]] step which) noexcept {
#if defined(__SANITIZE_THREAD__)
    switch (which) {
    case step::before_lock:
      return __tsan_mutex_pre_lock(this, __tsan_mutex_linker_init);
    case step::after_lock:
      return __tsan_mutex_post_lock(this, __tsan_mutex_linker_init, 0);
    case step::before_unlock:
      return void(__tsan_mutex_pre_unlock(this, 0));
    case step::after_unlock:
      return __tsan_mutex_post_unlock(this, 0);
    }
#endif
  }

  // awaited: held, and a thread sleeps or is about to. A thread that wakes takes the lock as
  // awaited, because others may sleep too.
  static constexpr std::uint32_t free = 0, held = 1, awaited = 2;

  void unlock_in(std::memory_order order) noexcept {
    tell_sanitizer(step::before_unlock);
    const bool awaited_by_some = word_.exchange(free, order) == awaited;
    tell_sanitizer(step::after_unlock);
    if (awaited_by_some) [[unlikely]]
      wake_one();
  }
  bool take() noexcept {
    std::uint32_t expected = free;
    return word_.compare_exchange_strong(expected, held, std::memory_order_acquire, std::memory_order_relaxed);
  }
  [[gnu::noinline]] void lock_contended() noexcept;
  [[gnu::noinline]] void wake_one() noexcept;

  // The release of unlock() pairs with the acquire of the next lock().
  atomic<std::uint32_t> word_{free};
};

// The model tests look at futex_mutex itself. In their other cases a lock is one step.
#if defined(WEFT_MODEL)
using adaptive_mutex = native_mutex;
#else
using adaptive_mutex = futex_mutex;
#endif

} // namespace weft::core
