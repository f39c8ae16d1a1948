// How wide a text is on a terminal, and making any bytes fit to be printed in a column.
// Knows nothing of what the text means.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace url_checker {

// Columns that a printable text takes: combining marks take none, East Asian characters and emoji two.
std::size_t text_width(std::string_view utf8);

// A text from outside, fit to print: control characters and bytes that are no UTF-8 become \xNN, so that a URL cannot
// move the cursor or colour the screen.
std::string printable(std::string_view bytes);

// A printable text of at most `columns`: three dots stand for what had to be left out in the middle.
std::string shortened(std::string_view utf8, std::size_t columns);

} // namespace url_checker
