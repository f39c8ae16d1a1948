// What others ask a scheduler: whether a worker is free or stuck, whether it is idle, what its
// workers do, its figures.
#include <algorithm>
#include <mutex>

#include "sched/scheduler.hpp"
#include "thread/record.hpp"
#include "thread/wait_graph.hpp"

namespace weft::core {

bool scheduler::has_free_hand() const noexcept {
  const census::counts now = census_.read();
  return now.searching > 0 || now.idle() > 0 || may_start_one(now);
}

bool scheduler::has_room_beside(std::uint32_t at_work) const noexcept {
  return at_work < std::max(2u, most_workers()) && injector_.empty() && has_free_hand();
}

bool scheduler::is_idle() noexcept {
  const std::scoped_lock hold(start_mutex_);
  return is_quiet_locked();
}

bool scheduler::could_run(const wait_graph &graph) const noexcept {
  const census::counts now = census_.read();
  // While none is there, another thread of the host may come. But if all that are there are stuck,
  // it stays that way: a host with one loop has no other thread.
  if (settings_.host_only && now.alive == 0) return true;
  return may_start_one(now) || graph.stuck_workers(&owner_) < now.alive;
}

bool scheduler::others_at_work(record &self) noexcept {
  const std::uint32_t caller = is_worker(&self) ? 1 : 0;
  const census::counts now = census_.read();
  if (now.alive <= caller) return false;
  if (now.active < now.alive && has_work()) return true; // an idle worker is on its way to the work
  // Workers at rest have nothing to do. Of those at work only the stuck ones will never finish. A
  // stuck one sleeps inside a task, so it counts as active.
  return now.active > caller + wait_graph::instance().stuck_workers_now(&owner_, self);
}

bool scheduler::view(std::uint32_t index, worker_view &now) noexcept {
  const std::scoped_lock hold(start_mutex_);
  if (index >= places_.load(std::memory_order_relaxed)) return false;
  const worker &w = *workers_[index].load(std::memory_order_relaxed);
  now.who = w.retired ? nullptr : w.self;
  now.host = w.host;
  now.rests = w.at_rest.load(std::memory_order_relaxed);
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
  for (const task_queue *const queue : {&injector_, &high_, &low_, &due_}) add_queue(*queue);
  now.injected = now.submitted;
  now.submitted += passed_by_.load(std::memory_order_relaxed);
  now.completed = completed_elsewhere_.load(std::memory_order_relaxed);
  now.cancelled = cancelled_elsewhere_.load(std::memory_order_relaxed);
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
  }
  return now;
}

} // namespace weft::core
