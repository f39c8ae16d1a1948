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
  // Members that are done come first, so all of them are in the list before the first observer is
  // added.
  for (std::size_t i = 0; i < different; ++i) {
    member &m = made->members_[i];
    if (!m.which->done()) continue;
    *made->last_ready_ = &m;
    made->last_ready_ = &m.next_ready;
    m.fire = nullptr; // listed: the loop below passes it over
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

bool as_completed::has_ready() noexcept {
  const std::scoped_lock hold(mutex_);
  return first_ready_ != nullptr;
}

// While a member runs on another thread, this runs one only as a last resort: the other may end
// long before.
lent as_completed::lend_one(const helper &by) {
  const auto runs = [](const member &m) { return m.which != nullptr && m.which->state() == running; };
  if (by.how == lending::if_needed && std::any_of(members_, members_ + count_, runs)) return lent::no;
  lent answer = lent::no;
  for (const member *m = members_; m != members_ + count_ && answer != lent::yes; ++m)
    if (m->which != nullptr) answer = std::max(answer, try_lend(*m->which, by));
  return answer;
}

weft_status as_completed::sleep(record &self, deadline until, helpful_sleep &sleeping) noexcept {
  std::size_t left = 0;
  for (std::size_t i = 0; i < count_; ++i)
    if (members_[i].which != nullptr) dependencies_[left++] = {members_[i].which, &task::may_end};
  {
    const std::scoped_lock hold(mutex_);
    sleeper_ = &self.sleeper;
  }
  const weft_status status = sleep_until(
      self, dependencies_, left, wait_for::any, until, [this]() noexcept { return has_ready(); }, &sleeping);
  const std::scoped_lock hold(mutex_);
  sleeper_ = nullptr;
  return status;
}

weft_status as_completed::next(task *&out) {
  if (yielded_ == count_) return WEFT_EEND;
  if ((out = pop()) != nullptr) return WEFT_OK;
  if (until_.passed()) return WEFT_ETIMEDOUT;
  record *const self = current_record();
  if (self == nullptr) return WEFT_ENOMEM;
  struct waiting {
    as_completed &all;
    record &self;
    task *&out;

    bool over() const noexcept { return (out = all.pop()) != nullptr; }
    lent lend(const helper &mine) { return all.lend_one(mine); }
    bool awaits_executor() const noexcept {
      return std::any_of(all.members_, all.members_ + all.count_,
                         [](const member &m) { return m.which != nullptr && core::awaits_executor(*m.which); });
    }
    weft_status sleep(deadline until, helpful_sleep &sleeping) noexcept {
      const weft_status status = all.sleep(self, until, sleeping);
      // A member may have become done just as the time was over; over() takes it.
      return status != WEFT_OK && sleeping.offered == nullptr && all.has_ready() ? WEFT_OK : status;
    }
  };
  return wait_and_help(*self, until_, false, waiting{*this, *self, out});
}

} // namespace weft::core
