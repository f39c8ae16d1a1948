// weft/host.h
#include <weft/host.h>

#include "base/log.hpp"
#include "base/memory.hpp"
#include "base/misuse.hpp"
#include "guard.hpp"
#include "handle.hpp"
#include "runtime/runtime.hpp"
#include "thread/domain_hook.hpp"

using namespace weft::core;

extern "C" {

weft_status weft_set_log_hook(weft_log_hook_fn hook, void *ctx, weft_drop_fn drop) {
  return set_log_hook_here(hook, ctx, drop);
}

weft_status weft_set_misuse_hook(weft_misuse_hook_fn hook, void *ctx, weft_drop_fn drop) {
  return set_misuse_hook_here(hook, ctx, drop);
}

weft_status weft_set_allocator(weft_allocate_fn allocate, weft_free_fn free, void *ctx) {
  return set_allocator(allocate, free, ctx);
}

weft_status weft_cleanup(int64_t timeout) {
  if (const weft_status forked = answer_here(); forked != WEFT_OK) return forked;
  return guard([&]() -> weft_status { return runtime::clean_up(deadline::after(timeout)); });
}

int32_t weft_checks_misuse(void) {
  return misuse_checks ? 1 : 0;
}

} // extern "C"
