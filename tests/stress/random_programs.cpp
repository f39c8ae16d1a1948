// The invariants of the contract, tried on random programs. WEFT_TEST_SEED=N runs the program N first. The system
// decides the order of events, so it may take several runs until a failure comes back.
#include <doctest/doctest.h>

#include "random_program.hpp"

#include <cstdlib>

using namespace stress;

TEST_CASE("random programs keep every promise") {
  const bool replay = std::getenv("WEFT_TEST_SEED") != nullptr;
  dice seeds(seed());
  for (std::size_t i = 0; i < turns(1'500, 200'000); ++i) {
    const watchdog patience("a random program");
    program(replay ? seed() : i == 0 ? seed() : seeds.roll()).run();
  }
}
