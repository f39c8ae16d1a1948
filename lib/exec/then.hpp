// Brings continuations and executors together: the executor's side of task/continuation.hpp.
#pragma once

#include "exec/executor.hpp"
#include "task/continuation.hpp"

namespace weft::core {

// As continuation::start, with an executor, or null for the thread that finishes the source.
void start_continuation(task &made, task &source, std::uint32_t when, executor *on);

} // namespace weft::core
