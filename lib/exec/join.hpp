// Fork-join on the stack: two calls, the second one possibly on another thread.
//
// On a worker the second call is a branch, which lies on the worker's deque while the first call
// runs. If it still lies there afterwards, the worker takes it back and calls it as any function:
// no allocation, no shared word, no other thread. That way is here, to be inlined; all others are
// in join.cpp. The protocol is argued in sched/README.md, "Joins".
#pragma once

#include "exec/branch.hpp"

namespace weft::core {

// The calling thread has no deque in this pool.
join_outcome join_without_deque(pool &on, join_call first, join_call second);
// One after the other, on this thread, without offering the second one.
join_outcome join_in_turn(const pool &on, const record &self, join_call first, join_call second);
// The branch was stolen: wait for it. A failure of the first call goes before one of the second.
join_outcome join_stolen(branch &right, record &self, join_outcome left);
// The first call ends the thread, which is about to leave the frame.
void abandon_branch(pool &on, branch &right, worker &me, record &self);
// In the child of a fork.
join_outcome without_error(join_outcome got, weft_status status) noexcept;

// Make the second call on this thread, after the first one has succeeded.
[[gnu::always_inline]] inline join_outcome call_second(const pool &on, const record &self, join_call second) {
  if (on.discarding()) [[unlikely]]
    return {WEFT_ECANCELED, nullptr};
  if (const weft_status why = look_before_call(self); why != WEFT_OK) [[unlikely]]
    return {why, nullptr};
  const join_outcome right = run_call(second, [] {});
  if (branch::is_lost(on)) [[unlikely]]
    return without_error(right, WEFT_EFORKED);
  return right;
}

// As weft_join. WEFT_EFAILED comes with the error of the first of the two, in their order, that has
// failed.
[[gnu::always_inline]] inline join_outcome join(pool &on, join_call first, join_call second) {
  record *const self = existing_record();
  worker *const me = on.workers().worker_of(self);
  if (me == nullptr) [[unlikely]]
    return join_without_deque(on, first, second);
  if (const weft_status why = look_before_call(*self); why != WEFT_OK) [[unlikely]]
    return {why, nullptr};
  branch right(on, *self, second);
  if (!on.workers().spawn(*me, {&right, nullptr, me->helped}, true)) [[unlikely]]
    return join_in_turn(on, *self, first, second);
  if (me->helped != nullptr) me->helped->tell_helpers(); // it runs below this call, so it lives
  const join_outcome left = run_call(first, [&] { abandon_branch(on, right, *me, *self); });
  if (branch::is_lost(on)) [[unlikely]]
    return without_error(left, WEFT_EFORKED);
  if (!scheduler::take_back(*me, *self, right)) [[unlikely]]
    return join_stolen(right, *self, left);
  if (left.status != WEFT_OK) [[unlikely]]
    return left;
  return call_second(on, *self, second);
}

} // namespace weft::core
