// Ties of groups to completion queues: one event when nothing of the group is pending.
//
// A tie is a waiter that does not sleep. It stands in the group's list, and while that is not empty the flag `tied` in
// the group's word makes whoever ends tasks, when few are left, come to tell_ties(), with a handle of the group. That
// thread looks whether nothing is pending. If so it takes the list, and looks once more, for ties may have come with
// new tasks meanwhile; if something is pending now, it puts the list back and begins again.
//
//  - no tie is missed: whoever adds to the list looks after that. Either he finds nothing pending, or whoever ends
//    what is pending finds the flag, for both are operations on one word. Tasks that were counted in advance come back
//    to that word before their worker does anything else, and all_done() sees through them meanwhile;
//  - none is told too early: the look comes after the list was taken, so after each tie in it was made;
//  - the group lives as long as a tie is listed in the queue: something is pending, or somebody with a handle is in
//    tell_ties().
#include "exec/group_tie.hpp"

#include <mutex>
#include <new>
#include <utility>

#include "thread/record.hpp"

namespace weft::core {

weft_status group::notify(completion_queue &queue, std::uint64_t tag) {
  if (queue.is_closed()) return WEFT_ECLOSED;
  auto *const made = new (std::nothrow) group_tie(*this, queue, tag);
  if (made == nullptr) return WEFT_ENOMEM;
  if (!queue.expect(*made)) {
    delete made;
    return WEFT_ECLOSED;
  }
  add_ties(made);
  heavy_barrier(); // against the light one in done_for(): one of the two sees the other
  tell_ties();
  return WEFT_OK;
}

void group::add_ties(group_tie *first) noexcept {
  const std::scoped_lock hold(mutex_);
  group_tie *const others = std::exchange(ties_, first);
  while (first->next != nullptr) first = first->next;
  first->next = others;
  count_.fetch_or(tied, std::memory_order_acq_rel);
}

group_tie *group::take_ties() noexcept {
  const std::scoped_lock hold(mutex_);
  count_.fetch_and(~tied, std::memory_order_acq_rel);
  return std::exchange(ties_, nullptr);
}

void group::tell_ties() noexcept {
  while (all_done()) {
    group_tie *taken = take_ties();
    if (taken == nullptr) return;
    if (!all_done()) {
      add_ties(taken);
      continue;
    }
    const weft_status end = verdict();
    while (taken != nullptr) {
      group_tie &next = *std::exchange(taken, taken->next);
      next.tell(end);
    }
    return;
  }
}

// A waiter of the queue, which holds its lock, so that the tie has not been told.
helping_hand group_tie::help() noexcept {
  group_.ref_handle();
  return {&group::lend_hand, &group_};
}

bool group::lend_hand(void *what, record &self, lending /*how*/) {
  auto &wanted = *static_cast<group *>(what);
  const handle alive(&wanted);
  worker *const me = wanted.pool_.workers().worker_of(&self);
  if (me == nullptr && !serves(self, &wanted.pool_)) return false;
  const bool has_run = wanted.run_one(self, me);
  wanted.return_credit_of(&self);
  return has_run;
}

} // namespace weft::core
