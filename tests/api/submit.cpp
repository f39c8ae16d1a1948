// submit: callables and results of every kind, and how long each of them lives.
#include "support.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using test::census;

namespace {

struct pinned {
  explicit pinned(int n) : value(n) {}
  pinned(const pinned &) = delete;
  pinned &operator=(const pinned &) = delete;
  int value;
};

template <std::size_t Align> struct alignas(Align) aligned { int value = 0; };

bool is_aligned(const void *place, std::size_t to) {
  return reinterpret_cast<std::uintptr_t>(place) % to == 0;
}

struct counter {
  int add(int n) { return total += n; }
  int total = 0;
};

} // namespace

// The room of a task: the result takes the place of the closure if it can be moved there without a throw.
using small_closure = std::array<char, 24>;
static_assert(weft::detail::room_layout<small_closure, int>::size == 24);
static_assert(weft::detail::room_layout<small_closure, std::array<int, 16>>::size == 64);
static_assert(weft::detail::room_layout<small_closure, test::move_may_throw>::size ==
              sizeof(test::move_may_throw) + 24);
static_assert(weft::detail::room_layout<small_closure, pinned>::closure_offset >= sizeof(pinned));
static_assert(weft::detail::room_layout<aligned<256>, int>::align == 256);

// What futures hold.
static_assert(std::is_same_v<weft::call_result_t<const std::string (*)()>, std::string>);
static_assert(std::is_same_v<weft::call_result_t<int &(*)()>, int &>);
static_assert(std::is_same_v<weft::call_result_t<std::string && (*)()>, std::string>);
static_assert(std::is_same_v<weft::call_result_t<void (*)()>, void>);

TEST_CASE("a callable with arguments") {
  int touched = 0;
  weft::executor pool({.max_workers = 2});
  CHECK(pool.submit([](int a, int b) { return a + b; }, 20, 22).result() == 42);
  CHECK(pool.submit(std::plus<>(), std::string("a"), "b").result() == "ab");
  counter c;
  CHECK(pool.submit(&counter::add, &c, 5).result() == 5);
  CHECK(pool.submit(&counter::add, std::ref(c), 5).result() == 10);
  pool.submit([](int &n) { n = 7; }, std::ref(touched)).result();
  CHECK(touched == 7);
}

TEST_CASE("a function pointer and an lvalue callable") {
  weft::executor pool({.max_workers = 1});
  int (*const f)(int) = [](int n) { return n * n; };
  CHECK(pool.submit(f, 6).result() == 36);
  const auto lambda = [n = 3] { return n; };
  CHECK(pool.submit(lambda).result() == 3);
  CHECK(pool.submit(lambda).result() == 3);
}

TEST_CASE("callable, argument and result may be move-only") {
  weft::executor pool({.max_workers = 1});
  auto f = pool.submit(
      [held = std::make_unique<int>(40)](std::unique_ptr<int> more) { return std::make_unique<int>(*held + *more); },
      std::make_unique<int>(2));
  static_assert(std::is_same_v<decltype(f), weft::future<std::unique_ptr<int>>>);
  CHECK(*f.result() == 42);
  const std::unique_ptr<int> taken = f.take();
  CHECK(*taken == 42);
}

TEST_CASE("a callable that moves out of itself may do so: it is called once") {
  weft::executor pool({.max_workers = 1});
  auto f = pool.submit([held = std::make_unique<int>(9)]() mutable { return std::move(held); });
  CHECK(*f.result() == 9);
}

TEST_CASE("void and references") {
  bool ran = false;
  int target = 1;
  weft::executor pool({.max_workers = 1});
  const weft::future<void> done = pool.submit([&] { ran = true; });
  done.result();
  CHECK(ran);

  const weft::future<int &> to_target = pool.submit([&]() -> int & { return target; });
  CHECK(&to_target.result() == &target);
  to_target.result() = 5;
  CHECK(target == 5);
  const weft::future<const int &> to_const = pool.submit([&]() -> const int & { return target; });
  CHECK(&to_const.result() == &target);
}

TEST_CASE("an rvalue reference is kept as a value") {
  weft::executor pool({.max_workers = 1});
  std::string text = "a text that is too long to lie inside the string object";
  const weft::future<std::string> f = pool.submit([&]() -> std::string && { return std::move(text); });
  CHECK(f.result() == "a text that is too long to lie inside the string object");
}

