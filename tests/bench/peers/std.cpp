// The standard library: std::async, which starts a thread for each task, and std::thread.
#include "workloads/future.hpp"
#include "workloads/thread.hpp"

#include <future>
#include <thread>

namespace {

struct async {
  static constexpr std::uint64_t few = 100; // runs one task for so many of the others
  explicit async(unsigned) {}

  template <class F> auto submit(F f) { return std::async(std::launch::async, f); }
};

struct thread {
  static void create_and_join() {
    std::thread([] { ++bench::threads_run; }).join();
  }
};

} // namespace

int main(int argc, char **argv) {
  return bench::run(argc, argv, "std", {bench::futures<async>(), {{"W7", bench::create_and_join<thread>}}});
}
