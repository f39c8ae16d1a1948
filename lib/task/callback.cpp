// Callbacks of futures: observers without `fire`, run by the thread that completes the future.
//
// A callback may complete another future, whose callbacks complete a third. Up to a depth these run
// at once, as callers expect. Beyond it they are put on a list in this thread's record, which the
// outermost run_callbacks() works off. So a chain of a million futures needs neither a million
// stack frames nor a scheduler.
#include "task/callback.hpp"

#include <new>
#include <optional>

#include "base/forced_unwind.hpp"
#include "base/log.hpp"
#include "task/domain_callback.hpp"
#include "task/stop_callback.hpp"
#include "task/task.hpp"

namespace weft::core {
namespace {

constexpr int deepest = 32;

// A callback may run inside a task that has blocking regions open.
struct own_regions {
  explicit own_regions(record &self) noexcept : around(self), own(self) {}
  const regions_aside around;
  const region_scope own;
};

// UBSan: a forced unwind is caught by a reference to no object; nothing reads it.
__attribute__((no_sanitize("null"))) void call(task &done, callback &what) {
  try {
    what.fn(what.ctx, reinterpret_cast<weft_future_t *>(&done));
    if (const record *const self = existing_record(); self != nullptr) self->back_from_user();
  } catch (const forced_unwind &) {
    throw;
  } catch (...) {
    const error *const thrown = error::from_current_exception();
    log_line(
        {"a callback of a future threw an exception, which is ignored: ", thrown->kind(), ": ", thrown->message()});
    thrown->unref();
  }
}

void call_and_free(task &done, callback *what) {
  if (what->memory == callback::storage::lent) return call(done, *what);
  if (what->memory == callback::storage::stop) return static_cast<stop_callback *>(what)->end();
  // The context is dropped also when a forced unwind passes through.
  struct freeing {
    callback *which;
    ~freeing() {
      if (which->drop != nullptr) which->drop(which->ctx);
      delete which;
    }
  } const at_end{what};
  call(done, *what);
}

// Append `first` to a list, each entry with a reference to its future. Returns the list's new end.
observer **append(observer **last, task &done, observer *first) noexcept {
  *last = first;
  for (observer *o = first; o != nullptr; o = o->next) {
    static_cast<callback *>(o)->future = &done;
    done.ref();
    last = &o->next;
  }
  return last;
}

void defer(record &self, task &done, observer *first) noexcept {
  if (self.deferred == nullptr) self.deferred_end = &self.deferred;
  self.deferred_end = append(self.deferred_end, done, first);
}

struct depth_scope {
  explicit depth_scope(record &self) noexcept : self(self) { ++self.callback_depth; }
  ~depth_scope() { --self.callback_depth; }
  record &self;
};

// Take the first entry of such a list and call it.
void call_first(observer *&list) {
  auto *const what = static_cast<callback *>(std::exchange(list, list->next));
  task *const done = what->future;
  call_and_free(*done, what);
  done->unref();
}

void work_off_deferred(record &self) {
  while (self.deferred != nullptr) call_first(self.deferred);
}

// Shows the wait graph what this thread has yet to call.
class calling_scope {
public:
  calling_scope(record &self, observer *const &rest) noexcept : self_(self), calls_{&rest, self.calls} {
    self_.calls = &calls_;
  }
  ~calling_scope() { self_.calls = calls_.outer; }
  calling_scope(const calling_scope &) = delete;
  calling_scope &operator=(const calling_scope &) = delete;

private:
  record &self_;
  const calling calls_;
};

bool is_in(const observer *list, const observer &entry) noexcept {
  while (list != nullptr && list != &entry) list = list->next;
  return list != nullptr;
}

} // namespace

bool is_about_to_call(const record &who, const observer &entry) noexcept {
  for (const calling *c = who.calls; c != nullptr; c = c->outer)
    if (is_in(*c->rest, entry)) return true;
  return is_in(who.deferred, entry);
}

void call_all(task &done, observer &all) {
  observer *first = &all;
  record *const self = current_record();
  if (self == nullptr) { // no memory for a record: then without a limit of depth
    while (first != nullptr) call_and_free(done, static_cast<callback *>(std::exchange(first, first->next)));
    return;
  }
  if (self->callback_depth >= deepest) return defer(*self, done, first);
  const inside_scope nobodys(self->inside != nullptr ? self : nullptr, nullptr);
  const depth_scope deeper(*self);
  const calling_scope shown(*self, first);
  const own_regions regions(*self);
  // In a child of a fork that comes back from a callback, the others are the parent's.
  const std::uint32_t here = forks_so_far();
  while (first != nullptr && forks_so_far() == here)
    call_and_free(done, static_cast<callback *>(std::exchange(first, first->next)));
  if (self->callback_depth == 1) work_off_deferred(*self);
}

void gathered_callbacks::add(task &done, observer *first) noexcept {
  last_ = append(last_, done, first);
}

void gathered_callbacks::run() {
  if (first_ == nullptr) return;
  record *const self = current_record();
  std::optional<own_regions> regions;
  if (self != nullptr) regions.emplace(*self);
  const inside_scope nobodys(self != nullptr && self->inside != nullptr ? self : nullptr, nullptr);
  if (self != nullptr) ++self->callback_depth;
  std::optional<calling_scope> shown;
  if (self != nullptr) shown.emplace(*self, first_);
  const std::uint32_t here = forks_so_far();
  while (first_ != nullptr && forks_so_far() == here) call_first(first_);
  shown.reset();
  last_ = &first_;
  if (self != nullptr && --self->callback_depth == 0) work_off_deferred(*self);
}

weft_status add_callback(task &future, weft_future_fn fn, void *ctx, weft_drop_fn drop) {
  if (domain *const home = current_domain(); home != nullptr)
    return domain_callback::add(future, {fn, ctx, drop}, *home);
  auto *const made = new (std::nothrow) callback(callback::storage::own, fn, ctx, drop);
  if (made == nullptr) return WEFT_ENOMEM;
  add_callback(future, *made);
  return WEFT_OK;
}

void add_callback(task &future, callback &entry) {
  // The state decides whether the future is done. Between the change of state and the end of the
  // completion, the entry could still be listed; the finishing thread would then call it, later and
  // not here.
  if (!future.done() && future.end()->add(entry)) return;
  // A withdrawal that comes before the end of the completion reads entry.prev, so it is written
  // only if it must be.
  if (entry.next != nullptr) entry.next = entry.prev = nullptr;
  // The callback may drop the caller's reference.
  future.ref();
  run_callbacks(future, &entry);
  future.unref();
}

bool remove_callback(task &future, weft_future_fn fn, void *ctx) {
  struct wanted {
    weft_future_fn fn;
    void *ctx;
  } const it{fn, ctx};
  observer *const found = future.end()->take_callback(
      [](const observer &each, const void *what) noexcept {
        const auto &added = static_cast<const callback &>(each);
        const auto &key = *static_cast<const wanted *>(what);
        if (added.memory == callback::storage::own) return added.fn == key.fn && added.ctx == key.ctx;
        return domain_callback::is_of(added, key.fn, key.ctx);
      },
      &it);
  drop_callbacks(found);
  return found != nullptr;
}

void drop_callbacks(observer *first) noexcept {
  if (first == nullptr) return;
  const drop_scope nobodys(nullptr);
  while (first != nullptr) {
    auto *const what = static_cast<callback *>(std::exchange(first, first->next));
    if (what->memory == callback::storage::stop) {
      static_cast<stop_callback *>(what)->end();
      continue;
    }
    const bool owned = what->memory == callback::storage::own;
    if (what->drop != nullptr) what->drop(what->ctx);
    if (owned) delete what;
  }
}

} // namespace weft::core
