// UTF-8 and column widths. The C library's wcwidth() is not used: it depends on the locale of the process, which may
// know only ASCII.
#include "text_width.hpp"

#include <algorithm>
#include <array>

namespace url_checker {
namespace {

constexpr char32_t no_character = 0xFFFFFFFF;

struct character {
  char32_t value;     // no_character: the bytes are not UTF-8
  std::size_t length; // bytes; 1 for a bad one
};

character first_character(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  constexpr std::array<char32_t, 5> least = {0, 0, 0x80, 0x800, 0x10000}; // a longer form than needed is not allowed
  if (lead < 0xC2 || lead > 0xF4 || length > text.size()) return {no_character, 1};
  char32_t value = lead & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {no_character, 1};
    value = (value << 6) | (byte(i) & 0x3Fu);
  }
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < least[length] || value > 0x10FFFF || surrogate) return {no_character, 1};
  return {value, length};
}

struct range {
  char32_t first, last;
};

template <std::size_t N> bool in(const std::array<range, N> &ranges, char32_t c) {
  return std::any_of(ranges.begin(), ranges.end(), [c](range r) { return c >= r.first && c <= r.last; });
}

std::size_t width(char32_t c) {
  constexpr std::array<range, 6> none = {
      {{0x300, 0x36F}, {0x200B, 0x200D}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0x1AB0, 0x1AFF}}};
  constexpr std::array<range, 9> two = {{{0x1100, 0x115F},
                                         {0x2E80, 0xA4CF},
                                         {0xAC00, 0xD7A3},
                                         {0xF900, 0xFAFF},
                                         {0xFE30, 0xFE6F},
                                         {0xFF00, 0xFF60},
                                         {0xFFE0, 0xFFE6},
                                         {0x1F300, 0x1FAFF},
                                         {0x20000, 0x3FFFD}}};
  if (in(none, c)) return 0;
  return in(two, c) ? 2 : 1;
}

// C0 and C1 controls, the line separators, and the marks that turn the direction of writing.
bool is_control(char32_t c) {
  constexpr std::array<range, 5> controls = {
      {{0, 0x1F}, {0x7F, 0x9F}, {0x200E, 0x200F}, {0x2028, 0x202E}, {0x2066, 0x2069}}};
  return in(controls, c);
}

} // namespace

std::size_t text_width(std::string_view utf8) {
  std::size_t columns = 0;
  while (!utf8.empty()) {
    const character c = first_character(utf8);
    columns += width(c.value);
    utf8.remove_prefix(c.length);
  }
  return columns;
}

std::string printable(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result;
  while (!bytes.empty()) {
    const character c = first_character(bytes);
    const std::string_view raw = bytes.substr(0, c.length);
    bytes.remove_prefix(c.length);
    if (c.value != no_character && !is_control(c.value)) {
      result += raw;
      continue;
    }
    for (const char byte : raw) {
      result += "\\x";
      result += digits[static_cast<unsigned char>(byte) >> 4];
      result += digits[static_cast<unsigned char>(byte) & 15];
    }
  }
  return result;
}

std::string shortened(std::string_view utf8, std::size_t columns) {
  constexpr std::string_view dots = "...";
  std::size_t left = text_width(utf8); // columns of the rest of the text
  if (left <= columns) return std::string(utf8);
  if (columns <= dots.size()) return std::string(dots.substr(0, columns));
  const std::size_t tail = (columns - dots.size()) / 2, head = columns - dots.size() - tail;
  std::size_t head_end = 0, used = 0, tail_begin = 0;
  while (left > tail) {
    const character c = first_character(utf8.substr(tail_begin));
    tail_begin += c.length;
    left -= width(c.value);
    used += width(c.value);
    if (used <= head) head_end = tail_begin;
  }
  return std::string(utf8.substr(0, head_end)) + std::string(dots) + std::string(utf8.substr(tail_begin));
}

} // namespace url_checker
