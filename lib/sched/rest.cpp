// Workers at rest: each sleeps on its own parker and is woken by itself. One of them takes the
// seat, and waits in the io_context for timers.
//
// Owns the list of those at rest and the seat. Does not decide when a worker is woken: that is
// scheduler.cpp. Read rest() first. README.md, "At rest" and "The seat", argues why no wake-up is
// lost.
#include <algorithm>
#include <mutex>

#include "sched/io_wait.hpp"
#include "sched/scheduler.hpp"
#include "thread/blocking.hpp"
#include "thread/record.hpp"
#include "thread/wait_graph.hpp"

namespace weft::core {

// Rest until woken (then this worker is counted as active and searching), until late or surplus
// (then it is counted as active), or until the end.
scheduler::rested scheduler::rest(worker &me, const record &self, const end_of_stay &stay) noexcept {
  const bool is_hosts = me.host.who != nullptr;
  const auto is_late = [&]() noexcept {
    return stay.until.passed() || (is_hosts && stop_requested(self)) || (stay.wanted != nullptr && stay.wanted->done());
  };
  // After a lowered limit. What a region leaves over stays at rest.
  const auto is_surplus = [&]() noexcept {
    return stay.may_be_surplus && limit() < settings_.max_workers && census_.read().alive > most_workers();
  };
  flush_freed_blocks();
  const struct marked {
    worker &who;
    explicit marked(worker &me) noexcept : who(me) { who.at_rest.store(true, std::memory_order_relaxed); }
    ~marked() { who.at_rest.store(false, std::memory_order_relaxed); }
  } for_reports(me);
  for (;;) {
    // The worker in the seat may be woken again and again before it hears the alarm. This comes
    // before all looks, because user code in it may use a permit of the parker up.
    serve_due_if_watched();
    if (me.woken.load(std::memory_order_acquire)) return end_of_rest(rested::woken);
    deadline next = stay.until;
    const bool late = is_late(), surplus = !is_hosts && is_surplus();
    if (io_.stopped()) {
      if (get_up(me, 0)) return rested::ended;
      next = deadline::after(WEFT_MILLISECOND); // it is about to be woken
    } else if (surplus && get_up(me, 0)) {
      return end_of_rest(rested::surplus);
    } else if (late) {
      // While something is expected in the io_context, one worker stays. Threads of the host leave
      // even so.
      const bool one_stays = !is_hosts && watched_.load(std::memory_order_seq_cst);
      if (get_up(me, one_stays ? 1 : 0)) return end_of_rest(rested::late);
      // If a thread of the host cannot get up, all idle workers are about to be woken, perhaps this
      // one among them.
      next = deadline::after(is_hosts ? WEFT_MILLISECOND : WEFT_SECOND);
    }
    if (watched_.load(std::memory_order_seq_cst) && sit_down(me)) {
      // A thread that has made this worker late before it saw it in the seat has not rung the bell.
      if (is_late() == late && (is_hosts || is_surplus() == surplus)) wait_in_io(next);
      stand_up(me);
    } else {
      me.sleeper->park(next);
    }
  }
}

// The unpark that told this worker to look for the seat may have been the only one. So another
// worker is told.
scheduler::rested scheduler::end_of_rest(rested how) noexcept {
  fill_seat();
  return how;
}

void scheduler::wait_in_io(deadline until) noexcept {
  if (until.is_never())
    io_.run_one();
  else
    run_one_within(io_, std::max<std::int64_t>(until.at() - now_ns(), 0));
}

// --- the list ---

// Before the worker leaves the active ones in the census. So a waker that has counted an idle
// worker finds one in the list.
void scheduler::enter_list(worker &me) noexcept {
  me.woken.store(false, std::memory_order_relaxed);
  const std::scoped_lock hold(rest_mutex_);
  me.is_listed = true;
  me.is_in_hook = false; // also when the hook has ended a thread in this place
  me.next_resting = std::exchange(resting_, &me);
}

void scheduler::unlist(worker &which) noexcept {
  worker **at = &resting_;
  while (*at != &which) at = &(*at)->next_resting;
  *at = which.next_resting;
  which.is_listed = false;
}

bool scheduler::leave_list(worker &me) noexcept {
  const std::scoped_lock hold(rest_mutex_);
  if (!me.is_listed) return false;
  unlist(me);
  return true;
}

// The worker that came last to rest. The worker in the seat is chosen only if there is no other,
// because it would leave the seat. A worker in its hook before a rest is chosen last of all,
// because it comes only after the hook. Under rest_mutex_; null: none is listed.
worker *scheduler::best_at_rest() const noexcept {
  worker *second = nullptr, *last = nullptr;
  for (worker *each = resting_; each != nullptr; each = each->next_resting) {
    if (each->is_in_hook)
      last = each;
    else if (each->sits)
      second = each;
    else
      return each;
  }
  return second != nullptr ? second : last;
}

// The caller has counted an idle worker as active and searching.
void scheduler::send_wake_up() noexcept {
  worker *called = nullptr;
  parker *sleeper = nullptr;
  bool sits = false;
  const record *const self = existing_record();
  worker *const own = is_worker(self) ? static_cast<worker *>(self->worker) : nullptr;
  {
    const std::scoped_lock hold(rest_mutex_);
    // A worker at rest that pushes, in a handler of the io_context or in the hook before a rest, is
    // awake already.
    called = own != nullptr && own->is_listed ? own : best_at_rest();
    sits = called->sits;
    sleeper = called->sleeper; // it may leave its place as soon as it sees the mark
    unlist(*called);
    called->woken.store(true, std::memory_order_release);
  }
  if (called == own) return;
  wakes_.fetch_add(1, std::memory_order_relaxed);
  sleeper->unpark();
  if (sits) bell_.ring(io_);
}

// The worker leaves its rest by itself, and counts as active, if more than `staying` workers are
// idle. False: it rests on, and may have been woken.
bool scheduler::get_up(worker &me, std::uint32_t staying) noexcept {
  census::counts seen = census_.read();
  while (seen.idle() > staying) {
    if (!census_.change(seen, 0, +1, 0)) continue;
    if (leave_list(me)) {
      me.idle = false;
      return true;
    }
    // It has been woken meanwhile, and looks at all queues. The waker has counted this
    // worker already, so it takes back its own count.
    census_.add(0, -1, 0);
    return false;
  }
  return false;
}

// Have all workers at rest look again at what ends a rest.
void scheduler::call_all_at_rest() noexcept {
  bool one_sits = false;
  {
    // Under this lock no worker leaves the list, and so none leaves the scheduler.
    const std::scoped_lock hold(rest_mutex_);
    for (const worker *each = resting_; each != nullptr; each = each->next_resting) {
      each->sleeper->unpark();
      one_sits |= each->sits;
    }
  }
  if (one_sits) bell_.ring(io_);
}

// Have a thread of the host that rests look at its flags. By a thread that has set one of them: it
// has asked that thread to stop, or has ended the task that it waits for.
void scheduler::disturb(worker &which) noexcept {
  which.sleeper->unpark();
  bool sits = false;
  {
    const std::scoped_lock hold(rest_mutex_);
    sits = which.sits;
  }
  if (sits) bell_.ring(io_);
}

// --- the seat ---

// Take the seat. False: another worker has it, or this one has been woken.
bool scheduler::sit_down(worker &me) noexcept {
  if (seat_is_taken_.exchange(true, std::memory_order_seq_cst)) return false;
  {
    const std::scoped_lock hold(rest_mutex_);
    if (me.is_listed) return me.sits = true;
  }
  give_up_seat();
  return false;
}

void scheduler::stand_up(worker &me) noexcept {
  {
    const std::scoped_lock hold(rest_mutex_);
    me.sits = false;
  }
  give_up_seat();
}

// A worker that came to rest meanwhile has found the seat taken. So one of those at rest looks
// again.
void scheduler::give_up_seat() noexcept {
  seat_is_taken_.store(false, std::memory_order_seq_cst);
  fill_seat();
}

// If something is expected in the io_context and the seat is empty, one of the workers at rest
// looks for it.
void scheduler::fill_seat() noexcept {
  if (!watched_.load(std::memory_order_seq_cst) || seat_is_taken_.load(std::memory_order_seq_cst) ||
      census_.read().idle() == 0)
    return;
  const std::scoped_lock hold(rest_mutex_);
  if (worker *const one = best_at_rest(); one != nullptr) one->sleeper->unpark();
}

// A busy worker at the end of its turn has the seat while it runs one handler that is ready.
void scheduler::look_into_io() {
  if (seat_is_taken_.exchange(true, std::memory_order_seq_cst)) return;
  struct sitting { // also when a handler ends the thread
    scheduler &of;
    ~sitting() { of.give_up_seat(); }
  } const for_a_moment{*this};
  io_.poll_one();
}

} // namespace weft::core
