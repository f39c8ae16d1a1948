// Boost.Thread: basic_thread_pool, boost::async on it, and boost::thread.
#define BOOST_THREAD_VERSION 4
#define BOOST_THREAD_PROVIDES_EXECUTORS
#include "workloads/future.hpp"
#include "workloads/pool.hpp"
#include "workloads/thread.hpp"
#include "workloads/tree.hpp"

#include <boost/thread/executors/basic_thread_pool.hpp>
#include <boost/thread/future.hpp>
#include <boost/thread/thread.hpp>

namespace {

class pool {
public:
  explicit pool(unsigned workers) : native_(workers) {}

  template <class F> void post(F f) { native_.submit(f); }
  template <class F> auto submit(F f) { return boost::async(native_, f); }

private:
  boost::executors::basic_thread_pool native_;
};

struct thread {
  static void create_and_join() {
    boost::thread([] { ++bench::threads_run; }).join();
  }
};

} // namespace

int main(int argc, char **argv) {
  return bench::run(argc, argv, "boost",
                    {bench::pool<pool>(),
                     bench::futures<pool>(),
                     {{"W4", bench::tree<pool>},
                      {"W7", bench::create_and_join<thread>},
                      {"W8f", bench::pending_future_memory<pool>}}});
}
