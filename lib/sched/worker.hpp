// One worker of a pool: its queues, and what it remembers between tasks. Its loop is
// scheduler::work().
#pragma once

#include <cstdint>
#include <utility>

#include <weft/executor.h>

#include "base/atomic.hpp"
#include "sched/awaited.hpp"
#include "sched/pace.hpp"
#include "sched/ring.hpp"
#include "sched/spawn_deque.hpp"
#include "sched/task_queue.hpp"
#include "thread/thread.hpp"

namespace weft::core {

class scheduler;

// Statistics of one worker. Relaxed, because they order nothing. A reader may be a moment late.
struct alignas(64) worker_counts {
  using count = atomic<std::uint64_t>;
  count completed{0}, cancelled{0}, stolen{0}, spawned{0}, parks{0};
  static void step(count &which, std::uint64_t by = 1) noexcept {
    which.store(which.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
};

struct alignas(64) worker {
  worker(scheduler &of, std::uint32_t number) noexcept : home(of), index(number) {}

  scheduler &home;
  const std::uint32_t index;
  shared<thread> self; // under the scheduler's start_mutex_
  // Under the scheduler's start_mutex_: no thread has this place now, and the next worker may take
  // it.
  bool retired = false;

  ring batch;          // taken, to be run next; open to thieves
  task_queue own;      // submitted by this worker's tasks; open to thieves
  spawn_deque spawned; // for groups and joins, by this worker's tasks; open to thieves

  // It has spawned since it ran out of work last. So a worker that goes to rest has to expect tasks
  // in `spawned`. Written by this worker; its partner is the census, with the fences of
  // begin_to_spawn() and lie_down(). Read by scheduler::others_spawn(). README.md, "Taking and
  // stealing spawned tasks".
  atomic<bool> spawns{false};

  // Raised from the look for a task to its claim: the task may be in no queue and not yet running.
  // Written by this worker. Its partner is scheduler::discarding_: discard() brings the barrier
  // that the writer spares. README.md, "Cancelling what is pending".
  atomic<bool> in_hand{false};

  // Only this worker uses the rest, except where a comment says otherwise.
  worker_counts counts; // written by this worker only

  bool searching = false;        // counted as searching in the census
  bool idle = false;             // not counted as active in the census
  std::uint32_t batch_size = 1;  // how many tasks the next refill may take
  std::uint32_t batch_taken = 0; // how many the last one took
  std::uint64_t batch_began = 0; // cycles() at the last refill; 0: it has rested since
  std::uint64_t pause_began = 0; // cycles() when it ran out of work; 0: it has found some since
  // For how many cycles() a searcher looks around before it rests, adapted to how long pauses last.
  // The longest is some 15 microseconds, about what a wake-up costs those that take part in it.
  static constexpr std::uint64_t longest_spin = 40'000, shortest_spin = longest_spin / 32,
                                 short_pause = longest_spin * 4;
  std::uint64_t spin = longest_spin;
  std::uint32_t refills = 0;    // for the turn of the injector
  std::uint32_t steal_from = 0; // where the last theft succeeded
  std::uint32_t blocking = 0;   // how many blocking regions are open, in all tasks on its stack

  // The sources that a worker takes tasks from, in the order of slots and rounds: README.md,
  // "Turns". `low` has one turn before a round for rank. `others`, the queues of other workers, has
  // no slots.
  enum class source : std::uint8_t { low, due, injector, own, spawned, batch, others };
  static constexpr std::uint32_t sources = 7, sources_with_slots = 6, first_in_round = 1;
  source batch_of = source::injector; // origin of the tasks in `batch`; source::batch: stolen
  pace clock;
  // How many tasks are left until the worker thinks of turns again, of so many that it has planned.
  // A look, a slot or a round is due then. All that each task costs is to count this down.
  std::int32_t until_turns = 1, turns_planned = 1;
  bool time_is_up = false;      // a turn is over, with no look at timers and descriptors since
  bool turn_is_over = false;    // a round begins if none is under way; ends the turn of a strand
  bool round_is_due = false;    // the same, since the worker has thought of turns
  bool round_has_ranks = false; // the rest of the present round comes before high tasks
  bool low_is_due = false;      // one low task comes before what is left of the present round
  bool low_has_run = false;     // it has run, and a high one is next
  // The source that has its turn in the present round. `sources`: none is under way.
  std::uint32_t round_next = sources;
  std::uint32_t source_ran = 0;   // how many tasks of that source have run in this turn of it
  std::uint64_t source_began = 0; // cycles() at the first of them
  static constexpr std::int32_t tasks_between_slots = 10;
  // How many tasks are left until one source has its turn by count, whatever else is ready.
  std::int32_t until_slot = tasks_between_slots;
  std::uint32_t slots = 0;            // for the source that has that turn
  std::uint64_t looked_at_others = 0; // cycles() when the queues of other workers had their turn
  // cycles() since when a source with something ready is passed over because of its rank. 0: none
  // is.
  std::uint64_t passed_over_since = 0;
  // The oldest entry of `spawned` at the last look, since when it is the oldest, and whether it has
  // a turn now.
  std::int64_t oldest_spawned = -1;
  std::uint64_t oldest_since = 0;
  bool oldest_is_due = false;
  // Tasks that one group has counted in advance for this worker to spawn, and the group that it
  // spawned into last. Written by this worker only. The first two are read by threads that wait for
  // the group (scheduler::credit_for()), whose acquire pairs with the release of each change of
  // `credit`.
  atomic<task_owner *> credit_of{nullptr};
  atomic<std::uint64_t> credit{0}; // low half; high half: how often it has changed
  static constexpr std::uint64_t one_change = std::uint64_t{1} << 32;
  static constexpr std::uint64_t on_its_way = std::uint64_t{1} << 31; // it is being given back
  const task_owner *last_into = nullptr;
  // What is at the bottom of the work that this worker runs for groups and joins: the group of that
  // task, or the branch. And the number of that stretch of work, which no other stretch has.
  // README.md, "Helping further down".
  awaited *helped = nullptr;
  std::uint64_t stretch = 0, stretches = 0;
  std::uint32_t owner_refs = 0; // references to the pool, taken in advance, for groups
  // --- at rest: rest.cpp ---
  parker *sleeper = nullptr; // of its thread
  // A waker has taken it out of the list. Set under the scheduler's rest_mutex_, taken back by this
  // worker before it is listed. The release pairs with the acquire of rest().
  atomic<bool> woken{false};
  bool is_listed = false;         // under rest_mutex_
  bool sits = false;              // under rest_mutex_: it has the seat
  bool is_in_hook = false;        // under rest_mutex_: it runs the hook before a rest
  worker *next_resting = nullptr; // under rest_mutex_
  // It rests or lingers. Written by this worker, read by reports. Orders nothing.
  atomic<bool> at_rest{false};
  // A surplus worker that stays for a while: README.md, "Blocking regions". Under the scheduler's
  // start_mutex_.
  bool lingers = false;
  worker *next_lingering = nullptr;
  bool helps = false;    // a thread of the host that helps until a task has ended
  bool left = false;     // as a surplus worker: the census knows already
  bool attached = false; // prepared without a failure, and not dismissed yet
  weft_worker_t shown{}; // what its start and stop hooks see

  // The thread of the host that has this place, for reports. Under the scheduler's start_mutex_.
  struct host_thread {
    const record *who = nullptr; // null: it is no thread of the host
    shared<thread> object;       // null: weft does not know it as a thread
    std::uint64_t native_id = 0;
    std::int64_t came = 0;          // of now_ns()
    std::uint64_t taken_before = 0; // tasks that workers before it had taken up in this place
    char name[16] = {};             // its name for the system
  } host{};
  std::uint64_t taken_up() const noexcept {
    return counts.completed.load(std::memory_order_relaxed) + counts.cancelled.load(std::memory_order_relaxed);
  }
};

// A stretch of work: the task of a group, or the branch of a join, that a worker has taken from
// elsewhere, and all that comes of it on this thread. me: null for a thread that acts for the pool
// without being a worker.
class stretch_scope {
public:
  stretch_scope(worker *me, awaited &helped) noexcept : me_(me) {
    if (me == nullptr) return;
    helped_before_ = std::exchange(me->helped, &helped);
    before_ = std::exchange(me->stretch, (++me->stretches << 16) + me->index + 1);
  }
  ~stretch_scope() {
    if (me_ == nullptr) return;
    me_->helped = helped_before_;
    me_->stretch = before_;
  }
  stretch_scope(const stretch_scope &) = delete;
  stretch_scope &operator=(const stretch_scope &) = delete;

private:
  worker *const me_;
  awaited *helped_before_ = nullptr;
  std::uint64_t before_ = 0;
};

} // namespace weft::core
