// Which thread ends the process, and what other threads do that want to end it: README.md, "The end
// of the process".
//
// Owns the choice of the exiting thread and of the status, and the way in which that thread waits.
// Does not know what it waits for.
#pragma once

#include "base/completion.hpp"
#include "thread/record.hpp"
#include "thread/wait_graph.hpp"

namespace weft::core {

class runtime;

// As weft_exit.
[[noreturn]] void end_process(int status) noexcept;

// Around weft's exit handler. end_exit_turn() does not return if another thread has set a status.
void begin_exit_turn() noexcept;
void end_exit_turn() noexcept;

// The exiting thread waits without limit. WEFT_OK; WEFT_EDEADLK: it can never happen, because it
// needs this thread or one that never goes on; WEFT_EINTERRUPTED: asked to stop.
weft_status wait_in_exit(record &self, completion &end, dependency on);
// For a wait without a completion. The caller calls it again and again; now and then it looks for
// lost threads.
void look_in_exit();

// In the child of a fork.
void forget_exit_turn() noexcept;

} // namespace weft::core
