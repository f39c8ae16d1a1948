// What the loaded library can do, over weft/version.h.
#ifndef WEFT_CPP_VERSION_HPP
#define WEFT_CPP_VERSION_HPP

#include <weft/cpp/language.hpp>

#include <weft/version.h>

#include <cstddef>
#include <string_view>
#include <vector>

namespace weft {

/// Ask whether the loaded library has a feature, by its name: "timers", "fork" ...
inline bool has_feature(const char *name) noexcept {
  return weft_has_feature(name) == 1;
}

/// List the names of all features of the loaded library, in alphabetical order. The strings are
/// static.
inline std::vector<std::string_view> features() {
  std::vector<std::string_view> names;
  while (const char *const name = weft_feature(names.size())) names.emplace_back(name);
  return names;
}

} // namespace weft

#endif
