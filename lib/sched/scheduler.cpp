// The submitter's side: publish tasks, and wake or start a worker for them; take tasks back.
#include "sched/scheduler.hpp"

#include <mutex>
#include <new>
#include <utility>

#include <sched.h>

#include "base/atomic.hpp"
#include "base/system.hpp"
#include "thread/record.hpp"

namespace weft::core {

scheduler::scheduler(shared<roster> home, task_owner &owner, scheduler_settings settings)
    : home_(std::move(home)), owner_(owner), settings_(std::move(settings)), keep_running_(io_.get_executor()),
      workers_(new atomic<worker *>[most_places()]()), limit_(settings_.max_workers),
      own_limit_(settings_.max_workers) {
  prepare_light_barriers();
}

scheduler::~scheduler() {
  for (std::uint32_t i = 0; i < places_.load(std::memory_order_acquire); ++i)
    delete workers_[i].load(std::memory_order_relaxed);
}

// A worker's tasks go to its own queue, where it fights with no other submitter for the lock. If
// the scheduler was made for one worker, every task of normal priority goes through the injector,
// because only a single queue gives a total order.
task_queue &scheduler::queue_for(const task &first) noexcept {
  if (first.priority() != WEFT_PRIORITY_NORMAL) return first.priority() == WEFT_PRIORITY_HIGH ? high_ : low_;
  if (settings_.max_workers == 1) return injector_;
  worker *const self = worker_of(existing_record());
  return self != nullptr ? self->own : injector_;
}

weft_status scheduler::push(task *const *tasks, std::size_t count) noexcept {
  return push_to(queue_for(**tasks), tasks, count, admission::checked);
}

weft_status scheduler::push_due(task *const *tasks, std::size_t count) noexcept {
  const bool is_ranked = (*tasks)->priority() != WEFT_PRIORITY_NORMAL;
  return push_to(is_ranked ? queue_for(**tasks) : due_, tasks, count, admission::checked);
}

weft_status scheduler::push_on(task *const *tasks, std::size_t count) noexcept {
  return push_to(queue_for(**tasks), tasks, count, admission::forced);
}

weft_status scheduler::push_only(task_queue &queue, task *const *tasks, std::size_t count, admission how) noexcept {
  switch (how == admission::forced ? queue.push_on(tasks, count) : queue.push(tasks, count)) {
  case task_queue::answer::closed:
    return WEFT_ESHUTDOWN;
  case task_queue::answer::no_memory:
    return WEFT_ENOMEM;
  default:
    return WEFT_OK;
  }
}

weft_status scheduler::push_to(task_queue &queue, task *const *tasks, std::size_t count, admission how) noexcept {
  if (census_.read().alive == 0 && !settings_.host_only) return push_and_start(queue, tasks, count, how);
  const weft_status status = push_only(queue, tasks, count, how);
  if (status == WEFT_OK) wake_one();
  return status;
}

// The first worker is started before the push, so that a refused start leaves nothing to take back.
// The worker begins by taking this lock. So it runs its start hook, and looks at the queues, after
// the push. It was started for this push, so no other worker need be woken.
weft_status scheduler::push_and_start(task_queue &queue, task *const *tasks, std::size_t count,
                                      admission how) noexcept {
  {
    std::unique_lock hold(start_mutex_);
    if (ended_) return WEFT_ESHUTDOWN;
    if (census_.read().alive == 0) {
      const weft_status status = start_first_locked();
      if (status == WEFT_OK) return push_only(queue, tasks, count, how);
      hold.unlock();
      note_rest();
      return status;
    }
  }
  const weft_status status = push_only(queue, tasks, count, how);
  if (status == WEFT_OK) wake_one();
  return status;
}

weft_status scheduler::start_first_locked() noexcept {
  census_.add(+1, +1, +1);
  const weft_status status = launch_worker_locked();
  if (status != WEFT_OK) census_.add(-1, -1, -1);
  return status;
}

bool scheduler::has_work() const noexcept {
  if (!injector_.empty() || !high_.empty() || !due_.empty() || !low_.empty()) return true;
  const std::uint32_t count = places_.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < count; ++i) {
    const worker *const w = workers_[i].load(std::memory_order_acquire);
    if (!w->own.empty() || !w->batch.empty() || !w->spawned.empty()) return true;
  }
  return false;
}

