// The last resort for things that nobody can be told of: one line on stderr.
#pragma once

#include <initializer_list>
#include <string_view>

namespace weft::core {

// Writes "weft: <parts>\n" with one system call, so that lines of several threads do not mix. Never throws or
// allocates; what is longer than a kilobyte is cut.
void log_line(std::initializer_list<std::string_view> parts) noexcept;
inline void log_line(std::string_view text) noexcept {
  log_line({text});
}

} // namespace weft::core
