// What the library that is loaded can do, for C++, over weft/version.h.
#ifndef WEFT_CPP_VERSION_HPP
#define WEFT_CPP_VERSION_HPP

#include <weft/cpp/language.hpp>

#include <weft/version.h>

#include <cstddef>
#include <string_view>
#include <vector>

namespace weft {

/// Whether the library that is loaded can do something, by the name of the part: "timers", "fork" ... Never blocks.
inline bool has_feature(const char *name) noexcept {
  return weft_has_feature(name) == 1;
}

/// The names of all that it can do, in alphabetical order. They are static.
inline std::vector<std::string_view> features() {
  std::vector<std::string_view> names;
  while (const char *const name = weft_feature(names.size())) names.emplace_back(name);
  return names;
}

} // namespace weft

#endif
