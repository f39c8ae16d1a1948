// Threads of the host as workers: weft_executor_work. What differs from a worker's own thread is how it comes and goes.
//
// README.md, "Threads of the host", says why a thread that leaves loses nothing. The loop is that of work.cpp, with a
// look at the time and at stop requests after each task and while it rests.
#include <algorithm>
#include <utility>

#include "sched/scheduler.hpp"
#include "thread/blocking.hpp"
#include "thread/record.hpp"

namespace weft::core {
namespace {

// How long a resting host thread does not look for a stop request. The io_context cannot wake one thread out of those
// that wait in it, and a thread that weft did not make is no reason for a second way to rest.
constexpr std::int64_t look_around = 100 * WEFT_MILLISECOND;

weft_status reason_to_leave(const record &self, deadline until) noexcept {
  if (stop_requested(self)) return WEFT_EINTERRUPTED;
  return until.passed() ? WEFT_ETIMEDOUT : WEFT_OK;
}

} // namespace

// WEFT_OK: ended before, or `place` is the caller's now, counted as a searching worker.
weft_status scheduler::take_place(worker *&place) noexcept {
  const std::scoped_lock hold(start_mutex_);
  if (ended_) return WEFT_OK;
  if (census_.read().alive >= settings_.max_workers) return WEFT_EAGAIN;
  worker *found = nullptr;
  try {
    found = free_place_locked();
  } catch (const std::bad_alloc &) {
    return WEFT_ENOMEM;
  }
  // Nobody else starts one meanwhile, for that takes this lock; so there is room still.
  census_.add(+1, +1, +1);
  found->self.reset(); // of a thread that had this place before
  found->retired = false;
  found->searching = true;
  // What its tasks submit comes from outside, in the sense of close(): a place that is new may not know that yet.
  if (closed_.load(std::memory_order_relaxed)) found->own.close();
  place = found;
  return WEFT_OK;
}

weft_status scheduler::lend_thread(record &self, deadline until) {
  worker *place = nullptr;
  if (const weft_status status = take_place(place); status != WEFT_OK || place == nullptr) return status;
  struct leaving { // also when a task ends the thread
    worker &who;
    ~leaving() { who.home.retire(who); }
  } const at_end{*place};
  self.worker = place;
  self.before_sleep = &scheduler::hand_over_spawned;
  const frame_scope serving(self, nullptr, &owner_, nullptr);
  struct attachment {
    worker &who;
    ~attachment() { who.home.dismiss(who); }
  } const to_the_host{*place};
  const weft_status status = work_until(*place, self, until);
  hand_over_spawned(self); // what lies in its queues is stolen, but tasks of groups must not be behind one another
  return status;
}

// WEFT_OK: the scheduler has ended.
weft_status scheduler::work_until(worker &me, record &self, deadline until) {
  if (settings_.prepare != nullptr) prepare(me, self);
  for (;;) {
    if (task *const ready = next(me); ready != nullptr) {
      run(me, self, *ready);
    } else {
      me.in_hand.store(false, std::memory_order_release);
      bool ended = false;
      if (const weft_status status = rest_until(me, self, until, ended); status != WEFT_OK || ended) return status;
    }
    if (const weft_status status = reason_to_leave(self, until); status != WEFT_OK) return status;
  }
}

// As wait_for_wake_up(), but it may also leave: then it counts as active again.
weft_status scheduler::rest_until(worker &me, const record &self, deadline until, bool &ended) noexcept {
  lie_down(me);
  while (!io_.stopped()) {
    if (!me.woken) {
      weft_status why = reason_to_leave(self, until);
      if (why != WEFT_OK && get_up(me)) return why;
      // One who may not leave, for all who rest are called, is about to be woken, or somebody else is.
      const std::int64_t most = why != WEFT_OK ? WEFT_MILLISECOND : look_around;
      const std::int64_t left = why != WEFT_OK || until.is_never() ? most : until.at() - now_ns();
      if (io_.run_one_for(std::chrono::nanoseconds(std::clamp<std::int64_t>(left, 0, most))) == 0 && !io_.stopped() &&
          has_work())
        wake_one();
    }
    if (!std::exchange(me.woken, false)) continue;
    me.searching = true; // both counted by whoever sent the wake-up
    me.idle = false;
    return WEFT_OK;
  }
  ended = true;
  return WEFT_OK;
}

// From resting to active, by itself. False: as many as rest have been called, so one call may be for this one.
bool scheduler::get_up(worker &me) noexcept {
  census::counts seen = census_.read();
  while (seen.idle() > 0)
    if (census_.change(seen, 0, +1, 0)) {
      me.idle = false;
      return true;
    }
  return false;
}

} // namespace weft::core
