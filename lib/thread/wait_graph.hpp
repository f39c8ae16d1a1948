// Which thread is blocked on what, in the whole process: finds waits that could never end, and
// wakes threads that were asked to stop.
//
// Owns the list of sleepers and the judgement. Knows what they wait for only as functions
// (dependency). Only threads that go to sleep in weft are registered; spinning and polling cost
// nothing here. Read on in README.md: "Waits that could never end", which argues that no deadlock
// is missed and none is invented, "News" and "Time".
#pragma once

#include <cstddef>
#include <mutex>

#include "base/atomic.hpp"
#include "thread/record.hpp"

namespace weft::core {

class wait_graph;

// One thing that a thread waits for. `may_happen` answers whether it could happen while each thread
// that the graph calls stuck stays where it is. Called under the lock of the graph: takes no lock
// that may be held while a thread registers.
struct dependency {
  const void *object;
  bool (*may_happen)(const void *object, const wait_graph &graph);
};

enum class wait_for { all, any };

// How a sleeping thread could bring about what others sleep for: by running it on its own stack.
// The task layer brings one. Both functions are called under the lock of the graph.
struct lending_hand {
  bool (*could_run)(const record &who, const dependency &wanted, const wait_graph &graph);
  void (*keep)(const dependency &wanted); // take a reference, for the thread that will run it
};

// A sleeping thread. Lives on its stack, listed from enter() to leave().
struct blocked_thread {
  record *who;
  const dependency *on;
  std::size_t count;
  wait_for mode;
  bool timed; // it will come back by itself, so it makes no thread stuck
  bool stuck = false;
  bool for_good = false; // it will never go on, whatever it is told
  // It cannot give up: others in its circle are told instead.
  bool stays = false;
  // It left what it could run to other workers. It is asked to run that before others are told.
  bool leaves = false;
  // News end its sleep, if the graph has more of them than it has seen.
  bool interested = false;
  std::uint64_t news_seen = 0;
  // Under the lock of the graph: there are such news, and it has not left yet.
  bool has_news = false;
  const lending_hand *hand = nullptr; // null: it may run nothing
  // Set by enter(): what this thread is to run instead of sleeping, with the reference of keep().
  const void *offered = nullptr;
  // Written under the lock of the graph. The release pairs with the acquire of the sleeper, which
  // is woken afterwards.
  atomic<bool> looks_again{false};
  // How a stop request to this thread wakes it, under the lock of the graph. Null: by its parker.
  void (*call)(blocked_thread &sleeper) noexcept = nullptr;
  blocked_thread *next = nullptr, *prev = nullptr;
};

class wait_graph {
public:
  static wait_graph &instance() noexcept;

  // Register. False: this wait could never end, unless the caller runs what it is offered; the
  // thread is not registered. A wait that stays is registered even so, if nothing is offered to it.
  bool enter(blocked_thread &entry) noexcept;
  void leave(blocked_thread &entry) noexcept;
  // Register a thread that will never go on. Judges nothing.
  void list(blocked_thread &entry) noexcept;

  // Wake the sleepers that a stop request reaches (each_asked), so that they look at their flags;
  // also those that rest elsewhere (blocked_thread::call). The request is for the frames and scopes
  // with this word, or for this thread object.
  void wake_asked(const atomic<std::uint32_t> &word) noexcept;
  void wake_thread(const thread *which) noexcept;
  // Wake the threads that act for this executor, at any depth, so that they sleep no longer than
  // until what is armed on it now.
  void wake_for_time(const task_owner *owner) noexcept;

  // --- news: what a waiter may run changes while it sleeps ---
  // Lives from before the waiter looks what it may run until it has slept.
  class interest {
  public:
    interest() noexcept { instance().interested_.fetch_add(1, std::memory_order_seq_cst); }
    ~interest() { instance().interested_.fetch_sub(1, std::memory_order_relaxed); }
    interest(const interest &) = delete;
    interest &operator=(const interest &) = delete;
  };
  // How often there were news: README.md, "News".
  std::uint64_t news() const noexcept { return news_.load(std::memory_order_acquire); }
  // A future that had no executor was submitted to `owner`. `carrier`: the executor that carries
  // `owner`, or null.
  void tell_news(const task_owner *owner, const task_owner *carrier) noexcept;
  // A future depends on another one from now on, whose executor is not known here. Judges all once
  // more, because that may have closed a circle.
  void tell_news_to_all() noexcept;

