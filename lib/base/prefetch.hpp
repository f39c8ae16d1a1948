// Asks for a cache line that will be written soon, while something else is done.
#pragma once

namespace weft::core {

// Any address, also of what is gone: nothing is read. For writing: where it is only asked for reading, the first write
// has to ask the other core once more.
inline void prefetch_for_write(const void *place) noexcept {
#if defined(__x86_64__)
  asm volatile("prefetchw (%0)" : : "r"(place)); // the compiler's own needs an option; an older CPU takes it for a nop
#else
  __builtin_prefetch(place, 1);
#endif
}

} // namespace weft::core
