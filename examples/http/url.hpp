// Takes a URL apart and follows references ("Location: ../x") from one URL to the next. Knows nothing of the network.
// Read on in client.hpp.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace examples {

// What is wrong with a URL, as a text for people.
class bad_url : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

struct url {
  std::string host; // an IPv6 address without its brackets
  std::uint16_t port = 80;
  std::string target = "/"; // path and query as they are sent: percent-encoded, without the fragment

  // For the Host header: brackets around an IPv6 address, no port if it is the usual one.
  std::string authority() const;
};

// Reads an absolute http URL. Throws bad_url.
url parse_url(std::string_view text);

// Reads what a redirect from `base` points to: an absolute URL, or a reference without scheme, host or directory.
// Throws bad_url.
url resolve(const url &base, std::string_view reference);

} // namespace examples
