// Brings ready tasks and workers together: queues, wake-ups, the workers' loop. README.md argues
// the protocols.
//
// Owns the io_context, the workers and their queues. Knows tasks as things to claim and run. Knows
// nothing of futures, bounds, strands or shutdown policies: that is exec/.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <weft/base.h>
#include <weft/executor.h>

#include "base/adaptive_mutex.hpp"
#include "base/atomic.hpp"
#include "base/clock.hpp"
#include "base/completion.hpp"
#include "sched/bell.hpp"
#include "sched/census.hpp"
#include "sched/task_queue.hpp"
#include "sched/worker.hpp"
#include "task/owner.hpp"
#include "task/task.hpp"
#include "thread/record.hpp"
#include "thread/signals.hpp"

namespace weft::core {

struct scheduler_settings {
  std::uint32_t max_workers = 1;
  std::string name_prefix;
  bool daemon = false;
  std::uint64_t stack_size = 0;
  bool host_only = false;        // no threads of its own: its workers are those that the host lends
  std::uint32_t max_spares = 0;  // workers beside max_workers while others are in blocking regions
  std::uint32_t max_helpers = 0; // threads of the host beside max_workers that help until a task has ended
  // How many nanoseconds a worker that has nothing to do stays, a surplus one too. 0: as long as
  // the scheduler; surplus ones stay for five seconds. README.md, "Workers that leave when there is
  // no work".
  std::int64_t linger = 0;
  // Runs on each new worker before its first task. It may close the scheduler. False: it failed.
  bool (*prepare)(task_owner &owner, weft_worker_t &shown) = nullptr;
  // Runs last on each worker that was prepared without a failure. Only together with `prepare`.
  void (*dismiss)(task_owner &owner, weft_worker_t &shown) noexcept = nullptr;
  // Runs on each such worker before it sleeps, when it counts as idle already. Null: nothing.
  void (*rest)(task_owner &owner, weft_worker_t &shown) noexcept = nullptr;
  // Makes ready what is due by now. Called by a worker that has been busy for a turn, if no worker
  // is idle. May run callbacks. Null: nothing.
  void (*serve_due)(task_owner &owner) = nullptr;
  // A worker has come to rest, has left, or could not be started. Called after that is visible in
  // the census: README.md, "Idle". Null: nothing.
  void (*rested)(task_owner &owner) noexcept = nullptr;
  // A worker's thread has ended, with a reference to the owner, which this function gives back.
  // Null: the scheduler gives it back.
  void (*let_go)(task_owner &owner) noexcept = nullptr;
  shared<domain> inside;               // of the workers' threads
  signal_settings signals;             // the same
  std::int32_t nice = 0;               // the same
  std::vector<std::uint32_t> affinity; // the same
};

struct scheduler_figures {
  census::counts workers;
  std::uint32_t started, blocked;
  std::uint64_t refused, queued;
  std::uint64_t submitted, injected, completed, cancelled, stolen, parks, wakes;
  std::uint64_t waits[wait_buckets];
};

class scheduler {
public:
  // `owner` contains the scheduler. Each worker holds a reference to it.
  scheduler(shared<roster> home, task_owner &owner, scheduler_settings settings);
  ~scheduler();

  // Make tasks ready, all or none, and wake or start a worker for them. WEFT_OK, WEFT_ESHUTDOWN,
  // WEFT_ENOMEM, WEFT_EAGAIN.
  weft_status push(task *const *tasks, std::size_t count) noexcept;
  // The same for tasks whose time has come.
  weft_status push_due(task *const *tasks, std::size_t count) noexcept;
  // As push(), for work that belongs to what was accepted before: it passes a closed scheduler.
  weft_status push_on(task *const *tasks, std::size_t count) noexcept;

