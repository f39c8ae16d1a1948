// The part of Asio that the library uses, over the engine of the model tests: a queue of handlers, timers, strands.
//
// It comes before Boost's headers on the include path of a model build. It promises only what Asio documents: a handler
// runs once, on a thread in run_one() or poll_one(), in the order of posting. Which thread wakes is left open.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <boost/system/error_code.hpp>

#include "model/atomic.hpp"

namespace boost::asio {

namespace execution {
struct context_t {};
struct blocking_t {};
inline constexpr struct { blocking_t never; } blocking;
} // namespace execution

class execution_context {};
class io_context;

namespace detail {

// What run_one_for() is made of.
struct io_context_impl {
  std::size_t wait_one(long microseconds, boost::system::error_code &);
  io_context &of;
};

struct handler {
  virtual ~handler() = default;
  virtual void run() = 0;
};
template <class Function> struct holder final : handler {
  explicit holder(Function &&f) : function(std::move(f)) {}
  void run() override {
    Function last(std::move(function));
    last();
  }
  Function function;
};
template <class Function> std::unique_ptr<handler> hold(Function function) {
  return std::make_unique<holder<Function>>(std::move(function));
}

struct waiting_timer {
  std::int64_t due;
  const void *of;
  std::unique_ptr<handler> fired;
};

} // namespace detail

class io_context : public execution_context {
public:
  class executor_type {
  public:
    explicit executor_type(io_context &of) noexcept : of_(&of) {}
    io_context &context() const noexcept { return *of_; }

  private:
    io_context *of_;
  };

  executor_type get_executor() noexcept { return executor_type(*this); }
  detail::io_context_impl &inner() noexcept { return inner_; }

  void stop() {
    {
      const std::scoped_lock hold(mutex_);
      stopped_ = true;
    }
    weft::model::wake_on(&ready_, ~0u);
  }
  bool stopped() const {
    const std::scoped_lock hold(mutex_);
    return stopped_;
  }

  std::size_t run_one() { return run_until(weft::model::no_limit); }
  template <class Rep, class Period> std::size_t run_one_for(const std::chrono::duration<Rep, Period> &limit) {
    const std::int64_t span = std::chrono::duration_cast<std::chrono::nanoseconds>(limit).count();
    // A re-check after seconds would hide a lost wake-up.
    return run_until(span >= 1'000'000'000 ? weft::model::no_limit : weft::model::virtual_time() + span);
  }
  std::size_t poll_one() { return run_until(0); }

  void add(std::unique_ptr<detail::handler> made) {
    {
      const std::scoped_lock hold(mutex_);
      ready_.push_back(std::move(made));
    }
    weft::model::wake_on(&ready_, 1);
  }
  void add_timer(std::int64_t due, const void *of, std::unique_ptr<detail::handler> fired) {
    {
      const std::scoped_lock hold(mutex_);
      timers_.push_back({due, of, std::move(fired)});
    }
    weft::model::wake_on(&ready_, 1); // a thread that sleeps longer than that sleeps anew
  }
  std::size_t drop_timers(const void *of) {
    std::vector<detail::waiting_timer> gone; // destroyed after the lock is released
    const std::scoped_lock hold(mutex_);
    for (std::size_t i = timers_.size(); i-- != 0;)
      if (timers_[i].of == of) {
        gone.push_back(std::move(timers_[i]));
        timers_.erase(timers_.begin() + static_cast<std::ptrdiff_t>(i));
      }
    return gone.size();
  }

private:
  // `until` 0: only what is ready now.
  std::size_t run_until(std::int64_t until) {
    for (;;) {
      std::unique_ptr<detail::handler> next;
      std::int64_t wake = until;
      {
        const std::scoped_lock hold(mutex_);
        if (stopped_) return 0;
        if (!ready_.empty()) {
          next = std::move(ready_.front());
          ready_.pop_front();
        } else if (!timers_.empty()) {
          const auto first = std::min_element(timers_.begin(), timers_.end(),
                                              [](const auto &a, const auto &b) { return a.due < b.due; });
          if (first->due <= weft::model::virtual_time()) {
            next = std::move(first->fired);
            timers_.erase(first);
          } else {
            wake = std::min(wake, first->due);
          }
        }
      }
      if (next) {
        next->run();
        return 1;
      }
      if (until <= weft::model::virtual_time()) return 0;
      weft::model::sleep_on(&ready_, wake, "sleeps in the io_context");
    }
  }

  mutable weft::model::mutex mutex_;
  std::deque<std::unique_ptr<detail::handler>> ready_;
  std::vector<detail::waiting_timer> timers_;
  bool stopped_ = false;
  detail::io_context_impl inner_{*this};
};

inline std::size_t detail::io_context_impl::wait_one(long microseconds, boost::system::error_code &) {
  return of.run_one_for(std::chrono::microseconds(microseconds));
}
template <class Service> detail::io_context_impl &use_service(io_context &of) {
  return of.inner();
}

template <class Executor> class executor_work_guard {
public:
  explicit executor_work_guard(const Executor &) noexcept {}
};

template <class Function> void post(io_context &to, Function function) {
  to.add(detail::hold(std::move(function)));
}

class steady_timer {
public:
  explicit steady_timer(io_context &in) noexcept : in_(in) {}
  ~steady_timer() { in_.drop_timers(this); }
  steady_timer(const steady_timer &) = delete;
  steady_timer &operator=(const steady_timer &) = delete;

  std::size_t expires_at(std::chrono::steady_clock::time_point at) {
    due_ = std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count();
    return cancel();
  }
  std::size_t cancel() { return in_.drop_timers(this); }
  std::size_t cancel(boost::system::error_code &) { return cancel(); }
  template <class Function> void async_wait(Function function) {
    in_.add_timer(due_, this,
                  detail::hold([function = std::move(function)]() mutable { function(boost::system::error_code()); }));
  }

private:
  io_context &in_;
  std::int64_t due_ = 0;
};

// One handler at a time, in the order of posting. Like Asio's, a turn runs the handlers that were there at its start.
template <class Executor> class strand {
public:
  explicit strand(const Executor &inner) : inner_(inner), shared_(std::make_shared<state>()) {}

  void add(std::unique_ptr<detail::handler> made) const {
    bool first = false;
    {
      const std::scoped_lock hold(shared_->mutex);
      shared_->waiting.push_back(std::move(made));
      first = !std::exchange(shared_->taken, true);
    }
    if (first) send();
  }

private:
  struct state {
    weft::model::mutex mutex;
    std::deque<std::unique_ptr<detail::handler>> waiting;
    bool taken = false;
  };
  void send() const {
    inner_.execute([self = *this]() {
      std::deque<std::unique_ptr<detail::handler>> now;
      {
        const std::scoped_lock hold(self.shared_->mutex);
        now.swap(self.shared_->waiting);
      }
      for (const auto &each : now) each->run();
      {
        const std::scoped_lock hold(self.shared_->mutex);
        self.shared_->taken = !self.shared_->waiting.empty();
        if (!self.shared_->taken) return;
      }
      self.send();
    });
  }

  Executor inner_;
  std::shared_ptr<state> shared_;
};

template <class Executor, class Function> void post(const strand<Executor> &to, Function function) {
  to.add(detail::hold(std::move(function)));
}

} // namespace boost::asio
