// base/block_heap.hpp: a freed block comes back to the heap that made it, on each of the possible ways, and unused
// memory is released. A block's address tells its chunk. The host's functions count what the heaps take from the
// allocator. Each case uses a heap that no other case has used before.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <set>
#include <vector>

#include "base/block_heap.hpp"
#include "base/memory.hpp"
#include "support.hpp"

using weft::core::block_heap;
using namespace weft::test;

namespace {

constexpr std::size_t chunk_align = 32 * 1024;   // nothing else in this program asks for so much
std::atomic<std::uint64_t> made{0}, released{0}; // what the heaps take and give back

void *count_allocation(void * /*ctx*/, std::size_t size, std::size_t align) {
  if (align == chunk_align) made.fetch_add(1);
  void *room = nullptr;
  return posix_memalign(&room, std::max(align, sizeof(void *)), size) == 0 ? room : nullptr;
}
void count_release(void * /*ctx*/, void *room, std::size_t /*size*/, std::size_t align) {
  if (align == chunk_align) released.fetch_add(1);
  std::free(room);
}
// Runs before anything of weft allocates in this program.
const bool counted = weft::core::set_allocator(&count_allocation, &count_release, nullptr) == WEFT_OK;

std::set<block_heap *> seen; // heaps that a case has used

// Runs the function on a thread whose heap is new. Other threads meanwhile hold the heaps that earlier threads left.
template <class Function> void on_fresh_heap(Function function) {
  gate over;
  crew threads;
  for (bool fresh = false; !fresh;) {
    gate looked;
    threads.add([&] {
      fresh = seen.insert(block_heap::mine()).second;
      if (fresh) function(*block_heap::mine());
      const bool last = fresh;
      looked.open();
      if (!last) CHECK(over.wait());
    });
    REQUIRE(looked.wait());
  }
  over.open();
}

template <class Function> void on_other_thread(Function function) {
  crew one;
  one.add(std::move(function));
}

using blocks = std::vector<void *>;

blocks allocate(block_heap &heap, std::size_t size, std::size_t count) {
  blocks all(count);
  for (void *&each : all) each = heap.allocate(size);
  return all;
}
void free_all(const blocks &all) {
  for (void *const each : all) block_heap::free(each);
}
std::set<void *> set_of(const blocks &all) {
  return {all.begin(), all.end()};
}

std::set<std::uintptr_t> chunks_of(const blocks &all) {
  std::set<std::uintptr_t> chunks;
  for (const void *const each : all) chunks.insert(reinterpret_cast<std::uintptr_t>(each) / chunk_align);
  return chunks;
}

// How many blocks of this size a chunk holds, counted with a new heap.
std::size_t per_chunk(std::size_t size) {
  std::size_t count = 0;
  on_fresh_heap([&](block_heap &heap) {
    blocks all;
    do all.push_back(heap.allocate(size));
    while (chunks_of(all).size() == 1);
    count = all.size() - 1;
    free_all(all);
  });
  return count;
}

constexpr std::size_t size = 200;

} // namespace

TEST_CASE("block heap: blocks of all sizes are aligned, and none touches another") {
  on_fresh_heap([](block_heap &heap) {
    struct filled {
      unsigned char *at;
      std::size_t size;
      unsigned char with;
    };
    std::vector<filled> all;
    for (int round = 0; round < 5; ++round)
      for (std::size_t size = 0; size <= block_heap::largest; ++size) {
        auto *const at = static_cast<unsigned char *>(heap.allocate(size));
        REQUIRE(at != nullptr);
        REQUIRE(reinterpret_cast<std::uintptr_t>(at) % block_heap::alignment == 0);
        all.push_back({at, size, static_cast<unsigned char>(all.size() % 251)});
        std::memset(at, all.back().with, size);
      }
    std::size_t damaged = 0;
    for (const filled &each : all)
      for (std::size_t i = 0; i < each.size; ++i) damaged += each.at[i] != each.with;
    CHECK(damaged == 0);
    for (const filled &each : all) block_heap::free(each.at);
  });
}

