// Executors of an isolated runtime for one test; they end with the runtime.
#pragma once

#include <utility>

#include "exec/caller_run.hpp"
#include "exec/pool.hpp"
#include "exec/strand.hpp"
#include "runtime/runtime.hpp"
#include "support.hpp"

namespace weft::test {

// A handle of an executor.
template <class Executor> class handle {
public:
  explicit handle(Executor *of) noexcept : of_(of) {}
  ~handle() { reset(); }
  handle(const handle &) = delete;
  handle &operator=(const handle &) = delete;
  Executor &operator*() const noexcept { return *of_; }
  Executor *operator->() const noexcept { return of_; }
  void reset() {
    if (Executor *const last = std::exchange(of_, nullptr); last != nullptr) last->unref_handle();
  }

private:
  Executor *of_;
};

struct world {
  world() : home(runtime::create()) {}
  ~world() {
    home->shutdown(soon());
    runtime::forget(home);
    home->unref();
  }
  world(const world &) = delete;
  world &operator=(const world &) = delete;

  shared<roster> as_roster() const { return shared<roster>(home); }
  pool *new_pool(std::uint32_t workers, bound_settings queue = {}) const {
    pool_settings settings;
    settings.max_workers = workers;
    settings.queue = queue;
    return pool::make(as_roster(), home->executors(), settings);
  }
  caller_run *new_caller_run(bound_settings queue = {}) const {
    return caller_run::make(as_roster(), home->executors(), queue, false);
  }

  runtime *const home;
};

// Submits, and returns the future with one reference; null if the task was refused.
inline task *submit(executor &to, work &what, weft_status *answer = nullptr) {
  task *made = what.make();
  const weft_status status = to.submit(&made, 1);
  if (answer != nullptr) *answer = status;
  if (status == WEFT_OK) return made;
  task::discard(made);
  return nullptr;
}

} // namespace weft::test