  // Accept nothing new from now on. The workers end when everything has run.
  void close() noexcept;
  bool closed() const noexcept { return closed_.load(std::memory_order_acquire); }
  // After close(). When this call has returned no task starts any more, for good: tasks that would
  // start are cancelled.
  void discard() noexcept;
  bool discarding() const noexcept { return discarding_.load(std::memory_order_acquire); }
  // Claim a task that this worker waits for, unless it is to be discarded.
  bool claim_from_inside(task &wanted, record &self) noexcept;
  // Take tasks that no worker has begun with, from all queues but the deques, with their
  // references. 0: there are none. Those that are pending count as cancelled from then on.
  std::size_t withdraw(task **out, std::size_t most) noexcept;
  // Statistics: a guest has run tasks itself, or dropped them, instead of pushing them.
  void count_run_by_submitter(std::uint64_t completed, std::uint64_t cancelled) noexcept;

  // --- fork-join and blocking regions (spawn.cpp) ---
  // The worker of this scheduler that the thread is, or null.
  worker *worker_of(const record *who) const noexcept {
    return is_worker(who) ? static_cast<worker *>(who->worker) : nullptr;
  }
  // Put a group's task, or the branch of a join, on the calling worker's deque. If `calling`, a
  // worker that could steal it is woken, as for every task that is published. Otherwise only
  // workers that are awake find it. False: the deque is full.
  [[gnu::always_inline]] bool spawn(worker &me, const spawned &given, bool calling) noexcept {
    if (!me.spawns.load(std::memory_order_relaxed)) [[unlikely]]
      begin_to_spawn(me);
    if (!me.spawned.push(given)) return false;
    // Also for the caller, which looks next whether a thread sleeps that could run this.
    light_barrier();
    if (!calling) return true;
    // A worker that goes to rest passes a heavy barrier before its last look. Either it sees this
    // task, or this thread sees it at rest. A searcher that is about to stop passes none, so while
    // a worker searches the fence is here.
    if (const census::counts seen = census_.read(); seen.searching != 0) [[unlikely]] {
      full_fence();
      wake_one();
    } else if (seen.idle() != 0 || may_start_one(seen)) {
      wake_one_of(seen);
    }
    return true;
  }
  // Take the branch of a join back from the calling worker's deque. False: it was stolen. Tasks of
  // groups that lie above it go to their groups.
  [[gnu::always_inline]] static bool take_back(worker &me, record &self, const task &branch) noexcept {
    if (me.spawned.take(branch)) [[likely]]
      return true;
    return !me.spawned.empty() && take_from_below(me, self, branch);
  }
  // Statistics: a branch counts as a task when it is stolen. me: null for a thread that is no
  // worker.
  void count_stolen_branch(worker *me) noexcept {
    if (me != nullptr)
      worker_counts::step(me->counts.spawned);
    else
      passed_by_.fetch_add(1, std::memory_order_relaxed);
  }
  // Wake a worker after all, for what the calling worker has spawned without calling one.
  void call_for_spawned() noexcept {
    full_fence();
    wake_one();
  }
  // Have up to `count` workers look for work at once, because there is some for each. It would be
  // slower if one worker woke the next.
  void call_several(std::uint64_t count) noexcept;
  // The newest task of the caller's deque, or the oldest one of another worker's, if it belongs to
  // that group; the latter also if it is something that a task of that group waits for. discarded:
  // it must not start any more.
  task *take_spawned(worker &me, const awaited &group, bool &discarded) noexcept;
  // me: null for a thread that acts for the pool without being a worker.
  task *steal_spawned(worker *me, const awaited &group, bool &discarded) noexcept;
  // The oldest task of another worker could be taken in that way. A guess.
  bool has_spawned(const worker *me, const awaited &group) const noexcept;
  // References to the owner for groups. Workers take and give back many at a time. me: null for
  // other threads.
  void ref_owner(worker *me) noexcept;
  void unref_owner(worker *me) noexcept;
  // What a group has counted in advance for all workers together. `mix` differs when any of it has
  // changed.
  struct credit_view {
    std::uint64_t sum, mix;
    bool settled; // none of it is on its way back
  };
  credit_view credit_for(const task_owner &group) const noexcept;
  // How many places for workers there are. A place stays when its worker has left.
  std::uint64_t places() const noexcept { return places_.load(std::memory_order_acquire); }
  // Give a group's credit back, before this worker turns to anything but tasks of that group.
  static void return_credit(worker &me) noexcept {
    if (me.credit_of.load(std::memory_order_relaxed) == nullptr) return;
    if (static_cast<std::uint32_t>(me.credit.load(std::memory_order_relaxed)) == 0) return forget_credit(me);
    return_credit_left(me);
  }
  // Forget the credit of a group that has ended.
  static void forget_credit(worker &me) noexcept {
    me.credit_of.store(nullptr, std::memory_order_relaxed);
    me.credit.store((me.credit.load(std::memory_order_relaxed) | 0xffffffff) + 1, std::memory_order_release);
  }
  // The calling worker is about to sleep: the tasks of groups on its deque go to the groups.
  // Branches stay.
  static void hand_over_spawned(record &self) noexcept;
  // The task that the calling worker runs is going to block elsewhere, so another worker may take
  // over meanwhile.
  void begin_blocking(worker &me, record &self) noexcept;
  bool end_blocking(worker &me, record &self) noexcept; // false: this task has begun none
  static void close_regions(record &self) noexcept;     // those that a task has left open
  // A worker's slot is free for another one: it is in a blocking region, or, as another thread says,
  // will never go on.
  void free_slot() noexcept;

