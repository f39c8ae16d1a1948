// map: results in the order of the items; a failed item does not end the iteration.
#include "support.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <iterator>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

// A range that counts up, for one pass, without an end unless one is given. It remembers how far it was read.
class counting {
public:
  explicit counting(int &read, int end = -1) : read_(&read), end_(end) {}
  struct iterator {
    using iterator_concept = std::input_iterator_tag;
    using difference_type = std::ptrdiff_t;
    using value_type = int;
    counting *owner = nullptr;
    int operator*() const { return *owner->read_; }
    iterator &operator++() {
      ++*owner->read_;
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return *owner->read_ == owner->end_; }
  };
  iterator begin() { return {this}; }
  std::default_sentinel_t end() const { return {}; }

private:
  int *read_;
  int end_;
};

const auto fails_on_odd = [](int n) {
  if (n % 2) throw std::range_error("odd");
  return n;
};

} // namespace

TEST_CASE("results come in the order of the items") {
  weft::executor pool({.max_workers = 3});
  std::vector<int> items(200);
  for (int i = 0; i < 200; ++i) items[static_cast<std::size_t>(i)] = i;
  std::vector<int> results;
  for (const int n : pool.map([](int n) { return n * n; }, items)) results.push_back(n);
  REQUIRE(results.size() == 200);
  for (int i = 0; i < 200; ++i) CHECK(results[static_cast<std::size_t>(i)] == i * i);
}

TEST_CASE("items of any range") {
  int read = 0;
  int total = 0;
  weft::executor pool({.max_workers = 1});
  const auto sum = [&](auto &&items) {
    int total = 0;
    for (const int n : pool.map([](int n) { return n; }, std::forward<decltype(items)>(items))) total += n;
    return total;
  };
  CHECK(sum(std::vector{1, 2, 3}) == 6);
  CHECK(sum(std::vector<int>()) == 0);
  const std::array<int, 3> constant = {4, 5, 6};
  CHECK(sum(constant) == 15);
  int plain[] = {7, 8};
  CHECK(sum(plain) == 15);
  CHECK(sum(counting(read, 4)) == 6);
  for (const int n : pool.map([](int n) { return n + 1; }, {1, 2, 3})) total += n;
  CHECK(total == 9);
}

TEST_CASE("iteration goes on after a failed item") {
  int failed = 0;
  weft::executor pool({.max_workers = 2});
  auto results = pool.map(fails_on_odd, {0, 1, 2, 3, 4});
  std::vector<int> good;
  for (auto it = results.begin(); it != results.end(); ++it) {
    try {
      good.push_back(*it);
    } catch (const std::range_error &) {
      ++failed;
    }
  }
  CHECK(good == std::vector{0, 2, 4});
  CHECK(failed == 2);
}

TEST_CASE("the futures of a map, each done, in order") {
  weft::executor pool({.max_workers = 2});
  auto results = pool.map(fails_on_odd, {0, 1, 2});
  std::vector<bool> failed;
  for (const auto &f : results.futures()) {
    CHECK(f.done());
    failed.push_back(f.error().has_value());
  }
  CHECK(failed == std::vector{false, true, false});
}

TEST_CASE("it needs no iteration to run") {
  std::atomic<int> ran = 0;
  weft::executor pool({.max_workers = 1});
  auto results = pool.map([&](int) { ++ran; }, {1, 2, 3});
  pool.shutdown();
  CHECK(ran == 3);
}

TEST_CASE("void, references and move-only results") {
  std::atomic<int> ran = 0;
  int seen = 0;
  weft::executor pool({.max_workers = 2});
  for ([[maybe_unused]] const auto nothing : pool.map([&](int) { ++ran; }, {1, 2, 3})) ++seen;
  CHECK(ran == 3);
  CHECK(seen == 3);

  std::vector<int> targets = {1, 2};
  for (int &target : pool.map([&](std::size_t i) -> int & { return targets[i]; }, std::vector<std::size_t>{0, 1}))
    target += 10;
  CHECK(targets == std::vector{11, 12});

  std::vector<std::unique_ptr<int>> taken;
  for (auto &each : pool.map([](int n) { return std::make_unique<int>(n); }, {4, 5})) taken.push_back(std::move(each));
  REQUIRE(taken.size() == 2);
  CHECK(*taken[1] == 5);
}

