// W10: a million timers armed, then cancelled. W10s: one, armed and cancelled while there is no other.
//
// A peer for this file: P(workers), arm(delay in ns, ended), cancel_all(), arm_and_cancel(delay, ended). The peer adds
// one to *ended for each cancelled timer: in the timer's notification, at the latest in the cancelling call, or, if
// timers end silently, when the cancel has returned that it was in time.
#ifndef WEFT_BENCH_WORKLOADS_TIMER_HPP
#define WEFT_BENCH_WORKLOADS_TIMER_HPP

#include "frame/program.hpp"

namespace bench {

/// W10, and W10_cancel. None of the timers becomes due. Their order in time is not the order of arming.
template <class P> void timer_crowd(measurement &m) {
  P timers(m.workers());
  const std::uint64_t count = m.choose(1'000'000, 300'000, 1'000);
  std::int64_t armed = 0, cancelled = 0;
  for (int round = 0; round != 2; ++round) { // the first round warms up
    std::uint64_t ended = 0;
    const std::int64_t begin = now();
    for (std::uint64_t i = 0; i != count; ++i) {
      const auto scattered = static_cast<std::int64_t>(i * 7'919 % 1'000'000);
      timers.arm(3'600'000'000'000 + scattered * 1'000'000, &ended);
    }
    const std::int64_t middle = now();
    m.expect(0, ended, "timers that ended early");
    const std::int64_t again = now();
    timers.cancel_all();
    cancelled = now() - again;
    armed = middle - begin;
    m.expect(count, ended, "timers that were cancelled");
  }
  m.report(static_cast<double>(armed) / static_cast<double>(count));
  m.report("_cancel", static_cast<double>(cancelled) / static_cast<double>(count));
}

/// W10s.
template <class P> void lone_timer(measurement &m) {
  P timers(m.workers());
  const std::uint64_t count = m.choose(300'000, 100'000, 500);
  m.report_per_piece(count, [&] {
    std::uint64_t ended = 0;
    const std::int64_t begin = now();
    for (std::uint64_t i = 0; i != count; ++i) timers.arm_and_cancel(3'600'000'000'000, &ended);
    const std::int64_t end = now();
    m.expect(count, ended, "timers that were cancelled");
    return static_cast<nanoseconds>(end - begin);
  });
}

template <class P> workloads timing() {
  return {{"W10", timer_crowd<P>}, {"W10s", lone_timer<P>}};
}

} // namespace bench

#endif
