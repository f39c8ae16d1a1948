#include "base/parker.hpp"

#include "base/futex.hpp"

// A futex and not a condition variable: no mutex to hand over, nothing to destroy while the waker is still inside, and
// none of the lost wake-ups that glibc's condition variable had for years.
namespace weft::core {

bool parker::park(deadline until) noexcept {
  std::uint32_t expected = empty;
  if (!state_.compare_exchange_strong(expected, asleep, std::memory_order_acquire)) {
    // It was the permit. Taken by an exchange and not a store: a second unpark() may come just now, and a store would
    // throw its permit away without having seen what came before it.
    state_.exchange(empty, std::memory_order_acquire);
    return true;
  }
  for (;;) {
    futex_wait(state_, asleep, until);
    expected = permit;
    if (state_.compare_exchange_strong(expected, empty, std::memory_order_acquire)) return true;
    if (until.passed()) return state_.exchange(empty, std::memory_order_acquire) == permit;
  }
}

void parker::unpark() noexcept {
  if (state_.exchange(permit, std::memory_order_release) == asleep) futex_wake_one(state_);
}

} // namespace weft::core
