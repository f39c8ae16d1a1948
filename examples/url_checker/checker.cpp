// One task for each URL. The tasks are submitted at once. Their futures are read twice: as they become done, for the
// progress, and in the order of the URLs, for the report.
#include "checker.hpp"

#include <weft/weft.hpp>

namespace url_checker {
namespace {

using clock = std::chrono::steady_clock;

constexpr const char *not_started = "cancelled";

// The outcome of a task, of any kind.
finding read(const std::string &url, const weft::future<finding> &future) {
  if (future.cancelled()) return {url, {0, not_started}, {}};
  if (const auto failure = future.error()) return {url, {0, std::string("failed: ") + failure->what()}, {}};
  return future.result();
}

} // namespace

report check_all(const std::vector<std::string> &urls, unsigned workers, std::chrono::nanoseconds timeout,
                 const std::stop_token &stop, const std::function<void()> &advance) {
  examples::http_client client({.timeout = timeout});
  weft::executor pool({.max_workers = workers, .name_prefix = "checker"});

  const auto task_for = [&client, &stop](const std::string &url) {
    return [&client, &stop, &url] {
      if (stop.stop_requested()) return finding{url, {0, not_started}, {}}; // it began just before it was cancelled
      const auto begin = clock::now();
      auto page = client.fetch(url, stop);
      return finding{url, std::move(page), clock::now() - begin};
    };
  };
  std::vector<decltype(task_for(urls.front()))> tasks;
  tasks.reserve(urls.size());
  for (const auto &url : urls) tasks.push_back(task_for(url));

  report result;
  const auto begin = clock::now();
  const auto futures = pool.submit_batch(std::move(tasks));
  {
    // Cancelled futures are done at once, and so are those whose fetch is told to stop: the loop below simply ends.
    const std::stop_callback cancel(stop, [&pool] { pool.shutdown(weft::shutdown::cancel_pending); });
    for ([[maybe_unused]] const auto &done : weft::as_completed(futures)) advance();
  }
  result.wall = clock::now() - begin;
  result.how = stop.stop_requested() ? ending::interrupted : ending::complete;
  result.findings.reserve(urls.size());
  for (std::size_t i = 0; i < urls.size(); ++i) result.findings.push_back(read(urls[i], futures[i]));
  return result;
}

} // namespace url_checker
