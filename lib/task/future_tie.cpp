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
  if (future.done()) { // at once, whatever callbacks this thread is inside of
    if (queue.add(*made, verdict(future))) return WEFT_OK;
  } else if (queue.expect(*made)) {
    add_callback(future, made->callback_); // may be called before this returns, and *made be gone
    return WEFT_OK;
  }
  delete made;
  return WEFT_ECLOSED;
}

// Whoever takes the callback out of the future's list has the tie: either this, or the end of the future. Until it is
// out of the queue's list too, the caller's reference keeps the future for those who look for something to run.
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

// A promise is completed by hand, and has perhaps lost its last reference already: there is nothing to run. The others
// have a reference until they are done.
helping_hand future_tie::help() noexcept {
  if ((future_.type().flags & type_is_promise) != 0 || future_.state() != pending) return {};
  future_.ref();
  return {&lend_task, &future_};
}

// Listed, so the future is alive; and it is in the future's list, for whoever ties has a handle of the queue.
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
