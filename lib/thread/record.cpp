#include "thread/record.hpp"

#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <new>
#include <utility>

#include <limits.h>
#include <pthread.h>

#include "base/atomic.hpp"
#include "base/system.hpp"
#include "thread/domain.hpp"
#include "thread/thread.hpp"

namespace weft::core {

[[gnu::tls_model("initial-exec")]] constinit thread_local record *record_of_this_thread = nullptr;
[[gnu::tls_model("initial-exec")]] constinit thread_local int end_rounds = 0;

namespace {

// The process-wide store of records: one of two registries with mutable state at file scope
// (runtime/runtime.cpp has the other). Never destroyed, because threads may end after static
// destructors have run.
struct record_store {
  native_mutex mutex;
  record *free = nullptr;   // under mutex
  std::uint32_t in_use = 0; // under mutex
  pthread_key_t end_of_thread{};
  bool usable = false;
};

void at_thread_end(void *value);

record_store &store() noexcept {
  static record_store *const made = [] {
    alignas(record_store) static constinit unsigned char room[sizeof(record_store)] = {};
    auto *s = ::new (room) record_store;
    s->usable = pthread_key_create(&s->end_of_thread, at_thread_end) == 0;
    return s;
  }();
  return *made;
}

// Destructors of keys run after the thread_local destructors of C++, in several rounds. Ours asks
// for another round until the last but one. So the keys of others, whose destructors may still use
// weft, come first. The last round is left to tools that watch the thread to its end and do the
// same, such as the sanitizers.
constexpr int our_round = PTHREAD_DESTRUCTOR_ITERATIONS - 1;

void at_thread_end(void *value) {
  auto *self = static_cast<record *>(value);
  if (++end_rounds < our_round && pthread_setspecific(store().end_of_thread, value) == 0) return;
  entered_domain::leave_all(*self);
  if (thread *object = self->object; object != nullptr) {
    self->object = nullptr;
    object->finish_on_thread_end(); // gives the reference back
  }
  record_of_this_thread = nullptr;
  give_back_record(self);
}

record *take_record(record_store &s) noexcept {
  {
    const std::scoped_lock hold(s.mutex);
    ++s.in_use;
    if (record *found = s.free; found != nullptr) {
      s.free = found->next_free;
      return found;
    }
  }
  auto *const made = new (std::nothrow) record;
  if (made == nullptr) {
    const std::scoped_lock hold(s.mutex);
    --s.in_use;
  }
  return made;
}

} // namespace

thread *object_of(const record &self) noexcept {
  return self.object != nullptr || !self.is_main ? self.object : thread::main_if_made();
}

bool can_be_asked_to_stop(const record &self) noexcept {
  return self.top != nullptr || self.inside != nullptr || object_of(self) != nullptr;
}

bool is_object_of(const record &who, const thread *which) noexcept {
  return who.object == which || (who.is_main && which == thread::main_if_made());
}

bool stop_requested(const record &self) noexcept {
  if (self.top != nullptr && self.top->is_deaf()) return task_asked_to_stop(self);
  const thread *const object = object_of(self);
  const std::uint32_t own = object != nullptr ? object->flags() : 0;
  if ((own & halt_bit) != 0) return true;
  return each_asked(self.top, self.inside, [own](const frame *f, const scope *s) noexcept {
    const std::uint32_t word = f != nullptr && f->word != nullptr ? f->word->load(std::memory_order_acquire) : own;
    if ((word & stop_bit) != 0) return true;
    // A task of a group has the group's word in its frame, and may have been asked to stop on its
    // own. A loop has no frame of its own.
    for (; s != nullptr; s = further(*s))
      if (s->word != nullptr && (s->word->load(std::memory_order_acquire) & stop_bit) != 0) return true;
    return false;
  });
}

void prepare_records() noexcept {
  store();
}

void lock_records() noexcept {
  store().mutex.lock();
}

void unlock_records() noexcept {
  store().mutex.unlock();
}

// In the child the thread goes on as one that weft does not know yet.
void abandon_own_record() noexcept {
  if (record_of_this_thread == nullptr) return;
  const thread *const object = std::exchange(record_of_this_thread->object, nullptr);
  record_of_this_thread->forked =
      // a thread of the host that works for a pool has nothing to return to either
      record_of_this_thread->worker != nullptr ||
      (object != nullptr && (object->role() == thread_role::target || object->role() == thread_role::worker));
  record_of_this_thread->is_main = true;
  record_of_this_thread->worker = nullptr;
  record_of_this_thread->inside = nullptr; // its domain is the parent's
  record_of_this_thread->entered = nullptr;
  record_of_this_thread->before_sleep = nullptr;
  record_of_this_thread->deferred = nullptr;
  record_of_this_thread->calls = nullptr;
}

// Not by exit(): another thread of the parent may have been in it, and the child has its lock but
// not that thread.
void record::end_child() noexcept {
  std::fflush(nullptr);
  std::_Exit(0);
}

record *make_record() noexcept {
  record *const made = store().usable && end_rounds < our_round ? reserve_record() : nullptr;
  record *const entered = made != nullptr ? enter_record(made) : nullptr;
  if (entered != nullptr) entered->is_main = is_main_thread();
  return entered;
}

record *reserve_record() noexcept {
  record_store &s = store();
  return s.usable ? take_record(s) : nullptr;
}

void give_back_record(record *reserved) noexcept {
  record_store &s = store();
  const std::scoped_lock hold(s.mutex);
  reserved->next_free = s.free;
  s.free = reserved;
  --s.in_use;
}

record *enter_record(record *reserved) noexcept {
  if (pthread_setspecific(store().end_of_thread, reserved) != 0) {
    give_back_record(reserved);
    return nullptr;
  }
  reserved->top = nullptr;
  reserved->worker = nullptr;
  reserved->inside = nullptr;
  reserved->entered = nullptr;
  reserved->before_sleep = nullptr;
  reserved->regions = 0;
  reserved->callback_depth = 0;
  reserved->calls = nullptr;
  reserved->help_floor = UINTPTR_MAX;
  reserved->help_span = 0;
  reserved->helps_unmeasured = 0;
  reserved->deferred = nullptr;
  reserved->dying = nullptr;
  reserved->destroy_depth = 0;
  reserved->is_main = false;
  reserved->forked = false;
  record_of_this_thread = reserved;
  return reserved;
}

bool others_have_records() noexcept {
  record_store &s = store();
  const std::scoped_lock hold(s.mutex);
  return s.in_use > (record_of_this_thread != nullptr ? 1 : 0);
}

void release_records() noexcept {
  record_store &s = store();
  if (record *const own = record_of_this_thread; own != nullptr) {
    if (thread *object = std::exchange(own->object, nullptr); object != nullptr) object->finish_on_thread_end();
    pthread_setspecific(s.end_of_thread, nullptr);
    record_of_this_thread = nullptr;
    give_back_record(own);
  }
  const std::scoped_lock hold(s.mutex);
  while (record *const unused = s.free) {
    s.free = unused->next_free;
    delete unused;
  }
}

} // namespace weft::core
