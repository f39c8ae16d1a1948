// No threads at all: what the recursion and the sum cost by themselves.
#include "workloads/fork_join.hpp"
#include "workloads/range.hpp"

namespace {

class alone {
public:
  explicit alone(unsigned) {}

  template <class F> auto enter(F f) { return f(); }
  template <class A, class B> static void both(A a, B b) {
    a();
    b();
  }
  double sum(const double *data, std::size_t count) { return bench::sum_of(data, count); }
  template <class F> void loop(std::size_t count, F f) {
    for (std::size_t i = 0; i != count; ++i) f(i);
  }
};

} // namespace

int main(int argc, char **argv) {
  return bench::run(argc, argv, "serial", {{{"W4j", bench::fork_join<alone>}, {"W11", bench::parallel_sum<alone>}}});
}
