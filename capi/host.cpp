// weft/host.h
#include <weft/host.h>

#include "base/log.hpp"
#include "base/misuse.hpp"

using namespace weft::core;

extern "C" {

weft_status weft_set_log_hook(weft_log_hook_fn hook, void *ctx, weft_drop_fn drop) {
  return set_log_hook(hook, ctx, drop);
}

weft_status weft_set_misuse_hook(weft_misuse_hook_fn hook, void *ctx, weft_drop_fn drop) {
  return set_misuse_hook(hook, ctx, drop);
}

int32_t weft_checks_misuse(void) {
  return misuse_checks ? 1 : 0;
}

} // extern "C"