  // --- threads of the host (host_work.cpp) ---
  // The calling thread, which acts for no executor, becomes a worker: until the scheduler has ended
  // (WEFT_OK), the time has passed (WEFT_ETIMEDOUT), or it is asked to stop (WEFT_EINTERRUPTED).
  // WEFT_EAGAIN: as many workers are there as the limit says. WEFT_ENOMEM. The caller has a
  // reference to the owner.
  weft_status lend_thread(record &self, deadline until);
  // The same until that task has ended (WEFT_OK), beside max_workers. WEFT_EAGAIN: max_helpers
  // threads do so already.
  weft_status help(record &self, deadline until, task &wanted);
  // After withdraw(): perhaps no worker is there to see that the scheduler has ended.
  void end_if_drained() noexcept;

  // The calling thread is about to run tasks as a guest. Until it leaves, the end does not come.
  // False: closed.
  bool enter_as_guest() noexcept;
  void leave_as_guest() noexcept;

  // Finishes after close(), when the last worker has left its loop or there was none.
  completion &end() noexcept { return end_; }
  const completion &end() const noexcept { return end_; }
  // After end(): wait until the workers' threads have ended.
  weft_status join_workers(deadline until) noexcept;
  // The same for a thread that waits in a way of its own: a worker's thread that has not ended and
  // is not in the list, or null.
  shared<thread> worker_left(const std::vector<const void *> &without) noexcept;
  void halt_workers() noexcept;

  // A worker is free to run something right now, or one could be started.
  bool has_free_hand() const noexcept;
  // A task of the worker, or one inside of it (a strand's), has ended. True: the worker's turn is
  // over.
  static bool is_turn_over(worker &me) noexcept {
    if (me.clock.is_look_due(1) && me.clock.look(cycles())) end_turn(me);
    return me.turn_is_over;
  }

  // `at_work` threads work on something together. One of them is a guest. Could one more worker
  // begin at once, so that no more threads are at work than there may be workers? Two are always
  // allowed.
  bool has_room_beside(std::uint32_t at_work) const noexcept;
  bool somebody_searches() const noexcept { return census_.read().searching != 0; }
  // How many threads may work on something together, if one of them may be a guest. Two are always
  // allowed.
  std::uint32_t most_at_once() const noexcept { return std::max(2u, most_workers()); }
  // The same as has_free_hand(), without the workers that the graph calls stuck. Under the graph's
  // lock.
  bool could_run(const wait_graph &graph) const noexcept;
  // Is a worker other than the calling one busy, or ready for the work that is left, and not stuck
  // while the caller stays away?
  bool others_at_work(record &self) noexcept;
  bool is_worker(const record *who) const noexcept {
    return who != nullptr && who->worker != nullptr && &static_cast<const worker *>(who->worker)->home == this;
  }
  // What the worker with that index is doing, for reports: its thread, and how many tasks it has
  // taken up. False: there is no such worker.
  struct worker_view {
    shared<thread> who; // null: it has no thread now, or one of the host
    std::uint64_t taken_up;
    worker::host_thread host;
    bool rests; // it runs nothing
  };
  bool view(std::uint32_t index, worker_view &now) noexcept;

