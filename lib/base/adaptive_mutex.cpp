#include "base/adaptive_mutex.hpp"

#include "base/clock.hpp"
#include "base/futex.hpp"
#include "base/system.hpp"

namespace weft::core {

void futex_mutex::lock_contended() noexcept {
  // Longer than any critical section, shorter than a sleep. The number is not kept in a static
  // variable here: the child of a fork might find it half made.
  const int looks = usable_cpus() > 1 ? 100 : 0;
  for (int i = 0; i < looks; ++i) {
    relax();
    if (word_.load(std::memory_order_relaxed) == free && take()) return;
  }
  while (word_.exchange(awaited, std::memory_order_acquire) != free) futex_wait(word_, awaited, deadline::never());
}

void futex_mutex::wake_one() noexcept {
  futex_wake_one(word_);
}

} // namespace weft::core
