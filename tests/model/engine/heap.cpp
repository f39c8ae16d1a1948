// The memory of a run, and the plain reads and writes in it.
//
// Blocks are cut one after the other and never used twice in a run. So each access to a freed block is found, and so
// are leaks. The protocols and the library are compiled with the compiler's marks for ThreadSanitizer, which call the
// functions in this file. Each plain access is compared with the last ones of other threads. If it does not happen
// after them, it is a data race. Each byte has a mark with the time of the run's own clocks, so a new run needs no
// cleaning.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include <sys/mman.h>

#include "engine/state.hpp"

namespace weft::model {
namespace {

constexpr std::size_t heap_size = std::size_t{16} << 20, granule = 16;
constexpr std::size_t stack_size = std::size_t{192} << 10, guard = 4096;
constexpr std::size_t stacks_size = stack_size * most_threads;
constexpr std::size_t region_size = heap_size + stacks_size;
// A fixed address, so that addresses are the same in a replay.
constexpr std::uintptr_t region_at = 0x100000000000;

struct mark {
  std::uint32_t write, read; // the last access: the thread in the low four bits, its clock above
};

struct block {
  unsigned char *memory;
  std::size_t size;
  bool freed;
  int by; // the thread that freed it
  std::vector<std::uint32_t> atomics;
};

unsigned char *region = nullptr;
mark *marks = nullptr;
std::uint32_t *block_at = nullptr; // for each granule: the number of its block, plus one
std::vector<block> blocks;         // may have more than `made` entries, to reuse their memory
std::size_t made = 0;
std::size_t top = 0;

void *reserve(void *at, std::size_t size, int flags) {
  void *const got = mmap(at, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
  if (got == MAP_FAILED) {
    std::perror("mmap");
    std::abort();
  }
  return got;
}

block *block_of(std::uintptr_t offset) noexcept {
  if (offset >= top) return nullptr;
  const std::uint32_t number = block_at[offset / granule];
  return number == 0 ? nullptr : &blocks[number - 1];
}

void look_at(std::uintptr_t offset, std::size_t size, bool writes) noexcept {
  const fiber &me = *run.current;
  const std::uint32_t mine = (now_of(me) << 4) | static_cast<std::uint32_t>(me.number);
  for (std::size_t i = 0; i < size; ++i) {
    mark &here = marks[offset + i];
    const auto clashes = [&](std::uint32_t other) noexcept {
      const std::uint32_t clock = other >> 4, thread = other & 15;
      return clock >= run.clock_base && static_cast<int>(thread) != me.number && clock > me.has.before.at[thread];
    };
    if (clashes(here.write))
      fail("data race: thread %d %s %p, which thread %u has written, and nothing orders the two", me.number,
           writes ? "writes" : "reads", static_cast<void *>(region + offset + i), here.write & 15);
    if (writes) {
      if (clashes(here.read))
        fail("data race: thread %d writes %p, which thread %u has read, and nothing orders the two", me.number,
             static_cast<void *>(region + offset + i), here.read & 15);
      here.write = mine;
    } else {
      here.read = mine;
    }
  }
}

inline void access(const void *at, std::size_t size, bool writes) noexcept {
  const std::uintptr_t offset = reinterpret_cast<std::uintptr_t>(at) - region_at;
  if (offset >= region_size || !run.running || inside_engine) [[likely]]
    return;
  const in_engine here;
  if (offset < heap_size) {
    check_alive(at, static_cast<unsigned>(size), writes ? "memory (written)" : "memory (read)");
  } else if (const std::uintptr_t own = offset - heap_size;
             own / stack_size == static_cast<std::uintptr_t>(run.current->number) && run.alive == 1) {
    return;
  }
  look_at(offset, size, writes);
}

} // namespace

void reserve_region() noexcept {
  region = static_cast<unsigned char *>(reserve(reinterpret_cast<void *>(region_at), region_size, MAP_FIXED_NOREPLACE));
  marks = static_cast<mark *>(reserve(nullptr, region_size * sizeof(mark), 0));
  block_at = static_cast<std::uint32_t *>(reserve(nullptr, heap_size / granule * sizeof(std::uint32_t), 0));
  for (int i = 0; i < most_threads; ++i)
    mprotect(region + heap_size + static_cast<std::size_t>(i) * stack_size, guard, PROT_NONE);
  run.clock_base = 1;
}

void check_plain_read(const void *at, unsigned size) noexcept {
  if (const std::uintptr_t offset = reinterpret_cast<std::uintptr_t>(at) - region_at; offset < region_size)
    look_at(offset, size, false);
}

unsigned char *stack_of(int number, std::size_t &size) noexcept {
  size = stack_size - guard;
  return region + heap_size + static_cast<std::size_t>(number) * stack_size + guard;
}

void reset_heap() noexcept {
  if (top != 0) std::memset(block_at, 0, (top / granule + 1) * sizeof *block_at);
  made = 0;
  top = 0;
  // The clock of a thread goes up by a few at most in each step.
  run.clock_base += 4 * run.steps + 16;
  if (run.clock_base > (1u << 27)) {
    madvise(marks, region_size * sizeof(mark), MADV_DONTNEED);
    run.clock_base = 1;
  }
}

void look_for_leaks() noexcept {
  for (std::size_t i = 0; i < made; ++i)
    if (!blocks[i].freed)
      fail("leak: block %zu, of %zu bytes, at %p, was never freed", i, blocks[i].size,
           static_cast<void *>(blocks[i].memory));
}

void *take_memory(std::size_t size, std::size_t align) noexcept {
  if (!is_running())
    return align <= granule ? std::malloc(size) : std::aligned_alloc(align, (size + align - 1) / align * align);
  const in_engine here;
  if (align < granule) align = granule;
  const std::size_t begin = (top + granule + align - 1) / align * align; // one granule stays free between blocks
  const std::size_t end = (begin + (size == 0 ? 1 : size) + granule - 1) / granule * granule;
  if (end > heap_size) fail("the run takes more than %zu bytes", heap_size);
  top = end;
  if (made == blocks.size()) blocks.emplace_back();
  block &fresh = blocks[made++];
  fresh.memory = region + begin;
  fresh.size = size;
  fresh.freed = false;
  fresh.atomics.clear();
  for (std::size_t i = begin / granule; i < end / granule; ++i) block_at[i] = static_cast<std::uint32_t>(made);
  std::memset(fresh.memory, 0xcd, size);
  return fresh.memory;
}

void give_memory(void *memory) noexcept {
  const std::uintptr_t offset = reinterpret_cast<std::uintptr_t>(memory) - region_at;
  if (memory == nullptr) return;
  if (offset >= heap_size) {
    if (inside_engine || !run.running) return std::free(memory);
    return std::free(memory); // it was allocated before the run
  }
  const in_engine here;
  block *const gone = block_of(offset);
  if (gone == nullptr || gone->memory != memory) fail("what is freed is no block: %p", memory);
  if (gone->freed) fail("freed twice: %p, by thread %d before", memory, gone->by);
  look_at(offset, gone->size, true);
  end_atomics(gone->atomics);
  gone->freed = true;
  gone->by = run.current->number;
  std::memset(gone->memory, 0xdb, gone->size);
}

void note_atomic_in_block(const void *at, std::uint32_t number) noexcept {
  const std::uintptr_t offset = reinterpret_cast<std::uintptr_t>(at) - region_at;
  if (offset >= heap_size) return;
  if (block *const found = block_of(offset); found != nullptr) found->atomics.push_back(number);
}

void check_alive(const void *at, unsigned size, const char *what) noexcept {
  const std::uintptr_t offset = reinterpret_cast<std::uintptr_t>(at) - region_at;
  if (offset >= heap_size) return;
  const block *const found = block_of(offset);
  if (found == nullptr || static_cast<const unsigned char *>(at) + size > found->memory + found->size)
    fail("%s at %p, which is in no block", what, at);
  if (found->freed) fail("use after free: %s at %p, which thread %d has freed", what, at, found->by);
}

} // namespace weft::model

// --- new and delete ---

void *operator new(std::size_t size) {
  if (void *const got = weft::model::take_memory(size, 16)) return got;
  throw std::bad_alloc();
}
void *operator new(std::size_t size, std::align_val_t align) {
  if (void *const got = weft::model::take_memory(size, static_cast<std::size_t>(align))) return got;
  throw std::bad_alloc();
}
void *operator new(std::size_t size, const std::nothrow_t &) noexcept {
  return weft::model::take_memory(size, 16);
}
void *operator new(std::size_t size, std::align_val_t align, const std::nothrow_t &) noexcept {
  return weft::model::take_memory(size, static_cast<std::size_t>(align));
}
void *operator new[](std::size_t size) {
  return operator new(size);
}
void *operator new[](std::size_t size, std::align_val_t align) {
  return operator new(size, align);
}
void *operator new[](std::size_t size, const std::nothrow_t &) noexcept {
  return weft::model::take_memory(size, 16);
}
void operator delete(void *memory) noexcept {
  weft::model::give_memory(memory);
}
void operator delete(void *memory, std::size_t) noexcept {
  weft::model::give_memory(memory);
}
void operator delete(void *memory, std::align_val_t) noexcept {
  weft::model::give_memory(memory);
}
void operator delete(void *memory, std::size_t, std::align_val_t) noexcept {
  weft::model::give_memory(memory);
}
void operator delete[](void *memory) noexcept {
  weft::model::give_memory(memory);
}
void operator delete[](void *memory, std::size_t) noexcept {
  weft::model::give_memory(memory);
}
void operator delete[](void *memory, std::align_val_t) noexcept {
  weft::model::give_memory(memory);
}
void operator delete[](void *memory, std::size_t, std::align_val_t) noexcept {
  weft::model::give_memory(memory);
}

// --- what the compiler's marks call ---

extern "C" {
using weft::model::access;
void __tsan_init() {}
void __tsan_func_entry(void *) {}
void __tsan_func_exit() {}
#define MARKS(size)                                                                                                    \
  void __tsan_read##size(void *at) {                                                                                   \
    access(at, size, false);                                                                                           \
  }                                                                                                                    \
  void __tsan_write##size(void *at) {                                                                                  \
    access(at, size, true);                                                                                            \
  }                                                                                                                    \
  void __tsan_unaligned_read##size(void *at) {                                                                         \
    access(at, size, false);                                                                                           \
  }                                                                                                                    \
  void __tsan_unaligned_write##size(void *at) {                                                                        \
    access(at, size, true);                                                                                            \
  }                                                                                                                    \
  void __tsan_volatile_read##size(void *at) {                                                                          \
    access(at, size, false);                                                                                           \
  }                                                                                                                    \
  void __tsan_volatile_write##size(void *at) {                                                                         \
    access(at, size, true);                                                                                            \
  }
