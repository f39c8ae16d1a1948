// The bound of a queue: how many tasks may wait to start, and what a submit does when there is no
// room.
//
// Knows only numbers of tasks. The protocol is argued in README.md, "Bounds".
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>

#include <weft/executor.h>

#include "base/atomic.hpp"
#include "base/clock.hpp"
#include "thread/wait_graph.hpp"

namespace weft::core {

struct bound_settings {
  std::uint64_t most = 0; // 0: no bound
  std::uint32_t when_full = WEFT_FULL_FAIL;
  std::int64_t timeout = WEFT_FOREVER;
};

class bound {
public:
  explicit bound(bound_settings settings) noexcept : settings_(settings) {}

  bool exists() const noexcept { return settings_.most != 0; }
  bool lets_caller_run() const noexcept { return settings_.when_full == WEFT_FULL_CALLER; }

  // Reserve room for `count` tasks. WEFT_OK, WEFT_EFULL (also for WEFT_FULL_CALLER),
  // WEFT_ESHUTDOWN, WEFT_ENOMEM, or the status of a wait. `on` tells the wait graph whether room
  // may still come.
  weft_status acquire(std::uint64_t count, dependency on) noexcept;
  void release(std::uint64_t count) noexcept;
  // Submitters that wait for room get WEFT_ESHUTDOWN.
  void close() noexcept;

private:
  struct waiter { // on the stack of the waiting thread
    std::uint64_t count;
    parker *sleeper;
    weft_status answer; // under mutex_; WEFT_EAGAIN while it waits
    waiter *next;
  };
  void serve_locked(wake_list &sleepers) noexcept;
  void forget_locked(waiter &gone) noexcept;

  const bound_settings settings_;
  native_mutex mutex_;
  std::uint64_t waiting_tasks_ = 0;            // under mutex_
  waiter *first_ = nullptr, **last_ = &first_; // under mutex_; served in their order
  bool closed_ = false;                        // under mutex_
};

} // namespace weft::core
