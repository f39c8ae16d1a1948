#include "task/wait.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <new>

#include "base/atomic.hpp"
#include "task/owner.hpp"

namespace weft::core {
namespace {

// The owner of a task that is still pending, with a reference; null when it is not pending or has none. Under the
// graph's lock the owner cannot be freed, see owner.hpp.
shared<task_owner> pending_owner(const task &which) noexcept {
  const std::scoped_lock hold(wait_graph::instance().mutex());
  task_owner *const found = which.pending_owner();
  return found != nullptr && found->try_ref() ? adopt(found) : nullptr;
}

} // namespace

bool try_lend(task &wanted, record &self, lending how) {
  // A thread that acts for no executor never runs tasks for one.
  if (self.top == nullptr || wanted.state() != pending) return false;
  const auto when = how == lending::if_needed ? task_owner::haste::if_needed : task_owner::haste::now;
  if (const shared<task_owner> owner = pending_owner(wanted)) return owner->lend(wanted, self, when);
  return lend_source(wanted, self, how);
}

weft_status wait_for_task(task &wanted, deadline until) {
  if (wanted.done()) return WEFT_OK;
  if (until.is_poll()) return WEFT_ETIMEDOUT;
  record *const self = current_record();
  if (self == nullptr) return WEFT_ENOMEM;
  if (stop_requested(*self)) return WEFT_EINTERRUPTED;
  // More than once for a future that comes of others: they run one after the other, and make it ready at last.
  for (lending how = until.is_never() ? lending::now : lending::if_needed;; how = lending::last_resort) {
    while (try_lend(wanted, *self, how))
      if (wanted.done()) return WEFT_OK;
    const dependency on{&wanted, &task::may_end};
    const weft_status status = wait_for_completion(*self, *wanted.end(), on, until);
    if (status != WEFT_EDEADLK || !try_lend(wanted, *self, lending::last_resort)) return status;
    if (wanted.done()) return WEFT_OK;
  }
}

// --- several ---

namespace {

// Shared by the observers of one wait; lives on the waiter's stack.
struct gathering {
  parker *sleeper;
  bool errors_end_it;
  // How many more must finish. Only the observers write it while the waiter sleeps; their release pairs with its
  // acquire.
  atomic<std::ptrdiff_t> missing;
};

} // namespace

struct future_set::member : observer {
  member() noexcept : observer(tell) {}
  static void tell(observer &self, bool failed, wake_list &sleepers) noexcept {
    gathering &all = *static_cast<member &>(self).all;
    const std::ptrdiff_t step =
        failed && all.errors_end_it ? all.missing.load(std::memory_order_relaxed) : std::ptrdiff_t{1};
    if (all.missing.fetch_sub(step, std::memory_order_acq_rel) <= step) sleepers.add(*all.sleeper);
  }
  task *which = nullptr;
  gathering *all = nullptr;
  bool was_done = false;
};

future_set::~future_set() {
  delete[] members_;
  delete[] dependencies_;
}

bool future_set::assign(task *const *futures, std::size_t count) noexcept {
  const std::unique_ptr<task *[]> sorted(new (std::nothrow) task *[count]);
  if (!sorted) return false;
  std::copy_n(futures, count, sorted.get());
  std::sort(sorted.get(), sorted.get() + count, std::less<>());
  count_ = static_cast<std::size_t>(std::unique(sorted.get(), sorted.get() + count) - sorted.get());
  members_ = new (std::nothrow) member[count_];
  dependencies_ = new (std::nothrow) dependency[count_];
  if (members_ == nullptr || dependencies_ == nullptr) return false;
  for (std::size_t i = 0; i < count_; ++i) {
    members_[i].which = sorted[i];
    dependencies_[i] = {sorted[i], &task::may_end};
  }
  return true;
}

std::size_t future_set::note_done() noexcept {
  return static_cast<std::size_t>(
      std::count_if(members_, members_ + count_, [](member &m) { return m.was_done = m.which->done(); }));
}

bool future_set::was_done(const task &which) const noexcept {
  return std::lower_bound(
             members_, members_ + count_, &which,
             [](const member &m, const task *t) { return std::less<>()(static_cast<const task *>(m.which), t); })
      ->was_done;
}

bool future_set::fulfilled(std::uint32_t mode) const noexcept {
  if (count_ == 0) return true;
  const auto done = [](const member &m) { return m.which->done(); };
  if (mode == WEFT_FIRST_COMPLETED) return std::any_of(members_, members_ + count_, done);
  if (mode == WEFT_FIRST_EXCEPTION &&
      std::any_of(members_, members_ + count_, [](const member &m) { return m.which->failed(); }))
    return true;
  return std::all_of(members_, members_ + count_, done);
}

// One task of the set, run here. For the first of several only when nothing of the set runs elsewhere: otherwise the
// caller could sit in a long task while the short one has long been done.
bool future_set::lend_one(record &self, std::uint32_t mode, lending how) {
  if (self.top == nullptr) return false;
  if (mode == WEFT_FIRST_COMPLETED && how == lending::if_needed &&
      std::any_of(members_, members_ + count_, [](const member &m) { return m.which->state() == running; }))
    return false;
  return std::any_of(members_, members_ + count_, [&](const member &m) { return try_lend(*m.which, self, how); });
}

weft_status future_set::wait(std::uint32_t mode, deadline until) {
  if (fulfilled(mode)) return WEFT_OK;
  if (until.is_poll()) return WEFT_ETIMEDOUT;
  record *const self = current_record();
  if (self == nullptr) return WEFT_ENOMEM;
  if (stop_requested(*self)) return WEFT_EINTERRUPTED;

  const bool all_matter = mode != WEFT_FIRST_COMPLETED;
  while (lend_one(*self, mode, all_matter && until.is_never() ? lending::now : lending::if_needed))
    if (fulfilled(mode)) return WEFT_OK;

  for (;;) {
    gathering all{&self->sleeper, mode == WEFT_FIRST_EXCEPTION, {}};
    // One more than can be missing, so that nobody wakes us while we still count.
    const auto start = static_cast<std::ptrdiff_t>(all_matter ? count_ : 1) + 1;
    all.missing.store(start, std::memory_order_relaxed);
    std::ptrdiff_t already = 1;
    std::size_t added = 0;
    for (; added < count_; ++added) {
      members_[added].all = &all;
      if (!members_[added].which->end()->add(members_[added])) {
        if (mode == WEFT_FIRST_EXCEPTION && members_[added].which->failed()) already = start;
        ++already;
      }
    }
    all.missing.fetch_sub(already, std::memory_order_acq_rel);
    const weft_status status =
        sleep_until(*self, dependencies_, count_, all_matter ? wait_for::all : wait_for::any, until,
                    [&all]() noexcept { return all.missing.load(std::memory_order_acquire) <= 0; });
    for (std::size_t i = 0; i < added; ++i) members_[i].which->end()->remove(members_[i]);
    // What would hang may be mended by running something of it here.
    if (status != WEFT_EDEADLK || !lend_one(*self, mode, lending::last_resort)) return status;
    if (fulfilled(mode)) return WEFT_OK;
  }
}

} // namespace weft::core
