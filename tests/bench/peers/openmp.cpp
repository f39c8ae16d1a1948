// OpenMP: tasks for recursion, and parallel loops.
#include "workloads/fork_join.hpp"
#include "workloads/range.hpp"
#include "workloads/tree.hpp"

#include <omp.h>

namespace {

// Makes tasks and waits for them inside a parallel region.
class region {
public:
  explicit region(unsigned workers) : workers_(static_cast<int>(workers)) {}

  template <class F> void post(F f) {
    if (omp_in_parallel()) {
#pragma omp task firstprivate(f)
      f();
    } else {
#pragma omp parallel num_threads(workers_)
#pragma omp single
      f();
    }
  }

  template <class F> auto enter(F f) {
    decltype(f()) result;
#pragma omp parallel num_threads(workers_)
#pragma omp single
    result = f();
    return result;
  }
  template <class A, class B> static void both(A a, B b) {
#pragma omp task firstprivate(a)
    a();
    b();
#pragma omp taskwait
  }

  double sum(const double *data, std::size_t count) {
    double all = 0;
#pragma omp parallel num_threads(workers_) reduction(+ : all)
    {
      const auto parts = static_cast<std::size_t>(omp_get_num_threads());
      const auto mine = static_cast<std::size_t>(omp_get_thread_num());
      const std::size_t begin = count * mine / parts;
      all += bench::sum_of(data + begin, count * (mine + 1) / parts - begin);
    }
    return all;
  }
  template <class F> void loop(std::size_t count, F f) {
#pragma omp parallel for num_threads(workers_)
    for (std::size_t i = 0; i < count; ++i) f(i);
  }

private:
  int workers_;
};

} // namespace

int main(int argc, char **argv) {
  return bench::run(argc, argv, "openmp",
                    {bench::ranges<region>(), {{"W4", bench::tree<region>}, {"W4j", bench::fork_join<region>}}});
}
