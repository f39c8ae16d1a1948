// timer/due_heap.hpp: entries come out in order, and each one can be found, changed and removed.
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

// Knows its position in the heap, as timers do.
struct item {
  std::size_t position = 0;
};

struct item_ref {
  item *which = nullptr;
  bool is_vacant() const noexcept { return which == nullptr; }
  void moved(std::size_t position) const noexcept { which->position = position; }
};

using heap = due_heap<item_ref>;

struct never_found {
  bool is_vacant() const noexcept { return false; }
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
    } else if (const auto what = random() % 3; what != 0) {
      REQUIRE(all[items[i].position].what.which == &items[i]);
      if (what == 1)
        all.remove(items[i].position);
      else
        all.vacate(items[i].position);
      model.erase(keys[i]);
    } else {
      model.erase(keys[i]);
      keys[i] = {due, order++};
      model[keys[i]] = i;
      all.change(items[i].position, keys[i].first, keys[i].second);
      REQUIRE(all.top().what.which == &items[model.begin()->second]);
      continue;
    }
    listed[i] = !listed[i];
    REQUIRE(all.empty() == model.empty());
    REQUIRE(all.size() >= model.size());
    REQUIRE(all.size() <= 3 * model.size() + 65);
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

TEST_CASE("due_heap: vacant slots are left out, and never at the top") {
  constexpr std::size_t count = 1000;
  for (const bool from_the_front : {true, false}) {
    heap all;
    std::vector<item> items(count);
    REQUIRE(all.reserve(count));
    for (std::size_t i = 0; i < count; ++i) all.push({static_cast<std::int64_t>(i * 7 % count), i, {&items[i]}});
    // Removes all but every tenth.
    for (std::size_t k = 0; k < count; ++k) {
      const std::size_t i = from_the_front ? k : count - 1 - k;
      if (i % 10 != 0) all.vacate(items[i].position);
      REQUIRE_FALSE(all.top().what.is_vacant());
    }
    CHECK(all.size() <= 3 * (count / 10) + 65);
    CHECK(all.reserve(count)); // the room of the removed ones is free again
    std::int64_t last = -1;
    std::size_t left = 0;
    for (; !all.empty(); ++left) {
      REQUIRE_FALSE(all.top().what.is_vacant());
      REQUIRE(all.top().due > last);
      REQUIRE(all.top().what.which->position == 0);
      last = all.top().due;
      all.remove(0);
    }
    CHECK(left == count / 10);
  }
}

TEST_CASE("due_heap: with the last one that is not vacant all are gone") {
  heap all;
  std::vector<item> items(20);
  REQUIRE(all.reserve(items.size()));
  for (std::size_t i = 0; i < items.size(); ++i) all.push({static_cast<std::int64_t>(i), i, {&items[i]}});
  for (std::size_t i = items.size(); i-- > 1;) all.vacate(items[i].position);
  CHECK(all.size() == items.size());
  all.vacate(items[0].position);
  CHECK(all.empty());
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
