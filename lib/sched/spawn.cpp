// What a running task asks of its own worker: tasks of groups on deques, and blocking regions. And
// surplus workers, which come of regions and of a lowered limit.
//
// README.md has the arguments: "Taking and stealing spawned tasks", "Groups", "Blocking regions",
// "The limit of workers".
#include <mutex>
#include <utility>

#include "base/atomic.hpp"
#include "base/block.hpp"
#include "sched/scheduler.hpp"
#include "thread/record.hpp"
#include "thread/wait_graph.hpp"

namespace weft::core {

void scheduler::begin_to_spawn(worker &me) noexcept {
  me.spawns.store(true, std::memory_order_relaxed);
  full_fence(); // pairs with the one before others_spawn()
}

// Workers that search already count. The last of them to stop searching looks once more, as a
// single one would.
void scheduler::call_several(std::uint64_t count) noexcept {
  full_fence();
  census::counts seen = census_.read();
  while (seen.searching < count && seen.idle() != 0)
    if (census_.change(seen, +1, +1, 0)) {
      send_wake_up();
      seen = census_.read();
    }
  wake_one(); // if no worker rests, another one may be started
}

// The hand is raised for discard(): see next().
task *scheduler::take_spawned(worker &me, const awaited &group, bool &discarded) noexcept {
  if (me.spawned.empty()) return nullptr;
  me.in_hand.store(true, std::memory_order_relaxed);
  compiler_barrier();
  task *const taken = me.spawned.pop(&group);
  discarded = discarding();
  me.in_hand.store(false, std::memory_order_release);
  if (taken != nullptr) worker_counts::step(discarded ? me.counts.cancelled : me.counts.completed);
  return taken;
}

task *scheduler::steal_spawned(worker *me, const awaited &group, bool &discarded) noexcept {
  const std::uint32_t count = places_.load(std::memory_order_acquire);
  task *taken = nullptr;
  if (me != nullptr) me->in_hand.store(true, std::memory_order_relaxed);
  compiler_barrier();
  for (std::uint32_t i = 0; i < count && taken == nullptr; ++i)
    if (worker *const victim = workers_[i].load(std::memory_order_acquire); victim != me)
      taken = victim->spawned.steal(&group);
  discarded = discarding();
  if (me == nullptr) {
    if (taken != nullptr)
      (discarded ? cancelled_elsewhere_ : completed_elsewhere_).fetch_add(1, std::memory_order_relaxed);
    return taken;
  }
  me->in_hand.store(false, std::memory_order_release);
  if (taken == nullptr) return taken;
  worker_counts::step(me->counts.stolen);
  worker_counts::step(discarded ? me->counts.cancelled : me->counts.completed);
  return taken;
}

bool scheduler::has_spawned(const worker *me, const awaited &group) const noexcept {
  const std::uint32_t count = places_.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < count; ++i)
    if (const worker *const other = workers_[i].load(std::memory_order_acquire);
        other != me && other->spawned.oldest_is_of(&group))
      return true;
  return false;
}

// A worker that sleeps inside a task runs nothing of its deque. Thieves may, but not a thread that
// waits for a group whose task lies behind a task of another group. So each task goes to its group.
void scheduler::hand_over_spawned(record &self) noexcept {
  worker &me = *static_cast<worker *>(self.worker);
  return_credit(me);
  if (!me.spawned.empty()) hand_over_all(me);
}

// The branches of joins stay, in their order: only this worker, further down its stack, and helpers
// wait for them. Below them stay tasks of groups for which there is no memory, so that a branch is
// found on top. A thief that looked while they were taken out has found nothing, so one is called.
[[gnu::noinline]] void scheduler::hand_over_all(worker &me) noexcept {
  const task_owner *const of_branches = &me.home.owner_;
  spawned staying[spawn_deque::capacity];
  std::size_t branches = 0, refused = spawn_deque::capacity; // from the two ends
  for (spawned newest = me.spawned.newest(); task *const left = me.spawned.pop(); newest = me.spawned.newest()) {
    if (&left->group() == of_branches)
      staying[branches++] = newest;
    else if (left->group().keep_spawned(*left))
      me.counts.spawned.fetch_sub(1, std::memory_order_relaxed); // its ticket counts from now on
    else
      staying[--refused] = newest;
  }
  if (branches == 0 && refused == spawn_deque::capacity) return;
  while (refused != spawn_deque::capacity) me.spawned.push(staying[refused++]);
  while (branches != 0) me.spawned.push(staying[--branches]);
  me.home.call_for_spawned();
}

// What lies above the branch, or above its place, was spawned in the meantime, and no thread has
// waited for it.
bool scheduler::take_from_below(worker &me, record &self, const task &branch) noexcept {
  hand_over_spawned(self);
  return me.spawned.take(branch);
}

// A thread that looks between the two steps must take what is on its way neither for pending nor
// for done. So it is marked.
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
  // What is left goes in retire(). The count cannot overflow: so many are never out at once.
  ++me->owner_refs;
}

// --- blocking regions ---

// Each begin hands the deque over: the task may have spawned since the last one.
void scheduler::begin_blocking(worker &me, record &self) noexcept {
  ++self.regions;
  hand_over_spawned(self);
  if (++me.blocking == 1) free_slot();
}

