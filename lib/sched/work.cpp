// What a worker does: find a task, run it, and when there is none, rest.
//
// Read from work() downwards: each function calls the next ones.
#include <algorithm>
#include <mutex>
#include <utility>

#include "base/atomic.hpp"
#include "sched/scheduler.hpp"
#include "thread/blocking.hpp"
#include "thread/record.hpp"

namespace weft::core {
namespace {

// After a batch that took less than `quick` cycles the next one may be twice as large. After one
// that took more than `slow` it is smaller. So tasks of some microseconds and more are taken one by
// one, and start in the order of submission over all workers.
constexpr std::uint64_t quick = 15'000, slow = 40'000;
// Every so many refills the injector comes before the worker's own queue. So a task that keeps
// feeding its own worker cannot starve submitters from outside.
constexpr std::uint32_t injector_turn = 8;
} // namespace

weft_status scheduler::enter(void *ctx, weft_error ** /*failure*/) {
  auto &me = *static_cast<worker *>(ctx);
  record *const self = current_record();
  // A worker that leaves puts the census right, also when a task has ended its thread.
  struct leaving {
    worker &who;
    ~leaving() { who.home.retire(who); }
  } const at_end{me};
  me.searching = true; // counted by the thread that has started this one
  if (self == nullptr) return WEFT_OK;
  self->worker = &me;
  self->before_sleep = &scheduler::hand_over_spawned;
  self->close_regions = &scheduler::close_regions;
  me.sleeper = &self->sleeper;
  const frame_scope serving(*self, nullptr, &me.home.owner_, nullptr);
  struct attachment {
    worker &who;
    ~attachment() { who.home.dismiss(who); }
  } const to_the_host{me};
  me.home.work(me, *self);
  return WEFT_OK;
}

void scheduler::work(worker &me, record &self) {
  { const std::scoped_lock after_the_push(start_mutex_); } // see push_and_start()
  if (settings_.prepare != nullptr) prepare(me, self);
  me.clock.restart(cycles());
  for (;;) {
    if (task *const ready = next(me); ready != nullptr) {
      run(me, self, *ready);
    } else {
      me.in_hand.store(false, std::memory_order_release);
      if (!wait_for_wake_up(me, self)) return;
    }
  }
}

void scheduler::prepare(worker &me, record &self) {
  // The start hook may take its time. The first task waits for it, because this worker was started
  // for that task. If more than one is there, the next worker is woken.
  me.searching = false;
  if (census_.add(-1, 0, 0).searching == 1 && has_several()) wake_one();
  me.shown = {sizeof me.shown, me.index, self.object != nullptr ? self.object->name() : "", nullptr};
  const region_scope regions(self);
  me.attached = settings_.prepare(owner_, me.shown);
  self.back_from_user();
  // From here on it may take work without having searched. As a searcher it leaves a worker to
  // watch.
  if (watched_.load(std::memory_order_relaxed)) begin_searching(me);
}

// Before retire(): no other worker takes the place until the hook has returned, and retire() looks
// after what the hook submits.
void scheduler::dismiss(worker &me) noexcept {
  if (std::exchange(me.attached, false) && settings_.dismiss != nullptr) settings_.dismiss(owner_, me.shown);
  me.shown.data = nullptr;
}

task *scheduler::next(worker &me) {
  const bool thinks_of_turns = --me.until_turns == 0;
  if (thinks_of_turns) [[unlikely]] {
    count_turns(me);
    if (limit() < settings_.max_workers && leave_after_turn(me)) return nullptr;
  }
  me.in_hand.store(true, std::memory_order_relaxed); // until the task is claimed, or none was found
  compiler_barrier();
  task *ready = nullptr;
  if (thinks_of_turns) [[unlikely]]
    ready = take_turn(me);
  else if (!high_.empty())
    high_.pop(&ready, 1);
  if (ready != nullptr || (ready = me.spawned.pop()) != nullptr) return ready;
  while (!me.batch.empty())
    if (me.batch.take(&ready, 1) == 1) return ready;
  if (due_.pop(&ready, 1) == 1) return ready;
  if (!me.searching) {
    if ((ready = refill(me)) != nullptr) return ready;
    if (!begin_searching(me)) return steal_in_passing(me); // one searcher is enough
  }
  return search(me);
}

// Looks at everything, for a while. Only one worker at a time begins that by itself.
task *scheduler::search(worker &me) noexcept {
  return_credit(me);
  no_longer_spawns(me);
  me.batch_began = 0;
  const std::uint64_t began = cycles();
  if (me.pause_began == 0) me.pause_began = began;
  const std::uint64_t at_most = spin_limit() > 0 ? me.spin : 0; // at least one look
  do {
    if (task *const ready = look_everywhere(me); ready != nullptr) {
      end_pause(me);
      return ready;
    }
    if (closed_.load(std::memory_order_relaxed)) return nullptr;
    relax();
  } while (cycles() - began < at_most);
  return nullptr;
}

task *scheduler::look_everywhere(worker &me) noexcept {
  let_it_grow();
  task *ready = nullptr;
  if (due_.pop(&ready, 1) == 1) return ready;
  if ((ready = refill(me)) != nullptr || (ready = steal(me)) != nullptr) return ready;
  return low_.pop(&ready, 1) == 1 ? ready : nullptr;
}

// The length of the last pause says how long it is worth looking around in the next one. A short
// pause could have been spent so, even if the worker slept and its wake-up was most of the pause.
// In a long one, for example when tasks come a thousand times a second, that would be useless.
void scheduler::end_pause(worker &me) noexcept {
  const std::uint64_t lasted = cycles() - std::exchange(me.pause_began, 0);
  me.spin = lasted < worker::short_pause ? worker::longest_spin : std::max(me.spin / 2, worker::shortest_spin);
}

// A searcher is faster than a submitter. If it took each task at once, it would fight the submitter
// for the lock at each one. So while the injector is short and still grows, the searcher waits some
// tens of nanoseconds more. For a lone task it stops after one look.
void scheduler::let_it_grow() const noexcept {
  constexpr std::size_t long_enough = 32;
  std::size_t size = injector_.size();
  while (size != 0 && size < long_enough) {
    for (int i = 0; i < 4; ++i) relax();
    const std::size_t now = injector_.size();
    if (now <= size) return;
    size = now;
  }
}

task *scheduler::refill(worker &me) noexcept {
  settle_batch(me);
  const bool injector_first = ++me.refills % injector_turn == 0;
  if (injector_first)
    if (task *const ready = refill_from(injector_, me); ready != nullptr) return ready;
  if (task *const ready = refill_from(me.own, me); ready != nullptr) return ready;
  return injector_first ? nullptr : refill_from(injector_, me);
}

// The time that the last batch took says how large the next one may be.
void scheduler::settle_batch(worker &me) noexcept {
  if (me.batch_began == 0) return;
  const std::uint64_t took = cycles() - me.batch_began;
  if (took < quick && me.batch_taken == me.batch_size && !me.helps) // a helper leaves nothing behind
    me.batch_size = std::min<std::uint32_t>(me.batch_size * 2, ring::capacity);
  else if (took > slow)
    me.batch_size = std::max<std::uint32_t>(1, static_cast<std::uint32_t>(me.batch_taken * quick / took));
  me.batch_began = 0;
}

task *scheduler::refill_from(task_queue &queue, worker &me) noexcept {
  const std::size_t waiting = queue.size();
  if (waiting == 0) return nullptr;
  // A fair share, so that this worker does not take what others could begin at once.
  const std::size_t share = waiting / std::max(1u, census_.read().active) + 1;
  task *taken[ring::capacity];
  const std::size_t count = queue.pop(taken, std::min<std::size_t>(share, me.batch_size));
  if (count == 0) return nullptr;
  me.batch_began = cycles();
  me.batch_taken = static_cast<std::uint32_t>(count);
  if (count > 1) {
    me.batch_of = &queue == &injector_ ? worker::source::injector : worker::source::own;
    me.batch.fill(taken + 1, count - 1);
    if (!me.searching) wake_for_batch();
  }
  return taken[0];
}

// One look at what others have, before the worker rests, although it may not search. Without this
// look, of several workers with tiny tasks all but one would rest after each batch, and be woken
// for the next.
task *scheduler::steal_in_passing(worker &me) noexcept {
  task *const ready = steal(me);
  if (ready != nullptr && !me.batch.empty()) wake_for_batch();
  return ready;
}

// Thieves can see the batch from now on. A push has this fence in the release of its lock; a batch
// has it here. So a searcher that stops meanwhile sees the batch, or this worker does not count it
// as a searcher.
void scheduler::wake_for_batch() noexcept {
  full_fence();
  wake_one();
}

task *scheduler::steal(worker &me) noexcept {
  const std::uint32_t count = places_.load(std::memory_order_acquire);
  task *taken[ring::capacity];
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t index = (me.steal_from + i) % count;
    worker &victim = *workers_[index].load(std::memory_order_acquire);
    if (&victim == &me) continue;
    std::size_t found = victim.batch.take(taken, std::min<std::size_t>((victim.batch.size() + 1) / 2, me.batch_size));
    if (found == 0) found = victim.own.pop(taken, std::min<std::size_t>(victim.own.size() / 2 + 1, me.batch_size));
    if (found == 0 && (taken[0] = victim.spawned.steal()) != nullptr) found = 1;
    if (found == 0) continue;
    worker_counts::step(me.counts.stolen, found);
    me.steal_from = index;
    me.batch_began = cycles();
    me.batch_taken = static_cast<std::uint32_t>(found);
    me.batch_of = worker::source::batch;
    if (found > 1) me.batch.fill(taken + 1, found - 1);
    return taken[0];
  }
  return nullptr;
}

