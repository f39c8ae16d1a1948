// weft through weft.hpp.
#include "workloads/future.hpp"
#include "workloads/pool.hpp"
#include "workloads/strand.hpp"
#include "workloads/thread.hpp"
#include "workloads/tree.hpp"

#include <weft/weft.hpp>

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

} // namespace

int main(int argc, char **argv) {
  return bench::run(argc, argv, "weft_cpp",
                    {bench::pool<pool>(),
                     bench::futures<pool>(),
                     bench::growing<pool>(),
                     bench::strands<pool>(),
                     {{"W4", bench::tree<pool>},
                      {"W7", bench::create_and_join<thread>},
                      {"W8f", bench::pending_future_memory<pool>}}});
}
