// The last resort for things that nobody can be told of: a line for the host's log hook, or on stderr.
#pragma once

#include <initializer_list>
#include <mutex>
#include <string_view>

#include <weft/host.h>

#include "base/atomic.hpp"

namespace weft::core {

// Gives the line to the log hook, without a lock of its own. Without a hook, or from inside it, writes
// "weft: <parts>\n" to stderr with one system call, so that lines of several threads do not mix. Never throws or
// allocates; what is longer than a kilobyte is cut. Not to be called under a lock: the hook is the host's code.
void log_line(std::initializer_list<std::string_view> parts, std::uint32_t level = WEFT_LOG_ERROR) noexcept;
inline void log_line(std::string_view text) noexcept {
  log_line({text});
}

// While the process is forked.
native_mutex &log_hook_lock() noexcept;
// As weft_set_log_hook.
weft_status set_log_hook(weft_log_hook_fn hook, void *ctx, weft_drop_fn drop) noexcept;
// Back to the default, if the hook is still the one with this context.
void clear_log_hook(const void *ctx) noexcept;
// In a hook that cannot take the line: what happens without one.
void log_to_stderr(std::string_view message) noexcept;

} // namespace weft::core
