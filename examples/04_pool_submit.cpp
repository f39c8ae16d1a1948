// A pool: two tasks and their results; a task that fails, and its exception.
// Read on in 05_pool_map.cpp: one task for each item of a list.
#include <weft/weft.hpp>

#include <cstdio>
#include <stdexcept>

struct config_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

static long power(long base, unsigned exponent) {
  long value = 1;
  for (unsigned i = 0; i < exponent; ++i) value *= base;
  return value;
}

static int read_config() {
  throw config_error("weft.conf: line 7 is not a setting");
}

int main() {
  weft::executor pool;
  const auto first = pool.submit(power, 2, 10);
  const auto second = pool.submit(power, 3, 20);
  const auto failing = pool.submit(read_config);

  std::printf("2 to the power of 10 is %ld\n", first.result());
  std::printf("3 to the power of 20 is %ld\n", second.result());

  try {
    if (const auto exception = failing.exception()) std::rethrow_exception(exception); // null would mean: a result
  } catch (const config_error &e) {                                                    // the type is that of the task
    std::printf("the third failed: config_error: %s\n", e.what());
  }
}
