// The system's way to sleep on a word and to wake who sleeps there. What parkers and mutexes are made of.
#pragma once

#include <cstdint>

#include "base/atomic.hpp"
#include "base/clock.hpp"

namespace weft::core {

// Returns when woken, when the word is not (or no longer) as expected, at the deadline, or for no reason.
void futex_wait(atomic<std::uint32_t> &word, std::uint32_t expected, deadline until) noexcept;
// The word may be gone already: its address is only compared with those of sleepers.
void futex_wake_one(atomic<std::uint32_t> &word) noexcept;

} // namespace weft::core
