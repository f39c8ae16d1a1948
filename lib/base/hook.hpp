// A function of the host that may be replaced at any time while other threads call it: the log
// hook, the misuse hook.
//
// A caller takes a reference first, and calls without a lock. So a replaced hook is dropped by the
// thread that replaces it, or by the last thread that is still in it.
#pragma once

#include <mutex>
#include <new>
#include <utility>

#include <weft/base.h>

#include "base/atomic.hpp"
#include "base/refs.hpp"

namespace weft::core {

template <class Function> class hook final : public shared_object<hook<Function>> {
public:
  hook(Function fn, void *ctx, weft_drop_fn drop) noexcept : fn(fn), ctx(ctx), drop_(drop) {}
  ~hook() {
    if (drop_ != nullptr) drop_(ctx);
  }
  const Function fn;
  void *const ctx;

private:
  const weft_drop_fn drop_;
};

// For static memory: constant-initialised and never destroyed, because threads outlive static
// destructors.
template <class Function> class hook_slot {
public:
  // A null `fn`: no hook from now on, and `ctx` is dropped at once.
  weft_status set(Function fn, void *ctx, weft_drop_fn drop) noexcept {
    auto *const made = new (std::nothrow) hook<Function>(fn, ctx, drop);
    if (made == nullptr) return WEFT_ENOMEM;
    replace(fn != nullptr ? made : nullptr);
    if (fn == nullptr) made->unref();
    return WEFT_OK;
  }
  // No hook from now on, if the hook still has this context.
  void clear_if(const void *ctx) noexcept {
    hook<Function> *taken = nullptr;
    {
      const std::scoped_lock hold(mutex_);
      if (current_ != nullptr && current_->ctx == ctx) taken = std::exchange(current_, nullptr);
    }
    if (taken != nullptr) taken->unref();
  }
  // While the process is forked.
  native_mutex &lock() noexcept { return mutex_; }
  shared<hook<Function>> get() noexcept {
    const std::scoped_lock hold(mutex_);
    return shared<hook<Function>>(current_);
  }

private:
  void replace(hook<Function> *next) noexcept {
    {
      const std::scoped_lock hold(mutex_);
      std::swap(current_, next);
    }
    if (next != nullptr) next->unref(); // its drop is code of the host
  }

  native_mutex mutex_;
  hook<Function> *current_ = nullptr; // under mutex_; with a reference
};

} // namespace weft::core
