// Puts one thread to sleep and wakes it again. Knows nothing of what is waited for.
//
// A parker holds at most one permit. unpark() stores it. park() takes it, and sleeps until there is
// one. A permit that was not needed makes a later park() return early, so every caller of park()
// looks again at its condition. So a late unpark() is harmless, as long as the memory stays a
// parker: thread/record.hpp.
#pragma once

#include <cstdint>

#include "base/atomic.hpp"
#include "base/clock.hpp"

namespace weft::core {

class parker {
public:
  // Sleep until there is a permit, or until the deadline. Owner only. True: a permit was taken.
  bool park(deadline until) noexcept;

  // Give the permit. Any thread. A system call only if the owner sleeps.
  void unpark() noexcept;

private:
  static constexpr std::uint32_t empty = 0, permit = 1, asleep = 2;

  // Both sides write it. The release in unpark() pairs with the acquire in park(): the sleeper sees
  // what the waker did before.
  atomic<std::uint32_t> state_{empty};
};

} // namespace weft::core
