#include "exec/executor.hpp"

#include <algorithm>

#include <sched.h>

#include "task/attachment.hpp"
#include "thread/blocking.hpp"
#include "thread/record.hpp"
#include "thread/thread.hpp"
#include "thread/wait_graph.hpp"

namespace weft::core {

bool executor_list::admit(executor &entering) noexcept {
  const std::scoped_lock hold(mutex_);
  if (closed_) return false;
  entering.next_ = first_;
  entering.prev_ = nullptr;
  if (first_ != nullptr) first_->prev_ = &entering;
  first_ = &entering;
  entering.listed_ = true;
  return true;
}

void executor_list::leave(executor &leaving) noexcept {
  const std::scoped_lock hold(mutex_);
  if (!leaving.listed_) return;
  (leaving.prev_ != nullptr ? leaving.prev_->next_ : first_) = leaving.next_;
  if (leaving.next_ != nullptr) leaving.next_->prev_ = leaving.prev_;
}

void executor_list::close() noexcept {
  const std::scoped_lock hold(mutex_);
  closed_ = true;
}

std::vector<shared<task_owner>> executor_list::all() const {
  std::vector<shared<task_owner>> found;
  const std::scoped_lock hold(mutex_);
  for (executor *e = first_; e != nullptr; e = e->next_)
    if (e->try_ref()) found.push_back(adopt<task_owner>(e));
  return found;
}

bool executor::enlist() noexcept {
  return list_->admit(*this);
}

void executor::withdraw_from_view() noexcept {
  if (list_ != nullptr) list_->leave(*this);
  // A thread that found one of the tasks pending under this lock, and still asks this owner,
  // finishes first.
  const std::scoped_lock hold(wait_graph::instance().mutex());
}

weft_status executor::accept_attached(task *const *tasks, std::size_t count) {
  return submit_attached(tasks, count, [this](task *const *all, std::size_t n) { return submit(all, n); });
}

weft_status executor::accept_after(task &delayed, std::int64_t due) {
  task *const one = &delayed;
  return submit_attached(&one, 1, [&](task *const *, std::size_t) { return timers_.add(delayed, due); });
}

weft_status executor::wait_idle(deadline until) {
  if (inside()) return WEFT_EDEADLK;
  record *const self = current_record();
  if (self == nullptr) return WEFT_ENOMEM;
  const shared<task_owner> alive(this);
  serve_due(); // what is due counts
  const idle_waiters::entry me(idle_waiters_, self->sleeper);
  const dependency on{this, [](const void *object, const wait_graph &graph) {
                        return static_cast<const executor *>(object)->may_become_idle(graph);
                      }};
  return sleep_until(*self, &on, 1, wait_for::all, until, [&]() noexcept { return me.told() || is_idle_now(); });
}

void executor::ref_handle() noexcept {
  // The pointer may come from executor::current(), after the last handle. All handles together have
  // one reference.
  if (handles_.fetch_add(1, std::memory_order_relaxed) == 0) ref();
}

void executor::unref_handle() {
  if (handles_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  last_handle_gone();
  drop_context_if_over();
  unref();
}

// By the thread that gives back the last handle, and by each thread that may have brought about the
// end. The fence pairs with the other thread's: one of the two sees the other.
void executor::drop_context_if_over() noexcept {
  full_fence();
  if (handles_.load(std::memory_order_acquire) == 0 && ended()) static_cast<void>(context_.set(nullptr, nullptr));
}

executor *executor::current() noexcept {
  const record *const self = existing_record();
  if (self == nullptr) return nullptr;
  for (const frame *f = self->top; f != nullptr; f = f->below)
    if (f->owner != nullptr) {
      auto *const found = static_cast<executor *>(const_cast<task_owner *>(f->owner)->as_executor());
      // A child that was forked inside of a task runs nothing for the parent's executor.
      return found == nullptr || found->inherited() ? nullptr : found;
    }
  return nullptr;
}

// --- for threads that sleep inside of executors ---

namespace {

// look(owner) for each executor that the thread acts for, at any depth; once for frames of the same
// executor that follow each other.
template <class Look> void each_served(const record &self, Look look) {
  const task_owner *last = nullptr;
  for (const frame *f = self.top; f != nullptr; f = f->below)
    if (f->owner != nullptr && f->owner != last) look(*(last = f->owner));
}

std::int64_t next_look_inside(const record &self) noexcept {
  std::int64_t soonest = timekeeping::none;
  each_served(self, [&soonest](const task_owner &each) { soonest = std::min(soonest, each.next_look()); });
  return soonest;
}

void look_inside(const record &self) {
  each_served(self, [](const task_owner &each) {
    if (each.next_look() <= now_ns()) const_cast<task_owner &>(each).look_at_time();
  });
}

constexpr timekeeping inside_of_executors{&next_look_inside, &look_inside};

} // namespace

void executor::keep_time() noexcept {
  timekeeper.store(&inside_of_executors, std::memory_order_release);
}

// If another thread is serving the timers, this one lets it go on.
void executor::look_at_time() {
  const shared<task_owner> alive(this);
  timers_.serve();
  if (timers_.next_due() <= now_ns()) sched_yield();
}

bool executor::inside() const noexcept {
  const record *const self = existing_record();
  return self != nullptr && serves(*self, this);
}

void executor::report(const weft_error *failure) {
  const record *const self = existing_record();
  home_->report(self != nullptr ? self->object : nullptr, failure, current_task_name());
}

} // namespace weft::core
