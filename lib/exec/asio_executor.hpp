// An Asio executor over a pool: what it is given becomes a task of the pool. The inner executor of strands.
//
// Never runs anything in the calling thread. Throws refused when the pool does not take the task.
#pragma once

#include <utility> // before Asio 1.74, which forgets it under C++20

#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>

#include <weft/base.h>

namespace weft::core {

class strand;

// Carries a function of Asio's into a task. Implemented by the strand that the executor belongs to.
class carried {
public:
  virtual ~carried() = default;
  virtual void run() = 0;
};

struct refused {
  weft_status status;
};

class asio_executor {
public:
  asio_executor(boost::asio::io_context &context, strand &for_whom) noexcept : context_(&context), strand_(&for_whom) {}

  template <class Function> void execute(Function function) const;

  boost::asio::execution_context &query(boost::asio::execution::context_t) const noexcept { return *context_; }
  static constexpr boost::asio::execution::blocking_t query(boost::asio::execution::blocking_t) noexcept {
    return boost::asio::execution::blocking.never;
  }
  friend bool operator==(const asio_executor &a, const asio_executor &b) noexcept { return a.strand_ == b.strand_; }
  friend bool operator!=(const asio_executor &a, const asio_executor &b) noexcept { return !(a == b); }

private:
  boost::asio::io_context *context_;
  strand *strand_;
};

} // namespace weft::core
