// Which source has its turn, so that no source of tasks, no timer and no descriptor waits for ever
// beside a busy one.
//
// README.md, "Turns", has the bounds, and why they hold. The usual order of the sources is in
// work.cpp, next().
#include <algorithm>

#include "base/clock.hpp"
#include "sched/scheduler.hpp"

namespace weft::core {
namespace {

// When rank has kept a source waiting for so many cycles(), a round comes before high tasks. It is
// half a millisecond, so that with the looks in between the wait is less than a millisecond.
constexpr std::uint64_t round_after = 5 * pace::turn;
// The others' queues have a turn after so many cycles(): about a millisecond.
constexpr std::uint64_t turn_of_others = 10 * pace::turn;
// The oldest task on the worker's own deque has a turn when it has been the oldest for so long:
// about 10 ms. The time is longer when the deque is fuller, because each such turn of a recursion
// leaves more tasks on it.
constexpr std::uint64_t turn_of_oldest = 100 * pace::turn;
constexpr std::size_t many_spawned = 32;
// The turn of one source in a round ends after so many tasks, or after those that have taken so
// many cycles(). So several short tasks that wait in one queue do not each wait for a round of its
// own.
constexpr std::uint32_t most_of_source = 16;
constexpr std::uint64_t turn_of_source = pace::turn / 4;

} // namespace

// What the worker has planned to count down is over, or a strand has cut it short.
void scheduler::count_turns(worker &me) {
  me.until_slot = std::max(0, me.until_slot - me.turns_planned); // a slot may have to wait
  const bool strand_has_looked = me.time_is_up;
  if (!strand_has_looked && me.clock.is_look_due(me.turns_planned) && me.clock.look(cycles()))
    me.turn_is_over = me.time_is_up = true;
  if (me.time_is_up) look_around(me);
}

// The worker stops searching before it looks outside: callbacks may run there, and others rely on a
// searcher.
void scheduler::look_around(worker &me) {
  me.time_is_up = false;
  const std::uint64_t now = cycles();
  begin_round_if_due(me, now);
  if (const std::int64_t oldest = me.spawned.oldest_position(); oldest != me.oldest_spawned) {
    me.oldest_spawned = oldest;
    me.oldest_since = now;
  } else if (now - me.oldest_since > turn_of_oldest * (1 + me.spawned.size() / many_spawned)) {
    me.oldest_is_due = !me.spawned.empty();
    me.oldest_since = now;
  }
  if (!watched_.load(std::memory_order_relaxed) || census_.read().idle() != 0) return;
  if (me.searching) end_searching(me);
  return_credit(me);
  serve_io();
}

void scheduler::serve_io() {
  if (settings_.serve_due != nullptr) settings_.serve_due(owner_);
  look_into_io();
}

// What comes before the tasks at hand; and the plan when to think of that next.
task *scheduler::take_turn(worker &me) noexcept {
  task *const ready = take_turn_of_others(me);
  const bool in_round = me.round_next != worker::sources;
  me.until_turns = me.turns_planned = in_round ? 1 : std::max(1, std::min(me.until_slot, me.clock.until_look()));
  return ready;
}

// In this order: a slot, which is by count and for any source; a round that rank has brought about;
// a task of high priority; a round of the sources of one rank, which begins when a turn is over.
// While tasks are long there are no slots, because rounds come more often.
task *scheduler::take_turn_of_others(worker &me) noexcept {
  task *ready = nullptr;
  if (me.until_slot == 0 && !me.clock.has_long_tasks())
    if ((ready = take_slot(me)) != nullptr) return ready;
  if (me.round_has_ranks)
    if ((ready = take_in_round(me)) != nullptr) return ready;
  if (!high_.empty() && high_.pop(&ready, 1) == 1) return ready;
  if (std::exchange(me.turn_is_over, false)) me.round_is_due = true;
  if (me.round_next != worker::sources && (ready = take_in_round(me)) != nullptr) return ready;
  if (me.round_next != worker::sources || !std::exchange(me.round_is_due, false)) return nullptr;
  begin_round(me, worker::first_in_round);
  return take_in_round(me);
}

task *scheduler::take_slot(worker &me) noexcept {
  me.until_slot = worker::tasks_between_slots; // with six sources each comes once in 60
  me.slots = (me.slots + 1) % worker::sources_with_slots;
  return take_from(static_cast<worker::source>(me.slots), me);
}

bool scheduler::passes_over_some(const worker &me) const noexcept {
  if (!low_.empty()) return true;
  return !high_.empty() &&
         (!injector_.empty() || !due_.empty() || !me.own.empty() || !me.batch.empty() || !me.spawned.empty());
}

// The time counts from the first look at which a source waits, not from the submission. A long task
// that was running already has passed over nothing, so after it the highest rank is next.
void scheduler::begin_round_if_due(worker &me, std::uint64_t now) noexcept {
  if (!passes_over_some(me)) {
    me.passed_over_since = 0;
  } else if (me.passed_over_since == 0) {
    me.passed_over_since = now;
  } else if (now - me.passed_over_since > round_after && !me.round_has_ranks) {
    me.passed_over_since = now;
    me.round_has_ranks = me.low_is_due = true;
    // Otherwise the present round goes on.
    if (me.round_next == worker::sources) begin_round(me, worker::first_in_round);
  }
}

void scheduler::begin_round(worker &me, std::uint32_t first) noexcept {
  me.round_next = first;
  me.source_ran = 0;
}

// From the source that has its turn, or the next one that has something. A round that is under way
// goes on over several tasks, long or short, and none begins before it is over. So each source has
// its turn.
task *scheduler::take_in_round(worker &me) noexcept {
  task *ranked = nullptr;
  if (std::exchange(me.low_has_run, false) && high_.pop(&ranked, 1) == 1) return ranked;
  if (std::exchange(me.low_is_due, false) && low_.pop(&ranked, 1) == 1) {
    me.low_has_run = true;
    return ranked;
  }
  for (; me.round_next != worker::sources; ++me.round_next, me.source_ran = 0) {
    task *ready = nullptr;
    const auto which = static_cast<worker::source>(me.round_next);
    const bool is_over =
        me.source_ran == most_of_source || (me.source_ran != 0 && cycles() - me.source_began > turn_of_source);
    if (!is_over && (ready = take_from(which, me)) != nullptr) {
      if (me.source_ran++ == 0) me.source_began = cycles();
      return ready;
    }
    // In a round for rank a high task waits for the turn of one source, not of all.
    if (is_over && me.round_has_ranks && !high_.empty() && high_.pop(&ready, 1) == 1) {
      begin_round(me, me.round_next + 1);
      return ready;
    }
  }
  me.round_has_ranks = false;
  return nullptr;
}

// A queue whose tasks are in the batch is served from the batch. So the tasks of one submitter keep
// their order. The batch has turns of its own only if it was stolen.
task *scheduler::take_from(worker::source which, worker &me) noexcept {
  task *ready = nullptr;
  switch (which) {
  case worker::source::injector:
  case worker::source::own:
    if (which != me.batch_of || me.batch.empty()) {
      task_queue &queue = which == worker::source::own ? me.own : injector_;
      return queue.pop(&ready, 1) == 1 ? ready : nullptr;
    }
    [[fallthrough]];
  case worker::source::batch:
    return which == me.batch_of && me.batch.take(&ready, 1) == 1 ? ready : nullptr;
  case worker::source::spawned:
    return std::exchange(me.oldest_is_due, false) ? me.spawned.pop_oldest() : me.spawned.pop();
  case worker::source::due:
    return due_.pop(&ready, 1) == 1 ? ready : nullptr;
  case worker::source::others:
    return take_from_others(me);
  case worker::source::low:
    return low_.pop(&ready, 1) == 1 ? ready : nullptr;
  }
  return nullptr;
}

// Now and then, because a worker in the middle of a long task cannot come to what lies in its
// queues.
task *scheduler::take_from_others(worker &me) noexcept {
  const std::uint64_t now = cycles();
  if (now - me.looked_at_others < turn_of_others) return nullptr;
  me.looked_at_others = now;
  const std::uint32_t count = places_.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < count; ++i) {
    worker &victim = *workers_[(me.steal_from + i) % count].load(std::memory_order_acquire);
    if (&victim == &me) continue;
    task *ready = nullptr;
    if (victim.batch.take(&ready, 1) == 0 && victim.own.pop(&ready, 1) == 0) ready = victim.spawned.steal();
    if (ready == nullptr) continue;
    worker_counts::step(me.counts.stolen);
    me.steal_from = (me.steal_from + i + 1) % count;
    return ready;
  }
  return nullptr;
}

} // namespace weft::core
