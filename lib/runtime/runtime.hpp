// The runtime: the roster of threads, the list of executors, and how both end (README.md, "The end
// of a runtime").
//
// The default runtime is made on first use, and freed only by weft_cleanup. Isolated ones are
// counted: their handle, their threads and their executors hold references. So nothing that a
// daemon thread may still touch is freed.
#pragma once

#include <mutex>

#include <weft/runtime.h>

#include "base/atomic.hpp"
#include "base/clock.hpp"
#include "exec/executor.hpp"
#include "runtime/default_pool.hpp"
#include "task/cancel_token.hpp"
#include "thread/roster.hpp"

struct weft_runtime {};

namespace weft::core {

class end_report;

class runtime final : public weft_runtime, public roster {
public:
  // The default runtime. Null: memory is exhausted.
  static runtime *process() noexcept;
  // An isolated runtime, with the reference of its handle. Null: memory is exhausted.
  static runtime *create() noexcept;
  // The runtime of a handle. A null handle is the default runtime. Null: the handle was destroyed,
  // or memory is exhausted.
  static shared<runtime> of(const weft_runtime *handle) noexcept;

  executor_list &executors() noexcept { return executors_; }
  // Of the default runtime only.
  default_pool &pool_for_all() noexcept { return pool_for_all_; }

  // Cancel a new token at its time (deadlines.cpp). WEFT_OK, WEFT_ENOMEM, WEFT_EAGAIN;
  // WEFT_ESHUTDOWN: the default runtime has ended, and each isolated one that has a handle.
  static weft_status watch_deadline(cancel_token &token) noexcept;

  // As weft_runtime_shutdown.
  weft_status shutdown(deadline until);
  // As weft_runtime_shutdown_report. Throws std::bad_alloc: there is no report, but the end has
  // begun.
  weft_status shutdown(deadline until, std::int64_t grace, end_report *&out);
  // In the child of a fork: the answer to a call with this handle. A null handle is the default
  // runtime.
  static weft_status answer_in_child(const weft_runtime *handle) noexcept;
  static bool was_before_fork(const weft_runtime *handle) noexcept;
  // Calls visit(runtime &) for each runtime that there is, the default one last. By index, because
  // others may come and go meanwhile.
  template <class Visit> static void visit_all(Visit visit) {
    for (std::size_t i = 0; const shared<runtime> each = isolated(i); ++i) visit(*each);
    if (const shared<runtime> last = process_if_made()) visit(*last);
  }
  // While the process is forked, and in the child under that lock.
  static native_mutex &registry_lock() noexcept;
  static void abandon_all() noexcept;

  // As weft_cleanup: cleanup.cpp.
  static weft_status clean_up(deadline until);
  // Forget the handle. False: it is not a live one.
  static bool forget(const weft_runtime *handle) noexcept;

private:
  friend void shut_down_at_exit();
  void finish_at_exit();
  enum class what { daemons, everything };
  weft_status wait_for_regular(deadline until);
  void stop(what which);
  weft_status wait_for_all(deadline until);
  weft_status wait_for_host_threads(record &self, deadline until, bool &left);
  bool make_deadline_pools();
  // The runtime that keeps the deadlines. Null: memory is exhausted.
  static shared<runtime> keeper() noexcept;
  static shared<runtime> keeper_if_made() noexcept;
  // If all other runtimes have ended, ends the keeper and returns it. Null: there is none, or it
  // goes on.
  static shared<runtime> end_keeper_if_last();
  static bool any_goes_on() noexcept;
  static runtime *take_keeper() noexcept;
  enum class registered { nothing, isolated_ones, the_default_one };
  static registered look() noexcept;
  static shared<runtime> isolated(std::size_t index) noexcept; // null: there are fewer
  static shared<runtime> process_if_made() noexcept;
  static runtime *take_process() noexcept;
  void let_go_of_pools();

  executor_list executors_;
  default_pool pool_for_all_;
  // Of the keeper of deadlines only. Each pool with a handle, for good.
  native_mutex deadlines_mutex_;  // before that of executors_
  executor *deadlines_ = nullptr; // under deadlines_mutex_; takes the first step, runs no user code
  executor *aftermath_ = nullptr; // under deadlines_mutex_; takes the second step
};

} // namespace weft::core
