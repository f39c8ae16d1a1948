// How a group counts what is pending: in one word, and in advance for its workers. See README.md of lib/sched,
// "Groups".
#include "exec/group.hpp"

#include <sched.h>

namespace weft::core {

namespace {

constexpr std::uint64_t one_change = std::uint64_t{1} << 32; // of a worker's credit

} // namespace

std::uint32_t group::credit_of(const worker *me) const noexcept {
  if (me == nullptr || me->credit_of.load(std::memory_order_relaxed) != this) return 0;
  const std::uint64_t held = me->credit.load(std::memory_order_relaxed);
  return (held & worker::on_its_way) == 0 ? static_cast<std::uint32_t>(held) : 0;
}

// What the group has counted already, or has just been relieved of.
void group::take_credit(worker &me, std::uint32_t count) noexcept {
  scheduler::return_credit(me);
  me.credit_of.store(this, std::memory_order_relaxed);
  const std::uint64_t none = me.credit.load(std::memory_order_relaxed);
  me.credit.store(none + one_change + count, std::memory_order_release);
}

void group::count_one(worker *me) noexcept {
  constexpr std::uint32_t in_advance = 64;
  const bool has_credit = me != nullptr && me->credit_of.load(std::memory_order_relaxed) == this;
  if (!has_credit && (me == nullptr || me->last_into != this)) {
    if (me != nullptr) me->last_into = this;
    count_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  if (has_credit) {
    const std::uint64_t held = me->credit.load(std::memory_order_relaxed);
    if ((held & 0xffffffff) != 0) return me->credit.store(held + one_change - 1, std::memory_order_release);
  }
  count_.fetch_add(in_advance, std::memory_order_relaxed); // first the group's, then ours: see return_credit()
  take_credit(*me, in_advance - 1);
}

// A worker keeps what it has ended as credit. It is given back before the worker turns to anything else, or at once if
// somebody sleeps: see done_for().
void group::end_one(worker *me) noexcept {
  if (me == nullptr) return end_some(1);
  if (me->credit_of.load(std::memory_order_relaxed) != this) return take_credit(*me, 1);
  const std::uint64_t held = me->credit.load(std::memory_order_relaxed) + one_change + 1;
  if ((held & 0xffffffff) < most_kept) return me->credit.store(held, std::memory_order_release);
  me->credit.store(held - most_kept / 2, std::memory_order_release);
  end_some(most_kept / 2);
}

// Nothing is pending, as far as this thread can tell without asking the others. What it has credit for is not pending;
// but if somebody sleeps until none is, he has to be told, and that is what giving it back does. He sets his flag,
// passes a heavy barrier and looks at our credit; we have stored our credit and look at his flag.
bool group::done_for(worker *me) noexcept {
  if (const std::uint32_t own = credit_of(me); own != 0) {
    light_barrier();
    const std::uint64_t seen = count_.load(std::memory_order_acquire);
    if ((seen & (waited_for | tied)) == 0 && (seen & pending_mask) == own) return true;
    scheduler::return_credit(*me);
  }
  return pending() == 0;
}

// Nothing is pending but what workers have credit for. If no credit for this group has changed from the first look to
// the third, the count between them goes with it; each look acquires, so they happen in this order. What changes
// meanwhile with a worker that has no credit at both looks makes the count too large, never too small.
bool group::all_done() const noexcept {
  for (int looks = 1;; ++looks) {
    if (pending() == 0) return true;
    const scheduler::credit_view before = pool_.workers().credit_for(*this);
    const std::uint64_t counted = pending();
    if (before.settled && pool_.workers().credit_for(*this).mix == before.mix) return counted == before.sum;
    if (looks % 64 == 0) sched_yield(); // whoever gives it back may have lost his CPU
  }
}

void group::end_some(std::uint64_t count) noexcept {
  if (const std::uint32_t due = subtract(count); due != 0) settle_up(due);
}

// What is due then: unless it is 0 or `nobody_left`, a handle is kept until settle_up(). Nothing is touched after the
// count has changed, but for those to be told.
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
    // Waiters are woken when none is left, and when credit goes, for what they wait for may have become hopeless.
    if ((seen & waited_for) != 0) due |= wake_all;
    // Ties are told when none is left; which cannot be while there are more than all workers have counted in advance.
    if ((seen & tied) != 0 && (next & pending_mask) <= pool_.workers().places() * most_kept) due |= tell_all;
    if ((due & wake_all) != 0) next &= ~(waited_for | help_sleeps);
    if ((due & (wake_all | tell_all)) != 0) next += one_handle;
  } while (!count_.compare_exchange_weak(seen, next, std::memory_order_acq_rel, std::memory_order_relaxed));
  return due;
}

void group::settle_up(std::uint32_t due) noexcept {
  if ((due & wake_all) != 0) wake_waiters(whom::all);
  if ((due & tell_all) != 0) tell_ties();
  if ((due & (wake_all | tell_all)) != 0)
    unref_handle();
  else
    delete this;
}

} // namespace weft::core
