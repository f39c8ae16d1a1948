// The inner executor of strands: an Asio executor that brings each function into a task of a pool.
//
// It never runs a function in the calling thread. It throws `refused` when the pool does not take
// the task. Read on in README.md, "Strands".
#pragma once

#include <utility> // before Asio 1.74, which forgets it under C++20

#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>

#include <weft/base.h>

namespace weft::core {

class strand;

// A function of Asio's on its way into a task. Implemented by the strand that the executor belongs
// to.
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
