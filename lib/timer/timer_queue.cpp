#include "timer/timer_queue.hpp"

#include <algorithm>
#include <mutex>
#include <new>
#include <utility>

#include "task/owner.hpp"
#include "task/task.hpp"

namespace weft::core {
namespace {

// What could not be handed over for lack of memory is tried again after this time.
constexpr std::int64_t retry_after = WEFT_MILLISECOND;
// How many slots a cancelled task pays for: those of cancelled tasks among them go. So the heap holds few of these, and
// nobody ever has to look through all of it.
constexpr int swept_at_once = 8;

std::int64_t sum(std::int64_t moment, std::int64_t span) noexcept {
  return span >= timer_queue::latest - moment ? timer_queue::latest : moment + span;
}

} // namespace

void timed::moved(std::size_t position) const noexcept {
  switch (what()) {
  case kind::timer:
    as<timer>().position = static_cast<std::uint32_t>(position);
    break;
  case kind::queue:
    as<timer_queue>().position = static_cast<std::uint32_t>(position);
    break;
  default: // tasks are not looked for
    break;
  }
}

class timer_queue::waiting_room final : public task_owner {
public:
  explicit waiting_room(timer_queue &of) noexcept : of_(of) {}

  bool lend(task & /*wanted*/, record & /*self*/, haste /*when*/) override { return false; } // never early
  bool may_start(const task &pending, const wait_graph &graph) const noexcept override {
    return of_.owner_.may_start(pending, graph);
  }
  void left_queue() noexcept override {
    task_owner &executor = of_.owner_; // alive up to here: the task has held a reference
    of_.sweep();
    executor.unref();
  }
  void report(const weft_error *failure) override { of_.owner_.report(failure); }

private:
  timer_queue &of_;
};

struct timer_queue::batch {
  static constexpr std::size_t most = 64;
  struct item {
    timed what; // with a reference: the lease of a timer, the queue's of a task, one to the owner of a queue
    std::uint64_t ticket;
  };
  void add(timed what, std::uint64_t ticket) noexcept { items[count++] = {what, ticket}; }

