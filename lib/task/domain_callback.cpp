#include "task/domain_callback.hpp"

#include <new>

namespace weft::core {

weft_status domain_callback::add(task &future, const what &called, domain &home) {
  auto *const made = new (std::nothrow) domain_callback(called, home);
  if (made == nullptr) return WEFT_ENOMEM;
  if (!home.enter(*made)) {
    delete made;
    return WEFT_ECLOSED;
  }
  made->attach(future);
  // A close that came in between may have looked for the callback before it was in the future's
  // list. A later close finds it there: the lock of the roll orders the two.
  if (home.closed() && made->withdraw()) {
    made->finish_unlisted();
    made->unref(); // the link's
  }
  made->unref();
  return WEFT_OK;
}

bool domain_callback::is_of(const callback &entry, weft_future_fn fn, const void *ctx) noexcept {
  if (entry.fn != &domain_callback::done) return false;
  const what &called = static_cast<const domain_callback *>(entry.ctx)->what_;
  return called.fn == fn && called.ctx == ctx;
}

void domain_callback::done(void *ctx, weft_future_t *source) {
  auto &self = *static_cast<domain_callback *>(ctx);
  self.cut();
  struct ending { // also when fn throws, or the thread is ended inside
    domain_callback &of;
    ~ending() {
      of.finish_unlisted();
      of.unref();
    }
  } const link_reference{self};
  if (self.home_->closed()) return;
  const inside_scope here(current_record(), self.home_.get());
  self.what_.fn(self.what_.ctx, source);
}

void domain_callback::gone(void *ctx) {
  auto &self = *static_cast<domain_callback *>(ctx);
  self.cut();
  self.finish_unlisted();
  self.unref();
}

// Called once, by the thread that has ended the link.
void domain_callback::finish() noexcept {
  {
    const inside_scope here(current_record(), home_.get());
    if (what_.drop != nullptr) what_.drop(what_.ctx);
  }
  home_->leave();
}

void domain_callback::finish_unlisted() noexcept {
  if (home_->remove(*this)) unref(); // not the last
  finish();
}

bool domain_callback::begin_withdraw() noexcept {
  if (withdraw()) return true;
  unref(); // it is about to be called, or is just being added
  return false;
}

void domain_callback::finish_withdraw() {
  finish();
  unref(2); // the link's and the roll's
}

} // namespace weft::core
