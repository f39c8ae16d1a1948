#include "thread/wait_graph.hpp"

#include <new>

#include "base/atomic.hpp"

namespace weft::core {

wait_graph &wait_graph::instance() noexcept {
  // Never destroyed: daemon threads may block after static destructors have run.
  alignas(wait_graph) static unsigned char room[sizeof(wait_graph)];
  static auto *const made = ::new (room) wait_graph;
  return *made;
}

bool wait_graph::enter(blocked_thread &entry) noexcept {
  const std::scoped_lock hold(mutex_);
  entry.prev = nullptr;
  entry.next = first_;
  if (first_ != nullptr) first_->prev = &entry;
  first_ = &entry;
  if (entry.timed) return true;

  // Most waits are plainly possible even if all who sleep without limit were stuck: then the circle search is spared.
  for (blocked_thread *b = first_; b != nullptr; b = b->next) b->stuck = !b->timed;
  if (can_end(entry)) return true;
  settle();
  if (!entry.stuck) return true;
  first_ = entry.next;
  if (first_ != nullptr) first_->prev = nullptr;
  return false;
}

void wait_graph::list(blocked_thread &entry) noexcept {
  const std::scoped_lock hold(mutex_);
  entry.prev = nullptr;
  entry.next = first_;
  if (first_ != nullptr) first_->prev = &entry;
  first_ = &entry;
}

void wait_graph::leave(blocked_thread &entry) noexcept {
  const std::scoped_lock hold(mutex_);
  (entry.prev != nullptr ? entry.prev->next : first_) = entry.next;
  if (entry.next != nullptr) entry.next->prev = entry.prev;
}

// From "everybody who sleeps without limit is stuck" to the largest set that really is: whoever can end by what the
// others outside the set may do, leaves it, until nothing changes.
void wait_graph::settle() noexcept {
  for (bool changed = true; changed;) {
    changed = false;
    for (blocked_thread *b = first_; b != nullptr; b = b->next) {
      if (!b->stuck || !can_end(*b)) continue;
      b->stuck = false;
      changed = true;
    }
  }
}

bool wait_graph::can_end(const blocked_thread &entry) const noexcept {
  if (entry.timed || stop_requested(*entry.who)) return true; // it is about to come back by itself
  for (std::size_t i = 0; i < entry.count; ++i) {
    const bool possible = entry.on[i].may_happen(entry.on[i].object, *this);
    if (entry.mode == wait_for::any && possible) return true;
    if (entry.mode == wait_for::all && !possible) return false;
  }
  return entry.mode == wait_for::all;
}

bool wait_graph::is_stuck_now(const thread *which, record *except) noexcept {
  const std::scoped_lock hold(mutex_);
  static const dependency nothing{nullptr, [](const void *, const wait_graph &) { return false; }};
  blocked_thread gone{except, &nothing, 1, wait_for::all, false};
  gone.next = first_;
  first_ = &gone; // for the time of this call: `except` waits for something that never comes
  for (blocked_thread *b = first_; b != nullptr; b = b->next) b->stuck = !b->timed;
  settle();
  const bool answer = stuck(which);
  first_ = gone.next;
  return answer;
}

void wait_graph::wake_task(const task *which) noexcept {
  wake_list sleepers;
  const std::scoped_lock hold(mutex_);
  for (blocked_thread *b = first_; b != nullptr; b = b->next)
    if (b->who->top != nullptr && b->who->top->running == which) sleepers.add(b->who->sleeper);
  sleepers.flush();
}

void wait_graph::wake_serving(const task_owner *owner) noexcept {
  wake_list sleepers;
  const std::scoped_lock hold(mutex_);
  for (blocked_thread *b = first_; b != nullptr; b = b->next)
    if (b->who->top != nullptr && b->who->top->owner == owner) sleepers.add(b->who->sleeper);
  sleepers.flush();
}

void wait_graph::wake_thread(const thread *which) noexcept {
  wake_list sleepers;
  const std::scoped_lock hold(mutex_);
  for (blocked_thread *b = first_; b != nullptr; b = b->next)
    if (is_object_of(*b->who, which)) {
      if (b->call != nullptr)
        b->call(*b);
      else
        sleepers.add(b->who->sleeper);
    }
  sleepers.flush();
}

void wait_graph::wake_inside(const atomic<std::uint32_t> &word) noexcept {
  wake_list sleepers;
  const std::scoped_lock hold(mutex_);
  for (blocked_thread *b = first_; b != nullptr; b = b->next)
    for (const scope *s = b->who->inside; s != nullptr; s = further(*s))
      if (s->word == &word) {
        sleepers.add(b->who->sleeper);
        break;
      }
  sleepers.flush();
}

bool wait_graph::stuck(const record *who) const noexcept {
  for (const blocked_thread *b = first_; b != nullptr; b = b->next)
    if (b->stuck && b->who == who) return true;
  return false;
}

bool wait_graph::stuck(const thread *who) const noexcept {
  for (const blocked_thread *b = first_; b != nullptr; b = b->next)
    if (b->stuck && is_object_of(*b->who, who)) return true;
  return false;
}

bool wait_graph::stuck_inside(const task *which) const noexcept {
  for (const blocked_thread *b = first_; b != nullptr; b = b->next) {
    if (!b->stuck) continue;
    for (const frame *f = b->who->top; f != nullptr; f = f->below)
      if (f->running == which) return true;
  }
  return false;
}

bool wait_graph::stuck_in(const domain *which) const noexcept {
  for (const blocked_thread *b = first_; b != nullptr; b = b->next) {
    if (!b->stuck) continue;
    for (const scope *s = b->who->inside; s != nullptr; s = s->outer)
      if (s->of == which) return true;
  }
  return false;
}

std::size_t wait_graph::stuck_workers(const task_owner *owner) const noexcept {
  std::size_t count = 0;
  for (const blocked_thread *b = first_; b != nullptr; b = b->next) {
    if (!b->stuck) continue;
    const frame *bottom = b->who->top;
    while (bottom != nullptr && bottom->below != nullptr) bottom = bottom->below;
    if (bottom != nullptr && bottom->running == nullptr && bottom->owner == owner) ++count;
  }
  return count;
}

std::size_t wait_graph::stuck_frames(const task_owner *owner) const noexcept {
  std::size_t count = 0;
  for (const blocked_thread *b = first_; b != nullptr; b = b->next)
    if (b->stuck)
      for (const frame *f = b->who->top; f != nullptr; f = f->below)
        if (f->owner == owner && f->running != nullptr) ++count;
  return count;
}

std::size_t wait_graph::stuck_serving(const task_owner *owner) const noexcept {
  std::size_t count = 0;
  for (const blocked_thread *b = first_; b != nullptr; b = b->next)
    if (b->stuck && serves(*b->who, owner)) ++count;
  return count;
}

} // namespace weft::core
