// Bodies of loops that threads from outside have called lately and whose calls were short. Such a
// thread begins the next loop alone, because to wake a worker would cost more than the loop.
//
// A guess that may be wrong: entries are overwritten, and none orders anything. README.md, "Loops".
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/atomic.hpp"
#include "base/clock.hpp"

namespace weft::core {

class short_bodies {
public:
  // The last loop with this body was not long ago, and its calls were short.
  bool knows(const void *body) const noexcept {
    const entry &at = entries_[place(body)];
    return at.body.load(std::memory_order_relaxed) == body && at.doubts.load(std::memory_order_relaxed) == 0 &&
           cycles() - at.seen.load(std::memory_order_relaxed) < not_long;
  }

  // At the end of a loop.
  void note(const void *body, bool was_short) noexcept {
    entry &at = entries_[place(body)];
    if (at.body.load(std::memory_order_relaxed) != body) {
      at.body.store(body, std::memory_order_relaxed);
      at.doubts.store(most_doubts, std::memory_order_relaxed);
    }
    at.seen.store(cycles(), std::memory_order_relaxed);
    const std::uint32_t doubts = at.doubts.load(std::memory_order_relaxed);
    if (!was_short)
      at.doubts.store(most_doubts, std::memory_order_relaxed);
    else if (doubts != 0)
      at.doubts.store(doubts - 1, std::memory_order_relaxed);
  }

private:
  // About a millisecond: compared with that, waking a worker for a loop that turns out short costs
  // little.
  static constexpr std::uint64_t not_long = 2'500'000;
  // A body counts as short after so many short loops in a row: long and short ones may take turns.
  static constexpr std::uint32_t most_doubts = 32;

  struct entry {
    atomic<const void *> body{nullptr};
    atomic<std::uint64_t> seen{0}; // cycles()
    atomic<std::uint32_t> doubts{0};
  };
  static std::size_t place(const void *body) noexcept {
    return (reinterpret_cast<std::uintptr_t>(body) >> 4) % std::tuple_size_v<decltype(entries_)>;
  }

  std::array<entry, 8> entries_;
};

} // namespace weft::core