  bool has_host_threads() noexcept;

  // Nothing is queued, no worker is active, and no guest is there. README.md, "Idle".
  bool is_idle() noexcept;
  // How many workers there may be, spares and helping threads aside: from 1 to max_workers of the
  // settings. A worker that is one too many leaves when it is woken, before it rests, or between
  // two tasks, after 10 tasks at the latest. Threads of the host stay. README.md, "The limit of
  // workers".
  std::uint32_t limit() const noexcept { return own_limit_.load(std::memory_order_relaxed); }
  void set_limit(std::uint32_t most) noexcept;

  scheduler_figures figures() const noexcept;
  boost::asio::io_context &context() noexcept { return io_; }
  // Something is to be expected from the io_context. As long as workers can be started, one is kept
  // free to wait in it. WEFT_OK. If no worker is alive and none can be started: WEFT_EAGAIN,
  // WEFT_ENOMEM, WEFT_ESHUTDOWN.
  weft_status watch() noexcept;
  void unwatch() noexcept { watched_.store(false, std::memory_order_relaxed); }

private:
  static void return_credit_left(worker &me) noexcept;
  static void begin_to_spawn(worker &me) noexcept;
  static bool take_from_below(worker &me, record &self, const task &branch) noexcept;
  static void hand_over_all(worker &me) noexcept;
  enum class admission { checked, forced };
  weft_status push_to(task_queue &queue, task *const *tasks, std::size_t count, admission how) noexcept;
  [[gnu::always_inline]] static inline weft_status push_only(task_queue &queue, task *const *tasks, std::size_t count,
                                                             admission how) noexcept;
  weft_status push_and_start(task_queue &queue, task *const *tasks, std::size_t count, admission how) noexcept;
  task_queue &queue_for(const task &first) noexcept;
  [[gnu::always_inline]] std::uint32_t most_workers() const noexcept {
    const std::uint32_t blocked = blocked_.load(std::memory_order_seq_cst);
    return limit_.load(std::memory_order_seq_cst) + (blocked != 0 ? std::min(blocked, settings_.max_spares) : 0);
  }
  [[gnu::always_inline]] bool may_start_one(const census::counts &now) const noexcept {
    return now.alive < most_workers() && !settings_.host_only;
  }
  template <class MayLeave> bool leave_census(worker &me, MayLeave may_leave) noexcept;
  bool leave_as_surplus(worker &me) noexcept;
  bool leave_for_good(worker &me) noexcept;
  bool leave_after_turn(worker &me) noexcept;
  bool linger(worker &me) noexcept;
  void call_lingering_locked() noexcept;
  void end_regions(worker &me, std::uint32_t count) noexcept;

  // --- waking (scheduler.cpp) ---
  // After work was published: README.md, "Lost wake-up".
  [[gnu::always_inline]] void wake_one() noexcept {
    const census::counts seen = census_.read();
    if (seen.searching == 0 && (seen.idle() != 0 || may_start_one(seen))) wake_one_of(seen);
  }
  void wake_one_of(census::counts seen) noexcept;
  void keep_watch() noexcept;
  // By a thread that others may have relied on: for what is queued, or else for what is expected in
  // the io_context.
  void look_after_work() noexcept {
    if (has_work())
      wake_one();
    else if (watched_.load(std::memory_order_seq_cst))
      keep_watch();
  }
  // Make ready what is due. By a worker at rest.
  void serve_due_if_watched() {
    if (settings_.serve_due != nullptr && watched_.load(std::memory_order_seq_cst)) settings_.serve_due(owner_);
  }
  bool has_work() const noexcept;
  bool has_several() const noexcept;

