// Forks of the process: README.md, "Fork".
#pragma once

namespace weft::core {

// Once, when the first runtime is made. False: memory is exhausted.
bool prepare_for_forks() noexcept;
// As weft_runtime_reset_after_fork.
void reset_after_fork() noexcept;

} // namespace weft::core