TEST_CASE("a result that can be neither copied nor moved") {
  weft::executor pool({.max_workers = 1});
  const weft::future<pinned> f = pool.submit([] { return pinned(3); });
  CHECK(f.result().value == 3);
}

TEST_CASE("over-aligned closures and results lie where they must") {
  bool closure_aligned = false;
  weft::executor pool({.max_workers = 1});
  const auto f = pool.submit([&, big = aligned<256>()] {
    closure_aligned = is_aligned(&big, 256);
    return aligned<1024>{7};
  });
  CHECK(f.result().value == 7);
  CHECK(is_aligned(&f.result(), 1024));
  CHECK(closure_aligned);
}

TEST_CASE("the closure is destroyed once, before the future is done") {
  test::gate hold;
  census counts;
  weft::executor pool({.max_workers = 1});
  int alive_when_done = -1;
  {
    auto f = pool.submit([&hold, part = test::move_only(counts)] { hold.pass(); });
    f.add_done_callback([&](const weft::future<void> &) { alive_when_done = counts.alive; });
    CHECK(counts.alive == 1);
    hold.open();
    pool.shutdown();
  }
  CHECK(alive_when_done == 0);
  CHECK(counts.alive == 0);
}

TEST_CASE("the closure of a failing task is destroyed too, before the future is done") {
  census counts;
  weft::executor pool({.max_workers = 1});
  const auto f =
      pool.submit([part = test::tracked<>(counts)]() -> test::move_may_throw { throw std::runtime_error("no"); });
  CHECK_THROWS_AS(f.result(), std::runtime_error);
  CHECK(counts.alive == 0);
}

TEST_CASE("the closure of a cancelled task is destroyed by cancel, without a call") {
  test::gate hold;
  census counts;
  bool ran = false;
  weft::executor pool({.max_workers = 1});
  const test::opener open_at_end(hold);
  const auto blocker = pool.submit([&] { hold.pass(); });
  const auto f = pool.submit([&, part = test::tracked<>(counts)] { ran = true; });
  CHECK(counts.alive == 1);
  CHECK(f.cancel());
  CHECK(counts.alive == 0);
  hold.open();
  pool.shutdown();
  CHECK_FALSE(ran);
}

TEST_CASE("the result lives as long as a handle") {
  test::gate hold;
  census counts;
  weft::executor pool({.max_workers = 1});
  SUBCASE("in the place of the closure") {
    auto f = pool.submit([&] { return test::tracked<>(counts, 4); });
    CHECK(f.result().value == 4);
    const auto copy = f;
    f = {};
    CHECK(copy.result().value == 4);
    CHECK(counts.alive == 1);
  }
  SUBCASE("beside the closure, built there without a move") {
    auto f = pool.submit([&] { return test::move_may_throw(counts, 4); });
    CHECK(f.result().value == 4);
    CHECK(counts.moved == 0);
    CHECK(counts.alive == 1);
  }
  SUBCASE("with no handle at all") {
    pool.submit([&] {
      hold.pass();
      return test::tracked<>(counts);
    });
    hold.open();
  }
  pool.shutdown();
  CHECK(counts.born >= 1);
  CHECK(counts.alive == 0);
}

TEST_CASE("a callable whose copy fails: submit throws, nothing is left behind, the pool goes on") {
  census counts;
  weft::executor pool({.max_workers = 1});
  const auto wrapped = [part = test::copy_fails(counts)] {};
  CHECK_THROWS_AS(pool.submit(wrapped), std::runtime_error);
  const test::copy_fails argument(counts);
  CHECK_THROWS_AS(pool.submit([](const test::copy_fails &) {}, argument), std::runtime_error);
  CHECK_THROWS_AS(pool.post(wrapped), std::runtime_error);
  CHECK(counts.alive == 2);
  CHECK(pool.submit([] { return 1; }).result() == 1);
}

TEST_CASE("a result whose move fails becomes the error of the future") {
  struct throws_when_moved {
    throws_when_moved() = default;
    throws_when_moved(throws_when_moved &&) noexcept(false) { throw std::runtime_error("stuck"); }
  };
  weft::executor pool({.max_workers = 1});
  const auto f = pool.submit([] {
    throws_when_moved made;
    return throws_when_moved(std::move(made));
  });
  CHECK_THROWS_AS(f.result(), std::runtime_error);
}

