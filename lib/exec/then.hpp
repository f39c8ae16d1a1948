// Brings continuations and executors together: the executor's side of task/continuation.hpp.
#pragma once

#include "exec/executor.hpp"
#include "task/continuation.hpp"

namespace weft::core {

// As continuation::start, with an executor, or null for the thread that finishes the source. WEFT_OK, or why what it
// belongs to does not take it any more; then it is the caller's as before.
weft_status start_continuation(task &made, task &source, std::uint32_t when, executor *on);

} // namespace weft::core
