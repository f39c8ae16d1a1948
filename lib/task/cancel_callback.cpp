#include "task/cancel_callback.hpp"

#include <cxxabi.h>
#include <new>

#include "base/error.hpp"
#include "base/log.hpp"

namespace weft::core {
namespace {

// UBSan: a forced unwind is caught by a reference to no object; nothing reads it.
__attribute__((no_sanitize("null"))) void call(const cancel_call &what) {
  try {
    what.fn(what.ctx);
  } catch (const abi::__forced_unwind &) {
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
  auto *const made = new (std::nothrow) cancel_callback(what, wanted ? &token : nullptr, wanted ? 2 : 1);
  if (made == nullptr) return WEFT_ENOMEM;
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
  call(what_);
}

void cancel_callback::give_up() noexcept {
  if (take(over)) drop();
  unref();
}

weft_status cancel_callback::remove() {
  weft_status status = WEFT_OK;
  if (take(over)) {
    if (token_->remove(*this)) unref(); // else a withdrawal has taken the roll's reference over
    drop();
  } else {
    status = fate_.load(std::memory_order_acquire) == over ? WEFT_EDONE : WEFT_ERUNNING;
  }
  token_->unref();
  unref();
  return status;
}

} // namespace weft::core
