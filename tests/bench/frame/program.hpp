// The program of one peer: the workloads that it knows, run through Google Benchmark.
//
//   PROGRAM --list                                   the names of its workloads
//   PROGRAM --only=W1,W3 --workers=2 --size=quick    runs these; the options of Google Benchmark work, too
//
// A figure is a counter named after its workload, in the unit that tests/bench/README.md gives.
#ifndef WEFT_BENCH_PROGRAM_HPP
#define WEFT_BENCH_PROGRAM_HPP

#include "frame/measurement.hpp"

#include <string>
#include <vector>

namespace bench {

struct workload {
  std::string name;
  void (*run)(measurement &);
};
using workloads = std::vector<workload>;

/// Runs what the command line asks for, and returns the exit status.
int run(int argc, char **argv, const std::string &peer, const std::vector<workloads> &known);

} // namespace bench

#endif
