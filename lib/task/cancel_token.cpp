#include "task/cancel_token.hpp"

#include <algorithm>
#include <new>

#include "task/cancel_callback.hpp"

namespace weft::core {

cancel_token *cancel_token::make(cancel_token *parent, std::int64_t due) noexcept {
  if (parent != nullptr) due = std::min(due, parent->due_);
  auto *const made = new (std::nothrow) cancel_token(parent, due);
  if (made == nullptr || parent == nullptr) return made;
  parent->ref();
  if (!parent->add(*made)) made->call_off();
  return made;
}

bool cancel_token::try_ref() noexcept {
  std::uint32_t seen = refs_.load(std::memory_order_relaxed);
  while (seen != 0)
    if (refs_.compare_exchange_weak(seen, seen + 1, std::memory_order_acq_rel)) return true;
  return false;
}

// A loop, not a recursion: a chain of tokens may be of any length.
void cancel_token::unref() noexcept {
  for (cancel_token *t = this; t != nullptr && t->refs_.fetch_sub(1, std::memory_order_acq_rel) == 1;) {
    cancel_token *const above = t->parent_;
    if (above != nullptr) above->remove(*t);
    t->end();
    delete t;
    t = above;
  }
}

// Only callbacks that were never called can be left: tasks, groups and tokens below hold a
// reference.
void cancel_token::end() noexcept {
  if (alarm_ != nullptr) alarm_->dismiss();
  while (roll_entry *const left = take_first()) static_cast<cancel_callback *>(left)->give_up();
}

bool cancel_token::cancel() {
  const bool first = call_off();
  // Also if the token was cancelled before: when this returns, what follows has happened, except
  // for entries that another thread is withdrawing.
  ref();
  withdraw_all();
  unref();
  return first;
}

} // namespace weft::core
