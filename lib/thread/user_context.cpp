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
  domain *home; // it counts this one, and so is there; null: none
};

weft_status user_context::set(void *ctx, weft_drop_fn drop) noexcept {
  kept *next = nullptr;
  if (ctx != nullptr || drop != nullptr) {
    next = new (std::nothrow) kept{ctx, drop, drop != nullptr ? current_domain() : nullptr};
    if (next == nullptr) return WEFT_ENOMEM;
    if (next->home != nullptr && !next->home->enter()) {
      delete next;
      return WEFT_ECLOSED;
    }
  }
  replace(next);
  return WEFT_OK;
}

void *user_context::get() const noexcept {
  const std::scoped_lock hold(mutex_);
  return kept_ != nullptr ? kept_->ctx : nullptr;
}

void user_context::replace(kept *next) noexcept {
  {
    const std::scoped_lock hold(mutex_);
    std::swap(kept_, next);
  }
  if (next == nullptr) return;
  const kept before = *next;
  delete next;
  if (before.drop == nullptr) return;
  {
    const inside_scope here(existing_record(), before.home); // of nobody: outside of what the thread is in
    before.drop(before.ctx);
  }
  if (before.home != nullptr) before.home->leave();
}

} // namespace weft::core
