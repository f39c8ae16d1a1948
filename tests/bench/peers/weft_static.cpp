// weft's C ABI linked into the program itself, to see what a call into the shared library costs.
#include "workloads/call.hpp"

int main(int argc, char **argv) {
  return bench::run(argc, argv, "weft_static", {{{"CABI", bench::call}}});
}
