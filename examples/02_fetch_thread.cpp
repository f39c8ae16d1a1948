// A thread class that is extended: it fetches a URL over HTTP, and keeps the status or the reason
// of the failure in itself. main reads both after the join.
// With URLs as arguments it fetches those; otherwise two pages of a server inside this program.
// Read on in 03_daemon_heartbeat.cpp: a thread that is not joined.
#include "http/client.hpp"
#include "http/demo_server.hpp"

#include <weft/weft.hpp>

#include <cstdio>
#include <deque>
#include <string>
#include <vector>

class fetcher : public weft::thread {
public:
  explicit fetcher(std::string url) : url_(std::move(url)) {}

  void run() override { page_ = examples::http_client({}).fetch(url_); }

  const std::string &url() const { return url_; }
  const examples::fetch_result &page() const { return page_; }

private:
  std::string url_;
  examples::fetch_result page_;
};

static void fetch_all(const std::vector<std::string> &urls) {
  std::deque<weft::joining<fetcher>> fetchers; // a deque does not move its elements, which the threads use
  for (const auto &url : urls) fetchers.emplace_back(url).start();
  for (auto &each : fetchers) {
    each.join(); // the thread does not use the object any more
    const auto &page = each.page();
    const std::string text = page.complete() ? std::to_string(page.status) : page.reason;
    std::printf("%s: %s\n", each.url().c_str(), text.c_str());
  }
}

int main(int argc, char **argv) {
  if (argc > 1) {
    fetch_all({argv + 1, argv + argc});
  } else {
    const examples::demo_server server;
    fetch_all({server.url("/ok/1"), server.url("/empty/1")});
  }
}
