// Two threads that each sleep one second. It takes 1 second in all when both run before the first
// join, and 2 seconds when the first is joined before the second is started.
// Read on in 02_fetch_thread.cpp: a thread that brings something back.
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

static void nap() {
  weft::this_thread::sleep_for(1s);
}

static double seconds_since(clock_type::time_point begin) {
  return std::chrono::duration<double>(clock_type::now() - begin).count();
}

static double joined_in_time() {
  const auto begin = clock_type::now();
  weft::thread first(nap), second(nap);
  first.start();
  second.start(); // both sleep now, at the same time
  first.join();
  second.join();
  return seconds_since(begin);
}

static double joined_too_early() {
  const auto begin = clock_type::now();
  weft::thread first(nap), second(nap);
  first.start();
  first.join(); // the second starts when the first has ended, so their seconds add up
  second.start();
  second.join();
  return seconds_since(begin);
}

int main() {
  std::printf("start, start, join, join: %.1f s\n", joined_in_time());
  std::printf("start, join, start, join: %.1f s\n", joined_too_early());
}
