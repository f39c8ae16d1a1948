// How many workers there are and what they do, in one word. It decides whether a worker must be
// woken.
//
// alive: started and not left. active: alive and not gone to rest; a waker counts a worker as
// active before it wakes it. searching: active and looking for tasks, or certain to do so next (a
// wake-up on its way counts already). The counts say how many, not which ones. The protocol is in
// README.md, "The census", "Lost wake-up" and "At rest".
#pragma once

#include <cstdint>

#include "base/atomic.hpp"

namespace weft::core {

class census {
public:
  struct counts {
    std::uint32_t searching, active, alive;
    std::uint32_t idle() const noexcept { return alive - active; }
  };

  [[gnu::always_inline]] counts read() const noexcept { return unpack(word_.load(std::memory_order_seq_cst)); }

  // Change all three at once if they are still as `seen`. On failure `seen` is what they are now.
  bool change(counts &seen, int searching, int active, int alive) noexcept {
    std::uint64_t expected = pack(seen);
    if (word_.compare_exchange_weak(expected, expected + delta(searching, active, alive), std::memory_order_seq_cst))
      return true;
    seen = unpack(expected);
    return false;
  }

  // Change them whatever they are. Returns what they were.
  counts add(int searching, int active, int alive) noexcept {
    return unpack(word_.fetch_add(delta(searching, active, alive), std::memory_order_seq_cst));
  }

private:
  static constexpr int width = 20; // more than enough for 4096 workers
  static constexpr std::uint64_t mask = (std::uint64_t{1} << width) - 1;

  static counts unpack(std::uint64_t word) noexcept {
    return {static_cast<std::uint32_t>(word & mask), static_cast<std::uint32_t>((word >> width) & mask),
            static_cast<std::uint32_t>((word >> (2 * width)) & mask)};
  }
  static std::uint64_t pack(counts c) noexcept {
    return c.searching | (std::uint64_t{c.active} << width) | (std::uint64_t{c.alive} << (2 * width));
  }
  // Negative steps are additions modulo 2^64. A field never goes below zero, so nothing is borrowed
  // in the end.
  static std::uint64_t delta(int searching, int active, int alive) noexcept {
    return static_cast<std::uint64_t>(searching) + (static_cast<std::uint64_t>(active) << width) +
           (static_cast<std::uint64_t>(alive) << (2 * width));
  }

  // All accesses are sequentially consistent. Each is one half of a pair "write, then look". The
  // other half is the size of a queue, or an atomic of the scheduler that names the census as its
  // partner.
  alignas(64) atomic<std::uint64_t> word_{0};
};

} // namespace weft::core
