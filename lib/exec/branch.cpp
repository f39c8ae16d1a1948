#include "exec/branch.hpp"

#include "base/system.hpp"
#include "thread/blocking.hpp"
#include "thread/domain.hpp"
#include "thread/wait_graph.hpp"

namespace weft::core {

weft_status reason_to_leave_out(const record &self) noexcept {
  if (self.inside != nullptr && self.inside->of != nullptr && self.inside->of->closed()) return WEFT_ECLOSED;
  return stop_requested(self) ? WEFT_EINTERRUPTED : WEFT_OK;
}

// --- by the thread that has taken it ---

void branch::run_taken(record &self, task_owner::fate what, const helping *by) {
  scheduler &workers = on().workers();
  worker *const me = workers.worker_of(&self);
  if (what == task_owner::fate::drop) return leave_out(WEFT_ECANCELED);
  runner_.store(&self, std::memory_order_release);
  const stretch_scope stretch(me, *this);
  end(perform(self, by));
}

// The branch goes on in the name of the task that has made it: that task runs here, and requests to
// stop it apply. If both threads are inside of nothing, and no wait runs the branch, the frame
// names that task itself. Otherwise it refers to the caller's frame and scopes, as to a waiter.
join_outcome branch::perform(record &self, const helping *by) {
  const bool is_plain = by == nullptr && inside_ == nullptr && self.inside == nullptr;
  const helping origin{around_, inside_, deadline::never(), by};
  const regions_aside below(self);
  const inside_scope here(is_plain ? nullptr : &self, inside_ != nullptr ? inside_->of : nullptr);
  const bool is_named = around_ != nullptr && around_->running != nullptr;
  const frame_scope on_top(self, is_named ? around_->running : this, &on(),
                           around_ != nullptr ? around_->word : &word(),
                           around_ == nullptr ? nullptr
                           : is_plain         ? around_->helps
                                              : &origin);
  if (const weft_status why = look_before_call(self); why != WEFT_OK) return {why, nullptr};
  const region_scope regions(self);
  const join_outcome got = run_call(call_, [this] {
    end({WEFT_EFAILED, error::make_or_enomem(WEFT_EFAILED, "thread_exit", "the thread was ended inside the branch")});
  });
  self.back_from_user();
  return got;
}

// The caller may leave its frame as soon as it reads that nothing is pending.
void branch::end(join_outcome with) noexcept {
  record &caller = caller_;
  outcome_ = with;
  if ((count_.fetch_sub(1, std::memory_order_acq_rel) & waited_for) != 0) caller.sleeper.unpark();
}

// --- by its caller ---

// By the rule of all waits (task/helping.hpp), but this wait ends only with the branch, which
// refers to the caller's frame. A request to stop the caller reaches what runs of the branch, on
// any thread.
weft_status branch::await(record &self, meanwhile how) {
  scheduler &workers = on().workers();
  worker *const me = workers.worker_of(&self);
  const helper mine(self, deadline::never(), true);
  bool may_circle = true;
  while (!has_ended()) {
    if (is_lost(on())) return WEFT_EFORKED;
    const bool helps = how == meanwhile::helps && stack_room(self) != room_left::none;
    if (helps && run_one(self, me, mine.by)) {
      may_circle = true;
      continue;
    }
    if (spin_until([&]() noexcept { return has_ended() || (helps && workers.has_spawned(me, *this)); })) continue;
    helpful_sleep sleeping;
    sleeping.stays = true;
    if (helps && may_circle) sleeping.hand = &hand_for_tasks;
    const weft_status status = sleep(self, how, helps, sleeping);
    if (sleeping.offered != nullptr) may_circle = run_offered(sleeping, mine) == lent::yes;
    if (status == WEFT_EINTERRUPTED) return status;
  }
  return WEFT_OK;
}

// Run one task or branch that is a part of this branch. A request to stop reaches a branch through
// its own caller, and a task of a group through the waiter.
bool branch::run_one(record &self, worker *me, const helping &by) {
  bool discarded = false;
  task *const taken = on().workers().steal_spawned(me, *this, discarded);
  if (taken == nullptr) return false;
  const helping_scope here(self);
  const bool is_branch = &taken->group() == static_cast<const task_owner *>(&on());
  taken->group().run_spawned(*taken, self, discarded ? task_owner::fate::drop : task_owner::fate::run,
                             is_branch ? nullptr : &by);
  if (me != nullptr) scheduler::return_credit(*me); // a thread that waits for that group may sleep
  return true;
}

weft_status branch::sleep(record &self, meanwhile how, bool helps, helpful_sleep &sleeping) {
  static constexpr atomic<std::uint32_t> never_asked{0};
  helper_sleeps_ = helps;
  count_.fetch_or(helps ? waited_for | help_sleeps : waited_for, std::memory_order_acq_rel);
  bool found = false;
  if (helps) {
    heavy_barrier(); // against the light one of a worker that pushes on its deque, then looks at the flag
    found = on().workers().has_spawned(on().workers().worker_of(&self), *this);
  }
  const auto ready = [&]() noexcept {
    const std::uint64_t seen = count_.load(std::memory_order_acquire);
    return found || (seen & pending_mask) == 0 || (helps && (seen & help_sleeps) == 0);
  };
  const dependency on_end{this, &branch::may_end};
  const deadline until = deadline::never();
  if (how == meanwhile::listens) return sleep_until(self, &on_end, 1, wait_for::all, until, ready, &sleeping);
  const frame *const top = self.top;
  const frame_scope deaf(self, nullptr, top != nullptr ? top->owner : nullptr, &never_asked);
  return sleep_until(self, &on_end, 1, wait_for::all, until, ready, &sleeping);
}

void branch::wake_helpers() noexcept {
  if ((count_.fetch_and(~help_sleeps, std::memory_order_acq_rel) & help_sleeps) != 0) caller_.sleeper.unpark();
}

// A caller that was woken for something to run comes back by itself.
bool branch::may_end(const void *object, const wait_graph &graph) noexcept {
  const auto &self = *static_cast<const branch *>(object);
  const std::uint64_t seen = self.count_.load(std::memory_order_acquire);
  if ((seen & pending_mask) == 0 || (self.helper_sleeps_ && (seen & help_sleeps) == 0)) return true;
  if (const record *const runner = self.runner_.load(std::memory_order_acquire); runner != nullptr)
    return !graph.stuck(runner);
  return self.around_ != nullptr || self.on().can_run(graph);
}

} // namespace weft::core
