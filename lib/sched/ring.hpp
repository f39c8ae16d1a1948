// A worker's batch: the tasks that it has taken and will run next, oldest first. Thieves take at
// the same end.
//
// One producer (the owner), any number of consumers (the owner and thieves). Positions are 64 bits
// wide and never wrap in practice, so a reused value cannot deceive the compare-and-swap on head_.
// Capacity is a template parameter so that tests can make the ring tiny and reach its borders.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/atomic.hpp"

namespace weft::core {

class task;

template <std::size_t Capacity> class basic_ring {
  static_assert((Capacity & (Capacity - 1)) == 0, "positions are masked");

public:
  static constexpr std::size_t capacity = Capacity;

  // Sequentially consistent: the look W2 of README.md, "Lost wake-up", after a mere change of the
  // census.
  bool empty() const noexcept { return head_.load(std::memory_order_seq_cst) >= tail_.load(std::memory_order_seq_cst); }

  // Owner only, and only when the ring is empty. Up to capacity tasks.
  void fill(task *const *tasks, std::size_t count) noexcept {
    std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    for (std::size_t i = 0; i < count; ++i) slots_[(tail + i) % Capacity].store(tasks[i], std::memory_order_relaxed);
    // Pairs with the acquire in take(): a thread that sees the new tail sees the slots.
    tail_.store(tail + count, std::memory_order_release);
  }

  // Take up to `most` tasks from the old end. Any thread. 0: it is empty, or another taker was
  // faster.
  std::size_t take(task **out, std::size_t most) noexcept {
    std::uint64_t head = head_.load(std::memory_order_acquire);
    const std::uint64_t tail = tail_.load(std::memory_order_acquire);
    if (head >= tail) return 0;
    std::size_t count = static_cast<std::size_t>(tail - head);
    if (count > most) count = most;
    // The slots are read before they are won. If another taker was faster, the owner may be writing
    // new tasks into them at this moment. Then the compare-and-swap fails, and what was read is
    // thrown away.
    for (std::size_t i = 0; i < count; ++i) out[i] = slots_[(head + i) % Capacity].load(std::memory_order_relaxed);
    return head_.compare_exchange_strong(head, head + count, std::memory_order_acq_rel) ? count : 0;
  }

  // How many tasks thieves would find. Exact for the owner while no thread steals.
  std::size_t size() const noexcept {
    const std::uint64_t head = head_.load(std::memory_order_acquire), tail = tail_.load(std::memory_order_acquire);
    return head < tail ? static_cast<std::size_t>(tail - head) : 0;
  }

private:
  // Written by all takers. The release pairs with the look of the owner that finds the ring empty:
  // the slots were read before fill() writes them.
  alignas(64) atomic<std::uint64_t> head_{0};
  // Written by the owner. The release pairs with the acquire in take().
  alignas(64) atomic<std::uint64_t> tail_{0};
  std::array<atomic<task *>, Capacity> slots_{};
};

using ring = basic_ring<64>;

} // namespace weft::core
