#include "exec/strand.hpp"

#include <memory>
#include <new>

#include <sched.h>

#include <boost/asio/post.hpp>

#include "base/atomic.hpp"
#include "base/log.hpp"
#include "base/system.hpp"
#include "thread/blocking.hpp"
#include "thread/wait_graph.hpp"

namespace weft::core {
namespace {

// Between two tasks that run for a wait.
bool goes_on(const record &self, const helping &by) noexcept {
  return by.has_time() && !stop_requested(self);
}

// A turn ends after so many tasks, or when the worker's own turn is over. The strand then goes to
// the end of the pool's queue. sched/README.md, "Turns".
constexpr int turn_tasks = 256;

} // namespace

// --- from asio::strand into the pool and back ---

struct strand::turn {
  strand *of; // with a reference
  std::unique_ptr<carried> what;
};

template <class Function> void asio_executor::execute(Function function) const {
  strand_->carry(std::move(function));
}

template <class Function> void strand::carry(Function function) {
  struct holder final : carried {
    explicit holder(Function &&f) : f(std::move(f)) {}
    void run() override {
      // Moved out: the function must be destroyed before its holder, because its destructor hands
      // Asio's strand on.
      Function last(std::move(f));
      last();
    }
    Function f;
  };
  static constexpr weft_task_type_t type{sizeof(weft_task_type_t),
                                         WEFT_TASK_POSTED | type_is_inner,
                                         sizeof(turn),
                                         alignof(turn),
                                         &strand::run_turn,
                                         &strand::drop_turn,
                                         nullptr};
  auto what = std::make_unique<holder>(std::move(function));
  task *const carrier = task::create(type, 2); // one for the queue, one for turn_task_
  if (carrier == nullptr) throw std::bad_alloc();
  carrier->set_known_to_maker(); // a waiter takes it through turn_task_
  ref();
  auto *const room = ::new (carrier->room()) turn{this, std::move(what)};
  task *previous = nullptr;
  {
    // Before the push: a waiter may look for it as soon as it is in the pool.
    const std::scoped_lock hold(turn_mutex_);
    previous = std::exchange(turn_task_, carrier);
  }
  if (previous != nullptr) previous->unref();
  const bool accepted = std::exchange(continuing_, false); // the next turn may run before push_inner() returns
  const weft_status status = pool_.of.push_inner(*carrier, accepted);
  if (status == WEFT_OK) return;
  // A waiter may have claimed it meanwhile. Then the turn has run, or runs, and nothing is refused.
  if (!carrier->try_claim()) return carrier->unref();
  room->~turn();
  carrier->publish({with_result, nullptr});
  carrier->unref(); // the queue's
  unref();
  throw refused{status};
}

weft_status strand::run_turn(void *room, weft_error ** /*failure*/) {
  auto *const here = static_cast<turn *>(room);
  const shared<strand> self = adopt(here->of);
  const std::unique_ptr<carried> what = std::move(here->what);
  here->~turn();
  struct ending { // also when the thread is ended inside a task of the turn
    strand &of;
    ~ending() { of.after_turn(); }
  } const at_end{*self};
  what->run();
  return WEFT_OK;
}

void strand::drop_turn(void *room) {
  auto *const here = static_cast<turn *>(room);
  const shared<strand> self = adopt(here->of);
  here->~turn();
  self->lose_turn();
}

// --- the strand ---

strand::strand(pool &on)
    : executor(executor_kind::strand, shared<roster>(&on.home()), nullptr, on.is_daemon()), pool_(on),
      serial_(asio_executor(on.context(), *this)) {}

strand::~strand() {
  withdraw_from_view();
  pool_.of.timers().dismiss_child(timers());
  if (turn_task_ != nullptr) turn_task_->unref();
}

void strand::post_turn() {
  if (std::exchange(stale_, false))
    serial_ = boost::asio::strand<asio_executor>(asio_executor(pool_.of.context(), *this));
  try {
    boost::asio::post(serial_, [this] { take_turn(); }); // its carrier holds a reference
  } catch (...) {
    stale_ = true;
    throw;
  }
}

weft_status strand::why_closed() const noexcept {
  return pool_.of.is_broken() ? WEFT_EBROKEN : WEFT_ESHUTDOWN;
}

weft_status strand::submit(task *const *tasks, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) tasks[i]->set_owner(this);
  const std::scoped_lock hold(mutex_);
  if (closed_ || pool_.of.closed()) return why_closed();
  if (waiting_.push(tasks, count) == unlocked_task_queue::answer::no_memory) return WEFT_ENOMEM;
  if (scheduled_) return WEFT_OK;
  weft_status status = WEFT_ENOMEM;
  try {
    scheduled_ = true;
    post_turn();
    return WEFT_OK;
  } catch (const refused &answer) {
    status = answer.status == WEFT_ESHUTDOWN ? why_closed() : answer.status;
  } catch (const std::bad_alloc &) {
  }
  // No turn was scheduled before, so the queue holds only the tasks of this call.
  scheduled_ = false;
  task *ours = nullptr;
  while (waiting_.pop(&ours, 1) != 0) withdrawn_.fetch_add(1, std::memory_order_relaxed);
  return status;
}

