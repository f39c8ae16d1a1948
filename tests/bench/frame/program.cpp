// The command line of a peer's program, and how it uses Google Benchmark.
//
// Each measurement is one iteration that reports its own time: it repeats, warms up and verifies by itself. The driver
// starts the programs in turns, so that all peers of a round see the same machine.
#include "frame/program.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <sstream>
#include <string_view>

namespace bench {
namespace {

struct choice {
  std::vector<std::string> only;
  std::vector<unsigned> workers = {2};
  extent size = extent::full;
  bool list = false;
};

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  std::istringstream in{std::string(text)};
  for (std::string part; std::getline(in, part, ',');) parts.push_back(part);
  return parts;
}

// Takes this program's own options out of argv.
choice parse(int &argc, char **argv) {
  choice chosen;
  int kept = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const std::string_view value = argument.substr(std::min(argument.size(), argument.find('=') + 1));
    if (argument == "--list") {
      chosen.list = true;
    } else if (argument.starts_with("--only=")) {
      chosen.only = split(value);
    } else if (argument.starts_with("--workers=")) {
      chosen.workers.clear();
      for (const std::string &each : split(value)) chosen.workers.push_back(static_cast<unsigned>(std::stoul(each)));
    } else if (argument.starts_with("--size=")) {
      chosen.size = value == "smoke" ? extent::smoke : value == "quick" ? extent::quick : extent::full;
    } else {
      argv[kept++] = argv[i];
    }
  }
  argc = kept;
  return chosen;
}

void add(const std::string &peer, const workload &one, unsigned workers, extent size) {
  benchmark::RegisterBenchmark((one.name + "/" + peer + "/" + std::to_string(workers)).c_str(),
                               [one, workers, size](benchmark::State &state) {
                                 measurement m(one.name, workers, size);
                                 for ([[maybe_unused]] auto _ : state) {
                                   const std::int64_t begin = now();
                                   one.run(m);
                                   state.SetIterationTime(static_cast<double>(now() - begin) * 1e-9);
                                 }
                                 if (m.figures().empty()) m.fail("reported no figure");
                                 for (const auto &[name, value] : m.figures()) state.counters[name] = value;
                               })
      ->Iterations(1)
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond);
}

} // namespace

int run(int argc, char **argv, const std::string &peer, const std::vector<workloads> &known) {
  const choice chosen = parse(argc, argv);
  std::vector<std::string> missing = chosen.only;
  for (const workloads &list : known) {
    for (const workload &each : list) {
      if (chosen.list) std::puts(each.name.c_str());
      if (!chosen.only.empty() && std::ranges::find(chosen.only, each.name) == chosen.only.end()) continue;
      std::erase(missing, each.name);
      for (unsigned workers : chosen.workers) add(peer, each, workers, chosen.size);
    }
  }
  if (chosen.list) return 0;
  if (!missing.empty()) {
    std::fprintf(stderr, "%s does not know %s\n", peer.c_str(), missing.front().c_str());
    return 2;
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

} // namespace bench
