#include "exec/pool.hpp"

#include <algorithm>
#include <utility>

#include "base/atomic.hpp"
#include "base/forced_unwind.hpp"
#include "base/log.hpp"
#include "base/system.hpp"
#include "exec/branch.hpp"
#include "task/wait.hpp"
#include "thread/blocking.hpp"
#include "thread/wait_graph.hpp"

namespace weft::core {
namespace {

atomic<std::uint64_t> next_pool{1}; // of weft-<n>

// Python's rule: enough for blocking calls, not absurd on large machines.
std::uint32_t default_workers() noexcept {
  return std::min(32u, usable_cpus() + 4);
}

pool_settings completed(pool_settings settings) {
  if (settings.max_workers == 0) settings.max_workers = default_workers();
  if (settings.name_prefix.empty())
    settings.name_prefix = "weft-" + std::to_string(next_pool.fetch_add(1, std::memory_order_relaxed));
  return settings;
}

} // namespace

pool *pool::make(shared<roster> home, executor_list &list, const pool_settings &settings) {
  const shared<pool> made = adopt(new pool(std::move(home), list, settings));
  if (!made->enlist() || !made->enter_domain(settings)) return nullptr;
  made->ref();
  return made.get();
}

pool::pool(shared<roster> home, executor_list &list, const pool_settings &settings)
    // A pool without threads of its own counts as a daemon: at the end of the runtime no thread
    // could finish what is pending, so it is cancelled.
    : executor(executor_kind::pool, home, &list, settings.daemon || settings.host_only), settings_(completed(settings)),
      bound_(settings.queue),
      scheduler_(home, *this,
                 {settings_.max_workers, settings_.name_prefix, settings_.daemon, settings_.stack_size,
                  settings_.host_only, settings_.max_spares, settings_.max_helpers, settings_.linger,
                  settings_.has_hooks() ? &pool::prepare_worker : nullptr, &pool::dismiss_worker,
                  settings_.worker_rest != nullptr ? &pool::rest_worker : nullptr,
                  [](task_owner &self) { static_cast<pool &>(self).serve_due(); },
                  [](task_owner &self) noexcept { static_cast<pool &>(self).tell_if_idle(); }, &pool::let_go_of,
                  settings_.home, signal_settings::from_here(settings_.blocks_signals), settings_.nice,
                  settings_.affinity}),
      alarm_(scheduler_.context(), timers()) {
  settings_.initializer_ctx = nullptr;
  settings_.initializer_drop = nullptr;
  settings_.worker_ctx = nullptr;
  settings_.worker_drop = nullptr;
}

pool::~pool() {
  withdraw_from_view();
  drop_hooks();
  if (error *const reason = broken_.load(std::memory_order_acquire); reason != nullptr) reason->unref();
}

// --- submitting ---

weft_status pool::submit(task *const *tasks, std::size_t count) {
  if (is_broken()) return WEFT_EBROKEN;
  for (std::size_t i = 0; i < count; ++i) tasks[i]->set_owner(this);
  if (bound_.exists()) {
    const weft_status room = bound_.acquire(count, {this, &pool::may_make_room});
    if (room == WEFT_EFULL && bound_.lets_caller_run()) return run_here(tasks, count);
    if (room != WEFT_OK) return room == WEFT_ESHUTDOWN && is_broken() ? WEFT_EBROKEN : room;
    for (std::size_t i = 0; i < count; ++i) {
      ref(); // left_queue() gives it back
      if (!tasks[i]->set_counted()) left_queue();
    }
  }
  const weft_status status = scheduler_.push(tasks, count);
  if (status == WEFT_OK) return WEFT_OK;
  if (bound_.exists()) {
    for (std::size_t i = 0; i < count; ++i)
      if (tasks[i]->clear_counted()) left_queue();
  }
  return status == WEFT_ESHUTDOWN && is_broken() ? WEFT_EBROKEN : status;
}

weft_status pool::run_here(task *const *tasks, std::size_t count) {
  record *const self = current_record();
  if (self == nullptr) return WEFT_ENOMEM;
  if (!scheduler_.enter_as_guest()) return is_broken() ? WEFT_EBROKEN : WEFT_ESHUTDOWN;
  const shared<task_owner> alive(this); // a task may drop the last handle
  struct leaving {
    pool &of;
    ~leaving() {
      if (!of.inherited()) of.leave_as_guest();
    }
  } const at_end{*this};
  const frame_scope serving(*self, nullptr, this, nullptr); // for callbacks
  for (std::size_t i = 0; i < count; ++i) {
    const bool mine = !scheduler_.discarding() && tasks[i]->claim_or_end();
    scheduler_.count_run_by_submitter(mine ? 1 : 0, mine ? 0 : 1);
    if (mine)
      tasks[i]->run_claimed(*self, this);
    else
      tasks[i]->cancel();
    if (inherited()) return WEFT_EFORKED; // the fork was inside that task
    tasks[i]->unref();                    // the queue's
  }
  return WEFT_OK;
}

weft_status pool::push_inner(task &carrier, bool accepted) noexcept {
  carrier.set_owner(this);
  task *const one = &carrier;
  return accepted ? scheduler_.push_on(&one, 1) : scheduler_.push(&one, 1);
}

// --- timers ---

weft_status pool::make_ready(task *const *tasks, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) tasks[i]->set_owner(this);
  return scheduler_.push_due(tasks, count);
}

