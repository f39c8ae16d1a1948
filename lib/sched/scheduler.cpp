#include "sched/scheduler.hpp"

#include <mutex>
#include <new>
#include <utility>

#include <boost/asio/post.hpp>

#include <sched.h>

#include "base/system.hpp"
#include "thread/record.hpp"
#include "thread/roster_find.hpp"
#include "thread/wait_graph.hpp"

namespace weft::core {

scheduler::scheduler(shared<roster> home, task_owner &owner, scheduler_settings settings)
    : home_(std::move(home)), owner_(owner), settings_(std::move(settings)), keep_running_(io_.get_executor()),
      workers_(new std::atomic<worker *>[settings_.max_workers + settings_.max_spares]()) {
  prepare_light_barriers();
}

scheduler::~scheduler() {
  for (std::uint32_t i = 0; i < places_.load(std::memory_order_acquire); ++i)
    delete workers_[i].load(std::memory_order_relaxed);
}

// A worker's tasks go to its own queue, where no other submitter fights for the lock. With one worker everything goes
// through the injector: only a single queue gives a total order.
task_queue &scheduler::queue_for(const task &first) noexcept {
  if (first.priority() != WEFT_PRIORITY_NORMAL) return first.priority() == WEFT_PRIORITY_HIGH ? high_ : low_;
  if (settings_.max_workers == 1) return injector_;
  worker *const self = worker_of(existing_record());
  return self != nullptr ? self->own : injector_;
}

weft_status scheduler::push(task *const *tasks, std::size_t count) noexcept {
  return push_as(tasks, count, admission::checked);
}

weft_status scheduler::push_on(task *const *tasks, std::size_t count) noexcept {
  return push_as(tasks, count, admission::forced);
}

weft_status scheduler::push_as(task *const *tasks, std::size_t count, admission how) noexcept {
  if (census_.read().alive == 0 && !settings_.host_only) return push_and_start(tasks, count, how);
  const weft_status status = push_to(queue_for(**tasks), tasks, count, how);
  if (status == WEFT_OK) wake_one();
  return status;
}

weft_status scheduler::push_to(task_queue &queue, task *const *tasks, std::size_t count, admission how) noexcept {
  switch (how == admission::checked ? queue.push(tasks, count) : queue.push_on(tasks, count)) {
  case task_queue::answer::closed:
    return WEFT_ESHUTDOWN;
  case task_queue::answer::no_memory:
    return WEFT_ENOMEM;
  default:
    return WEFT_OK;
  }
}

// The first worker is started before the push, so that a refusal finds nothing to take back. It begins by taking this
// lock, so it runs its initializer, and looks at the queues, after the push: the one that we have started is the one
// for this push, and nobody else need be woken.
weft_status scheduler::push_and_start(task *const *tasks, std::size_t count, admission how) noexcept {
  {
    const std::scoped_lock hold(start_mutex_);
    if (ended_) return WEFT_ESHUTDOWN;
    if (census_.read().alive == 0) {
      census_.add(+1, +1, +1);
      if (const weft_status status = launch_worker_locked(); status != WEFT_OK) {
        census_.add(-1, -1, -1);
        return status;
      }
      return push_to(queue_for(**tasks), tasks, count, how);
    }
  }
  const weft_status status = push_to(queue_for(**tasks), tasks, count, how);
  if (status == WEFT_OK) wake_one();
  return status;
}

bool scheduler::has_work() const noexcept {
  if (!injector_.empty() || !high_.empty() || !low_.empty()) return true;
  const std::uint32_t count = places_.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < count; ++i) {
    const worker *const w = workers_[i].load(std::memory_order_acquire);
    if (!w->own.empty() || !w->batch.empty() || !w->spawned.empty()) return true;
  }
  return false;
}

// After work was published. Nothing to do while somebody searches: he finds it, or sees it when he stops searching.
// Else an idle worker is woken, or a new one started; one, who will wake the next if there is more. README.md, "Lost
// wake-up".
void scheduler::wake_one_of(census::counts seen) noexcept {
  for (;;) {
    if (seen.searching > 0) return;
    if (seen.idle() == 0 && !may_start_one(seen)) return; // each of them looks before it rests
    // The searcher may have been so fast that the task is gone and he with it. Then nobody else is needed: without this
    // look, one who submits and waits by turns would start a second worker for nothing.
    if (!has_work()) return;
    if (seen.idle() > 0) {
      if (!census_.change(seen, +1, +1, 0)) continue;
      return send_wake_up();
    }
    if (!may_start_one(seen)) return;
    if (start_worker(seen)) return;
  }
}

