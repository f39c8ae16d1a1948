// Checks a list of URLs on a weft pool. It knows nothing of the command line or of how the findings are shown.
#pragma once

#include "../http/client.hpp"

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace url_checker {

struct finding {
  std::string url;
  examples::fetch_result page;
  std::chrono::nanoseconds time{0};

  bool fine() const { return page.complete() && page.status < 400; }
};

enum class ending { complete, interrupted };

struct report {
  std::vector<finding> findings; // in the order of the URLs, one for each
  std::chrono::nanoseconds wall{0};
  ending how = ending::complete;
};

// Checks all URLs, at most `workers` at once, and calls `advance` after each, on the calling thread. Blocks until all
// are done. A stop request cancels the checks that have not started, and ends those that have. They are in the report,
// too.
report check_all(const std::vector<std::string> &urls, unsigned workers, std::chrono::nanoseconds timeout,
                 const std::stop_token &stop, const std::function<void()> &advance);

} // namespace url_checker
