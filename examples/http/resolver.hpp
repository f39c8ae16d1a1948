// Turns host names into addresses, before a deadline. The system's getaddrinfo() can take half a minute and cannot be
// interrupted. So it runs on a daemon pool: a lookup that is abandoned runs on, and the end of the process does not
// wait for it.
#pragma once

#include <weft/weft.hpp>

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <vector>

namespace examples {

// Why there is no address, as a text for people: "unknown host".
class lookup_failure : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

class name_resolver {
public:
  using addresses = std::vector<boost::asio::ip::address>;

  name_resolver();

  // Returns the addresses of a host, at least one. Blocks until they are known, the time is over, or a stop is
  // requested. Any thread; several at once. Throws lookup_failure.
  addresses resolve(const std::string &host, std::chrono::steady_clock::time_point deadline,
                    const std::stop_token &stop) const;

private:
  weft::executor_ref pool_;
};

} // namespace examples
