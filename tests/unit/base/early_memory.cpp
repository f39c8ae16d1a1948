// base/operators.cpp: an allocation before main does not fix the choice of the allocator. This is a program by itself,
// with the operators of the delivered library. Static objects allocate, as those of a Boost inside the library do. The
// host can still choose after that.
//
//   early_memory host    the host chooses after static initialisers have allocated
//   early_memory late    an object of weft comes first, so the host is too late
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/memory.hpp"

using namespace weft::core;

namespace {

int blocks = 0, wrong = 0;

void *count_allocation(void * /*ctx*/, std::size_t size, std::size_t align) {
  ++blocks;
  return std::aligned_alloc(align, (size + align - 1) & ~(align - 1));
}
void count_release(void * /*ctx*/, void *memory, std::size_t /*size*/, std::size_t /*align*/) {
  --blocks;
  std::free(memory);
}

std::shared_ptr<int> early = std::make_shared<int>(7);
std::vector<std::string> more(3, "too long for the room inside of a string object");

void expect(bool holds, const char *what) {
  if (!holds) std::printf("%s\n", what), ++wrong;
}

void host_first() {
  expect(set_allocator(&count_allocation, &count_release, nullptr) == WEFT_OK, "the host was refused");
  error *const made = error::make(1, "a kind", "a message that is too long for the room inside of a string object");
  expect(blocks > 0, "nothing came from the host");
  expect(*early == 7 && more[2][0] == 't', "what was allocated early is lost");
  early.reset(); // returns to where it came from, and not to the host
  more.clear();
  more.shrink_to_fit();
  made->unref();
  expect(blocks == 0, "the host did not get back what it gave");
}

void object_first() {
  error::make(1, "a kind", "a message")->unref();
  expect(set_allocator(&count_allocation, &count_release, nullptr) == WEFT_EINVALIDSTATE, "it was not too late");
  early.reset();
  expect(blocks == 0, "the host was asked");
}

} // namespace

int main(int argc, char **argv) {
  expect(!memory_is_decided(), "it was decided before main");
  if (argc > 1 && std::strcmp(argv[1], "late") == 0)
    object_first();
  else
    host_first();
  return wrong == 0 ? 0 : 1;
}
