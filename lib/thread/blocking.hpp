// How a thread waits: look, spin shortly, then sleep in the wait graph until it is woken, late, or asked to stop.
//
// The caller brings the condition; whoever makes it true must unpark the sleeper afterwards (usually an observer of a
// completion does). A stop request or a late permit also wakes it, so the condition is looked at again each time.
#pragma once

#include <cstddef>

#include <weft/base.h>

#include "base/block.hpp"
#include "base/clock.hpp"
#include "base/completion.hpp"
#include "thread/record.hpp"
#include "thread/wait_graph.hpp"

namespace weft::core {

// How often a waiter looks before it sleeps: some tens of microseconds, about what a wake-up costs. 0 on one CPU.
int spin_limit() noexcept;

// `times` as long as usual.
template <class Condition> bool spin_until(Condition ready, int times = 1) noexcept {
  for (int i = spin_limit() * times; i > 0; --i) {
    if (ready()) return true;
    relax();
  }
  return ready();
}

// WEFT_OK, WEFT_ETIMEDOUT, WEFT_EINTERRUPTED or WEFT_EDEADLK. Does not spin. Call with the wakers in place.
template <class Condition>
weft_status sleep_until(record &self, const dependency *on, std::size_t count, wait_for mode, deadline until,
                        Condition ready) noexcept {
  if (ready()) return WEFT_OK;
  if (until.passed()) return WEFT_ETIMEDOUT;
  flush_freed_blocks();
  if (self.before_sleep != nullptr) self.before_sleep(self);
  blocked_thread entry{&self, on, count, mode, !until.is_never()};
  if (!wait_graph::instance().enter(entry)) return ready() ? WEFT_OK : WEFT_EDEADLK;
  weft_status status;
  // The flags are read after enter(): a stop request either finds us listed, or we find its flag.
  for (;;) {
    if (ready()) {
      status = WEFT_OK;
      break;
    }
    if (stop_requested(self)) {
      status = WEFT_EINTERRUPTED;
      break;
    }
    if (until.passed()) {
      status = WEFT_ETIMEDOUT;
      break;
    }
    self.sleeper.park(until);
  }
  wait_graph::instance().leave(entry);
  return status;
}

// Wait for one completion. `may_happen` as in dependency; `object` is what it gets.
enum class spinning { some, none }; // before it sleeps
weft_status wait_for_completion(record &self, completion &end, dependency on, deadline until,
                                spinning before = spinning::some) noexcept;

// weft_sleep: nothing to wait for but time and stop requests.
weft_status sleep_for(std::int64_t duration) noexcept;

} // namespace weft::core
