// What timers need of their executor. The executors derive from it. The timer layer knows no more
// of them.
#pragma once

#include <cstddef>
#include <cstdint>

#include <weft/base.h>

#include "base/clock.hpp"

namespace weft::core {

class task;

class timer_host {
public:
  virtual ~timer_host() = default;

  // Accept tasks that have become due, all or none, as a submit does. They pass the bound of the
  // queue, because they were accepted when they were armed. WEFT_OK, WEFT_ESHUTDOWN, WEFT_EAGAIN,
  // WEFT_ENOMEM.
  virtual weft_status make_ready(task *const *tasks, std::size_t count) noexcept = 0;

  // Make some thread call serve() at `due`, instead of at the time that was asked for before. On
  // failure the call that was asked for before still comes. Under the lock of the timer_queue, so
  // it runs no user code, and takes only locks below that one. WEFT_OK, WEFT_EAGAIN, WEFT_ENOMEM;
  // WEFT_ESHUTDOWN, WEFT_EBROKEN: for good.
  virtual weft_status set_alarm(std::int64_t due) noexcept = 0;
  // Nothing is armed any more. A call that was asked for may still come. Under the same lock.
  virtual void alarm_is_idle() noexcept = 0;

  // The clock. Tests have one of their own.
  virtual std::int64_t now() const noexcept { return now_ns(); }
};

} // namespace weft::core
