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

// How a sleeping thread could help to bring about what others sleep for: by running it on its own stack. The task layer
// brings one. Both under the lock of the graph.
struct lending_hand {
  bool (*could_run)(const record &who, const dependency &wanted, const wait_graph &graph);
  void (*keep)(const dependency &wanted); // take a reference, for who will run it
};

// A sleeping thread. Lives on its stack, listed from enter() to leave().
struct blocked_thread {
  record *who;
  const dependency *on;
  std::size_t count;
  wait_for mode;
  bool timed; // it will come back by itself, so nobody can be stuck because of it
  bool stuck = false;
  bool for_good = false;              // it will never go on, whatever it is told
  bool stays = false;                 // it cannot give up: others in its circle are told instead
  const lending_hand *hand = nullptr; // null: it may run nothing
  // Out of enter(): what this thread is to run instead of sleeping, with the reference of keep().
  const void *offered = nullptr;
  // Written under the lock of the graph; its release pairs with the acquire of the sleeper, who is woken after it.
  atomic<bool> looks_again{false};
  // How a request to stop this thread wakes it, under the lock of the graph; null: by its parker.
  void (*call)(blocked_thread &sleeper) noexcept = nullptr;
  blocked_thread *next = nullptr, *prev = nullptr;
};

class wait_graph {
public:
  static wait_graph &instance() noexcept;

  // Register. False: this wait could never end, unless the caller runs what it is offered; it was not registered. One
  // that stays is registered all the same, if it is offered nothing.
  bool enter(blocked_thread &entry) noexcept;
  void leave(blocked_thread &entry) noexcept;
  // Register a thread that will never go on: without judging it.
  void list(blocked_thread &entry) noexcept;

  // Wake threads that sleep inside this task (innermost), or as this thread object, for them to look at their flags.
  void wake_task(const task *which) noexcept;
  void wake_serving(const task_owner *owner) noexcept; // innermost
  void wake_thread(const thread *which) noexcept;      // also one that rests elsewhere, see blocked_thread::call
  void wake_inside(const atomic<std::uint32_t> &word) noexcept; // whose innermost scope has this word
  // For those who act for this executor, at any depth, and sleep no longer than until something armed on it is due.
  void wake_for_time(const task_owner *owner) noexcept;

  // --- news: what a waiter may run changes while it sleeps ---
  // Counted in from before the waiter looks what it may run until it has slept.
  class interest {
  public:
    interest() noexcept { instance().interested_.fetch_add(1, std::memory_order_seq_cst); }
    ~interest() { instance().interested_.fetch_sub(1, std::memory_order_relaxed); }
    interest(const interest &) = delete;
    interest &operator=(const interest &) = delete;
  };
  // How often there were any. README.md, "News".
  std::uint64_t news() const noexcept { return news_.load(std::memory_order_acquire); }
  // A future that had no executor so far was submitted to this one, or to one that is carried by the second.
  void tell_news(const task_owner *owner, const task_owner *carrier) noexcept;

  // take() takes away what sleepers may count on. If one that sleeps without limit could then never come back,
  // give_back() undoes it. Both under the lock. False: nothing was taken.
  template <class Take, class GiveBack> bool take_away(Take take, GiveBack give_back) noexcept {
    const std::scoped_lock hold(mutex_);
    if (!take()) return false;
    judge_all(nullptr);
    if (!is_stuck_one([](const record &) { return true; })) return true;
    give_back();
    return false;
  }
  // The same for good: those that are stuck by it look again, and find that their waits could never end.
  template <class Take> void take_for_good(Take take) noexcept {
    const std::scoped_lock hold(mutex_);
    take();
    judge_all(nullptr);
    tell_stuck_ones();
  }

  // How many other workers of this executor are stuck, given who is blocked now and that `except` will not go on.
  std::size_t stuck_workers_now(const task_owner *owner, record &except) noexcept;

  // Look at what this thread does, if it sleeps in weft: look(frame), innermost first, until it says true.
  template <class Look> void look_at(const thread *which, Look look) noexcept {
    look_at_those([which](const record &who) noexcept { return is_object_of(who, which); }, look);
  }
  template <class Look> void look_at(const record *which, Look look) noexcept {
    look_at_those([which](const record &who) noexcept { return &who == which; }, look);
  }

  // For may_happen functions, under the lock.
  // wanted(record) of one that is stuck.
  template <class Wanted> bool is_stuck_one(Wanted wanted) const noexcept {
    for (const blocked_thread *b = first_; b != nullptr; b = b->next)
      if (b->stuck && wanted(*b->who)) return true;
    return false;
  }
  // Taken to be possible, for the sake of the argument: README.md, "What the circle needs".
  bool is_assumed(const void *object) const noexcept { return object == assumed_; }
  // The sleeper that is being judged, if it may run something.
  const record *judged_helper() const noexcept {
    return judged_ != nullptr && judged_->hand != nullptr ? judged_->who : nullptr;
  }
  // Every thread of the process is one of those that are stuck.
  bool all_are_stuck() const noexcept;
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
  void link(blocked_thread &entry) noexcept;
  void unlink(blocked_thread &entry) noexcept;
  void judge_all(const void *assumed) noexcept;
  void tell_stuck_ones() noexcept;
  void settle() noexcept;
  bool can_end(const blocked_thread &entry) const noexcept;
  blocked_thread *find_helper(const blocked_thread &newcomer) noexcept;

  native_mutex mutex_;
  blocked_thread *first_ = nullptr;                // under mutex_
  const void *assumed_ = nullptr;                  // the same
  mutable const blocked_thread *judged_ = nullptr; // the same
  atomic<std::uint32_t> inside_{0};                // how many sleep inside of executors; see wake_for_time()
  atomic<std::uint32_t> interested_{0};            // see tell_news()
  atomic<std::uint64_t> news_{0};                  // written under mutex_; see tell_news()
};

} // namespace weft::core