// More than one task waits.
bool scheduler::has_several() const noexcept {
  std::size_t waiting = injector_.size() + high_.size() + due_.size() + low_.size();
  const std::uint32_t count = places_.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < count; ++i) {
    const worker *const each = workers_[i].load(std::memory_order_acquire);
    waiting += each->own.size() + each->batch.size() + each->spawned.size();
  }
  return waiting > 1;
}

// After work was published. While a worker searches there is nothing to do: it finds the work, or
// sees it when it stops searching. Otherwise an idle worker is woken, or a new one started. It is
// one worker, which wakes the next if there is more. README.md, "Lost wake-up".
void scheduler::wake_one_of(census::counts seen) noexcept {
  for (;;) {
    if (seen.searching > 0) return;
    if (seen.idle() == 0 && !may_start_one(seen)) return; // each active one looks before it rests
    // A searcher may have been so fast that the task is gone, and the searcher too. Then no other
    // worker is needed. Without this look a thread that submits and waits by turns would start a
    // second worker for nothing.
    if (!has_work()) return;
    if (seen.idle() > 0) {
      if (!census_.change(seen, +1, +1, 0)) continue;
      return send_wake_up();
    }
    if (!may_start_one(seen)) return;
    if (start_worker(seen)) return;
  }
}

weft_status scheduler::watch() noexcept {
  watched_.store(true, std::memory_order_seq_cst);
  if (census_.read().alive == 0 && !settings_.host_only) {
    std::unique_lock hold(start_mutex_);
    if (ended_) return WEFT_ESHUTDOWN;
    if (census_.read().alive == 0) {
      const weft_status status = start_first_locked();
      hold.unlock();
      if (status != WEFT_OK) note_rest();
      return status;
    }
  }
  keep_watch();
  fill_seat();
  return WEFT_OK;
}

// Start a worker that will rest and take the seat, unless a worker rests, or searches and so will
// rest or look again. If the start is refused, what is expected waits for a busy worker.
void scheduler::keep_watch() noexcept {
  census::counts seen = census_.read();
  while (seen.searching == 0 && seen.idle() == 0 && may_start_one(seen))
    if (start_worker(seen)) return;
}

void scheduler::discard() noexcept {
  discarding_.store(true, std::memory_order_seq_cst);
  barrier_in_all_threads();
  // A worker that raised in_hand before the barrier is seen here. One that raises it after the
  // barrier sees discarding_. (A drop in the middle of a worker's counting may call this with the
  // hand of its own worker raised. That worker reads discarding_ when it goes on.)
  const worker *const own = worker_of(existing_record());
  const std::uint32_t count = places_.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < count; ++i) {
    const worker *const each = workers_[i].load(std::memory_order_acquire);
    while (each != own && each->in_hand.load(std::memory_order_acquire)) sched_yield();
  }
}

bool scheduler::claim_from_inside(task &wanted, record &self) noexcept {
  if (!is_worker(&self)) return !discarding() && wanted.try_claim(); // a guest
  worker &me = *static_cast<worker *>(self.worker);
  me.in_hand.store(true, std::memory_order_relaxed);
  compiler_barrier();
  const bool claimed = !discarding() && wanted.try_claim();
  me.in_hand.store(false, std::memory_order_release);
  return claimed;
}

std::size_t scheduler::withdraw(task **out, std::size_t most) noexcept {
  std::size_t count = injector_.pop(out, most);
  count += high_.pop(out + count, most - count);
  count += due_.pop(out + count, most - count);
  count += low_.pop(out + count, most - count);
  const std::uint32_t started = places_.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < started && count < most; ++i) {
    worker &from = *workers_[i].load(std::memory_order_acquire);
    count += from.own.pop(out + count, most - count);
    // A theft can fail because the owner was faster. Only an empty batch is a reason to go on.
    while (count < most && !from.batch.empty()) count += from.batch.take(out + count, most - count);
  }
  std::uint64_t begun = 0; // by waiters
  for (std::size_t i = 0; i < count; ++i) begun += out[i]->state() != pending && out[i]->state() != cancelled;
  completed_elsewhere_.fetch_add(begun, std::memory_order_relaxed);
  cancelled_elsewhere_.fetch_add(count - begun, std::memory_order_relaxed);
  return count;
}

void scheduler::count_run_by_submitter(std::uint64_t completed, std::uint64_t cancelled) noexcept {
  passed_by_.fetch_add(completed + cancelled, std::memory_order_relaxed);
  completed_elsewhere_.fetch_add(completed, std::memory_order_relaxed);
  cancelled_elsewhere_.fetch_add(cancelled, std::memory_order_relaxed);
}

} // namespace weft::core
