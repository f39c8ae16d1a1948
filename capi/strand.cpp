// weft/strand.h
#include "exec/strand.hpp"

#include "guard.hpp"
#include "handle.hpp"

using namespace weft::core;

extern "C" {

weft_status weft_strand_create(weft_executor_t *parent, weft_executor_t **out) {
  if (bad(parent) || out == nullptr) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(parent); forked != WEFT_OK) return forked;
  if (unwrap(parent)->kind() != executor_kind::pool) return WEFT_ENOTSUP;
  return guard([&]() -> weft_status {
    auto &on = static_cast<pool &>(*unwrap(parent));
    if (on.closed()) return WEFT_ESHUTDOWN;
    *out = strand::make(on);
    return WEFT_OK;
  });
}

} // extern "C"
