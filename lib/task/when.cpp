#include "task/when.hpp"

#include <new>

namespace weft::core {

// Behind the gathering and its members lies its type, which is made for this one, as that of a
// promise with room.
task *gathering::make(gather mode, task *const *futures, std::size_t count) noexcept {
  constexpr std::size_t largest = std::size_t{1} << 30;
  if (count > (largest - sizeof(gathering) - sizeof(weft_task_type_t)) / sizeof(member)) return nullptr;
  const std::size_t used = sizeof(gathering) + count * sizeof(member);
  static_assert(sizeof(gathering) % alignof(member) == 0 && sizeof(member) % alignof(weft_task_type_t) == 0);
  const weft_task_type_t type{sizeof(weft_task_type_t),
                              type_is_gathering | (mode == gather::all ? type_is_call : 0),
                              static_cast<std::uint32_t>(used + sizeof(weft_task_type_t)),
                              0,
                              nullptr,
                              &gathering::drop,
                              nullptr};
  task *const made = task::create(type, 2); // the caller's, and one while this sets up
  if (made == nullptr) return nullptr;
  auto *const room = static_cast<unsigned char *>(made->room());
  made->type_ = ::new (room + used) weft_task_type_t(type);
  auto *const self = ::new (room) gathering(mode, count);
  member *const members = self->members();
  for (std::size_t i = 0; i < count; ++i) ::new (members + i) member(*made);
  // In the order given, so that of several that are done already the first counts.
  for (std::size_t i = 0; i < count && made->state() == pending; ++i) {
    self->missing_.fetch_add(1, std::memory_order_relaxed);
    made->ref();
    members[i].attach(*futures[i]);
  }
  // Another thread may have claimed a when_any before its later members could be withdrawn.
  if (made->state() != pending) self->withdraw_all();
  self->leave(*made);
  made->unref();
  return made;
}

void gathering::source_done(void *ctx, weft_future_t *handle) {
  auto &which = *static_cast<member *>(ctx);
  task &self = which.whole;
  auto &mine = *static_cast<gathering *>(self.room());
  which.cut();
  mine.note(self, which, *reinterpret_cast<task *>(handle));
  mine.leave(self);
  self.unref();
}

void gathering::source_gone(void *ctx) {
  auto &which = *static_cast<member *>(ctx);
  task &self = which.whole;
  auto &mine = *static_cast<gathering *>(self.room());
  which.cut();
  mine.some_cancelled_.store(true, std::memory_order_relaxed);
  mine.leave(self);
  self.unref();
}

void gathering::note(task &self, member &which, task &source) {
  if (mode_ == gather::any) {
    if (!self.try_claim()) return;
    ::new (outcome_) std::size_t(static_cast<std::size_t>(&which - members()));
    withdraw_all();
    return run_callbacks(self, self.publish({with_result, nullptr}));
  }
  if (source.state() == cancelled) some_cancelled_.store(true, std::memory_order_relaxed);
  if (!source.failed()) return;
  error *none = nullptr;
  source.failure()->ref();
  if (!first_error_.compare_exchange_strong(none, source.failure(), std::memory_order_acq_rel))
    source.failure()->unref();
}

// The caller has a reference.
void gathering::withdraw_all() {
  for (member *m = members(); m != members() + count_; ++m) {
    if (!m->withdraw()) continue;
    leave(m->whole);
    m->whole.unref();
  }
}

void gathering::leave(task &self) {
  if (missing_.fetch_sub(1, std::memory_order_acq_rel) == 1) settle(self);
}

// No member calls any more. A when_any has been completed by then, unless all its futures were
// given up undone.
void gathering::settle(task &self) {
  error *const failure = first_error_.load(std::memory_order_acquire);
  if (failure == nullptr && some_cancelled_.load(std::memory_order_relaxed)) {
    if (self.begin_cancel()) self.finish_cancel();
  } else if (mode_ == gather::all && self.try_claim()) {
    ::new (outcome_) void *(nullptr);
    run_callbacks(self, self.publish({failure != nullptr ? with_error : with_result, failure}));
  } else if (failure != nullptr) {
    failure->unref(); // it was cancelled before
  }
}

// It was cancelled from outside.
void gathering::drop(void *room) {
  static_cast<gathering *>(room)->withdraw_all();
}

} // namespace weft::core
