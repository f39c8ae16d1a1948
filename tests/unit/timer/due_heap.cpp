// timer/due_heap.hpp: the order of what comes out, and that everything in it can be found, changed and removed.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include "timer/due_heap.hpp"

using namespace weft::core;

namespace {

// Knows where it is, as timers do.
struct item {
  std::size_t position = 0;
};

struct item_ref {
  item *which;
  void moved(std::size_t position) const noexcept { which->position = position; }
};

using heap = due_heap<item_ref>;

struct never_found {
  void moved(std::size_t) const noexcept {}
};

} // namespace

TEST_CASE("due_heap: the earliest comes first, and of equals the one with the smaller number") {
  heap all;
  std::vector<item> items(1000);
  REQUIRE(all.reserve(items.size()));
  std::mt19937_64 random(7);
  std::vector<std::pair<std::int64_t, std::uint64_t>> expected;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto due = static_cast<std::int64_t>(random() % 50);
    all.push({due, i, {&items[i]}});
    expected.emplace_back(due, i);
  }
  std::sort(expected.begin(), expected.end());
  for (const auto &next : expected) {
    REQUIRE(std::pair(all.top().due, all.top().order) == next);
    all.remove(0);
  }
  CHECK(all.empty());
}

TEST_CASE("due_heap: each can be removed and changed at its position, against a model") {
  constexpr std::size_t count = 300;
  std::vector<item> items(count);
  std::vector<bool> listed(count);
  std::vector<std::pair<std::int64_t, std::uint64_t>> keys(count);
  std::map<std::pair<std::int64_t, std::uint64_t>, std::size_t> model;
  heap all;
  REQUIRE(all.reserve(count));
  std::mt19937_64 random(11);
  std::uint64_t order = 0;
  for (int step = 0; step < 100'000; ++step) {
    const std::size_t i = random() % count;
    const auto due = static_cast<std::int64_t>(random() % 1000);
    if (!listed[i]) {
      keys[i] = {due, order++};
      all.push({keys[i].first, keys[i].second, {&items[i]}});
      model[keys[i]] = i;
    } else if (random() % 2 == 0) {
      REQUIRE(all[items[i].position].what.which == &items[i]);
      all.remove(items[i].position);
      model.erase(keys[i]);
    } else {
      model.erase(keys[i]);
      keys[i] = {due, order++};
      model[keys[i]] = i;
      all.change(items[i].position, keys[i].first, keys[i].second);
      REQUIRE(all.size() == model.size());
      REQUIRE(all.top().what.which == &items[model.begin()->second]);
      continue;
    }
    listed[i] = !listed[i];
    REQUIRE(all.size() == model.size());
    if (!model.empty()) REQUIRE(all.top().what.which == &items[model.begin()->second]);
  }
}

TEST_CASE("due_heap: removal at every position leaves the rest in order") {
  constexpr std::size_t count = 40;
  for (std::size_t gone = 0; gone < count; ++gone) {
    heap all;
    std::vector<item> items(count);
    REQUIRE(all.reserve(count));
    for (std::size_t i = 0; i < count; ++i) all.push({static_cast<std::int64_t>(i * 7 % count), i, {&items[i]}});
    all.remove(gone);
    std::int64_t last = -1;
    std::size_t left = 0;
    for (; !all.empty(); ++left) {
      REQUIRE(all.top().due > last);
      last = all.top().due;
      all.remove(0);
    }
    CHECK(left == count - 1);
  }
}

TEST_CASE("due_heap: a million of them") {
  constexpr std::uint64_t count = 1'000'000;
  due_heap<never_found> all;
  REQUIRE(all.reserve(count));
  std::mt19937_64 random(13);
  for (std::uint64_t i = 0; i < count; ++i) all.push({static_cast<std::int64_t>(random() >> 1), i, {}});
  REQUIRE(all.size() == count);
  std::int64_t last = -1;
  bool sorted = true;
  for (; !all.empty(); all.remove(0)) sorted &= std::exchange(last, all.top().due) <= all.top().due;
  CHECK(sorted);
}

TEST_CASE("due_heap: room that cannot be had is told, and changes nothing") {
  due_heap<never_found> all;
  REQUIRE(all.reserve(1));
  all.push({5, 0, {}});
  CHECK_FALSE(all.reserve(SIZE_MAX / 64));
  CHECK_FALSE(all.reserve(SIZE_MAX / 2));
  CHECK(all.size() == 1);
  CHECK(all.top().due == 5);
}
