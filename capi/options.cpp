// Log lines about options that are refused. It belongs to no header of its own: all functions with
// options use it.
#include "options.hpp"

#include <charconv>
#include <utility>

#include "base/log.hpp"

namespace weft::core {
namespace {

struct digits {
  template <class Integer> explicit digits(Integer value) noexcept {
    end = std::to_chars(text, text + sizeof text, value).ptr;
  }
  operator std::string_view() const noexcept { return {text, static_cast<std::size_t>(end - text)}; }
  char text[24];
  char *end;
};

} // namespace

option_check &option_check::refuse(const char *field, std::uint64_t value, std::uint64_t most) noexcept {
  if (!std::exchange(failed_, true))
    log_line({struct_, ".", field, " is ", digits(value), "; allowed: 0", most != 0 ? " to " : "",
              most != 0 ? std::string_view(digits(most)) : std::string_view()},
             WEFT_LOG_WARNING);
  return *this;
}

option_check &option_check::refuse(const char *field, std::int64_t value, const char *allowed) noexcept {
  if (!std::exchange(failed_, true))
    log_line({struct_, ".", field, " is ", digits(value), "; allowed: ", allowed}, WEFT_LOG_WARNING);
  return *this;
}

void log_option(std::string_view name_of_struct, std::string_view field, std::string_view fault) noexcept {
  log_line({name_of_struct, ".", field, " ", fault}, WEFT_LOG_WARNING);
}

void log_option_size(std::string_view name_of_struct, std::uint32_t size, std::size_t least,
                     std::size_t most) noexcept {
  log_line({name_of_struct, ".size is ", digits(size), "; allowed: ", digits(least), " to ", digits(most)},
           WEFT_LOG_WARNING);
}

bool are_cpus(std::int32_t nice, const std::uint32_t *affinity, std::uint32_t count,
              std::string_view name_of_struct) noexcept {
  constexpr std::uint32_t cpus = 1024;
  option_check check(name_of_struct);
  check.that(nice >= -20 && nice <= 19, "nice", nice, "-20 to 19")
      .at_most("affinity_count", count, cpus)
      .that(count == 0 || affinity != nullptr, "affinity", 0, "an array of affinity_count");
  for (std::uint32_t i = 0; i < count && !check.fails(); ++i) check.at_most("affinity[...]", affinity[i], cpus - 1);
  return !check.fails();
}

} // namespace weft::core
