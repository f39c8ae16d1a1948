// weft's timers through the C ABI, for the timer workloads of weft_c.
#ifndef WEFT_BENCH_PEERS_WEFT_C_TIMERS_HPP
#define WEFT_BENCH_PEERS_WEFT_C_TIMERS_HPP

#include "workloads/timer.hpp"

#include <weft/timer.h>
#include <weft/weft.h>

#include <vector>

namespace bench {

class weft_c_timers {
public:
  explicit weft_c_timers(unsigned workers) {
    weft_executor_options_t options;
    weft_executor_options_init(&options);
    options.max_workers = workers;
    check(weft_executor_create(nullptr, &options, &pool_));
  }
  weft_c_timers(const weft_c_timers &) = delete;
  ~weft_c_timers() {
    weft_timer_unref(single_);
    check(weft_executor_shutdown(pool_, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER));
    weft_executor_unref(pool_);
  }

  void arm(std::int64_t delay, std::uint64_t *ended) {
    ended_ = ended;
    timers_.push_back(create(ended));
    check(weft_timer_arm(timers_.back(), delay));
  }
  void cancel_all() {
    for (weft_timer_t *each : timers_) {
      if (weft_timer_cancel(each) == WEFT_OK) ++*ended_;
      weft_timer_unref(each);
    }
    timers_.clear();
  }
  void arm_and_cancel(std::int64_t delay, std::uint64_t *ended) {
    if (!single_) single_ = create(ended);
    check(weft_timer_arm(single_, delay));
    if (weft_timer_cancel(single_) == WEFT_OK) ++*ended;
  }

private:
  static void check(weft_status status) {
    if (status != WEFT_OK) measurement("timers of weft_c", 0, extent::full).fail(weft_status_name(status));
  }

  weft_timer_t *create(std::uint64_t *ended) {
    weft_timer_t *created;
    check(weft_timer_create(
        pool_, nullptr,
        [](void *ctx, void **, weft_error_t **) -> weft_status {
          ++*static_cast<std::uint64_t *>(ctx);
          return WEFT_OK;
        },
        ended, nullptr, &created));
    return created;
  }

  weft_executor_t *pool_ = nullptr;
  weft_timer_t *single_ = nullptr;
  std::uint64_t *ended_ = nullptr;
  std::vector<weft_timer_t *> timers_;
};

} // namespace bench

#endif
