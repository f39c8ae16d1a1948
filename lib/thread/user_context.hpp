// What a user has hung on an object: a pointer, and the drop that gives it back when it is replaced or the object goes.
//
// Knows nothing of the object. With a drop it is code to come of the domain that it was set in, which counts it.
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

  // Drops the one before, here. WEFT_OK, WEFT_ENOMEM, WEFT_ECLOSED. Not under a lock.
  weft_status set(void *ctx, weft_drop_fn drop) noexcept;
  // Drops nothing: the one before becomes the caller's. The rest as set().
  weft_status swap(void *ctx, weft_drop_fn drop, void *&old_ctx, weft_drop_fn &old_drop) noexcept;
  void *get() const noexcept;

  // For destructors, when nobody else knows the object any more.
  bool is_set() const noexcept { return kept_ != nullptr; }
  void clear() noexcept {
    if (kept_ != nullptr) replace(nullptr);
  }

private:
  struct kept;
  static weft_status keep(void *ctx, weft_drop_fn drop, kept *&made) noexcept;
  kept *exchange(kept *next) noexcept;
  void replace(kept *next) noexcept;

  mutable adaptive_mutex mutex_; // takes no other inside
  kept *kept_ = nullptr;         // under mutex_
};

} // namespace weft::core
