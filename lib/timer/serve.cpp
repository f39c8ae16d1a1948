// What becomes due leaves the heap and goes to the executor, in order. And the end of a
// timer_queue.
//
// Read serve() first. Nothing is handed over or cancelled under the lock.
#include <mutex>
#include <utility>

#include "task/owner.hpp"
#include "task/task.hpp"
#include "timer/timer_queue.hpp"

namespace weft::core {
namespace {

// When memory was exhausted, what could not be handed over is tried again after this time.
constexpr std::int64_t retry_after = WEFT_MILLISECOND;

} // namespace

// The right to serve: to take things out of the heap. At its end the alarm is set for what is left.
struct timer_queue::turn {
  timer_queue &of;
  weft_status &alarm;

  ~turn() {
    const std::scoped_lock hold(of.mutex_);
    of.serving_ = false;
    of.show_next_locked();
    if (!of.heap_.empty()) {
      alarm = of.ask_for_alarm_locked(of.heap_.top().due);
    } else {
      of.alarm_at_ = none; // so that the next arming tells the host
      of.host_.alarm_is_idle();
    }
  }
};

void timer_queue::serve() {
  const std::int64_t now = host_.now();
  {
    const std::scoped_lock hold(mutex_);
    if (now >= alarm_at_) alarm_at_ = none; // the alarm was for this call
    if (serving_) return;                   // the serving thread sets the alarm for what is left
    serving_ = true;
  }
  withdrawn_tasks refused; // by an executor that has closed
  weft_status alarm = WEFT_OK;
  {
    const turn mine{*this, alarm};
    for (;;) {
      batch due_now;
      wake_list sleepers;
      {
        const std::scoped_lock hold(mutex_);
        if (!collect_locked(due_now, now, sleepers)) break;
      }
      sleepers.flush();
      deliver(due_now, refused);
    }
  }
  refused.finish();
  // The pool under this strand has closed, and could not see that something was left here.
  if (alarm == WEFT_ESHUTDOWN || alarm == WEFT_EBROKEN) close(alarm, nullptr);
}

// False: nothing is due.
bool timer_queue::collect_locked(batch &due_now, std::int64_t now, wake_list &sleepers) noexcept {
  std::size_t told = 0; // to completion queues
  while (due_now.count + told < batch::most && !heap_.empty() && heap_.top().due <= now) {
    const auto slot = heap_.top();
    if (slot.what.what() == timed::kind::timer) {
      timer &which = slot.what.as<timer>();
      if (which.phase_ == timer::phase::armed && which.due_ > slot.due) { // armed again for later
        heap_.change(0, which.due_, which.ticket_);
        continue;
      }
      heap_.remove(0);
      which.position = slotted::nowhere;
      if (which.phase_ != timer::phase::armed) continue; // cancelled
      if (which.ticks_ != nullptr) {
        tick_locked(which, now, sleepers);
        ++told;
        continue;
      }
      which.phase_ = which.running_ ? timer::phase::overdue : timer::phase::queued;
      if (which.running_) continue;
      which.ref();
      due_now.add(slot.what, which.ticket_);
      continue;
    }
    heap_.remove(0);
    if (slot.what.what() == timed::kind::queue) {
      timer_queue &child = slot.what.as<timer_queue>();
      child.position = slotted::nowhere;
      if (!child.owner_.try_ref()) continue; // it is in its destructor, which waits for this lock
    }
    due_now.add(slot.what, 0);
  }
  return due_now.count + told != 0;
}

// A tick that goes to a completion queue needs no task, and the next tick need not wait for its
// end. It is put in under the lock, so a cancelled timer does not tick any more. The next tick is
// due after `now`.
void timer_queue::tick_locked(timer &which, std::int64_t now, wake_list &sleepers) noexcept {
  std::uint64_t ticks = 1;
  which.phase_ = timer::phase::idle;
  if (which.period_ > 0) {
    const std::int64_t more = (now - which.due_) / which.period_;
    if (which.missed_ == WEFT_MISSED_CATCH_UP) ticks += static_cast<std::uint64_t>(more);
    which.due_ = which.missed_ == WEFT_MISSED_DELAY ? sum(now, which.period_)
                                                    : sum(which.due_ + more * which.period_, which.period_);
    which.ticket_ = ++tickets_;
    which.phase_ = timer::phase::armed;
    heap_.push({which.due_, which.ticket_, timed::of(which, timed::kind::timer)});
  }
  which.events_->add_again(*which.ticks_, ticks, sleepers);
}

// Hands a batch over to the executor, in order. Holds no lock.
void timer_queue::deliver(batch &due_now, withdrawn_tasks &refused) {
  task *ready[batch::most];
  std::size_t count = 0, tasks = 0, counted = 0;
  batch handed_over, late;
  for (std::size_t i = 0; i < due_now.count; ++i) {
    const batch::item &item = due_now.items[i];
    if (item.what.what() == timed::kind::timer) {
      task *const tick = item.what.as<timer>().make_tick(item.ticket);
      if (tick == nullptr) {
        late.add(item.what, item.ticket);
        continue;
      }
      if (tick->enter_rolls() != WEFT_OK) { // the token is cancelled: disarm the timer
        task::discard(tick);
        lose_tick(item.what.as<timer>(), item.ticket);
        item.what.as<timer>().unref();
        continue;
      }
      ready[count++] = tick;
    } else if (item.what.is_task()) {
      task &due = item.what.as<task>();
      const bool was_counted = item.what.what() == timed::kind::task;
      // Cancelled. The thread that has cancelled it has given back the executor's reference.
      if (was_counted && !due.clear_counted()) {
        due.unref();
        ++tasks;
        continue;
      }
      counted += was_counted ? 1 : 0;
      ready[count++] = &due;
    } else {
      continue;
    }
    handed_over.add(item.what, item.ticket);
  }
  weft_status status = WEFT_OK;
  for (std::size_t i = 0, same = 0; i < count; ++i) {
    if (i == same) { // those of one priority together
      while (same < count && ready[same]->priority() == ready[i]->priority()) ++same;
      status = host_.make_ready(ready + i, same - i);
    }
    const bool again = status == WEFT_ENOMEM || status == WEFT_EAGAIN;
    const batch::item &item = handed_over.items[i];
    const bool is_tick = item.what.what() == timed::kind::timer;
    if (again && is_tick) {
      // The token was cancelled meanwhile, and the tick is lost with its lease.
      if (!ready[i]->leave_rolls()) {
        ready[i]->cancel();
        ready[i]->unref();
        continue;
      }
      task::discard(ready[i]); // this thread has the lease again
    }
    if (again)
      late.add(is_tick ? item.what : timed::of(*ready[i], timed::kind::due_task), item.ticket);
    else if (status != WEFT_OK)
      refused.add(*ready[i]);
    tasks += !is_tick && !again ? 1 : 0;
  }
  if (tasks != 0 || late.count != 0) put_back(late, tasks, refused);
  for (; counted != 0; --counted) owner_.unref(); // not the last one: the caller has one
  for (std::size_t i = 0; i < due_now.count; ++i) {
    if (due_now.items[i].what.what() != timed::kind::queue) continue;
    timer_queue &child = due_now.items[i].what.as<timer_queue>();
    const shared<task_owner> lease = adopt(&child.owner_);
    child.serve();
  }
}

// What could not be handed over goes back into the heap for a moment. `gone` tasks do not come
// back.
void timer_queue::put_back(const batch &late, std::size_t gone, withdrawn_tasks &refused) noexcept {
  const std::int64_t again = host_.now() + retry_after;
  bool closed = false;
  {
    const std::scoped_lock hold(mutex_);
    tasks_ -= gone;
    closed = closed_ != WEFT_OK;
    for (std::size_t i = 0; i < late.count; ++i) {
      const batch::item &item = late.items[i];
      if (item.what.what() != timed::kind::timer) {
        if (!closed) heap_.push({again, ++tickets_, item.what});
        continue;
      }
      timer &which = item.what.as<timer>();
      if (which.phase_ != timer::phase::queued || which.ticket_ != item.ticket) continue;
      which.phase_ = closed ? timer::phase::idle : timer::phase::armed;
      // due_ stays, so that a period does not drift.
      if (!closed) heap_.push({again, item.ticket, item.what});
    }
  }
  for (std::size_t i = 0; i < late.count; ++i) {
    if (late.items[i].what.what() == timed::kind::timer)
      late.items[i].what.as<timer>().unref();
    else if (closed)
      refused.add(late.items[i].what.as<task>());
  }
}

// --- the end ---

void timer_queue::close(weft_status why, error *reason) {
  due_heap<timed> left;
  {
    const std::scoped_lock hold(mutex_);
    if (closed_ != WEFT_OK) return;
    closed_ = why;
    left = std::exchange(heap_, {});
    show_next_locked();
    for (std::size_t i = 0; i < left.size(); ++i) {
      timed &what = left[i].what;
      if (what.is_vacant()) continue;
      if (what.what() == timed::kind::timer) {
        what.as<timer>().position = slotted::nowhere;
        what.as<timer>().phase_ = timer::phase::idle;
        what = {}; // no reference keeps it when this lock is given back
      } else if (what.what() == timed::kind::queue) {
        timer_queue &child = what.as<timer_queue>();
        child.position = slotted::nowhere;
        if (!child.owner_.try_ref()) what = {}; // it is in its destructor
      } else {
        --tasks_;
      }
    }
  }
  withdrawn_tasks all(reason);
  for (std::size_t i = 0; i < left.size(); ++i)
    if (left[i].what.is_task()) all.add(left[i].what.as<task>());
  all.finish();
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (left[i].what.what() != timed::kind::queue) continue;
    timer_queue &child = left[i].what.as<timer_queue>();
    const shared<task_owner> lease = adopt(&child.owner_);
    child.close(why, reason);
  }
}

} // namespace weft::core
