// Turns host names into addresses, with a deadline. The system's getaddrinfo() can take half a minute and cannot be
// interrupted, so it runs on the workers of a daemon pool: a lookup that nobody waits for any more is simply left
// behind, and does not keep the process from ending.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <weft/weft.hpp>

#include <chrono>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <vector>

namespace examples {

// No addresses, in words for people: "unknown host".
class lookup_failure : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

