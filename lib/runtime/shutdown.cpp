// How a runtime ends: README.md, "The end of a runtime". The code repeats the numbers of the steps
// there.
//
// Owns no state: it drives the roster and the list of executors. exit.cpp has how the exiting
// thread waits.
#include <algorithm>
#include <memory>
#include <new>
#include <vector>

#include <time.h>

#include "base/log.hpp"
#include "exec/pool.hpp"
#include "runtime/end_report.hpp"
#include "runtime/exit.hpp"
#include "runtime/runtime.hpp"
#include "thread/record.hpp"
#include "thread/roster_find.hpp"

namespace weft::core {
namespace {

// Also a worker on its last steps, whose pool is gone.
bool is_regular(const thread &t) noexcept {
  return !t.is_daemon() && (t.role() == thread_role::target || t.role() == thread_role::worker) && !t.ended();
}

// In step 1. Workers are waited for with their pools.
bool waited_for(const thread &t) noexcept {
  return t.role() == thread_role::target && is_regular(t);
}

bool is_ours(const record &self, const runtime &home) noexcept {
  const thread *const object = self.object;
  if (object != nullptr && object->belongs_to(home) &&
      (object->role() == thread_role::target || object->role() == thread_role::worker))
    return true;
  for (const frame *f = self.top; f != nullptr; f = f->below)
    if (f->owner != nullptr && f->owner->belongs_to(home)) return true;
  return false;
}

executor &executor_of(const shared<task_owner> &owner) noexcept {
  return static_cast<executor &>(*owner);
}

// Takes steps 1 and 2, once. At the end of the process, what can never end goes to `passed_over`.
struct ending {
  runtime &of;
  executor_list &executors;
  deadline until;
  bool at_exit;
  std::vector<const void *> passed_over{};

  bool is_passed_over(const void *what) const noexcept {
    return std::find(passed_over.begin(), passed_over.end(), what) != passed_over.end();
  }

  // A pool that has ended is waited for until its workers' threads have ended, too.
  bool is_waited_for(executor &e) const noexcept {
    if (e.kind() != executor_kind::pool || e.is_daemon() || is_passed_over(&e)) return false;
    return !e.ended() || static_cast<pool &>(e).workers().worker_left(passed_over) != nullptr;
  }

  // WEFT_OK also if it is passed over.
  weft_status judge(weft_status status, const void *what) {
    if (status != WEFT_EDEADLK || !at_exit) return status;
    passed_over.push_back(what);
    return WEFT_OK;
  }

  // At the end of the process the exiting thread waits in its own way: exit.hpp.
  weft_status await_thread(thread &which) {
    if (!at_exit) return which.join(until);
    for (;;) {
      if (const weft_status seen = which.join(deadline::past()); seen != WEFT_ETIMEDOUT) return seen;
      const weft_status status = wait_in_exit(*current_record(), which.end(), {&which, &thread::may_end});
      if (status != WEFT_OK) return status;
    }
  }

  weft_status await_pool(class pool &which) {
    if (!at_exit) return which.join(until);
    if (which.inside()) return WEFT_EDEADLK;
    if (const weft_status status = wait_in_exit(*current_record(), which.workers().end(), which.on_end());
        status != WEFT_OK)
      return status;
    while (which.join(deadline::past()) != WEFT_OK) {
      const shared<thread> left = which.workers().worker_left(passed_over);
      if (!left) break;
      if (const weft_status status = judge(await_thread(*left), left.get()); status != WEFT_OK) return status;
    }
    return WEFT_OK;
  }

  weft_status wait_for_threads() {
    for (;;) {
      const shared<thread> next = adopt(of.find([&](const thread &t) { return waited_for(t) && !is_passed_over(&t); }));
      if (!next) return WEFT_OK;
      const weft_status status = judge(await_thread(*next), next.get());
      if (status == WEFT_ENOTSTARTED) continue; // it was about to start, and was refused
      if (status != WEFT_OK) return status;
    }
  }

  weft_status wait_for_pools() {
    for (;;) {
      const shared<task_owner> next = executors.find([&](executor &e) { return is_waited_for(e); });
      if (!next) return WEFT_OK;
      auto &which = static_cast<pool &>(executor_of(next));
      which.close();
      const weft_status ended = await_pool(which);
      if (ended == WEFT_EDEADLK && at_exit) finish_what_can_be(which);
      if (const weft_status status = judge(ended, &which); status != WEFT_OK) return status;
    }
  }

  // What steps 1 and 2 do not see: a worker that has left its pool, which is gone or open. It waits for
  // a moment only, because the worker may be one of a new pool, which has no end yet.
  weft_status wait_for_others() {
    const shared<thread> next = adopt(of.find([&](const thread &t) { return is_regular(t) && !is_passed_over(&t); }));
    if (!next) return WEFT_OK;
    const deadline moment = deadline::after(WEFT_MILLISECOND);
    const bool is_last = until.at() <= moment.at();
    const weft_status status = next->join(is_last ? until : moment);
    if (at_exit) look_in_exit();
    if (status == WEFT_ETIMEDOUT) return is_last ? WEFT_ETIMEDOUT : WEFT_OK;
    return status == WEFT_ENOTSTARTED ? WEFT_OK : judge(status, next.get());
  }

