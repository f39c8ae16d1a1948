#include "exec/caller_run.hpp"

#include <utility>

#include "task/helping.hpp"
#include "task/wait.hpp"
#include "thread/blocking.hpp"
#include "thread/wait_graph.hpp"

namespace weft::core {

caller_run *caller_run::make(shared<roster> home, executor_list &list, bound_settings queue, bool daemon) {
  const shared<caller_run> made = adopt(new caller_run(std::move(home), list, queue, daemon));
  if (!made->enlist()) return nullptr;
  made->ref();
  return made.get();
}

class caller_run::turn {
public:
  turn(caller_run &of, record &self) noexcept
      : of_(of), nested_(serves(self, &of)), serving_(self, nullptr, &of, nullptr) {
    if (nested_) return;
    const std::scoped_lock hold(of_.mutex_);
    of_.running_.fetch_add(1, std::memory_order_relaxed);
  }
  ~turn() {
    if (nested_ || of_.inherited()) return;
    {
      const std::scoped_lock hold(of_.mutex_);
      of_.running_.fetch_sub(1, std::memory_order_relaxed);
    }
    of_.end_if_quiet();
    of_.tell_if_idle();
  }
  turn(const turn &) = delete;
  turn &operator=(const turn &) = delete;

private:
  caller_run &of_;
  const bool nested_;         // run() inside a task of this executor
  const frame_scope serving_; // for callbacks, which run between the tasks
};

weft_status caller_run::submit(task *const *tasks, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) tasks[i]->set_owner(this);
  if (bound_.exists()) {
    const weft_status room = bound_.acquire(count, {this, &caller_run::may_make_room});
    if (room == WEFT_EFULL && bound_.lets_caller_run()) {
      record *const self = current_record();
      if (self == nullptr) return WEFT_ENOMEM;
      const shared<task_owner> alive(this); // a task may drop the last handle
      const turn mine(*this, *self);        // before the look: the end waits for this thread
      if (closed_.load(std::memory_order_acquire)) return WEFT_ESHUTDOWN;
      for (std::size_t i = 0; i < count; ++i) {
        const bool mine = tasks[i]->claim_or_end();
        passed_by_.fetch_add(1, std::memory_order_relaxed);
        count_taken(mine);
        if (mine) tasks[i]->run_claimed(*self, this);
        tasks[i]->unref();
      }
      return WEFT_OK;
    }
    if (room != WEFT_OK) return room;
    for (std::size_t i = 0; i < count; ++i) {
      ref(); // left_queue() gives it back
      if (!tasks[i]->set_counted()) left_queue();
    }
  }
  const task_queue::answer answer = queue_.push(tasks, count);
  if (answer == task_queue::answer::pushed) {
    wake_sleepers();
    return WEFT_OK;
  }
  if (bound_.exists()) {
    for (std::size_t i = 0; i < count; ++i)
      if (tasks[i]->clear_counted()) left_queue();
  }
  return answer == task_queue::answer::closed ? WEFT_ESHUTDOWN : WEFT_ENOMEM;
}

void caller_run::left_queue() noexcept {
  bound_.release(1);
  unref();
}

weft_status caller_run::make_ready(task *const *tasks, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) tasks[i]->set_owner(this);
  switch (queue_.push(tasks, count)) {
  case task_queue::answer::closed:
    return WEFT_ESHUTDOWN;
  case task_queue::answer::no_memory:
    return WEFT_ENOMEM;
  default:
    wake_sleepers();
    return WEFT_OK;
  }
}

// Threads that sleep until there is a task wait no longer than until then.
weft_status caller_run::set_alarm(std::int64_t /*due*/) noexcept {
  wake_sleepers();
  wait_graph::instance().wake_for_time(this);
  return WEFT_OK;
}

weft_status caller_run::run(std::uint64_t max_tasks, deadline budget, std::uint64_t &ran) {
  ran = 0;
  record *const self = current_record();
  if (self == nullptr) return WEFT_ENOMEM;
  const shared<task_owner> alive(this); // a task may drop the last handle
  const turn mine(*this, *self);
  while (max_tasks == 0 || ran < max_tasks) {
    if (ran != 0 && budget.passed()) return WEFT_OK;
    serve_due();
    task *next = nullptr;
    bool claimed = false;
    {
      // Taking and claiming are one step for cancel_pending(), which takes the same lock: what it
      // did not find has started.
      const std::scoped_lock hold(mutex_);
      if (queue_.pop(&next, 1) == 0) break;
      claimed = next->try_claim();
      count_taken(claimed || next->state() != cancelled); // a waiter may have run it
    }
    struct holding {
      task &which;
      ~holding() { which.unref(); }
    } const queue_reference{*next};
    if (!claimed) {
      next->end_if_overdue(); // if it is still pending
      continue;
    }
    next->run_claimed(*self, this);
    if (inherited()) return WEFT_EFORKED; // the fork was inside that task
    ++ran;
  }
  return ran == 0 && closed_.load(std::memory_order_acquire) && queue_.empty() ? WEFT_ESHUTDOWN : WEFT_OK;
}

