// Options at the border: reads a struct of any version, and names the field that is out of range in
// the log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <weft/base.h>

namespace weft::core {

// The name of a struct of the C ABI, cut out of the name that the compiler gives this function.
template <class Options> constexpr std::string_view name_of_struct() noexcept {
  std::string_view name = __PRETTY_FUNCTION__;
  name.remove_prefix(name.find("Options = ") + sizeof("Options = ") - 1);
  return name.substr(0, name.find_first_of(";]"));
}
template <class Options> inline constexpr std::string_view struct_name = name_of_struct<Options>(); // computed once

// Checks the fields of one struct in order. The log names the first one that is out of range.
class option_check {
public:
  explicit option_check(std::string_view name_of_struct) noexcept : struct_(name_of_struct) {}

  option_check &at_most(const char *field, std::uint64_t value, std::uint64_t most) noexcept {
    return value <= most ? *this : refuse(field, value, most);
  }
  // allowed: the range in words.
  option_check &that(bool holds, const char *field, std::int64_t value, const char *allowed) noexcept {
    return holds ? *this : refuse(field, value, allowed);
  }
  option_check &is_zero(const char *field, std::uint64_t value) noexcept { return at_most(field, value, 0); }

  bool fails() const noexcept { return failed_; }
  weft_status status() const noexcept { return failed_ ? WEFT_EINVAL : WEFT_OK; }

private:
  option_check &refuse(const char *field, std::uint64_t value, std::uint64_t most) noexcept;
  option_check &refuse(const char *field, std::int64_t value, const char *allowed) noexcept;

  const std::string_view struct_;
  bool failed_ = false;
};

template <class Options> option_check check_options(const Options & /*read*/) noexcept {
  return option_check(struct_name<Options>);
}

// Writes one line to the log, as a warning: the struct, the field, and its fault.
void log_option(std::string_view name_of_struct, std::string_view field, std::string_view fault) noexcept;
void log_option_size(std::string_view name_of_struct, std::uint32_t size, std::size_t least, std::size_t most) noexcept;

// Checks two options that threads and pools share: the nice value and the CPUs to run on. False:
// one is out of range.
bool are_cpus(std::int32_t nice, const std::uint32_t *affinity, std::uint32_t count,
              std::string_view name_of_struct) noexcept;

// Copies a caller's options, of any version, into the struct of this version. The rule stands in
// weft/base.h, at WEFT_OPTIONS_INIT.
template <class Options> weft_status read_options(const Options *given, Options &read) noexcept {
  constexpr std::size_t least = sizeof read; // the first version of the struct: all have one version so far
  constexpr std::uint32_t absurd = 4096;
  std::memset(static_cast<void *>(&read), 0, sizeof read);
  if (given == nullptr) return WEFT_OK;
  const std::uint32_t size = given->size;
  if (size == sizeof read) { // the usual case, which needs no loop
    std::memcpy(static_cast<void *>(&read), given, sizeof read);
    return WEFT_OK;
  }
  if (size < least || size > absurd) {
    log_option_size(struct_name<Options>, size, least, absurd);
    return WEFT_EINVAL;
  }
  const auto *const bytes = reinterpret_cast<const unsigned char *>(given);
  for (std::size_t i = sizeof read; i < size; ++i)
    if (bytes[i] != 0) {
      log_option(struct_name<Options>, "size", "covers a field that this version of weft does not know");
      return WEFT_ENOTSUP;
    }
  std::memcpy(&read, given, size < sizeof read ? size : sizeof read);
  read.size = sizeof read;
  return WEFT_OK;
}

} // namespace weft::core
