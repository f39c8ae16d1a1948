#include "base/error.hpp"

#include <cstdlib>
#include <cxxabi.h>
#include <exception>
#include <memory>
#include <new>
#include <typeinfo>

namespace weft::core {
namespace {

std::string readable_type(const std::type_info *type) {
  if (type == nullptr) return "foreign exception";
  int status = 0;
  const std::unique_ptr<char, void (*)(void *)> name(abi::__cxa_demangle(type->name(), nullptr, nullptr, &status),
                                                     std::free);
  return status == 0 ? name.get() : type->name();
}

} // namespace

error::~error() {
  if (end_ != nullptr)
    end_(keeper_, drop_, payload_);
  else if (drop_ != nullptr)
    drop_(payload_);
}

error *error::make(std::int32_t code, std::string_view kind, std::string_view message) noexcept {
  try {
    return new error(code, kind, message, {});
  } catch (const std::bad_alloc &) {
    return nullptr;
  }
}

error *error::make_foreign(std::int32_t code, std::string_view kind, std::string_view message, std::string_view tag,
                           void *payload, weft_drop_fn drop) noexcept {
  try {
    auto *made = new error(code, kind, message, tag);
    made->foreign_ = true;
    made->payload_ = payload;
    made->drop_ = drop;
    return made;
  } catch (const std::bad_alloc &) {
    return nullptr;
  }
}

error *error::make_or_enomem(std::int32_t code, std::string_view kind, std::string_view message) noexcept {
  error *made = make(code, kind, message);
  return made != nullptr ? made : out_of_memory();
}

// Lies in static memory, with a reference that is never given back, because reporting a failed
// allocation must not allocate.
error *error::out_of_memory() noexcept {
  alignas(error) static unsigned char room[sizeof(error)];
  static error *const made = ::new (room) error(WEFT_ENOMEM, "bad_alloc", "out of memory", {});
  made->ref();
  return made;
}

error *error::from_status(std::int32_t code) noexcept {
  if (status_name(code) == std::string_view("WEFT_UNKNOWN"))
    return make_or_enomem(code, "status", "the task failed with a code of its own");
  return make_or_enomem(code, "weft_status", status_text(code));
}

error *error::from_current_exception() noexcept {
  try {
    const std::string kind = readable_type(abi::__cxa_current_exception_type());
    try {
      throw;
    } catch (const std::bad_alloc &failure) {
      return make_or_enomem(WEFT_ENOMEM, kind, failure.what());
    } catch (const std::exception &failure) {
      return make_or_enomem(WEFT_EFAILED, kind, failure.what());
    } catch (...) {
      return make_or_enomem(WEFT_EFAILED, kind, "a C++ exception that is not a std::exception");
    }
  } catch (const std::bad_alloc &) {
    return out_of_memory();
  }
}

const char *status_name(weft_status status) noexcept {
  switch (status) {
#define WEFT_CASE(name, value, text)                                                                                   \
  case value:                                                                                                          \
    return #name;
    WEFT_STATUS_LIST(WEFT_CASE)
#undef WEFT_CASE
  default:
    return "WEFT_UNKNOWN";
  }
}

const char *status_text(weft_status status) noexcept {
  switch (status) {
#define WEFT_CASE(name, value, text)                                                                                   \
  case value:                                                                                                          \
    return text;
    WEFT_STATUS_LIST(WEFT_CASE)
#undef WEFT_CASE
  default:
    return "unknown status";
  }
}

} // namespace weft::core
