// oneTBB: task_arena::enqueue, with a promise where a future is needed; parallel_for, _reduce and _invoke.
#include "workloads/fairness.hpp"
#include "workloads/few_bodies.hpp"
#include "workloads/fork_join.hpp"
#include "workloads/future.hpp"
#include "workloads/pool.hpp"
#include "workloads/range.hpp"
#include "workloads/tree.hpp"

#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_invoke.h>
#include <tbb/parallel_reduce.h>
#include <tbb/task_arena.h>

#include <functional>
#include <future>

namespace {

// TBB has as many threads as workers, in addition to the thread that posts.
class arena {
public:
  explicit arena(unsigned workers)
      : limit_(tbb::global_control::max_allowed_parallelism, workers + 1),
        native_(static_cast<int>(workers), /*reserved_for_masters=*/0) {}

  template <class F> void post(F f) { native_.enqueue(f); }

  template <class F> auto submit(F f) {
    using result = std::invoke_result_t<F>;
    struct call { // enqueue calls it as const
      F f;
      mutable std::promise<result> promise;
      void operator()() const { promise.set_value(f()); }
    };
    std::promise<result> promise;
    auto future = promise.get_future();
    native_.enqueue(call{f, std::move(promise)});
    return future;
  }

private:
  tbb::global_control limit_;
  tbb::task_arena native_;
};

// The calling thread is one of the workers.
class parallel {
public:
  explicit parallel(unsigned workers)
      : limit_(tbb::global_control::max_allowed_parallelism, workers), native_(static_cast<int>(workers)) {}

  template <class F> auto enter(F f) { return native_.execute(f); }
  template <class A, class B> static void both(A a, B b) { tbb::parallel_invoke(a, b); }

  double sum(const double *data, std::size_t count) {
    return native_.execute([=] {
      return tbb::parallel_reduce(
          tbb::blocked_range<std::size_t>(0, count), 0.0,
          [=](const tbb::blocked_range<std::size_t> &part, double before) {
            return before + bench::sum_of(data + part.begin(), part.size());
          },
          std::plus<>());
    });
  }
  template <class F> void loop(std::size_t count, F f) {
    tbb::parallel_for(std::size_t{0}, count, f); // not inside an arena: to enter one costs more than the loop
  }

private:
  tbb::global_control limit_;
  tbb::task_arena native_;
};

} // namespace

int main(int argc, char **argv) {
  return bench::run(argc, argv, "tbb_arena",
                    {bench::pool<arena>(),
                     bench::futures<arena>(),
                     bench::growing<arena>(),
                     bench::fair<arena>(),
                     bench::ranges<parallel>(),
                     bench::long_bodies<parallel>(),
                     {{"W4", bench::tree<arena>},
                      {"W4j", bench::fork_join<parallel>},
                      {"W8f", bench::pending_future_memory<arena>}}});
}
