// An HTTP/1.1 client for checkers. One call fetches one page, follows redirects, and always returns before its
// deadline. It knows nothing of tables, pools or progress. Read on in client.cpp for the protocol, in resolver.hpp for
// the one call that no deadline can interrupt.
#pragma once

#include "resolver.hpp"

#include <chrono>
#include <cstddef>
#include <stop_token>
#include <string>
#include <string_view>

namespace examples {

struct fetch_options {
  std::chrono::nanoseconds timeout = std::chrono::seconds(5); // for everything: name, connection, redirects, body
  int max_redirects = 10;
  std::size_t max_body = 1024 * 1024; // bytes; a larger page counts as failed, so that an endless one ends
};

struct fetch_result {
  unsigned status = 0; // of the last answer; 0: there was none
  std::string reason;  // empty when the whole page arrived, else why not: "connection refused"

  bool complete() const { return status != 0 && reason.empty(); }
  std::string text() const; // for people: "200 OK", "404 Not Found", "connection refused"
};

class http_client {
public:
  explicit http_client(fetch_options options) : options_(options) {}

  // Fetches one page. Blocks until it is there, the time is over, or stop is requested. Any thread; several at once.
  // A URL that cannot be fetched is a result, not an exception.
  fetch_result fetch(std::string_view text, const std::stop_token &stop = {});

private:
  fetch_options options_;
  name_resolver resolver_;
};

} // namespace examples
