#include "base/log.hpp"

#include <algorithm>
#include <cstring>

#include <unistd.h>

namespace weft::core {

void log_line(std::string_view text) noexcept {
  char line[1024];
  constexpr std::string_view head = "weft: ";
  std::memcpy(line, head.data(), head.size());
  const std::size_t room = sizeof line - head.size() - 1;
  const std::size_t length = std::min(text.size(), room);
  // A message may hold line breaks; a line of the log may not.
  std::transform(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(length), line + head.size(),
                 [](char c) { return c == '\n' || c == '\r' ? ' ' : c; });
  line[head.size() + length] = '\n';
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line, head.size() + length + 1);
}

} // namespace weft::core
