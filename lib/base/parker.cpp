#include "base/parker.hpp"

#include <climits>
#include <ctime>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace weft::core {
namespace {

// A futex and not a condition variable: no mutex to hand over, nothing to destroy while the waker is still inside,
// and none of the lost wake-ups that glibc's condition variable had for years.
void futex_wait(std::atomic<std::uint32_t> &word, std::uint32_t expected, deadline until) noexcept {
  timespec at{};
  if (!until.is_never()) {
    at.tv_sec = static_cast<time_t>(until.at() / WEFT_SECOND);
    at.tv_nsec = static_cast<long>(until.at() % WEFT_SECOND);
  }
  // FUTEX_WAIT_BITSET takes an absolute time of the monotonic clock, so an early return cannot stretch the wait.
  syscall(SYS_futex, reinterpret_cast<std::uint32_t *>(&word), FUTEX_WAIT_BITSET_PRIVATE, expected,
          until.is_never() ? nullptr : &at, nullptr, FUTEX_BITSET_MATCH_ANY);
}

void futex_wake_one(std::atomic<std::uint32_t> &word) noexcept {
  syscall(SYS_futex, reinterpret_cast<std::uint32_t *>(&word), FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

} // namespace

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
