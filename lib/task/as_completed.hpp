// Futures in the order in which they become done: the object behind weft_as_completed.
//
// Owns a reference to each future that was not yielded yet, and the list of those that are done.
// Knows the rule of waits only through helping.hpp.
#pragma once

#include <cstddef>
#include <mutex>

#include "base/adaptive_mutex.hpp"
#include "base/clock.hpp"
#include "base/misuse.hpp"
#include "task/helping.hpp"
#include "task/sources.hpp"
#include "task/task.hpp"
#include "thread/wait_graph.hpp"

namespace weft::core {

class as_completed {
public:
  // Takes a reference to each future. Null: no memory.
  static as_completed *make(task *const *futures, std::size_t count, deadline until) noexcept;
  ~as_completed();
  as_completed(const as_completed &) = delete;
  as_completed &operator=(const as_completed &) = delete;

  bool has_magic() const noexcept { return magic_.is_right(); }
  // WEFT_OK with a reference in `out`; WEFT_EEND when all were yielded; else as a wait.
  weft_status next(task *&out);
  bool inherited() const noexcept { return native_.is_another(); }

private:
  struct member;
  explicit as_completed(deadline until) noexcept : until_(until) {}
  task *pop() noexcept;
  bool has_ready() noexcept;
  lent lend_one(const helper &by);
  weft_status sleep(record &self, deadline until, helpful_sleep &sleeping) noexcept;

  const native_process native_;
  const deadline until_;
  member *members_ = nullptr;
  dependency *dependencies_ = nullptr; // of the members not yet yielded, in no order
  std::size_t count_ = 0, yielded_ = 0;

  // When a future becomes done its observer appends itself here, with the lock of the completion's
  // stripe held. So no stripe lock is taken under this one.
  adaptive_mutex mutex_; // may be freed as soon as the last observer has unlocked it
  member *first_ready_ = nullptr, **last_ready_ = &first_ready_; // under mutex_
  parker *sleeper_ = nullptr;                                    // under mutex_: next() sleeps here
  [[no_unique_address]] magic_word<0x2bad5eed0e440006> magic_;
};

} // namespace weft::core
