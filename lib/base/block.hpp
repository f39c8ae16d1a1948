// Memory for tasks and what else is made and freed as often. Small blocks are recycled, see block_heap.hpp.
#pragma once

#include <cstddef>

namespace weft::core {

// Null when memory is exhausted. size and align as given back to free_block.
void *allocate_block(std::size_t size, std::size_t align) noexcept;
void free_block(void *block, std::size_t size, std::size_t align) noexcept;

// Before a thread sleeps: what it has freed of other threads goes back to them.
void flush_freed_blocks() noexcept;

} // namespace weft::core
