// Calls serve() of a timer_queue at a given time, on a worker that is in the io_context. All of
// Asio that this layer uses.
//
// Owns Asio's timers. They are not thread-safe, so all calls come under the lock of the queue.
#pragma once

#include <cstdint>
#include <optional>
#include <utility> // before Asio 1.74, which does not include it under C++20

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <weft/base.h>

namespace weft::core {

class timer_queue;

class alarm_clock {
public:
  alarm_clock(boost::asio::io_context &context, timer_queue &queue) noexcept : context_(context), queue_(queue) {}

  // Call serve() at `due`, and not at the time that was set before. WEFT_OK; WEFT_ENOMEM;
  // WEFT_EAGAIN: the system gives no descriptor. On failure the time that was set before still
  // holds.
  weft_status set(std::int64_t due) noexcept;

private:
  // At most one of the two waits. The second one takes a new time, so that a failure leaves the
  // first one in place.
  struct pair {
    explicit pair(boost::asio::io_context &context) : one(context), other(context) {}
    boost::asio::steady_timer one, other;
  };

  boost::asio::io_context &context_;
  timer_queue &queue_;
  // Made for the first alarm. Until then the io_context needs no descriptors.
  std::optional<pair> timers_;
  bool other_waits_ = false;
};

} // namespace weft::core
