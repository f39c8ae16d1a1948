// Cancellation: one token for the whole program, and below it one for each request, one of them
// with a deadline. A token cancels what its request has given to the pool: pending tasks never
// start, and running tasks are asked to stop.
// Read on in include/weft/cpp/cancel.hpp.
#include <weft/weft.hpp>

#include <chrono>
#include <iostream>
#include <latch>

using namespace std::chrono_literals;

int main() {
  weft::executor pool({.max_workers = 1});
  const weft::cancel_source program;
  const weft::cancel_source patient(program.token()), hasty(program.token(), 20ms);
  std::latch running(1);

  const auto tell = [](const char *name, const weft::future<void> &request) {
    try {
      request.result();
      std::cout << name << ": stopped while it ran\n";
    } catch (const weft::cancelled &) {
      std::cout << name << ": never started\n";
    }
  };

  // Works until the token is cancelled.
  auto first = pool.submit(patient.token(), [&running, mine = patient.token()] {
    running.count_down();
    while (!mine.is_cancelled()) std::this_thread::yield();
  });
  auto second = pool.submit(hasty.token(), [] {}); // waits for the only worker beyond its deadline
  auto third = pool.submit(patient.token(), [] {});
  tell("second", second);

  running.wait();
  program.cancel(); // also cancels the tokens below it
  tell("first", first);
  tell("third", third);
}
