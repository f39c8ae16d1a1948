// What timers need of the executor that they belong to. The executors derive from it; the timer layer knows no more.
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

  // Tasks have become due: accept them all or none, as a submit would, but past the bound of the queue, for they were
  // accepted when they were armed. WEFT_OK, WEFT_ESHUTDOWN, WEFT_EAGAIN, WEFT_ENOMEM.
  virtual weft_status make_ready(task *const *tasks, std::size_t count) noexcept = 0;

  // See to it that somebody calls serve() at `due`, instead of at the time asked for before. On failure the call asked
  // for before still comes. Under the lock of the timer_queue, so it runs no user code and takes no lock above that.
  // WEFT_OK, WEFT_EAGAIN, WEFT_ENOMEM; WEFT_ESHUTDOWN, WEFT_EBROKEN: never again.
  virtual weft_status set_alarm(std::int64_t due) noexcept = 0;
  // Nothing is armed any more; a call that was asked for may still come. Under the same lock.
  virtual void alarm_is_idle() noexcept = 0;

  // The clock; tests have one of their own.
  virtual std::int64_t now() const noexcept { return now_ns(); }
};

} // namespace weft::core
