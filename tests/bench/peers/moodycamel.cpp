// The smallest pool over moodycamel's BlockingConcurrentQueue: threads that take a function and a context.
#include "frame/packed.hpp"
#include "workloads/pool.hpp"
#include "workloads/tree.hpp"

#include <concurrentqueue/blockingconcurrentqueue.h>

#include <thread>
#include <vector>

namespace {

using bench::small;

class pool {
public:
  explicit pool(unsigned workers) {
    for (unsigned i = 0; i != workers; ++i) threads_.emplace_back([this] { work(); });
  }
  ~pool() {
    for (std::size_t i = 0; i != threads_.size(); ++i) queue_.enqueue({nullptr, nullptr});
    for (std::thread &each : threads_) each.join();
  }

  template <small F> void post(F f) {
    queue_.enqueue({[](void *packed) { bench::unpack<F>(packed)(); }, bench::pack(f)});
  }

private:
  struct task {
    void (*run)(void *); // null: no more calls will come
    void *packed;
  };

  void work() {
    for (task next;;) {
      queue_.wait_dequeue(next);
      if (!next.run) return;
      next.run(next.packed);
    }
  }

  moodycamel::BlockingConcurrentQueue<task> queue_;
  std::vector<std::thread> threads_;
};

} // namespace

int main(int argc, char **argv) {
  return bench::run(argc, argv, "moodycamel",
                    {bench::pool<pool>(), bench::growing<pool>(), {{"W4", bench::tree<pool>}}});
}
