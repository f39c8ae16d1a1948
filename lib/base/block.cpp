#include "base/block.hpp"

#include <new>

namespace weft::core {

void *allocate_block(std::size_t size, std::size_t align) noexcept {
  return ::operator new(size, std::align_val_t(align), std::nothrow);
}

void free_block(void *block, std::size_t /*size*/, std::size_t align) noexcept {
  ::operator delete(block, std::align_val_t(align));
}

} // namespace weft::core
