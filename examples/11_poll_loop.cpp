// A loop of one thread that polls, as in servers and user interfaces. It submits work to a pool,
// and reads the results when it polls. weft calls no callback of the loop from other threads. A
// timer of weft ticks in the same loop.
#include <weft/weft.hpp>

#include <poll.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;

static int look_up(int number) {
  if (number == 3) throw std::out_of_range("there is no third");
  return number * number;
}

int main() {
  constexpr std::size_t requests = 5, patience = 100; // the tags: a request's number, or patience for the timer
  weft::executor pool;
  const weft::completion_queue queue;
  std::vector<weft::future<int>> futures;
  for (std::size_t i = 0; i < requests; ++i) {
    futures.push_back(pool.submit(look_up, static_cast<int>(i)));
    queue.notify(futures.back(), i);
  }
  const weft::timer timer = queue.make_timer(pool, patience);
  timer.arm(20ms);

  std::array<std::string, requests> answers;
  std::array<weft::event, 16> room;
  pollfd watched{queue.descriptor(), POLLIN, 0}; // a server polls its sockets, too
  for (std::size_t open = requests + 1; open > 0 && poll(&watched, 1, -1) > 0;)
    for (const weft::event &each : queue.pop(room)) {
      --open;
      if (each.tag == patience) continue;
      try {
        answers[each.tag] = std::to_string(futures[each.tag].result(0s)); // it is done, so this does not block
      } catch (const std::out_of_range &error) {
        answers[each.tag] = error.what();
      }
    }
  for (std::size_t i = 0; i < requests; ++i) std::printf("%d: %s\n", static_cast<int>(i), answers[i].c_str());
  std::printf("and the timer has ticked\n");
}
