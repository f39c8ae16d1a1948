// A small callable as a void *, for interfaces that take a function and a context. So no peer pays for an allocation
// that its own users would avoid.
#ifndef WEFT_BENCH_PACKED_HPP
#define WEFT_BENCH_PACKED_HPP

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>
#include <type_traits>

namespace bench {

template <class F>
concept small = std::is_trivially_copyable_v<F> && std::is_trivially_destructible_v<F> && sizeof(F) <= sizeof(void *);

template <small F> void *pack(F f) {
  void *packed = nullptr;
  std::memcpy(&packed, &f, sizeof f);
  return packed;
}

template <small F> F unpack(void *packed) {
  std::array<std::byte, sizeof(F)> bytes;
  std::memcpy(bytes.data(), &packed, sizeof(F));
  return std::bit_cast<F>(bytes);
}

} // namespace bench

#endif
