// One line on standard error that shows how many of the checks are done. If that is not a terminal, it draws nothing.
// One thread uses it.
#pragma once

#include <chrono>
#include <cstddef>

namespace url_checker {

class progress_bar {
public:
  enum class visibility { if_terminal, hidden };

  progress_bar(std::size_t total, visibility visibility);
  ~progress_bar(); // erases the line, so that the table begins on an empty one
  progress_bar(const progress_bar &) = delete;
  progress_bar &operator=(const progress_bar &) = delete;

  void advance(); // one more is done

private:
  void draw();

  std::size_t total_;
  std::size_t done_ = 0;
  bool visible_;
  std::chrono::steady_clock::time_point drawn_{};
};

// The number of columns of the terminal at a descriptor (0: standard input ...), or 0 if it is no terminal.
std::size_t terminal_columns(int descriptor);

} // namespace url_checker
