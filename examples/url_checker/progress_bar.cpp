// Draws the bar with only a carriage return and "erase the rest of the line".
#include "progress_bar.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <sys/ioctl.h>
#include <unistd.h>

namespace url_checker {
namespace {

constexpr auto redraw_every =
    std::chrono::milliseconds(20); // a terminal is slow, and ten thousand URLs may fail at once
constexpr std::size_t widest_bar = 40;

bool can_draw() {
  const char *const type = std::getenv("TERM");
  return isatty(STDERR_FILENO) != 0 && type != nullptr && *type != '\0' && std::string_view(type) != "dumb";
}

} // namespace

std::size_t terminal_columns(int descriptor) {
  if (isatty(descriptor) == 0) return 0;
  winsize size{};
  return ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

progress_bar::progress_bar(std::size_t total, visibility visibility)
    : total_(total), visible_(visibility == visibility::if_terminal && total > 0 && can_draw()) {
  draw();
}

progress_bar::~progress_bar() {
  if (visible_) std::fputs("\r\033[K", stderr);
}

void progress_bar::advance() {
  ++done_;
  if (done_ == total_ || std::chrono::steady_clock::now() - drawn_ >= redraw_every) draw();
}

void progress_bar::draw() {
  if (!visible_) return;
  drawn_ = std::chrono::steady_clock::now();
  const std::string count = std::to_string(done_) + "/" + std::to_string(total_);
  const std::size_t columns = terminal_columns(STDERR_FILENO); // read each time: the size of a window may change
  std::string bar;
  const std::size_t rest = count.size() + 4; // two brackets, a blank, and the last column, where some terminals wrap
  if (columns > rest) {
    const std::size_t length = std::min(widest_bar, columns - rest), filled = length * done_ / total_;
    bar.append("[").append(filled, '#').append(length - filled, '.').append("] ");
  }
  std::fprintf(stderr, "\r%s%s\033[K", bar.c_str(), count.c_str());
}

} // namespace url_checker
