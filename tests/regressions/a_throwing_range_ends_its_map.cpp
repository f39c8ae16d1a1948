// What a mapped range throws comes out of the map in the place of the missing item, and ends the map.
#include <weft/weft.hpp>

#include <cstdio>
#include <ranges>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

template <class Items> std::string read(Items &&items) {
  std::string seen;
  try {
    for (const int n : items) seen += std::to_string(n) + ' ';
    return seen + "end";
  } catch (const std::exception &e) {
    return seen + e.what();
  }
}

} // namespace

int main() {
  const weft::executor pool({.max_workers = 2});
  std::vector<int> numbers{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  auto even = numbers | std::views::filter([](int n) {
                if (n == 5) throw std::runtime_error("bad input");
                return n % 2 == 0;
              });
  auto squares = numbers | std::views::transform([](int n) {
                   if (n == 3) throw std::runtime_error("bad square");
                   return n * n;
                 });
  int failures = 0;
  const auto expect = [&failures](const std::string &seen, const std::string &right) {
    if (seen == right) return;
    ++failures;
    std::printf("\"%s\" instead of \"%s\"\n", seen.c_str(), right.c_str());
  };
  const auto same = [](int n) { return n; };
  for (const std::uint64_t buffer : {0, 1, 2, 100}) {
    expect(read(pool.map(same, even, {.buffer = buffer})), "0 2 4 bad input");
    expect(read(pool.map(same, squares, {.buffer = buffer})), "0 1 4 bad square");
    auto passed_by = pool.map(same, even, {.buffer = buffer});
    auto at = passed_by.begin();
    ++at;
    ++at;
    ++at;
    try {
      static_cast<void>(*at);
      expect("the fourth item", "bad input");
    } catch (const std::runtime_error &) {
    }
    expect(at == passed_by.end() ? "over" : "goes on", "over");
  }
  return failures == 0 ? 0 : 1;
}
