// base/block_heap.hpp with the memory of the C library: the first blocks lie in small regions, further ones in huge
// pages where the system has them, and all of it goes back. A program of its own, for in the others the host's
// functions are in use.
#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <malloc.h>

#include "base/block_heap.hpp"

using weft::core::block_heap;

namespace {

constexpr std::size_t size = 64, huge_page = std::size_t{1} << 21;

// Of the mapping that the address lies in, as /proc/self/smaps tells them: "hg" is what was wished for.
bool is_to_be_huge(const void *address) {
  std::ifstream maps("/proc/self/smaps");
  bool here = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t begin = 0, end = 0;
    if (char dash = 0; std::istringstream(line) >> std::hex >> begin >> dash >> end && dash == '-') {
      const auto at = reinterpret_cast<std::uintptr_t>(address);
      here = begin <= at && at < end;
    } else if (here && line.rfind("VmFlags:", 0) == 0) {
      return line.find(" hg") != std::string::npos;
    }
  }
  return false;
}

bool has_huge_pages() {
  return std::ifstream("/sys/kernel/mm/transparent_hugepage/enabled").good();
}

} // namespace

TEST_CASE("block heap: many blocks lie in huge pages, and go back with them") {
  REQUIRE(block_heap::release_all());
  std::vector<void *> all(10 * huge_page / size);
  const auto mapped_before = mallinfo2().hblkhd;
  block_heap &heap = *block_heap::mine();
  std::set<std::uintptr_t> pages;
  for (void *&each : all) {
    each = heap.allocate(size);
    REQUIRE(each != nullptr);
    std::memset(each, 1, size);
    pages.insert(reinterpret_cast<std::uintptr_t>(each) / huge_page);
  }
  CHECK(pages.size() <= 18); // nine, for the heads of the chunks one more, and four small regions on one or two
  CHECK_FALSE(is_to_be_huge(all.front()));
  if (has_huge_pages()) CHECK(is_to_be_huge(all.back()));
  for (void *const each : all) block_heap::free(each);
  CHECK(mallinfo2().hblkhd <= mapped_before + 5 * huge_page); // what a heap keeps of empty chunks lies in two at most
  CHECK(block_heap::release_all());
  CHECK(mallinfo2().hblkhd == mapped_before);
}
