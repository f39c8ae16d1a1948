// weft through its C ABI, as a program in C uses it: a function and a context for each task.
#include "frame/packed.hpp"
#include "peers/weft_c_timers.hpp"
#include "workloads/call.hpp"
#include "workloads/future.hpp"
#include "workloads/pool.hpp"
#include "workloads/strand.hpp"
#include "workloads/thread.hpp"
#include "workloads/tree.hpp"

#include <weft/weft.h>

namespace {

using bench::small;

void check(weft_status status) {
  if (status == WEFT_OK) return;
  bench::measurement("weft_c", 0, bench::extent::full).fail(weft_status_name(status));
}

template <small F> weft_status call(void *ctx, void **result, weft_error_t **) {
  if constexpr (std::is_void_v<std::invoke_result_t<F>>)
    bench::unpack<F>(ctx)();
  else
    *result = bench::pack(bench::unpack<F>(ctx)());
  return WEFT_OK;
}

class future {
public:
  explicit future(weft_future_t *native) : native_(native) {}
  int get() {
    void *result;
    check(weft_future_result(native_, WEFT_FOREVER, &result));
    weft_future_unref(native_);
    return bench::unpack<int>(result);
  }

private:
  weft_future_t *native_;
};

class executor {
public:
  template <small F> void post(F f) { check(weft_executor_post(native_, call<F>, bench::pack(f), nullptr)); }

  template <small F> future submit(F f) {
    weft_future_t *native;
    check(weft_executor_submit(native_, nullptr, call<F>, bench::pack(f), nullptr, &native));
    return future(native);
  }

protected:
  weft_executor_t *native_ = nullptr;
};

class pool : public executor {
public:
  explicit pool(unsigned workers) {
    weft_executor_options_t options;
    weft_executor_options_init(&options);
    options.max_workers = workers;
    check(weft_executor_create(nullptr, &options, &native_));
  }
  pool(const pool &) = delete;
  ~pool() {
    check(weft_executor_shutdown(native_, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER));
    weft_executor_unref(native_);
  }

  class strand : public executor {
  public:
    explicit strand(pool &on) { check(weft_strand_create(on.native_, &native_)); }
    strand(strand &&other) noexcept { std::swap(native_, other.native_); }
    ~strand() { weft_executor_unref(native_); }
  };
};

struct thread {
  static void create_and_join() {
    weft_thread_t *native;
    check(weft_thread_create(
        nullptr, nullptr,
        [](void *, weft_error_t **) -> weft_status {
          ++bench::threads_run;
          return WEFT_OK;
        },
        nullptr, nullptr, &native));
    check(weft_thread_start(native));
    check(weft_thread_join(native, WEFT_FOREVER));
    weft_thread_unref(native);
  }
};

} // namespace

int main(int argc, char **argv) {
  return bench::run(argc, argv, "weft_c",
                    {bench::pool<pool>(),
                     bench::futures<pool>(),
                     bench::growing<pool>(),
                     bench::strands<pool>(),
                     bench::timing<bench::weft_c_timers>(),
                     {{"W4", bench::tree<pool>},
                      {"W7", bench::create_and_join<thread>},
                      {"W8f", bench::pending_future_memory<pool>},
                      {"CABI", bench::call}}});
}
