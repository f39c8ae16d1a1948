// parallel_for and parallel_reduce of weft.hpp: both forms of the body, every kind of index, ranges of elements,
// exceptions, order, and use inside tasks.
#include "support.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <deque>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace {

// A value without a default constructor, which counts its lives.
struct text {
  explicit text(std::string chars) : value(std::move(chars)) {}
  std::string value;
};

text take_letters(int begin, int end, text so_far) {
  for (int i = begin; i < end; ++i) so_far.value += static_cast<char>('a' + i % 26);
  return so_far;
}

std::string letters(int count) {
  return take_letters(0, count, text("")).value;
}

} // namespace

TEST_CASE("parallel_for: each index once, one by one or in pieces") {
  for (const std::uint32_t workers : {1u, 3u}) {
    weft::executor pool({.max_workers = workers});
    for (const std::uint64_t grain : {0u, 1u, 64u}) {
      std::vector<std::atomic<int>> seen(10'000);
      weft::parallel_for(
          pool, std::size_t{0}, seen.size(), [&](std::size_t i) { ++seen[i]; }, grain);
      std::atomic<std::size_t> longest = 0;
      weft::parallel_for(
          pool, std::size_t{0}, seen.size(),
          [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) ++seen[i];
            std::size_t known = longest;
            while (known < end - begin && !longest.compare_exchange_weak(known, end - begin)) {
            }
          },
          grain);
      std::size_t wrong = 0;
      for (const std::atomic<int> &each : seen) wrong += each != 2;
      CHECK(wrong == 0);
      if (grain != 0) CHECK(longest <= grain);
    }
  }
}

