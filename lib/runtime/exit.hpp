// Who ends the process, and what becomes of other threads that want to: README.md, "The end of the process".
//
// Owns the choice of the exiting thread and of the status, and how that thread waits. Knows nothing of what it waits
// for.
#pragma once

#include "base/completion.hpp"
#include "thread/record.hpp"
#include "thread/wait_graph.hpp"

namespace weft::core {

class runtime;

// As weft_exit says.
[[noreturn]] void end_process(int status) noexcept;

// Around the exit handler of weft.
void begin_exit_turn() noexcept;
void end_exit_turn() noexcept; // does not return when another thread has asked for a status

// The exiting thread waits for something without limit. WEFT_OK; WEFT_EDEADLK: it can never come, since it waits for
// this thread or for one that will never go on; WEFT_EINTERRUPTED: asked to stop.
weft_status wait_in_exit(record &self, completion &end, dependency on);
// The same for what has no completion: called again and again, it looks now and then for threads that are lost.
void look_in_exit();

// In the child of a fork.
void forget_exit_turn() noexcept;

} // namespace weft::core
