// Waiting for one future or several, from any thread.
//
// Owns the set of futures of one wait. Inside a task the wait may run what it waits for:
// helping.hpp has the rule and the loop. thread/blocking.hpp has the sleep.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/clock.hpp"
#include "task/helping.hpp"
#include "task/sources.hpp"
#include "task/task.hpp"
#include "thread/blocking.hpp"

namespace weft::core {

// WEFT_OK when it is done; WEFT_ETIMEDOUT, WEFT_EINTERRUPTED, WEFT_EDEADLK, WEFT_ENOMEM.
weft_status wait_for_task(task &wanted, deadline until);

// Let this thread run `wanted` if it may and the task has not started. If `wanted` comes of other
// futures, let it run something of those.
lent try_lend(task &wanted, const helper &by, lending how);
inline lent try_lend(task &wanted, const helper &by) {
  return try_lend(wanted, by, by.how);
}
// It will be given to an executor when its sources are done.
bool awaits_executor(const task &wanted) noexcept;

// The futures of one wait, each once.
class future_set {
public:
  future_set() = default;
  ~future_set();
  future_set(const future_set &) = delete;
  future_set &operator=(const future_set &) = delete;

  // Collapses duplicates. Borrows the futures. False: no memory.
  bool assign(task *const *futures, std::size_t count) noexcept;

  // Wait until `mode` (WEFT_ALL_COMPLETED, ...) is fulfilled.
  weft_status wait(std::uint32_t mode, deadline until);

  std::size_t size() const noexcept { return count_; }
  // Look once at each, so that count and flags speak of the same moment. Returns how many are done.
  std::size_t note_done() noexcept;
  // What note_done() saw. `which` is one of the set.
  bool was_done(const task &which) const noexcept;

private:
  struct member;
  bool fulfilled(std::uint32_t mode) const noexcept;
  lent lend_one(const helper &by, std::uint32_t mode);
  weft_status sleep(record &self, std::uint32_t mode, deadline until, helpful_sleep &sleeping) noexcept;

  member *members_ = nullptr;
  dependency *dependencies_ = nullptr;
  std::size_t count_ = 0;
};

// What a done future answers to a call that asks for its result.
inline weft_status verdict(const task &done) noexcept {
  switch (done.state()) {
  case with_error:
    return WEFT_EFAILED;
  case cancelled:
    return WEFT_ECANCELED;
  default:
    return WEFT_OK;
  }
}

} // namespace weft::core
