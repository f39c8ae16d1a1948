// Which process this is: the one that began to use weft, or a child of a fork of it. What follows
// from that: lib/runtime/README.md, "Fork".
#pragma once

#include <cstdint>

#include "base/atomic.hpp"

namespace weft::core {

// Written only in a child that has one thread: at the fork, and at the reset. Before the reset no
// other thread can be started. So relaxed loads suffice.
struct process_mark {
  // Twice the number of forks between the first process and this one, plus one until the reset
  // after the last fork.
  atomic<std::uint32_t> word{0};
  // That number as tasks carry it, in four bits of their word. So a child of the sixteenth
  // generation that still holds a future of the first process takes it for its own.
  atomic<std::uint32_t> birthmark{0};
};
inline constinit process_mark this_process;

inline constexpr std::uint32_t birthmark_shift = 13, birthmark_mask = 0x1e000;

inline bool in_child() noexcept {
  return this_process.word.load(std::memory_order_relaxed) != 0;
}
inline std::uint32_t forks_so_far() noexcept {
  return this_process.word.load(std::memory_order_relaxed) >> 1;
}
// True until weft_runtime_reset_after_fork.
inline bool awaits_reset() noexcept {
  return (this_process.word.load(std::memory_order_relaxed) & 1) != 0;
}
inline std::uint32_t birthmark() noexcept {
  return this_process.birthmark.load(std::memory_order_relaxed);
}

inline void mark_child() noexcept {
  const std::uint32_t forks = forks_so_far() + 1;
  this_process.word.store(forks * 2 + 1, std::memory_order_relaxed);
  this_process.birthmark.store((forks << birthmark_shift) & birthmark_mask, std::memory_order_relaxed);
}
inline void mark_reset() noexcept {
  this_process.word.store(forks_so_far() * 2, std::memory_order_relaxed);
}

// A member of objects that are useless in a child: threads that do not exist there may hold their
// locks for ever.
class native_process {
public:
  // Not defaulted: other classes have a const member of this type.
  native_process() noexcept : forks_(forks_so_far()) {}
  bool is_another() const noexcept { return in_child() && forks_ != forks_so_far(); }

private:
  const std::uint32_t forks_;
};

} // namespace weft::core