  std::size_t count = 0;
  item items[most];
};

timer_queue::~timer_queue() {
  if (waiting_room_ != nullptr) waiting_room_->unref();
}

// --- the alarm ---

weft_status timer_queue::ask_for_alarm_locked(std::int64_t due) noexcept {
  if (due >= alarm_at_) return WEFT_OK;
  // Shown first: the host may wake somebody who looks at it.
  const std::int64_t shown = next_.load(std::memory_order_relaxed);
  next_.store(std::min(due, shown), std::memory_order_release);
  const weft_status status = host_.set_alarm(due);
  if (status == WEFT_OK)
    alarm_at_ = due;
  else
    next_.store(shown, std::memory_order_release);
  return status;
}

void timer_queue::show_next_locked() noexcept {
  next_.store(heap_.empty() ? none : heap_.top().due, std::memory_order_release);
}

// --- timers ---

weft_status timer_queue::enroll() noexcept {
  const std::scoped_lock hold(mutex_);
  if (closed_ != WEFT_OK) return closed_;
  if (!heap_.reserve(enrolled_ + tasks_ + 1)) return WEFT_ENOMEM;
  ++enrolled_;
  return WEFT_OK;
}

// A slot that is left over from before stays where it is when the new time is later: whoever comes by it moves it on.
// That makes arming and cancelling by turns, the life of a time-out, cost no more than the lock.
weft_status timer_queue::arm(timer &which, const timer_schedule &when) noexcept {
  const std::int64_t due = std::min(when.due, latest);
  const std::scoped_lock hold(mutex_);
  if (closed_ != WEFT_OK) return closed_;
  if (const weft_status status = ask_for_alarm_locked(due); status != WEFT_OK) return status;
  which.phase_ = timer::phase::armed;
  which.due_ = due;
  which.period_ = when.period;
  which.missed_ = when.missed;
  which.ticket_ = ++tickets_;
  if (which.position == slotted::nowhere)
    heap_.push({due, which.ticket_, timed::of(which, timed::kind::timer)});
  else if (due < heap_[which.position].due)
    heap_.change(which.position, due, which.ticket_);
  else
    return WEFT_OK;
  show_next_locked();
  return WEFT_OK;
}

weft_status timer_queue::cancel(timer &which) noexcept {
  const std::scoped_lock hold(mutex_);
  const bool armed = which.phase_ != timer::phase::idle;
  which.phase_ = timer::phase::idle;
  if (which.running_) return WEFT_ERUNNING;
  return armed ? WEFT_OK : WEFT_EDONE;
}

void timer_queue::dismiss(timer &which) noexcept {
  const std::scoped_lock hold(mutex_);
  which.phase_ = timer::phase::idle;
  --enrolled_;
  if (which.position == slotted::nowhere) return;
  heap_.remove(which.position);
  which.position = slotted::nowhere;
  show_next_locked();
}

bool timer_queue::begin_tick(timer &which, std::uint64_t ticket) noexcept {
  const std::scoped_lock hold(mutex_);
  if (which.phase_ != timer::phase::queued || which.ticket_ != ticket) return false;
  which.phase_ = which.period_ > 0 ? timer::phase::between : timer::phase::idle;
  which.running_ = true;
  return true;
}

void timer_queue::end_tick(timer &which) noexcept {
  batch at_once;
  {
    const std::scoped_lock hold(mutex_);
    which.running_ = false;
    if (closed_ != WEFT_OK) {
      which.phase_ = timer::phase::idle;
    } else if (which.phase_ == timer::phase::overdue) {
      which.phase_ = timer::phase::queued;
      which.ref();
      at_once.add(timed::of(which, timed::kind::timer), which.ticket_);
    } else if (which.phase_ == timer::phase::between) {
      repeat_locked(which, at_once);
    }
  }
  if (at_once.count == 0) return;
  withdrawn_tasks refused;
  deliver(at_once, refused);
  refused.finish(); // a tick at most: it has no callbacks
}

void timer_queue::repeat_locked(timer &which, batch &at_once) noexcept {
  const std::int64_t now = host_.now();
  std::int64_t next = sum(which.due_, which.period_);
  if (which.missed_ == WEFT_MISSED_DELAY)
    next = sum(now, which.period_);
  else if (which.missed_ == WEFT_MISSED_SKIP && next <= now) // the first of the series that is still to come
    next = sum(now, which.period_ - (now - which.due_) % which.period_);
  which.due_ = next;
  which.ticket_ = ++tickets_;
  if (next <= now) {
    which.phase_ = timer::phase::queued;
    which.ref();
    at_once.add(timed::of(which, timed::kind::timer), which.ticket_);
    return;
  }
  const weft_status status = ask_for_alarm_locked(next);
  if (status == WEFT_ESHUTDOWN || status == WEFT_EBROKEN) {
    which.phase_ = timer::phase::idle; // the pool under this strand has closed; this queue is about to be
    return;
  }
  // Without memory for the alarm it waits for the next time that anybody arms something.
  which.phase_ = timer::phase::armed;
  if (which.position == slotted::nowhere)
    heap_.push({next, which.ticket_, timed::of(which, timed::kind::timer)});
  else // left over from an arming that was cancelled
    heap_.change(which.position, next, which.ticket_);
  show_next_locked();
}

void timer_queue::lose_tick(timer &which, std::uint64_t ticket) noexcept {
  const std::scoped_lock hold(mutex_);
  if (which.phase_ == timer::phase::queued && which.ticket_ == ticket) which.phase_ = timer::phase::idle;
}

// --- delayed tasks ---

weft_status timer_queue::add(task &delayed, std::int64_t due) noexcept {
  due = std::min(due, latest);
  const std::scoped_lock hold(mutex_);
  if (closed_ != WEFT_OK) return closed_;
  if (!heap_.reserve(enrolled_ + tasks_ + 1)) return WEFT_ENOMEM;
  if (waiting_room_ == nullptr && (waiting_room_ = new (std::nothrow) waiting_room(*this)) == nullptr)
    return WEFT_ENOMEM;
  if (const weft_status status = ask_for_alarm_locked(due); status != WEFT_OK) return status;
  delayed.set_owner(waiting_room_);
  static_cast<void>(delayed.set_counted()); // nobody else knows it yet
  owner_.ref(); // left_queue() or deliver() gives it back
  ++tasks_;
  heap_.push({due, ++tickets_, timed::of(delayed, timed::kind::task)});
  show_next_locked();
  return WEFT_OK;
}

// After a delayed task was cancelled.
void timer_queue::sweep() noexcept {
  task *gone[swept_at_once];
  std::size_t count = 0;
  {
    const std::scoped_lock hold(mutex_);
    for (int i = 0; i < swept_at_once && !heap_.empty(); ++i) {
      if (sweep_from_ >= heap_.size()) sweep_from_ = 0;
      const timed what = heap_[sweep_from_].what;
      if (what.what() == timed::kind::task && what.as<task>().state() != pending) {
        heap_.remove(sweep_from_); // another slot comes here, to be looked at next
        --tasks_;
        gone[count++] = &what.as<task>();
      } else {
        ++sweep_from_;
      }
    }
    show_next_locked();
  }
  while (count != 0) gone[--count]->unref();
}

// --- strands of a pool ---

weft_status timer_queue::set_child_alarm(timer_queue &child, std::int64_t due) noexcept {
  const std::scoped_lock hold(mutex_);
  if (closed_ != WEFT_OK) return closed_;
  if (!child.enrolled_as_child_) {
    if (!heap_.reserve(enrolled_ + tasks_ + 1)) return WEFT_ENOMEM;
    ++enrolled_;
    child.enrolled_as_child_ = true;
  }
  if (const weft_status status = ask_for_alarm_locked(due); status != WEFT_OK) return status;
  if (child.position == slotted::nowhere)
    heap_.push({due, ++tickets_, timed::of(child, timed::kind::queue)});
  else
    heap_.change(child.position, due, ++tickets_);
  show_next_locked();
  return WEFT_OK;
}

void timer_queue::dismiss_child(timer_queue &child) noexcept {
  const std::scoped_lock hold(mutex_);
  if (!child.enrolled_as_child_) return;
  child.enrolled_as_child_ = false;
  --enrolled_;
  if (child.position == slotted::nowhere) return;
  heap_.remove(child.position);
  child.position = slotted::nowhere;
  show_next_locked();
}

// --- when the time has come ---

// The right to take things out of the heap; at its end the alarm is set for what is left.
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
      of.alarm_at_ = none; // so that the next one to arm tells the host
      of.host_.alarm_is_idle();
    }
  }
};

