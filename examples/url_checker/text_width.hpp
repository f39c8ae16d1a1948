// How wide a text is on a terminal, and how any bytes become a text that can be printed in a column.
// It knows nothing of what the text means.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace url_checker {

// The columns that a printable text takes: combining marks take none, East Asian characters and emoji two.
std::size_t text_width(std::string_view utf8);

// Makes a text from outside printable: control characters and bytes that are not UTF-8 become \xNN. So a URL cannot
// move the cursor or colour the screen.
std::string printable(std::string_view bytes);

// A printable text of at most `columns`. If it was too long, three dots replace its middle.
std::string shortened(std::string_view utf8, std::size_t columns);

} // namespace url_checker
