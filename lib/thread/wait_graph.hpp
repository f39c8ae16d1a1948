// Who is blocked on what, process-wide: finds waits that could never end, and wakes those who were asked to stop.
//
// Only threads that really go to sleep in weft are registered; spinning and polling cost nothing here. The argument why
// no deadlock is missed and none is invented stands in thread/README.md, "Waits that could never end".
#pragma once

#include <cstddef>
#include <mutex>

#include "base/atomic.hpp"
#include "thread/record.hpp"

namespace weft::core {

class wait_graph;

// One thing that a thread waits for. may_happen answers: could it happen while every thread that the graph calls stuck
// stays where it is? Called under the lock of the graph; must not take a lock that is held while registering.
struct dependency {
  const void *object;
  bool (*may_happen)(const void *object, const wait_graph &graph);
};

enum class wait_for { all, any };

// A sleeping thread. Lives on its stack, listed from enter() to leave().
struct blocked_thread {
  record *who;
  const dependency *on;
  std::size_t count;
  wait_for mode;
  bool timed; // it will come back by itself, so nobody can be stuck because of it
  bool stuck = false;
  // How a request to stop this thread wakes it, under the lock of the graph; null: by its parker.
  void (*call)(blocked_thread &sleeper) noexcept = nullptr;
  blocked_thread *next = nullptr, *prev = nullptr;
};

class wait_graph {
public:
  static wait_graph &instance() noexcept;

  // Register. False: this wait could never end; it was not registered.
  bool enter(blocked_thread &entry) noexcept;
  void leave(blocked_thread &entry) noexcept;
  // Register a thread that will never go on: without judging it.
  void list(blocked_thread &entry) noexcept;

  // Wake threads that sleep inside this task (innermost), or as this thread object, for them to look at their flags.
  void wake_task(const task *which) noexcept;
  void wake_serving(const task_owner *owner) noexcept; // innermost
  void wake_thread(const thread *which) noexcept;      // also one that rests elsewhere, see blocked_thread::call
  void wake_inside(const atomic<std::uint32_t> &word) noexcept; // whose innermost scope has this word

  // Is this thread object's end out of reach, given who is blocked now and that `except` will not go on?
  // For the end of the process, which must not wait for those.
  bool is_stuck_now(const thread *which, record *except) noexcept;

  // Look at what this thread does, if it sleeps in weft: look(frame), innermost first, until it says true.
  template <class Look> void look_at(const thread *which, Look look) noexcept {
    look_at_those([which](const record &who) noexcept { return is_object_of(who, which); }, look);
  }
  template <class Look> void look_at(const record *which, Look look) noexcept {
    look_at_those([which](const record &who) noexcept { return &who == which; }, look);
  }

  // For may_happen functions, under the lock.
  bool stuck(const record *who) const noexcept;
  bool stuck(const thread *who) const noexcept;
  // A thread that is stuck runs this task, at any depth of its stack.
  bool stuck_inside(const task *which) const noexcept;
  // A stuck thread is inside of this domain, at any depth.
  bool stuck_in(const domain *which) const noexcept;
  // How many stuck threads serve this executor at the bottom of their stack (that is: are its workers).
  std::size_t stuck_workers(const task_owner *owner) const noexcept;
  // How many tasks of this executor stuck threads are inside of.
  std::size_t stuck_frames(const task_owner *owner) const noexcept;
  // How many stuck threads are inside this executor, at any depth.
  std::size_t stuck_serving(const task_owner *owner) const noexcept;

  // In the child of a fork, under the lock: those who slept do not exist.
  void forget_all() noexcept { first_ = nullptr; }

  // Keeps executors alive while the graph may look at them: their destructors take this lock once.
  native_mutex &mutex() noexcept { return mutex_; }

private:
  template <class Wanted, class Look> void look_at_those(Wanted wanted, Look look) noexcept {
    const std::scoped_lock hold(mutex_);
    for (const blocked_thread *b = first_; b != nullptr; b = b->next)
      if (wanted(*b->who))
        for (const frame *f = b->who->top; f != nullptr && !look(*f);) f = f->below;
  }
  void settle() noexcept;
  bool can_end(const blocked_thread &entry) const noexcept;

  native_mutex mutex_;
  blocked_thread *first_ = nullptr; // under mutex_
};

} // namespace weft::core
