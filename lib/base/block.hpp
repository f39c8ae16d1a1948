// Memory for tasks and for other objects that are made and freed as often. Small blocks are
// recycled: block_heap.hpp.
#pragma once

#include <cstddef>
#include <new>

#include "base/block_heap.hpp"
#include "base/memory.hpp"

namespace weft::core {

// AddressSanitizer and the model tests find a use after a free only if the memory is really freed.
#if defined(__SANITIZE_ADDRESS__) || defined(WEFT_MODEL)
inline constexpr bool recycles = false;
#elif defined(__has_feature)
inline constexpr bool recycles = !__has_feature(address_sanitizer);
#else
inline constexpr bool recycles = true;
#endif

constexpr bool is_recycled(std::size_t size, std::size_t align) noexcept {
  return recycles && size <= block_heap::largest && align <= block_heap::alignment;
}

// Inline, because on the path of a task the compiler mostly knows the size. Null: memory is
// exhausted. free_block() gets the same size and alignment.
[[gnu::always_inline]] inline void *allocate_block(std::size_t size, std::size_t align) noexcept {
  if (!is_recycled(size, align)) [[unlikely]]
    return allocate_memory(size, align);
  block_heap *const heap = block_heap::mine();
  return heap != nullptr ? heap->allocate(size) : nullptr;
}
inline void free_block(void *block, std::size_t size, std::size_t align) noexcept {
  if (!is_recycled(size, align)) [[unlikely]]
    return free_memory(block, size, align);
  block_heap::free(block);
}

// A base for objects that are made and freed as often as tasks. They are made with std::nothrow. No
// class derives from T, so the size of the object is that of T.
template <class T> struct in_blocks {
  static void *operator new(std::size_t size, const std::nothrow_t & /*tag*/) noexcept {
    return allocate_block(size, alignof(T));
  }
  static void operator delete(void *room, std::size_t size) noexcept { free_block(room, size, alignof(T)); }
  // For a constructor that throws.
  static void operator delete(void *room, const std::nothrow_t & /*tag*/) noexcept {
    free_block(room, sizeof(T), alignof(T));
  }
};

// Before a thread sleeps in a wait: give back the blocks of other threads that it has freed.
inline void flush_freed_blocks() noexcept {
  block_heap::flush_mine();
}

} // namespace weft::core