  // --- coming and going (lifecycle.cpp) ---
  bool start_worker(census::counts &seen) noexcept;
  weft_status start_first_locked() noexcept;
  worker *free_place_locked();
  void clear_locked(worker &place);
  weft_status launch_worker_locked() noexcept;
  void let_go_of_owner() noexcept;
  void retire(worker &me) noexcept;
  bool is_quiet_locked() noexcept;
  void end_if_drained_locked() noexcept;
  // A worker has come to rest or has left, or did not come after all.
  void note_rest() noexcept {
    end_if_drained();
    if (settings_.rested != nullptr) settings_.rested(owner_);
  }

  // --- the worker's loop (work.cpp) ---
  static weft_status enter(void *ctx, weft_error **failure);
  void prepare(worker &me, record &self);
  void dismiss(worker &me) noexcept;
  void work(worker &me, record &self);
  task *next(worker &me);
  task *search(worker &me) noexcept;
  task *look_everywhere(worker &me) noexcept;
  void end_pause(worker &me) noexcept;
  bool others_spawn(const worker &me) const noexcept;
  // Its deque is empty. The release: a thread that reads this sees that.
  static void no_longer_spawns(worker &me) noexcept {
    if (me.spawns.load(std::memory_order_relaxed)) me.spawns.store(false, std::memory_order_release);
  }
  task *refill(worker &me) noexcept;
  task *refill_from(task_queue &queue, worker &me) noexcept;
  task *steal(worker &me) noexcept;
  task *steal_in_passing(worker &me) noexcept;
  void wake_for_batch() noexcept;
  void settle_batch(worker &me) noexcept;
  void let_it_grow() const noexcept;
  void run(worker &me, record &self, task &ready);
  void run_spawned(worker &me, record &self, task &ready);
  bool wait_for_wake_up(worker &me, const record &self) noexcept;
  void wake(worker &me) noexcept;
  void lie_down(worker &me) noexcept;
  void tell_of_rest(worker &me) noexcept;
  bool begin_searching(worker &me) noexcept;
  void end_searching(worker &me) noexcept;

  // --- turns (turns.cpp) ---
  void count_turns(worker &me);
  // Inside of a task. The worker thinks of turns after it.
  static void end_turn(worker &me) noexcept {
    me.turn_is_over = me.time_is_up = true;
    me.turns_planned -= me.until_turns - 1;
    me.until_turns = 1;
  }
  void look_around(worker &me);
  void serve_io();
  task *take_turn(worker &me) noexcept;
  task *take_turn_of_others(worker &me) noexcept;
  task *take_slot(worker &me) noexcept;
  bool passes_over_some(const worker &me) const noexcept;
  void begin_round_if_due(worker &me, std::uint64_t now) noexcept;
  static void begin_round(worker &me, std::uint32_t first) noexcept;
  task *take_in_round(worker &me) noexcept;
  task *take_from(worker::source which, worker &me) noexcept;
  task *take_from_others(worker &me) noexcept;

  // --- threads of the host (host_work.cpp) ---
  enum class role { host, helper };
  weft_status take_place(const record &self, role as, worker *&place) noexcept;
  bool admit_locked(role as) noexcept;
  weft_status lend(record &self, deadline until, task *wanted);
  weft_status work_until(worker &me, record &self, deadline until, task *wanted);

