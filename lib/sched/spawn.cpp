// Tasks of groups on the deques of workers, and blocking regions: what a running task asks of its own worker.
//
// The protocol of the deques is argued in README.md, "Taking and stealing spawned tasks".
#include <algorithm>
#include <utility>

#include "base/atomic.hpp"
#include "sched/scheduler.hpp"
#include "thread/record.hpp"

namespace weft::core {

bool scheduler::spawn(worker &me, const spawned &given, bool calling) noexcept {
  if (!me.spawns.load(std::memory_order_relaxed)) [[unlikely]] {
    me.spawns.store(true, std::memory_order_relaxed);
    full_fence(); // pairs with the one before others_spawn()
  }
  if (!me.spawned.push(given)) return false;
  worker_counts::step(me.counts.spawned);
  light_barrier(); // also for the group, which looks next whether somebody sleeps for this
  if (!calling) return true;
  // Who goes to rest brings the heavy barrier before his last look: either he sees this task, or we see him at rest.
  // Who searches and is about to stop brings none, so while somebody does, the fence is ours.
  if (census_.read().searching != 0) full_fence();
  wake_one();
  return true;
}

// The raised hand is for discard(): see next().
task *scheduler::take_spawned(worker &me, const task_owner &group, bool &discarded) noexcept {
  if (me.spawned.empty()) return nullptr;
  me.in_hand.store(true, std::memory_order_relaxed);
  compiler_barrier();
  task *const taken = me.spawned.pop(&group);
  discarded = discarding();
  me.in_hand.store(false, std::memory_order_release);
  if (taken != nullptr) worker_counts::step(discarded ? me.counts.cancelled : me.counts.completed);
  return taken;
}

task *scheduler::steal_spawned(worker *me, const task_owner &group, bool &discarded) noexcept {
  const std::uint32_t count = places_.load(std::memory_order_acquire);
  task *taken = nullptr;
  if (me != nullptr) me->in_hand.store(true, std::memory_order_relaxed);
  compiler_barrier();
  for (std::uint32_t i = 0; i < count && taken == nullptr; ++i)
    if (worker *const victim = workers_[i].load(std::memory_order_acquire); victim != me)
      taken = victim->spawned.steal(&group);
  discarded = discarding();
  if (me == nullptr) return taken;
  me->in_hand.store(false, std::memory_order_release);
  if (taken == nullptr) return taken;
  worker_counts::step(me->counts.stolen);
  worker_counts::step(discarded ? me->counts.cancelled : me->counts.completed);
  return taken;
}

bool scheduler::has_spawned(const worker *me, const task_owner &group) const noexcept {
  const std::uint32_t count = places_.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < count; ++i)
    if (const worker *const other = workers_[i].load(std::memory_order_acquire);
        other != me && other->spawned.oldest_is_of(&group))
      return true;
  return false;
}

// A worker that sleeps inside a task runs nothing of its deque. Thieves may, but not one who waits for a group whose
// task lies behind those of another: so each task goes to its group.
void scheduler::hand_over_spawned(record &self) noexcept {
  worker &me = *static_cast<worker *>(self.worker);
  return_credit(me);
  while (task *const left = me.spawned.pop()) {
    if (!left->group().keep_spawned(*left)) { // no memory: thieves still see it here, and one is called
      me.spawned.push({left, &left->group()});
      return me.home.call_for_spawned();
    }
    me.counts.spawned.fetch_sub(1, std::memory_order_relaxed); // its ticket counts from now on
  }
}

// Who looks between the two steps must not take what is on its way for pending, nor for done: so it is marked.
void scheduler::return_credit_left(worker &me) noexcept {
  task_owner *const group = me.credit_of.load(std::memory_order_relaxed);
  const std::uint64_t held = me.credit.load(std::memory_order_relaxed);
  me.credit.store(held | worker::on_its_way, std::memory_order_release);
  const std::uint32_t due = group->take_credit_back(static_cast<std::uint32_t>(held));
  forget_credit(me);
  if (due != 0) group->settle_up(due);
}

// The acquire pairs with the release by which workers count the tasks that they have ended.
scheduler::credit_view scheduler::credit_for(const task_owner &group) const noexcept {
  constexpr std::uint64_t odd = 0x9e3779b97f4a7c15u;
  credit_view seen{0, 0, true};
  const std::uint32_t count = places_.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < count; ++i) {
    const worker &each = *workers_[i].load(std::memory_order_acquire);
    const std::uint64_t held = each.credit.load(std::memory_order_acquire);
    const bool counts = each.credit_of.load(std::memory_order_acquire) == &group;
    if (counts && (held & worker::on_its_way) != 0) seen.settled = false;
    if (counts) seen.sum += held & 0xffffffff;
    seen.mix = (seen.mix + (counts ? held : 0)) * odd;
  }
  return seen;
}

void scheduler::ref_owner(worker *me) noexcept {
  constexpr std::uint32_t in_advance = 64;
  if (me == nullptr) return owner_.ref();
  if (me->owner_refs == 0) {
    owner_.ref(in_advance);
    me->owner_refs = in_advance;
  }
  --me->owner_refs;
}

void scheduler::unref_owner(worker *me) noexcept {
  if (me == nullptr) return owner_.unref();
  ++me->owner_refs; // the rest goes when the worker does; that many are never out at once
}

// --- blocking regions ---

void scheduler::begin_blocking(worker &me, record &self) noexcept {
  if (++me.blocking > 1) return;
  hand_over_spawned(self);
  blocked_.fetch_add(1, std::memory_order_seq_cst); // first this, then the look at the queues, as a publisher does
  if (has_work()) wake_one();
}

void scheduler::replace_lost_worker() noexcept {
  blocked_.fetch_add(1, std::memory_order_seq_cst); // as begin_blocking
  if (has_work()) wake_one();
}

bool scheduler::end_blocking(worker &me) noexcept {
  if (me.blocking == 0) return false;
  if (--me.blocking == 0) blocked_.fetch_sub(1, std::memory_order_seq_cst);
  return true;
}

void scheduler::end_all_blocking(worker &me) noexcept {
  if (std::exchange(me.blocking, 0) != 0) blocked_.fetch_sub(1, std::memory_order_seq_cst);
}

// More workers than there are slots: one that has nothing to do ends. The census decides who.
bool scheduler::leave_as_surplus(worker &me) noexcept {
  census::counts seen = census_.read();
  while (seen.alive > most_workers())
    if (census_.change(seen, me.searching ? -1 : 0, -1, -1)) {
      me.searching = false;
      return me.left = true;
    }
  return false;
}

} // namespace weft::core
