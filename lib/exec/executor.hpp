// What the three kinds of executor have in common: handles, the place in the runtime's list,
// timers, the user's context, and the interface for the C ABI.
//
// Knows neither workers nor queues. Handles close an executor, references keep its memory:
// README.md, "Handles and references". The kinds are in pool.hpp, strand.hpp and caller_run.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include <weft/executor.h>
#include <weft/stats.h>

#include "base/atomic.hpp"
#include "base/clock.hpp"
#include "base/completion.hpp"
#include "base/misuse.hpp"
#include "exec/idle_waiters.hpp"
#include "task/owner.hpp"
#include "task/task.hpp"
#include "thread/roster.hpp"
#include "thread/user_context.hpp"
#include "timer/timer_host.hpp"
#include "timer/timer_queue.hpp"

struct weft_executor {};

namespace weft::core {

class executor;

// The executors of one runtime, pools and caller-run ones. The list holds no references. An
// executor leaves it in its destructor.
class executor_list {
public:
  bool admit(executor &entering) noexcept; // false: closed
  void leave(executor &leaving) noexcept;
  void close() noexcept;
  // All executors in it, each with a reference. Throws std::bad_alloc.
  std::vector<shared<task_owner>> all() const;
  // One for which wanted(executor) is true, with a reference; null: none.
  template <class Wanted> shared<task_owner> find(Wanted wanted) const noexcept;

private:
  mutable native_mutex mutex_;
  executor *first_ = nullptr; // under mutex_
  bool closed_ = false;       // under mutex_
};

enum class executor_kind { pool, strand, caller_run };

class executor : public weft_executor, public task_owner, public timer_host {
public:
  ~executor() override = default;

  // Accept tasks, all or none. On failure they are the caller's as before.
  virtual weft_status submit(task *const *tasks, std::size_t count) = 0;
  // The same for tasks from outside: those that belong to something enter its rolls first.
  weft_status accept(task *const *tasks, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      if (tasks[i]->has_attachment()) [[unlikely]]
        return accept_attached(tasks, count);
    return submit(tasks, count);
  }
  // The same for one task that becomes ready at `due`.
  weft_status accept_after(task &delayed, std::int64_t due);
  // Refuse new tasks. What was accepted still runs. Any thread, any number of times.
  virtual void close() = 0;
  // Cancel exactly what has not started, on this thread.
  virtual void cancel_pending() = 0;
  // After close(): wait until everything has run and no thread of it is left. WEFT_EDEADLK when
  // called from inside.
  virtual weft_status join(deadline until) = 0;
  // Ask what runs to stop.
  virtual void halt() noexcept = 0;
  virtual void read(weft_executor_stats_t &figures) const noexcept = 0;
  // The timers and delayed tasks that are armed on it.
  timer_queue &timers() noexcept { return timers_; }
  const timer_queue &timers() const noexcept { return timers_; }
  // Why it is broken, with a reference, or null.
  virtual error *broken() const noexcept { return nullptr; }
  virtual void last_handle_gone() { close(); }
  // Closed, and nothing of it runs or will run.
  virtual bool ended() const noexcept = 0;
  // Nothing is queued and nothing runs. What a thread is just withdrawing may be missed:
  // is_idle_now().
  virtual bool idle() noexcept = 0;
  // Wait until is_idle_now() was true: README.md, "Idle". WEFT_EDEADLK when called from inside, or
  // when it can never be true.
  weft_status wait_idle(deadline until);

  // True: the calling thread acts for this executor, so it must not wait for the end of the
  // executor.
  bool inside() const noexcept;

  // The executor that the calling thread runs something for, innermost; null: none.
  static executor *current() noexcept;

  // True for the first caller only: the end of the runtime asks each executor once.
  bool ask_once() noexcept { return !asked_.exchange(true, std::memory_order_relaxed); }