namespace {

// What is posted to the io_context: whichever idle worker runs it is the one that was woken.
struct wake_up {
  void operator()() const noexcept { static_cast<worker *>(existing_record()->worker)->woken = true; }
};

} // namespace

void scheduler::send_wake_up() noexcept {
  // An idle worker can be the one who pushes: a handler of the io_context does so for him. Then he is awake already.
  if (const record *const self = existing_record(); is_worker(self)) {
    worker &me = *static_cast<worker *>(self->worker);
    if (me.idle && !me.woken) {
      me.woken = true;
      return;
    }
  }
  wakes_.fetch_add(1, std::memory_order_relaxed);
  try {
    boost::asio::post(io_, wake_up{});
  } catch (const std::bad_alloc &) {
    census_.add(-1, -1, 0); // the bounded re-check of the idle workers finds the work
  }
}

weft_status scheduler::watch() noexcept {
  watched_.store(true, std::memory_order_seq_cst);
  if (census_.read().alive == 0 && !settings_.host_only) {
    const std::scoped_lock hold(start_mutex_);
    if (ended_) return WEFT_ESHUTDOWN;
    if (census_.read().alive == 0) {
      census_.add(+1, +1, +1);
      const weft_status status = launch_worker_locked();
      if (status != WEFT_OK) census_.add(-1, -1, -1);
      return status;
    }
  }
  keep_watch();
  return WEFT_OK;
}

// Unless somebody is at rest, or will be or look again, start one who will. Refused: then it waits for a busy worker.
void scheduler::keep_watch() noexcept {
  census::counts seen = census_.read();
  while (seen.searching == 0 && seen.idle() == 0 && may_start_one(seen))
    if (start_worker(seen)) return;
}

// True: a worker was started, or cannot be. False: look again at `seen`.
bool scheduler::start_worker(census::counts &seen) noexcept {
  const std::scoped_lock hold(start_mutex_);
  if (ended_) return true;
  // The new worker counts as searching from here, which keeps other submitters from starting more than is needed.
  if (!census_.change(seen, +1, +1, +1)) return false;
  if (launch_worker_locked() == WEFT_OK) return true;
  // The system refuses: go on with fewer. Whoever saw us as a searcher relied on us, so look after their work too.
  const census::counts before = census_.add(-1, -1, -1);
  if (before.idle() > 0 && has_work()) {
    seen = census_.read();
    if (seen.searching == 0 && seen.idle() > 0) return false;
  }
  return true;
}

// A place that a worker left when a task ended its thread, or a new one. At most max_workers are alive, so there is
// one.
worker *scheduler::free_place_locked() {
  const std::uint32_t count = places_.load(std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < count; ++i)
    if (worker *const left = workers_[i].load(std::memory_order_relaxed); left->retired) return left;
  // Surplus workers leave the census before they leave their places.
  if (count == settings_.max_workers + settings_.max_spares) throw std::bad_alloc();
  auto *const fresh = new worker(*this, count);
  fresh->retired = true;
  workers_[count].store(fresh, std::memory_order_release);
  places_.store(count + 1, std::memory_order_release);
  return fresh;
}

weft_status scheduler::launch_worker_locked() noexcept {
  weft_status status = WEFT_ENOMEM;
  try {
    worker &place = *free_place_locked();
    thread_settings settings;
    settings.name = settings_.name_prefix + "_" + std::to_string(place.index);
    settings.daemon = settings_.daemon;
    settings.role = thread_role::worker;
    settings.stack_size = settings_.stack_size;
    settings.inside = settings_.inside;
    // The thread's drop gives the owner's reference back, be it at the thread's end or when it does not start.
    place.self = adopt(new thread(home_, std::move(settings), {&scheduler::enter, &place, [](void *ctx) {
                                                                 static_cast<worker *>(ctx)->home.let_go_of_owner();
                                                               }}));
    owner_.ref();
    place.retired = false;
    status = place.self->start();
    if (status == WEFT_OK) {
      started_.fetch_add(1, std::memory_order_relaxed);
    } else {
      place.retired = true;
      place.self.reset();
    }
  } catch (const std::bad_alloc &) {
  }
  // The domain of the pool is closed, which is about to shut it down. That is the pool's affair: who submits need not
  // be inside.
  if (status == WEFT_ECLOSED) status = WEFT_ESHUTDOWN;
  if (status != WEFT_OK) refused_.fetch_add(1, std::memory_order_relaxed);
  return status;
}

