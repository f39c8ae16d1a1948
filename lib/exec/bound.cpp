#include "exec/bound.hpp"

#include "thread/blocking.hpp"
#include "thread/record.hpp"

namespace weft::core {

weft_status bound::acquire(std::uint64_t count, dependency on) noexcept {
  waiter me{count, nullptr, WEFT_EAGAIN, nullptr};
  record *self = nullptr;
  {
    const std::scoped_lock hold(mutex_);
    if (closed_) return WEFT_ESHUTDOWN;
    if (count > settings_.most) return WEFT_EFULL; // it would never fit
    if (first_ == nullptr && waiting_tasks_ + count <= settings_.most) {
      waiting_tasks_ += count;
      return WEFT_OK;
    }
    if (settings_.when_full != WEFT_FULL_WAIT) return WEFT_EFULL;
    self = current_record();
    if (self == nullptr) return WEFT_ENOMEM;
    me.sleeper = &self->sleeper;
    *last_ = &me;
    last_ = &me.next;
  }
  const auto answered = [&]() noexcept {
    const std::scoped_lock hold(mutex_);
    return me.answer != WEFT_EAGAIN;
  };
  const weft_status status = sleep_until(*self, &on, 1, wait_for::all, deadline::after(settings_.timeout), answered);
  const std::scoped_lock hold(mutex_);
  if (me.answer != WEFT_EAGAIN) return me.answer; // the room may have come at the last moment
  forget_locked(me);
  return status;
}

void bound::release(std::uint64_t count) noexcept {
  wake_list sleepers;
  const std::scoped_lock hold(mutex_);
  waiting_tasks_ -= count;
  serve_locked(sleepers);
}

void bound::serve_locked(wake_list &sleepers) noexcept {
  while (first_ != nullptr && waiting_tasks_ + first_->count <= settings_.most) {
    waiter &next = *first_;
    waiting_tasks_ += next.count;
    next.answer = WEFT_OK;
    first_ = next.next;
    if (first_ == nullptr) last_ = &first_;
    sleepers.add(*next.sleeper);
  }
}

void bound::forget_locked(waiter &gone) noexcept {
  waiter **at = &first_;
  while (*at != &gone) at = &(*at)->next;
  *at = gone.next;
  if (gone.next == nullptr) last_ = at;
  wake_list sleepers;
  serve_locked(sleepers); // a smaller request may have stood behind this one
}

void bound::close() noexcept {
  wake_list sleepers;
  const std::scoped_lock hold(mutex_);
  closed_ = true;
  for (waiter *w = first_; w != nullptr; w = w->next) {
    w->answer = WEFT_ESHUTDOWN;
    sleepers.add(*w->sleeper);
  }
  first_ = nullptr;
  last_ = &first_;
}

} // namespace weft::core