weft_status pool::set_alarm(std::int64_t due) noexcept {
  if (const weft_status status = scheduler_.watch(); status != WEFT_OK) return status;
  const weft_status status = alarm_.set(due);
  // No worker is free to hear the alarm, so threads that sleep inside of tasks look at the time.
  if (status == WEFT_OK && saturated()) wait_graph::instance().wake_for_time(this);
  return status;
}

// While a worker is free to hear the alarm, threads that sleep inside of tasks leave it to that
// worker, unless it is late.
std::int64_t pool::next_look() const noexcept {
  constexpr std::int64_t grace = 10 * WEFT_MILLISECOND;
  const std::int64_t due = timers().next_due();
  return due >= timer_queue::latest || saturated() ? due : timer_queue::sum(due, grace);
}

// --- tasks that were counted ---

void pool::left_queue() noexcept {
  bound_.release(1);
  unref();
}

// --- the initializer ---

// The start hook and the initializer of one worker. False: the start hook failed, which breaks the
// pool, or the pool was broken before.
bool pool::prepare_worker(task_owner &self, weft_worker_t &shown) {
  auto &me = static_cast<pool &>(self);
  const pool_settings &s = me.settings_;
  if (me.is_broken()) return false;
  me.hook_users_.fetch_add(1, std::memory_order_relaxed); // never from 0: README.md, "Pools in a domain"
  struct using_hooks {
    pool *of;
    ~using_hooks() {
      if (of != nullptr) of->release_hooks();
    }
  } failed{&me};
  if (s.worker_start != nullptr && !me.prepare_with("the start hook ended its thread", [&](weft_error_t **failure) {
        return s.worker_start(s.worker_ctx, &shown, failure);
      }))
    return false;
  failed.of = nullptr; // from here on dismiss_worker() releases
  // The worker is attached, so the stop hook is due, whether or not the initializer fails.
  struct attached_already {
    pool &of;
    weft_worker_t &who;
    bool unwound = true;
    ~attached_already() {
      if (unwound) dismiss_worker(of, who); // the initializer ends the thread
    }
  } guard{me, shown};
  if (s.initializer != nullptr)
    me.prepare_with("the initializer ended its thread",
                    [&s](weft_error_t **failure) { return s.initializer(s.initializer_ctx, failure); });
  guard.unwound = false;
  return true;
}

// UBSan: a forced unwind is caught by a reference to no object; nothing reads it.
template <class Call> __attribute__((no_sanitize("null"))) bool pool::prepare_with(const char *what, Call call) {
  weft_error *failure = nullptr;
  weft_status status = WEFT_OK;
  try {
    status = call(&failure);
  } catch (const forced_unwind &) {
    break_down(error::make_or_enomem(WEFT_EBROKEN, "thread_exit", what));
    throw;
  } catch (...) {
    failure = error::from_current_exception();
  }
  if (failure == nullptr && status == WEFT_OK) return true;
  if (failure == nullptr) failure = error::from_status(status);
  const auto *const cause = static_cast<error *>(failure);
  break_down(error::make_or_enomem(WEFT_EBROKEN, cause->kind(), cause->message()));
  cause->unref();
  return false;
}

void pool::dismiss_worker(task_owner &self, weft_worker_t &shown) noexcept {
  auto &me = static_cast<pool &>(self);
  const pool_settings &s = me.settings_;
  try {
    if (s.worker_stop != nullptr) s.worker_stop(s.worker_ctx, &shown);
  } catch (...) {
    log_line({"the stop hook of worker ", shown.name, " threw an exception"});
  }
  me.release_hooks();
}

void pool::rest_worker(task_owner &self, weft_worker_t &shown) noexcept {
  const pool_settings &s = static_cast<pool &>(self).settings_;
  try {
    s.worker_rest(s.worker_ctx, &shown);
  } catch (...) {
    log_line({"the rest hook of worker ", shown.name, " threw an exception"});
  }
}

void pool::break_down(error *reason) {
  error *none = nullptr;
  if (!broken_.compare_exchange_strong(none, reason, std::memory_order_acq_rel)) return reason->unref();
  timers().close(WEFT_EBROKEN, reason);
  close();
  withdraw_all(reason);
}

error *pool::broken() const noexcept {
  error *const reason = broken_.load(std::memory_order_acquire);
  if (reason != nullptr) reason->ref();
  return reason;
}

// --- shutting down ---

void pool::close() {
  serve_due();
  bound_.close();
  scheduler_.close();
  timers().close(WEFT_ESHUTDOWN, nullptr);
  note_end();
}

void pool::cancel_pending() {
  scheduler_.discard();
  withdraw_all(nullptr);
  scheduler_.end_if_drained(); // if there is no worker, no other thread does it
  note_end();
}

// A thread that works here has a handle; so none does any more, or ever will.
void pool::last_handle_gone() {
  close();
  if (settings_.host_only) cancel_pending();
}