void scheduler::let_go_of_owner() noexcept {
  if (settings_.let_go != nullptr)
    settings_.let_go(owner_);
  else
    owner_.unref();
}

// A worker leaves its loop: at the end, or because its task ended the thread. Then another one takes the place.
void scheduler::retire(worker &me) noexcept {
  return_credit(me);
  if (me.owner_refs != 0) owner_.unref(std::exchange(me.owner_refs, 0)); // the thread has one more
  me.last_into = nullptr;
  if (record *const self = existing_record(); self != nullptr) {
    self->worker = nullptr;
    self->before_sleep = nullptr;
  }
  bool last = false;
  {
    const std::scoped_lock hold(start_mutex_);
    // A surplus worker has left the census before.
    const census::counts before =
        me.left ? census_.add(0, 0, 0) : census_.add(me.searching ? -1 : 0, me.idle ? 0 : -1, -1);
    const bool was_last = before.alive == (me.left ? 0 : 1);
    me.searching = me.idle = me.left = false;
    me.retired = true;
    me.host = {};
    end_all_blocking(me);
    if (ended_) // a surplus worker may come after the one that was the last in the census
      last = was_last && !std::exchange(end_is_told_, true);
    else
      end_if_drained_locked(); // a worker that its task has ended may have been the last one
  }
  if (last)
    end_.finish(false);
  else if (has_work())
    wake_one();
  else if (watched_.load(std::memory_order_seq_cst))
    keep_watch();
}

void scheduler::close() noexcept {
  // The queue first: who sees closed_ may rely on it that nothing comes in from outside any more.
  for (task_queue *const queue : {&injector_, &high_, &low_}) queue->close();
  closed_.store(true, std::memory_order_seq_cst);
  const std::scoped_lock hold(start_mutex_); // a worker that starts meanwhile: its tasks come from a closed queue
  const std::uint32_t count = places_.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < count; ++i) workers_[i].load(std::memory_order_acquire)->own.close();
  end_if_drained_locked();
}

// By a worker that became idle, or a guest that leaves. They or close() see that all has happened: README.md, "The
// end".
void scheduler::end_if_drained() noexcept {
  if (!closed_.load(std::memory_order_seq_cst) || census_.read().active != 0 || has_work()) return;
  const std::scoped_lock hold(start_mutex_);
  end_if_drained_locked();
}

void scheduler::end_if_drained_locked() noexcept {
  if (ended_ || guests_ != 0 || !closed_.load(std::memory_order_seq_cst)) return;
  const census::counts now = census_.read();
  if (now.active != 0 || has_work()) return;
  ended_ = true;
  if (now.alive == 0) {
    end_is_told_ = true;
    end_.finish(false); // the caller has a reference to the owner
  } else {
    io_.stop(); // the last worker to leave its loop finishes it
  }
}

bool scheduler::enter_as_guest() noexcept {
  const std::scoped_lock hold(start_mutex_);
  if (closed_.load(std::memory_order_relaxed)) return false;
  ++guests_;
  return true;
}

void scheduler::leave_as_guest() noexcept {
  const std::scoped_lock hold(start_mutex_);
  --guests_;
  end_if_drained_locked();
}

void scheduler::discard() noexcept {
  discarding_.store(true, std::memory_order_seq_cst);
  barrier_in_all_threads();
  // Whoever raised in_hand before the barrier is seen here; whoever raises it after, sees discarding_.
  // (A drop in the middle of a worker's counting may call this with the mark of its own worker up: that one reads
  // discarding_ when it goes on.)
  const worker *const own = worker_of(existing_record());
  const std::uint32_t count = places_.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < count; ++i) {
    const worker *const each = workers_[i].load(std::memory_order_acquire);
    while (each != own && each->in_hand.load(std::memory_order_acquire)) sched_yield();
  }
}

bool scheduler::claim_from_inside(task &wanted, record &self) noexcept {
  if (!is_worker(&self)) return !discarding() && wanted.try_claim(); // a submitter that runs for a full queue
  worker &me = *static_cast<worker *>(self.worker);
  me.in_hand.store(true, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  const bool claimed = !discarding() && wanted.try_claim();
  me.in_hand.store(false, std::memory_order_release);
  return claimed;
}

std::size_t scheduler::withdraw(task **out, std::size_t most) noexcept {
  std::size_t count = injector_.pop(out, most);
  count += high_.pop(out + count, most - count);
  count += low_.pop(out + count, most - count);
  const std::uint32_t started = places_.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < started && count < most; ++i) {
    worker &from = *workers_[i].load(std::memory_order_acquire);
    count += from.own.pop(out + count, most - count);
    // A theft can fail because the owner was faster; only an empty batch is a reason to go on.
    while (count < most && !from.batch.empty()) count += from.batch.take(out + count, most - count);
  }
  return count;
}

