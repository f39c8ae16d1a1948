// A pointer that a user has attached to an object, and the drop that gives it back when it is
// replaced or the object goes.
//
// Owns the context. Knows nothing of the object. A context with a drop means that code of
// the domain in which it was set will still run, so that domain counts it: README.md, "Closing a
// domain".
#pragma once

#include <weft/base.h>

#include "base/adaptive_mutex.hpp"

namespace weft::core {

class user_context {
public:
  user_context() = default;
  ~user_context() { clear(); }
  user_context(const user_context &) = delete;
  user_context &operator=(const user_context &) = delete;

  // Drops the context before it, here. WEFT_OK, WEFT_ENOMEM, WEFT_ECLOSED. Not under a lock.
  weft_status set(void *ctx, weft_drop_fn drop) noexcept;
  // Drops nothing: the context before it becomes the caller's. The rest as set().
  weft_status swap(void *ctx, weft_drop_fn drop, void *&old_ctx, weft_drop_fn &old_drop) noexcept;
  void *get() const noexcept;

  // For destructors, when no other thread knows the object any more.
  bool is_set() const noexcept { return kept_ != nullptr; }
  void clear() noexcept {
    if (kept_ != nullptr) replace(nullptr);
  }

private:
  struct kept;
  static weft_status keep(void *ctx, weft_drop_fn drop, kept *&made) noexcept;
  kept *exchange(kept *next) noexcept;
  void replace(kept *next) noexcept;

  mutable adaptive_mutex mutex_; // no other lock is taken inside it
  kept *kept_ = nullptr;         // under mutex_
};

} // namespace weft::core