// The next task of the turn, whose fate is decided before cancel_pending() may return; null: there
// is none. The worker's hand is raised too, because the pool's discard() knows nothing of strands.
// README.md, "Strands", says why both wait for the hands.
task *strand::take_next(worker *me, next_is &fate) noexcept {
  if (me != nullptr) me->in_hand.store(true, std::memory_order_relaxed);
  in_hand_.store(true, std::memory_order_relaxed);
  compiler_barrier(); // the thread that cancels brings the barrier for both
  task *next = nullptr;
  bool found = false;
  while (!found && !batch_.empty()) found = batch_.take(&next, 1) == 1;
  if (!found) {
    next = nullptr; // a failed take may have written it
    task *taken[ring::capacity];
    std::size_t count = 0;
    {
      const std::scoped_lock hold(mutex_);
      count = waiting_.pop(taken, ring::capacity);
    }
    if (count > 1) batch_.fill(taken + 1, count - 1);
    if (count != 0) next = taken[0];
  }
  if (next != nullptr) {
    const bool discarded = pool_.of.discarding() || discarding_.load(std::memory_order_relaxed);
    if (discarded)
      fate = next->begin_cancel() ? next_is::cancelled_here : next_is::over;
    else
      fate = next->try_claim() ? next_is::claimed : next_is::over;
  }
  in_hand_.store(false, std::memory_order_release);
  if (me != nullptr) me->in_hand.store(false, std::memory_order_release);
  return next;
}