TEST_CASE("parallel_for: a piece is told which thread runs it") {
  weft::executor pool({.max_workers = 3});
  struct alignas(64) own {
    std::thread::id thread;
    std::size_t count = 0;
  };
  std::vector<own> each(weft::parallel_threads(pool));
  weft::parallel_for(
      pool, 0, 10'000,
      [&](int begin, int end, std::size_t thread) {
        own &mine = each.at(thread);
        if (mine.count == 0) mine.thread = std::this_thread::get_id();
        if (mine.thread != std::this_thread::get_id()) throw std::logic_error("two threads with one index");
        mine.count += static_cast<std::size_t>(end - begin);
      },
      16);
  std::size_t sum = 0;
  for (const own &one : each) sum += one.count;
  CHECK(sum == 10'000);
  CHECK_THROWS_AS(weft::parallel_threads(weft::strand(pool)), weft::not_supported);
}

TEST_CASE("parallel_for: indices of any integral type, negative ones too") {
  weft::executor pool({.max_workers = 2});
  std::atomic<std::int64_t> sum = 0;
  weft::parallel_for(pool, -50, 51, [&](int i) { sum += i + 1; });
  CHECK(sum == 101);
  sum = 0;
  weft::parallel_for(pool, std::int8_t{-128}, std::int8_t{127}, [&](std::int8_t i) { sum += i; });
  CHECK(sum == -255); // -128 ... 126
  constexpr auto last = std::numeric_limits<std::uint64_t>::max();
  std::atomic<int> calls = 0;
  weft::parallel_for(pool, last - 3, last, [&](std::uint64_t i) { calls += i >= last - 3; });
  CHECK(calls == 3);
  weft::parallel_for(pool, 5, 5, [&](int) { ++calls; });
  weft::parallel_for(pool, 5, 4, [&](int) { ++calls; }); // empty
  CHECK(calls == 3);
}

TEST_CASE("parallel_for: the first exception comes back, and no piece begins after it") {
  weft::executor pool({.max_workers = 2});
  std::atomic<int> calls = 0;
  CHECK_THROWS_WITH_AS(weft::parallel_for(
                           pool, 0, 1'000'000,
                           [&](int begin, int) {
                             ++calls;
                             if (begin == 0) throw std::out_of_range("at once");
                           },
                           10),
                       "at once", std::out_of_range);
  CHECK(calls < 100'000);
}

TEST_CASE("parallel_for over a range: each element once, by reference") {
  weft::executor pool({.max_workers = 3});
  std::vector<int> numbers(10'000);
  std::iota(numbers.begin(), numbers.end(), 0);
  for (const std::uint64_t grain : {0u, 1u, 64u})
    weft::parallel_for(
        pool, numbers, [](int &n) { n += 1; }, grain);
  std::int64_t wrong = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i) wrong += numbers[i] != static_cast<int>(i) + 3;
  CHECK(wrong == 0);

  std::atomic<std::int64_t> sum = 0;
  const auto add = [&sum](const auto &n) { sum += n; };
  const std::vector<int> &constant = numbers;
  weft::parallel_for(pool, constant, add);
  CHECK(sum == 50'025'000);
  sum = 0;
  int array[] = {1, 2, 3};
  weft::parallel_for(pool, array, add);
  weft::parallel_for(pool, std::span(array), add);     // a view
  weft::parallel_for(pool, std::vector{4, 5}, add);    // a temporary
  weft::parallel_for(pool, std::deque(1'000, 7), add); // not contiguous
  const std::vector<bool> flags{true, false, true};
  weft::parallel_for(pool, flags, add); // its elements are made when they are read
  CHECK(sum == 6 + 6 + 9 + 7'000 + 2);
  weft::parallel_for(pool, std::vector<int>(), add);
  CHECK(sum == 7'023);

  struct counted {
    int value;
    std::atomic<int> calls;
    void call() { ++calls; }
  };
  std::vector<counted> objects(100);
  weft::parallel_for(pool, objects, &counted::call);
  for (const counted &each : objects) CHECK(each.calls == 1);
}

TEST_CASE("parallel_for over a range: exceptions and refusals") {
  weft::executor pool({.max_workers = 2});
  std::vector<int> numbers(1'000'000);
  std::atomic<int> calls = 0;
  const auto fail = [&calls](int &) {
    ++calls;
    throw std::out_of_range("at once");
  };
  CHECK_THROWS_WITH_AS(weft::parallel_for(pool, numbers, fail, 10), "at once", std::out_of_range);
  CHECK(calls < 100'000);
  CHECK_THROWS_AS(weft::parallel_for(weft::strand(pool), numbers, fail), weft::not_supported);
  pool.shutdown();
  CHECK_THROWS_AS(weft::parallel_for(pool, numbers, fail), weft::shut_down);
}

TEST_CASE("parallel_for: inside tasks and inside itself") {
  weft::executor pool({.max_workers = 2});
  std::atomic<int> calls = 0;
  pool.submit([&] {
        weft::parallel_for(
            pool, 0, 20, [&](int) { weft::parallel_for(pool, 0, 50, [&](int) { ++calls; }); }, 1);
      })
      .result();
  CHECK(calls == 1000);
}

TEST_CASE("parallel_for: refusals") {
  weft::executor pool({.max_workers = 1});
  weft::strand strand(pool);
  CHECK_THROWS_AS(weft::parallel_for(strand, 0, 1, [](int) {}), weft::not_supported);
  CHECK_THROWS_AS(weft::parallel_for(weft::executor_ref(), 0, 1, [](int) {}), weft::invalid_argument);
  pool.shutdown();
  CHECK_THROWS_AS(weft::parallel_for(pool, 0, 1, [](int) {}), weft::shut_down);
}

TEST_CASE("parallel_for: a stop request ends it") {
  weft::executor pool({.max_workers = 1});
  std::atomic<int> calls = 0;
  std::atomic<bool> held = false;
  auto looping = pool.submit([&] {
    weft::parallel_for(
        pool, 0, 1000,
        [&](int) {
          if (++calls != 1) return;
          held = true;
          while (!weft::this_thread::stop_requested()) std::this_thread::yield();
        },
        1);
  });
  while (!held) std::this_thread::yield();
  looping.request_stop();
  CHECK_THROWS_AS(looping.result(), weft::interrupted);
  CHECK(calls < 1000);
}

TEST_CASE("parallel_reduce: a sum, whatever the number of workers and the grain") {
  for (const std::uint32_t workers : {1u, 2u, 4u}) {
    weft::executor pool({.max_workers = workers});
    for (const std::uint64_t grain : {0u, 1u, 1000u}) {
      const auto add = [](std::int64_t a, std::int64_t b) { return a + b; };
      const auto take = [](int begin, int end, std::int64_t sum) {
        for (int i = begin; i < end; ++i) sum += i;
        return sum;
      };
      CHECK(weft::parallel_reduce(pool, 1, 20'001, std::int64_t{0}, take, add, grain) == 200'010'000);
      CHECK(pool.submit([&] { return weft::parallel_reduce(pool, -5, 6, std::int64_t{7}, take, std::plus<>(), 100); })
                .result() == 7);
      CHECK(weft::parallel_reduce(pool, 3, 3, std::int64_t{9}, take, add, grain) == 9);
    }
  }
}

TEST_CASE("parallel_reduce: what is not commutative keeps its order") {
  weft::executor pool({.max_workers = 3});
  const auto join = [](text left, const text &right) { return text(left.value + right.value); };
  const std::string expected = letters(5000);
  for (int round = 0; round < 5; ++round) {
    CHECK(weft::parallel_reduce(pool, 0, 5000, text(""), take_letters, join, 16).value == expected);
    CHECK(pool.submit([&] { return weft::parallel_reduce(pool, 0, 5000, text(""), take_letters, join, 16); })
              .result()
              .value == expected);
  }
}

TEST_CASE("parallel_reduce: body and join may return a reference to what they were given") {
  weft::executor pool({.max_workers = 2});
  const auto keep = [](int, int, std::string &&so_far) -> std::string && { return std::move(so_far); };
  const auto larger = [](const std::string &a, const std::string &b) -> const std::string & { return a < b ? b : a; };
  const std::string start(100, 'x');
  CHECK(weft::parallel_reduce(pool, 0, 1'000, start, keep, larger, 10) == start);
}

TEST_CASE("parallel_reduce: what body, join and the copy of the neutral element throw comes back") {
  weft::executor pool({.max_workers = 2});
  const auto join = [](int a, int b) { return a + b; };
  CHECK_THROWS_WITH_AS(weft::parallel_reduce(
                           pool, 0, 1000, 0,
                           [](int begin, int end, int n) {
                             if (begin <= 500 && 500 < end) throw std::runtime_error("in the body");
                             return n;
                           },
                           join, 10),
                       "in the body", std::runtime_error);

  // Inside a task the second half is spawned at once. The first half waits until another worker has taken it, so that
  // both have a value of their own, and there is something to join. The pool has ended when the error is read: the C++
  // library counts an exception's references where ThreadSanitizer does not see it.
  const auto inside = [](auto reduce) {
    weft::executor own({.max_workers = 2});
    auto reduced = own.submit([&] { static_cast<void>(reduce(own)); });
    own.shutdown();
    return reduced;
  };
  const auto failing_join = [](int, int) -> int { throw std::runtime_error("in a join"); };
  std::atomic<bool> taken = false;
  const auto count = [&](int begin, int end, int n) {
    if (begin >= 500) taken = true;
    while (begin == 0 && !taken) std::this_thread::yield();
    return n + end - begin;
  };
  CHECK_THROWS_WITH_AS(inside([&](const weft::executor_ref &own) {
                         return weft::parallel_reduce(own, 0, 1000, 0, count, failing_join, 10);
                       }).result(),
                       "in a join", std::runtime_error);

  taken = false;
  struct copied_twice {
    explicit copied_twice(std::atomic<bool> &taken) : taken(taken) {}
    copied_twice(const copied_twice &other) : taken(other.taken), copies(other.copies + 1) {
      if (copies <= 1) return;
      taken = true;
      throw std::runtime_error("in the copy");
    }
    copied_twice(copied_twice &&) = default;
    copied_twice &operator=(const copied_twice &) = delete;
    std::atomic<bool> &taken;
    int copies = 0;
  };
  const copied_twice neutral(taken);
  CHECK_THROWS_WITH_AS(inside([&](const weft::executor_ref &own) {
                         return weft::parallel_reduce(
                             own, 0, 1000, neutral,
                             [&](int begin, int, copied_twice n) {
                               while (begin == 0 && !taken) std::this_thread::yield();
                               return n;
                             },
                             [](copied_twice a, const copied_twice &) { return a; }, 10);
                       }).result(),
                       "in the copy", std::runtime_error);
}

TEST_CASE("ranges wider than the largest value of their type, and between ends of different types") {
  weft::executor pool({.max_workers = 2});
  const auto width = [&pool](auto begin, auto end) {
    return weft::parallel_reduce(
        pool, begin, end, std::uint64_t{0},
        [](auto from, auto to, std::uint64_t sum) {
          return sum + static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
        },
        [](std::uint64_t left, std::uint64_t right) { return left + right; }, std::uint64_t{1} << 60);
  };
  CHECK(width(-2'000'000'000, 2'000'000'000) == 4'000'000'000);
  CHECK(width(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()) == ~std::uint64_t{0});
  CHECK(width(-5, 4'000'000'000u) == 4'000'000'005);
  CHECK(width(5u, -1) == 0);
  CHECK(width(std::uint8_t{3}, std::int8_t{100}) == 97);
  CHECK_THROWS_AS(width(-1, std::uint64_t{1}), weft::invalid_argument);
  std::atomic<std::size_t> sum{0};
  weft::parallel_for(pool, 0, std::size_t{100}, [&](std::size_t i) { sum += i; });
  CHECK(sum == 4950);
}
