#include "thread/domain.hpp"

#include <memory>
#include <new>
#include <utility>

#include "thread/blocking.hpp"
#include "thread/wait_graph.hpp"

namespace weft::core {

domain *domain::make() noexcept {
  return new (std::nothrow) domain;
}

bool domain::enter() noexcept {
  const std::scoped_lock hold(mutex_);
  if (called_off_.load(std::memory_order_relaxed)) return false;
  if (count_++ == 0) ref();
  return true;
}

bool domain::enter(roll_entry &entry) noexcept {
  const std::scoped_lock hold(mutex_);
  if (called_off_.load(std::memory_order_relaxed)) return false;
  if (count_++ == 0) ref();
  add_locked(entry);
  return true;
}

void domain::keep() noexcept {
  const std::scoped_lock hold(mutex_);
  if (count_++ == 0) ref();
}

void domain::leave() noexcept {
  bool last = false, over = false;
  {
    const std::scoped_lock hold(mutex_);
    last = --count_ == 0;
    over = last && called_off_.load(std::memory_order_relaxed);
  }
  if (over) end_.finish(false);
  if (last) unref();
}

std::uint64_t domain::count() const noexcept {
  const std::scoped_lock hold(mutex_);
  return count_;
}

bool domain::surrounds(const record &self) const noexcept {
  for (const scope *s = self.inside; s != nullptr; s = s->outer)
    if (s->of == this) return true;
  return false;
}

weft_status domain::close(deadline until) {
  record *const self = current_record();
  if (self == nullptr) return WEFT_ENOMEM;
  if (surrounds(*self)) return WEFT_EDEADLK;
  const shared<domain> alive(this);
  bool over = false;
  {
    const std::scoped_lock hold(mutex_);
    const bool first = !called_off_.exchange(true, std::memory_order_release);
    over = first && count_ == 0;
  }
  if (over) end_.finish(false);
  {
    const inside_scope drops(self, this);
    withdraw_all();
  }
  return wait_for_completion(*self, end_, {this, &domain::may_end}, until);
}

void domain::drop_payload(void *of, weft_drop_fn drop, void *payload) noexcept {
  auto *const home = static_cast<domain *>(of);
  {
    const drop_scope here(home);
    drop(payload);
  }
  if (home != nullptr) home->leave();
}

weft_status entered_scope::begin(domain *of, void *room) noexcept {
  record *const self = current_record();
  if (self == nullptr) return WEFT_ENOMEM;
  if (of != nullptr) {
    auto *const counted = new (std::nothrow) entered_domain(*of, self->entered);
    if (counted == nullptr) return WEFT_ENOMEM;
    if (!of->enter()) {
      delete counted;
      return WEFT_ECLOSED;
    }
    self->entered = counted;
  }
  self->inside = ::new (room) entered_scope{{of, nullptr, self->inside, true}};
  return WEFT_OK;
}

weft_status entered_scope::end(void *room) noexcept {
  record *const self = existing_record();
  if (self == nullptr || static_cast<void *>(self->inside) != room) return WEFT_EINVALIDSTATE;
  const scope ended = *self->inside;
  self->inside = ended.outer;
  if (ended.of == nullptr) return WEFT_OK;
  // Scopes are left in order, so it is that of this one.
  const std::unique_ptr<entered_domain> counted(self->entered);
  self->entered = counted->outer;
  counted->of.leave();
  return WEFT_OK;
}

void entered_domain::leave_all(record &self) noexcept {
  if (self.entered == nullptr) return;
  self.inside = nullptr; // the scopes were on a stack that is gone
  while (self.entered != nullptr) {
    const std::unique_ptr<entered_domain> counted(std::exchange(self.entered, self.entered->outer));
    counted->of.leave();
  }
}

bool domain::may_end(const void *object, const wait_graph &graph) noexcept {
  return !graph.stuck_in(static_cast<const domain *>(object));
}

} // namespace weft::core
