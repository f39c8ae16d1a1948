// Measures and prints the table.
#include "table.hpp"

#include "text_width.hpp"

#include <algorithm>
#include <iomanip>
#include <ostream>
#include <sstream>

namespace url_checker {
namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t least_column = 12; // a narrower column is useless, even on a narrow terminal

std::string padded(std::string text, std::size_t columns) {
  const std::size_t width = text_width(text);
  return width < columns ? text + std::string(columns - width, ' ') : text;
}

std::string padded_left(const std::string &text, std::size_t columns) {
  const std::size_t width = text_width(text);
  return width < columns ? std::string(columns - width, ' ') + text : text;
}

} // namespace

std::string seconds(std::chrono::nanoseconds time) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(3) << std::chrono::duration<double>(time).count() << " s";
  return text.str();
}

void print_table(std::ostream &out, const std::vector<row> &rows, std::size_t columns) {
  std::vector<row> cells = {{"URL", "RESULT", {}}};
  cells.insert(cells.end(), rows.begin(), rows.end());
  std::vector<std::string> times = {"TIME"};
  std::size_t url_width = 0, outcome_width = 0, time_width = 4;
  for (auto &cell : cells) {
    cell.url = printable(cell.url);
    cell.outcome = printable(cell.outcome);
    url_width = std::max(url_width, text_width(cell.url));
    outcome_width = std::max(outcome_width, text_width(cell.outcome));
  }
  for (const auto &row : rows) {
    times.push_back(seconds(row.time));
    time_width = std::max(time_width, times.back().size());
  }

  // If both do not fit, each may have half of the width, and what the other one leaves of its half.
  const std::size_t room = std::max(columns, time_width + 2 * gap + 2 * least_column) - time_width - 2 * gap;
  outcome_width = std::min(outcome_width, std::max(room / 2, room - std::min(url_width, room)));
  url_width = std::min(url_width, room - outcome_width);
  const std::string between(gap, ' ');
  for (std::size_t i = 0; i < cells.size(); ++i)
    out << padded(shortened(cells[i].url, url_width), url_width) << between
        << padded(shortened(cells[i].outcome, outcome_width), outcome_width) << between
        << padded_left(times[i], time_width) << '\n';
}

} // namespace url_checker
