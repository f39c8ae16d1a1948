// weft::invoke: any number of calls, what they return, exceptions, recursion, refusals.
#include "support.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>
#include <variant>

namespace {

std::uint64_t fibonacci(const weft::executor_ref &pool, unsigned n) {
  if (n < 2) return n;
  const auto [a, b] = weft::invoke(
      pool, [&] { return fibonacci(pool, n - 1); }, [&] { return fibonacci(pool, n - 2); });
  return a + b;
}

// Runs f in a task of the pool.
template <class F> void inside(weft::executor &pool, F f) {
  pool.submit(std::move(f)).result();
}

} // namespace

TEST_CASE("invoke: all calls are made once, from inside and outside") {
  for (const std::uint32_t workers : {1u, 2u, 4u}) {
    weft::executor pool({.max_workers = workers});
    std::atomic<int> a = 0, b = 0, c = 0, d = 0, e = 0;
    const auto all = [&] {
      static_assert(std::is_void_v<decltype(weft::invoke(
                        pool, [&] { ++a; }, [&] { ++b; }))>);
      weft::invoke(
          pool, [&] { ++a; }, [&] { ++b; });
      weft::invoke(
          pool, [&] { ++a; }, [&] { ++b; }, [&] { ++c; });
      weft::invoke(
          pool, [&] { ++a; }, [&] { ++b; }, [&] { ++c; }, [&] { ++d; }, [&] { ++e; });
    };
    all();
    inside(pool, all);
    CHECK(a == 6);
    CHECK(b == 6);
    CHECK(c == 4);
    CHECK(d == 2);
    CHECK(e == 2);
  }
}

TEST_CASE("invoke: results in their order, of any type") {
  weft::executor pool({.max_workers = 2});
  int place = 5;
  auto results = weft::invoke(
      pool, [] { return 1; }, [] { return std::string("two"); }, [] {}, [] { return std::make_unique<int>(4); },
      [&]() -> int & { return place; }, []() -> const std::string { return "six"; });
  static_assert(std::is_same_v<decltype(results),
                               std::tuple<int, std::string, std::monostate, std::unique_ptr<int>, int &, std::string>>);
  CHECK(std::get<0>(results) == 1);
  CHECK(std::get<1>(results) == "two");
  CHECK(*std::get<3>(results) == 4);
  CHECK(&std::get<4>(results) == &place);
  CHECK(std::get<5>(results) == "six");
  const auto [number, text] = weft::invoke(
      pool, [] { return 7; }, [] { return std::string("eight"); });
  CHECK(number == 7);
  CHECK(text == "eight");
}

TEST_CASE("invoke: callables that only move, or that must not be copied") {
  weft::executor pool({.max_workers = 2});
  struct once {
    std::unique_ptr<int> held;
    int operator()() && { return *std::exchange(held, nullptr); }
  };
  struct fixed {
    fixed() = default;
    fixed(const fixed &) = delete;
    fixed &operator=(const fixed &) = delete;
    int calls = 0;
    void operator()() { ++calls; }
  } here;
  const auto [a, b] = weft::invoke(pool, once{std::make_unique<int>(3)}, here);
  CHECK(a == 3);
  CHECK(here.calls == 1);
  static_cast<void>(b);
}

TEST_CASE("invoke: the exception of the first that throws comes back, the same object") {
  for (const std::uint32_t workers : {1u, 3u}) {
    weft::executor pool({.max_workers = workers});
    const auto fails = [&](auto... calls) { weft::invoke(pool, calls...); };
    const auto good = [] {};
    const auto bad = [] { throw std::out_of_range("bad"); };
    const auto worse = [] { throw std::length_error("worse"); };
    CHECK_THROWS_WITH_AS(fails(bad, good), "bad", std::out_of_range);
    CHECK_THROWS_WITH_AS(fails(good, bad), "bad", std::out_of_range);
    CHECK_THROWS_WITH_AS(fails(bad, worse), "bad", std::out_of_range);
    CHECK_THROWS_WITH_AS(fails(good, good, bad), "bad", std::out_of_range);
    CHECK_THROWS_WITH_AS(fails(good, bad, good, worse, good), "bad", std::out_of_range);
    CHECK_THROWS_WITH_AS(pool.submit([&] { fails(good, good, good, bad); }).result(), "bad", std::out_of_range);
    struct own {};
    CHECK_THROWS_AS(fails(good, [] { throw own(); }), own);
  }
}

