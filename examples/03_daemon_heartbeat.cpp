// A daemon thread (a heartbeat logger) and a regular one. main returns at once. weft then waits for
// the regular thread, and not for the daemon, which would go on for ever.
// Read on in 04_pool_submit.cpp: tasks instead of threads.
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>

using namespace std::chrono_literals;

static void heartbeat() {
  // At the end of the process the sleep throws weft::interrupted, which ends the thread quietly.
  // The end does not wait for that.
  for (;;) {
    std::puts("heartbeat");
    weft::this_thread::sleep_for(100ms);
  }
}

static void write_report() {
  weft::this_thread::sleep_for(550ms);
  std::puts("the report is written");
}

int main() {
  std::setvbuf(stdout, nullptr, _IOLBF, 0); // line by line, also into a pipe
  std::puts("main begins");
  weft::thread({.name = "heartbeat", .daemon = weft::daemon::yes}, heartbeat).start();
  weft::thread({.name = "report"}, write_report).start();
}
