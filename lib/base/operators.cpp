// The library's own operators new and delete. They bring all of its allocations to memory.hpp, also
// those in the templates of Boost and the standard library.
//
// Linked into the delivered library only. The version script (and capi/archive.sh) keeps them
// local: the program keeps its own operators, and what the shared object of the standard library
// allocates is freed there. So nothing that owns memory may cross that border. Under C++20
// std::string is instantiated in the library and does not cross. Streams, regular expressions and
// locales do, so the library uses none (tests/abi/symbols.py).
//
// A delete does not always know its size, but the functions of the host are promised the size.
// While they are in use, each block has it in front.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>

#include "base/atomic.hpp"
#include "base/memory.hpp"

namespace {

using weft::core::allocate_memory;
using weft::core::atomic;
using weft::core::free_memory;
using weft::core::memory_is_decided;
using weft::core::memory_is_hosts;

struct alignas(16) stamp { // directly in front of what the caller gets
  std::size_t total;
  std::uint32_t before, align;
};
static_assert(sizeof(stamp) == 16);

constexpr std::size_t usual = alignof(std::max_align_t);

// For allocations before it is decided whose memory is used: a few hundred bytes, by static
// initialisers. They are never given back. When this memory is used up, the next allocation
// decides.
class early_room {
public:
  static void *take(std::size_t size, std::size_t align) noexcept {
    size = std::max<std::size_t>(size, 1);
    std::size_t from = used.load(std::memory_order_relaxed), begin;
    do {
      begin = (from + align - 1) & ~(align - 1);
      if (align > alignof(decltype(room)) || begin > sizeof(room) || size > sizeof(room) - begin) return nullptr;
    } while (!used.compare_exchange_weak(from, begin + size, std::memory_order_relaxed));
    return room.bytes + begin;
  }
  static bool has(const void *taken) noexcept {
    return reinterpret_cast<std::uintptr_t>(taken) - reinterpret_cast<std::uintptr_t>(room.bytes) < sizeof(room);
  }

private:
  struct alignas(64) memory {
    unsigned char bytes[4096];
  };
  static constinit inline memory room{};
  // Has no partner: it gives each taker bytes of its own.
  static constinit inline atomic<std::size_t> used{0};
};

void *take(std::size_t size, std::size_t align) noexcept {
  if (!memory_is_decided()) [[unlikely]]
    if (void *const early = early_room::take(size, align); early != nullptr) return early;
  if (!memory_is_hosts()) return allocate_memory(size, align);
  align = std::max(align, alignof(stamp));
  const std::size_t before = std::max(align, sizeof(stamp));
  if (size > SIZE_MAX - before) return nullptr;
  auto *const all = static_cast<unsigned char *>(allocate_memory(before + size, align));
  if (all == nullptr) return nullptr;
  ::new (all + before - sizeof(stamp))
      stamp{before + size, static_cast<std::uint32_t>(before), static_cast<std::uint32_t>(align)};
  return all + before;
}

void *take_or_throw(std::size_t size, std::size_t align) {
  void *const taken = take(size, align);
  if (taken == nullptr) throw std::bad_alloc();
  return taken;
}

void give(void *taken) noexcept {
  if (taken == nullptr || early_room::has(taken)) return;
  if (!memory_is_hosts()) return free_memory(taken, 0, usual);
  auto *const end = static_cast<unsigned char *>(taken);
  const stamp known = *reinterpret_cast<stamp *>(end - sizeof(stamp));
  free_memory(end - known.before, known.total, known.align);
}

std::size_t number(std::align_val_t align) noexcept {
  return static_cast<std::size_t>(align);
}

} // namespace

void *operator new(std::size_t size) {
  return take_or_throw(size, usual);
}
void *operator new[](std::size_t size) {
  return take_or_throw(size, usual);
}
void *operator new(std::size_t size, const std::nothrow_t & /*tag*/) noexcept {
  return take(size, usual);
}
void *operator new[](std::size_t size, const std::nothrow_t & /*tag*/) noexcept {
  return take(size, usual);
}
void *operator new(std::size_t size, std::align_val_t align) {
  return take_or_throw(size, number(align));
}
void *operator new[](std::size_t size, std::align_val_t align) {
  return take_or_throw(size, number(align));
}
void *operator new(std::size_t size, std::align_val_t align, const std::nothrow_t & /*tag*/) noexcept {
  return take(size, number(align));
}
void *operator new[](std::size_t size, std::align_val_t align, const std::nothrow_t & /*tag*/) noexcept {
  return take(size, number(align));
}

void operator delete(void *taken) noexcept {
  give(taken);
}
void operator delete[](void *taken) noexcept {
  give(taken);
}
void operator delete(void *taken, std::size_t /*size*/) noexcept {
  give(taken);
}
void operator delete[](void *taken, std::size_t /*size*/) noexcept {
  give(taken);
}
void operator delete(void *taken, const std::nothrow_t & /*tag*/) noexcept {
  give(taken);
}
void operator delete[](void *taken, const std::nothrow_t & /*tag*/) noexcept {
  give(taken);
}
void operator delete(void *taken, std::align_val_t /*align*/) noexcept {
  give(taken);
}
void operator delete[](void *taken, std::align_val_t /*align*/) noexcept {
  give(taken);
}
void operator delete(void *taken, std::size_t /*size*/, std::align_val_t /*align*/) noexcept {
  give(taken);
}
void operator delete[](void *taken, std::size_t /*size*/, std::align_val_t /*align*/) noexcept {
  give(taken);
}
void operator delete(void *taken, std::align_val_t /*align*/, const std::nothrow_t & /*tag*/) noexcept {
  give(taken);
}
void operator delete[](void *taken, std::align_val_t /*align*/, const std::nothrow_t & /*tag*/) noexcept {
  give(taken);
}
