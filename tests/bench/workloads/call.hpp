// CABI: what a call into the library costs by itself. It is a post to an executor that no thread serves meanwhile.
//
// weft_c and weft_static both use this file. The difference of their figures is the cost of a call into a shared
// library.
#ifndef WEFT_BENCH_WORKLOADS_CALL_HPP
#define WEFT_BENCH_WORKLOADS_CALL_HPP

#include "frame/program.hpp"

#include <weft/weft.h>

namespace bench {

/// CABI.
inline void call(measurement &m) {
  weft_executor_t *executor = nullptr;
  if (weft_caller_run_create(nullptr, nullptr, &executor) != WEFT_OK) m.fail("weft_caller_run_create");
  const weft_task_fn nothing = [](void *, void **, weft_error_t **) -> weft_status { return WEFT_OK; };
  constexpr std::uint64_t at_once = 1'000;
  const std::uint64_t rounds = m.choose(3'000, 1'000, 5);
  m.report_per_piece(rounds * at_once, [&] {
    std::int64_t calling = 0;
    for (std::uint64_t round = 0; round != rounds; ++round) {
      const std::int64_t begin = now();
      for (std::uint64_t i = 0; i != at_once; ++i)
        if (weft_executor_post(executor, nullptr, nothing, nullptr, nullptr) != WEFT_OK) m.fail("weft_executor_post");
      calling += now() - begin;
      std::uint64_t ran = 0;
      if (weft_executor_run(executor, 0, WEFT_FOREVER, &ran) != WEFT_OK) m.fail("weft_executor_run");
      m.expect(at_once, ran, "tasks that ran");
    }
    return static_cast<nanoseconds>(calling);
  });
  weft_executor_unref(executor);
}

} // namespace bench

#endif
