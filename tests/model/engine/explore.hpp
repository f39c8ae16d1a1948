// The runs of one protocol: a number of them, or one that is repeated.
#pragma once

#include <cstdint>

#include "engine/engine.hpp"

namespace weft::model {

struct tally {
  std::uint64_t runs = 0, steps = 0;
  unsigned longest = 0;
  unsigned bound = 0;    // all systematic runs with fewer deviations than this were made
  bool complete = false; // no run is left
};

// Ends the process if a run is wrong. May be called once in a process.
tally explore(const protocol &which, std::uint64_t schedules, std::uint64_t first_seed);
// `what`: the name of the run, as a failure printed it.
void replay(const protocol &which, const char *what);

} // namespace weft::model
