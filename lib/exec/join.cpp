// Joins of threads without a deque, and what rarely happens in the others.
//
// A thread without a deque brings a branch into the pool in a *carrier*, a task that holds a
// pointer to it. The protocol is argued in README.md, "Joins"; that of branches on deques in
// sched/README.md, "Joins".
#include "exec/join.hpp"

#include <new>
#include <utility>

#include "thread/blocking.hpp"
#include "thread/record.hpp"

namespace weft::core {
namespace {

// Brings a branch into the pool. The pool's queue has one reference to the task, this object
// another.
class carrier {
public:
  explicit carrier(branch &what) noexcept : held_(task::create(type, 2)) {
    if (held_ == nullptr) return;
    ::new (held_->room()) branch *(&what);
    held_->set_known_to_maker();
  }
  ~carrier() {
    if (held_ != nullptr) held_->unref();
  }
  carrier(const carrier &) = delete;
  carrier &operator=(const carrier &) = delete;

  // accepted: the join is a part of a task that the pool has accepted.
  weft_status push(pool &to, bool accepted) noexcept {
    if (held_ == nullptr) return WEFT_ENOMEM;
    const weft_status status = to.push_inner(*held_, accepted);
    if (status != WEFT_OK) task::discard(std::exchange(held_, nullptr));
    return status;
  }
  // True: the branch is the caller's again. False: it has begun, or was left out.
  bool take_back() noexcept { return held_->begin_cancel(); }
  // True: the branch was left out by this call, and has ended. False: it has begun, or was left out
  // before.
  bool withdraw() {
    if (!held_->begin_cancel()) return false;
    held_->finish_cancel();
    return true;
  }

private:
  static weft_status run(void *room, weft_error ** /*failure*/) {
    (*static_cast<branch **>(room))->run_taken(*existing_record(), task_owner::fate::run, nullptr);
    return WEFT_OK;
  }
  static void drop(void *room) { (*static_cast<branch **>(room))->leave_out(WEFT_ECANCELED); }

  static constexpr weft_task_type_t type{sizeof(weft_task_type_t),
                                         WEFT_TASK_POSTED | type_is_inner,
                                         sizeof(branch *),
                                         alignof(branch *),
                                         &run,
                                         &drop,
                                         nullptr};
  task *held_;
};

// By a thread that runs something for the pool and has no deque.
join_outcome join_as_guest(pool &on, record &self, join_call first, join_call second) {
  if (const weft_status why = look_before_call(self); why != WEFT_OK) return {why, nullptr};
  if (on.saturated()) return join_in_turn(on, self, first, second);
  branch right(on, self, second);
  carrier offer(right);
  if (offer.push(on, true) != WEFT_OK) return join_in_turn(on, self, first, second);
  const join_outcome left = run_call(first, [&] {
    if (!branch::is_lost(on) && !offer.take_back()) {
      right.await(self, branch::meanwhile::only_waits);
      without_error(right.outcome(), WEFT_OK);
    }
  });
  if (branch::is_lost(on)) return without_error(left, WEFT_EFORKED);
  if (!offer.take_back()) return join_stolen(right, self, left);
  return left.status != WEFT_OK ? left : call_second(on, self, second);
}

// The whole join, as one call.
struct both {
  pool &on;
  const join_call first, second;
  join_outcome got;

  static weft_status run(void *ctx, weft_error ** /*failure*/) {
    auto &self = *static_cast<both *>(ctx);
    self.got = join(self.on, self.first, self.second);
    return WEFT_OK;
  }
};

join_outcome join_from_outside(pool &on, record &self, join_call first, join_call second) {
  if (on.is_broken()) return {WEFT_EBROKEN, nullptr};
  if (const weft_status why = reason_to_leave_out(self); why != WEFT_OK) return {why, nullptr};
  const shared<task_owner> alive(&on); // a call may drop the last handle
  both inside{on, first, second, {WEFT_OK, nullptr}};
  branch whole(on, self, branch::from_outside(), {&both::run, &inside});
  carrier way_in(whole);
  if (const weft_status status = way_in.push(on, false); status != WEFT_OK)
    return {status == WEFT_ESHUTDOWN && on.is_broken() ? WEFT_EBROKEN : status, nullptr};
  if (whole.await(self, branch::meanwhile::listens) == WEFT_EINTERRUPTED) {
    if (way_in.withdraw()) return {reason_to_leave_out(self), nullptr};
    whole.ask_to_stop();
    whole.await(self, branch::meanwhile::only_waits);
  }
  const join_outcome end = whole.outcome();
  if (end.status == WEFT_OK) return inside.got;
  return end.status == WEFT_ECANCELED && on.is_broken() ? join_outcome{WEFT_EBROKEN, nullptr} : end;
}

} // namespace

join_outcome join_without_deque(pool &on, join_call first, join_call second) {
  record *const self = current_record();
  if (self == nullptr) return {WEFT_ENOMEM, nullptr};
  return serves(*self, &on) ? join_as_guest(on, *self, first, second) : join_from_outside(on, *self, first, second);
}

join_outcome join_in_turn(const pool &on, const record &self, join_call first, join_call second) {
  const join_outcome left = run_call(first, [] {});
  if (branch::is_lost(on)) return without_error(left, WEFT_EFORKED);
  return left.status != WEFT_OK ? left : call_second(on, self, second);
}

join_outcome join_stolen(branch &right, record &self, join_outcome left) {
  if (right.await(self, branch::meanwhile::helps) != WEFT_OK) return without_error(left, WEFT_EFORKED);
  const join_outcome end = right.outcome();
  if (left.status == WEFT_OK) return end;
  without_error(end, WEFT_OK);
  return left;
}

// The thread does not help: what it would run might end the thread once more.
void abandon_branch(pool &on, branch &right, worker &me, record &self) {
  if (branch::is_lost(on) || scheduler::take_back(me, self, right)) return;
  right.await(self, branch::meanwhile::only_waits);
  without_error(right.outcome(), WEFT_OK);
}

join_outcome without_error(join_outcome got, weft_status status) noexcept {
  if (got.failure != nullptr) got.failure->unref();
  return {status, nullptr};
}

} // namespace weft::core