weft_status scheduler::join_workers(deadline until) noexcept {
  const std::uint32_t count = places_.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < count; ++i) {
    const shared<thread> &self = workers_[i].load(std::memory_order_acquire)->self; // nobody starts after end()
    if (!self) continue;
    if (const weft_status status = self->join(until); status != WEFT_OK) return status;
  }
  return WEFT_OK;
}

void scheduler::halt_workers() noexcept {
  const std::scoped_lock hold(start_mutex_);
  const std::uint32_t count = places_.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < count; ++i)
    if (const shared<thread> &self = workers_[i].load(std::memory_order_acquire)->self; self) self->halt();
}

bool scheduler::has_free_hand() const noexcept {
  const census::counts now = census_.read();
  return now.searching > 0 || now.idle() > 0 || may_start_one(now);
}

bool scheduler::has_room_for_more() const noexcept {
  const census::counts now = census_.read();
  return injector_.empty() && now.active - now.searching < std::max(1u, most_workers() - 1) && has_free_hand();
}

bool scheduler::could_run(const wait_graph &graph) const noexcept {
  const census::counts now = census_.read();
  // Of threads that the host lends another may come while there is none; but when all that are there are stuck, that is
  // how it is going to stay: a host with one loop has nobody else.
  if (settings_.host_only && now.alive == 0) return true;
  return may_start_one(now) || graph.stuck_workers(&owner_) < now.alive;
}

bool scheduler::others_at_work(record &self) noexcept {
  const std::uint32_t caller = is_worker(&self) ? 1 : 0;
  const census::counts now = census_.read();
  if (now.alive <= caller || (now.active <= caller && !has_work())) return false;
  if (now.active < now.alive) return true; // an idle one is on its way to the work
  const std::scoped_lock hold(start_mutex_);
  const std::uint32_t count = places_.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < count; ++i) {
    const worker &each = *workers_[i].load(std::memory_order_acquire);
    if (each.retired || &each == self.worker) continue;
    const thread *const other = each.self.get();
    if (other == nullptr) return true; // lent by the host, which may have it back at any time
    if (other == self.object || other->ended()) continue;
    if (!wait_graph::instance().is_stuck_now(other, &self)) return true;
  }
  return false;
}

bool scheduler::view(std::uint32_t index, worker_view &now) noexcept {
  const std::scoped_lock hold(start_mutex_);
  if (index >= places_.load(std::memory_order_relaxed)) return false;
  const worker &w = *workers_[index].load(std::memory_order_relaxed);
  now.who = w.retired ? nullptr : w.self;
  now.host = w.host;
  now.rests = (w.rests.load(std::memory_order_acquire) & 1) != 0;
  now.taken_up = w.taken_up() - w.host.taken_before;
  return true;
}

bool scheduler::has_host_threads() noexcept {
  const std::scoped_lock hold(start_mutex_);
  const std::uint32_t count = places_.load(std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < count; ++i)
    if (workers_[i].load(std::memory_order_relaxed)->host.who != nullptr) return true;
  return false;
}

scheduler_figures scheduler::figures() const noexcept {
  scheduler_figures now{};
  now.workers = census_.read();
  now.started = started_.load(std::memory_order_relaxed);
  now.blocked = blocked_.load(std::memory_order_relaxed);
  now.refused = refused_.load(std::memory_order_relaxed);
  now.wakes = wakes_.load(std::memory_order_relaxed);
  const auto add_queue = [&now](const task_queue &queue) {
    now.queued += queue.size();
    now.submitted += queue.pushed();
    queue.add_waits(now.waits);
  };
  for (const task_queue *const queue : {&injector_, &high_, &low_}) add_queue(*queue);
  now.injected = now.submitted;
  const std::uint32_t count = places_.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < count; ++i) {
    const worker &w = *workers_[i].load(std::memory_order_acquire);
    add_queue(w.own);
    now.queued += w.batch.size() + w.spawned.size();
    const auto read = [](const worker_counts::count &which) { return which.load(std::memory_order_relaxed); };
    now.submitted += read(w.counts.spawned);
    now.completed += read(w.counts.completed);
    now.cancelled += read(w.counts.cancelled);
    now.stolen += read(w.counts.stolen);
    now.parks += read(w.counts.parks);
    now.rescues += read(w.counts.rescues);
  }
  return now;
}

} // namespace weft::core
