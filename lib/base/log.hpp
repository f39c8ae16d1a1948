// The last resort for what cannot be reported in any other way: a line for the host's log hook, or
// on stderr.
#pragma once

#include <initializer_list>
#include <mutex>
#include <string_view>

#include <weft/host.h>

#include "base/atomic.hpp"

namespace weft::core {

// Gives the line to the log hook, and holds no lock meanwhile. Without a hook, or inside it, the
// line "weft: <parts>\n" goes to stderr by one system call, so that lines of several threads do not
// mix. Never throws or allocates. A line longer than a kilobyte is cut. Not under a lock, because
// the hook is code of the host.
void log_line(std::initializer_list<std::string_view> parts, std::uint32_t level = WEFT_LOG_ERROR) noexcept;
inline void log_line(std::string_view text) noexcept {
  log_line({text});
}

// While the process is forked.
native_mutex &log_hook_lock() noexcept;
// As weft_set_log_hook.
weft_status set_log_hook(weft_log_hook_fn hook, void *ctx, weft_drop_fn drop) noexcept;
// Back to the default, if the hook still has this context.
void clear_log_hook(const void *ctx) noexcept;
// For a hook that cannot take the line: does what is done without a hook.
void log_to_stderr(std::string_view message) noexcept;

} // namespace weft::core
