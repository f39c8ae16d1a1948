// Memory for tasks. The one place to change when tasks shall be recycled per thread instead of going to the allocator.
#pragma once

#include <cstddef>

namespace weft::core {

// Null when memory is exhausted. size and align as given back to free_block.
void *allocate_block(std::size_t size, std::size_t align) noexcept;
void free_block(void *block, std::size_t size, std::size_t align) noexcept;

} // namespace weft::core
