#include "timer/timer_queue.hpp"

#include <algorithm>
#include <mutex>
#include <new>
#include <utility>

#include "task/owner.hpp"
#include "task/task.hpp"
#include "thread/wait_graph.hpp"

namespace weft::core {
namespace {

// How many heap slots a cancelled task looks at, to take out cancelled tasks. So the heap has few
// of these, and no call has to look through all of it.
constexpr int swept_at_once = 8;

} // namespace

void timed::moved(std::size_t position) const noexcept {
  switch (what()) {
  case kind::timer:
    as<timer>().position = static_cast<std::uint32_t>(position);
    break;
  case kind::queue:
    as<timer_queue>().position = static_cast<std::uint32_t>(position);
    break;
  default: // tasks need not be found again
    break;
  }
}

class timer_queue::waiting_room final : public task_owner {
public:
  explicit waiting_room(timer_queue &of) noexcept : of_(of) {}

  lent lend(task & /*wanted*/, record & /*self*/, haste /*when*/, const helping & /*by*/) override {
    return lent::no; // never early
  }
  // A thread that waits for the task inside the executor wakes when it is due, makes it ready, and
  // runs it.
  bool may_start(const task &pending, const wait_graph &graph) const noexcept override {
    const record *const waiter = graph.judged_helper();
    return (waiter != nullptr && of_.owner_.may_lend_to(*waiter) && !of_.owner_.is_held(graph)) ||
           of_.owner_.may_start(pending, graph);
  }
  void left_queue() noexcept override {
    task_owner &executor = of_.owner_; // alive so far: the task has held a reference
    of_.sweep();
    executor.unref();
  }
  void report(const weft_error *failure) override { of_.owner_.report(failure); }

private:
  timer_queue &of_;
};

timer_queue::~timer_queue() {
  if (waiting_room_ != nullptr) waiting_room_->unref();
}

// --- the alarm ---

weft_status timer_queue::ask_for_alarm_locked(std::int64_t due) noexcept {
  if (due >= alarm_at_) return WEFT_OK;
  // Shown first: the host may wake a thread that looks at it.
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

// A slot that is left over stays where it is if the new time is later. serve() moves it on when it
// finds it. So arming and cancelling in turn, the life of a time-out, costs no more than the lock.
weft_status timer_queue::arm(timer &which, const timer_schedule &when) noexcept {
  const std::int64_t due = std::clamp(when.due, earliest, latest);
  const std::scoped_lock hold(mutex_);
  if (which.shut_) return WEFT_ECLOSED;
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

bool timer_queue::shut(timer &which) noexcept {
  const std::scoped_lock hold(mutex_);
  which.phase_ = timer::phase::idle;
  return !std::exchange(which.shut_, true) && !which.running_;
}

void timer_queue::dismiss(timer &which) noexcept {
  const std::scoped_lock hold(mutex_);
  which.phase_ = timer::phase::idle;
  --enrolled_;
  if (which.position == slotted::nowhere) return;
  heap_.vacate(which.position);
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
  bool was_last = false;
  {
    const std::scoped_lock hold(mutex_);
    which.running_ = false;
    was_last = which.shut_;
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
  if (was_last) which.idle_.finish(false); // the tick has its lease; only waiters observe this
  if (at_once.count == 0) return;
  withdrawn_tasks refused;
  deliver(at_once, refused);
  refused.finish(); // at most a tick, which has no callbacks
}

void timer_queue::repeat_locked(timer &which, batch &at_once) noexcept {
  const std::int64_t now = host_.now();
  std::int64_t next = sum(which.due_, which.period_);
  if (which.missed_ == WEFT_MISSED_DELAY)
    next = sum(now, which.period_);
  else if (which.missed_ == WEFT_MISSED_SKIP && next <= now) // the next one that is to come
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
    // The pool under this strand has closed. This queue is about to be closed.
    which.phase_ = timer::phase::idle;
    return;
  }
  // Without memory for the alarm it waits for the next arming on this executor.
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
  const weft_status status = add_pending(delayed, std::min(due, latest));
  if (status != WEFT_EDONE) return status;
  delayed.unref(); // the queue's reference: the task was cancelled before it came here
  return WEFT_OK;
}

weft_status timer_queue::add_pending(task &delayed, std::int64_t due) noexcept {
  const std::scoped_lock hold(mutex_);
  if (closed_ != WEFT_OK) return closed_;
  if (!heap_.reserve(enrolled_ + tasks_ + 1)) return WEFT_ENOMEM;
  if (waiting_room_ == nullptr && (waiting_room_ = new (std::nothrow) waiting_room(*this)) == nullptr)
    return WEFT_ENOMEM;
  if (const weft_status status = ask_for_alarm_locked(due); status != WEFT_OK) return status;
  delayed.set_owner(waiting_room_);
  ++tasks_;
  owner_.ref(); // left_queue() or deliver() gives it back
  if (!delayed.set_counted()) {
    --tasks_;
    owner_.unref(); // not the last one
    return WEFT_EDONE;
  }
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
        heap_.remove(sweep_from_); // another slot comes to this position, and is looked at next
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

} // namespace weft::core
