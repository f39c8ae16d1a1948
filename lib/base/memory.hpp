// Where all memory of the library comes from: the C library, or the functions that the host has set
// before.
//
// What is allocated by size calls these functions. `new`, the containers and Asio come here by
// operators.cpp. lib/README.md, "Memory", says what does not come here.
#pragma once

#include <cstddef>

#include <weft/host.h>

namespace weft::core {

// align: a power of two. Null: memory is exhausted.
void *allocate_memory(std::size_t size, std::size_t align) noexcept;
// size, align: as for allocate_memory().
void free_memory(void *memory, std::size_t size, std::size_t align) noexcept;

// The functions of the host are in use. The first call of this or of the functions above decides
// for good.
bool memory_is_hosts() noexcept;

// False until the first object of weft is made. Before main, static initialisers of what is linked
// into the library allocate, Boost.Thread's for one, and no host can have set its functions then.
bool memory_is_decided() noexcept;
// For all code that makes an object of weft (refs.hpp and roll.hpp call it).
inline void decide_memory() noexcept {
  static_cast<void>(memory_is_hosts());
}

// As weft_set_allocator.
weft_status set_allocator(weft_allocate_fn allocate, weft_free_fn free, void *ctx) noexcept;

} // namespace weft::core
