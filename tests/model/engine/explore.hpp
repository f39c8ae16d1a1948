// The runs of one protocol: as many as asked for, or one again.
#pragma once

#include <cstdint>

#include "engine/engine.hpp"

namespace weft::model {

struct tally {
  std::uint64_t runs = 0, steps = 0;
  unsigned longest = 0;
  unsigned bound = 0;    // systematic runs were complete up to so many deviations, less one
  bool complete = false; // no run is left
};

// Ends the process when one is wrong. Once in a process.
tally explore(const protocol &which, std::uint64_t schedules, std::uint64_t first_seed);
// `what`: as a failure names it.
void replay(const protocol &which, const char *what);

} // namespace weft::model
