#include "base/parker.hpp"

#include "base/futex.hpp"

// A futex, not a condition variable: there is no mutex to hand over, nothing is destroyed while the
// waker is still inside, and none of the wake-ups is lost that glibc's condition variable lost for
// years.
namespace weft::core {

bool parker::park(deadline until) noexcept {
  std::uint32_t expected = empty;
  if (!state_.compare_exchange_strong(expected, asleep, std::memory_order_acquire)) {
    // It was the permit. An exchange takes it, not a store: another unpark() may come now, and a
    // store would discard its permit without seeing what came before it.
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