void scheduler::run(worker &me, record &self, task &ready) {
  if (me.searching) end_searching(me);
  if (ready.is_spawned()) return run_spawned(me, self, ready);
  // This task may take long, and waiters for that group do not wait for its end.
  return_credit(me);
  struct holding { // also when the thread is ended inside the task
    task &which;
    ~holding() { which.unref(); }
  } const queue_reference{ready};
  const bool discarded = discarding();
  const bool mine = discarded ? ready.begin_cancel() : ready.try_claim();
  me.in_hand.store(false, std::memory_order_release);
  // It was cancelled, or run by a thread that waited for it; or it is to be cancelled now.
  if (!mine || discarded) {
    if (!mine) ready.end_if_overdue();
    worker_counts::step(mine || ready.state() == cancelled ? me.counts.cancelled : me.counts.completed);
    if (mine) ready.finish_cancel();
    return;
  }
  worker_counts::step(me.counts.completed);

  const outcome end = ready.perform(self, &owner_);
  // A thread that waits for this task may submit the next one as soon as it sees the outcome. If it
  // found this worker busy then, it would start another one. So if the worker will have to search
  // anyway, it counts as searching before the outcome is published.
  if (!ready.is_posted() && me.batch.empty() && me.own.empty() && injector_.empty()) begin_searching(me);
  if (observer *const callbacks = ready.publish(end); callbacks != nullptr) {
    if (me.searching) end_searching(me); // callbacks may take their time
    run_callbacks(ready, callbacks);
  }
  // Dropping an untaken result may be slow: stop searching first.
  if (me.searching && ready.type().drop_result != nullptr && ready.is_last_reference()) end_searching(me);
}

