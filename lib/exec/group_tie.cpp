// Ties of groups: one event in a completion queue, or one task that becomes ready, when nothing of
// the group is pending.
//
// A tie is a waiter that does not sleep. The argument that none is missed, and none told too early,
// is in README.md, "Groups: ties".
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
  given.set_owner(nullptr); // an executor may have refused it before
  on.ref_handle();
  tie(*made);
  return WEFT_OK; // the tie and the task may be gone by now
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
  if (!all_done()) return; // the usual case
  const std::uint64_t newest = newest_tie();
  if (newest == 0 || !all_done()) return;
  const weft_status end = verdict();
  for (group_tie *taken = take_ties(newest); taken != nullptr;) {
    group_tie &next = *std::exchange(taken, taken->next);
    next.tell(end);
  }
  // This may be in the middle of giving back credit, and what was told may have run code of the
  // user's, which spawns.
  if (worker *const me = worker_of(existing_record()); me != nullptr) scheduler::return_credit(*me);
}

// The tie is listed in its completion queue, whose lock the caller has; so the group is alive.
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

// By a waiter of the completion queue, under its lock; so the tie has not been told.
helping_hand group_event::help() noexcept {
  group_.ref_handle();
  return {&group::lend_hand, &group_};
}

lent group::lend_hand(void *what, const helper &by) {
  auto &wanted = *static_cast<group *>(what);
  const handle alive(&wanted);
  worker *const me = wanted.worker_of(&by.self);
  if (me == nullptr && (wanted.pool_ == nullptr || !serves(by.self, wanted.pool_))) return lent::no;
  if (by.how == lending::if_needed && !wanted.pool_->saturated()) return lent::left;
  const bool has_run = wanted.run_one(by.self, me, by.by);
  wanted.return_credit_of(&by.self);
  return has_run ? lent::yes : lent::no;
}

// --- tasks ---

// Past the bound of the executor's queue, as timers do: the thread that ends the last task must not
// wait for room.
void group_stage::tell(weft_status /*end*/) noexcept {
  task *ready = &ready_;
  executor &on = on_;
  delete this;
  if (const weft_status status = on.make_ready(&ready, 1); status != WEFT_OK) refuse(*ready, on, status);
  on.unref_handle();
}

// An executor that was shut down cancels the task, as those that are not due yet. Any other reason
// becomes the error of the task.
void group_stage::refuse(task &refused, executor &by, weft_status why) noexcept {
  error *reason = by.broken();
  if (reason == nullptr && why != WEFT_ESHUTDOWN) reason = error::from_status(why);
  withdrawn_tasks one(reason);
  one.add(refused);
  one.finish();
  if (reason != nullptr) reason->unref();
}

} // namespace weft::core
