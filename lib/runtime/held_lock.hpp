// Does another thread of this process wait for a lock of the calling thread? Asks the system, about
// locks of the C library and of the program.
#pragma once

#include <cstdint>

namespace weft::core {

// native_id: the number of the other thread. False also if the system does not tell.
bool waits_for_lock_of_caller(std::uint64_t native_id) noexcept;

} // namespace weft::core
