// weft through its C ABI, as a program in C uses it: a function and a context for each task.
#include "frame/packed.hpp"
#include "peers/weft_c_timers.hpp"
#include "workloads/call.hpp"
#include "workloads/fairness.hpp"
#include "workloads/few_bodies.hpp"
#include "workloads/fork_join.hpp"
#include "workloads/future.hpp"
#include "workloads/pool.hpp"
#include "workloads/range.hpp"
#include "workloads/strand.hpp"
#include "workloads/thread.hpp"
#include "workloads/tree.hpp"

#include <weft/weft.h>

#include <vector>

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
  template <small F> void post(F f) { check(weft_executor_post(native_, nullptr, call<F>, bench::pack(f), nullptr)); }

  template <small F> future submit(F f) {
    weft_future_t *native;
    check(weft_executor_submit(native_, nullptr, call<F>, bench::pack(f), nullptr, &native));
    return future(native);
  }

  template <small F> void submit_batch(const std::vector<F> &given, std::vector<future> &out) {
    std::vector<weft_call_t> calls;
    std::vector<weft_future_t *> natives(given.size());
    calls.reserve(given.size());
    for (const F &each : given) calls.push_back({call<F>, bench::pack(each), nullptr});
    check(weft_executor_submit_batch(native_, nullptr, calls.data(), calls.size(), natives.data()));
    for (weft_future_t *each : natives) out.emplace_back(each);
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
  weft_executor_t *native() const { return native_; }
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

// A group on a pool.
class group {
public:
  explicit group(unsigned workers) : pool_(workers) { check(weft_group_create(pool_.native(), nullptr, &native_)); }
  group(const group &) = delete;
  ~group() { weft_group_unref(native_); }

  template <small F> void post(F f) { check(weft_group_spawn(native_, nullptr, call<F>, bench::pack(f), nullptr)); }
  void finish() { check(weft_group_wait(native_, WEFT_FOREVER)); }

private:
  pool pool_;
  weft_group_t *native_ = nullptr;
};

// What W12 needs in addition: priorities, timers, batches without futures, and tasks of a group.
class fair_pool : public pool {
public:
  explicit fair_pool(unsigned workers) : pool(workers) { check(weft_group_create(native_, nullptr, &group_)); }
  ~fair_pool() { weft_group_unref(group_); }

  template <small F> void post_high(F f) { post_with(WEFT_PRIORITY_HIGH, f); }
  template <small F> void post_low(F f) { post_with(WEFT_PRIORITY_LOW, f); }
  template <small F> void post_after(std::int64_t delay, F f) {
    check(weft_executor_post_after(native_, delay, nullptr, call<F>, bench::pack(f), nullptr));
  }
  template <small F> void post_batch(F f, std::size_t count) {
    const std::vector<weft_call_t> calls(count, {call<F>, bench::pack(f), nullptr});
    check(weft_executor_submit_batch(native_, nullptr, calls.data(), count, nullptr));
  }
  template <small F> void spawn(F f) { check(weft_group_spawn(group_, nullptr, call<F>, bench::pack(f), nullptr)); }

private:
  template <small F> void post_with(std::uint32_t priority, F f) {
    weft_task_options_t options;
    weft_task_options_init(&options);
    options.priority = priority;
    weft_future_t *unread;
    check(weft_executor_submit(native_, &options, call<F>, bench::pack(f), nullptr, &unread));
    weft_future_unref(unread);
  }

  weft_group_t *group_ = nullptr;
};

// Fork-join, loops and reductions.
class parallel {
public:
  explicit parallel(unsigned workers) : pool_(workers) { current = pool_.native(); }

  template <class F> auto enter(F f) {
    struct inside {
      F f;
      std::invoke_result_t<F> got;
      static weft_status run(void *ctx, void **, weft_error_t **) {
        auto &self = *static_cast<inside *>(ctx);
        self.got = self.f();
        return WEFT_OK;
      }
    } root{f, {}};
    weft_future_t *done;
    check(weft_executor_submit(pool_.native(), nullptr, inside::run, &root, nullptr, &done));
    check(weft_future_wait(done, WEFT_FOREVER));
    weft_future_unref(done);
    return root.got;
  }
  template <class A, class B> static void both(A a, B b) {
    check(weft_join(
        current,
        [](void *ctx, weft_error_t **) -> weft_status {
          (*static_cast<A *>(ctx))();
          return WEFT_OK;
        },
        &a,
        [](void *ctx, weft_error_t **) -> weft_status {
          (*static_cast<B *>(ctx))();
          return WEFT_OK;
        },
        &b, nullptr));
  }

  double sum(const double *data, std::size_t count) {
    static const weft_reduction_t how = {
        sizeof how,
        alignof(double),
        sizeof(double),
        [](void *, void *state) { *static_cast<double *>(state) = 0; },
        [](void *ctx, void *state, uint64_t begin, uint64_t end, weft_error_t **) -> weft_status {
          *static_cast<double *>(state) += bench::sum_of(static_cast<const double *>(ctx) + begin, end - begin);
          return WEFT_OK;
        },
        [](void *, void *into, void *from) { *static_cast<double *>(into) += *static_cast<double *>(from); },
        nullptr};
    double total = 0;
    check(weft_parallel_reduce(pool_.native(), nullptr, 0, count, &how, const_cast<double *>(data), &total, nullptr));
    return total;
  }
  template <class F> void loop(std::size_t count, F f) {
    const auto body = [](void *ctx, uint64_t begin, uint64_t end, weft_error_t **) -> weft_status {
      for (; begin != end; ++begin) (*static_cast<F *>(ctx))(begin);
      return WEFT_OK;
    };
    check(weft_parallel_for(pool_.native(), nullptr, 0, count, body, &f, nullptr));
  }

protected:
  static inline weft_executor_t *current = nullptr;

private:
  pool pool_;
};

// The same fork-join with a group for each fork.
class with_groups : public parallel {
public:
  using parallel::parallel;

  template <class A, class B> static void both(A a, B b) {
    weft_group_t *pair;
    weft_group_options_t options;
    weft_group_options_init(&options);
    options.flags = WEFT_GROUP_SCOPED;
    check(weft_group_create(current, &options, &pair));
    const auto run = [](void *ctx, void **, weft_error_t **) -> weft_status {
      (*static_cast<A *>(ctx))();
      return WEFT_OK;
    };
    check(weft_group_spawn(pair, nullptr, run, &a, nullptr));
    b();
    check(weft_group_wait(pair, WEFT_FOREVER));
    weft_group_end(pair);
  }
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
                     bench::fair<fair_pool>(),
                     bench::timing<bench::weft_c_timers>(),
                     bench::ranges<parallel>(),
                     bench::long_bodies<parallel>(),
                     {{"W4", bench::tree<group>},
                      {"W4j", bench::fork_join<parallel>},
                      {"W4j_group", bench::fork_join<with_groups>},
                      {"W7", bench::create_and_join<thread>},
                      {"W8f", bench::pending_future_memory<pool>},
                      {"CABI", bench::call},
                      {"FFI_rust", bench::submit_and_read<pool>},
                      {"FFI_go", bench::submit_batches<pool>}}});
}
