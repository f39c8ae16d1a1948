#include "task/future_tie.hpp"

#include <new>

#include "task/wait.hpp"

namespace weft::core {
namespace {

lent lend_task(void *what, const helper &by) {
  task &wanted = *static_cast<task *>(what);
  struct reference { // also when the thread is ended inside the task
    task &held;
    ~reference() { held.unref(); }
  } const given{wanted};
  return try_lend(wanted, by);
}

} // namespace

weft_status future_tie::make(task &future, completion_queue &queue, std::uint64_t tag) {
  if (queue.is_closed()) return WEFT_ECLOSED;
  auto *const made = new (std::nothrow) future_tie(future, queue, tag);
  if (made == nullptr) return WEFT_ENOMEM;
  if (future.done()) { // at once, whatever callbacks this thread is in
    if (queue.add(*made, verdict(future))) return WEFT_OK;
  } else if (queue.expect(*made)) {
    // May be called before this returns, and *made be gone.
    add_callback(future, made->callback_);
    return WEFT_OK;
  }
  delete made;
  return WEFT_ECLOSED;
}

// Either this call or the end of the future takes the callback out of the future's list, and has
// the tie then. Until the tie is out of the queue's list too, the caller's reference keeps the
// future alive for waiters that look for something to run.
weft_status future_tie::undo(task &future, completion_queue &queue, std::uint64_t tag) noexcept {
  struct wanted {
    const completion_queue &queue;
    std::uint64_t tag;
  } const it{queue, tag};
  observer *const found = future.end()->take_callback(
      [](const observer &each, const void *what) noexcept {
        const auto &called = static_cast<const callback &>(each);
        if (called.fn != &done) return false;
        const auto &tie = *static_cast<const future_tie *>(called.ctx);
        const auto &key = *static_cast<const wanted *>(what);
        return &tie.queue_ == &key.queue && tie.tag() == key.tag;
      },
      &it);
  if (found == nullptr) return future.done() ? WEFT_EDONE : WEFT_EINVALIDSTATE;
  queue.give_up(*static_cast<future_tie *>(static_cast<callback *>(found)->ctx));
  return WEFT_OK;
}

// A promise is completed by hand, so there is nothing to run; and its last reference may be gone
// already. Each other future has a reference until it is done.
helping_hand future_tie::help() noexcept {
  if ((future_.type().flags & type_is_promise) != 0 || future_.state() != pending) return {};
  future_.ref();
  return {&lend_task, &future_};
}

// The tie is listed, so the future is alive. It is in the future's list too: a tie that is being
// added belongs to a caller with a handle of the queue, and this runs when the last handle has
// gone.
bool future_tie::leave_source() noexcept {
  return future_.end()->remove(callback_);
}

void future_tie::done(void *ctx, weft_future_t *future) {
  auto &self = *static_cast<future_tie *>(ctx);
  self.queue_.fulfil(self, verdict(*reinterpret_cast<task *>(future)));
}

void future_tie::given_up(void *ctx) {
  auto &self = *static_cast<future_tie *>(ctx);
  self.queue_.fulfil(self, WEFT_ECANCELED);
}

} // namespace weft::core
