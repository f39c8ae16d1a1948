// What protocols on whole executors share: a pool for one run, and tasks that count what happens to them.
#pragma once

#include <functional>
#include <utility>

#include "exec/pool.hpp"
#include "task/call.hpp"
#include "task/wait.hpp"
#include "thread/record.hpp"

namespace weft::test {

using namespace weft::core;
using actor = model::thread;
using model::check;
using model::fail;
using model::locks_held;

// A function with its counts, which are plain. If it runs twice at a time, or a waiter does not see its writes, that is
// a data race.
struct work {
  work() = default;
  explicit work(std::function<void()> does) : body(std::move(does)) {}
  ~work() { check(ran <= 1 && dropped <= 1, "a task runs once at most, and is dropped once"); }
  work(const work &) = delete;
  work &operator=(const work &) = delete;

  static weft_status run(void *ctx, void ** /*result*/, weft_error ** /*failure*/) {
    auto &self = *static_cast<work *>(ctx);
    check(self.dropped == 0, "a task does not run after its drop");
    check(++self.ran == 1, "a task runs once");
    if (self.body) self.body();
    return WEFT_OK;
  }
  static void drop(void *ctx) {
    check(locks_held() == 0, "code of the user runs under no lock");
    check(++static_cast<work *>(ctx)->dropped == 1, "a task is dropped once");
  }
  call as_call() noexcept { return {&work::run, this, &work::drop}; }
  task *make(const belonging &to = {}) { return create_call(as_call(), nullptr, to); }
  task *make_posted(const belonging &to = {}) { return create_posted_call(as_call(), to); }

  std::function<void()> body;
  int ran = 0, dropped = 0;
};

// Submits, with one reference for the caller. Null: it was refused, and `status` says why.
inline task *submit(executor &to, work &what, weft_status *status = nullptr) {
  task *made = what.make();
  const weft_status said = to.submit(&made, 1);
  if (status != nullptr) *status = said;
  if (said == WEFT_OK) return made;
  task::discard(made);
  return nullptr;
}
inline weft_status post(executor &to, work &what) {
  task *made = what.make_posted();
  const weft_status said = to.submit(&made, 1);
  if (said != WEFT_OK) task::discard(made);
  return said;
}
// Waits for the task, and gives the reference back.
inline task_state finish(task *which) {
  check(wait_for_task(*which, deadline::never()) == WEFT_OK, "the wait ends, and well");
  const task_state end = which->state();
  which->unref();
  return end;
}

struct settings_of_pool {
  std::uint32_t workers = 2;
  bound_settings queue{};
  std::uint32_t spares = 0;
  std::int64_t linger = 0;
};

// A pool for one run. Its destructor waits until everything has run and its threads have ended.
class one_pool {
public:
  explicit one_pool(const settings_of_pool &given = {}) {
    pool_settings settings;
    settings.max_workers = given.workers;
    settings.max_spares = given.spares;
    settings.linger = given.linger;
    settings.name_prefix = "m";
    settings.queue = given.queue;
    pool_ = pool::make(home_, executors_, settings);
  }
  ~one_pool() {
    finish();
    if (pool_ != nullptr) pool_->unref_handle();
  }
  void finish() {
    if (std::exchange(finished_, true)) return;
    pool_->close();
    check(pool_->join(deadline::never()) == WEFT_OK, "the pool ends");
    // A worker that had left the pool before may be on its last steps, after its end.
    check(home_->await_departed(deadline::never()), "the threads end");
    weft_executor_stats_t figures{};
    pool_->read(figures);
    check(figures.queued == 0, "nothing is left");
  }
  pool &operator*() noexcept { return *pool_; }
  pool *operator->() noexcept { return pool_; }

private:
  const shared<roster> home_ = adopt(new roster);
  executor_list executors_;
  pool *pool_ = nullptr;
  bool finished_ = false;
};

// After a cancellation of what is pending: a task that is still pending is about to be cancelled. Ends the pool,
// because a drop may come after the end of a wait.
template <std::size_t Count> void all_decided(task *const (&made)[Count], const work (&tasks)[Count], one_pool &pool) {
  bool was_pending[Count], is_cancelled[Count];
  for (std::size_t i = 0; i < Count; ++i) was_pending[i] = made[i]->state() == pending;
  for (std::size_t i = 0; i < Count; ++i) is_cancelled[i] = finish(made[i]) == cancelled;
  pool.finish();
  for (std::size_t i = 0; i < Count; ++i) {
    check(is_cancelled[i] || !was_pending[i], "nothing starts after the cancellation");
    check(tasks[i].ran == (is_cancelled[i] ? 0 : 1) && tasks[i].dropped == 1, "run or cancelled, and dropped");
  }
}

} // namespace weft::test
