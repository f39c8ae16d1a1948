#include "base/futex.hpp"

#include <ctime>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/atomic.hpp"

namespace weft::core {

void futex_wait(atomic<std::uint32_t> &word, std::uint32_t expected, deadline until) noexcept {
  timespec at{};
  if (!until.is_never()) {
    at.tv_sec = static_cast<time_t>(until.at() / WEFT_SECOND);
    at.tv_nsec = static_cast<long>(until.at() % WEFT_SECOND);
  }
  // FUTEX_WAIT_BITSET takes an absolute time of the monotonic clock. So an early return does not
  // lengthen the wait.
  syscall(SYS_futex, reinterpret_cast<std::uint32_t *>(&word), FUTEX_WAIT_BITSET_PRIVATE, expected,
          until.is_never() ? nullptr : &at, nullptr, FUTEX_BITSET_MATCH_ANY);
}

void futex_wake_one(atomic<std::uint32_t> &word) noexcept {
  syscall(SYS_futex, reinterpret_cast<std::uint32_t *>(&word), FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

} // namespace weft::core