TEST_CASE("block heap: what was freed last is used next, and no memory is asked for") {
  on_fresh_heap([](block_heap &heap) {
    void *const first = heap.allocate(size), *const second = heap.allocate(size);
    const std::uint64_t before = made;
    block_heap::free(first);
    block_heap::free(second);
    CHECK(heap.allocate(size) == second);
    CHECK(heap.allocate(size - 1) == first); // of the same class
    for (int i = 0; i < 100'000; ++i) block_heap::free(heap.allocate(size));
    CHECK(made == before);
    block_heap::free(first);
    block_heap::free(second);
  });
}

TEST_CASE("block heap: blocks freed on another thread come home") {
  const std::size_t count = per_chunk(size);
  REQUIRE(count > 130);
  on_fresh_heap([&](block_heap &heap) {
    const blocks all = allocate(heap, size, count);
    CHECK(set_of(all).size() == count);
    CHECK(chunks_of(all).size() == 1);

    SUBCASE("when that thread says so") {
      gate flushed, over;
      crew other;
      other.add([&] {
        free_all(all);
        block_heap::flush_mine();
        flushed.open();
        CHECK(over.wait());
      });
      CHECK(flushed.wait());
      const blocks again = allocate(heap, size, count);
      over.open();
      CHECK(set_of(again) == set_of(all));
      free_all(again);
    }
    SUBCASE("when that thread ends") {
      on_other_thread([&] { free_all(all); });
      const blocks again = allocate(heap, size, count);
      CHECK(set_of(again) == set_of(all));
      free_all(again);
    }
    SUBCASE("by batches of 64 otherwise") {
      gate freed, over;
      crew other;
      const blocks some(all.begin(), all.begin() + 2 * 64 + 1);
      other.add([&] {
        free_all(some);
        freed.open();
        CHECK(over.wait());
      });
      CHECK(freed.wait());
      const blocks again = allocate(heap, size, 2 * 64);
      std::set<void *> home = set_of(again);
      home.insert(some.back()); // the other thread still gathers it for the next batch
      CHECK(home == set_of(some));
      void *const next = heap.allocate(size);
      CHECK(chunks_of({next}) != chunks_of(all)); // no other block had come back
      over.open();
      other.join();
      block_heap::free(next);
      free_all(again);
      free_all({all.begin() + 2 * 64 + 1, all.end()});
    }
  });
}

TEST_CASE("block heap: a few empty chunks are kept, the rest goes back") {
  constexpr std::size_t many = 160, kept = 8 + 1; // eight empty ones and the current one
  const std::size_t count = per_chunk(size);
  on_fresh_heap([&](block_heap &heap) {
    REQUIRE(counted);
    const std::uint64_t held_before = made - released;
    const blocks all = allocate(heap, size, many * count);
    CHECK(chunks_of(all).size() == many);
    const std::uint64_t held = made - released - held_before;
    CHECK(held >= 9); // a region holds sixteen chunks; earlier cases may have left some
    const std::uint64_t released_before = released;
    bool here = true;
    SUBCASE("freed here") {}
    SUBCASE("freed on another thread") {
      here = false;
    }
    if (here) {
      free_all(all);
    } else {
      on_other_thread([&] { free_all(all); });
      CHECK(released == released_before); // only the owner releases
      block_heap::free(heap.allocate(size));
    }
    CHECK(made - released - held_before <= 4); // the regions of the kept chunks, and one for further chunks
    const std::uint64_t made_before = made;
    const blocks again = allocate(heap, size, kept * count);
    CHECK(made == made_before);
    std::size_t strange = 0;
    const std::set<std::uintptr_t> known = chunks_of(all);
    for (const std::uintptr_t chunk : chunks_of(again)) strange += known.count(chunk) == 0;
    CHECK(strange == 0);
    CHECK(chunks_of(again).size() == kept);
    free_all(again);
  });
}

TEST_CASE("block heap: a heap outlives its thread, and the next one inherits it with all that came home meanwhile") {
  const std::size_t count = per_chunk(size);
  static_cast<void>(block_heap::mine()); // this thread takes a heap, so that the threads below get others
  block_heap *first = nullptr;
  blocks all;
  on_fresh_heap([&](block_heap &heap) {
    first = &heap;
    all = allocate(heap, size, 2 * count);
  });
  free_all({all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count)}); // while the heap has no thread
  block_heap::flush_mine();
  bool found = false;
  gate over;
  crew heirs; // the heap that was left last is inherited first, but which one is left last is chance
  for (int i = 0; i < 1000 && !found; ++i) {
    gate looked;
    heirs.add([&] {
      const bool mine = block_heap::mine() == first;
      if (mine) {
        free_all({all.begin() + static_cast<std::ptrdiff_t>(count), all.end()}); // the heap now belongs to this thread
        const blocks again = allocate(*first, size, 2 * count);
        CHECK(set_of(again) == set_of(all));
        free_all(again);
        found = true;
      }
      looked.open();
      if (!mine) CHECK(over.wait());
    });
    REQUIRE(looked.wait());
  }
  over.open();
  heirs.join();
  CHECK(found);
}

// One thread allocates while two others free: no block is handed out twice, and the memory in use stays small.
TEST_CASE("block heap: a stream of blocks from thread to thread") {
  constexpr std::uint64_t many = 50'000;
  constexpr std::size_t places = 256;
  struct numbered {
    std::uint64_t number;
    std::uint64_t complement;
  };
  on_fresh_heap([](block_heap &heap) {
    std::set<std::uintptr_t> chunks;
    std::atomic<numbered *> on_its_way[places] = {};
    std::atomic<std::uint64_t> taken{0}, sum{0}, damaged{0};
    crew others;
    for (int i = 0; i < 2; ++i)
      others.add([&] {
        for (std::size_t at = 0; taken.load() < many; at = (at + 1) % places) {
          numbered *const got = on_its_way[at].exchange(nullptr, std::memory_order_acq_rel);
          if (got == nullptr) continue;
          if (got->number != ~got->complement) damaged.fetch_add(1);
          sum.fetch_add(got->number);
          block_heap::free(got);
          taken.fetch_add(1);
        }
      });
    for (std::uint64_t n = 1, at = 0; n <= many; at = (at + 1) % places) {
      if (on_its_way[at].load(std::memory_order_relaxed) != nullptr) {
        if (at == 0) std::this_thread::yield();
        continue;
      }
      void *const room = heap.allocate(sizeof(numbered));
      chunks.insert(reinterpret_cast<std::uintptr_t>(room) / chunk_align);
      on_its_way[at].store(::new (room) numbered{n, ~n}, std::memory_order_release);
      ++n;
    }
    others.join();
    CHECK(damaged == 0);
    CHECK(sum == many * (many + 1) / 2);
    CHECK(chunks.size() <= 3); // some hundred are on their way, and a chunk holds over 2000
  });
}
