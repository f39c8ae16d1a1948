#include "thread/roster.hpp"

#include <cxxabi.h>

#include "base/error.hpp"
#include "base/log.hpp"
#include "thread/roster_find.hpp"

namespace weft::core {

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

void roster::leave(thread &leaving) noexcept {
  const std::scoped_lock hold(mutex_);
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
  hook_.swap(hook); // the old one goes with `hook`, after the lock: parameters outlive locals
}

// UBSan: a forced unwind is caught by a reference to no object; nothing reads it.
__attribute__((no_sanitize("null"))) void roster::report(thread *where, const weft_error *failure) {
  shared<exception_hook> hook;
  {
    const std::scoped_lock hold(mutex_);
    hook = hook_;
  }
  if (hook && hook->fn != nullptr) {
    try {
      hook->fn(hook->ctx, where, failure);
      return;
    } catch (const abi::__forced_unwind &) {
      throw; // the hook ends this thread
    } catch (...) {
      log_line("the exception hook failed itself");
    }
  }
  const auto &e = *static_cast<const error *>(failure);
  log_line({"error in thread ", where != nullptr ? where->name() : "?", ": ", e.kind(), ": ", e.message()});
}

} // namespace weft::core
