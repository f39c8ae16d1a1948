// Threads of the host as workers: weft_executor_work and weft_executor_help. They differ from a
// worker's own thread in how they come and go.
//
// README.md, "Threads of the host", says why a thread that leaves loses nothing. The loop is that
// of work.cpp, with a look at the time and at stop requests after each task and while the thread
// rests.
#include <algorithm>
#include <new>
#include <utility>

#include <pthread.h>

#include "base/system.hpp"
#include "sched/scheduler.hpp"
#include "thread/blocking.hpp"
#include "thread/record.hpp"
#include "thread/wait_graph.hpp"

namespace weft::core {
namespace {

weft_status reason_to_leave(const record &self, deadline until) noexcept {
  if (stop_requested(self)) return WEFT_EINTERRUPTED;
  return until.passed() ? WEFT_ETIMEDOUT : WEFT_OK;
}

} // namespace

// For as long as a thread of the host rests, a request to stop it, or the promise that it works for,
// wakes it.
class scheduler::rest_scope : private blocked_thread {
public:
  rest_scope(worker &me, record &self) noexcept : blocked_thread(), me_(me) {
    who = &self;
    timed = true;
    call = [](blocked_thread &sleeper) noexcept {
      worker &which = static_cast<rest_scope &>(sleeper).me_;
      which.home.disturb(which);
    };
    wait_graph::instance().enter(*this); // being timed it is never refused
  }
  ~rest_scope() { wait_graph::instance().leave(*this); }
  rest_scope(const rest_scope &) = delete;
  rest_scope &operator=(const rest_scope &) = delete;

private:
  worker &me_;
};

// The end of the task that a helping thread waits for wakes that thread, wherever it rests.
class scheduler::end_watch : private observer {
public:
  end_watch(worker &me, task *wanted) noexcept : observer(&end_watch::tell), me_(me), wanted_(wanted) {
    if (wanted_ != nullptr) wanted_->end()->add(*this);
  }
  ~end_watch() {
    if (wanted_ != nullptr) wanted_->end()->remove(*this);
  }
  end_watch(const end_watch &) = delete;
  end_watch &operator=(const end_watch &) = delete;

private:
  static void tell(observer &self, bool /*failed*/, wake_list & /*sleepers*/) noexcept {
    worker &me = static_cast<end_watch &>(self).me_;
    me.home.disturb(me);
  }
  worker &me_;
  task *const wanted_;
};

// Whether one more of these may come. True: it is counted. A helping thread has a place beside the
// others.
bool scheduler::admit_locked(role as) noexcept {
  if (as == role::host) return census_.read().alive < limit_.load(std::memory_order_relaxed);
  if (helpers_ == settings_.max_helpers) return false;
  ++helpers_;
  set_limit_locked();
  return true;
}

// WEFT_OK: ended before, or `place` is the caller's now, counted as a searching worker.
weft_status scheduler::take_place(const record &self, role as, worker *&place) noexcept {
  const std::scoped_lock hold(start_mutex_);
  if (ended_) return WEFT_OK;
  worker *found = nullptr;
  try {
    found = free_place_locked();
    clear_locked(*found);
  } catch (const std::bad_alloc &) {
    return census_.read().alive < most_places() ? WEFT_ENOMEM : WEFT_EAGAIN;
  }
  if (!admit_locked(as)) return WEFT_EAGAIN;
  found->helps = as == role::helper;
  found->batch_size = 1;
  // No other thread starts a worker meanwhile, because that takes this lock. So there is room
  // still.
  census_.add(+1, +1, +1);
  found->retired = false;
  found->searching = true;
  worker::host_thread &host = found->host;
  host.who = &self;
  host.object = shared<thread>(self.object);
  host.native_id = current_native_id();
  host.came = now_ns();
  host.taken_before = found->taken_up();
  pthread_getname_np(pthread_self(), host.name, sizeof host.name);
  // What its tasks submit comes from outside, in the sense of close(), and a new place may not know
  // of the close yet.
  if (closed_.load(std::memory_order_relaxed)) found->own.close();
  place = found;
  return WEFT_OK;
}

weft_status scheduler::lend_thread(record &self, deadline until) {
  return lend(self, until, nullptr);
}

weft_status scheduler::help(record &self, deadline until, task &wanted) {
  return lend(self, until, &wanted);
}

weft_status scheduler::lend(record &self, deadline until, task *wanted) {
  worker *place = nullptr;
  const role as = wanted != nullptr ? role::helper : role::host;
  if (const weft_status status = take_place(self, as, place); status != WEFT_OK || place == nullptr) return status;
  struct leaving { // also when a task ends the thread
    worker &who;
    record &self;
    ~leaving() {
      // What lies in its queues can be stolen, but tasks of groups must not lie behind one another.
      hand_over_spawned(self);
      who.home.retire(who);
    }
  } const at_end{*place, self};
  self.worker = place;
  self.before_sleep = &scheduler::hand_over_spawned;
  self.close_regions = &scheduler::close_regions;
  place->sleeper = &self.sleeper;
  const frame_scope serving(self, nullptr, &owner_, nullptr);
  struct attachment {
    worker &who;
    ~attachment() { who.home.dismiss(who); }
  } const to_the_host{*place};
  return work_until(*place, self, until, wanted);
}

// WEFT_OK: the scheduler has ended, or the wanted task has.
weft_status scheduler::work_until(worker &me, record &self, deadline until, task *wanted) {
  if (settings_.prepare != nullptr) prepare(me, self);
  me.clock.restart(cycles());
  const end_watch watch(me, wanted);
  for (;;) {
    if (wanted != nullptr && wanted->done()) return WEFT_OK;
    if (task *const ready = next(me); ready != nullptr) {
      run(me, self, *ready);
    } else {
      me.in_hand.store(false, std::memory_order_release);
      return_credit(me);
      no_longer_spawns(me);
      lie_down(me);
      const rest_scope disturbable(me, self);
      const rested how = rest(me, self, {until, false, wanted});
      if (how == rested::ended) return WEFT_OK;
      if (how == rested::woken) wake(me);
    }
    if (const weft_status status = reason_to_leave(self, until); status != WEFT_OK) return status;
  }
}

} // namespace weft::core
