// The caller-run executor: tasks wait until a thread calls run(), and run on that thread. For main
// loops and ticks.
//
// Owns its queue and the list of threads that sleep until there is a task. Has no thread of its
// own. The protocols are argued in README.md, "Caller-run executors".
#pragma once

#include <cstdint>
#include <mutex>
#include <span>

#include "base/atomic.hpp"
#include "exec/bound.hpp"
#include "exec/executor.hpp"
#include "sched/task_queue.hpp"

namespace weft::core {

class caller_run final : public executor {
public:
  // With one handle. Throws std::bad_alloc; null: the runtime has ended.
  static caller_run *make(shared<roster> home, executor_list &list, bound_settings queue, bool daemon);

  ~caller_run() override { withdraw_from_view(); }

  weft_status submit(task *const *tasks, std::size_t count) override;
  void close() override;
  void cancel_pending() override;
  weft_status join(deadline until) override;
  void halt() noexcept override {}
  bool ended() const noexcept override { return quiet_.finished(); }
  bool idle() noexcept override;
  void read(weft_executor_stats_t &figures) const noexcept override;
  void last_handle_gone() override;

  lent lend(task &wanted, record &self, haste when, const helping &by) override;
  bool may_lend_to(const record &who) const noexcept override { return serves(who, this); }
  std::int64_t next_look() const noexcept override { return timers().next_due(); }
  bool may_start(const task &pending, const wait_graph &graph) const noexcept override;
  void left_queue() noexcept override;

  // timer_host: the threads that call run() look at the time.
  weft_status make_ready(task *const *tasks, std::size_t count) noexcept override;
  weft_status set_alarm(std::int64_t due) noexcept override;
  void alarm_is_idle() noexcept override {}

  // Runs what is ready, and never waits. `budget` limits when the last task may begin.
  weft_status run(std::uint64_t max_tasks, deadline budget, std::uint64_t &ran);
  // Waits for the first task. Then as run().
  weft_status run_wait(std::uint64_t max_tasks, deadline until, std::uint64_t &ran);
  // Runs tasks, and waits for further ones, until `wanted` is done.
  weft_status run_until(task &wanted, deadline until);

private:
  // On the stack of a thread that waits for tasks.
  class sleeper {
  public:
    sleeper(caller_run &of, parker &who) noexcept;
    ~sleeper();
    sleeper(const sleeper &) = delete;
    sleeper &operator=(const sleeper &) = delete;

  private:
    friend class caller_run;
    caller_run &of_;
    parker &who_;
    sleeper *next_; // under the executor's mutex_
  };
  // Counts this thread as running from construction to destruction, and shows that it serves this
  // executor.
  class turn;

  caller_run(shared<roster> home, executor_list &list, bound_settings queue, bool daemon)
      : executor(executor_kind::caller_run, std::move(home), &list, daemon), bound_(queue) {}
  task *withdraw_one() noexcept;
  void count_taken(bool begun) noexcept;
  void wake_sleepers() noexcept;
  void end_if_quiet() noexcept;
  bool could_run(const wait_graph &graph) const noexcept;
  weft_status sleep_until_given(record &self, deadline until, std::span<const dependency> on, task *wanted,
                                helpful_sleep *helper = nullptr) noexcept;
  bool may_become_idle(const wait_graph &graph) const noexcept override;
  static bool may_make_room(const void *object, const wait_graph &graph) noexcept;
  static bool may_be_given(const void *object, const wait_graph &graph) noexcept;
  static bool may_finish(const void *object, const wait_graph &graph) noexcept;

  bound bound_;
  task_queue queue_;
  atomic<bool> closed_{false};
  mutable native_mutex mutex_;
  sleeper *first_ = nullptr;         // under mutex_
  atomic<std::uint32_t> running_{0}; // written under mutex_: how many threads are in run()
  bool ended_ = false;               // under mutex_
  // Statistics: they order nothing. The third counts tasks that a submitter has run itself.
  atomic<std::uint64_t> completed_{0}, cancelled_{0}, passed_by_{0};
  completion quiet_; // finishes when it is closed and empty, and no thread runs its tasks
};

} // namespace weft::core
