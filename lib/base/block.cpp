#include "base/block.hpp"

#include "base/block_heap.hpp"
#include "base/memory.hpp"

namespace weft::core {
namespace {

// AddressSanitizer finds what is used after it was freed only if it is really freed.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool recycles = false;
#elif defined(__has_feature)
constexpr bool recycles = !__has_feature(address_sanitizer);
#else
constexpr bool recycles = true;
#endif

constexpr bool is_recycled(std::size_t size, std::size_t align) noexcept {
  return recycles && size <= block_heap::largest && align <= block_heap::alignment;
}

} // namespace

void *allocate_block(std::size_t size, std::size_t align) noexcept {
  if (is_recycled(size, align))
    if (block_heap *const heap = block_heap::mine(); heap != nullptr) return heap->allocate(size);
  return is_recycled(size, align) ? nullptr : allocate_memory(size, align);
}

void free_block(void *block, std::size_t size, std::size_t align) noexcept {
  if (is_recycled(size, align)) return block_heap::free(block);
  free_memory(block, size, align);
}

void flush_freed_blocks() noexcept {
  block_heap::flush_mine();
}

} // namespace weft::core
