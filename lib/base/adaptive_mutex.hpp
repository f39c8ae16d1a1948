// A mutex for sections of a few dozen instructions under heavy contention: it spins shortly before it sleeps.
//
// A plain std::mutex goes to the kernel at the first collision, which costs more than a hundred such sections.
#pragma once

#include <pthread.h>

namespace weft::core {

class adaptive_mutex {
public:
  constexpr adaptive_mutex() noexcept = default;
  ~adaptive_mutex() = default; // nothing to release in an unlocked pthread mutex of this kind
  adaptive_mutex(const adaptive_mutex &) = delete;
  adaptive_mutex &operator=(const adaptive_mutex &) = delete;

  void lock() noexcept { pthread_mutex_lock(&mutex_); }
  bool try_lock() noexcept { return pthread_mutex_trylock(&mutex_) == 0; }
  void unlock() noexcept { pthread_mutex_unlock(&mutex_); }

private:
#if defined(PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP)
  pthread_mutex_t mutex_ = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;
#else
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
#endif
};

} // namespace weft::core
