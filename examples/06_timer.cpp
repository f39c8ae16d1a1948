// A timer that counts down, with a tick every 20 ms; a task that runs later; and one that is
// cancelled before its time.
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>

using namespace std::chrono_literals;

int main() {
  weft::promise<void> over; // the last tick completes it
  weft::timer countdown;
  weft::executor pool;

  const auto submitted = std::chrono::steady_clock::now();
  const auto later = pool.submit_after(30ms, [] { return std::chrono::steady_clock::now(); });
  const auto never = pool.submit_after(1h, [] {});

  // The ticks of a timer never overlap, so this needs no lock.
  countdown = weft::timer(pool, [&, left = 3]() mutable {
    if (left > 0) {
      std::printf("%d\n", left--);
      return;
    }
    countdown.cancel(); // this tick was the last
    over.set_value();
  });
  countdown.arm_every(0ms, 20ms);
  over.get_future().result();
  std::printf("lift-off\n");

  std::printf("the delayed task ran %s\n", later.result() - submitted >= 30ms ? "in time" : "early");
  never.cancel();
  std::printf("the other one is %s\n", never.cancelled() ? "cancelled" : "still to come");
}