// Tasks that no worker has begun fail for this reason; null: they are cancelled.
void pool::withdraw_all(error *reason) {
  const withdrawing until_published(*this);
  withdrawn_tasks all(reason);
  task *left[32];
  while (const std::size_t count = scheduler_.withdraw(left, std::size(left)))
    for (std::size_t i = 0; i < count; ++i) all.add(*left[i]);
  all.finish();
}

weft_status pool::join(deadline until) {
  if (inside()) return WEFT_EDEADLK;
  record *const self = current_record();
  if (self == nullptr) return WEFT_ENOMEM;
  const shared<task_owner> keep(this); // the last worker may drop the last other reference
  if (settings_.host_only) {           // the thread that waits for the end helps to bring it about
    const weft_status status = work(until);
    if (status == WEFT_ETIMEDOUT || status == WEFT_EINTERRUPTED) return status;
  }
  const weft_status status = await_end(*self, until);
  return status == WEFT_OK ? scheduler_.join_workers(until) : status;
}

weft_status pool::await_end(record &self, deadline until) noexcept {
  return wait_for_completion(self, scheduler_.end(), {this, &pool::may_finish}, until);
}

void pool::read(weft_executor_stats_t &figures) const noexcept {
  const scheduler_figures now = scheduler_.figures();
  figures.max_workers = scheduler_.limit();
  figures.workers_started = now.started;
  figures.workers_alive = now.workers.alive;
  figures.workers_refused = now.refused;
  figures.queued = now.queued;
  figures.submitted = now.submitted;
  figures.completed = now.completed;
  figures.cancelled = now.cancelled;
  figures.stolen = now.stolen;
  figures.injected = now.injected;
  figures.parks = now.parks;
  figures.wakes = now.wakes;
  figures.workers_blocked = now.blocked;
  figures.workers_idle = now.workers.idle();
  static_assert(sizeof now.waits == sizeof figures.waits);
  std::copy(std::begin(now.waits), std::end(now.waits), figures.waits);
}

bool pool::set_max_workers(std::uint32_t most) noexcept {
  if (most == 0 || most > settings_.max_workers) return false;
  scheduler_.set_limit(most);
  return true;
}

// --- threads of the host ---

// how(record): what the calling thread does as a worker.
template <class Work> weft_status pool::work_as(Work how) {
  record *const self = current_record();
  if (self == nullptr) return WEFT_ENOMEM;
  if (self->top != nullptr || self->worker != nullptr || self->callback_depth != 0 || self->destroy_depth != 0)
    return WEFT_EDEADLK;
  const shared<task_owner> alive(this);
  struct leaving { // also when a task ends the thread
    pool &of;
    ~leaving() { of.note_end(); }
  } const at_end{*this};
  const inside_scope here(settings_.home ? self : nullptr, settings_.home.get()); // as its own workers are
  return how(*self);
}

weft_status pool::work(deadline until) {
  const weft_status status =
      work_as([&](record &self) { return is_broken() ? WEFT_EBROKEN : scheduler_.lend_thread(self, until); });
  return status == WEFT_OK && is_broken() ? WEFT_EBROKEN : status;
}

// When the pool has ended, or others help already, it only waits.
weft_status pool::help(task &wanted, deadline until) {
  const shared<task_owner> alive(this);
  const weft_status status =
      work_as([&](record &self) { return is_broken() ? WEFT_OK : scheduler_.help(self, until, wanted); });
  if (wanted.done()) return status == WEFT_EDEADLK ? status : WEFT_OK;
  return status == WEFT_OK || status == WEFT_EAGAIN ? wait_for_task(wanted, until) : status;
}

// --- waiting inside ---

task_owner::lent pool::lend(task &wanted, record &self, haste when, const helping &by) {
  if (!may_lend_to(self)) return lent::no;
  if (when == haste::if_needed && !saturated()) return lent::left;
  if (!scheduler_.claim_from_inside(wanted, self)) return wanted.end_if_overdue() ? lent::yes : lent::no;
  wanted.run_claimed(self, this, &by);
  return lent::yes;
}

void pool::run_spawned(task &taken, record &self, fate what, const helping *helps) {
  scheduler_.count_stolen_branch(scheduler_.worker_of(&self));
  static_cast<branch &>(taken).run_taken(self, what, helps);
}

bool pool::may_start(const task & /*pending*/, const wait_graph &graph) const noexcept {
  return scheduler_.could_run(graph);
}

bool pool::may_make_room(const void *object, const wait_graph &graph) noexcept {
  return static_cast<const pool *>(object)->scheduler_.could_run(graph);
}

// What is queued can be run, and all workers come to rest, so none may be stuck.
bool pool::may_become_idle(const wait_graph &graph) const noexcept {
  return scheduler_.could_run(graph) && graph.stuck_workers(this) == 0;
}

// All workers must come to their end, so none may be stuck.
bool pool::may_finish(const void *object, const wait_graph &graph) noexcept {
  const auto *self = static_cast<const pool *>(object);
  return self->ended() || graph.stuck_workers(self) == 0;
}

} // namespace weft::core
