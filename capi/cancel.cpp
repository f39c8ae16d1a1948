// weft/cancel.h
#include "task/cancel_callback.hpp"

#include "guard.hpp"
#include "handle.hpp"
#include "runtime/deadlines.hpp"
#include "task/attachment.hpp"

using namespace weft::core;

namespace {

cancel_callback *unwrap_registration(weft_cancel_registration_t *handle) noexcept {
  return static_cast<cancel_callback *>(handle);
}

} // namespace

extern "C" {

weft_status weft_cancel_token_create(weft_cancel_token_t *parent, int64_t timeout, weft_cancel_token_t **out) {
  if (out == nullptr || (parent != nullptr && bad(parent))) return WEFT_EINVAL;
  if (const weft_status forked = answer_of_or_here(parent); forked != WEFT_OK) return forked;
  return guard([&]() -> weft_status {
    cancel_token *made = nullptr;
    if (const weft_status status = make_cancel_token(unwrap(parent), timeout, made); status != WEFT_OK) return status;
    *out = made;
    return WEFT_OK;
  });
}

weft_cancel_token_t *weft_cancel_token_ref(weft_cancel_token_t *token) {
  if (!bad(token)) unwrap(token)->ref();
  return token;
}

void weft_cancel_token_unref(weft_cancel_token_t *token) {
  if (!bad(token) && !is_anothers(token)) unwrap(token)->unref();
}

weft_status weft_cancel_token_cancel(weft_cancel_token_t *token) {
  if (bad(token)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(token); forked != WEFT_OK) return forked;
  return guard([&]() -> weft_status { return unwrap(token)->cancel() ? WEFT_OK : WEFT_EDONE; });
}

int32_t weft_cancel_token_is_cancelled(const weft_cancel_token_t *token) {
  if (bad(token)) return WEFT_EINVAL;
  return unwrap(token)->cancelled();
}

int64_t weft_cancel_token_deadline(const weft_cancel_token_t *token) {
  return !bad(token) ? unwrap(token)->due() : WEFT_FOREVER;
}

weft_cancel_token_t *weft_cancel_token_current(void) {
  return current_token();
}

weft_status weft_cancel_token_on_cancel(weft_cancel_token_t *token, weft_cancel_fn fn, void *ctx, weft_drop_fn drop,
                                        weft_cancel_registration_t **registration) {
  if (bad(token) || fn == nullptr) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(token); forked != WEFT_OK) return forked;
  return guard([&]() -> weft_status { return cancel_callback::add(*unwrap(token), {fn, ctx, drop}, registration); });
}

weft_status weft_cancel_registration_remove(weft_cancel_registration_t **registration) {
  if (registration == nullptr) return WEFT_EINVAL;
  if (*registration == nullptr) return WEFT_OK;
  cancel_callback *const given = unwrap_registration(*registration);
  *registration = nullptr;
  if (given->inherited()) return WEFT_EFORKED;
  return guard([&]() -> weft_status { return given->remove(); });
}

weft_status weft_future_cancel_or_stop(weft_future_t *future, uint32_t *answer) {
  if (bad(future)) return WEFT_EINVAL;
  return guard([&]() -> weft_status {
    const uint32_t found = unwrap(future)->cancel_or_stop();
    if (answer != nullptr) *answer = found;
    return WEFT_OK;
  });
}

} // extern "C"
