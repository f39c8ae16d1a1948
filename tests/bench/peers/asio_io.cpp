// Boost.Asio's io_context with threads that run it, its own strands (io_context::strand), and its steady_timer.
#include "workloads/future.hpp"
#include "workloads/pool.hpp"
#include "workloads/strand.hpp"
#include "workloads/timer.hpp"
#include "workloads/tree.hpp"

#include <utility> // Asio 1.74 does not include it

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/io_context_strand.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <deque>
#include <thread>
#include <vector>

namespace {

class pool {
public:
  explicit pool(unsigned workers) : native_(static_cast<int>(workers)), work_(native_.get_executor()) {
    for (unsigned i = 0; i != workers; ++i) threads_.emplace_back([this] { native_.run(); });
  }
  ~pool() {
    work_.reset();
    for (std::thread &each : threads_) each.join();
  }

  template <class F> void post(F f) { boost::asio::post(native_, f); }
  template <class F> auto submit(F f) { return boost::asio::post(native_, boost::asio::use_future(f)); }

  class strand {
  public:
    explicit strand(pool &on) : native_(on.native_) {}
    template <class F> void post(F f) { boost::asio::post(native_, f); }

  private:
    boost::asio::io_context::strand native_;
  };

private:
  boost::asio::io_context native_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::vector<std::thread> threads_;
};

// On one thread, which is Asio's cheapest way. The handlers of the cancelled waits run as a part of the cancel.
class timers {
public:
  explicit timers(unsigned) {}

  void arm(std::int64_t delay, std::uint64_t *ended) {
    timers_.emplace_back(context_);
    start(timers_.back(), delay, ended);
  }
  void cancel_all() {
    for (boost::asio::steady_timer &each : timers_) each.cancel();
    drain();
    timers_.clear();
  }
  void arm_and_cancel(std::int64_t delay, std::uint64_t *ended) {
    start(single_, delay, ended);
    single_.cancel();
    drain();
  }

private:
  static void start(boost::asio::steady_timer &timer, std::int64_t delay, std::uint64_t *ended) {
    timer.expires_after(std::chrono::nanoseconds(delay));
    timer.async_wait([ended](boost::system::error_code) { ++*ended; });
  }
  void drain() {
    context_.restart();
    context_.poll();
  }

  boost::asio::io_context context_{1};
  std::deque<boost::asio::steady_timer> timers_;
  boost::asio::steady_timer single_{context_};
};

} // namespace

int main(int argc, char **argv) {
  return bench::run(argc, argv, "asio_io",
                    {bench::pool<pool>(),
                     bench::futures<pool>(),
                     bench::growing<pool>(),
                     bench::strands<pool>(),
                     bench::timing<timers>(),
                     {{"W4", bench::tree<pool>}, {"W8f", bench::pending_future_memory<pool>}}});
}
