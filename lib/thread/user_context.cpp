#include "thread/user_context.hpp"

#include <mutex>
#include <new>
#include <utility>

#include "thread/domain.hpp"
#include "thread/record.hpp"

namespace weft::core {

struct user_context::kept {
  void *ctx;
  weft_drop_fn drop;
  domain *home; // counts this one, and so is alive; or null
};

weft_status user_context::keep(void *ctx, weft_drop_fn drop, kept *&made) noexcept {
  made = nullptr;
  if (ctx == nullptr && drop == nullptr) return WEFT_OK;
  made = new (std::nothrow) kept{ctx, drop, drop != nullptr ? current_domain() : nullptr};
  if (made == nullptr) return WEFT_ENOMEM;
  if (made->home == nullptr || made->home->enter()) return WEFT_OK;
  delete made;
  return WEFT_ECLOSED;
}

weft_status user_context::set(void *ctx, weft_drop_fn drop) noexcept {
  kept *next = nullptr;
  const weft_status status = keep(ctx, drop, next);
  if (status == WEFT_OK) replace(next);
  return status;
}

weft_status user_context::swap(void *ctx, weft_drop_fn drop, void *&old_ctx, weft_drop_fn &old_drop) noexcept {
  kept *next = nullptr;
  if (const weft_status status = keep(ctx, drop, next); status != WEFT_OK) return status;
  const kept *const before = exchange(next);
  old_ctx = before != nullptr ? before->ctx : nullptr;
  old_drop = before != nullptr ? before->drop : nullptr;
  if (before == nullptr) return WEFT_OK;
  // The context is the caller's now, so its domain does not count it any more.
  if (before->home != nullptr) before->home->leave();
  delete before;
  return WEFT_OK;
}

void *user_context::get() const noexcept {
  const std::scoped_lock hold(mutex_);
  return kept_ != nullptr ? kept_->ctx : nullptr;
}

user_context::kept *user_context::exchange(kept *next) noexcept {
  const std::scoped_lock hold(mutex_);
  return std::exchange(kept_, next);
}

void user_context::replace(kept *next) noexcept {
  const kept *const old = exchange(next);
  if (old == nullptr) return;
  const kept before = *old;
  delete old;
  if (before.drop == nullptr) return;
  {
    const inside_scope here(existing_record(), before.home); // null: outside of all domains
    before.drop(before.ctx);
  }
  if (before.home != nullptr) before.home->leave();
}

} // namespace weft::core
