// Ties of groups: one event in a completion queue, or one task that becomes ready, when nothing of the group is
// pending.
//
// A tie is a waiter that does not sleep. It stands in the group's list, and while that is not empty the flag `tied` in
// the group's word makes whoever ends tasks, when few are left, come to tell_ties(), with a handle of the group. That
// thread notes which tie is the newest, and looks whether nothing is pending. If so it takes that one and all before it
// out of the list, and tells them; those that have come meanwhile, perhaps with new tasks, stay.
//
//  - no tie is missed: whoever adds to the list looks after that. Either he finds nothing pending, or whoever ends
//    what is pending finds the flag, for both are operations on one word. Tasks that were counted in advance come back
//    to that word before their worker does anything else, and all_done() sees through them meanwhile;
//  - none is told too early: the look comes after the newest was noted, so after each tie up to it was made;
//  - a tie is in the list until it is undone or taken out to be told, and the lock decides which: so undoing it never
//    misses one that is not being told yet;
//  - the group lives as long as a tie is listed in the queue: something is pending, or somebody with a handle is in
//    tell_ties() or undo_tie().
//
// A task that waits in the list is on the rolls of what it belongs to from the beginning, and may be cancelled there at
// any time: its closure goes then, the rest of it is let go in the executor's queue, as that of every cancelled task.
#include "exec/group_tie.hpp"

#include <mutex>
#include <new>
#include <utility>

#include "task/attachment.hpp"
#include "thread/record.hpp"

namespace weft::core {

weft_status group::notify(completion_queue &queue, std::uint64_t tag) {
  if (queue.is_closed()) return WEFT_ECLOSED;
  auto *const made = new (std::nothrow) group_event(*this, queue, tag);
  if (made == nullptr) return WEFT_ENOMEM;
  if (!queue.expect(*made)) {
    delete made;
    return WEFT_ECLOSED;
  }
  tie(*made);
  return WEFT_OK;
}

weft_status group::then(executor &on, task &given) {
  auto *const made = new (std::nothrow) group_stage(given, on);
  if (made == nullptr) return WEFT_ENOMEM;
  if (const weft_status status = given.enter_rolls(); status != WEFT_OK) {
    delete made;
    return status;
  }
  given.set_owner(nullptr); // it may have been refused by one before
  on.ref_handle();
  tie(*made);
  return WEFT_OK; // neither is to be touched any more
}

void group::tie(group_tie &made) noexcept {
  add_tie(made);
  heavy_barrier(); // against the light one in done_for(): one of the two sees the other
  tell_ties();
}

void group::add_tie(group_tie &made) noexcept {
  const std::scoped_lock hold(mutex_);
  made.number = ++ties_made_;
  made.next = std::exchange(ties_, &made);
  count_.fetch_or(tied, std::memory_order_acq_rel);
}

// 0: there is none.
std::uint64_t group::newest_tie() noexcept {
  const std::scoped_lock hold(mutex_);
  return ties_ != nullptr ? ties_->number : 0;
}

// The oldest first.
group_tie *group::take_ties(std::uint64_t up_to) noexcept {
  group_tie *taken = nullptr;
  {
    const std::scoped_lock hold(mutex_);
    group_tie **at = &ties_;
    while (*at != nullptr && (*at)->number > up_to) at = &(*at)->next;
    taken = std::exchange(*at, nullptr);
    if (ties_ == nullptr) count_.fetch_and(~tied, std::memory_order_acq_rel);
  }
  group_tie *turned = nullptr;
  while (taken != nullptr) {
    group_tie *const next = std::exchange(taken->next, turned);
    turned = std::exchange(taken, next);
  }
  return turned;
}

void group::tell_ties() noexcept {
  if (!all_done()) return; // as most find who come here
  const std::uint64_t newest = newest_tie();
  if (newest == 0 || !all_done()) return;
  const weft_status end = verdict();
  for (group_tie *taken = take_ties(newest); taken != nullptr;) {
    group_tie &next = *std::exchange(taken, taken->next);
    next.tell(end);
  }
  // This may be in the middle of giving back credit, and what was told may have run code of the user's, which spawns.
  if (worker *const me = pool_.workers().worker_of(existing_record()); me != nullptr) scheduler::return_credit(*me);
}

// It is listed in its queue, whose lock the caller has; so the group is alive.
bool group::forget(const group_tie &which) noexcept {
  const std::scoped_lock hold(mutex_);
  group_tie **at = &ties_;
  while (*at != nullptr && *at != &which) at = &(*at)->next;
  if (*at == nullptr) return false;
  *at = which.next;
  if (ties_ == nullptr) count_.fetch_and(~tied, std::memory_order_acq_rel);
  return true;
}

weft_status group::undo_tie(completion_queue &queue, std::uint64_t tag) noexcept {
  group_tie *found;
  {
    const std::scoped_lock hold(mutex_);
    group_tie **at = &ties_;
    while (*at != nullptr && !(*at)->is_to(queue, tag)) at = &(*at)->next;
    found = *at;
    if (found != nullptr) *at = found->next;
    if (ties_ == nullptr) count_.fetch_and(~tied, std::memory_order_acq_rel);
  }
  if (found == nullptr) return all_done() ? WEFT_EDONE : WEFT_EINVALIDSTATE;
  static_cast<group_event *>(found)->give_up();
  return WEFT_OK;
}

// --- events ---

// A waiter of the queue, which holds its lock, so that the tie has not been told.
helping_hand group_event::help() noexcept {
  group_.ref_handle();
  return {&group::lend_hand, &group_};
}

lent group::lend_hand(void *what, const helper &by) {
  auto &wanted = *static_cast<group *>(what);
  const handle alive(&wanted);
  worker *const me = wanted.pool_.workers().worker_of(&by.self);
  if (me == nullptr && !serves(by.self, &wanted.pool_)) return lent::no;
  if (by.how == lending::if_needed && !wanted.pool_.saturated()) return lent::left;
  const bool has_run = wanted.run_one(by.self, me, by.by);
  wanted.return_credit_of(&by.self);
  return has_run ? lent::yes : lent::no;
}

// --- tasks ---

// Past the bound of the executor's queue, as what is due of timers: whoever ends the last task must not wait for room.
void group_stage::tell(weft_status /*end*/) noexcept {
  task *ready = &ready_;
  executor &on = on_;
  delete this;
  if (const weft_status status = on.make_ready(&ready, 1); status != WEFT_OK) refuse(*ready, on, status);
  on.unref_handle();
}

// One that has been shut down cancels, as it does with what is not due yet; other reasons are errors that are told.
void group_stage::refuse(task &refused, executor &by, weft_status why) noexcept {
  error *reason = by.broken();
  if (reason == nullptr && why != WEFT_ESHUTDOWN) reason = error::from_status(why);
  withdrawn_tasks one(reason);
  one.add(refused);
  one.finish();
  if (reason != nullptr) reason->unref();
}

} // namespace weft::core
