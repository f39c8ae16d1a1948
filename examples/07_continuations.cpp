// Continuations: a task that follows the future of another one, one that mends an error, and one
// future for the end of several. No thread waits on the way.
// Read on in include/weft/cpp/future.hpp (then, on_error, finally) and continuation.hpp (when_all,
// when_any).
#include <weft/weft.hpp>

#include <cstdio>
#include <numeric>
#include <stdexcept>
#include <vector>

static int weigh(int parcel) {
  if (parcel == 3) throw std::runtime_error("the scale is broken");
  return parcel * 100;
}

int main() {
  weft::executor pool;
  std::vector<weft::future<int>> prices;
  for (int parcel = 1; parcel <= 4; ++parcel)
    prices.push_back(pool.submit(weigh, parcel)
                         .then(pool, [](int grams) { return grams * 2; }) // only after a result
                         .on_error(pool, [parcel](const weft::error &reason) {
                           std::printf("parcel %d: %s, so it goes at the flat rate\n", parcel, reason.what());
                           return 500;
                         }));

  const weft::future<int> sum = weft::when_all(prices).then(
      pool, [](const std::vector<int> &cents) { return std::accumulate(cents.begin(), cents.end(), 0); });
  std::printf("all together: %d cents\n", sum.result());
}
