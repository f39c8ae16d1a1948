// Does another thread of this process wait for a lock that the calling thread holds? The system is asked, for locks of
// the C library and of the program.
#pragma once

#include <cstdint>

namespace weft::core {

// Of the thread with this number. False also when the system does not say.
bool waits_for_lock_of_caller(std::uint64_t native_id) noexcept;

} // namespace weft::core