weft_status caller_run::run_wait(std::uint64_t max_tasks, deadline until, std::uint64_t &ran) {
  ran = 0;
  record *const self = current_record();
  if (self == nullptr) return WEFT_ENOMEM;
  const shared<task_owner> alive(this);
  for (;;) {
    const weft_status status = run(max_tasks, deadline::never(), ran);
    if (status != WEFT_OK || ran != 0) return status;
    if (stop_requested(*self)) return WEFT_EINTERRUPTED;
    if (const weft_status woken = sleep_until_given(*self, until, {}, nullptr); woken != WEFT_OK) return woken;
  }
}

weft_status caller_run::run_until(task &wanted, deadline until) {
  record *const self = current_record();
  if (self == nullptr) return WEFT_ENOMEM;
  for (const frame *f = self->top; f != nullptr; f = f->below)
    if (f->running == &wanted) return WEFT_EDEADLK;
  const shared<task_owner> alive(this);
  // While this is open, any thread may give it a task that completes the future. README.md,
  // "Caller-run executors".
  const dependency on[] = {{&wanted, &task::may_end}, {this, &caller_run::may_be_given}};
  // Inside of a task of another executor this thread may be the one that can run what it waits for.
  struct waiting {
    caller_run &loop;
    record &self;
    task &wanted;
    const deadline until;
    const std::span<const dependency> on;
    weft_status failed = WEFT_OK;

    // Runs what there is in the loop first.
    bool over() {
      while (!wanted.done() && !stop_requested(self)) {
        std::uint64_t ran = 0;
        if (const weft_status status = loop.run(1, deadline::never(), ran);
            status != WEFT_OK && status != WEFT_ESHUTDOWN) {
          failed = status;
          return true;
        }
        if (ran == 0 || until.passed()) break;
      }
      return wanted.done();
    }
    lent lend(const helper &mine) { return try_lend(wanted, mine); }
    bool awaits_executor() const noexcept { return core::awaits_executor(wanted); }
    weft_status sleep(deadline limit, helpful_sleep &sleeping) noexcept {
      return loop.sleep_until_given(self, limit, on, &wanted, &sleeping);
    }
  } what{*this, *self, wanted, until, on};
  const weft_status status = wait_and_help(*self, until, true, what);
  return what.failed != WEFT_OK ? what.failed : status;
}

caller_run::sleeper::sleeper(caller_run &of, parker &who) noexcept : of_(of), who_(who) {
  const std::scoped_lock hold(of_.mutex_);
  next_ = std::exchange(of_.first_, this);
}

caller_run::sleeper::~sleeper() {
  const std::scoped_lock hold(of_.mutex_);
  sleeper **at = &of_.first_;
  while (*at != this) at = &(*at)->next_;
  *at = next_;
}

// Sleep until there is a task to run, a timer is due, the executor closes, or `wanted` is done.
// `on`: one of these must be possible; empty: the wait graph does not judge this wait.
weft_status caller_run::sleep_until_given(record &self, deadline until, std::span<const dependency> on, task *wanted,
                                          helpful_sleep *helper) noexcept {
  const sleeper me(*this, self.sleeper);
  const completion_waker waker(self.sleeper, wanted != nullptr ? wanted->end() : nullptr);
  const bool was_closed = wanted != nullptr && closed_.load(std::memory_order_acquire);
  const std::int64_t due = timers().next_due();
  const bool until_due = due < until.at() && !until.is_poll();
  const weft_status woken = sleep_until(
      self, on.data(), on.size(), on.empty() ? wait_for::all : wait_for::any, until_due ? deadline::at(due) : until,
      [&]() noexcept {
        return !queue_.empty() || closed_.load(std::memory_order_acquire) != was_closed || timers().next_due() < due ||
               (wanted != nullptr && wanted->done());
      },
      helper);
  return until_due && woken == WEFT_ETIMEDOUT ? WEFT_OK : woken;
}