  // take() takes away something that sleepers may count on. If a thread that sleeps without limit
  // could then never come back, give_back() undoes it. Both are called under the lock. False:
  // nothing was taken.
  template <class Take, class GiveBack> bool take_away(Take take, GiveBack give_back) noexcept {
    const std::scoped_lock hold(mutex_);
    if (!take()) return false;
    judge_all(nullptr);
    if (!is_stuck_one([](const record &) { return true; })) return true;
    give_back();
    return false;
  }
  // The same, but it stays taken: threads that are stuck by it look again, and find that their
  // waits could never end.
  template <class Take> void take_for_good(Take take) noexcept {
    const std::scoped_lock hold(mutex_);
    take();
    judge_all(nullptr);
    tell_stuck_ones();
  }

  // How many other workers of this executor are stuck, judged now, if `except` never goes on.
  std::size_t stuck_workers_now(const task_owner *owner, record &except) noexcept;

  // Look at what this thread does, if it sleeps in weft: look(frame), innermost first, until it
  // returns true.
  template <class Look> void look_at(const thread *which, Look look) noexcept {
    look_at_those([which](const record &who) noexcept { return is_object_of(who, which); }, look);
  }
  template <class Look> void look_at(const record *which, Look look) noexcept {
    look_at_those([which](const record &who) noexcept { return &who == which; }, look);
  }

  // For may_happen functions, under the lock: whether wanted(record) is true of a stuck thread.
  template <class Wanted> bool is_stuck_one(Wanted wanted) const noexcept {
    for (const blocked_thread *b = first_; b != nullptr; b = b->next)
      if (b->stuck && wanted(*b->who)) return true;
    return false;
  }
  // It counts as possible, for the sake of the argument: README.md, "What the circle needs".
  bool is_assumed(const void *object) const noexcept { return object == assumed_; }
  // The sleeper that is being judged, if it may run something; else null.
  const record *judged_helper() const noexcept {
    return judged_ != nullptr && judged_->hand != nullptr ? judged_->who : nullptr;
  }
  // All threads of the process are stuck.
  bool all_are_stuck() const noexcept;
  bool stuck(const record *who) const noexcept;
  bool stuck(const thread *who) const noexcept;
  // A stuck thread runs this task, at any depth of its stack.
  bool stuck_inside(const task *which) const noexcept;
  // A stuck thread is inside of this domain, at any depth.
  bool stuck_in(const domain *which) const noexcept;
  // How many stuck threads serve this executor at the bottom of their stack, that is: are its
  // workers.
  std::size_t stuck_workers(const task_owner *owner) const noexcept;
  // How many tasks of this executor stuck threads are in.
  std::size_t stuck_frames(const task_owner *owner) const noexcept;
  // How many stuck threads are inside this executor, at any depth.
  std::size_t stuck_serving(const task_owner *owner) const noexcept;

  // In the child of a fork, under the lock: the sleepers do not exist.
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
  template <class Concerned> void note_news(wake_list &sleepers, Concerned concerned) noexcept;
  void link(blocked_thread &entry) noexcept;
  void unlink(blocked_thread &entry) noexcept;
  void judge_all(const void *assumed) noexcept;
  void judge_if_leavers_go_on(const blocked_thread *except) noexcept;
  bool ask_those_who_leave(const blocked_thread &newcomer) noexcept;
  void tell_stuck_ones() noexcept;
  void settle() noexcept;
  bool can_end(const blocked_thread &entry) const noexcept;
  blocked_thread *find_helper(const blocked_thread &newcomer) noexcept;

  native_mutex mutex_;
  blocked_thread *first_ = nullptr;                // under mutex_
  const void *assumed_ = nullptr;                  // the same
  mutable const blocked_thread *judged_ = nullptr; // the same
  // How many threads sleep inside executors. Pairs with the fences of wake_for_time() and
  // sleep_until().
  atomic<std::uint32_t> inside_{0};
  // How many waiters are interested in news. Pairs with the fence of tell_news().
  atomic<std::uint32_t> interested_{0};
  // Written under mutex_. The release pairs with the acquire of news().
  atomic<std::uint64_t> news_{0};
};

} // namespace weft::core
