#include "base/log.hpp"

#include <algorithm>

#include <unistd.h>

namespace weft::core {

void log_line(std::initializer_list<std::string_view> parts) noexcept {
  char line[1024];
  std::size_t length = 0;
  const auto append = [&](std::string_view text) {
    const std::size_t room = sizeof line - 1 - length; // one byte is for the line's end
    const std::string_view fitting = text.substr(0, room);
    // A message may hold line breaks; a line of the log may not.
    std::transform(fitting.begin(), fitting.end(), line + length,
                   [](char c) { return c == '\n' || c == '\r' ? ' ' : c; });
    length += fitting.size();
  };
  append("weft: ");
  for (const std::string_view part : parts) append(part);
  line[length] = '\n';
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line, length + 1);
}

} // namespace weft::core