TEST_CASE("items are moved out of a range that is given away, copied from one that is kept") {
  int total = 0;
  weft::executor pool({.max_workers = 1});
  std::vector<std::unique_ptr<int>> owners;
  owners.push_back(std::make_unique<int>(1));
  owners.push_back(std::make_unique<int>(2));
  for (const int n : pool.map([](const std::unique_ptr<int> &p) { return *p; }, std::move(owners))) total += n;
  CHECK(total == 3);

  std::vector<std::string> kept(2, "a text that is too long to lie inside the string object");
  for (const auto size : pool.map([](std::string s) { return s.size(); }, kept)) CHECK(size == kept[0].size());
  CHECK_FALSE(kept[0].empty());
}

TEST_CASE("the function is shared, and destroyed with the last task") {
  test::census functions, items, results;
  weft::executor pool({.max_workers = 2});
  {
    auto f = [part = test::move_only(functions), &results](const test::tracked<> &item) {
      return test::tracked<>(results, item.value);
    };
    std::vector<test::tracked<>> given;
    for (int i = 0; i < 20; ++i) given.emplace_back(items, i);
    int expected = 0;
    for (const auto &each : pool.map(std::move(f), given)) CHECK(each.value == expected++);
    CHECK(expected == 20);
  }
  pool.shutdown();
  CHECK(functions.alive == 0);
  CHECK(items.alive == 0);
  CHECK(results.alive == 0);
}

TEST_CASE("a result is let go when the iteration passes by") {
  const weft::caller_run loop;
  test::census counts;
  auto results = loop.map([&](int) { return test::tracked<>(counts); }, {1, 2, 3});
  loop.run();
  CHECK(counts.alive == 3);
  auto it = results.begin();
  static_cast<void>(*it);
  CHECK(counts.alive == 3);
  ++it;
  CHECK(counts.alive == 2);
  ++it;
  ++it;
  CHECK(it == results.end());
  CHECK(counts.alive == 0);
}

TEST_CASE("a window: so many ahead, no more") {
  const weft::caller_run loop;
  int read = 0;
  auto results = loop.map([](int n) { return n; }, counting(read), {.buffer = 3});
  CHECK(loop.stats().queued == 3);
  CHECK(read == 3);
  CHECK(loop.run() == 3);
  auto it = results.begin();
  CHECK(*it == 0);
  // The first item was read, so the next one has been submitted.
  CHECK(loop.stats().queued == 1);
  ++it;
  CHECK(*it == 1);
  CHECK(loop.stats().queued == 2);
}

TEST_CASE("a window over a pool goes through everything") {
  weft::executor pool({.max_workers = 3});
  int read = 0, expected = 0;
  for (const int n : pool.map([](int n) { return n; }, counting(read, 500), {.buffer = 4})) CHECK(n == expected++);
  CHECK(expected == 500);
}

TEST_CASE("a bounded queue that fails when full: the rest follows") {
  weft::executor pool({.max_workers = 1, .max_queue = 2});
  int read = 0, expected = 0;
  for (const int n : pool.map([](int n) { return n; }, counting(read, 300))) CHECK(n == expected++);
  CHECK(expected == 300);
}

TEST_CASE("a bounded queue that is full of other work") {
  test::gate hold, stands;
  int total = 0;
  weft::executor pool({.max_workers = 1, .max_queue = 1});
  const test::opener open_at_end(hold);
  pool.post([&] {
    stands.open();
    hold.pass();
  });
  stands.pass();
  pool.post([] {});
  auto late = pool.map([](int n) { return n; }, {1, 2}, {.timeout = 5ms});
  CHECK_THROWS_AS(*late.begin(), weft::timed_out);
  auto results = pool.map([](int n) { return n; }, {1, 2});
  std::thread later([&] { hold.open(); });
  for (const int n : results) total += n;
  later.join();
  CHECK(total == 3);
}

TEST_CASE("a time-out ends the iteration and cancels what has not started") {
  test::gate hold;
  std::atomic<int> ran = 0;
  int seen = 0;
  weft::executor pool({.max_workers = 1});
  const test::opener open_at_end(hold);
  auto results = pool.map(
      [&](int n) {
        ++ran;
        if (n == 1) hold.pass();
        return n;
      },
      {0, 1, 2, 3}, {.timeout = 20ms});
  auto it = results.begin();
  const auto go_through = [&] {
    for (; it != results.end(); ++it) seen += *it + 1;
  };
  CHECK_THROWS_AS(go_through(), weft::timed_out);
  CHECK(seen <= 1);
  CHECK(it == results.end());
  ++it;
  CHECK(it == results.end());
  hold.open();
  pool.shutdown();
  CHECK(ran <= 2);
}

