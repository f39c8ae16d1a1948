// Continuations: a task that waits for another future, its source, before it becomes ready: weft_future_then.
//
// It is one object with the task: between its header and its room lies a `continuation`. Knows of executors only what
// `stage` tells; exec/then.cpp brings them in. Read on in continuation.cpp, "The life of a continuation".
#pragma once

#include <weft/continuation.h>

#include "task/call.hpp"
#include "task/source_link.hpp"

namespace weft::core {

// Where a continuation is to run. Plain functions, for the task layer does not know executors.
struct stage_calls {
  weft_status (*submit)(void *executor, task &ready);    // as executor::submit, of one
  error *(*refusal)(void *executor, weft_status status); // what a future fails with that it refused
  void (*release)(void *executor);                       // the handle that the continuation holds
};
struct stage {
  void *executor = nullptr;           // null: on the thread that finishes the source
  const stage_calls *calls = nullptr; // null with it
};

class continuation {
public:
  explicit continuation(task &self) noexcept : link_(&continuation::source_done, &self, &continuation::source_gone) {}
  continuation(const continuation &) = delete;
  continuation &operator=(const continuation &) = delete;

  // The part of a task that is one.
  static continuation &of(task &which) noexcept;
  static const continuation &of(const task &which) noexcept;

  // Start: `made` has a reference for a handle and one for the link. With a handle of the stage's executor.
  static void start(task &made, task &source, std::uint32_t when, stage where);

  const source_link &link() const noexcept { return link_; }
  // Whose result this one hands on, with a reference; null: it has its own, or none.
  task *origin() const noexcept { return origin_; }

  // The task has left the pending state to be run or cancelled, and its closure is gone or was run.
  void let_go(task &self);
  // With the last reference.
  void forget_origin() noexcept { origin_->unref(); }

private:
  static void source_done(void *ctx, weft_future_t *source);
  static void source_gone(void *ctx);
  bool runs_after(const task &source) const noexcept;
  void hand_on(task &self, task &source);
  void run_on_stage(task &self);
  void fail(task &self, error *reason);
  void leave_stage();

  source_link link_;
  stage where_;
  std::uint32_t when_ = WEFT_THEN_RESULT;
  task *origin_ = nullptr; // written before the state becomes with_result, and read after
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

// The task whose room holds the result of this one: itself, unless it hands on another's.
inline task &result_owner(task &done) noexcept {
  if (!done.is_continuation()) return done;
  task *const origin = continuation::of(done).origin();
  return origin != nullptr && done.state() == with_result ? *origin : done;
}

// A continuation of plain C, as task/call.hpp makes tasks; with two references. Null: no memory.
struct continuation_call {
  weft_then_fn fn;
  void *ctx;
  weft_drop_fn drop;
};
task *create_continuation(const continuation_call &what, weft_drop_fn result_drop, const belonging &to = {}) noexcept;

// The source of the continuation that this thread is in, at the top of its stack; null when it is in none. Borrowed.
task *current_source() noexcept;

} // namespace weft::core
