// An HTTP server on the loopback interface, inside this process, with the pages of demo_pages.hpp. With it a client can
// be tried without a network. It knows nothing of its clients.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace examples {

class demo_server {
public:
  // Listens on 127.0.0.1, on a port that the system chooses, and serves on its own thread. Throws std::system_error if
  // the system refuses that.
  demo_server();
  // Ends the thread and closes every connection, even the unfinished ones.
  ~demo_server();
  demo_server(const demo_server &) = delete;
  demo_server &operator=(const demo_server &) = delete;

  std::uint16_t port() const;
  std::string url(std::string_view path) const; // "/ok/1" -> "http://127.0.0.1:40123/ok/1"

private:
  class service;
  std::unique_ptr<service> service_;
};

} // namespace examples
