// The client's side of HTTP, on Boost.Beast. Each fetch is a sequence of steps. A step is an asynchronous operation for
// which the calling thread waits, because only asynchronous operations can be abandoned at a deadline. This file and
// demo_server.cpp are the only ones that include Beast, which is slow to compile.
#include "client.hpp"

#include "url.hpp"

#include <utility> // Asio 1.74 does not include it

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <cctype>
#include <optional>
#include <stdexcept>
#include <vector>

namespace examples {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using clock = std::chrono::steady_clock;

constexpr std::uint32_t max_header = 16 * 1024;

struct fetch_failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string lower_first(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

std::string in_kib(std::size_t bytes) {
  return std::to_string(bytes / 1024) + " KiB";
}

std::string describe(error_code error, std::size_t max_body) {
  if (error == http::error::end_of_stream) return "closed without an answer";
  if (error == http::error::partial_message) return "the answer was cut off";
  if (error == http::error::header_limit) return "header larger than " + in_kib(max_header);
  if (error == http::error::body_limit) return "body larger than " + in_kib(max_body);
  if (error.category() == make_error_code(http::error::bad_version).category())
    return "the answer is not HTTP (" + error.message() + ")";
  return lower_first(error.message());
}

// One TCP connection and the deadline and the stop request that every step on it obeys. Used by one thread.
class connection {
public:
  connection(clock::time_point deadline, const std::stop_token &stop)
      : deadline_(deadline), stop_(stop), wake_(stop, waker{io_}) {}

  tcp::socket &socket() { return socket_; }

  // Starts an asynchronous operation and waits for its end. `start` gets the handler to give to the operation.
  // Throws fetch_failure when the time is over or a stop was requested; then nothing of the operation is left.
  template <class Start> error_code run(const char *step, Start start) {
    std::optional<error_code> outcome;
    start([&outcome](error_code error, const auto &...) { outcome = error; });
    io_.restart();
    // A stop request after restart() ends run_until(). An earlier one is seen here.
    if (!stop_.stop_requested()) io_.run_until(deadline_);
    if (outcome) return *outcome;
    // The operation still refers to this frame. Closing the socket ends it at once.
    error_code ignored;
    socket_.close(ignored);
    io_.restart();
    io_.run();
    if (stop_.stop_requested()) throw fetch_failure("interrupted");
    throw fetch_failure(std::string("timed out while ") + step);
  }

private:
  struct waker {
    asio::io_context &io;
    void operator()() const { io.stop(); }
  };

  clock::time_point deadline_;
  std::stop_token stop_;
  asio::io_context io_{1};
  tcp::socket socket_{io_};
  std::stop_callback<waker> wake_;
};

struct answer {
  unsigned status;
  std::string location; // the target of a redirect; empty: it is no redirect
};

class exchange {
public:
  exchange(const fetch_options &options, clock::time_point deadline, const std::stop_token &stop)
      : options_(options), connection_(deadline, stop) {}

  void connect(const std::vector<asio::ip::address> &addresses, std::uint16_t port) {
    std::vector<tcp::endpoint> endpoints;
    for (const auto &address : addresses) endpoints.emplace_back(address, port);
    must(connection_.run(
        "connecting", [&](auto handler) { asio::async_connect(connection_.socket(), endpoints, std::move(handler)); }));
  }

  answer get(const url &page, unsigned &status) {
    http::request<http::empty_body> request{http::verb::get, page.target, 11};
    request.set(http::field::host, page.authority());
    request.set(http::field::user_agent, "weft-url-checker");
    request.set(http::field::accept, "*/*");
    request.set(http::field::connection, "close");
    // A server may answer and close before it has read all of a long request. Then the answer tells more than the error
    // of the write.
    connection_.run("sending the request",
                    [&](auto handler) { http::async_write(connection_.socket(), request, std::move(handler)); });
    boost::beast::flat_buffer buffer;
    for (;;) {
      http::response_parser<http::string_body> parser;
      parser.header_limit(max_header);
      parser.body_limit(options_.max_body);
      const error_code error = connection_.run("waiting for the answer", [&](auto handler) {
        http::async_read_header(connection_.socket(), buffer, parser, std::move(handler));
      });
      // If the body is announced as too large, the header has been read all the same.
      if (!error || error == http::error::body_limit) status = parser.get().result_int();
      must(error);
      if (status >= 100 && status < 200 && status != 101) continue; // "wait, the answer follows"
      if (const auto location = parser.get().find(http::field::location);
          location != parser.get().end() &&
          (status == 301 || status == 302 || status == 303 || status == 307 || status == 308))
        return {status, std::string(location->value())};
      must(connection_.run("reading the body", [&](auto handler) {
        http::async_read(connection_.socket(), buffer, parser, std::move(handler));
      }));
      return {status, ""};
    }
  }

private:
  void must(error_code error) const {
    if (error) throw fetch_failure(describe(error, options_.max_body));
  }

  const fetch_options &options_;
  connection connection_;
};

} // namespace

std::string fetch_result::text() const {
  if (status == 0) return reason;
  std::string result = std::to_string(status);
  const auto known = http::int_to_status(status);
  if (known != http::status::unknown) result += " " + std::string(http::obsolete_reason(known));
  if (!reason.empty()) result += ", but " + reason;
  return result;
}

fetch_result http_client::fetch(std::string_view text, const std::stop_token &stop) {
  const auto deadline = clock::now() + options_.timeout;
  fetch_result result;
  try {
    url page = parse_url(text);
    for (int redirects = 0;; ++redirects) {
      exchange exchange(options_, deadline, stop);
      exchange.connect(resolver_.resolve(page.host, deadline, stop), page.port);
      const answer answer = exchange.get(page, result.status);
      if (answer.location.empty()) return result;
      if (redirects == options_.max_redirects)
        throw fetch_failure("more than " + std::to_string(options_.max_redirects) + " redirects");
      page = resolve(page, answer.location);
    }
  } catch (const std::runtime_error &failure) { // bad_url, unknown_host, fetch_failure, and what Asio throws
    result.reason = failure.what();
  }
  return result;
}

} // namespace examples
