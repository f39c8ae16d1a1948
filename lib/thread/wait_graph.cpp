#include "thread/wait_graph.hpp"

#include <iterator>
#include <new>

#include "base/atomic.hpp"
#include "base/system.hpp"

namespace weft::core {
namespace {

template <class Look> bool is_asked(const record &who, Look look) noexcept {
  return each_asked(who.top, who.inside, look);
}

} // namespace

wait_graph &wait_graph::instance() noexcept {
  // Never destroyed: daemon threads may block after static destructors have run.
  alignas(wait_graph) static unsigned char room[sizeof(wait_graph)];
  static auto *const made = ::new (room) wait_graph;
  return *made;
}

bool wait_graph::enter(blocked_thread &entry) noexcept {
  const std::scoped_lock hold(mutex_);
  link(entry);
  if (entry.timed) return true;
  entry.has_news = entry.interested && news_.load(std::memory_order_relaxed) != entry.news_seen;

  // Most waits can end even if all that sleep without limit were stuck. Then no circle is searched.
  for (blocked_thread *b = first_; b != nullptr; b = b->next) b->stuck = !b->timed;
  if (can_end(entry)) return true;
  settle();
  if (!entry.stuck) return true;
  blocked_thread *const helper = find_helper(entry);
  if (helper != nullptr && helper != &entry) {
    helper->looks_again.store(true, std::memory_order_release);
    helper->who->sleeper.unpark();
    return true;
  }
  if (helper == nullptr && ask_those_who_leave(entry)) return true;
  if (entry.stays && entry.offered == nullptr) {
    tell_stuck_ones();
    return true;
  }
  unlink(entry);
  // Others may have slept because this thread was to run something, and it could not.
  if (entry.offered == nullptr) {
    judge_all(nullptr);
    tell_stuck_ones();
  }
  return false;
}

void wait_graph::list(blocked_thread &entry) noexcept {
  const std::scoped_lock hold(mutex_);
  entry.for_good = true;
  link(entry);
}

void wait_graph::link(blocked_thread &entry) noexcept {
  entry.prev = nullptr;
  entry.next = first_;
  if (first_ != nullptr) first_->prev = &entry;
  first_ = &entry;
  if (entry.who->top != nullptr) inside_.fetch_add(1, std::memory_order_seq_cst);
}

void wait_graph::unlink(blocked_thread &entry) noexcept {
  (entry.prev != nullptr ? entry.prev->next : first_) = entry.next;
  if (entry.next != nullptr) entry.next->prev = entry.prev;
  if (entry.who->top != nullptr) inside_.fetch_sub(1, std::memory_order_relaxed);
}

void wait_graph::leave(blocked_thread &entry) noexcept {
  const std::scoped_lock hold(mutex_);
  unlink(entry);
}

// The newcomer is stuck. A thread in the circle may be able to run what another one in it waits
// for, and so open the circle: README.md, "What the circle needs". If that thread is the newcomer,
// this returns it, and `offered` is set.
blocked_thread *wait_graph::find_helper(const blocked_thread &newcomer) noexcept {
  struct chance {
    blocked_thread *who;
    const dependency *wanted;
  } found[16];
  std::size_t count = 0;
  int steps = 100'000;
  for (blocked_thread *h = first_; h != nullptr; h = h->next) {
    if (!h->stuck || h->hand == nullptr) continue;
    for (const blocked_thread *b = first_; b != nullptr; b = b->next)
      for (std::size_t i = 0; b->stuck && i < b->count && count < std::size(found) && --steps > 0; ++i)
        if (h->hand->could_run(*h->who, b->on[i], *this)) found[count++] = {h, &b->on[i]};
  }
  for (std::size_t i = 0; i < count; ++i) {
    blocked_thread &who = *found[i].who;
    judge_all(found[i].wanted->object);
    if (who.stuck || newcomer.stuck) continue;
    if (&who == &newcomer) {
      who.hand->keep(*found[i].wanted);
      who.offered = found[i].wanted->object;
    }
    judge_all(nullptr);
    return &who;
  }
  if (count != 0) judge_all(nullptr);
  return nullptr;
}

// If the newcomer could go on with what those of its stuck set have left to other workers, they run
// that themselves now: README.md, "A look is no limit". False: it could not.
bool wait_graph::ask_those_who_leave(const blocked_thread &newcomer) noexcept {
  judge_if_leavers_go_on(&newcomer);
  const bool would_help = !newcomer.stuck;
  judge_all(nullptr);
  if (!would_help) return false;
  wake_list sleepers;
  for (blocked_thread *b = first_; b != nullptr; b = b->next) {
    if (!b->stuck || !b->leaves || b == &newcomer) continue;
    b->looks_again.store(true, std::memory_order_release);
    sleepers.add(b->who->sleeper);
  }
  sleepers.flush();
  return true;
}

// Judge all once more from the beginning, as if `assumed` could happen.
void wait_graph::judge_all(const void *assumed) noexcept {
  assumed_ = assumed;
  for (blocked_thread *b = first_; b != nullptr; b = b->next) b->stuck = !b->timed;
  settle();
  assumed_ = nullptr;
}

// The same, as if each leaver could go on: a thread that has left something to other workers.
// `except` does not count as one.
void wait_graph::judge_if_leavers_go_on(const blocked_thread *except) noexcept {
  for (blocked_thread *b = first_; b != nullptr; b = b->next) b->stuck = !b->timed && (!b->leaves || b == except);
  settle();
}

// The caller has marked all threads that sleep without limit as stuck. Take out each thread whose
// wait can end by what threads outside of the set may do, until nothing changes. What is left is
// the largest stuck set.
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
  // It will come back by itself.
  if (entry.timed || entry.has_news || entry.looks_again.load(std::memory_order_relaxed) || stop_requested(*entry.who))
    return true;
  judged_ = &entry;
  for (std::size_t i = 0; i < entry.count; ++i) {
    const bool possible = entry.on[i].may_happen(entry.on[i].object, *this);
    if (entry.mode == wait_for::any && possible) return true;
    if (entry.mode == wait_for::all && !possible) return false;
  }
  return entry.mode == wait_for::all;
}

