#include "timer/alarm_clock.hpp"

#include <chrono>
#include <new>

#include <boost/system/system_error.hpp>

#include "timer/timer_queue.hpp"

namespace weft::core {

weft_status alarm_clock::set(std::int64_t due) noexcept {
  try {
    if (!timers_) timers_.emplace(context_);
    boost::asio::steady_timer &next = other_waits_ ? timers_->one : timers_->other;
    boost::asio::steady_timer &last = other_waits_ ? timers_->other : timers_->one;
    next.expires_at(std::chrono::steady_clock::time_point(std::chrono::nanoseconds(due)));
    next.async_wait([queue = &queue_](const boost::system::error_code &cancelled) {
      if (!cancelled) queue->serve();
    });
    other_waits_ = !other_waits_;
    last.cancel(); // for a timer this never fails
    return WEFT_OK;
  } catch (const boost::system::system_error &) {
    return WEFT_EAGAIN;
  } catch (const std::bad_alloc &) {
    return WEFT_ENOMEM;
  }
}

} // namespace weft::core