void scheduler::run_spawned(worker &me, record &self, task &ready) {
  const auto what = discarding() ? task_owner::fate::drop : task_owner::fate::run;
  me.in_hand.store(false, std::memory_order_release);
  worker_counts::step(what == task_owner::fate::run ? me.counts.completed : me.counts.cancelled);
  if (me.credit_of.load(std::memory_order_relaxed) != &ready.group()) return_credit(me);
  ready.group().run_spawned(ready, self, what);
}

bool scheduler::begin_searching(worker &me) noexcept {
  census::counts seen = census_.read();
  while (seen.searching == 0)
    if (census_.change(seen, +1, 0, 0)) return me.searching = true;
  return false;
}

// The last searcher looks once more at everything when it stops: no worker was woken for what was
// published while it searched.
void scheduler::end_searching(worker &me) noexcept {
  me.searching = false;
  if (census_.add(-1, 0, 0).searching != 1) return;
  look_after_work();
}

// False: the scheduler has ended, or the worker leaves.
bool scheduler::wait_for_wake_up(worker &me, const record &self) noexcept {
  bool may_be_surplus = true;
  std::int64_t stays = settings_.linger;
  for (;;) {
    return_credit(me); // also before it lingers: the group's waiter counts on it
    if (me.spawned.empty()) no_longer_spawns(me);
    if (me.left || leave_as_surplus(me)) return linger(me);
    lie_down(me);
    const rested how =
        rest(me, self, {stays != 0 ? deadline::after(stays) : deadline::never(), may_be_surplus, nullptr});
    switch (how) {
    case rested::ended:
      return false;
    case rested::woken:
      wake(me);
      return leave_as_surplus(me) ? linger(me) : true; // a region may have ended meanwhile
    case rested::late:
      if (leave_for_good(me)) return false;
      if (me.searching) return true; // it has found work
      stays = 0;                     // a thread that sleeps without limit counts on it
      break;
    case rested::surplus:
      may_be_surplus = false; // if it cannot leave now, it rests until it is woken
    }
  }
}

