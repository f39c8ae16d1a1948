// Turns Ctrl-C into a stop request. It knows nothing of what will be stopped.
#pragma once

#include <stop_token>

namespace url_checker {

// From now on the first SIGINT or SIGTERM requests a stop; the second one ends the process. The main thread must call
// this once, before it starts other threads: they inherit the mask that blocks these signals. Callbacks of the stop run
// on a thread of their own, so they may do what a signal handler may not.
std::stop_token stop_at_interrupt();

} // namespace url_checker
