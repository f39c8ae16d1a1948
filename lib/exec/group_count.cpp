// How a group counts what is pending: in one word, and as credit of its workers. README.md,
// "Groups: the word" and "Groups: credit". The fast paths, on the way of each task, are in
// group.hpp.
#include "exec/group.hpp"

#include <sched.h>

namespace weft::core {

void group::count_in_advance(worker *me) noexcept {
  constexpr std::uint32_t in_advance = 64;
  if (me == nullptr || (me->credit_of.load(std::memory_order_relaxed) != this && me->last_into != this)) {
    if (me != nullptr) me->last_into = this;
    count_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  count_.fetch_add(in_advance, std::memory_order_relaxed); // first the word, then the credit
  take_credit(*me, in_advance - 1);
}

void group::end_with_much_credit(worker &me) noexcept {
  const std::uint64_t held = me.credit.load(std::memory_order_relaxed) + worker::one_change + 1;
  me.credit.store(held - most_kept / 2, std::memory_order_release);
  end_some(most_kept / 2);
}

// True: nothing is pending but what workers have credit for. If no credit for this group has
// changed from one look to the other, the count that was read in between belongs to it. README.md,
// "Groups: credit".
bool group::all_done() const noexcept {
  for (int looks = 1;; ++looks) {
    if (pending() == 0) return true;
    if (pool_ == nullptr) return false; // no worker has credit
    const scheduler::credit_view before = pool_->workers().credit_for(*this);
    const std::uint64_t counted = pending();
    if (before.settled && pool_->workers().credit_for(*this).mix == before.mix) return counted == before.sum;
    if (looks % 64 == 0) sched_yield(); // the worker that gives it back may have lost its CPU
  }
}

void group::end_some(std::uint64_t count) noexcept {
  if (const std::uint32_t due = subtract(count); due != 0) settle_up(due);
}

// Answers what is due. If threads or ties are to be told, this keeps a handle until settle_up().
// Otherwise nothing is touched after the count has changed.
std::uint32_t group::subtract(std::uint64_t count) noexcept {
  std::uint64_t seen = count_.load(std::memory_order_relaxed), next;
  std::uint32_t due;
  bool telling = false;
  do {
    if (const bool tell = (seen & waited_for) != 0; tell != telling) {
      telling = tell;
      telling_.fetch_add(tell ? 1u : ~0u, std::memory_order_relaxed);
    }
    next = seen - count;
    due = 0;
    if (next == 0) due = nobody_left; // the handles went before
    // Waiters are woken when nothing is left, and when credit goes back, because what they wait for
    // may have become hopeless.
    if ((seen & waited_for) != 0) due |= wake_all;
    // Ties are told when nothing is left. That cannot be while more is pending than all workers may
    // have as credit.
    if ((seen & tied) != 0 && (next & pending_mask) <= most_credit()) due |= tell_all;
    if ((due & wake_all) != 0) next &= ~(waited_for | help_sleeps);
    if ((due & (wake_all | tell_all)) != 0) next += one_handle;
  } while (!count_.compare_exchange_weak(seen, next, std::memory_order_acq_rel, std::memory_order_relaxed));
  return due;
}

// --- what is not a task ---

// Not out of credit: the thread that leaves is mostly another one, and no end of a task would
// balance it.
weft_status group::enter() noexcept {
  std::uint32_t seen = entered_.load(std::memory_order_relaxed);
  if (seen >= WEFT_GROUP_ENTERED_MAX) return WEFT_EFULL;
  count_.fetch_add(1, std::memory_order_relaxed); // as a spawn: a wait after this call on this thread sees it
  while (!entered_.compare_exchange_weak(seen, seen + 1, std::memory_order_relaxed))
    if (seen >= WEFT_GROUP_ENTERED_MAX) {
      end_some(1);
      return WEFT_EFULL;
    }
  return WEFT_OK;
}

// What the caller did before this happens before what follows a wait: subtract() releases.
weft_status group::leave() noexcept {
  std::uint32_t seen = entered_.load(std::memory_order_relaxed);
  do {
    if (seen == 0) return WEFT_EINVALIDSTATE;
  } while (!entered_.compare_exchange_weak(seen, seen - 1, std::memory_order_relaxed));
  end_some(1);
  return WEFT_OK;
}

void group::settle_up(std::uint32_t due) noexcept {
  if ((due & wake_all) != 0) wake_waiters(whom::all);
  if ((due & tell_all) != 0) tell_ties();
  if ((due & (wake_all | tell_all)) != 0)
    unref_handle();
  else
    delete this;
}

// A group ends where its last task is counted down, which may be in the middle of giving back
// credit. That worker relies on having none afterwards, so it gives back what the drop has spawned.
void group::drop_context() noexcept {
  context_.clear();
  if (worker *const me = worker_of(existing_record()); me != nullptr) scheduler::return_credit(*me);
}

} // namespace weft::core
