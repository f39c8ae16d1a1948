// The branch of a join: the second call, while another thread may take it. It lies in the frame of
// its caller.
//
// Owns the handing over of one call from the thread that joins to the thread that takes it, and the
// wait for its end. Knows neither the first call nor the order of errors: that is join.cpp. The
// protocol is argued in sched/README.md, "Joins".
#pragma once

#include <cstdint>

#include <weft/join.h>

#include "base/error.hpp"
#include "base/forced_unwind.hpp"
#include "base/fork.hpp"
#include "exec/pool.hpp"
#include "sched/awaited.hpp"
#include "task/helping.hpp"
#include "task/task.hpp"

namespace weft::core {

struct join_call {
  weft_join_fn fn;
  void *ctx;
};

// The outcome of a call, or of a join: WEFT_OK, WEFT_EFAILED with an error (owned), or why it was
// left out.
struct join_outcome {
  weft_status status;
  error *failure;
};

// Make the call on this thread. A forced unwind of the thread runs `unwound`, and goes on.
// UBSan: a forced unwind is caught by a reference to no object; nothing reads it.
template <class Unwound>
[[gnu::always_inline]] __attribute__((no_sanitize("null"))) inline join_outcome run_call(join_call what,
                                                                                         Unwound unwound) {
  weft_error *failure = nullptr;
  weft_status status = WEFT_OK;
  try {
    status = what.fn(what.ctx, &failure);
  } catch (const forced_unwind &) {
    if (failure != nullptr) static_cast<error *>(failure)->unref();
    unwound();
    throw;
  } catch (...) {
    if (failure != nullptr) static_cast<error *>(failure)->unref();
    return {WEFT_EFAILED, error::from_current_exception()};
  }
  if (failure == nullptr && status == WEFT_OK) [[likely]]
    return {WEFT_OK, nullptr};
  return {WEFT_EFAILED, failure != nullptr ? static_cast<error *>(failure) : error::from_status(status)};
}

// Why a call of a join must not begin on this thread, or WEFT_OK.
weft_status reason_to_leave_out(const record &self) noexcept;
// The same, with a fast path for a thread where a look at the innermost task is enough.
[[gnu::always_inline]] inline weft_status look_before_call(const record &self) noexcept {
  const frame *const top = self.top;
  if (self.inside == nullptr && top != nullptr && top->helps == nullptr && top->word != nullptr &&
      (top->word->load(std::memory_order_acquire) & stop_bit) == 0) [[likely]]
    return WEFT_OK;
  return reason_to_leave_out(self);
}

class branch final : public task, public awaited {
public:
  // By a task that runs on this thread: the thread that takes the branch goes on in the name of
  // that task.
  // NOLINTNEXTLINE(clang-analyzer-optin.cplusplus.UninitializedObject): only a stolen one has an outcome
  branch(pool &on, record &caller, join_call what) noexcept : branch(on, caller, caller.top, what) {}
  // From outside of the pool: the branch runs in its own name, and the caller hands requests to
  // stop on.
  struct from_outside {};
  // NOLINTNEXTLINE(clang-analyzer-optin.cplusplus.UninitializedObject)
  branch(pool &on, record &caller, from_outside /*how*/, join_call what) noexcept : branch(on, caller, nullptr, what) {}

  // By the thread that has taken it: run it, or leave it out. This thread does not touch it
  // afterwards.
  void run_taken(record &self, task_owner::fate what, const helping *by);
  // It will not run.
  void leave_out(weft_status why) noexcept { end({why, nullptr}); }

  // By the caller of the join: wait until the thread that has taken the branch has ended it.
  // helps        meanwhile the caller runs parts of the branch
  // only_waits   the caller runs nothing
  // listens      the caller runs nothing, and returns WEFT_EINTERRUPTED when it is asked to stop
  // Otherwise WEFT_OK, or WEFT_EFORKED in the child of a fork, where the branch has no end.
  enum class meanwhile { helps, only_waits, listens };
  weft_status await(record &self, meanwhile how);
  bool has_ended() const noexcept { return (count_.load(std::memory_order_acquire) & pending_mask) == 0; }
  // After the end.
  join_outcome outcome() const noexcept { return outcome_; }

  // This is the child of a fork, and the pool is the parent's.
  [[gnu::always_inline]] static bool is_lost(const pool &on) noexcept { return in_child() && on.inherited(); }

private:
  branch(pool &on, record &caller, const frame *around, join_call what) noexcept
      : task(type_of_all, on), awaited(1), call_(what), caller_(caller), around_(around), inside_(caller.inside) {}

  pool &on() const noexcept { return static_cast<pool &>(group()); }
  join_outcome perform(record &self, const helping *by);
  void end(join_outcome with) noexcept;
  void wake_helpers() noexcept override;
  bool run_one(record &self, worker *me, const helping &by);
  weft_status sleep(record &self, meanwhile how, bool helps, helpful_sleep &sleeping);
  static bool may_end(const void *object, const wait_graph &graph) noexcept;

  // It has no room, and is never run or dropped as a task.
  static constexpr weft_task_type_t type_of_all{
      sizeof(weft_task_type_t), WEFT_TASK_POSTED | type_is_inner, 0, 0, nullptr, nullptr, nullptr};

  const join_call call_;
  record &caller_;            // records are freed by weft_cleanup only
  const frame *const around_; // what the caller does and is inside of; both stay until the join ends
  const scope *const inside_;
  // The thread that runs it; null: none yet. Its release pairs with the acquire of may_end().
  atomic<const record *> runner_{nullptr};
  // Has a value from the first sleep on. Written by the caller; read by other threads under the
  // lock of the wait graph.
  bool helper_sleeps_;
  join_outcome outcome_; // from the end on
};

} // namespace weft::core
