// Boost.Asio's thread_pool, and asio::strand on it.
#include "workloads/fairness.hpp"
#include "workloads/future.hpp"
#include "workloads/pool.hpp"
#include "workloads/strand.hpp"
#include "workloads/tree.hpp"

#include <utility> // Asio 1.74 does not include it

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <memory>

namespace {

class pool {
public:
  explicit pool(unsigned workers) : native_(workers) {}
  ~pool() { native_.join(); }

  template <class F> void post(F f) { boost::asio::post(native_, f); }
  template <class F> auto submit(F f) { return boost::asio::post(native_, boost::asio::use_future(f)); }

  class strand {
  public:
    explicit strand(pool &on) : native_(on.native_.get_executor()) {}
    template <class F> void post(F f) { boost::asio::post(native_, f); }

  private:
    boost::asio::strand<boost::asio::thread_pool::executor_type> native_;
  };

protected:
  boost::asio::thread_pool native_;
};

// What W12 needs in addition: a timer for each delayed task.
class fair_pool : public pool {
public:
  using pool::pool;
  template <class F> void post_after(std::int64_t delay, F f) {
    const auto timer = std::make_shared<boost::asio::steady_timer>(native_, std::chrono::nanoseconds(delay));
    timer->async_wait([timer, f](const boost::system::error_code &) { f(); });
  }
};

} // namespace

int main(int argc, char **argv) {
  return bench::run(argc, argv, "asio_pool",
                    {bench::pool<pool>(),
                     bench::futures<pool>(),
                     bench::growing<pool>(),
                     bench::strands<pool>(),
                     bench::fair<fair_pool>(),
                     {{"W4", bench::tree<pool>}, {"W8f", bench::pending_future_memory<pool>}}});
}