// After a push or a close. The lock orders it with a sleeper: it is listed, or it looks at the
// queue after the push.
void caller_run::wake_sleepers() noexcept {
  wake_list sleepers;
  const std::scoped_lock hold(mutex_);
  for (const sleeper *s = first_; s != nullptr; s = s->next_) sleepers.add(s->who_);
}

void caller_run::close() {
  serve_due();
  // The queue first: run() returns WEFT_ESHUTDOWN when it sees closed_ and an empty queue, and that
  // must be final.
  queue_.close();
  closed_.store(true, std::memory_order_release);
  bound_.close();
  wake_sleepers();
  timers().close(WEFT_ESHUTDOWN, nullptr);
  end_if_quiet();
}

void caller_run::end_if_quiet() noexcept {
  {
    const std::scoped_lock hold(mutex_);
    if (ended_ || !closed_.load(std::memory_order_acquire) || running_.load(std::memory_order_relaxed) != 0 ||
        !queue_.empty())
      return;
    ended_ = true;
  }
  quiet_.finish(false);
  drop_context_if_over();
}

void caller_run::cancel_pending() {
  const shared<task_owner> alive(this);
  const withdrawing until_published(*this);
  withdrawn_tasks all;
  while (task *const next = withdraw_one()) all.add(*next);
  all.finish();
  end_if_quiet();
}

bool caller_run::idle() noexcept {
  const std::scoped_lock hold(mutex_); // a runner takes and claims under it
  return running_.load(std::memory_order_relaxed) == 0 && queue_.empty();
}

task *caller_run::withdraw_one() noexcept {
  const std::scoped_lock hold(mutex_); // see run()
  task *next = nullptr;
  if (queue_.pop(&next, 1) == 1) count_taken(next->state() != pending && next->state() != cancelled);
  return next;
}

void caller_run::count_taken(bool begun) noexcept {
  (begun ? completed_ : cancelled_).fetch_add(1, std::memory_order_relaxed);
}

void caller_run::last_handle_gone() {
  close();
  cancel_pending(); // no thread can call run() any more
}

// Runs what is left on the calling thread.
weft_status caller_run::join(deadline until) {
  if (inside()) return WEFT_EDEADLK;
  record *const self = current_record();
  if (self == nullptr) return WEFT_ENOMEM;
  const shared<task_owner> alive(this);
  std::uint64_t ran = 0;
  run(0, until, ran);
  if (!queue_.empty()) return WEFT_ETIMEDOUT;
  end_if_quiet();
  return wait_for_completion(*self, quiet_, {this, &caller_run::may_finish}, until);
}

void caller_run::read(weft_executor_stats_t &figures) const noexcept {
  figures.max_workers = figures.workers_started = figures.workers_alive = 0;
  figures.workers_refused = 0;
  figures.queued = queue_.size();
  figures.submitted = queue_.pushed() + passed_by_.load(std::memory_order_relaxed);
  figures.completed = completed_.load(std::memory_order_relaxed);
  figures.cancelled = cancelled_.load(std::memory_order_relaxed);
}

task_owner::lent caller_run::lend(task &wanted, record &self, haste /*when*/, const helping &by) {
  if (!may_lend_to(self)) return lent::no;
  if (!wanted.try_claim()) return wanted.end_if_overdue() ? lent::yes : lent::no;
  wanted.run_claimed(self, this, &by);
  return lent::yes;
}

bool caller_run::may_start(const task & /*pending*/, const wait_graph &graph) const noexcept {
  return could_run(graph);
}

// While no thread is in run(), any thread that is not stuck may call it. But if all threads in it
// are stuck, no other is expected: a host with one loop has no other thread for it.
bool caller_run::could_run(const wait_graph &graph) const noexcept {
  const std::uint32_t running = running_.load(std::memory_order_relaxed);
  return running == 0 ? !graph.all_are_stuck() : graph.stuck_serving(this) < running;
}

bool caller_run::may_make_room(const void *object, const wait_graph &graph) noexcept {
  return static_cast<const caller_run *>(object)->could_run(graph);
}

// It has been given a task, for which the sleeper is being woken, or it may still be given one.
bool caller_run::may_be_given(const void *object, const wait_graph &graph) noexcept {
  const auto &self = *static_cast<const caller_run *>(object);
  return !self.queue_.empty() || (!self.closed_.load(std::memory_order_acquire) && !graph.all_are_stuck());
}

bool caller_run::may_become_idle(const wait_graph &graph) const noexcept {
  return may_finish(this, graph) && could_run(graph);
}

bool caller_run::may_finish(const void *object, const wait_graph &graph) noexcept {
  return graph.stuck_serving(static_cast<const caller_run *>(object)) == 0;
}

} // namespace weft::core
