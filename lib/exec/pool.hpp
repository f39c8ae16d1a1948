// The pool: a scheduler with what users expect around it: initializer, hooks, bound, shutdown,
// waiting inside.
//
// Owns the scheduler, the alarm of its timers, and the contexts of its hooks. Does not know where
// ready tasks lie: that is sched/. A pool of a domain is a member of it until the contexts of its
// hooks have been dropped (pool_domain.cpp).
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "base/atomic.hpp"
#include "base/roll.hpp"
#include "exec/bound.hpp"
#include "exec/executor.hpp"
#include "exec/short_bodies.hpp"
#include "sched/scheduler.hpp"
#include "timer/alarm_clock.hpp"

namespace weft::core {

struct pool_settings {
  std::uint32_t max_workers = 0; // 0: chosen here
  std::string name_prefix;       // empty: weft-<n>
  weft_initializer_fn initializer = nullptr;
  void *initializer_ctx = nullptr;
  weft_drop_fn initializer_drop = nullptr;
  weft_worker_start_fn worker_start = nullptr;
  weft_worker_stop_fn worker_stop = nullptr;
  weft_worker_rest_fn worker_rest = nullptr;
  void *worker_ctx = nullptr;
  weft_drop_fn worker_drop = nullptr;
  bound_settings queue;
  bool daemon = false;
  std::uint64_t stack_size = 0;
  std::uint32_t max_spares = 64;
  std::uint32_t max_helpers = 1;
  std::int64_t linger = 0;             // how long a worker without work stays; 0: as scheduler_settings says
  std::int32_t nice = 0;               // of its own workers
  std::vector<std::uint32_t> affinity; // the same
  bool host_only = false;              // no workers but those that call work()
  bool blocks_signals = true;          // its workers block the host's signals: thread/signals.hpp
  shared<domain> home;                 // or null
  // Code of the user's. has_hooks(): what workers run. has_code(): the drops of the contexts too.
  bool has_hooks() const noexcept {
    return initializer != nullptr || worker_start != nullptr || worker_stop != nullptr || worker_rest != nullptr;
  }
  bool has_code() const noexcept { return has_hooks() || initializer_drop != nullptr || worker_drop != nullptr; }
};

class pool final : public executor, private roll_entry {
public:
  // With one handle. Throws std::bad_alloc; null: the runtime has ended, or the domain is closed.
  // On failure the contexts of the initializer and the hooks are the caller's.
  static pool *make(shared<roster> home, executor_list &list, const pool_settings &settings);
  ~pool() override;

  weft_status submit(task *const *tasks, std::size_t count) override;
  void close() override;
  void cancel_pending() override;
  weft_status join(deadline until) override;
  void halt() noexcept override { scheduler_.halt_workers(); }
  bool ended() const noexcept override { return scheduler_.end().finished(); }
  bool idle() noexcept override { return scheduler_.is_idle(); }
  void read(weft_executor_stats_t &figures) const noexcept override;
  error *broken() const noexcept override;

  void last_handle_gone() override;

  lent lend(task &wanted, record &self, haste when, const helping &by) override;
  void run_spawned(task &taken, record &self, fate what, const helping *helps = nullptr) override; // a branch
  bool may_lend_to(const record &who) const noexcept override { return serves(who, this); }
  std::int64_t next_look() const noexcept override;
  bool may_start(const task &pending, const wait_graph &graph) const noexcept override;
  void left_queue() noexcept override;

  // timer_host
  weft_status make_ready(task *const *tasks, std::size_t count) noexcept override;
  weft_status set_alarm(std::int64_t due) noexcept override;
  void alarm_is_idle() noexcept override { scheduler_.unwatch(); }

  // The calling thread works here, as weft_executor_work.
  weft_status work(deadline until);
  // The same until that task has ended, as weft_executor_help.
  weft_status help(task &wanted, deadline until);
  // Wait until the last worker has left, and run nothing meanwhile.
  weft_status await_end(record &self, deadline until) noexcept;
  dependency on_end() const noexcept { return {this, &pool::may_finish}; }

  // For a task that carries others: a turn of a strand, a ticket of a group, a carrier of a join.
  // It does not count against the bound, and if `accepted` it passes a closed scheduler.
  weft_status push_inner(task &carrier, bool accepted) noexcept;
  bool closed() const noexcept { return scheduler_.closed(); }
  bool discarding() const noexcept { return scheduler_.discarding(); }
  // For strands: claim the task that carries a turn, on behalf of a waiter.
  bool claim_from_inside(task &carrier, record &self) noexcept { return scheduler_.claim_from_inside(carrier, self); }
  bool is_broken() const noexcept { return broken_.load(std::memory_order_acquire) != nullptr; }
  // A worker is not stuck, or another may be started. Under the wait graph's lock.
  bool can_run(const wait_graph &graph) const noexcept { return scheduler_.could_run(graph); }
  bool saturated() const noexcept { return !scheduler_.has_free_hand(); }
  // Whether workers beside the calling one run something, or could: for an exit() from inside.
  bool others_at_work(record &self) noexcept { return scheduler_.others_at_work(self); }
  scheduler &workers() noexcept { return scheduler_; } // for groups, joins and loops
  std::uint32_t index_bound() const noexcept {
    return settings_.max_workers + settings_.max_spares + settings_.max_helpers;
  }
  // As weft_executor_set_max_workers. False: out of range.
  bool set_max_workers(std::uint32_t most) noexcept;
  void leave_as_guest() noexcept;
  short_bodies &loops() noexcept { return loops_; }
  const std::string &name() const noexcept { return settings_.name_prefix; }
  boost::asio::io_context &context() noexcept { return scheduler_.context(); }

private:
  pool(shared<roster> home, executor_list &list, const pool_settings &settings);
  weft_status run_here(task *const *tasks, std::size_t count);
  template <class Work> weft_status work_as(Work how);
  static bool prepare_worker(task_owner &self, weft_worker_t &shown);
  static void dismiss_worker(task_owner &self, weft_worker_t &shown) noexcept;
  static void rest_worker(task_owner &self, weft_worker_t &shown) noexcept;
  template <class Call> bool prepare_with(const char *what, Call call);
  void break_down(error *reason);
  void withdraw_all(error *reason);

  // --- in a domain (pool_domain.cpp) ---
  bool enter_domain(const pool_settings &given) noexcept;
  enum mark : std::uint32_t { withdrawn = 1, ended_too = 2 };
  void set_mark(mark which) noexcept;
  void note_end() noexcept;
  void release_hooks() noexcept;
  void drop_hooks() noexcept;
  static void let_go_of(task_owner &self) noexcept;
  bool hold() noexcept override { return try_ref(); }
  bool begin_withdraw() noexcept override { return true; }
  void finish_withdraw() override;

  bool may_become_idle(const wait_graph &graph) const noexcept override;
  static bool may_make_room(const void *object, const wait_graph &graph) noexcept;
  static bool may_finish(const void *object, const wait_graph &graph) noexcept;

  pool_settings settings_;
  bound bound_;
  // In a domain only. Each change releases; the one that comes last acquires, and its thread does
  // what follows. README.md, "Pools in a domain".
  atomic<std::uint32_t> marks_{0};
  atomic<std::uint32_t> hook_users_{1}; // workers that are prepared; the pool, until both marks are set
  bool in_domain_ = false;              // of the thread that makes the pool, then of the dropping one
  atomic<error *> broken_{nullptr};     // set once, with a reference; pairs with broken()
  scheduler scheduler_;
  alarm_clock alarm_; // in the scheduler's io_context
  short_bodies loops_;
};

} // namespace weft::core
