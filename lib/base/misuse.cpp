#include "base/misuse.hpp"

#include "base/atomic.hpp"
#include "base/hook.hpp"
#include "base/log.hpp"

namespace weft::core {
namespace {

constinit hook_slot<weft_misuse_hook_fn> host_hook;

} // namespace

void report_misuse(const char *what, const char *function) noexcept {
  if (const auto to = host_hook.get(); to) {
    try {
      to->fn(to->ctx, what, function);
      return;
    } catch (...) { // the log is told instead
    }
  }
  log_line({function, ": ", what});
}

void clear_misuse_hook(const void *ctx) noexcept {
  host_hook.clear_if(ctx);
}

native_mutex &misuse_hook_lock() noexcept {
  return host_hook.lock();
}

weft_status set_misuse_hook(weft_misuse_hook_fn hook, void *ctx, weft_drop_fn drop) noexcept {
  return host_hook.set(hook, ctx, drop);
}

} // namespace weft::core
