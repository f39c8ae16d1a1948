// The seam beneath the protocols: every atomic, plain mutex and compiler barrier of lib/ comes from here.
//
// In the model tests (WEFT_MODEL, see tests/model/README.md) these names mean instrumented types, under which an engine
// of the tests chooses the interleaving. In every other build they are the standard ones. The other entrances of that
// seam are base/futex.hpp, base/system.hpp (fences), base/clock.hpp, base/adaptive_mutex.hpp and
// thread/system_thread.hpp.
#pragma once

#include <atomic>
#include <mutex>

#if defined(WEFT_MODEL)
#include "model/atomic.hpp"
#endif

namespace weft::core {

#if defined(WEFT_MODEL)

template <class T> using atomic = model::atomic<T>;
using native_mutex = model::mutex;
inline void compiler_barrier() noexcept {
  model::compiler_fence();
}
inline void full_fence() noexcept {
  model::fence(std::memory_order_seq_cst);
}

#else

template <class T> using atomic = std::atomic<T>;

// A mutex whose waiters sleep at once: for sections that may be long, or that are seldom contended.
using native_mutex = std::mutex;

// Keeps the compiler from reordering; the processor may still do so.
inline void compiler_barrier() noexcept {
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

// A sequentially consistent fence. ThreadSanitizer does not know fences; an access that everybody makes orders as well.
inline void full_fence() noexcept {
#if defined(__SANITIZE_THREAD__)
  static constinit atomic<int> everybodys{0};
  everybodys.fetch_add(0, std::memory_order_seq_cst);
#else
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

#endif

} // namespace weft::core