// The waker has counted this worker as active and searching.
void scheduler::wake(worker &me) noexcept {
  me.searching = true;
  me.idle = false;
  me.clock.restart(cycles());
}

// From active to resting, with the looks that follow: README.md, "At rest", L1 to L4.
void scheduler::lie_down(worker &me) noexcept {
  enter_list(me);
  census_.add(me.searching ? -1 : 0, -1, 0);
  me.searching = false;
  me.idle = true;
  me.batch_size = 1;
  me.batch_began = 0;
  if (me.pause_began == 0) me.pause_began = cycles();
  // First idle, then one more look: a submitter that published before that look saw this worker as
  // searching or active, and woke none.
  full_fence();
  if (others_spawn(me)) heavy_barrier(); // for the deques: see spawn()
  if (has_work()) wake_one();
  serve_due_if_watched();
  note_rest();
  if (me.woken.load(std::memory_order_relaxed)) return;
  worker_counts::step(me.counts.parks); // after the last look: from here on a waker must wake it
  if (settings_.rest != nullptr) tell_of_rest(me);
}

// After a full fence, which pairs with the one in begin_to_spawn().
bool scheduler::others_spawn(const worker &me) const noexcept {
  const std::uint32_t count = places_.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < count; ++i)
    if (const worker *const other = workers_[i].load(std::memory_order_acquire);
        other != &me && other->spawns.load(std::memory_order_acquire))
      return true;
  return false;
}

// The hook runs when the worker is at rest, not before. So the worker need not stop searching for
// it first. What the hook submits wakes this worker, as what a handler of the io_context submits
// does. README.md, "Watching".
void scheduler::tell_of_rest(worker &me) noexcept {
  if (!me.attached) return;
  record &self = *existing_record();
  const auto mark = [&](bool is_in_hook) noexcept {
    const std::scoped_lock hold(rest_mutex_);
    me.is_in_hook = is_in_hook;
  };
  mark(true);
  {
    const region_scope regions(self);
    settings_.rest(owner_, me.shown);
    self.back_from_user();
  }
  mark(false);
  return_credit(me);
}

} // namespace weft::core