TEST_CASE("a refused submit destroys what it copied and keeps its hands off the rest") {
  census counts;
  weft::executor pool({.max_workers = 1});
  pool.shutdown();
  const test::tracked<> mine(counts);
  CHECK_THROWS_AS(pool.submit([](const test::tracked<> &) {}, mine), weft::shut_down);
  CHECK_THROWS_AS(pool.submit([mine] {}), weft::shut_down);
  CHECK_THROWS_AS(pool.post([mine] {}), weft::shut_down);
  CHECK(counts.alive == 1);
}

TEST_CASE("post runs without a future") {
  census counts;
  std::atomic<int> ran = 0;
  {
    weft::executor pool({.max_workers = 2});
    for (int i = 0; i < 100; ++i) pool.post([&, part = test::move_only(counts)](int n) { ran += n; }, 1);
    pool.post([&] {
      ++ran;
      return test::tracked<>(counts);
    });
  }
  CHECK(ran == 101);
  CHECK(counts.alive == 0);
}

TEST_CASE("the exception of a posted task goes to the exception hook") {
  std::string kind, message;
  weft::runtime host;
  host.set_exception_hook([&](const weft::thread_ref &, const weft::error &e) {
    kind = e.kind();
    message = e.what();
  });
  weft::executor pool({.max_workers = 1, .runtime = &host});
  pool.post([] { throw std::domain_error("outside"); });
  pool.shutdown();
  CHECK(kind == "std::domain_error");
  CHECK(message == "outside");
}

TEST_CASE("submit_batch moves out of a range that is given away") {
  weft::executor pool({.max_workers = 1});
  std::vector<std::function<int()>> kept = {[] { return 1; }, [] { return 2; }};
  auto copies = pool.submit_batch(kept);
  REQUIRE(copies.size() == 2);
  CHECK(copies[0].result() == 1);
  CHECK(copies[1].result() == 2);
  CHECK(kept[0]() == 1);

  struct returns {
    std::unique_ptr<int> n;
    int operator()() { return *n; }
  };
  std::vector<returns> given;
  for (int i = 0; i < 100; ++i) given.push_back({std::make_unique<int>(i)});
  const auto futures = pool.submit_batch(std::move(given));
  REQUIRE(futures.size() == 100);
  for (int i = 0; i < 100; ++i) CHECK(futures[static_cast<std::size_t>(i)].result() == i);

  CHECK(pool.submit_batch(std::vector<int (*)()>()).empty());
}

TEST_CASE("submit_batch is accepted whole or not at all") {
  test::gate hold;
  test::gate started;
  census counts;
  std::atomic<int> ran = 0;
  weft::executor pool({.max_workers = 1, .max_queue = 2});
  const test::opener open_at_end(hold);
  const auto blocker = pool.submit([&] {
    started.open();
    hold.pass();
  });
  started.pass();
  const auto part = [&, tracked = test::tracked<>(counts)] { ++ran; };
  CHECK_THROWS_AS(pool.submit_batch(std::vector(3, part)), weft::queue_full);
  CHECK(counts.alive == 1);
  CHECK(pool.submit_batch(std::vector(2, part)).size() == 2);
  CHECK(counts.alive == 3);
  hold.open();
  pool.shutdown();
  CHECK(ran == 2);
  CHECK(counts.alive == 1);
}

TEST_CASE("many tasks from many threads: each runs once, each closure and result dies once") {
  constexpr int threads = 4, each = 2'000;
  census closures, results;
  std::atomic<int> ran = 0;
  {
    weft::executor pool({.max_workers = 3});
    std::vector<std::thread> submitters;
    std::atomic<int> sum = 0;
    for (int t = 0; t < threads; ++t)
      submitters.emplace_back([&] {
        std::vector<weft::future<test::tracked<>>> futures;
        for (int i = 0; i < each; ++i)
          futures.push_back(pool.submit([&, part = test::tracked<>(closures)] {
            ++ran;
            return test::tracked<>(results, 1);
          }));
        for (const auto &f : futures) sum += f.result().value;
      });
    for (auto &submitter : submitters) submitter.join();
    CHECK(sum == threads * each);
  }
  CHECK(ran == threads * each);
  CHECK(closures.alive == 0);
  CHECK(results.alive == 0);
}
