// weft through weft.hpp.
#include "workloads/future.hpp"
#include "workloads/pool.hpp"
#include "workloads/strand.hpp"
#include "workloads/thread.hpp"
#include "workloads/timer.hpp"
#include "workloads/tree.hpp"

#include <weft/weft.hpp>

#include <chrono>
#include <vector>

namespace {

template <class Base> class executor : public Base {
public:
  using Base::Base;

  template <class F> auto submit(F f) {
    struct future {
      weft::future<std::invoke_result_t<F>> native;
      auto get() { return std::move(native).result(); }
    };
    return future{Base::submit(f)};
  }
};

class pool : public executor<weft::executor> {
public:
  explicit pool(unsigned workers) : executor(weft::executor_options{.max_workers = workers}) {}
  using strand = weft::strand;
};

struct thread {
  static void create_and_join() {
    weft::thread created([] { ++bench::threads_run; });
    created.start();
    created.join();
  }
};

class timers {
public:
  explicit timers(unsigned workers) : pool_({.max_workers = workers}) {}

  void arm(std::int64_t delay, std::uint64_t *ended) {
    ended_ = ended;
    timers_.emplace_back(pool_, [ended] { ++*ended; });
    timers_.back().arm(std::chrono::nanoseconds(delay));
  }
  void cancel_all() {
    for (weft::timer &each : timers_) *ended_ += each.cancel() == weft::disarmed::yes;
    timers_.clear();
  }
  void arm_and_cancel(std::int64_t delay, std::uint64_t *ended) {
    if (!single_.valid()) single_ = weft::timer(pool_, [] {});
    single_.arm(std::chrono::nanoseconds(delay));
    *ended += single_.cancel() == weft::disarmed::yes;
  }

private:
  weft::executor pool_;
  std::vector<weft::timer> timers_;
  weft::timer single_;
  std::uint64_t *ended_ = nullptr;
};

} // namespace

int main(int argc, char **argv) {
  return bench::run(argc, argv, "weft_cpp",
                    {bench::pool<pool>(),
                     bench::futures<pool>(),
                     bench::growing<pool>(),
                     bench::strands<pool>(),
                     bench::timing<timers>(),
                     {{"W4", bench::tree<pool>},
                      {"W7", bench::create_and_join<thread>},
                      {"W8f", bench::pending_future_memory<pool>}}});
}
