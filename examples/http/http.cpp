// The C interface. No exception leaves it.
#include "http.h"

#include "client.hpp"
#include "demo_server.hpp"

#include <cstdio>
#include <exception>

struct http_server {
  examples::demo_server server;
};

int http_fetch(const char *url, char *reason, std::size_t size) {
  try {
    const auto result = examples::http_client({}).fetch(url);
    std::snprintf(reason, size, "%s", result.reason.c_str());
    return result.complete() ? static_cast<int>(result.status) : 0;
  } catch (const std::exception &failure) {
    std::snprintf(reason, size, "%s", failure.what());
    return 0;
  }
}

http_server *http_server_start() {
  try {
    return new http_server;
  } catch (const std::exception &) {
    return nullptr;
  }
}

void http_server_url(const http_server *server, const char *path, char *url, std::size_t size) {
  std::snprintf(url, size, "http://127.0.0.1:%u%s", static_cast<unsigned>(server->server.port()), path);
}

void http_server_stop(http_server *server) {
  delete server;
}
