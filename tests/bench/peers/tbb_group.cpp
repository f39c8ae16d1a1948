// oneTBB: task_group.
#include "workloads/pool.hpp"
#include "workloads/tree.hpp"

#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

namespace {

class group {
public:
  explicit group(unsigned) {}

  template <class F> void post(F f) { native_.run(f); }
  void finish() { native_.wait(); }

private:
  tbb::task_group native_;
};

// Runs a workload inside an arena of its own. A thread that waits for a group works, too. `Callers` threads come on top
// of the workers: one if the caller posts meanwhile, and none if it has nothing else to do.
template <void (*Workload)(bench::measurement &), unsigned Callers> void in_arena(bench::measurement &m) {
  const unsigned threads = m.workers() + Callers;
  tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
  tbb::task_arena arena(static_cast<int>(threads));
  arena.execute([&m] { Workload(m); });
}

} // namespace

int main(int argc, char **argv) {
  return bench::run(argc, argv, "tbb_group",
                    {{{"W1", in_arena<bench::post_outside<group>, 1>},
                      {"W3", in_arena<bench::post_inside<group>, 1>},
                      {"W4", in_arena<bench::tree<group>, 0>},
                      {"W5", in_arena<bench::round_trip<group>, 1>},
                      {"W8", in_arena<bench::pending_memory<group>, 1>},
                      {"W9", in_arena<bench::idle<group>, 1>}}});
}
