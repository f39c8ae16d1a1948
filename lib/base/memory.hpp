// Where all memory of the library comes from: the C library, or the functions that the host has set before.
//
// Everything comes through here: what is allocated by size calls these functions; `new`, the containers and Asio come
// by the operators of operators.cpp. README.md of this folder's parent, "Memory", says what does not.
#pragma once

#include <cstddef>

#include <weft/host.h>

namespace weft::core {

// align: a power of two. Null: there is none.
void *allocate_memory(std::size_t size, std::size_t align) noexcept;
// With the same size and alignment.
void free_memory(void *memory, std::size_t size, std::size_t align) noexcept;

// The host's functions are in use. The first call of this, or of those above, decides for good.
bool memory_is_hosts() noexcept;

// Whether it is decided. Undecided until the first object of weft is made: static initialisers of what is linked into
// the library, such as those of Boost.Thread, allocate before main, when no host can have had its say.
bool memory_is_decided() noexcept;
// By whatever makes an object of weft (refs.hpp and roll.hpp do).
inline void decide_memory() noexcept {
  static_cast<void>(memory_is_hosts());
}

// As weft_set_allocator.
weft_status set_allocator(weft_allocate_fn allocate, weft_free_fn free, void *ctx) noexcept;

} // namespace weft::core