bool wait_graph::all_are_stuck() const noexcept {
  std::size_t count = 0;
  for (const blocked_thread *b = first_; b != nullptr; b = b->next) {
    if (!b->stuck) return false;
    ++count;
  }
  return count == threads_of_process();
}

std::size_t wait_graph::stuck_workers_now(const task_owner *owner, record &except) noexcept {
  const std::scoped_lock hold(mutex_);
  static const dependency nothing{nullptr, [](const void *, const wait_graph &) { return false; }};
  blocked_thread gone{&except, &nothing, 1, wait_for::all, false};
  gone.next = first_;
  first_ = &gone; // during this call
  judge_if_leavers_go_on(nullptr);
  gone.stuck = false; // the others are judged, and it does not count
  const std::size_t count = stuck_workers(owner);
  first_ = gone.next;
  return count;
}

namespace {

// In its own way, if it has one. Under the lock of the graph.
void wake(blocked_thread &sleeping, wake_list &sleepers) noexcept {
  if (sleeping.call != nullptr)
    sleeping.call(sleeping);
  else
    sleepers.add(sleeping.who->sleeper);
}

} // namespace

void wait_graph::wake_asked(const atomic<std::uint32_t> &word) noexcept {
  wake_list sleepers;
  const std::scoped_lock hold(mutex_);
  for (blocked_thread *b = first_; b != nullptr; b = b->next)
    if (is_asked(*b->who, [&word](const frame *f, const scope *s) {
          if (f != nullptr && f->word == &word) return true;
          while (s != nullptr && s->word != &word) s = further(*s);
          return s != nullptr;
        }))
      wake(*b, sleepers);
  sleepers.flush();
}

// The fence pairs with that of sleep_until(). The thread that arms something shows the time, then
// comes here. The sleeper enters the graph, then reads the time: README.md, "Time".
void wait_graph::wake_for_time(const task_owner *owner) noexcept {
  full_fence();
  if (inside_.load(std::memory_order_relaxed) == 0) return;
  wake_list sleepers;
  const std::scoped_lock hold(mutex_);
  for (blocked_thread *b = first_; b != nullptr; b = b->next)
    if (serves(*b->who, owner)) sleepers.add(b->who->sleeper);
  sleepers.flush();
}

// Under the lock. The sleepers are to be woken after this.
template <class Concerned> void wait_graph::note_news(wake_list &sleepers, Concerned concerned) noexcept {
  news_.fetch_add(1, std::memory_order_release);
  for (blocked_thread *b = first_; b != nullptr; b = b->next)
    if (concerned(*b->who)) {
      b->has_news = b->interested;
      sleepers.add(b->who->sleeper);
    }
}

void wait_graph::tell_news(const task_owner *owner, const task_owner *carrier) noexcept {
  full_fence();
  if (interested_.load(std::memory_order_relaxed) == 0) return;
  wake_list sleepers;
  const std::scoped_lock hold(mutex_);
  note_news(sleepers, [owner, carrier](const record &who) noexcept {
    return serves(who, owner) || (carrier != nullptr && serves(who, carrier));
  });
  sleepers.flush();
}

// A circle has a thread in it that sleeps inside an executor. So if there is none, none was closed.
void wait_graph::tell_news_to_all() noexcept {
  full_fence();
  if (interested_.load(std::memory_order_relaxed) == 0 && inside_.load(std::memory_order_relaxed) == 0) return;
  wake_list sleepers;
  const std::scoped_lock hold(mutex_);
  note_news(sleepers, [](const record &who) noexcept { return who.top != nullptr; });
  sleepers.flush();
  judge_all(nullptr);
  tell_stuck_ones();
}

void wait_graph::wake_thread(const thread *which) noexcept {
  wake_list sleepers;
  const std::scoped_lock hold(mutex_);
  for (blocked_thread *b = first_; b != nullptr; b = b->next)
    if (is_object_of(*b->who, which)) {
      wake(*b, sleepers);
    }
  sleepers.flush();
}

void wait_graph::tell_stuck_ones() noexcept {
  wake_list sleepers;
  for (blocked_thread *b = first_; b != nullptr; b = b->next) {
    if (!b->stuck || b->for_good || b->stays) continue;
    b->looks_again.store(true, std::memory_order_release);
    sleepers.add(b->who->sleeper);
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