// First the count. Then the look at the queues, as a submitter does, and at watched_, as a worker
// that stops searching does.
void scheduler::free_slot() noexcept {
  blocked_.fetch_add(1, std::memory_order_seq_cst);
  look_after_work();
}

void scheduler::set_limit(std::uint32_t most) noexcept {
  {
    const std::scoped_lock hold(start_mutex_);
    own_limit_.store(most, std::memory_order_relaxed);
    set_limit_locked(); // first, as in free_slot()
  }
  call_all_at_rest(); // those that are too many leave
  look_after_work();
}

bool scheduler::end_blocking(worker &me, record &self) noexcept {
  if (self.regions == 0) return false;
  --self.regions;
  end_regions(me, 1);
  return true;
}

void scheduler::close_regions(record &self) noexcept {
  worker &me = *static_cast<worker *>(self.worker);
  me.home.end_regions(me, std::exchange(self.regions, 0));
}

void scheduler::end_regions(worker &me, std::uint32_t count) noexcept {
  if (count == 0 || (me.blocking -= count) != 0) return;
  blocked_.fetch_sub(1, std::memory_order_seq_cst);
}

// --- surplus workers ---

// The worker takes itself out of the census if may_leave(counts) is true of what the census says at
// that moment. False: it is not, or a thread that sleeps without limit counts on this worker.
template <class MayLeave> bool scheduler::leave_census(worker &me, MayLeave may_leave) noexcept {
  const int searching = me.searching ? 1 : 0;
  const auto leave = [&]() noexcept {
    census::counts seen = census_.read();
    while (may_leave(seen))
      if (census_.change(seen, -searching, -1, -1)) return true;
    return false;
  };
  const auto come_back = [&]() noexcept {
    const std::scoped_lock hold(rest_mutex_); // as each worker that becomes active: is_quiet_locked()
    census_.add(searching, +1, +1);
  };
  if (!wait_graph::instance().take_away(leave, come_back)) return false;
  me.searching = false;
  return me.left = true;
}

// More workers are alive than may be. The census decides which of them leaves.
bool scheduler::leave_as_surplus(worker &me) noexcept {
  const auto is_surplus = [this](const census::counts &now) noexcept { return now.alive > most_workers(); };
  return is_surplus(census_.read()) && leave_census(me, is_surplus);
}

// The worker has had nothing to do for long enough. Out of the census it looks once more. A
// submitter that has counted on it came before that look, and a later one sees that it is gone.
// False: it stays, as a searcher if it has found work. README.md, "Workers that leave when there is
// no work".
bool scheduler::leave_for_good(worker &me) noexcept {
  if (!leave_census(me, [](const census::counts &) noexcept { return true; })) return false;
  full_fence();
  if (!has_work()) return true;
  const std::scoped_lock hold(rest_mutex_); // as above
  census::counts seen = census_.read();
  while (seen.alive < most_workers()) // otherwise another worker has been started for it
    if (census_.change(seen, +1, +1, +1)) {
      me.searching = true;
      me.left = false;
      return false;
    }
  return true;
}

// After a lowered limit busy workers leave too, not only those that find nothing to do. What lies
// in its queues is open to thieves, and the next worker in its place inherits it. Threads of the
// host stay as long as the host says.
bool scheduler::leave_after_turn(worker &me) noexcept {
  if (me.host.who != nullptr || census_.read().alive <= most_workers()) return false;
  hand_over_all(me); // while it is still counted as active
  if (!leave_as_surplus(me)) return false;
  me.until_turns = 1;
  if (me.spawned.empty()) no_longer_spawns(me); // otherwise there was no memory
  return true;
}

// A surplus worker that has left the census stays for a while, so that the next region need not
// start a thread. True: it was called back, and is counted as a searcher.
bool scheduler::linger(worker &me) noexcept {
  const std::int64_t linger_time = settings_.linger != 0 ? settings_.linger : 5 * WEFT_SECOND;
  record &self = *existing_record();
  {
    const std::scoped_lock hold(start_mutex_);
    if (ended_ || closed_.load(std::memory_order_relaxed)) return false;
    me.lingers = true;
    me.next_lingering = std::exchange(lingering_, &me);
  }
  // It may have left as a searcher, and submitters have relied on that. Or there is work in its own
  // queues.
  look_after_work();
  note_rest();
  if (settings_.rest != nullptr) tell_of_rest(me);
  flush_freed_blocks();
  me.at_rest.store(true, std::memory_order_relaxed);
  const deadline until = deadline::after(linger_time);
  for (;;) {
    {
      const std::scoped_lock hold(start_mutex_);
      const bool is_over = ended_ || closed_.load(std::memory_order_relaxed) || until.passed();
      if (!me.lingers || is_over) {
        me.at_rest.store(false, std::memory_order_relaxed);
        if (me.lingers) {
          worker **at = &lingering_;
          while (*at != &me) at = &(*at)->next_lingering;
          *at = me.next_lingering;
        } else {
          me.left = false;
          me.searching = true; // both were counted by the thread that has called it
        }
        return !std::exchange(me.lingers, false);
      }
    }
    self.sleeper.park(until);
  }
}

// The scheduler has closed or ended, so they end.
void scheduler::call_lingering_locked() noexcept {
  for (const worker *each = lingering_; each != nullptr; each = each->next_lingering) each->sleeper->unpark();
}

} // namespace weft::core