void timer_queue::serve() {
  const std::int64_t now = host_.now();
  {
    const std::scoped_lock hold(mutex_);
    if (now >= alarm_at_) alarm_at_ = none; // it was for this call. If it was not, it comes in vain
    if (serving_) return;                   // who does it now sets the alarm for what he leaves
    serving_ = true;
  }
  withdrawn_tasks refused; // by an executor that has closed
  weft_status alarm = WEFT_OK;
  {
    const turn mine{*this, alarm};
    for (;;) {
      batch due_now;
      {
        const std::scoped_lock hold(mutex_);
        collect_locked(due_now, now);
      }
      if (due_now.count == 0) break;
      deliver(due_now, refused);
    }
  }
  refused.finish();
  // The pool under this strand has closed, and could not see that we had something left.
  if (alarm == WEFT_ESHUTDOWN || alarm == WEFT_EBROKEN) close(alarm, nullptr);
}

void timer_queue::collect_locked(batch &due_now, std::int64_t now) noexcept {
  while (due_now.count < batch::most && !heap_.empty() && heap_.top().due <= now) {
    const auto slot = heap_.top();
    if (slot.what.what() == timed::kind::timer) {
      timer &which = slot.what.as<timer>();
      if (which.phase_ == timer::phase::armed && which.due_ > slot.due) { // armed anew for later
        heap_.change(0, which.due_, which.ticket_);
        continue;
      }
      heap_.remove(0);
      which.position = slotted::nowhere;
      if (which.phase_ != timer::phase::armed) continue; // cancelled
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
      if (!child.owner_.try_ref()) continue; // in its destructor, which waits for our lock
    }
    due_now.add(slot.what, 0);
  }
}

// Hand over to the executor, in order. Without a lock.
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
      ready[count++] = tick;
    } else if (item.what.is_task()) {
      task &due = item.what.as<task>();
      const bool was_counted = item.what.what() == timed::kind::task;
      if (was_counted && !due.clear_counted()) { // cancelled, and whoever did so has given our reference back
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
  const weft_status status = count != 0 ? host_.make_ready(ready, count) : WEFT_OK;
  const bool again = status == WEFT_ENOMEM || status == WEFT_EAGAIN;
  for (std::size_t i = 0; i < count; ++i) {
    const batch::item &item = handed_over.items[i];
    const bool is_tick = item.what.what() == timed::kind::timer;
    if (again && is_tick) task::discard(ready[i]); // the lease is ours again
    if (again)
      late.add(is_tick ? item.what : timed::of(*ready[i], timed::kind::due_task), item.ticket);
    else if (status != WEFT_OK)
      refused.add(*ready[i]);
    tasks += !is_tick && !again ? 1 : 0;
  }
  if (tasks != 0 || late.count != 0) put_back(late, tasks, refused);
  for (; counted != 0; --counted) owner_.unref(); // not the last: the caller has one
  for (std::size_t i = 0; i < due_now.count; ++i) {
    if (due_now.items[i].what.what() != timed::kind::queue) continue;
    timer_queue &child = due_now.items[i].what.as<timer_queue>();
    const shared<task_owner> lease = adopt(&child.owner_);
    child.serve();
  }
}

// What could not be handed over comes again in a moment; `gone` tasks will not.
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
      if (!closed) heap_.push({again, item.ticket, item.what}); // due_ stays, so that a period does not drift
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
      if (what.what() == timed::kind::timer) {
        what.as<timer>().position = slotted::nowhere;
        what.as<timer>().phase_ = timer::phase::idle;
        what = {}; // nobody keeps it for us
      } else if (what.what() == timed::kind::queue) {
        timer_queue &child = what.as<timer_queue>();
        child.position = slotted::nowhere;
        if (!child.owner_.try_ref()) what = {}; // in its destructor, which waits for our lock
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
