// Threads of the host as workers: weft_executor_work. They differ from a worker's own thread in how
// they come and go.
//
// README.md, "Threads of the host", says why a thread that leaves loses nothing. The loop is that
// of work.cpp, with a look at the time and at stop requests after each task and while the thread
// rests.
#include <algorithm>
#include <new>
#include <utility>

#include <boost/asio/post.hpp>

#include <pthread.h>
#include <time.h>

#include "base/system.hpp"
#include "sched/io_wait.hpp"
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

bool call(worker &who, std::uint64_t rest) noexcept;

// What is posted to the io_context for a thread that rests there and was asked to stop. Another
// thread that is handed it passes it on. If that one rests too, it stays away until the call has
// arrived: otherwise it would be handed the call again and again.
struct called {
  worker *who;
  std::uint64_t rest;

  void operator()() const noexcept {
    const record &self = *existing_record();
    const worker &me = *static_cast<const worker *>(self.worker);
    if (&me == who || is_over()) return; // it looks for itself when it comes back from here
    if (!call(*who, rest) || !me.idle) return;
    // If the wanted thread gets no processor, work must not wait for that.
    const deadline patience = deadline::after(WEFT_MILLISECOND);
    while (!patience.passed() && !is_over() && !is_called_too(me, self) && !me.home.is_stopped()) {
      const timespec moment{0, 20'000};
      nanosleep(&moment, nullptr);
    }
  }
  // This thread is wanted as well. Two threads that stayed away for each other would do so in vain.
  static bool is_called_too(const worker &me, const record &self) noexcept {
    return (me.rests.load(std::memory_order_relaxed) & 1) != 0 && stop_requested(self);
  }
  bool is_over() const noexcept { return who->rests.load(std::memory_order_acquire) != rest; }
};

bool call(worker &who, std::uint64_t rest) noexcept {
  try {
    boost::asio::post(who.home.context(), called{&who, rest});
    return true;
  } catch (const std::bad_alloc &) { // the thread then sees the request when it looks by itself
    return false;
  }
}

// As long as a thread rests, it can be called. Only a thread that has an object can be asked to
// stop.
class rest_scope : private blocked_thread {
public:
  rest_scope(worker &me, record &self) noexcept : blocked_thread(), me_(me), listed_(self.object != nullptr) {
    step();
    who = &self;
    timed = true;
    blocked_thread::call = [](blocked_thread &sleeper) noexcept {
      worker &which = static_cast<rest_scope &>(sleeper).me_;
      // It was written before the graph knew of this.
      core::call(which, which.rests.load(std::memory_order_relaxed));
    };
    if (listed_) wait_graph::instance().enter(*this); // it is timed, so it is never refused
  }
  ~rest_scope() {
    if (listed_) wait_graph::instance().leave(*this);
    step();
  }
  rest_scope(const rest_scope &) = delete;
  rest_scope &operator=(const rest_scope &) = delete;

private:
  void step() noexcept { me_.rests.store(me_.rests.load(std::memory_order_relaxed) + 1, std::memory_order_release); }

  worker &me_;
  const bool listed_;
};

} // namespace

// WEFT_OK: the scheduler has ended, or `place` is the caller's now, counted as a searching worker.
weft_status scheduler::take_place(const record &self, worker *&place) noexcept {
  const std::scoped_lock hold(start_mutex_);
  if (ended_) return WEFT_OK;
  if (census_.read().alive >= limit()) return WEFT_EAGAIN;
  worker *found = nullptr;
  try {
    found = free_place_locked();
  } catch (const std::bad_alloc &) {
    return WEFT_ENOMEM;
  }
  // No other thread starts a worker meanwhile, because that takes this lock. So there is room
  // still.
  census_.add(+1, +1, +1);
  found->self.reset(); // of a thread that had this place before
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
  worker *place = nullptr;
  if (const weft_status status = take_place(self, place); status != WEFT_OK || place == nullptr) return status;
  struct leaving { // also when a task ends the thread
    worker &who;
    ~leaving() { who.home.retire(who); }
  } const at_end{*place};
  self.worker = place;
  self.before_sleep = &scheduler::hand_over_spawned;
  self.close_regions = &scheduler::close_regions;
  const frame_scope serving(self, nullptr, &owner_, nullptr);
  struct attachment {
    worker &who;
    ~attachment() { who.home.dismiss(who); }
  } const to_the_host{*place};
  const weft_status status = work_until(*place, self, until);
  // What lies in its queues can be stolen, but tasks of groups must not lie behind one another.
  hand_over_spawned(self);
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

// As wait_for_wake_up(), but it may also leave. Then it counts as active again.
weft_status scheduler::rest_until(worker &me, record &self, deadline until, bool &ended) noexcept {
  lie_down(me);
  const rest_scope callable(me, self);
  while (!io_.stopped()) {
    if (!me.woken) {
      weft_status why = reason_to_leave(self, until);
      if (why != WEFT_OK && get_up(me, 0)) return why;
      // If it may not leave, as many are called as rest: this thread, or another one, is about to
      // be woken.
      const std::int64_t most = why != WEFT_OK ? WEFT_MILLISECOND : recheck_period;
      const std::int64_t left = why != WEFT_OK || until.is_never() ? most : until.at() - now_ns();
      if (run_one_within(io_, std::clamp<std::int64_t>(left, 0, most)) == 0 && !io_.stopped() && has_work()) wake_one();
    }
    if (!std::exchange(me.woken, false)) continue;
    me.searching = true; // both were counted by the thread that sent the wake-up
    me.idle = false;
    me.clock.restart(cycles());
    return WEFT_OK;
  }
  ended = true;
  return WEFT_OK;
}

// From resting to active, by itself, if more than `staying` workers rest uncalled. False: no more
// do, so one of the calls may be for this worker. README.md, "Threads of the host" and "Workers
// that leave when there is no work".
bool scheduler::get_up(worker &me, std::uint32_t staying) noexcept {
  census::counts seen = census_.read();
  while (seen.idle() > staying)
    if (census_.change(seen, 0, +1, 0)) {
      me.idle = false;
      return true;
    }
  return false;
}

} // namespace weft::core