// Before it runs: a thread that sees it done sees it counted.
void strand::count_taken(const task &taken, next_is fate) noexcept {
  const bool begun = fate == next_is::claimed || (fate == next_is::over && taken.state() != cancelled);
  atomic<std::uint64_t> &which = begun ? completed_ : found_cancelled_;
  which.store(which.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

void strand::take_turn() {
  record &self = *current_record();                            // a worker's or a waiter's: it exists
  const helping *const by = self.top->helps;                   // the wait that has taken this turn, or null
  const frame_scope serving(self, nullptr, this, nullptr, by); // for callbacks, which run between the tasks
  const task *const wanted = std::exchange(wanted_, nullptr);
  worker *const me = pool_.of.workers().worker_of(&self);
  const bool has_turn = wanted == nullptr && me != nullptr;
  for (int ran = 0; wanted != nullptr ? !wanted->done() : ran < turn_tasks; ++ran) {
    if (ran != 0 && has_turn && scheduler::is_turn_over(*me)) return;
    if (by != nullptr && ran != 0 && !goes_on(self, *by)) return;
    next_is fate = next_is::over;
    task *const next = take_next(me, fate);
    if (next == nullptr) return;
    count_taken(*next, fate);
    struct holding { // also when the thread is ended inside the task
      task &which;
      ~holding() { which.unref(); }
    } const queue_reference{*next};
    if (fate == next_is::claimed)
      next->run_claimed(self, this, by);
    else if (fate == next_is::cancelled_here)
      next->finish_cancel();
    else
      next->end_if_overdue();
  }
}

// Outside of asio::strand, which is through with the turn. README.md, "Strands", says why the turn
// is given up here and not inside.
void strand::after_turn() {
  for (;;) {
    {
      const std::scoped_lock hold(mutex_); // against submit(): it pushes and looks at scheduled_ under this lock
      if (waiting_.empty() && batch_.empty()) {
        scheduled_ = false; // from here on another thread may have the turn
        break;
      }
    }
    continuing_ = true;
    try {
      return post_turn(); // the next turn may run on another worker by now: *this is not touched any more
    } catch (...) {       // no memory: this worker goes on itself
      continuing_ = false;
      take_turn();
    }
  }
  end_if_quiet();
}

void strand::lose_turn() noexcept {
  // The pool cancels what is pending, or is broken: the tasks of the strand are cancelled, or fail,
  // with it.
  if (error *const reason = broken(); reason != nullptr) {
    const withdrawing until_published(*this);
    withdrawn_tasks all(reason);
    while (task *const next = withdraw_one()) all.add(*next);
    all.finish();
    reason->unref();
  }
  {
    const std::scoped_lock hold(mutex_);
    closed_ = true; // as the pool is: an open pool loses no turn
  }
  cancel_pending();
  {
    const std::scoped_lock hold(mutex_); // the end comes after the last outcome
    scheduled_ = false;
  }
  end_if_quiet();
}

void strand::close() {
  serve_due();
  {
    const std::scoped_lock hold(mutex_);
    closed_ = true;
  }
  timers().close(WEFT_ESHUTDOWN, nullptr);
  end_if_quiet();
}

void strand::end_if_quiet() noexcept {
  tell_if_idle();
  {
    const std::scoped_lock hold(mutex_);
    if (!closed_ || scheduled_ || ended_) return;
    ended_ = true;
  }
  quiet_.finish(false);
  drop_context_if_over();
}

bool strand::idle() noexcept {
  const std::scoped_lock hold(mutex_);
  return !scheduled_ && waiting_.empty();
}

// No task starts after this has returned: README.md, "Strands".
void strand::cancel_pending() {
  discarding_.store(true, std::memory_order_seq_cst);
  barrier_in_all_threads();
  while (in_hand_.load(std::memory_order_acquire)) sched_yield();
  const withdrawing until_published(*this);
  withdrawn_tasks all;
  while (task *const next = withdraw_one()) all.add(*next);
  all.finish();
}

task *strand::withdraw_one() noexcept {
  task *next = nullptr;
  bool found = false;
  while (!found && !batch_.empty()) found = batch_.take(&next, 1) == 1;
  if (!found) {
    next = nullptr; // a failed take may have written it
    const std::scoped_lock hold(mutex_);
    found = waiting_.pop(&next, 1) == 1;
  }
  if (found) withdrawn_.fetch_add(1, std::memory_order_relaxed);
  return next;
}

weft_status strand::join(deadline until) {
  if (inside()) return WEFT_EDEADLK;
  record *const self = current_record();
  if (self == nullptr) return WEFT_ENOMEM;
  const shared<task_owner> alive(this);
  return wait_for_completion(*self, quiet_, {this, &strand::may_finish}, until);
}

void strand::read(weft_executor_stats_t &figures) const noexcept {
  figures.max_workers = 0;
  figures.workers_started = figures.workers_alive = 0;
  figures.workers_refused = 0;
  figures.queued = waiting_.size() + batch_.size();
  figures.submitted = waiting_.pushed();
  figures.completed = completed_.load(std::memory_order_relaxed);
  figures.cancelled = found_cancelled_.load(std::memory_order_relaxed) + withdrawn_.load(std::memory_order_relaxed);
}

// --- waiting inside ---

task *strand::current_turn() noexcept {
  const std::scoped_lock hold(turn_mutex_);
  if (turn_task_ != nullptr) turn_task_->ref();
  return turn_task_;
}

// A thread inside of the pool waits for a task of this strand, whose turn is still in the pool's
// queue: it takes the turn itself. The tasks before the wanted one run too, in their order; those
// behind it do not.
task_owner::lent strand::lend(task &wanted, record &self, haste when, const helping &by) {
  if (!may_lend_to(self)) return lent::no;
  if (when == haste::if_needed && !pool_.of.saturated()) return lent::left;
  lent answer = lent::no;
  while (wanted.state() == pending && (answer == lent::no || goes_on(self, by))) {
    task *const turn = current_turn();
    if (turn == nullptr) break;
    const bool mine = pool_.of.claim_from_inside(*turn, self);
    if (mine) {
      wanted_ = &wanted;
      turn->run_claimed(self, &pool_.of, &by);
      answer = lent::yes;
    }
    turn->unref();
    if (!mine) break; // it is under way elsewhere
  }
  return answer;
}

bool strand::is_held(const wait_graph &graph) const noexcept {
  return graph.stuck_serving(this) != 0;
}

bool strand::may_start(const task &pending, const wait_graph &graph) const noexcept {
  return !is_held(graph) && pool_.of.may_start(pending, graph);
}

bool strand::may_become_idle(const wait_graph &graph) const noexcept {
  return !is_held(graph) && pool_.of.can_run(graph);
}

bool strand::may_finish(const void *object, const wait_graph &graph) noexcept {
  const auto *self = static_cast<const strand *>(object);
  return self->quiet_.finished() || self->may_become_idle(graph);
}

} // namespace weft::core
