// The error object behind weft_error_t: immutable, shared, with an optional payload of a foreign
// language.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <weft/error.h>

#include "base/misuse.hpp"
#include "base/refs.hpp"

struct weft_error {};

namespace weft::core {

class error final : public weft_error, public shared_object<error> {
public:
  // With one reference, the caller's. Null: memory is exhausted, and the payload is the caller's as
  // before.
  static error *make(std::int32_t code, std::string_view kind, std::string_view message) noexcept;
  static error *make_foreign(std::int32_t code, std::string_view kind, std::string_view message, std::string_view tag,
                             void *payload, weft_drop_fn drop) noexcept;

  // As make(), but never null: when memory is exhausted, it is the static error that says so.
  static error *make_or_enomem(std::int32_t code, std::string_view kind, std::string_view message) noexcept;
  // For a failure without an error object: kind "weft_status", and the text of the status.
  static error *from_status(std::int32_t code) noexcept;
  // The C++ exception that is being handled, as an error. Call it in a catch block only.
  static error *from_current_exception() noexcept;

  ~error();

  // Let `end` drop the payload. It gets `keeper`. Before another thread knows the error.
  using payload_end = void (*)(void *keeper, weft_drop_fn drop, void *payload) noexcept;
  void set_keeper(payload_end end, void *keeper) noexcept {
    end_ = end;
    keeper_ = keeper;
  }

  bool has_magic() const noexcept { return magic_.is_right(); }
  std::int32_t code() const noexcept { return code_; }
  const char *kind() const noexcept { return kind_.c_str(); }
  const char *message() const noexcept { return message_.c_str(); }
  void *payload(std::string_view tag) const noexcept { return foreign_ && tag == tag_ ? payload_ : nullptr; }

private:
  error(std::int32_t code, std::string_view kind, std::string_view message, std::string_view tag)
      : code_(code), kind_(kind), message_(message), tag_(tag) {}
  static error *out_of_memory() noexcept;

  const std::int32_t code_;
  const std::string kind_, message_, tag_;
  bool foreign_ = false;
  void *payload_ = nullptr;
  weft_drop_fn drop_ = nullptr;
  payload_end end_ = nullptr;
  void *keeper_ = nullptr;
  [[no_unique_address]] magic_word<0x2bad5eed0e440001> magic_;
};

const char *status_name(weft_status status) noexcept;
const char *status_text(weft_status status) noexcept;

} // namespace weft::core
