// weft/runtime.h
#include "runtime/runtime.hpp"

#include <utility>

#include "base/system.hpp"
#include "guard.hpp"
#include "handle.hpp"
#include "runtime/exit.hpp"
#include "runtime/fork.hpp"
#include "thread/signals.hpp"

using namespace weft::core;

extern "C" {

weft_status weft_runtime_create(const weft_runtime_options_t *options, weft_runtime_t **out) {
  if (out == nullptr) return WEFT_EINVAL;
  weft_runtime_options_t read;
  if (const weft_status status = read_options(options, read); status != WEFT_OK) return status;
  if (check_options(read).is_zero("reserved", read.reserved).fails()) return WEFT_EINVAL;
  if (const weft_status forked = answer_here(); forked != WEFT_OK) return forked;
  runtime *const made = runtime::create();
  if (made == nullptr) return WEFT_ENOMEM;
  *out = made;
  return WEFT_OK;
}

weft_status weft_runtime_shutdown(weft_runtime_t *handle, int64_t timeout) {
  return guard([&]() -> weft_status {
    shared<runtime> which;
    if (const weft_status status = runtime_of(handle, which, "weft_runtime_shutdown"); status != WEFT_OK) return status;
    return which->shutdown(deadline::after(timeout));
  });
}

weft_status weft_runtime_destroy(weft_runtime_t **handle) {
  if (handle == nullptr) return WEFT_EINVAL;
  if (*handle == nullptr) return WEFT_OK;
  return guard([&]() -> weft_status {
    if (in_child() && runtime::was_before_fork(*handle)) { // the child has nothing of it that could be ended
      *handle = nullptr;
      return WEFT_OK;
    }
    shared<runtime> which;
    if (const weft_status status = runtime_of(*handle, which, "weft_runtime_destroy"); status != WEFT_OK) return status;
    if (const weft_status status = which->shutdown(deadline::never()); status != WEFT_OK) return status;
    if (!runtime::forget(*handle)) return WEFT_EINVAL; // another thread destroyed it meanwhile
    which->unref();
    *handle = nullptr;
    return WEFT_OK;
  });
}

weft_status weft_runtime_set_exception_hook(weft_runtime_t *handle, weft_exception_hook_fn hook, void *ctx,
                                            weft_drop_fn drop) {
  return guard([&]() -> weft_status {
    shared<runtime> which;
    if (const weft_status status = runtime_of(handle, which, "weft_runtime_set_exception_hook"); status != WEFT_OK)
      return status;
    if (which->closed()) return WEFT_ESHUTDOWN;
    shared<exception_hook> made;
    if (const weft_status status = exception_hook::make(hook, ctx, drop, made); status != WEFT_OK) return status;
    which->set_hook(std::move(made));
    return WEFT_OK;
  });
}

weft_status weft_runtime_reset_after_fork(void) {
  reset_after_fork();
  return WEFT_OK;
}

void weft_exit(int32_t status) {
  end_process(status);
}

weft_status weft_process_signal_mask(void *sigset) {
  if (sigset == nullptr) return WEFT_EINVAL;
  *static_cast<sigset_t *>(sigset) = process_signal_mask();
  return WEFT_OK;
}

uint32_t weft_usable_cpus(void) {
  return usable_cpus();
}

} // extern "C"
