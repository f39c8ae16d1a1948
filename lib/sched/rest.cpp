// Workers at rest: each sleeps on its own parker, and is woken by name. One of them takes the seat, and waits in the
// io_context for timers and descriptors.
//
// Read rest() first. Why no wake-up is lost: README.md, "At rest" and "The seat".
#include <algorithm>
#include <mutex>

#include "sched/io_wait.hpp"
#include "sched/scheduler.hpp"
#include "thread/blocking.hpp"
#include "thread/record.hpp"
#include "thread/wait_graph.hpp"

namespace weft::core {

// Until it is woken, and then counted as active and searching; or until it is late or surplus, and
// then counted as active; or until the end.
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
  for (;;) {
    if (me.woken.load(std::memory_order_acquire)) return end_of_rest(rested::woken);
    if (io_.stopped()) {
      leave_list(me);
      return rested::ended;
    }
    deadline next = stay.until;
    if (!is_hosts && is_surplus() && get_up(me, 0)) return end_of_rest(rested::surplus);
    if (is_late()) {
      // One worker of the pool's own stays as long as something is expected in the io_context.
      const bool one_stays = !is_hosts && watched_.load(std::memory_order_seq_cst);
      if (get_up(me, one_stays ? 1 : 0)) return end_of_rest(rested::late);
      // A thread of the host that cannot get up is about to be woken, or another one is.
      next = deadline::after(is_hosts ? WEFT_MILLISECOND : WEFT_SECOND);
    }
    if (watched_.load(std::memory_order_seq_cst) && sit_down(me)) {
      wait_in_io(next);
      stand_up(me);
    } else {
      me.sleeper->park(next);
    }
  }
}

// The worker may have been told to look for the seat, and goes now.
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

// Before it leaves the active ones in the census: whoever counts one at rest as woken finds one here.
void scheduler::enter_list(worker &me) noexcept {
  me.woken.store(false, std::memory_order_relaxed);
  const std::scoped_lock hold(rest_mutex_);
  me.is_listed = true;
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

// The caller has counted one at rest as active and searching. It wakes the one that came last; the one in the seat only
// if there is no other, for then nobody would be there for the next timer.
void scheduler::send_wake_up() noexcept {
  worker *called = nullptr;
  bool sits = false;
  const record *const self = existing_record();
  worker *const own = is_worker(self) ? static_cast<worker *>(self->worker) : nullptr;
  {
    const std::scoped_lock hold(rest_mutex_);
    // One at rest that pushes, in a handler of the io_context or in the hook before a rest, is awake already.
    called = own != nullptr && own->is_listed ? own : resting_;
    if (called != own && called->sits && called->next_resting != nullptr) called = called->next_resting;
    sits = called->sits;
    unlist(*called);
    called->woken.store(true, std::memory_order_release);
  }
  if (called == own) return;
  wakes_.fetch_add(1, std::memory_order_relaxed);
  called->sleeper->unpark();
  if (sits) bell_.ring(io_);
}

// From resting to active, by itself, if more than `staying` rest unclaimed. False: whoever has claimed the rest of them
// may mean this one, which is woken then.
bool scheduler::get_up(worker &me, std::uint32_t staying) noexcept {
  census::counts seen = census_.read();
  while (seen.idle() > staying) {
    if (!census_.change(seen, 0, +1, 0)) continue;
    if (leave_list(me)) {
      me.idle = false;
      return true;
    }
    // It has been woken meanwhile, and looks at all queues. Another worker is meant by this unit.
    census_.add(0, -1, 0);
    return false;
  }
  return false;
}

// To look again at what ends a rest.
void scheduler::call_all_at_rest() noexcept {
  bool one_sits = false;
  {
    // None leaves the list, and so the scheduler, before it is told.
    const std::scoped_lock hold(rest_mutex_);
    for (const worker *each = resting_; each != nullptr; each = each->next_resting) {
      each->sleeper->unpark();
      one_sits |= each->sits;
    }
  }
  if (one_sits) bell_.ring(io_);
}

// A request to stop a thread of the host that rests.
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

// False: another worker sits there or looks into the io_context, or this one has been woken.
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

// Whoever rests meanwhile has found the seat taken.
void scheduler::give_up_seat() noexcept {
  seat_is_taken_.store(false, std::memory_order_seq_cst);
  fill_seat();
}

// Something is expected in the io_context: one at rest, if there is one, is to look whether the seat is free.
void scheduler::fill_seat() noexcept {
  if (!watched_.load(std::memory_order_seq_cst) || seat_is_taken_.load(std::memory_order_seq_cst) ||
      census_.read().idle() == 0)
    return;
  const std::scoped_lock hold(rest_mutex_);
  if (resting_ != nullptr) resting_->sleeper->unpark();
}

// By a busy worker, at the end of its turn.
void scheduler::look_into_io() {
  if (seat_is_taken_.exchange(true, std::memory_order_seq_cst)) return;
  struct sitting { // also when a handler ends the thread
    scheduler &of;
    ~sitting() { of.give_up_seat(); }
  } const for_a_moment{*this};
  io_.poll_one();
}

} // namespace weft::core