  // --- at rest (rest.cpp) ---
  enum class rested { woken, late, surplus, ended };
  struct end_of_stay { // what ends a rest beside a wake-up
    deadline until;
    bool may_be_surplus; // that the worker is one too many
    const task *wanted;  // the end of this task; null: none
  };
  rested rest(worker &me, const record &self, const end_of_stay &stay) noexcept;
  rested end_of_rest(rested how) noexcept;
  void wait_in_io(deadline until) noexcept;
  void enter_list(worker &me) noexcept;
  void unlist(worker &which) noexcept;
  bool leave_list(worker &me) noexcept;
  worker *best_at_rest() const noexcept;
  void send_wake_up() noexcept;
  bool get_up(worker &me, std::uint32_t staying) noexcept;
  void call_all_at_rest() noexcept;
  void disturb(worker &which) noexcept;
  class rest_scope;
  class end_watch;
  bool sit_down(worker &me) noexcept;
  void stand_up(worker &me) noexcept;
  void give_up_seat() noexcept;
  void fill_seat() noexcept;
  void look_into_io();

  const shared<roster> home_;
  task_owner &owner_;
  const scheduler_settings settings_;

  bell bell_; // destroyed after the io_context, which may have its handler
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keep_running_;

  task_queue injector_;
  task_queue high_, low_; // of these priorities, from anywhere
  // Of normal priority, from timers. They do not wait behind what was submitted earlier.
  task_queue due_;
  census census_;

  adaptive_mutex rest_mutex_; // innermost
  worker *resting_ = nullptr; // under rest_mutex_: those at rest, the last one first
  // A thread is in the io_context. Its partners are the census and watched_, sequentially
  // consistent. A worker comes to rest, then tries the seat. A thread that leaves the seat empties
  // it, then looks for a worker at rest. README.md, "The seat".
  atomic<bool> seat_is_taken_{false};

  native_mutex start_mutex_;    // starting workers, and the decision to end
  bool ended_ = false;          // under start_mutex_: no worker is started any more
  bool end_is_told_ = false;    // under start_mutex_: end_ is finished or will be
  std::uint32_t guests_ = 0;    // under start_mutex_
  worker *lingering_ = nullptr; // under start_mutex_: surplus workers that stay
  // Under start_mutex_, until the end: threads that may not have ended, and whose places are free or
  // taken.
  std::vector<shared<thread>> leaving_;
  atomic<std::uint32_t> places_{0};             // written under start_mutex_, after the place
  std::unique_ptr<atomic<worker *>[]> workers_; // a place is written once, before places_ covers it
  atomic<std::uint32_t> started_{0};            // statistics
  atomic<std::uint64_t> refused_{0};            // statistics
  atomic<std::uint64_t> wakes_{0};              // statistics
  // Statistics: what threads that are no workers have submitted past the queues, and run or dropped
  // themselves.
  atomic<std::uint64_t> passed_by_{0}, completed_elsewhere_{0}, cancelled_elsewhere_{0};
  // Workers in blocking regions. Sequentially consistent, as the census is: a thread that raises it
  // then looks at the queues and at watched_.
  atomic<std::uint32_t> blocked_{0};
  // How many workers there may be, spares aside: own_limit_ and the helping threads that are there.
  // As blocked_: set_limit() writes it, then looks at the census and the queues.
  atomic<std::uint32_t> limit_;
  atomic<std::uint32_t> own_limit_; // written under start_mutex_; read alone it orders nothing
  std::uint32_t helpers_ = 0;       // under start_mutex_
  // How many workers there can ever be at once.
  std::uint32_t most_places() const noexcept {
    return settings_.max_workers + settings_.max_spares + settings_.max_helpers;
  }
  void set_limit_locked() noexcept {
    limit_.store(own_limit_.load(std::memory_order_relaxed) + helpers_, std::memory_order_seq_cst);
  }

  // Its partner is the census, sequentially consistent: README.md, "The end".
  atomic<bool> closed_{false};
  // Its partner is worker::in_hand: README.md, "Cancelling what is pending".
  atomic<bool> discarding_{false};
  completion end_;

  // A worker should wait in the io_context. Its partner is the census, sequentially consistent. A
  // thread that sets it then looks for a worker at rest. A worker that stops searching, or comes to
  // rest, changes the census, then reads it. One of the two sees the other. README.md, "Watching".
  atomic<bool> watched_{false};
};

} // namespace weft::core
