#include "thread/semaphore.hpp"

#include <mutex>

#include "base/completion.hpp"
#include "thread/blocking.hpp"
#include "thread/record.hpp"

namespace weft::core {

weft_status semaphore::signal(std::int64_t count) noexcept {
  std::int64_t seen = balance_.load(std::memory_order_relaxed);
  do {
    // Cannot overflow: `count` is not negative.
    if (seen > WEFT_SEMAPHORE_MAX - count) return WEFT_EFULL;
    // Also acquires: the waiter that this signal tells sees what came before earlier signals too.
  } while (!balance_.compare_exchange_weak(seen, seen + count, std::memory_order_acq_rel, std::memory_order_relaxed));
  if (seen < 0) hand_out(count < -seen ? count : -seen);
  return WEFT_OK;
}

// So many of the sleepers are owed a permit, and so are still there.
void semaphore::hand_out(std::int64_t count) noexcept {
  // Wakes after the lock is given back. Parkers outlive all semaphores.
  wake_list sleepers;
  const std::scoped_lock hold(mutex_);
  for (; count > 0; --count) {
    waiter &first = *waiters_;
    sleepers.add(*first.who);
    waiters_ = first.next;
    if (waiters_ == nullptr) last_waiter_ = &waiters_;
    first.told.store(true, std::memory_order_release);
  }
}

weft_status semaphore::wait(deadline until) noexcept {
  if (try_wait()) return WEFT_OK;
  if (until.is_poll()) return WEFT_ETIMEDOUT;
  record *const self = current_record();
  if (self == nullptr) return WEFT_ENOMEM;
  if (stop_requested(*self)) return WEFT_EINTERRUPTED;
  // While others sleep the value is not above 0, so a thread that spins overtakes none of them.
  if (spin_until([this]() noexcept { return value() > 0; }) && try_wait()) return WEFT_OK;
  waiter me{&self->sleeper};
  if (!enlist(me)) return WEFT_OK;
  const auto told = [&me]() noexcept { return me.told.load(std::memory_order_acquire); };
  // No dependency: any thread might signal, so the wait graph has nothing to judge.
  const weft_status status = sleep_until(*self, nullptr, 0, wait_for::all, until, told);
  switch (leave(me)) {
  case fate::told:
    return WEFT_OK;
  case fate::gone:
    return status;
  case fate::owed:
    break;
  }
  // A signal has counted this thread in and is about to tell it. This thread waits for that: the
  // signal still needs the semaphore, which may be freed once this thread has returned.
  while (!told()) self->sleeper.park(deadline::never());
  const std::scoped_lock hold(mutex_); // the signal that told us has given it back
  return WEFT_OK;
}

// False: there was a permit after all, and this has taken it.
bool semaphore::enlist(waiter &me) noexcept {
  const std::scoped_lock hold(mutex_);
  if (balance_.fetch_sub(1, std::memory_order_acquire) > 0) return false;
  *last_waiter_ = &me;
  last_waiter_ = &me.next;
  return true;
}

// told: it has a permit, and the signal that gave it needs the semaphore no longer. owed: a permit
// is coming. gone: it has left the list.
semaphore::fate semaphore::leave(waiter &me) noexcept {
  const std::scoped_lock hold(mutex_);
  if (me.told.load(std::memory_order_relaxed)) return fate::told;
  std::int64_t seen = balance_.load(std::memory_order_relaxed);
  do {
    if (seen >= 0) return fate::owed;
  } while (!balance_.compare_exchange_weak(seen, seen + 1, std::memory_order_relaxed));
  waiter **at = &waiters_;
  while (*at != &me) at = &(*at)->next;
  *at = me.next;
  if (me.next == nullptr) last_waiter_ = at;
  return fate::gone;
}

} // namespace weft::core