  bool has_magic() const noexcept { return magic_.is_right(); }
  executor_kind kind() const noexcept { return kind_; }
  // The default executor: all parts of the process share it, so none may shut it down. Set before
  // other threads see it.
  bool is_everybodys() const noexcept { return everybodys_; }
  void set_everybodys() noexcept { everybodys_ = true; }
  bool is_daemon() const noexcept { return daemon_; }
  roster &home() const noexcept { return *home_; }
  bool belongs_to(const roster &home) const noexcept override { return home_.get() == &home; }
  // It was made before a fork, and is of no use in this process.
  bool inherited() const noexcept { return home_->inherited(); }

  // The user's pointer. Dropped when no handle is left and the executor has ended, at the latest in
  // the destructor.
  user_context &context() noexcept { return context_; }

  void ref_handle() noexcept;
  void unref_handle();

  // The executor whose workers run what is given to this one; null: this one.
  virtual const task_owner *carrier() const noexcept { return nullptr; }

  // task_owner
  void left_queue() noexcept override { unref(); }
  void look_at_time() override;
  void report(const weft_error *failure) override;
  weft_executor *as_executor() noexcept override { return this; }

protected:
  executor(executor_kind kind, shared<roster> home, executor_list *list, bool daemon) noexcept
      : kind_(kind), daemon_(daemon), home_(std::move(home)), list_(list), timers_(*this, *this) {
    keep_time();
  }
  // Before close() refuses tasks: what is due by now was accepted in time.
  void serve_due() {
    if (const std::int64_t next = timers_.next_due(); next != timer_queue::none && next <= now_ns()) timers_.serve();
  }
  // Once the object is complete. False: the runtime has ended.
  bool enlist() noexcept;
  // Drop the user's context, if no handle is left and this has ended. Not under a lock. README.md,
  // "Handles and references".
  void drop_context_if_over() noexcept;
  // By a thread that has ended something, after that: README.md, "Idle".
  void tell_if_idle() noexcept {
    if (const std::uint64_t newest = idle_waiters_.newest(); newest != 0 && is_idle_now())
      idle_waiters_.tell_up_to(newest);
  }
  // While it lives, tasks may have been taken out of the queues whose outcomes are not published
  // yet.
  class withdrawing {
  public:
    explicit withdrawing(executor &from) noexcept : from_(&from) {
      from.withdrawals_.fetch_add(1, std::memory_order_seq_cst);
    }
    ~withdrawing() {
      from_->withdrawals_.fetch_sub(1, std::memory_order_seq_cst);
      from_->tell_if_idle();
    }
    withdrawing(const withdrawing &) = delete;
    withdrawing &operator=(const withdrawing &) = delete;

  private:
    const shared<executor> from_; // a callback may drop the last handle
  };
  // Whether it could still become idle. Under the wait graph's lock.
  virtual bool may_become_idle(const wait_graph &graph) const noexcept = 0;
  // The first step of the destructor of each kind, while its virtual functions still work.
  // Afterwards neither the runtime's list nor the wait graph calls them any more.
  void withdraw_from_view() noexcept;

private:
  friend class executor_list;
  weft_status accept_attached(task *const *tasks, std::size_t count);
  // The queues first: a thread that withdraws is counted before it takes the first task.
  bool is_idle_now() noexcept { return idle() && withdrawals_.load(std::memory_order_seq_cst) == 0; }
  static void keep_time() noexcept;
  user_context context_; // destroyed last
  const executor_kind kind_;
  const bool daemon_;
  bool everybodys_ = false;
  const shared<roster> home_; // keeps list_ alive: both belong to the runtime
  executor_list *const list_; // null for strands
  atomic<std::uint32_t> handles_{1};
  atomic<bool> asked_{false};
  executor *next_ = nullptr, *prev_ = nullptr; // the list's, under its mutex
  bool listed_ = false;                        // the same
  timer_queue timers_;
  idle_waiters idle_waiters_;
  atomic<std::uint32_t> withdrawals_{0}; // partner: is_idle_now()
  [[no_unique_address]] magic_word<0x2bad5eed0e440003> magic_;
};

template <class Wanted> shared<task_owner> executor_list::find(Wanted wanted) const noexcept {
  const std::scoped_lock hold(mutex_);
  for (executor *e = first_; e != nullptr; e = e->next_)
    if (wanted(*e) && e->try_ref()) return adopt<task_owner>(e);
  return nullptr;
}

} // namespace weft::core
