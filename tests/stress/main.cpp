// The main of the programs of this folder. It prints the seed before anything runs, so that a failure can be replayed.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "stress.hpp"

#include <cinttypes>
#include <cstdio>

int main(int argc, char **argv) {
  std::printf("WEFT_TEST_SEED=%" PRIu64 "%s\n", stress::seed(), stress::is_long() ? " WEFT_TEST_LONG=1" : "");
  std::fflush(stdout);
  return doctest::Context(argc, argv).run();
}
