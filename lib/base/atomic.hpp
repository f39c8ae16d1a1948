// The seam below the protocols: all atomics, plain mutexes and compiler barriers of lib/ come from
// here.
//
// In the model tests (WEFT_MODEL, tests/model/README.md) these names mean instrumented types, and
// an engine of the tests chooses the interleaving. In every other build they are the standard ones.
// The other parts of this seam are base/futex.hpp, base/system.hpp (fences), base/clock.hpp,
// base/adaptive_mutex.hpp and thread/system_thread.hpp.
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

// A mutex whose waiters sleep at once: for critical sections that may be long or have little
// contention.
using native_mutex = std::mutex;

// Stops the compiler from reordering. The processor may still reorder.
inline void compiler_barrier() noexcept {
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

// A sequentially consistent fence. ThreadSanitizer does not know fences, so there all threads
// access one variable, which orders as well.
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
