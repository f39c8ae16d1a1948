// Puts one thread to sleep and wakes it again. Knows nothing of what is waited for.
//
// A parker holds at most one permit. unpark() stores it; park() takes it, sleeping until there is one. A permit that
// nobody needed makes a later park() return early, so every caller of park() looks again at what it waits for. That
// is also what makes a late unpark() harmless, as long as the parker's memory stays a parker: see thread/record.hpp.
#pragma once

#include <cstdint>

#include "base/atomic.hpp"
#include "base/clock.hpp"

namespace weft::core {

class parker {
public:
  // Sleep until there is a permit, or until the deadline. Owner only. True: a permit was taken.
  bool park(deadline until) noexcept;

  // Give the permit. Any thread. Costs a system call only if the owner sleeps.
  void unpark() noexcept;

private:
  static constexpr std::uint32_t empty = 0, permit = 1, asleep = 2;

  // Written by both sides. The release of unpark()'s exchange pairs with the acquire of park()'s, so what the waker
  // did before is seen by the sleeper after.
  atomic<std::uint32_t> state_{empty};
};

} // namespace weft::core
