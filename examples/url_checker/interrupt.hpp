// Turns Ctrl-C into a stop request. Knows nothing of what is to be stopped.
#pragma once

#include <stop_token>

namespace url_checker {

// From now on the first SIGINT or SIGTERM requests a stop; the second one ends the process. To be called once, by the
// main thread before it starts others: they inherit that these signals are not for them. What listens to the stop runs
// on a thread of its own, where everything may be done that a signal handler may not.
std::stop_token stop_at_interrupt();

} // namespace url_checker
