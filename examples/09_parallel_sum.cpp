// Loops over index ranges: squares that are made in parallel, then added in parallel. The range is
// split while other threads are free to take a piece. The calling thread takes part.
// Read on in include/weft/cpp/parallel.hpp.
#include <weft/weft.hpp>

#include <cstdint>
#include <cstdio>
#include <functional>
#include <numeric>
#include <vector>

int main() {
  std::vector<std::uint64_t> squares(1000000);
  weft::executor pool;

  weft::parallel_for(pool, std::size_t{0}, squares.size(), [&](std::size_t i) { squares[i] = i * i; });

  const auto add_piece = [&](std::ptrdiff_t begin, std::ptrdiff_t end, std::uint64_t sum) {
    return std::accumulate(squares.begin() + begin, squares.begin() + end, sum);
  };
  const auto count = static_cast<std::ptrdiff_t>(squares.size());
  const std::uint64_t sum =
      weft::parallel_reduce(pool, std::ptrdiff_t{0}, count, std::uint64_t{0}, add_piece, std::plus<>());
  std::printf("the squares below %zu squared add up to %llu\n", squares.size(), static_cast<unsigned long long>(sum));
}
