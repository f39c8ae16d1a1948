// url_checker: checks many URLs at once on a weft pool and prints what it found. `url_checker --help` tells the rest.
//
//   options       the command line                    checker         the pool: read this one first
//   progress_bar  while it runs                       interrupt       Ctrl-C
//   table         what it found                       ../http         client, URL, name lookup, embedded server
#include "../http/demo_pages.hpp"
#include "../http/demo_server.hpp"
#include "checker.hpp"
#include "interrupt.hpp"
#include "options.hpp"
#include "progress_bar.hpp"
#include "table.hpp"

#include <algorithm>
#include <exception>
#include <iomanip>
#include <iostream>
#include <unistd.h>

namespace url_checker {
namespace {

enum exit_status { good = 0, bad = 1, wrong_usage = 2, interrupted = 130 };

constexpr std::size_t columns_without_terminal = 120;

report check_with_progress(const std::vector<std::string> &urls, const options &chosen, const std::stop_token &stop) {
  std::cout << "checking " << urls.size() << (urls.size() == 1 ? " URL" : " URLs") << ", up to " << chosen.workers
            << " at once" << std::endl;
  const auto visibility = chosen.show_progress == progress::if_terminal ? progress_bar::visibility::if_terminal
                                                                        : progress_bar::visibility::hidden;
  progress_bar bar(urls.size(), visibility);
  return check_all(urls, chosen.workers, chosen.timeout, stop, [&bar] { bar.advance(); });
}

void print(const report &report) {
  std::vector<row> rows;
  std::chrono::nanoseconds sum{0};
  for (const auto &finding : report.findings) {
    rows.push_back({finding.url, finding.page.text(), finding.time});
    sum += finding.time;
  }
  const std::size_t terminal = terminal_columns(STDOUT_FILENO);
  print_table(std::cout, rows, terminal != 0 ? terminal : columns_without_terminal);

  const auto fine =
      std::count_if(report.findings.begin(), report.findings.end(), [](auto &each) { return each.fine(); });
  std::cout << '\n'
            << rows.size() << " checked: " << fine << " fine, " << rows.size() - static_cast<std::size_t>(fine)
            << " not\n"
            << "total wall time " << seconds(report.wall) << ", sum of the single times " << seconds(sum);
  if (report.wall.count() > 0)
    std::cout << " (" << std::fixed << std::setprecision(1)
              << static_cast<double>(sum.count()) / static_cast<double>(report.wall.count()) << " times as much)";
  std::cout << '\n';
  if (report.how == ending::interrupted) std::cout << "interrupted\n";
}

exit_status check_given(const options &chosen, const std::stop_token &stop) {
  const report report = check_with_progress(chosen.urls, chosen, stop);
  print(report);
  if (report.how == ending::interrupted) return interrupted;
  const bool all_fine =
      std::all_of(report.findings.begin(), report.findings.end(), [](auto &each) { return each.fine(); });
  return chosen.success == verdict::every_url_fine && !all_fine ? bad : good;
}

// With the embedded server it is known what each answer must be.
exit_status check_demo(const options &chosen, const std::stop_token &stop) {
  const examples::demo_server server;
  const auto tour = examples::demo_tour();
  std::vector<std::string> urls;
  for (const auto &each : tour) urls.push_back(server.url(each.path));
  std::cout << "no URLs given: asking a server inside this program, on port " << server.port() << '\n';

  const report report = check_with_progress(urls, chosen, stop);
  print(report);
  if (report.how == ending::interrupted) return interrupted;
  exit_status status = good;
  for (std::size_t i = 0; i < tour.size(); ++i) {
    const auto &page = report.findings[i].page;
    if (page.status == tour[i].page->status && page.complete() == examples::is_whole(tour[i].page->what)) continue;
    std::cerr << "url_checker: " << urls[i] << " meant to answer something else\n";
    status = bad;
  }
  return status;
}

exit_status run(int argc, char **argv) {
  try {
    const options chosen = read_options(argc, argv);
    const std::stop_token stop = stop_at_interrupt();
    const exit_status status = chosen.demo ? check_demo(chosen, stop) : check_given(chosen, stop);
    std::cout.flush();
    if (std::cout) return status;
    std::cerr << "url_checker: the standard output cannot be written\n";
  } catch (const help_requested &) {
    std::cout << help_text;
    return good;
  } catch (const usage_error &failure) {
    std::cerr << "url_checker: " << failure.what() << "\nTry url_checker --help\n";
    return wrong_usage;
  } catch (const std::exception &failure) {
    std::cerr << "url_checker: " << failure.what() << '\n';
  }
  return bad;
}

} // namespace
} // namespace url_checker

int main(int argc, char **argv) {
  return url_checker::run(argc, argv);
}
