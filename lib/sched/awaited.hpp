// What a thread waits for while other threads run parts of it: a group, or the branch of a join
// that was stolen.
//
// An entry of a deque names up to two of these. A thread that waits for one of them may run the
// entry. README.md, "Helping further down", has the argument.
#pragma once

#include <cstdint>

#include "base/atomic.hpp"

namespace weft::core {

class awaited {
public:
  awaited(const awaited &) = delete;
  awaited &operator=(const awaited &) = delete;

  // The calling worker has pushed an entry that names this object, and has passed a light barrier.
  // That pairs with the heavy barrier of a helper, which sets the flag, passes the barrier, then
  // looks at the deques. One of the two sees the other.
  void tell_helpers() noexcept {
    if ((count_.load(std::memory_order_relaxed) & help_sleeps) != 0) wake_helpers();
  }

protected:
  explicit awaited(std::uint64_t count) noexcept : count_(count) {}
  ~awaited() = default;

  virtual void wake_helpers() noexcept = 0;

  static constexpr std::uint64_t pending_mask = 0xffffffff;
  // Flags of the count. A thread sleeps until nothing is pending; a thread sleeps that could help.
  static constexpr std::uint64_t waited_for = std::uint64_t{1} << 32, help_sleeps = waited_for << 1;

  // How much is pending, and flags. The release of each end pairs with the acquire of the thread
  // that reads that nothing is pending.
  atomic<std::uint64_t> count_;
};

} // namespace weft::core
