// A mutex for sections of a few dozen instructions under heavy contention: it spins shortly before it sleeps.
//
// Taken and given back inline, by one operation each: through the C library's, which is adaptive too but a call with
// choices to make, each submit took a tenth longer (tests/bench/README.md). Four bytes, never sleeps in the kernel
// unless the holder has lost its CPU, and knows no owner: so the child of a fork may give it back.
#pragma once

#include <atomic>
#include <cstdint>

namespace weft::core {

class adaptive_mutex {
public:
  constexpr adaptive_mutex() noexcept = default;
  adaptive_mutex(const adaptive_mutex &) = delete;
  adaptive_mutex &operator=(const adaptive_mutex &) = delete;

  void lock() noexcept {
    if (!try_lock()) [[unlikely]]
      lock_contended();
  }
  bool try_lock() noexcept {
    std::uint32_t expected = free;
    return word_.compare_exchange_strong(expected, held, std::memory_order_acquire, std::memory_order_relaxed);
  }
  // Whoever gets it next may destroy it at once: after the exchange only its address is used.
  void unlock() noexcept {
    if (word_.exchange(free, std::memory_order_release) == awaited) [[unlikely]]
      wake_one();
  }

private:
  // awaited: held, and somebody sleeps or is about to. Who wakes up takes it as awaited, for others may sleep too.
  static constexpr std::uint32_t free = 0, held = 1, awaited = 2;

  void lock_contended() noexcept;
  void wake_one() noexcept;

  // The release of unlock() pairs with the acquire of whoever takes it next.
  std::atomic<std::uint32_t> word_{free};
};

} // namespace weft::core
