// The server's side of HTTP, on Boost.Asio and Boost.Beast. It is asynchronous on one thread, with one session object
// for each connection. A session reads one request, does what its page says, and closes.
#include "demo_server.hpp"

#include "demo_pages.hpp"

#include <utility> // Asio 1.74 does not include it

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <weft/weft.hpp>

#include <chrono>

namespace examples {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::uint32_t max_header = 16 * 1024;

// Lives while an operation of its connection is under way: every handler has a reference.
class session : public std::enable_shared_from_this<session> {
public:
  explicit session(tcp::socket socket) : socket_(std::move(socket)), timer_(socket_.get_executor()) {}

  void start() {
    request_.header_limit(max_header);
    http::async_read(socket_, buffer_, request_, [self = shared_from_this()](error_code error, std::size_t) {
      if (!error) return self->serve();
      if (error == http::error::header_limit) return self->answer(http::status::uri_too_long);
      if (error.category() == make_error_code(http::error::bad_method).category())
        return self->answer(http::status::bad_request);
    });
  }

private:
  void serve() {
    const std::string target(request_.get().target());
    const demo_page *page = find_demo_page(target);
    if (page == nullptr) return answer(http::status::not_found);
    switch (page->what) {
    case behaviour::answer:
      return answer_later(http::int_to_status(page->status), page->delay);
    case behaviour::silent:
      return wait_for_the_end();
    case behaviour::empty:
      return close();
    case behaviour::garbage:
      return send_and_close("\x01\x02 this is not HTTP\r\n\r\n");
    case behaviour::cut_off:
      return send_and_close("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nThe beginning");
    case behaviour::huge:
      return send_and_close("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\nMany");
    case behaviour::endless:
      return begin_endless(64 * 1024, std::chrono::milliseconds(0));
    case behaviour::trickle:
      return begin_endless(1, std::chrono::milliseconds(50));
    case behaviour::moved:
      return redirect("../ok/1?from=moved");
    case behaviour::loop:
      return redirect(target);
    }
  }

  void answer_later(http::status status, std::chrono::milliseconds delay) {
    timer_.expires_after(delay);
    timer_.async_wait([self = shared_from_this(), status](error_code error) {
      if (!error) self->answer(status);
    });
  }

  void answer(http::status status) {
    response_.result(status);
    response_.set(http::field::content_type, "text/plain; charset=utf-8");
    response_.body() = "A page of the embedded server.\n";
    send_response();
  }

  void redirect(const std::string &location) {
    response_.result(http::status::found);
    response_.set(http::field::location, location);
    send_response();
  }

  void send_response() {
    response_.keep_alive(false);
    response_.prepare_payload();
    http::async_write(socket_, response_, [self = shared_from_this()](error_code, std::size_t) { self->close(); });
  }

  void send_and_close(std::string text) {
    text_ = std::move(text);
    asio::async_write(socket_, asio::buffer(text_),
                      [self = shared_from_this()](error_code, std::size_t) { self->close(); });
  }

  // Without a length the page lasts until the connection ends. The client must end it.
  void begin_endless(std::size_t block, std::chrono::milliseconds pause) {
    text_ = "HTTP/1.1 200 OK\r\n\r\n";
    asio::async_write(socket_, asio::buffer(text_),
                      [self = shared_from_this(), block, pause](error_code error, std::size_t) {
                        if (error) return;
                        self->text_.assign(block, '.');
                        self->send_on(pause);
                      });
  }

  void send_on(std::chrono::milliseconds pause) {
    asio::async_write(socket_, asio::buffer(text_), [self = shared_from_this(), pause](error_code error, std::size_t) {
      if (error) return;
      self->timer_.expires_after(pause);
      self->timer_.async_wait([self, pause](error_code cancelled) {
        if (!cancelled) self->send_on(pause);
      });
    });
  }

  // The silent page reads on, so that the session ends when the client closes.
  void wait_for_the_end() {
    text_.resize(1024);
    socket_.async_read_some(asio::buffer(text_), [self = shared_from_this()](error_code error, std::size_t) {
      if (!error) self->wait_for_the_end();
    });
  }

  // To close a socket with unread input resets the connection, and the client could lose the end of the answer. So the
  // session first says that nothing more will come, then reads until the client has closed, too.
  void close() {
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    wait_for_the_end();
  }

  tcp::socket socket_;
  asio::steady_timer timer_;
  boost::beast::flat_buffer buffer_;
  http::request_parser<http::string_body> request_;
  http::response<http::string_body> response_;
  std::string text_; // what is being sent if it is not response_
};

} // namespace

class demo_server::service {
public:
  service() {
    accept();
    thread_.start();
  }
  // The thread ends when run() returns. Its destructor waits for that, and is the first to run.
  ~service() { io_.stop(); }

  std::uint16_t port() const { return port_; }

private:
  void accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
      if (!error) std::make_shared<session>(std::move(socket))->start();
      // Most likely there are no descriptors left. Some are free again when other sessions have ended.
      pause_.expires_after(std::chrono::milliseconds(error ? 20 : 0));
      pause_.async_wait([this](error_code) { accept(); });
    });
  }

  asio::io_context io_{1};
  tcp::acceptor acceptor_{io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  std::uint16_t port_ = acceptor_.local_endpoint().port();
  asio::steady_timer pause_{io_};
  // A daemon, so that exit() does not wait for a server that still serves.
  weft::joining<weft::thread> thread_{weft::thread_options{.name = "demo-server", .daemon = weft::daemon::yes},
                                      [this] { io_.run(); }};
};

demo_server::demo_server() : service_(std::make_unique<service>()) {}
demo_server::~demo_server() = default;

std::uint16_t demo_server::port() const {
  return service_->port();
}

std::string demo_server::url(std::string_view path) const {
  return "http://127.0.0.1:" + std::to_string(port()) + std::string(path);
}

} // namespace examples
