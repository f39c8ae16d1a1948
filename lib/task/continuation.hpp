// Continuations: a task that becomes ready when another future, its source, is done
// (weft_future_then).
//
// Owns the link to the source and the handle of the stage. It lies between the header of the task
// and its room. Knows of executors only what `stage` says; exec/then.cpp brings them in. Read on in
// README.md, "Continuations".
#pragma once

#include <weft/continuation.h>

#include "task/call.hpp"
#include "task/source_link.hpp"

namespace weft::core {

// Where a continuation runs. Plain functions, because the task layer does not know executors.
struct stage_calls {
  weft_status (*submit)(void *executor, task &ready); // executor::submit, of one task
  // The error of a future that the executor has refused.
  error *(*refusal)(void *executor, weft_status status);
  void (*release)(void *executor); // give back the handle of the continuation
};
struct stage {
  // Null: the continuation runs on the thread that completes the source.
  void *executor = nullptr;
  const stage_calls *calls = nullptr; // null with it
};

class continuation {
public:
  explicit continuation(task &self) noexcept : link_(&continuation::source_done, &self, &continuation::source_gone) {}
  continuation(const continuation &) = delete;
  continuation &operator=(const continuation &) = delete;

  // The part of a task that is a continuation.
  static continuation &of(task &which) noexcept;
  static const continuation &of(const task &which) noexcept;

  // `made` has a reference for a handle and one for the link; `where` has a handle of its executor.
  static void start(task &made, task &source, std::uint32_t when, stage where);
  // The same for a continuation that runs nothing (create_flattening): `source` has a future as its
  // result, and its outcome is handed on.
  static void start_flattening(task &made, task &source);

  const source_link &link() const noexcept { return link_; }
  // The task whose result this one hands on, with a reference. Null: it has its own result, or
  // none.
  task *origin() const noexcept { return origin_; }

  // The task has left the pending state, to be run or cancelled; its closure has run or is gone.
  void let_go(task &self);
  // When the last reference to the task goes.
  void forget_origin() noexcept { origin_->unref(); }

private:
  static void source_done(void *ctx, weft_future_t *source);
  static void source_gone(void *ctx);
  bool runs_after(const task &source) const noexcept;
  void hand_on(task &self, task &source);
  void follow_result(task &self, task &source);
  void run_on_stage(task &self);
  void fail(task &self, error *reason);
  void leave_stage();

  source_link link_;
  stage where_;
  std::uint32_t when_ = WEFT_THEN_RESULT;
  // The result of the source is a future, which is to be the next source.
  bool flattens_ = false;
  // Written before the state becomes with_result, and read after.
  task *origin_ = nullptr;
};

class continuation_task : public future_task {
public:
  continuation then;
};

inline continuation &continuation::of(task &which) noexcept {
  return static_cast<continuation_task &>(which).then;
}
inline const continuation &continuation::of(const task &which) noexcept {
  return static_cast<const continuation_task &>(which).then;
}

// The task whose room holds the result of `done`: itself, unless it hands on another's.
inline task &result_owner(task &done) noexcept {
  if (!done.is_continuation()) return done;
  task *const origin = continuation::of(done).origin();
  return origin != nullptr && done.state() == with_result ? *origin : done;
}

// A continuation made of a plain C function, as in call.hpp, with two references. Null: no memory.
struct continuation_call {
  weft_then_fn fn;
  void *ctx;
  weft_drop_fn drop;
};
task *create_continuation(const continuation_call &what, weft_drop_fn result_drop, const belonging &to = {}) noexcept;
// A continuation without a function, for start_flattening(), with two references. Null: no memory.
task *create_flattening() noexcept;

// The source of the continuation that runs at the top of this thread's stack. Null: none runs
// there. Borrowed.
task *current_source() noexcept;

} // namespace weft::core
