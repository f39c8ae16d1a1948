#include "task/as_completed.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <new>

#include "task/wait.hpp"

namespace weft::core {

struct as_completed::member : observer {
  member() noexcept : observer(tell) {}
  static void tell(observer &self, bool /*failed*/, wake_list &sleepers) noexcept {
    auto &m = static_cast<member &>(self);
    const std::scoped_lock hold(m.of->mutex_);
    *m.of->last_ready_ = &m;
    m.of->last_ready_ = &m.next_ready;
    if (m.of->sleeper_ != nullptr) sleepers.add(*m.of->sleeper_);
  }
  task *which = nullptr; // with a reference until yielded, then null
  as_completed *of = nullptr;
  member *next_ready = nullptr; // under of->mutex_
};

as_completed *as_completed::make(task *const *futures, std::size_t count, deadline until) noexcept {
  std::unique_ptr<as_completed> made(new (std::nothrow) as_completed(until));
  const std::unique_ptr<task *[]> all(new (std::nothrow) task *[count]);
  if (!made || !all) return nullptr;
  std::copy_n(futures, count, all.get());
  std::sort(all.get(), all.get() + count, std::less<>());
  const auto different = static_cast<std::size_t>(std::unique(all.get(), all.get() + count) - all.get());
  made->members_ = new (std::nothrow) member[different];
  made->dependencies_ = new (std::nothrow) dependency[different];
  if (made->members_ == nullptr || made->dependencies_ == nullptr) return nullptr;
  made->count_ = different;
  for (std::size_t i = 0; i < different; ++i) {
    member &m = made->members_[i];
    m.of = made.get();
    m.which = all[i];
    m.which->ref();
  }
  // Those that are done come first, so no observer is placed before all of them are in the list.
  for (std::size_t i = 0; i < different; ++i) {
    member &m = made->members_[i];
    if (!m.which->done()) continue;
    *made->last_ready_ = &m;
    made->last_ready_ = &m.next_ready;
    m.fire = nullptr; // marks it as listed, for the loop below
  }
  for (std::size_t i = 0; i < different; ++i) {
    member &m = made->members_[i];
    if (m.fire == nullptr || m.which->end()->add(m)) continue;
    wake_list nobody;
    member::tell(m, false, nobody);
  }
  return made.release();
}

as_completed::~as_completed() {
  for (std::size_t i = 0; i < count_; ++i) {
    member &m = members_[i];
    if (m.which == nullptr) continue;
    if (m.fire != nullptr) m.which->end()->remove(m);
    m.which->unref();
  }
  delete[] members_;
  delete[] dependencies_;
}

task *as_completed::pop() noexcept {
  const std::scoped_lock hold(mutex_);
  member *const m = first_ready_;
  if (m == nullptr) return nullptr;
  first_ready_ = m->next_ready;
  if (first_ready_ == nullptr) last_ready_ = &first_ready_;
  ++yielded_;
  return std::exchange(m->which, nullptr);
}

bool as_completed::lend_one(record &self, lending how) {
  if (self.top == nullptr) return false;
  return std::any_of(members_, members_ + count_, [&](const member &m) {
    return m.which != nullptr && m.which->state() == pending && try_lend(*m.which, self, how);
  });
}

weft_status as_completed::next(task *&out) {
  if (yielded_ == count_) return WEFT_EEND;
  if ((out = pop()) != nullptr) return WEFT_OK;
  if (until_.passed()) return WEFT_ETIMEDOUT;
  record *const self = current_record();
  if (self == nullptr) return WEFT_ENOMEM;
  if (stop_requested(*self)) return WEFT_EINTERRUPTED;

  const auto ready = [this]() noexcept {
    const std::scoped_lock hold(mutex_);
    return first_ready_ != nullptr;
  };
  const bool one_runs = std::any_of(members_, members_ + count_,
                                    [](const member &m) { return m.which != nullptr && m.which->state() == running; });
  if (!one_runs) lend_one(*self, lending::if_needed);
  for (;;) {
    std::size_t left = 0;
    for (std::size_t i = 0; i < count_; ++i)
      if (members_[i].which != nullptr) dependencies_[left++] = {members_[i].which, &task::may_end};
    {
      const std::scoped_lock hold(mutex_);
      sleeper_ = &self->sleeper;
    }
    const weft_status status = sleep_until(*self, dependencies_, left, wait_for::any, until_, ready);
    {
      const std::scoped_lock hold(mutex_);
      sleeper_ = nullptr;
    }
    if ((out = pop()) != nullptr) return WEFT_OK; // also when it got done just as the time was over
    if (status != WEFT_EDEADLK || !lend_one(*self, lending::last_resort)) return status;
  }
}

} // namespace weft::core
