// Fork-join with groups: a sort that spawns one half, which an idle worker may steal, and does the
// other half itself. A task that waits for its group runs what no other worker has taken. So the
// recursion needs no more workers than there are.
// Read on in include/weft/cpp/group.hpp.
#include <weft/weft.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <random>
#include <span>
#include <vector>

static void sort(const weft::executor_ref &pool, std::span<std::uint32_t> whole) {
  if (whole.size() < 1000) return std::sort(whole.begin(), whole.end());
  const auto middle = whole.begin() + static_cast<std::ptrdiff_t>(whole.size() / 2);
  weft::group halves(pool);
  halves.run([&] { sort(pool, {whole.begin(), middle}); });
  sort(pool, {middle, whole.end()});
  halves.wait(); // also rethrows what a half has thrown
  std::inplace_merge(whole.begin(), middle, whole.end());
}

int main() {
  std::vector<std::uint32_t> numbers(200000);
  std::generate(numbers.begin(), numbers.end(), std::mt19937(1));

  weft::executor pool;
  pool.submit([&] { sort(pool, numbers); }).result();
  std::size_t wrong = 0;
  for (std::size_t i = 1; i < numbers.size(); ++i) wrong += numbers[i - 1] > numbers[i];
  std::printf("%zu numbers sorted, %zu of them in the wrong place\n", numbers.size(), wrong);
}
