// The seam beneath the protocols: every atomic, plain mutex and compiler barrier of lib/ comes from here.
//
// In a build for the model tests (-Dmodel=true) these names mean instrumented types, under which a scheduler of the
// tests chooses the interleaving. In every other build they are the standard ones. The other entrances of that seam
// are base/futex.hpp, base/system.hpp (fences), base/clock.hpp and thread/system_thread.hpp.
#pragma once

#include <atomic>
#include <mutex>

namespace weft::core {

template <class T> using atomic = std::atomic<T>;

// A mutex whose waiters sleep at once: for sections that may be long, or that are seldom contended.
using native_mutex = std::mutex;

// Keeps the compiler from reordering; the processor may still do so.
inline void compiler_barrier() noexcept {
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

} // namespace weft::core