  // A worker of this pool never comes back: its task has called exit(), or waits for what only
  // comes after the end. So the pool has no end to wait for. Its other workers finish what was
  // accepted, with one more if the exiting thread is a worker. What is left then is cancelled. This
  // looks now and then: an event for this rare case would cost every task something.
  static void finish_what_can_be(pool &which) {
    record &self = *current_record();
    if (worker *const me = which.workers().worker_of(&self); me != nullptr) which.workers().begin_blocking(*me, self);
    while (which.others_at_work(self)) {
      look_in_exit();
      const timespec moment{0, 200'000};
      nanosleep(&moment, nullptr);
    }
    which.cancel_pending();
  }
};

void close_executors(executor_list &executors, bool everything) {
  while (const shared<task_owner> next = executors.find([&](executor &e) {
    return (everything || e.is_daemon() || e.kind() == executor_kind::caller_run) && e.ask_once();
  })) {
    executor_of(next).close();
    executor_of(next).cancel_pending();
    executor_of(next).halt();
  }
}

} // namespace

weft_status runtime::wait_for_regular(deadline until) {
  ending end{*this, executors_, until, false};
  for (;;) {
    weft_status status = end.wait_for_threads();                     // 1
    if (status == WEFT_OK) status = end.wait_for_pools();            // 2
    if (status != WEFT_OK || close_if_quiet(nullptr)) return status; // 3
    if (status = end.wait_for_others(); status != WEFT_OK) return status;
  }
}

weft_status runtime::shutdown(deadline until) {
  record *const self = current_record();
  if (self == nullptr) return WEFT_ENOMEM;
  if (is_ours(*self, *this)) return WEFT_EDEADLK;
  const weft_status status = wait_for_regular(until);
  if (status != WEFT_OK && status != WEFT_ETIMEDOUT) return status;
  stop(status == WEFT_OK ? what::daemons : what::everything); // 4
  static_cast<void>(end_keeper_if_last());                    // 5
  return status;
}

// Nothing starts any more, and what is not waited for is asked to end. The thread that ends the
// runtime goes on, and may wait again.
void runtime::stop(what which) {
  const bool all = which == what::everything;
  const record *const self = existing_record();
  close();
  executors_.close();
  close_executors(executors_, all);
  halt(
      [all, self](const thread &t) { return (all || t.is_daemon()) && (self == nullptr || !is_object_of(*self, &t)); });
}

weft_status runtime::shutdown(deadline until, std::int64_t grace, end_report *&out) {
  record *const self = current_record();
  if (self == nullptr) return WEFT_ENOMEM;
  if (is_ours(*self, *this)) return WEFT_EDEADLK;
  survey seen;
  seen.look(*this);
  const weft_status waited = wait_for_regular(until);
  if (waited == WEFT_EINTERRUPTED || waited == WEFT_ENOMEM) return waited;
  seen.look(*this); // before they are asked to stop, which wakes those that sleep
  // 4. Everything also after WEFT_EDEADLK: more waiting would not help.
  stop(waited == WEFT_OK ? what::daemons : what::everything);
  const shared<runtime> keeper = end_keeper_if_last(); // 5
  const deadline end = deadline::after(grace);
  if (const weft_status status = wait_for_all(end); status == WEFT_EINTERRUPTED) return status;
  if (keeper && keeper->wait_for_all(end) == WEFT_EINTERRUPTED) return WEFT_EINTERRUPTED;
  bool hosts_left = false;
  if (const weft_status status = wait_for_host_threads(*self, end, hosts_left); status == WEFT_EINTERRUPTED)
    return status;
  const bool nothing_left = await_departed(end) && (!keeper || keeper->await_departed(end)) && !hosts_left;
  auto made = std::make_unique<end_report>(seen, *this);
  if (keeper) made->add(*keeper);
  if (!nothing_left) made->note_departing();
  const bool safe = made->safe_to_unload();
  out = made.release();
  return safe ? WEFT_OK : WEFT_ETIMEDOUT;
}

// Waits for all threads that weft has started, of every kind. Passes over what can never end.
weft_status runtime::wait_for_all(deadline until) {
  std::vector<shared<thread>> hopeless;
  for (;;) {
    const shared<thread> next = adopt(find([&](const thread &t) {
      return (t.role() == thread_role::target || t.role() == thread_role::worker) && !t.ended() &&
             std::find(hopeless.begin(), hopeless.end(), &t) == hopeless.end();
    }));
    if (!next) return WEFT_OK;
    const weft_status status = next->join(until);
    if (status == WEFT_EDEADLK)
      hopeless.push_back(next);
    else if (status != WEFT_OK && status != WEFT_ENOTSTARTED)
      return status;
  }
}

// Waits for threads of the host that work for a pool of this runtime, until the stop hook of the
// pool has returned.
weft_status runtime::wait_for_host_threads(record &self, deadline until, bool &left) {
  for (const shared<task_owner> &each : executors_.all()) {
    if (executor_of(each).kind() != executor_kind::pool) continue;
    auto &which = static_cast<pool &>(*each);
    if (!which.workers().has_host_threads()) continue;
    const weft_status status = which.await_end(self, until);
    if (status == WEFT_EINTERRUPTED) return status;
    if (status != WEFT_OK) left = true;
  }
  return WEFT_OK;
}

void runtime::finish_at_exit() {
  record *const self = current_record();
  if (self == nullptr) return;
  try {
    ending end{*this, executors_, deadline::never(), true};
    if (self->object != nullptr) end.passed_over.push_back(self->object);
    for (;;) {
      weft_status status = end.wait_for_threads();                             // 1
      if (status == WEFT_OK) status = end.wait_for_pools();                    // 2
      if (status != WEFT_OK) break;                                            // it was asked to stop
      if (end.passed_over.empty() ? close_if_quiet(nullptr) : closed()) break; // 3
      // Some can never end, so the roster never gets quiet. Close it first, then look once more for
      // threads that came in before.
      if (!end.passed_over.empty()) close();
      if (end.wait_for_others() != WEFT_OK) break;
    }
    stop(what::daemons); // 4
  } catch (const std::bad_alloc &) {
    log_line("out of memory at the end of the process; it ends without waiting");
  }
  let_go_of_threads();
}

} // namespace weft::core
