// The end of something, once: a future, a thread, an executor. Its observers are waiters, which are
// woken, and callbacks, which are run.
//
// Knows no outcome: the thread that completes stores the outcome first. All of these ends have a
// completion, so there is one way to wait. Eight bytes while it has no observer. README.md,
// "Completions", has the states, the rules, and why a waiter may free it at once.
#pragma once

#include <cstddef>

#include "base/atomic.hpp"
#include "base/parker.hpp"

namespace weft::core {

// Parkers that are to be unparked when the lock is given back. A wake-up is a system call, and no
// place for that is under a lock.
class wake_list {
public:
  wake_list() = default;
  wake_list(const wake_list &) = delete;
  wake_list &operator=(const wake_list &) = delete;
  ~wake_list() { flush(); }
  void add(parker &sleeper) noexcept {
    // More waiters than places: these wake under the lock. That is slow but right.
    if (count_ == capacity) flush();
    sleepers_[count_++] = &sleeper;
  }
  void flush() noexcept {
    while (count_ != 0) sleepers_[--count_]->unpark();
  }

private:
  static constexpr std::size_t capacity = 16;
  parker *sleepers_[capacity];
  std::size_t count_ = 0;
};

struct observer {
  // failed: what is observed has ended with an error. A null `fire`: this is a callback.
  using fire_fn = void (*)(observer &, bool failed, wake_list &) noexcept;
  explicit observer(fire_fn told) noexcept : fire(told) {}

  fire_fn fire;
  observer *next = nullptr; // listed: a ring; returned by finish(): a list that ends in null
  observer *prev = nullptr;
};

class completion {
public:
  completion() = default;
  completion(const completion &) = delete;
  completion &operator=(const completion &) = delete;

  bool finished() const noexcept { return head_.load(std::memory_order_acquire) == closed(); }

  // False: it has finished already, and the observer was not added.
  bool add(observer &entry) noexcept;

  // Take an observer out. True: it was not told, and will not be. False: it was told or is being
  // told, or it was never added.
  bool remove(observer &entry) noexcept;

  // Take out the first callback for which `wanted` is true. `wanted` is called under the lock and
  // must be short. Null: there is none, or the completion has finished; then its callbacks are
  // called.
  using wanted_fn = bool (*)(const observer &callback, const void *what) noexcept;
  observer *take_callback(wanted_fn wanted, const void *what) noexcept;

  // Finish, tell all observers, and return the callbacks, which now belong to the caller. Once
  // only. After waiters have been told, nothing of *this is touched: one of them may free it.
  observer *finish(bool failed) noexcept;

  // Take the callbacks of something that will never finish. Only when no thread can reach it except
  // by remove(). Such a remove() has ended before this, or finds it finished.
  observer *abandon() noexcept;

  // In the child of a fork: its observers are the parent's, and are not told.
  void close_in_child() noexcept { head_.store(closed(), std::memory_order_release); }
  // All stripes, while the process is forked.
  static void lock_all() noexcept;
  static void unlock_all() noexcept;

private:
  void unlink_locked(observer &entry) noexcept;
  static observer *closed() noexcept { return reinterpret_cast<observer *>(&closed_mark); }
  static char closed_mark;

  // The release in finish() pairs with the acquire in finished() and in an add() that fails: they
  // see the outcome.
  atomic<observer *> head_{nullptr};
};

} // namespace weft::core
