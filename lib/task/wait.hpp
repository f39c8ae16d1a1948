// Waiting for one future or several, from any thread; inside a task with the right to run what is waited for, by the
// rule of helping.hpp.
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

// Let this thread run `wanted` itself if it may and it has not started; or, if it comes of other futures (a
// continuation), something of those.
lent try_lend(task &wanted, const helper &by, lending how);
inline lent try_lend(task &wanted, const helper &by) {
  return try_lend(wanted, by, by.how);
}
// It is to be given to an executor when what it comes of is done.
bool awaits_executor(const task &wanted) noexcept;

// The futures of one wait, each once, and how many of them still matter.
class future_set {
public:
  future_set() = default;
  ~future_set();
  future_set(const future_set &) = delete;
  future_set &operator=(const future_set &) = delete;

  // Collapses duplicates. False: no memory. Borrows the futures.
  bool assign(task *const *futures, std::size_t count) noexcept;

  // Wait until `mode` (WEFT_ALL_COMPLETED ...) is fulfilled.
  weft_status wait(std::uint32_t mode, deadline until);

  std::size_t size() const noexcept { return count_; }
  // Look once at each, so that the count and the flags speak of the same moment. The answer is how many are done.
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

// What a done future says to someone who asks for its result.
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
