// base/parker.hpp and base/adaptive_mutex.hpp: what is built on a futex.
#include "base/parker.hpp"
#include "base/adaptive_mutex.hpp"

#include <mutex>

using namespace weft;
using core::atomic;
using core::deadline;

namespace {

// A permit is never lost, and publishes what its giver wrote.
MODEL("parker: one permit") {
  core::parker sleeper;
  int news = 0;
  model::thread waker([&] {
    news = 1;
    sleeper.unpark();
  });
  while (!sleeper.park(deadline::never())) continue;
  model::check(news == 1, "who was woken sees what the waker did");
}

MODEL("parker: two wakers, each with news") {
  core::parker sleeper;
  atomic<int> done{0};
  int first = 0, second = 0;
  model::thread a([&] {
    first = 1;
    done.fetch_add(1, std::memory_order_release);
    sleeper.unpark();
  });
  model::thread b([&] {
    second = 1;
    done.fetch_add(1, std::memory_order_release);
    sleeper.unpark();
  });
  while (done.load(std::memory_order_acquire) != 2) sleeper.park(deadline::never());
  model::check(first == 1 && second == 1, "both are seen");
}

// After every unpark() the sleeper looks once more, so writes before an unpark() need no order of their own.
MODEL("parker: the permit carries what a relaxed flag does not") {
  core::parker sleeper;
  atomic<bool> told{false};
  model::thread waker([&] {
    told.store(true, std::memory_order_relaxed);
    sleeper.unpark();
  });
  model::thread disturber([&] { sleeper.unpark(); });
  while (!told.load(std::memory_order_relaxed)) sleeper.park(deadline::never());
}

MODEL("parker: a limit of time against a permit") {
  core::parker sleeper;
  int news = 0;
  model::thread waker([&] {
    news = 1;
    sleeper.unpark();
  });
  if (sleeper.park(deadline::after(1'000)))
    model::check(news == 1, "a permit brings the news");
  else
    model::check(!sleeper.park(deadline::past()) || news == 1, "a late one, too");
}

// One sleeper over several rounds, like a waiter that is told again and again.
MODEL("parker: rounds of ping-pong") {
  core::parker left, right;
  atomic<int> turn{0};
  constexpr int rounds = 2;
  model::thread other([&] {
    for (int i = 0; i < rounds; ++i) {
      while (turn.load(std::memory_order_acquire) != 2 * i + 1) right.park(deadline::never());
      turn.store(2 * i + 2, std::memory_order_release);
      left.unpark();
    }
  });
  for (int i = 0; i < rounds; ++i) {
    turn.store(2 * i + 1, std::memory_order_release);
    right.unpark();
    while (turn.load(std::memory_order_acquire) != 2 * i + 2) left.park(deadline::never());
  }
}

MODEL("futex_mutex: one at a time, and nobody sleeps on") {
  core::futex_mutex mutex;
  int count = 0;
  const auto work = [&] {
    for (int i = 0; i < 2; ++i) {
      const std::scoped_lock hold(mutex);
      ++count;
    }
  };
  model::thread a(work), b(work);
  work();
  a.join();
  b.join();
  model::check(count == 6, "each step counts");
}

// "Store, unlock with fence, load" against "store, fence, load": one of the two sees the other.
MODEL("futex_mutex: giving it back with a fence orders what comes after") {
  core::futex_mutex mutex;
  atomic<int> mine{0}, yours{0};
  int seen_here = 0, seen_there = 0;
  model::thread other([&] {
    yours.store(1, std::memory_order_relaxed);
    core::full_fence();
    seen_there = mine.load(std::memory_order_relaxed);
  });
  mutex.lock();
  mine.store(1, std::memory_order_relaxed);
  mutex.unlock_with_fence();
  seen_here = yours.load(std::memory_order_relaxed);
  other.join();
  model::check(seen_here == 1 || seen_there == 1, "one of the two sees the other");
}

// The next holder may destroy the mutex at once.
MODEL("futex_mutex: the next holder may free it") {
  struct shared {
    core::futex_mutex mutex;
    int holders = 2;
  };
  auto *const object = new shared;
  const auto leave = [object] {
    object->mutex.lock();
    const bool last = --object->holders == 0;
    object->mutex.unlock();
    if (last) delete object;
  };
  model::thread other(leave);
  leave();
}

} // namespace