TEST_CASE("a time-out of 0 still gives what is done") {
  const weft::caller_run loop;
  auto results = loop.map([](int n) { return n; }, {7, 8}, {.timeout = 0s});
  CHECK(loop.run(1) == 1);
  auto it = results.begin();
  CHECK(*it == 7);
  ++it;
  CHECK_THROWS_AS(*it, weft::timed_out);
}

TEST_CASE("an early end cancels what has not started") {
  const weft::caller_run loop;
  test::census counts;
  int ran = 0;
  {
    std::vector<test::tracked<>> items;
    for (int i = 0; i < 5; ++i) items.emplace_back(counts, i);
    auto results = loop.map([&](const test::tracked<> &) { ++ran; }, std::move(items));
    CHECK(loop.run(2) == 2);
  }
  CHECK(ran == 2);
  CHECK(counts.alive == 0);
  loop.run();
  CHECK(ran == 2);
}

TEST_CASE("an item that cannot be copied is an item that failed") {
  struct fussy {
    explicit fussy(int given) : n(given) {}
    fussy(const fussy &other) : n(other.n) {
      if (n == 1) throw std::logic_error("not me");
    }
    fussy(fussy &&other) noexcept : n(other.n) {}
    int n;
  };
  weft::executor pool({.max_workers = 1});
  std::vector<fussy> items;
  for (int i = 0; i < 3; ++i) items.emplace_back(i);
  auto results = pool.map([](const fussy &item) { return item.n; }, items);
  auto it = results.begin();
  CHECK(*it == 0);
  ++it;
  CHECK_THROWS_AS(*it, std::logic_error);
  ++it;
  CHECK(*it == 2);
  ++it;
  CHECK(it == results.end());
}

TEST_CASE("an executor that refuses the first item: map throws") {
  const auto same = [](int n) { return n; };
  weft::executor ended({.max_workers = 1});
  ended.shutdown();
  CHECK_THROWS_AS(ended.map(same, {1}), weft::shut_down);

  weft::executor broken({.max_workers = 1, .initializer = [] { throw 1; }});
  static_cast<void>(broken.submit([] {}).wait());
  CHECK_THROWS_AS(broken.map(same, {1}), weft::broken_pool);
  CHECK_THROWS_AS(weft::executor_ref().map(same, {1}), weft::invalid_argument);
}

TEST_CASE("what could not be submitted any more comes as cancelled") {
  const weft::caller_run loop;
  int read = 0;
  auto results = loop.map([](int n) { return n; }, counting(read, 3), {.buffer = 1});
  loop.run();
  loop.shutdown(weft::shutdown::refuse_only);
  auto it = results.begin();
  CHECK(*it == 0);
  ++it;
  CHECK_THROWS_AS(*it, weft::cancelled);
  ++it;
  CHECK_THROWS_AS(*it, weft::cancelled);
  ++it;
  CHECK(it == results.end());
}

TEST_CASE("a wait for an item that was interrupted may be tried again") {
  test::gate hold, item_stands, stands;
  bool interrupted = false;
  weft::executor pool({.max_workers = 2});
  const test::opener open_at_end(hold);
  const auto reader = pool.submit([&] {
    auto results = pool.map(
        [&](int n) {
          item_stands.open();
          hold.pass();
          return n;
        },
        {6});
    auto it = results.begin();
    item_stands.pass(); // else the reader would run the item itself
    stands.open();
    for (;;) {
      try {
        return *it;
      } catch (const weft::interrupted &) {
        interrupted = true;
        hold.open();
        std::this_thread::yield();
      }
    }
  });
  stands.pass();
  reader.request_stop();
  CHECK(reader.result(test::too_long) == 6);
  CHECK(interrupted);
}

TEST_CASE("what the range throws comes in the place of the next item, and ends the iteration") {
  weft::executor pool({.max_workers = 2});
  const std::vector<int> numbers{0, 1, 2, 3, 4};
  auto even = numbers | std::views::filter([](int n) {
                if (n == 3) throw std::runtime_error("in the range");
                return n % 2 == 0;
              });
  for (const std::uint64_t buffer : {0, 1, 2}) {
    auto results = pool.map([](int n) { return n; }, even, {.buffer = buffer});
    auto it = results.begin();
    CHECK(*it == 0);
    ++it;
    CHECK(*it == 2);
    ++it;
    CHECK(it != results.end());
    CHECK_THROWS_WITH_AS(*it, "in the range", std::runtime_error);
    CHECK(it == results.end());
  }
}
