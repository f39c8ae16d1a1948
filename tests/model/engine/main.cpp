// Runs protocols, each in a process of its own, and reports the results in TAP.
//
// model [--schedules N] [--seed N] [--replay RUN] [--list] [--first] [NAME...]: runs all protocols, or those whose
// names begin with NAME. --first: up to the first that fails. WEFT_TEST_LONG=1: a million schedules instead of 20,000.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "engine/explore.hpp"

namespace weft::model {
namespace {

protocol *first = nullptr;
protocol **last = &first;

double cpu_seconds() noexcept {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

} // namespace

protocol::protocol(body_fn body, const char *name, double share) noexcept : body(body), name(name), share(share) {
  *last = this;
  last = &next;
}

} // namespace weft::model

using namespace weft::model;

namespace {

bool is_wanted(const protocol &which, const std::vector<std::string> &names) {
  for (const std::string &name : names)
    if (std::strncmp(which.name, name.c_str(), name.size()) == 0) return true;
  return names.empty();
}

void run_here(const protocol &which, std::uint64_t schedules, std::uint64_t seed, const char *again) {
  if (again != nullptr) return replay(which, again);
  const tally done = explore(which, schedules, seed);
  std::printf("# %s: %llu schedules, %llu steps, longest %u, %s %u, %.1f s of CPU\n", which.name,
              static_cast<unsigned long long>(done.runs), static_cast<unsigned long long>(done.steps), done.longest,
              done.complete ? "all of them, deviations up to" : "systematic below deviations", done.bound,
              cpu_seconds());
}

} // namespace

int main(int argc, char **argv) {
  const char *const wants_long = std::getenv("WEFT_TEST_LONG");
  std::uint64_t schedules = wants_long != nullptr && *wants_long == '1' ? 1'000'000 : 20'000;
  std::uint64_t seed = 1;
  const char *again = nullptr;
  bool only_first = false;
  std::vector<std::string> names;
  if (const char *const given = std::getenv("WEFT_TEST_SEED"); given != nullptr)
    seed = std::strtoull(given, nullptr, 10);
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--list") {
      for (const protocol *p = first; p != nullptr; p = p->next) std::printf("%s\n", p->name);
      return 0;
    }
    if (argument == "--first") {
      only_first = true;
      continue;
    }
    if (argument.rfind("--", 0) == 0 && i + 1 == argc) {
      std::fprintf(stderr, "%s: what?\n", argv[i]);
      return 2;
    }
    if (argument == "--schedules")
      schedules = std::strtoull(argv[++i], nullptr, 10);
    else if (argument == "--seed")
      seed = std::strtoull(argv[++i], nullptr, 10);
    else if (argument == "--replay")
      again = argv[++i];
    else
      names.push_back(argument);
  }
  int number = 0, failed = 0;
  for (const protocol *p = first; p != nullptr; p = p->next) {
    if (!is_wanted(*p, names)) continue;
    std::fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
      const auto share = static_cast<std::uint64_t>(static_cast<double>(schedules) * p->share);
      run_here(*p, share, seed, again);
      std::fflush(stdout);
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    const bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (WIFSIGNALED(status)) std::printf("# ended by signal %d\n", WTERMSIG(status));
    std::printf("%sok %d - %s\n", good ? "" : "not ", ++number, p->name);
    failed += good ? 0 : 1;
    if (!good && only_first) break;
  }
  std::printf("1..%d\n", number);
  return failed != 0 || number == 0 ? 1 : 0;
}
