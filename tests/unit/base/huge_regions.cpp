// base/block_heap.hpp and base/chunk_store.hpp with the memory of the C library. The first blocks lie in small regions,
// further ones in huge pages where the system has them. Empty memory is kept for a while, and can all be released. This
// is a program of its own, because the other ones use the host's functions.
#include <doctest/doctest.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <malloc.h>

#include "base/block_heap.hpp"
#include "base/chunk_store.hpp"
#include "base/clock.hpp"

using weft::core::block_heap;
using weft::core::chunk_store;
using weft::core::now_ns;

namespace {

constexpr std::size_t size = 64, huge_page = std::size_t{1} << 21;

// The flags of the mapping that holds the address, from /proc/self/smaps. "hg" says that huge pages were asked for.
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
  if (std::getenv("WEFT_TEST_EMULATED") != nullptr) {
    std::puts("skipped: whether pages are huge, which an emulator does not show");
    return false;
  }
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
  CHECK(pages.size() <= 18); // nine; one more for the heads of the chunks; four small regions with one or two each
  CHECK_FALSE(is_to_be_huge(all.front()));
  if (has_huge_pages()) CHECK(is_to_be_huge(all.back()));
  for (void *const each : all) block_heap::free(each);
  block_heap::release_old(now_ns() + chunk_store::kept_for);
  CHECK(mallinfo2().hblkhd <= mapped_before + 5 * huge_page); // the empty chunks that a heap keeps lie in two at most
  for (void *&each : all) each = heap.allocate(size);
  const auto mapped = mallinfo2().hblkhd;
  for (int wave = 0; wave < 2; ++wave) { // the second wave uses the memory that the first has left
    for (void *const each : all) block_heap::free(each);
    CHECK(mallinfo2().hblkhd + 2 * huge_page >= mapped); // only small regions may have gone
    for (void *&each : all) each = heap.allocate(size);
    CHECK(mallinfo2().hblkhd <= mapped);
  }
  for (void *const each : all) block_heap::free(each);
  block_heap::release_old(now_ns() + chunk_store::kept_for);
  CHECK(mallinfo2().hblkhd <= mapped - 10 * huge_page); // half; kept empty chunks lie in some of the others
  CHECK(block_heap::release_all());
  CHECK(mallinfo2().hblkhd == mapped_before);
}

TEST_CASE("chunk store: chunks are aligned, each its own, and empty regions are kept up to a bound and for a time") {
  const auto mapped_before = mallinfo2().hblkhd;
  chunk_store store;
  struct taken {
    void *chunk;
    chunk_store::region *from;
  };
  // More regions than the store may keep, and the small ones.
  std::vector<taken> all((chunk_store::most_kept + 10) * huge_page / chunk_store::chunk_size);
  std::set<void *> different;
  for (taken &each : all) {
    each.chunk = store.take(each.from);
    REQUIRE(each.chunk != nullptr);
    REQUIRE(reinterpret_cast<std::uintptr_t>(each.chunk) % chunk_store::chunk_size == 0);
    different.insert(each.chunk);
  }
  CHECK(different.size() == all.size());
  const bool is_told = mallinfo2().hblkhd >= mapped_before + all.size() * chunk_store::chunk_size; // not by sanitizers
  CHECK_FALSE(store.has_some_to_release());
  // Every second chunk first: a region with one chunk in use is not empty.
  for (std::size_t i = 0; i < all.size(); i += 2) store.give(all[i].chunk, *all[i].from);
  CHECK_FALSE(store.has_some_to_release());
  const std::int64_t began = now_ns();
  for (std::size_t i = 1; i < all.size(); i += 2) store.give(all[i].chunk, *all[i].from);
  CHECK(store.has_some_to_release());
  CHECK(mallinfo2().hblkhd - mapped_before <= 2 * chunk_store::most_kept * huge_page + huge_page);
  store.release_old(began + chunk_store::kept_for - 1); // no region has been kept that long
  CHECK(store.has_some_to_release());
  if (is_told) CHECK(mallinfo2().hblkhd - mapped_before >= chunk_store::most_kept * huge_page);
  store.release_old(now_ns() + chunk_store::kept_for);
  CHECK_FALSE(store.has_some_to_release()); // one region stays
  CHECK(mallinfo2().hblkhd - mapped_before <= 2 * huge_page + huge_page);
  store.release_all();
  CHECK(mallinfo2().hblkhd <= mapped_before);
}
