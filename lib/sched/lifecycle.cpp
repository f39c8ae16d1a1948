// How workers come and go, and the end of a scheduler. README.md, "The end", has the argument.
#include <algorithm>
#include <mutex>
#include <new>
#include <utility>

#include "sched/scheduler.hpp"
#include "thread/record.hpp"
#include "thread/roster_find.hpp"
#include "thread/wait_graph.hpp"

namespace weft::core {

// True: a worker was started, or none can be. False: look again at `seen`.
bool scheduler::start_worker(census::counts &seen) noexcept {
  census::counts before{};
  {
    const std::scoped_lock hold(start_mutex_);
    if (ended_) return true;
    // The new worker counts as searching from here on. So other submitters do not start more
    // workers than needed.
    if (!census_.change(seen, +1, +1, +1)) return false;
    if (launch_worker_locked() == WEFT_OK) return true;
    before = census_.add(-1, -1, -1);
  }
  // The system refuses: go on with fewer workers. A submitter that read this one as a searcher has
  // relied on it, so look after that work too.
  note_rest();
  if (before.idle() > 0 && has_work()) {
    seen = census_.read();
    if (seen.searching == 0 && seen.idle() > 0) return false;
  }
  return true;
}

// A place that a worker has left, or a new one.
worker *scheduler::free_place_locked() {
  const std::uint32_t count = places_.load(std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < count; ++i)
    if (worker *const left = workers_[i].load(std::memory_order_relaxed); left->retired) return left;
  // A surplus worker leaves the census before it leaves its place, so there may be none.
  if (count == most_places()) throw std::bad_alloc();
  auto *const fresh = new worker(*this, count);
  fresh->retired = true;
  workers_[count].store(fresh, std::memory_order_release);
  places_.store(count + 1, std::memory_order_release);
  return fresh;
}

// The thread that had this place may still be on its way out, and the end of the pool waits for it.
void scheduler::clear_locked(worker &place) {
  std::erase_if(leaving_, [](const shared<thread> &which) { return which->ended(); });
  if (place.self && !place.self->ended()) leaving_.push_back(place.self);
  place.self.reset();
}

weft_status scheduler::launch_worker_locked() noexcept {
  if (worker *const kept = lingering_; kept != nullptr) {
    lingering_ = kept->next_lingering;
    kept->lingers = false;
    kept->sleeper->unpark();
    return WEFT_OK;
  }
  weft_status status = WEFT_ENOMEM;
  try {
    worker &place = *free_place_locked();
    // What its tasks submit comes from outside, in the sense of close(), and a new place does not
    // know of the close.
    if (closed_.load(std::memory_order_relaxed)) place.own.close();
    thread_settings settings;
    settings.name = settings_.name_prefix + "_" + std::to_string(place.index);
    settings.daemon = settings_.daemon;
    settings.role = thread_role::worker;
    settings.stack_size = settings_.stack_size;
    settings.inside = settings_.inside;
    settings.signals = settings_.signals;
    settings.nice = settings_.nice;
    settings.affinity = settings_.affinity;
    clear_locked(place);
    // The thread's drop gives the owner's reference back: at the thread's end, or when it does not
    // start.
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
  // The domain of the pool is closed, and is about to shut the pool down. That concerns the pool: a
  // submitter need not be inside the domain.
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

// A worker leaves its loop: at the end, because its task has ended the thread, as a thread of the
// host, because it was surplus, or because it had no work for `linger`. After that another worker
// may take the place.
void scheduler::retire(worker &me) noexcept {
  return_credit(me);
  if (me.spawned.empty()) no_longer_spawns(me);
  if (me.owner_refs != 0) owner_.unref(std::exchange(me.owner_refs, 0)); // the thread has one more
  me.last_into = nullptr;
  if (record *const self = existing_record(); self != nullptr) {
    if (self->regions != 0) close_regions(*self); // that a hook has left open
    self->worker = nullptr;
    self->before_sleep = nullptr;
  }
  bool last = false;
  {
    const std::scoped_lock hold(start_mutex_);
    // A surplus worker, and one that had no work for `linger`, have left the census before. When
    // another one leaves, could_run() may become false.
    census::counts before = census_.read();
    if (!me.left)
      wait_graph::instance().take_for_good([&]() noexcept {
        if (std::exchange(me.helps, false)) { // first: the graph asks how many may be started
          --helpers_;
          set_limit_locked();
        }
        before = census_.add(me.searching ? -1 : 0, me.idle ? 0 : -1, -1);
      });
    const bool was_last = before.alive == (me.left ? 0 : 1);
    me.searching = me.idle = me.left = false;
    me.retired = true;
    me.host = {};
    // A worker that has left the census before may come after the last worker in the census.
    if (ended_)
      last = was_last && !std::exchange(end_is_told_, true);
    else
      end_if_drained_locked(); // this worker may have been the last one
  }
  if (last)
    end_.finish(false);
  else
    look_after_work();
  note_rest();
}

void scheduler::close() noexcept {
  // The queues first: a thread that sees closed_ may rely on it that nothing comes in from outside
  // any more.
  for (task_queue *const queue : {&injector_, &high_, &low_, &due_}) queue->close();
  closed_.store(true, std::memory_order_seq_cst);
  // A worker that starts after this takes its tasks from closed queues.
  const std::scoped_lock hold(start_mutex_);
  const std::uint32_t count = places_.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < count; ++i) workers_[i].load(std::memory_order_acquire)->own.close();
  call_lingering_locked();
  end_if_drained_locked();
}

// By a worker that went to rest, or after a withdrawal. One of these and close() sees that all has
// happened: README.md, "The end".
void scheduler::end_if_drained() noexcept {
  if (!closed_.load(std::memory_order_seq_cst) || census_.read().active != 0 || has_work()) return;
  const std::scoped_lock hold(start_mutex_);
  end_if_drained_locked();
}

void scheduler::end_if_drained_locked() noexcept {
  if (ended_ || !closed_.load(std::memory_order_seq_cst) || !is_quiet_locked()) return;
  ended_ = true;
  call_lingering_locked();
  io_.stop();
  call_all_at_rest();
  if (census_.read().alive != 0) return; // the last worker to leave its loop finishes it
  end_is_told_ = true;
  end_.finish(false); // the caller has a reference to the owner
}

// No guest, no active worker, no task in a queue. With both locks no thread takes a task between
// the looks: a worker at rest is woken, and gets up, under rest_mutex_; a worker starts, and a
// guest comes, under start_mutex_. README.md, "Idle".
bool scheduler::is_quiet_locked() noexcept {
  const std::scoped_lock hold(rest_mutex_);
  return guests_ == 0 && census_.read().active == 0 && !has_work();
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

// After the end, so no worker starts any more.
weft_status scheduler::join_workers(deadline until) noexcept {
  for (const shared<thread> &each : leaving_)
    if (const weft_status status = each->join(until); status != WEFT_OK) return status;
  const std::uint32_t count = places_.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < count; ++i) {
    const shared<thread> &self = workers_[i].load(std::memory_order_acquire)->self;
    if (!self) continue;
    if (const weft_status status = self->join(until); status != WEFT_OK) return status;
  }
  return WEFT_OK;
}

// After the end, as join_workers().
shared<thread> scheduler::worker_left(const std::vector<const void *> &without) noexcept {
  const auto is_left = [&without](const shared<thread> &which) noexcept {
    return which && !which->ended() && std::find(without.begin(), without.end(), which.get()) == without.end();
  };
  if (const auto at = std::find_if(leaving_.begin(), leaving_.end(), is_left); at != leaving_.end()) return *at;
  const std::uint32_t count = places_.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < count; ++i)
    if (const shared<thread> &self = workers_[i].load(std::memory_order_acquire)->self; is_left(self)) return self;
  return nullptr;
}

void scheduler::halt_workers() noexcept {
  const std::scoped_lock hold(start_mutex_);
  const std::uint32_t count = places_.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < count; ++i)
    if (const shared<thread> &self = workers_[i].load(std::memory_order_acquire)->self; self) self->halt();
}

} // namespace weft::core
