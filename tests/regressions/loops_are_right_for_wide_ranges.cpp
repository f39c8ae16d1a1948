// Loops and reductions visit each index once: in ranges wider than the largest value of a signed type, in ranges up to
// the last value of a type, and between ends of different types.
#include <weft/weft.hpp>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <vector>

namespace {

int failures = 0;

void expect(const char *what, std::uint64_t counted, std::uint64_t right) {
  if (counted == right) return;
  ++failures;
  std::printf("%s: %llu of %llu\n", what, static_cast<unsigned long long>(counted),
              static_cast<unsigned long long>(right));
}

template <class Begin, class End> std::uint64_t width(const weft::executor &pool, Begin begin, End end) {
  std::atomic<std::uint64_t> counted{0};
  std::atomic<bool> in_order{true};
  weft::parallel_for(
      pool, begin, end,
      [&](auto from, auto to) {
        counted += static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
        if (!(from < to)) in_order = false;
      },
      std::uint64_t{1} << 60);
  const auto reduced = weft::parallel_reduce(
      pool, begin, end, std::uint64_t{0},
      [](auto from, auto to, std::uint64_t sum) {
        return sum + static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
      },
      [](std::uint64_t left, std::uint64_t right) { return left + right; }, std::uint64_t{1} << 60);
  return in_order && reduced == counted ? counted.load() : 0;
}

} // namespace

int main() {
  const weft::executor pool({.max_workers = 2});
  expect("ints", width(pool, -2'000'000'000, 2'000'000'000), 4'000'000'000);
  expect("all ints", width(pool, std::numeric_limits<int>::min(), std::numeric_limits<int>::max()), 0xffffffff);
  expect("all of 64 bits",
         width(pool, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()),
         ~std::uint64_t{0});
  expect("unsigned", width(pool, std::uint64_t{1}, ~std::uint64_t{0}), ~std::uint64_t{0} - 1);
  expect("bytes", width(pool, std::int8_t{-128}, std::int8_t{127}), 255);
  expect("mixed", width(pool, -5, 4'000'000'000u), 4'000'000'005);
  expect("mixed, the other way round", width(pool, 5u, std::int64_t{1} << 40), (std::uint64_t{1} << 40) - 5);
  expect("empty: the end is negative", width(pool, 5u, -1), 0);
  const std::vector<int> items(1000);
  std::atomic<int> seen{0};
  weft::parallel_for(pool, 0, items.size(), [&](std::size_t i) { seen += items[i] + 1; });
  expect("from 0 to a size", static_cast<std::uint64_t>(seen.load()), 1000);
  try {
    weft::parallel_for(pool, -1, std::uint64_t{1}, [](std::uint64_t) {});
    expect("a range that no type holds", 1, 0);
  } catch (const weft::invalid_argument &) {
  }
  return failures == 0 ? 0 : 1;
}
