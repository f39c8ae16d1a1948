// How the system lets a thread sleep on a word, and wakes it. Parkers and mutexes are made of this.
#pragma once

#include <cstdint>

#include "base/atomic.hpp"
#include "base/clock.hpp"

namespace weft::core {

// Returns when it is woken, when the word is not as expected (or no longer), at the deadline, or
// for no reason.
void futex_wait(atomic<std::uint32_t> &word, std::uint32_t expected, deadline until) noexcept;
// The word may be gone already: the system only compares its address with those of sleepers.
void futex_wake_one(atomic<std::uint32_t> &word) noexcept;

} // namespace weft::core
