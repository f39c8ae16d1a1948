#include "task/stop_callback.hpp"

#include <cxxabi.h>
#include <new>

#include "base/error.hpp"
#include "base/log.hpp"
#include "task/task.hpp"
#include "thread/domain.hpp"

namespace weft::core {

// The lock of the list orders this with a request. If the request looks at the list later, it finds
// the callback. If it looked before, add() sees its flag, and the callback is taken out again, by
// this thread or by the request.
weft_status stop_callback::add(task &future, weft_future_fn fn, void *ctx, weft_drop_fn drop) {
  if (future.done()) return WEFT_EDONE;
  domain *const home = current_domain();
  auto *const made = new (std::nothrow) stop_callback(fn, ctx, drop, home);
  if (made == nullptr) return WEFT_ENOMEM;
  if (home != nullptr && !home->enter()) {
    delete made;
    return WEFT_ECLOSED;
  }
  if (!future.end()->add(*made)) {
    delete made;
    if (home != nullptr) home->leave();
    return WEFT_EDONE;
  }
  if (future.is_asked_to_stop()) run_stop_callbacks(future);
  return WEFT_OK;
}

void stop_callback::end() noexcept {
  {
    const drop_scope here(home_.get());
    if (drop != nullptr) drop(ctx);
  }
  if (home_) home_->leave();
  delete this;
}

// UBSan: a forced unwind is caught by a reference to no object; nothing reads it.
__attribute__((no_sanitize("null"))) void stop_callback::run(task &future) {
  struct ending { // also when the thread is ended inside
    stop_callback *of;
    ~ending() { of->end(); }
  } const at_end{this};
  record *const self = current_record();
  const inside_scope here(home_ || (self != nullptr && self->inside != nullptr) ? self : nullptr, home_.get());
  try {
    fn(ctx, reinterpret_cast<weft_future_t *>(&future));
    if (self != nullptr) self->back_from_user();
  } catch (const abi::__forced_unwind &) {
    throw;
  } catch (...) {
    const error *const thrown = error::from_current_exception();
    log_line({"a stop callback of a future threw an exception, which is ignored: ", thrown->kind(), ": ",
              thrown->message()});
    thrown->unref();
  }
}

void run_stop_callbacks(task &future) {
  completion *const list = future.end();
  if (list == nullptr) return;
  struct holding { // a callback may drop the caller's reference
    task &which;
    explicit holding(task &which) noexcept : which(which) { which.ref(); }
    ~holding() { which.unref(); }
  } const alive(future);
  const auto wanted = [](const observer &each, const void *) noexcept {
    return static_cast<const callback &>(each).memory == callback::storage::stop;
  };
  while (observer *const next = list->take_callback(wanted, nullptr)) static_cast<stop_callback *>(next)->run(future);
}

weft_status entered_promise::begin(task &promise, void *room) noexcept {
  if (!promise.is_promise()) return WEFT_EINVALIDSTATE;
  record *const self = current_record();
  if (self == nullptr) return WEFT_ENOMEM;
  promise.ref();
  // The scope belongs to the domain that the thread is inside of, and goes on with the scope around
  // it: a stop request to the enclosing scope applies here too.
  self->inside = ::new (room) entered_promise{{current_domain(), &promise.word(), self->inside, true}, &promise};
  return WEFT_OK;
}

weft_status entered_promise::end(void *room) noexcept {
  record *const self = existing_record();
  if (self == nullptr || static_cast<void *>(self->inside) != room) return WEFT_EINVALIDSTATE;
  const auto ended = *static_cast<entered_promise *>(self->inside);
  self->inside = ended.outer;
  ended.promise->unref();
  return WEFT_OK;
}

} // namespace weft::core
