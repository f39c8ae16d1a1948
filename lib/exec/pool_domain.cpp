// A pool in a domain: when the contexts of its hooks are dropped, and what follows the end of its
// scheduler. README.md, "Pools in a domain", argues why no hook runs after that.
#include "exec/pool.hpp"

#include <utility>

namespace weft::core {

// On success the pool owns the contexts of the hooks, and the domain may withdraw it. False: the
// domain is closed, and the contexts are the caller's.
bool pool::enter_domain(const pool_settings &given) noexcept {
  const auto take = [this](const pool_settings &from) noexcept {
    settings_.initializer_ctx = from.initializer_ctx;
    settings_.initializer_drop = from.initializer_drop;
    settings_.worker_ctx = from.worker_ctx;
    settings_.worker_drop = from.worker_drop;
  };
  take(given);
  if (!settings_.home) return true;
  in_domain_ = true;
  if (settings_.home->enter(*this)) return true;
  in_domain_ = false;
  take({});
  return false;
}

void pool::finish_withdraw() {
  close();
  cancel_pending();
  set_mark(withdrawn);
  unref();
}

void pool::set_mark(mark which) noexcept {
  constexpr std::uint32_t both = withdrawn | ended_too;
  const std::uint32_t before = marks_.fetch_or(which, std::memory_order_acq_rel);
  if (before != both && (before | which) == both) release_hooks();
}

void pool::note_end() noexcept {
  if (!scheduler_.end().finished()) return;
  if (settings_.home) set_mark(ended_too);
  drop_context_if_over();
}

void pool::release_hooks() noexcept {
  if (hook_users_.fetch_sub(1, std::memory_order_acq_rel) == 1) drop_hooks();
}

// The drops run once: by the last user, or by the destructor of a pool that was not withdrawn.
void pool::drop_hooks() noexcept {
  {
    const drop_scope here(settings_.home.get());
    if (const weft_drop_fn drop = std::exchange(settings_.initializer_drop, nullptr); drop != nullptr)
      drop(settings_.initializer_ctx);
    if (const weft_drop_fn drop = std::exchange(settings_.worker_drop, nullptr); drop != nullptr)
      drop(settings_.worker_ctx);
  }
  if (!std::exchange(in_domain_, false)) return;
  settings_.home->remove(*this);
  settings_.home->leave();
}

void pool::let_go_of(task_owner &self) noexcept {
  auto &me = static_cast<pool &>(self);
  me.note_end();
  me.unref();
}

void pool::leave_as_guest() noexcept {
  scheduler_.leave_as_guest();
  note_end();
  tell_if_idle();
}

} // namespace weft::core
