// weft through weft.hpp.
#include "workloads/few_bodies.hpp"
#include "workloads/fork_join.hpp"
#include "workloads/future.hpp"
#include "workloads/pool.hpp"
#include "workloads/range.hpp"
#include "workloads/strand.hpp"
#include "workloads/thread.hpp"
#include "workloads/timer.hpp"
#include "workloads/tree.hpp"

#include <weft/weft.hpp>

#include <chrono>
#include <functional>
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

class group {
public:
  explicit group(unsigned workers) : pool_(workers), native_(pool_) {}
  template <class F> void post(F f) { native_.run(f); }
  void finish() { native_.wait(); }

private:
  pool pool_;
  weft::group native_;
};

class parallel {
public:
  explicit parallel(unsigned workers) : pool_(workers) { current = pool_; }
  ~parallel() { current = {}; }

  template <class F> auto enter(F f) { return pool_.submit(f).get(); }
  template <class A, class B> static void both(A a, B b) { weft::invoke(current, a, b); }
  double sum(const double *data, std::size_t count) {
    return weft::parallel_reduce(
        pool_, std::size_t{0}, count, 0.0,
        [data](std::size_t begin, std::size_t end, double before) {
          return before + bench::sum_of(data + begin, end - begin);
        },
        std::plus<>());
  }
  template <class F> void loop(std::size_t count, F f) { weft::parallel_for(pool_, std::size_t{0}, count, f); }

protected:
  static inline weft::executor_ref current;

private:
  pool pool_;
};

// The same fork-join with a group for each fork.
class with_groups : public parallel {
public:
  using parallel::parallel;

  template <class A, class B> static void both(A a, B b) {
    weft::group pair(current);
    pair.run([&a] { a(); });
    b();
    pair.wait();
  }
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
                     bench::ranges<parallel>(),
                     bench::long_bodies<parallel>(),
                     {{"W4", bench::tree<group>},
                      {"W4j", bench::fork_join<parallel>},
                      {"W4j_group", bench::fork_join<with_groups>},
                      {"W7", bench::create_and_join<thread>},
                      {"W8f", bench::pending_future_memory<pool>}}});
}
