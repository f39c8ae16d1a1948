// A strand: tasks of a pool that run one at a time, in the order of submission.
//
// Owns its queue, and the *turn*: the right to run its tasks. asio::strand over asio_executor keeps
// the turns apart, and a turn runs tasks out of the strand's own queue. Knows the pool as what
// carries its turns. The protocols are argued in README.md, "Strands".
#pragma once

#include <mutex>

#include <boost/asio/strand.hpp>

#include "base/adaptive_mutex.hpp"
#include "base/atomic.hpp"
#include "exec/asio_executor.hpp"
#include "exec/executor.hpp"
#include "exec/pool.hpp"
#include "sched/ring.hpp"
#include "sched/task_queue.hpp"

namespace weft::core {

class strand final : public executor {
public:
  // With one handle. Throws std::bad_alloc.
  static strand *make(pool &on) { return new strand(on); }
  ~strand() override;

  weft_status submit(task *const *tasks, std::size_t count) override;
  void close() override;
  void cancel_pending() override;
  weft_status join(deadline until) override;
  void halt() noexcept override {}
  bool ended() const noexcept override { return quiet_.finished(); }
  bool idle() noexcept override;
  void read(weft_executor_stats_t &figures) const noexcept override;
  error *broken() const noexcept override { return pool_.of.broken(); }

  lent lend(task &wanted, record &self, haste when, const helping &by) override;
  bool may_lend_to(const record &who) const noexcept override { return !serves(who, this) && serves(who, &pool_.of); }
  const task_owner *carrier() const noexcept override { return &pool_.of; }
  bool is_held(const wait_graph &graph) const noexcept override;
  bool may_start(const task &pending, const wait_graph &graph) const noexcept override;

  // timer_host: its queue is a child of the pool's.
  weft_status make_ready(task *const *tasks, std::size_t count) noexcept override { return submit(tasks, count); }
  weft_status set_alarm(std::int64_t due) noexcept override { return pool_.of.timers().set_child_alarm(timers(), due); }
  void alarm_is_idle() noexcept override {} // the pool has an alarm of its own

  // For asio_executor: hand a turn to the pool. Throws refused.
  template <class Function> void carry(Function function);

private:
  struct turn; // the room of a carrier, which brings a turn into the pool

  // A handle and a reference. A member, so that they go after Asio's part of the strand, which
  // lives in the pool's context.
  struct pool_handle {
    explicit pool_handle(pool &on) noexcept : of(on) {
      of.ref();
      of.ref_handle();
    }
    ~pool_handle() {
      of.unref_handle();
      of.unref();
    }
    pool_handle(const pool_handle &) = delete;
    pool_handle &operator=(const pool_handle &) = delete;
    pool &of;
  };

  explicit strand(pool &on);

  void post_turn();          // throws refused or std::bad_alloc
  void take_turn();          // in the turn: run tasks
  void after_turn();         // after it: post the next turn, or give the turn up
  void lose_turn() noexcept; // the pool will not run the turn
  enum class next_is { claimed, cancelled_here, over };
  task *take_next(worker *me, next_is &fate) noexcept;
  void count_taken(const task &taken, next_is fate) noexcept;
  task *withdraw_one() noexcept;
  void end_if_quiet() noexcept;
  weft_status why_closed() const noexcept;
  shared<task_owner> keep() noexcept { return shared<task_owner>(this); }
  static weft_status run_turn(void *room, weft_error **failure);
  static void drop_turn(void *room);
  bool may_become_idle(const wait_graph &graph) const noexcept override;
  static bool may_finish(const void *object, const wait_graph &graph) noexcept;
  task *current_turn() noexcept;

  const pool_handle pool_;
  boost::asio::strand<asio_executor> serial_; // written by the thread that has the turn

  adaptive_mutex mutex_;        // taken before the locks of the pool
  unlocked_task_queue waiting_; // under mutex_
  bool scheduled_ = false;      // under mutex_: a turn is under way or in the pool
  bool closed_ = false;         // under mutex_
  bool ended_ = false;          // under mutex_: one thread finishes quiet_, or has done so

  native_mutex turn_mutex_;   // innermost
  task *turn_task_ = nullptr; // under turn_mutex_, with a reference: what carries the turn through the pool

  // Of the thread that has the turn, which passes from thread to thread through the pool's queues.
  bool continuing_ = false;      // the next turn is for accepted tasks: the pool must take it
  bool stale_ = false;           // Asio's strand holds a turn that the pool refused: it needs a new one
  const task *wanted_ = nullptr; // a waiter runs this turn, and only up to this task

  // What the turn has taken from waiting_ and will run next. Threads that cancel take from it too.
  ring batch_;
  // Raised from taking a task until it is claimed or cancelled, by the thread that has the turn.
  // Pairs with discarding_ and the barrier of cancel_pending().
  atomic<bool> in_hand_{false};
  atomic<bool> discarding_{false};

  // Statistics, which order nothing. The first two are written by the thread that has the turn, the
  // third by any thread.
  atomic<std::uint64_t> completed_{0}, found_cancelled_{0}, withdrawn_{0};

  completion quiet_; // finishes when the strand is closed and its last task has run
};

} // namespace weft::core
