// A group from its making to its end: spawning, running, waiting, cancelling. Counting is in
// group_count.cpp, what follows a group in group_tie.cpp.
#include "exec/group.hpp"

#include <new>
#include <utility>

#include "base/atomic.hpp"
#include "task/attachment.hpp"
#include "thread/blocking.hpp"
#include "thread/wait_graph.hpp"

namespace weft::core {

// On the token's roll without a reference to the group, whose destructor takes it off. That waits
// for a cancellation that is in hold(), so hold() is short, and leaves queued tasks to the workers.
struct group::token_link final : roll_entry {
  token_link(group &of, cancel_token &token) noexcept : of(of), token(token) { token.ref(); }
  ~token_link() { token.unref(); }
  bool hold() noexcept override {
    of.ask_to_cancel();
    return false;
  }
  bool begin_withdraw() noexcept override { return false; }
  void finish_withdraw() override {}

  group &of;
  cancel_token &token; // with a reference
};

group *group::make(pool *on, std::uint32_t flags) noexcept {
  return new (std::nothrow) group(on, flags);
}

weft_status group::make(pool *on, std::uint32_t flags, cancel_token &token, group *&out) noexcept {
  handle made(make(on, flags));
  if (!made) return WEFT_ENOMEM;
  made->by_token_ = new (std::nothrow) token_link(*made, token);
  if (made->by_token_ == nullptr) return WEFT_ENOMEM;
  if (token.due() != cancel_token::never) made->word_.store(has_deadline_bit, std::memory_order_relaxed);
  if (token.cancelled() || !token.add(*made->by_token_)) return WEFT_ECANCELED;
  out = made.release();
  return WEFT_OK;
}

// On a worker the first task is counted from the beginning, as credit of that worker: it mostly
// spawns that task.
group::group(pool *on, std::uint32_t flags) noexcept : awaited(one_handle), pool_(on), flags_(flags) {
  if (pool_ == nullptr) return;
  worker *const me = worker_of(existing_record());
  pool_->workers().ref_owner(me);
  if (me == nullptr) return;
  if ((flags & WEFT_GROUP_SCOPED) != 0) made_in_ = me->stretch;
  count_.store(one_handle + 1, std::memory_order_relaxed);
  take_credit(*me, 1);
}

group::~group() {
  if (by_token_ != nullptr) {
    by_token_->token.remove(*by_token_);
    delete by_token_;
  }
  if (error *const kept = error_.load(std::memory_order_acquire); kept != nullptr) kept->unref();
  if (context_.is_set()) [[unlikely]]
    drop_context();
  if (pool_ != nullptr) pool_->workers().unref_owner(worker_of(existing_record()));
}

void group::unref_handle() noexcept {
  worker *const me = worker_of(existing_record());
  if (end_alone(me)) return;
  if (credit_of(me) != 0) scheduler::return_credit(*me);
  if ((count_.load(std::memory_order_acquire) & no_flags) == one_handle ||
      (count_.fetch_sub(one_handle, std::memory_order_acq_rel) & no_flags) == one_handle)
    delete this;
}

// --- spawning ---

weft_status group::spawn(task &given, bool calling) {
  record *const self = existing_record();
  worker *const me = worker_of(self);
  // Inside a task of the pool spawning goes on when the pool is closed: otherwise an accepted task
  // could not finish its work.
  const bool accepted = me != nullptr || (self != nullptr && serves(*self, pool_));
  if (!accepted && (pool_->closed() || pool_->is_broken())) return pool_->is_broken() ? WEFT_EBROKEN : WEFT_ESHUTDOWN;
  given.set_spawned(*this);
  count_one(me);
  if (me != nullptr) {
    awaited *const helped = made_in_ == me->stretch ? me->helped : nullptr;
    if (pool_->workers().spawn(*me, {&given, this, helped}, calling)) {
      worker_counts::step(me->counts.spawned);
      tell_helpers();
      // One of its tasks, or the branch itself, runs below this call, so it lives.
      if (helped != nullptr) helped->tell_helpers();
      return WEFT_OK;
    }
  }
  const weft_status status = enqueue(given, accepted);
  if (status == WEFT_OK) return WEFT_OK;
  given.clear_spawned(); // the caller may give it to another group or executor
  end_one(me);
  return status;
}

weft_status group::accept_attached(task &given) {
  task *const one = &given;
  return submit_attached(&one, 1, [&](task *const *, std::size_t) { return spawn(given); });
}

struct group::ticket {
  group *of; // with a handle
};

weft_status group::enqueue(task &given, bool accepted) noexcept {
  static constexpr weft_task_type_t type{sizeof(weft_task_type_t),
                                         WEFT_TASK_POSTED | type_is_inner,
                                         sizeof(ticket),
                                         alignof(ticket),
                                         &group::run_ticket,
                                         &group::drop_ticket,
                                         nullptr};
  task *const carrier = task::create(type, 1);
  if (carrier == nullptr) return WEFT_ENOMEM;
  ::new (carrier->room()) ticket{this};
  ref_handle();
  {
    const std::scoped_lock hold(mutex_);
    given.link_to(nullptr);
    if (last_ != nullptr)
      last_->link_to(&given);
    else
      first_ = &given;
    last_ = &given;
    queued_.fetch_add(1, std::memory_order_relaxed);
  }
  // Sleepers are woken before the push: after it, nothing may keep the group for a caller without a
  // handle. README.md, "Groups: tickets".
  light_barrier(); // against the heavy one of sleep()
  tell_helpers();
  // A thread that waits in a completion queue for this group may run the task. It has tied the group
  // before it looked for tasks, under the lock.
  const bool is_tied = (count_.load(std::memory_order_acquire) & tied) != 0;
  const task_owner *const on = pool_;
  const weft_status status = pool_->push_inner(*carrier, accepted);
  if (status == WEFT_OK) {
    if (is_tied) wait_graph::instance().tell_news(on, nullptr);
    return WEFT_OK;
  }
  task::discard(carrier);
  const handle of_ticket(this);
  if (take_out(given)) return status;
  // A waiter or another task's ticket has taken it meanwhile, so it is accepted. But that other
  // task may have no ticket now, and the pool takes none any more: one task is cancelled, because
  // it could wait for ever.
  record *const self = current_record();
  if (task *const left = self != nullptr ? take_queued() : nullptr; left != nullptr)
    run_spawned(*left, *self, fate::drop);
  return WEFT_OK;
}

bool group::take_out(task &which) noexcept {
  const std::scoped_lock hold(mutex_);
  task *before = nullptr;
  for (task *t = first_; t != nullptr; before = t, t = t->linked()) {
    if (t != &which) continue;
    (before != nullptr ? before->link_to(t->linked()) : void(first_ = t->linked()));
    if (last_ == t) last_ = before;
    which.set_owner(this); // the owner is stored in the place of the link
    queued_.fetch_sub(1, std::memory_order_relaxed);
    return true;
  }
  return false;
}

bool group::keep_spawned(task &taken) noexcept {
  return enqueue(taken, true) == WEFT_OK;
}

// --- running ---

task *group::take_queued() noexcept {
  if (queued_.load(std::memory_order_relaxed) == 0) return nullptr;
  const std::scoped_lock hold(mutex_);
  task *const taken = first_;
  if (taken == nullptr) return nullptr;
  first_ = taken->linked();
  if (first_ == nullptr) last_ = nullptr;
  queued_.fetch_sub(1, std::memory_order_relaxed);
  taken->set_owner(this);
  return taken;
}

weft_status group::run_ticket(void *room, weft_error ** /*failure*/) {
  const handle alive(static_cast<ticket *>(room)->of);
  group &self = *static_cast<ticket *>(room)->of;
  record *const here = existing_record();
  if (task *const taken = self.take_queued(); taken != nullptr)
    self.run_spawned(*taken, *here, self.pool_->discarding() ? fate::drop : fate::run);
  return WEFT_OK;
}

// The pool cancels what is pending, so the group drops the first task in its queue. If the pool is
// broken, the group fails for the same reason.
void group::drop_ticket(void *room) {
  const handle alive(static_cast<ticket *>(room)->of);
  group &self = *static_cast<ticket *>(room)->of;
  record *const here = current_record();
  if (error *const reason = self.pool_->broken(); reason != nullptr) {
    self.report(reason);
    reason->unref();
  }
  if (task *const taken = self.take_queued(); taken != nullptr && here != nullptr)
    self.run_spawned(*taken, *here, fate::drop);
  self.return_credit_of(here);
}

// Not by a worker that waits for this group and has it from its own deque: so a stretch of work
// begins.
void group::run_spawned(task &taken, record &self, fate what, const helping *helps) {
  worker *const me = worker_of(&self);
  const stretch_scope stretch(me, *this);
  run_here(taken, self, me, what, helps);
}

void group::run_here(task &taken, record &self, worker *me, fate what, const helping *helps) {
  struct ending { // also when the thread is ended inside the task
    group &of;
    task &which;
    worker *const me;
    const bool attached;
    bool cancelled_here = false;
    ~ending() {
      if (attached) [[unlikely]] {
        if (which.state() == running)
          which.end_attachment();
        else if (!cancelled_here && !which.is_ended_by_second())
          return; // its closure is not dropped yet: the thread that has cancelled it ends it
        which.unref();
      } else {
        which.free_spawned();
      }
      of.end_one(me);
    }
  } at_end{*this, taken, me, taken.has_attachment()};
  // A task that belongs to something may be called off on its own, so it is claimed.
  const bool dropped = what == fate::drop || is_cancelled();
  if (dropped || (at_end.attached && !taken.try_claim())) [[unlikely]] {
    word_.fetch_or(some_dropped_bit, std::memory_order_release);
    if (!at_end.attached) return taken.drop_closure();
    at_end.cancelled_here = taken.begin_cancel();
    if (at_end.cancelled_here) taken.finish_cancel();
    return;
  }
  const outcome end = taken.perform(self, this, word_, helps);
  if (end.state != with_error) [[likely]]
    return taken.drop_unread_result();
  report(end.failure);
  end.failure->unref();
}

void group::end_cancelled(task &dropped) noexcept {
  dropped.unref();
  end_some(1);
}

void group::report(const weft_error *failure) {
  auto *const given = const_cast<error *>(static_cast<const error *>(failure)); // counting a reference changes nothing
  given->ref();
  error *none = nullptr;
  if (!error_.compare_exchange_strong(none, given, std::memory_order_acq_rel)) given->unref();
  if ((flags_ & WEFT_GROUP_CANCEL_ON_ERROR) != 0) word_.fetch_or(cancelled_bit, std::memory_order_release);
}

void group::wake_waiters(whom which) noexcept {
  wake_list sleepers;
  const std::scoped_lock hold(mutex_);
  for (waiter *w = waiters_; w != nullptr; w = w->next) {
    if (which == whom::helpers && !w->helps) continue;
    w->told.store(true, std::memory_order_release);
    sleepers.add(*w->who);
  }
  // Under the lock: a waiter that enters the list later must not take hope from it.
  if (which == whom::all) telling_.fetch_sub(1, std::memory_order_release);
}

// --- waiting ---

// Run one task of this group, by a thread that acts for its pool: the newest of its own deque, one
// of the queue, or the oldest of another worker's deque. The last may also be one that a task of
// this group waits for: sched/README.md, "Helping further down".
bool group::run_one(record &self, worker *me, const helping &by) {
  scheduler &workers = pool_->workers();
  bool discarded = false;
  task *taken = me != nullptr ? workers.take_spawned(*me, *this, discarded) : nullptr;
  if (taken != nullptr) {
    run_here(*taken, self, me, discarded ? fate::drop : fate::run, &by);
    return true;
  }
  taken = take_queued();
  discarded = pool_->discarding();
  if (taken == nullptr) taken = workers.steal_spawned(me, *this, discarded);
  if (taken == nullptr) return false;
  const bool ours = &taken->group() == this;
  taken->group().run_spawned(*taken, self, discarded ? fate::drop : fate::run, &by);
  if (!ours && me != nullptr) scheduler::return_credit(*me); // a thread that waits for that group may sleep
  return true;
}

weft_status group::verdict() const noexcept {
  if (error_.load(std::memory_order_acquire) != nullptr) return WEFT_EFAILED;
  return (word_.load(std::memory_order_acquire) & some_dropped_bit) != 0 ? WEFT_ECANCELED : WEFT_OK;
}

// By the rule of all waits (task/helping.hpp), but in a loop of its own: most waits here are joins
// of a recursion, which find the one child that they wait for on the deque of their worker.
weft_status group::wait_here(deadline until, depth how, bool stays) {
  record *const self = current_record();
  if (self == nullptr) return WEFT_ENOMEM;
  worker *const me = worker_of(self);
  const bool is_inside = me != nullptr || (pool_ != nullptr && serves(*self, pool_));
  const helper mine(*self, until, true);
  bool has_run = false, may_circle = true;
  const auto run = [&] {
    const helping_scope here(*self);
    const bool ran = run_one(*self, me, mine.by);
    has_run |= ran;
    return ran;
  };
  for (;;) {
    const bool has_room = how == depth::any || stack_room(*self) != room_left::none;
    // Once without a look at the clock and the flags: mostly the only child was not stolen.
    if (me != nullptr && has_room && until.is_never()) run();
    if (done_for(me)) return has_run && asked_to_stop(*self) ? WEFT_EINTERRUPTED : verdict();
    if (until.passed()) return all_done() ? verdict() : WEFT_ETIMEDOUT;
    if (stop_requested(*self)) return WEFT_EINTERRUPTED;
    bool helps = is_inside && has_room && mine.has_time();
    // It leaves tasks to other workers, which are free.
    const bool leaves = helps && mine.how == lending::if_needed && !pool_->saturated();
    if (helps && !leaves && run()) {
      may_circle = true;
      continue;
    }
    if (all_done()) return verdict();
    helps = helps && !leaves;
    const auto over = [&]() noexcept { return pending() == 0; };
    const auto more = [&]() noexcept {
      return helps && (queued_.load(std::memory_order_relaxed) != 0 || pool_->workers().has_spawned(me, *this));
    };
    if (spin_until([&]() noexcept { return over() || more(); })) continue;
    helpful_sleep sleeping;
    if (helps && may_circle) sleeping.hand = &hand_for_tasks;
    sleeping.stays = stays;
    if (leaves) sleeping.next_look = now_ns() + look_again_after;
    const weft_status status = sleep(*self, until, helps, sleeping);
    if (sleeping.offered != nullptr) {
      may_circle = run_offered(sleeping, mine) == lent::yes;
      has_run |= may_circle;
      continue;
    }
    if (all_done()) return verdict();
    if (status != WEFT_OK) return status;
  }
}

// WEFT_OK: look again.
weft_status group::sleep(record &self, deadline until, bool helps, helpful_sleep &sleeping) {
  if (inherited()) return WEFT_EFORKED;
  waiter entry{*this, &self.sleeper, nullptr, helps, {}};
  {
    const std::scoped_lock hold(mutex_);
    entry.next = waiters_;
    waiters_ = &entry;
  }
  // In this order: a thread that sees the flag finds this entry in the list.
  count_.fetch_or(helps ? waited_for | help_sleeps : waited_for, std::memory_order_acq_rel);
  heavy_barrier(); // against the light one of a worker that spawns on its deque, then looks at the flag
  const bool over = all_done() || (helps && pool_->workers().has_spawned(worker_of(&self), *this));
  const dependency on{&entry, &group::may_happen};
  if (helps) helpers_.fetch_add(1, std::memory_order_relaxed); // the graph's lock orders it for may_happen()
  const weft_status status = sleep_until(
      self, &on, 1, wait_for::all, until,
      [&]() noexcept {
        return over || entry.told.load(std::memory_order_acquire) || pending() == 0 ||
               (helps && queued_.load(std::memory_order_relaxed) != 0);
      },
      &sleeping);
  if (helps) helpers_.fetch_sub(1, std::memory_order_relaxed);
  const std::scoped_lock hold(mutex_);
  waiter **at = &waiters_;
  while (*at != &entry) at = &(*at)->next;
  *at = entry.next;
  return status;
}

// No request stops this wait, nor does the end of the runtime: what the tasks refer to goes when it
// is over. For the same reason it runs tasks at any depth of the stack.
bool group::settle(giving_up when) {
  static constexpr atomic<std::uint32_t> never_asked{0};
  record *const self = current_record();
  if (self == nullptr) return false;
  if (done_for(worker_of(self))) return true;
  const frame *const around = self->top;
  const frame_scope deaf(*self, nullptr, around != nullptr ? around->owner : nullptr, &never_asked);
  while (!all_done()) {
    const weft_status status = wait_here(deadline::never(), depth::any, when == giving_up::never);
    if (status == WEFT_EDEADLK || status == WEFT_EFORKED) return false;
  }
  return true;
}

void group::end() {
  worker *const me = worker_of(existing_record());
  if (end_alone(me)) return;
  if (!done_for(me) && !all_done()) {
    cancel();
    settle();
  }
  unref_handle();
}

// A waiter that is told comes back by itself. The order of the reads is argued in README.md,
// "Groups: waiting".
bool group::may_happen(const void *waiting, const wait_graph &graph) noexcept {
  const auto &entry = *static_cast<const waiter *>(waiting);
  const group &self = entry.of;
  const std::uint64_t pending = self.pending(), queued = self.queued_.load(std::memory_order_relaxed);
  if (self.telling_.load(std::memory_order_acquire) != 0 || entry.told.load(std::memory_order_acquire)) return true;
  if (pending == 0) return true;
  // Some task runs on a thread that is not stuck, or lies on the deque of such a thread.
  if (pending > queued + graph.stuck_frames(&self)) return true;
  return queued != 0 && (self.helpers_.load(std::memory_order_relaxed) != 0 || self.pool_->can_run(graph));
}

// --- ending ---

// A task that is about to start looks at the time itself: the thread that keeps deadlines may be
// late.
bool group::is_cancelled(std::uint32_t seen) const noexcept {
  return (seen & cancelled_bit) != 0 || by_token_->token.cancelled();
}

weft_status group::settle_until_asked() {
  return wait_here(deadline::never(), depth::any);
}

void group::request_stop() noexcept {
  word_.fetch_or(stop_bit, std::memory_order_acq_rel);
  wait_graph::instance().wake_asked(word_);
}

void group::ask_to_cancel() noexcept {
  word_.fetch_or(cancelled_bit | stop_bit, std::memory_order_acq_rel);
  wait_graph::instance().wake_asked(word_);
}

void group::cancel() {
  ask_to_cancel();
  record *const self = current_record();
  ref_handle();
  const handle alive(this);
  while (self != nullptr) {
    task *const taken = take_queued();
    if (taken == nullptr) return return_credit_of(self);
    run_spawned(*taken, *self, fate::drop);
  }
}

// Tell waiters what this thread has ended of the group's tasks, before it returns to the code
// around.
void group::return_credit_of(const record *self) noexcept {
  worker *const me = worker_of(self);
  if (me != nullptr && me->credit_of.load(std::memory_order_relaxed) == this) scheduler::return_credit(*me);
}

weft_status group::reset() noexcept {
  if (!all_done()) return WEFT_EINVALIDSTATE;
  if (by_token_ != nullptr && by_token_->token.cancelled()) return WEFT_ECANCELED;
  word_.fetch_and(has_deadline_bit, std::memory_order_release);
  error *kept = nullptr;
  {
    const std::scoped_lock hold(mutex_); // another thread may be about to count a reference to it
    kept = error_.exchange(nullptr, std::memory_order_acq_rel);
  }
  if (kept != nullptr) kept->unref();
  return WEFT_OK;
}

error *group::first_error() const noexcept {
  const std::scoped_lock hold(mutex_);
  error *const kept = error_.load(std::memory_order_acquire);
  if (kept != nullptr) kept->ref();
  return kept;
}

} // namespace weft::core
