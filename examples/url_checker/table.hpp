// The table of results. It knows nothing of how they were found.
#pragma once

#include <chrono>
#include <cstddef>
#include <iosfwd>
#include <string>
#include <vector>

namespace url_checker {

struct row {
  std::string url;
  std::string outcome; // "200 OK", or the reason why there is no status
  std::chrono::nanoseconds time{0};
};

// Prints the rows in aligned columns no wider than `columns` all together; a URL or outcome that does not fit is cut.
void print_table(std::ostream &out, const std::vector<row> &rows, std::size_t columns);

// "0.123 s"
std::string seconds(std::chrono::nanoseconds time);

} // namespace url_checker