MARKS(1)
MARKS(2)
MARKS(4)
MARKS(8)
MARKS(16)
void __tsan_read_range(void *at, std::size_t size) {
  access(at, size, false);
}
void __tsan_write_range(void *at, std::size_t size) {
  access(at, size, true);
}
void __tsan_vptr_read(void **at) {
  access(at, sizeof(void *), false);
}
void __tsan_vptr_update(void **at, void *now) {
  if (*at != now) access(at, sizeof(void *), true);
}
void *__tsan_memcpy(void *to, const void *from, std::size_t size) {
  access(from, size, false);
  access(to, size, true);
  return std::memcpy(to, from, size);
}
void *__tsan_memmove(void *to, const void *from, std::size_t size) {
  access(from, size, false);
  access(to, size, true);
  return std::memmove(to, from, size);
}
void *__tsan_memset(void *at, int value, std::size_t size) {
  access(at, size, true);
  return std::memset(at, value, size);
}
// For guards of local statics, which are not part of the model.
std::uint8_t __tsan_atomic8_load(const volatile std::uint8_t *at, int) {
  return *at;
}
std::uint32_t __tsan_atomic32_load(const volatile std::uint32_t *at, int) {
  return *at;
}
std::uint64_t __tsan_atomic64_load(const volatile std::uint64_t *at, int) {
  return *at;
}
std::uint32_t __tsan_atomic32_fetch_add(volatile std::uint32_t *at, std::uint32_t step, int) {
  const std::uint32_t old = *at;
  *at = old + step;
  return old;
}
void __tsan_atomic_signal_fence(int) {}
void __tsan_atomic_thread_fence(int) {}
}
