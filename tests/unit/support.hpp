// What the unit tests share: tasks made of lambdas, a gate between threads, a crew of threads, and an executor that
// does nothing. This file knows the task layer, and no executor: those are in exec/pools.hpp.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/parker.hpp"
#include "task/call.hpp"
#include "task/owner.hpp"
#include "task/task.hpp"
#include "thread/record.hpp"

namespace weft::test {

using namespace weft::core;

// Opens once. wait() is bounded only to turn a hang into a failure.
class gate {
public:
  void open() {
    const std::scoped_lock hold(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  [[nodiscard]] bool wait() {
    std::unique_lock hold(mutex_);
    return changed_.wait_for(hold, std::chrono::seconds(60), [this] { return open_; });
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

// Plain threads, joined at the end of the scope.
class crew {
public:
  crew() = default;
  crew(const crew &) = delete;
  crew &operator=(const crew &) = delete;
  ~crew() { join(); }
  template <class Function> void add(Function function) { threads_.emplace_back(std::move(function)); }
  void join() {
    for (std::thread &t : threads_) t.join();
    threads_.clear();
  }

private:
  std::vector<std::thread> threads_;
};

// A function with its counts: how often it ran, how often its context was dropped. Must outlive its task.
struct work {
  using body_fn = std::function<weft_status(void **, weft_error **)>;
  work() = default;
  explicit work(body_fn does) : body(std::move(does)) {}

  call as_call() noexcept { return {&work::run, this, &work::drop}; }
  task *make(weft_drop_fn result_drop = nullptr) { return create_call(as_call(), result_drop); }
  task *make_posted() { return create_posted_call(as_call()); }

  static weft_status run(void *ctx, void **result, weft_error **failure) {
    auto *self = static_cast<work *>(ctx);
    self->ran.fetch_add(1);
    return self->body ? self->body(result, failure) : WEFT_OK;
  }
  static void drop(void *ctx) { static_cast<work *>(ctx)->dropped.fetch_add(1); }

  body_fn body;
  std::atomic<int> ran{0}, dropped{0};
};

// An executor that only notes its calls.
struct noting_owner final : task_owner {
  lent lend(task &wanted, record &self, haste, const helping &by) override {
    ++lends;
    if (!lends_out || !wanted.try_claim()) return lent::no;
    wanted.run_claimed(self, this, &by);
    return lent::yes;
  }
  bool may_start(const task &, const wait_graph &) const noexcept override { return starts; }
  void left_queue() noexcept override { ++left; }
  void report(const weft_error *failure) override { reported.push_back(static_cast<const error *>(failure)->code()); }

  bool lends_out = false, starts = true;
  int lends = 0;
  std::atomic<int> left{0};
  std::vector<std::int32_t> reported;
};

// Long enough for everything; turns a hang into a failure.
inline deadline soon() {
  return deadline::after(60 * WEFT_SECOND);
}

inline weft_error *failure_of(std::int32_t code, const char *message = "") {
  return error::make(code, "test", message);
}

// Sleeps on the parker until the condition holds. The thread that makes it hold must unpark.
template <class Condition> bool park_until(parker &sleeper, Condition holds) {
  const deadline until = deadline::after(60 * WEFT_SECOND);
  while (!holds() && !until.passed()) sleeper.park(until);
  return holds();
}

} // namespace weft::test
