#include "thread/roster.hpp"

#include <ctime>
#include <new>
#include <utility>

#include "base/error.hpp"
#include "base/forced_unwind.hpp"
#include "base/log.hpp"
#include "thread/roster_find.hpp"

namespace weft::core {

weft_status exception_hook::make(weft_exception_hook_fn fn, void *ctx, weft_drop_fn drop,
                                 shared<exception_hook> &out) noexcept {
  const shared<exception_hook> made = adopt(new (std::nothrow) exception_hook(fn, ctx));
  if (!made) return WEFT_ENOMEM;
  made->drop_ = drop;
  if (domain *const home = current_domain(); home != nullptr) {
    made->home_ = shared<domain>(home);
    if (!home->enter(*made)) {
      made->drop_ = nullptr;
      made->home_ = nullptr;
      return WEFT_ECLOSED;
    }
  }
  out = made;
  return WEFT_OK;
}

exception_hook::~exception_hook() {
  if (home_) home_->remove(*this);
  if (!home_ || gate_.shut()) finish();
}

void exception_hook::finish() noexcept {
  {
    const drop_scope here(home_.get());
    if (drop_ != nullptr) drop_(ctx_);
  }
  if (home_) home_->leave();
}

void exception_hook::finish_withdraw() {
  if (gate_.shut()) finish(); // else the last call does it
  unref();
}

bool exception_hook::call(thread *where, const weft_error *failure) {
  record *const self = existing_record();
  if (!home_) {
    const inside_scope nobodys(self != nullptr && self->inside != nullptr ? self : nullptr, nullptr);
    fn_(ctx_, where, failure);
    return true;
  }
  if (!gate_.begin()) return false;
  struct ending { // also when the hook throws, or ends the thread
    exception_hook &of;
    ~ending() {
      if (of.gate_.end()) of.finish();
    }
  } const at_end{*this};
  const inside_scope here(current_record(), home_.get());
  fn_(ctx_, where, failure);
  return true;
}

bool roster::admit(thread &entering) noexcept {
  const std::scoped_lock hold(mutex_);
  if (closed_) return false;
  entering.prev_ = nullptr;
  entering.next_ = first_;
  if (first_ != nullptr) first_->prev_ = &entering;
  first_ = &entering;
  entering.listed_ = true;
  return true;
}

roster::~roster() {
  while (departed_ != nullptr) std::exchange(departed_, departed_->next_departed_)->unref();
}

void roster::leave(thread &leaving) noexcept {
  const std::scoped_lock hold(mutex_);
  unlist_locked(leaving);
}

void roster::depart(thread &leaving) noexcept {
  system_thread *gone = nullptr;
  {
    const std::scoped_lock hold(mutex_);
    unlist_locked(leaving);
    gone = take_gone_locked(); // so that only threads on their last steps are kept
    if (leaving.system_) {
      leaving.system_->ref();
      leaving.system_->next_departed_ = std::exchange(departed_, leaving.system_.get());
    }
    // In the same step: a thread that finds the list empty, as a shutdown does, finds all of them
    // ended. And a thread that has joined one does not find it in the list.
    leaving.end_.finish(false); // only waiters observe a thread's end, so it returns no callback
  }
  reap_all(gone);
}

system_thread *roster::take_gone_locked() noexcept {
  system_thread *gone = nullptr;
  for (system_thread **at = &departed_; *at != nullptr;) {
    system_thread *const each = *at;
    if (!each->gone()) {
      at = &each->next_departed_;
      continue;
    }
    *at = each->next_departed_;
    each->next_departed_ = std::exchange(gone, each);
  }
  return gone;
}

void roster::reap_all(system_thread *gone) noexcept {
  while (gone != nullptr) {
    system_thread *const each = std::exchange(gone, gone->next_departed_);
    each->reap();
    each->unref();
  }
}

void roster::forget_departed() noexcept {
  system_thread *gone = nullptr;
  {
    const std::scoped_lock hold(mutex_);
    gone = take_gone_locked();
  }
  reap_all(gone);
}

// Looks again and again: the departing threads have a few microseconds to go, and can send no word
// at their very end.
bool roster::await_departed(deadline until) noexcept {
  for (bool last_look = false;; last_look = until.passed()) {
    system_thread *gone = nullptr;
    bool all_gone = false;
    {
      const std::scoped_lock hold(mutex_);
      gone = take_gone_locked();
      all_gone = departed_ == nullptr;
    }
    reap_all(gone);
    if (all_gone) return true;
    if (last_look) return false;
    const timespec moment{0, 50'000};
    nanosleep(&moment, nullptr);
  }
}

void roster::let_go_of_threads() noexcept {
  const std::scoped_lock hold(mutex_);
  for (const thread *t = first_; t != nullptr; t = t->next_)
    if (t->state() == WEFT_THREAD_STARTED && t->system_) t->system_->let_go();
  for (system_thread *each = departed_; each != nullptr; each = each->next_departed_) each->let_go();
}

void roster::unlist_locked(thread &leaving) noexcept {
  if (!leaving.listed_) return;
  leaving.listed_ = false;
  (leaving.prev_ != nullptr ? leaving.prev_->next_ : first_) = leaving.next_;
  if (leaving.next_ != nullptr) leaving.next_->prev_ = leaving.prev_;
}

bool roster::closed() const noexcept {
  const std::scoped_lock hold(mutex_);
  return closed_;
}

void roster::close() noexcept {
  const std::scoped_lock hold(mutex_);
  closed_ = true;
}

bool roster::close_if_quiet(const thread *except) noexcept {
  const std::scoped_lock hold(mutex_);
  for (const thread *t = first_; t != nullptr && !closed_; t = t->next_)
    if (t != except && !t->is_daemon() && (t->role() == thread_role::target || t->role() == thread_role::worker))
      return false;
  closed_ = true;
  return true;
}

std::size_t roster::enumerate(weft_thread **threads, std::size_t capacity) const noexcept {
  const std::scoped_lock hold(mutex_);
  std::size_t count = 0;
  for (thread *t = first_; t != nullptr; t = t->next_) {
    if (t->state() != WEFT_THREAD_STARTED) continue; // on its way in or out
    if (count < capacity) {
      t->ref();
      threads[count] = t;
    }
    ++count;
  }
  return count;
}

void roster::set_hook(shared<exception_hook> hook) noexcept {
  const std::scoped_lock hold(mutex_);
  // The old hook goes with `hook`, after the lock: parameters outlive locals.
  hook_.swap(hook);
}

// UBSan: a forced unwind is caught by a reference to no object; nothing reads it.
__attribute__((no_sanitize("null"))) void roster::report(thread *where, const weft_error *failure, const char *name) {
  shared<exception_hook> hook;
  {
    const std::scoped_lock hold(mutex_);
    hook = hook_;
  }
  if (hook && hook->exists()) {
    try {
      if (hook->call(where, failure)) return;
    } catch (const forced_unwind &) {
      throw; // the hook ends this thread
    } catch (...) {
      log_line("the exception hook failed itself");
    }
  }
  const auto &e = *static_cast<const error *>(failure);
  const char *const thread_name = where != nullptr ? where->name() : "?";
  if (name != nullptr)
    log_line({"error in task ", name, " in thread ", thread_name, ": ", e.kind(), ": ", e.message()});
  else
    log_line({"error in thread ", thread_name, ": ", e.kind(), ": ", e.message()});
}

} // namespace weft::core