TEST_CASE("invoke: what was stolen has ended when an exception comes") {
  weft::executor pool({.max_workers = 2});
  for (int round = 0; round < 100; ++round) {
    std::atomic<int> begun = 0;
    bool ended = false; // plain: ThreadSanitizer checks that invoke has waited for the second call
    CHECK_THROWS_AS(weft::invoke(
                        pool,
                        [&] {
                          while (begun == 0) std::this_thread::yield();
                          throw std::runtime_error("first");
                        },
                        [&] {
                          begun = 1;
                          std::this_thread::yield();
                          ended = true;
                        }),
                    std::runtime_error);
    CHECK(ended);
  }
}

TEST_CASE("invoke: recursion to the leaves") {
  for (const std::uint32_t workers : {1u, 2u, 4u}) {
    weft::executor pool({.max_workers = workers});
    CHECK(fibonacci(pool, 18) == 2584);
    CHECK(pool.submit([&] { return fibonacci(pool, 18); }).result() == 2584);
  }
}

TEST_CASE("invoke: inside of a loop, of a strand's task, of a continuation") {
  weft::executor pool({.max_workers = 2});
  std::atomic<std::uint64_t> sum = 0;
  weft::parallel_for(pool, 0, 40, [&](int) { sum += fibonacci(pool, 10); });
  CHECK(sum == 40 * 55);
  weft::strand strand(pool);
  CHECK(strand.submit([&] { return fibonacci(pool, 15); }).result() == 610);
  CHECK(pool.submit([] { return 15u; }).then([&](unsigned n) { return fibonacci(pool, n); }).result() == 610);
}

TEST_CASE("invoke: refusals") {
  weft::executor pool({.max_workers = 1});
  weft::strand strand(pool);
  weft::caller_run mine;
  int calls = 0;
  const auto call = [&] { ++calls; };
  CHECK_THROWS_AS(weft::invoke(strand, call, call), weft::not_supported);
  CHECK_THROWS_AS(weft::invoke(mine, call, call), weft::not_supported);
  CHECK_THROWS_AS(weft::invoke(weft::executor_ref(), call, call), weft::invalid_argument);
  pool.shutdown();
  CHECK_THROWS_AS(weft::invoke(pool, call, call), weft::shut_down);
  weft::executor broken({.max_workers = 1, .initializer = [] { throw std::runtime_error("no"); }});
  CHECK_THROWS_AS(weft::invoke(broken, call, call, call), weft::broken_pool);
  CHECK(calls == 0);
}

TEST_CASE("invoke: a stop request leaves out what has not begun, at any depth") {
  weft::executor pool({.max_workers = 1});
  std::atomic<int> calls = 0;
  std::atomic<bool> held = false;
  auto joining = pool.submit([&] {
    weft::invoke(
        pool, [&] { ++calls; },
        [&] {
          held = true;
          while (!weft::this_thread::stop_requested()) std::this_thread::yield();
        },
        [&] { ++calls; }, [&] { ++calls; });
  });
  while (!held) std::this_thread::yield();
  joining.request_stop();
  CHECK_THROWS_AS(joining.result(), weft::interrupted);
  CHECK(calls == 1);
}

TEST_CASE("invoke: a call that waits for the task which joins is told so") {
  weft::executor pool({.max_workers = 2});
  test::gate known;
  weft::future<void> joining;
  std::atomic<bool> told = false;
  joining = pool.submit([&] {
    known.pass();
    weft::invoke(
        pool, [] {},
        [&] {
          try {
            joining.wait();
          } catch (const weft::deadlock &) {
            told = true;
          }
        });
  });
  known.open();
  CHECK_NOTHROW(joining.result());
  CHECK(told);
}
