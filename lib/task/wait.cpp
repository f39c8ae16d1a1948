#include "task/wait.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <new>

#include "base/atomic.hpp"
#include "task/owner.hpp"

namespace weft::core {
namespace {

// The owner of a pending task, with a reference. Null: the task is not pending, or has no owner.
// Under the graph's lock the owner cannot be freed: owner.hpp.
shared<task_owner> pending_owner(const task &which) noexcept {
  const std::scoped_lock hold(wait_graph::instance().mutex());
  task_owner *const found = which.pending_owner();
  return found != nullptr && found->try_ref() ? adopt(found) : nullptr;
}

} // namespace

lent try_lend(task &wanted, const helper &by, lending how) {
  // A thread that acts for no executor never runs tasks for one.
  if (by.self.top == nullptr || wanted.state() != pending) return lent::no;
  const auto when = how == lending::if_needed ? task_owner::haste::if_needed : task_owner::haste::now;
  if (const shared<task_owner> owner = pending_owner(wanted)) return owner->lend(wanted, by.self, when, by.by);
  return lend_source(wanted, by, how);
}

bool awaits_executor(const task &wanted) noexcept {
  return (wanted.is_continuation() || wanted.is_gathering()) && wanted.state() == pending &&
         wanted.pending_owner() == nullptr;
}

namespace {

// A future that comes of others takes several turns of the loop: these run one after the other, and
// make it ready at last.
struct wait_for_one {
  record &self;
  task &wanted;

  bool over() const noexcept { return wanted.done(); }
  lent lend(const helper &mine) { return try_lend(wanted, mine); }
  bool awaits_executor() const noexcept { return core::awaits_executor(wanted); }
  weft_status sleep(deadline until, helpful_sleep &sleeping) noexcept {
    const dependency on{&wanted, &task::may_end};
    return wait_for_completion(self, *wanted.end(), on, until, spinning::some, &sleeping);
  }
};

} // namespace

weft_status wait_for_task(task &wanted, deadline until) {
  if (wanted.done()) return WEFT_OK;
  if (until.is_poll()) return WEFT_ETIMEDOUT;
  record *const self = current_record();
  if (self == nullptr) return WEFT_ENOMEM;
  return wait_and_help(*self, until, true, wait_for_one{*self, wanted});
}

// --- several ---

namespace {

// Shared by the observers of one wait. Lives on the waiter's stack.
struct gathering {
  parker *sleeper;
  bool errors_end_it;
  // How many more must become done. While the waiter sleeps only the observers write it: their
  // release pairs with the waiter's acquire.
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

// Run one task of the set here. A wait for the first of several runs none while a member runs
// elsewhere: this thread could sit in a long task when the other has long been done.
lent future_set::lend_one(const helper &by, std::uint32_t mode) {
  if (mode == WEFT_FIRST_COMPLETED && by.how == lending::if_needed &&
      std::any_of(members_, members_ + count_, [](const member &m) { return m.which->state() == running; }))
    return lent::no;
  lent answer = lent::no;
  for (const member *m = members_; m != members_ + count_ && answer != lent::yes; ++m)
    answer = std::max(answer, try_lend(*m->which, by));
  return answer;
}

weft_status future_set::wait(std::uint32_t mode, deadline until) {
  if (fulfilled(mode)) return WEFT_OK;
  if (until.is_poll()) return WEFT_ETIMEDOUT;
  record *const self = current_record();
  if (self == nullptr) return WEFT_ENOMEM;
  struct waiting {
    future_set &all;
    record &self;
    const std::uint32_t mode;

    bool over() const noexcept { return all.fulfilled(mode); }
    lent lend(const helper &mine) { return all.lend_one(mine, mode); }
    bool awaits_executor() const noexcept {
      return std::any_of(all.members_, all.members_ + all.count_,
                         [](const member &m) { return core::awaits_executor(*m.which); });
    }
    weft_status sleep(deadline limit, helpful_sleep &sleeping) noexcept {
      return all.sleep(self, mode, limit, sleeping);
    }
  };
  return wait_and_help(*self, until, mode != WEFT_FIRST_COMPLETED, waiting{*this, *self, mode});
}

weft_status future_set::sleep(record &self, std::uint32_t mode, deadline until, helpful_sleep &sleeping) noexcept {
  const bool all_matter = mode != WEFT_FIRST_COMPLETED;
  gathering all{&self.sleeper, mode == WEFT_FIRST_EXCEPTION, {}};
  // One more than can be missing, so that no observer wakes this thread while it still counts.
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
  const weft_status status = sleep_until(
      self, dependencies_, count_, all_matter ? wait_for::all : wait_for::any, until,
      [&all]() noexcept { return all.missing.load(std::memory_order_acquire) <= 0; }, &sleeping);
  for (std::size_t i = 0; i < added; ++i) members_[i].which->end()->remove(members_[i]);
  return status;
}

} // namespace weft::core
