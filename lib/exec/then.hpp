// Brings continuations to their executors: the executor's side of task/continuation.hpp.
#pragma once

#include "exec/executor.hpp"
#include "task/continuation.hpp"

namespace weft::core {

// As continuation::start. on: null for the thread that finishes the source. WEFT_OK; or the token
// or domain of the task refuses it, which is the caller's then, as before.
weft_status start_continuation(task &made, task &source, std::uint32_t when, executor *on);

} // namespace weft::core
