// How a worker in the seat waits in the io_context with a limit of time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include <boost/asio/io_context.hpp>

#include <weft/base.h>

#include "base/clock.hpp"

namespace weft::core {

// As io.run_one_for(limit), with nanoseconds. But run_one_for() wakes up once a second, whatever
// the limit, and that is more than all else that an idle pool costs. So where Asio has it, as in
// Boost 1.74, its inner function is called that waits for the whole limit.
template <class Context> std::size_t run_one_within(Context &io, std::int64_t limit) {
  using inner = boost::asio::detail::io_context_impl;
  boost::system::error_code ignored;
  if constexpr (requires(inner & waiting) { waiting.wait_one(1, ignored); }) {
    auto &waiting = boost::asio::use_service<inner>(io);
    const std::int64_t end = now_ns() + limit;
    for (std::int64_t left = limit; left > 0 && !io.stopped(); left = end - now_ns())
      // 0: the time is over, or another thread was faster.
      if (waiting.wait_one(static_cast<long>(left / 1000 + 1), ignored) != 0) return 1;
    return 0;
  } else {
    return io.run_one_for(std::chrono::nanoseconds(limit));
  }
}

} // namespace weft::core
