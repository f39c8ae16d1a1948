// The pool that all code of a process shares. There is only one in a process, so the cases build on each other.
#include "support.hpp"

#include <doctest/doctest.h>

#include <atomic>

TEST_CASE("the default executor: configured once, then the same for all") {
  static std::atomic<int> prepared = 0;
  CHECK_THROWS_AS(weft::configure_default_executor({.max_workers = 5000}), weft::invalid_argument);
  weft::runtime other;
  CHECK_THROWS_AS(weft::configure_default_executor({.runtime = &other}), weft::invalid_argument);
  weft::configure_default_executor({.max_workers = 3, .initializer = [] { ++prepared; }});

  const weft::executor_ref pool = weft::default_executor();
  CHECK(pool.native_handle() == weft::default_executor().native_handle());
  CHECK(pool.stats().max_workers == 3);
  CHECK(pool.submit([](int a, int b) { return a + b; }, 20, 22).result() == 42);
  CHECK(prepared == 1);

  CHECK_THROWS_AS(weft::configure_default_executor({}), weft::invalid_state);
  CHECK_THROWS_AS(static_cast<void>(pool.shutdown()), weft::not_supported);
}
