// The end of something, seen by its observers: waiters to be woken, callbacks to be run. Happens once.
//
// Knows nothing of outcomes: whoever completes stores the outcome first. A future has one of these, and so have
// threads and executors, so that there is one mechanism to wait with. Eight bytes when nobody observes.
//
// Protocol, in three rules:
//  1. head_ goes from null (nobody) to a list, and at last to `closed`. From null it changes by compare-and-swap, with
//     the lock of its stripe or, in finish(), without; a list is touched under the lock only.
//  2. Observers with a `fire` function are told under the lock, so remove() returning means: it is not and will not be
//     touched any more, and its memory may go. fire() must be short; it may mark threads to be unparked.
//  3. Observers without one are callbacks: finish() returns them in the order of adding, for the caller to run when
//     no lock is held.
#pragma once

#include <cstddef>

#include "base/atomic.hpp"
#include "base/parker.hpp"

namespace weft::core {

// Parkers to unpark once the lock is dropped. A wake is a system call, which has no place under a lock.
class wake_list {
public:
  wake_list() = default;
  wake_list(const wake_list &) = delete;
  wake_list &operator=(const wake_list &) = delete;
  ~wake_list() { flush(); }
  void add(parker &sleeper) noexcept {
    if (count_ == capacity) flush(); // more waiters than room: these wake under the lock, which is slow but right
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
  // failed: the observed thing ended with an error. Null: this is a callback, see rule 3.
  using fire_fn = void (*)(observer &, bool failed, wake_list &) noexcept;
  explicit observer(fire_fn told) noexcept : fire(told) {}

  fire_fn fire;
  observer *next = nullptr; // while listed: a ring; in what finish() returns: a list that ends in null
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

  // Take an observer out. True: it had not been told, or will not be called. False: it was or is, or was never added.
  bool remove(observer &entry) noexcept;

  // Take out the first callback that is `wanted`, which is asked under the lock and must be short. Null: there is none,
  // or it has finished; it will be called then, if there was one.
  using wanted_fn = bool (*)(const observer &callback, const void *what) noexcept;
  observer *take_callback(wanted_fn wanted, const void *what) noexcept;

  // Finish, tell everybody, and return the callbacks, which now belong to the caller. Once only.
  // Nothing of *this is touched after waiters have been told, for one of them may free it.
  observer *finish(bool failed) noexcept;

  // Take the callbacks of something that will never finish. Only when nobody else can reach it but through remove();
  // such a remove() has come to its end, or finds it finished.
  observer *abandon() noexcept;

  // In the child of a fork: those who observe are the parent's, and are not told.
  void close_in_child() noexcept { head_.store(closed(), std::memory_order_release); }
  // All stripes, while the process is forked.
  static void lock_all() noexcept;
  static void unlock_all() noexcept;

private:
  void unlink_locked(observer &entry) noexcept;
  static observer *closed() noexcept { return reinterpret_cast<observer *>(&closed_mark); }
  static char closed_mark;

  // The release of finish() pairs with the acquire of finished() and of a failed add(): the outcome is then visible.
  atomic<observer *> head_{nullptr};
};

} // namespace weft::core
