// The one thing of Asio's in this layer: calls a timer_queue at a time, on whichever worker is in the io_context.
//
// Owns Asio's timers; all calls come under the queue's lock, for these are not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <utility> // before Asio 1.74, which forgets it under C++20

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <weft/base.h>

namespace weft::core {

class timer_queue;

class alarm_clock {
public:
  alarm_clock(boost::asio::io_context &context, timer_queue &queue) noexcept : context_(context), queue_(queue) {}

  // Call serve() at `due`, and not at the time set before. WEFT_OK; WEFT_ENOMEM, or WEFT_EAGAIN: the system gives no
  // descriptor; then the time set before still holds.
  weft_status set(std::int64_t due) noexcept;

private:
  // At most one of the two is waiting. A second one, so that a wait that cannot be had leaves the one before in place.
  struct pair {
    explicit pair(boost::asio::io_context &context) : one(context), other(context) {}
    boost::asio::steady_timer one, other;
  };

  boost::asio::io_context &context_;
  timer_queue &queue_;
  std::optional<pair> timers_; // made for the first alarm: until then the io_context needs no descriptors
  bool other_waits_ = false;
};

} // namespace weft::core
