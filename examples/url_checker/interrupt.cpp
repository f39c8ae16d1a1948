// A daemon thread waits in sigwait(). Nothing must wake it at the end: the process does not wait for daemons.
#include "interrupt.hpp"

#include <weft/weft.hpp>

#include <csignal>

namespace url_checker {

std::stop_token stop_at_interrupt() {
  std::stop_source stop;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr); // so that they wait for the thread below
  weft::thread({.name = "interrupt", .daemon = weft::daemon::yes}, [stop, signals]() mutable {
    int signal = 0;
    sigwait(&signals, &signal);
    stop.request_stop();
    pthread_sigmask(SIG_UNBLOCK, &signals, nullptr); // the next signal comes to this thread, and ends the process
    weft::this_thread::sleep_for(weft::forever);
  }).start();
  return stop.get_token();
}

} // namespace url_checker
