#include "task/helping.hpp"

#include <algorithm>

#include "base/system.hpp"
#include "task/wait.hpp"

namespace weft::core {

// The slow path: the stack is not known yet, is used up, or is not the thread's own (a fiber's).
room_left look_up_room(record &self, std::uintptr_t at) noexcept {
  if (self.help_floor == UINTPTR_MAX) {
    const stack_bounds stack = own_stack();
    self.stack_lowest = stack.lowest;
    self.help_floor = stack.lowest + std::min<std::uintptr_t>((stack.end - stack.lowest) / 2, WEFT_HELP_STACK);
    self.help_span = stack.end - self.help_floor;
    if (at - self.help_floor < self.help_span) return room_left::some;
  }
  if (self.stack_lowest <= at && at < self.help_floor) return room_left::none;
  return self.helps_unmeasured < WEFT_HELP_DEPTH ? room_left::unknown : room_left::none;
}

namespace {

// Whether `wanted` is a task that the thread of `who` may run.
bool could_run(const record &who, const dependency &wanted, const wait_graph &graph) {
  if (wanted.may_happen != &task::may_end) return false;
  const auto &which = *static_cast<const task *>(wanted.object);
  const task_owner *const owner = which.pending_owner();
  return owner != nullptr && owner->may_lend_to(who) && !owner->is_held(graph);
}

// The waiter for it has a reference and is listed.
void keep(const dependency &wanted) {
  const_cast<task *>(static_cast<const task *>(wanted.object))->ref();
}

} // namespace

const lending_hand hand_for_tasks{&could_run, &keep};

lent run_offered(const helpful_sleep &slept, const helper &mine) {
  struct reference { // also when the thread is ended inside the task
    task &held;
    ~reference() { held.unref(); }
  } const offered{*const_cast<task *>(static_cast<const task *>(slept.offered))};
  const helping_scope here(mine.self);
  return try_lend(offered.held, mine, lending::last_resort);
}

} // namespace weft::core
