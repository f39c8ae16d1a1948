// weft/error.h
#include "base/error.hpp"

#include "handle.hpp"
#include "thread/domain.hpp"

using namespace weft::core;

namespace {

const char *or_else(const char *text, const char *fallback) noexcept {
  return text != nullptr ? text : fallback;
}

} // namespace

extern "C" {

weft_status weft_error_create(int32_t code, const char *kind, const char *message, weft_error_t **out) {
  if (out == nullptr) return WEFT_EINVAL;
  error *const made = error::make(code, or_else(kind, "error"), or_else(message, ""));
  if (made == nullptr) return WEFT_ENOMEM;
  *out = made;
  return WEFT_OK;
}

weft_status weft_error_create_foreign(int32_t code, const char *kind, const char *message, const char *tag,
                                      void *payload, weft_drop_fn drop, weft_error_t **out) {
  if (tag == nullptr || out == nullptr) return WEFT_EINVAL;
  error *const made = error::make_foreign(code, or_else(kind, "error"), or_else(message, ""), tag, payload, drop);
  if (made == nullptr) return WEFT_ENOMEM;
  if (drop != nullptr) {
    domain *const home = current_domain();
    if (home != nullptr) home->keep();
    made->set_keeper(&domain::drop_payload, home);
  }
  *out = made;
  return WEFT_OK;
}

weft_error_t *weft_error_ref(weft_error_t *error) {
  if (!bad(error)) unwrap(error)->ref();
  return error;
}

void weft_error_unref(weft_error_t *error) {
  if (!bad(error)) unwrap(error)->unref();
}

int32_t weft_error_code(const weft_error_t *error) {
  return !bad(error) ? unwrap(error)->code() : 0;
}

const char *weft_error_kind(const weft_error_t *error) {
  return !bad(error) ? unwrap(error)->kind() : "";
}

const char *weft_error_message(const weft_error_t *error) {
  return !bad(error) ? unwrap(error)->message() : "";
}

void *weft_error_payload(const weft_error_t *error, const char *tag) {
  return !bad(error) && tag != nullptr ? unwrap(error)->payload(tag) : nullptr;
}

} // extern "C"
