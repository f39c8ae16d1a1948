// The last resort for things that nobody can be told of: one line on stderr.
#pragma once

#include <string_view>

namespace weft::core {

// Writes "weft: <text>\n" with one system call, so that lines of several threads do not mix. Never throws.
void log_line(std::string_view text) noexcept;

} // namespace weft::core
