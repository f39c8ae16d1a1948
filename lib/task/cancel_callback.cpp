#include "task/cancel_callback.hpp"

#include <new>

#include "base/error.hpp"
#include "base/forced_unwind.hpp"
#include "base/log.hpp"

namespace weft::core {
namespace {

// UBSan: a forced unwind is caught by a reference to no object; nothing reads it.
__attribute__((no_sanitize("null"))) void call(const cancel_call &what) {
  try {
    what.fn(what.ctx);
  } catch (const forced_unwind &) {
    throw;
  } catch (...) {
    const error *const thrown = error::from_current_exception();
    log_line({"a callback of a cancel token threw an exception, which is ignored: ", thrown->kind(), ": ",
              thrown->message()});
    thrown->unref();
  }
}

} // namespace

weft_status cancel_callback::add(cancel_token &token, const cancel_call &what, weft_cancel_registration **out) {
  const bool wanted = out != nullptr;
  domain *const home = current_domain();
  const std::uint32_t references = 1 + (wanted ? 1 : 0) + (home != nullptr ? 1 : 0);
  auto *const made = new (std::nothrow) cancel_callback(what, wanted ? &token : nullptr, home, references);
  if (made == nullptr) return WEFT_ENOMEM;
  if (home != nullptr && !home->enter(made->in_home_)) {
    delete made;
    return WEFT_ECLOSED;
  }
  if (wanted) {
    token.ref();
    *out = made; // the callback may look for it
  }
  if (!token.add(*made)) made->finish_withdraw();
  return WEFT_OK;
}

void cancel_callback::finish_withdraw() {
  struct ending { // also when the thread is ended inside
    cancel_callback &of;
    ~ending() { of.unref(); }
  } const roll_reference{*this};
  if (!take(called)) return;
  struct dropping {
    cancel_callback &of;
    ~dropping() {
      of.drop();
      of.fate_.store(over, std::memory_order_release);
    }
  } const at_end{*this};
  if (home_ && home_->closed()) return;
  record *const self = current_record();
  const inside_scope here(home_ || (self != nullptr && self->inside != nullptr) ? self : nullptr, home_.get());
  call(what_);
}

// Called once, by the winner.
void cancel_callback::drop() noexcept {
  {
    const drop_scope here(home_.get());
    if (what_.drop != nullptr) what_.drop(what_.ctx);
  }
  if (!home_) return;
  if (home_->remove(in_home_)) unref(); // not the last
  home_->leave();
}

bool cancel_callback::home_entry::begin_withdraw() noexcept {
  if (whole.take(over)) return true;
  whole.unref();
  return false;
}

void cancel_callback::home_entry::finish_withdraw() {
  whole.drop();
  whole.unref();
}

void cancel_callback::give_up() noexcept {
  if (take(over)) drop();
  unref();
}

weft_status cancel_callback::remove() {
  weft_status status = WEFT_OK;
  if (take(over)) {
    // If it is not on the roll, a withdrawal has taken the roll's reference over.
    if (token_->remove(*this)) unref();
    drop();
  } else {
    status = fate_.load(std::memory_order_acquire) == over ? WEFT_EDONE : WEFT_ERUNNING;
  }
  token_->unref();
  unref();
  return status;
}

} // namespace weft::core
