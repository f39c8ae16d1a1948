// libuv: uv_queue_work, from and back to the thread of the loop; and its timers, which belong to that thread.
#include "frame/packed.hpp"
#include "workloads/pool.hpp"
#include "workloads/timer.hpp"

#include <uv.h>

#include <cstdlib>
#include <deque>
#include <string>

namespace {

using bench::small;

class pool {
public:
  explicit pool(unsigned workers) {
    setenv("UV_THREADPOOL_SIZE", std::to_string(workers).c_str(), 1); // read when the first work is queued
    uv_loop_init(&loop_);
  }
  ~pool() {
    finish();
    uv_loop_close(&loop_);
  }

  template <small F> void post(F f) {
    auto *made = new request{{}, bench::pack(f)};
    made->native.data = made;
    uv_queue_work(
        &loop_, &made->native,
        [](uv_work_t *native) { bench::unpack<F>(static_cast<request *>(native->data)->packed)(); },
        [](uv_work_t *native, int) { delete static_cast<request *>(native->data); });
  }
  void finish() { uv_run(&loop_, UV_RUN_DEFAULT); }

private:
  struct request {
    uv_work_t native;
    void *packed;
  };
  uv_loop_t loop_;
};

class timers {
public:
  explicit timers(unsigned) {
    uv_loop_init(&loop_);
    uv_timer_init(&loop_, &single_);
  }
  ~timers() {
    uv_close(reinterpret_cast<uv_handle_t *>(&single_), nullptr);
    uv_run(&loop_, UV_RUN_DEFAULT);
    uv_loop_close(&loop_);
  }

  void arm(std::int64_t delay, std::uint64_t *ended) {
    uv_timer_t &timer = timers_.emplace_back();
    uv_timer_init(&loop_, &timer);
    start(timer, delay, ended);
  }
  void cancel_all() {
    for (uv_timer_t &each : timers_) cancel(each);
    for (uv_timer_t &each : timers_) uv_close(reinterpret_cast<uv_handle_t *>(&each), nullptr);
    uv_run(&loop_, UV_RUN_NOWAIT);
    timers_.clear();
  }
  void arm_and_cancel(std::int64_t delay, std::uint64_t *ended) {
    start(single_, delay, ended);
    cancel(single_);
  }

private:
  static void start(uv_timer_t &timer, std::int64_t delay, std::uint64_t *ended) {
    timer.data = ended;
    uv_timer_start(
        &timer, [](uv_timer_t *due) { ++*static_cast<std::uint64_t *>(due->data); },
        static_cast<std::uint64_t>(delay / 1'000'000), 0);
  }
  static void cancel(uv_timer_t &timer) {
    if (uv_is_active(reinterpret_cast<uv_handle_t *>(&timer)) && uv_timer_stop(&timer) == 0)
      ++*static_cast<std::uint64_t *>(timer.data);
  }

  uv_loop_t loop_;
  uv_timer_t single_;
  std::deque<uv_timer_t> timers_;
};

} // namespace

int main(int argc, char **argv) {
  // Work can only be queued from the loop's thread, so there is no W3 and no W4.
  return bench::run(argc, argv, "libuv",
                    {{{"W1", bench::post_outside<pool>},
                      {"W5", bench::round_trip<pool>},
                      {"W8", bench::pending_memory<pool>},
                      {"W9", bench::idle<pool>}},
                     bench::timing<timers>()});
}
