// weft/domain.h
#include "thread/domain.hpp"

#include <cstddef>
#include <new>

#include "guard.hpp"
#include "handle.hpp"

using namespace weft::core;

namespace {

static_assert(sizeof(entered_scope) <= sizeof(weft_domain_scope_t));
static_assert(alignof(entered_scope) <= alignof(weft_domain_scope_t));

} // namespace

extern "C" {

weft_status weft_domain_create(weft_runtime_t *handle, const weft_domain_options_t *options, weft_domain_t **out) {
  if (out == nullptr) return WEFT_EINVAL;
  weft_domain_options_t read;
  if (const weft_status status = read_options(options, read); status != WEFT_OK) return status;
  if (check_options(read).is_zero("reserved", read.reserved).fails()) return WEFT_EINVAL;
  shared<runtime> home;
  if (const weft_status status = runtime_of(handle, home); status != WEFT_OK) return status;
  if (home->closed()) return WEFT_ESHUTDOWN;
  domain *const made = domain::make();
  if (made == nullptr) return WEFT_ENOMEM;
  *out = made;
  return WEFT_OK;
}

weft_domain_t *weft_domain_ref(weft_domain_t *domain) {
  if (!bad(domain) && !is_anothers(domain)) unwrap(domain)->ref();
  return domain;
}

void weft_domain_unref(weft_domain_t *domain) {
  if (!bad(domain) && !is_anothers(domain)) unwrap(domain)->unref();
}

weft_status weft_domain_close(weft_domain_t *domain, int64_t timeout) {
  if (bad(domain)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(domain); forked != WEFT_OK) return forked;
  return guard([&]() -> weft_status { return unwrap(domain)->close(deadline::after(timeout)); });
}

int32_t weft_domain_is_closed(const weft_domain_t *domain) {
  if (bad(domain)) return WEFT_EINVAL;
  return unwrap(domain)->closed();
}

uint64_t weft_domain_count(const weft_domain_t *domain) {
  return !bad(domain) && !is_anothers(domain) ? unwrap(domain)->count() : 0;
}

weft_status weft_domain_enter(weft_domain_t *domain, weft_domain_scope_t *scope) {
  if (scope == nullptr || (domain != nullptr && bad(domain))) return WEFT_EINVAL;
  if (const weft_status forked = answer_if_given(domain); forked != WEFT_OK) return forked;
  return entered_scope::begin(domain != nullptr ? unwrap(domain) : nullptr, scope);
}

weft_status weft_domain_leave(weft_domain_scope_t *scope) {
  if (scope == nullptr) return WEFT_EINVAL;
  return entered_scope::end(scope);
}

weft_domain_t *weft_domain_current(void) {
  return current_domain();
}

} // extern "C"
