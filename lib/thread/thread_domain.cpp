// A thread as a member of a domain: README.md, "Threads of a domain". The rest of the class is in
// thread.cpp.
#include <utility>

#include "thread/thread.hpp"

namespace weft::core {

weft_status thread::make(shared<roster> home, thread_settings settings, const thread_target &target,
                         shared<thread> &out) {
  const shared<thread> made = adopt(new thread(std::move(home), std::move(settings), target));
  if (!made->join_domain()) {
    made->target_ = {};
    return WEFT_ECLOSED;
  }
  out = made;
  return WEFT_OK;
}

bool thread::join_domain() noexcept {
  if (!settings_.inside) return true;
  in_domain_ = true; // before: from then on it may be withdrawn
  if (settings_.inside->enter(*this)) return true;
  in_domain_ = false;
  return false;
}

void thread::leave_domain() noexcept {
  if (!std::exchange(in_domain_, false)) return;
  settings_.inside->remove(*this);
  settings_.inside->leave();
}

// Its domain was closed before it started: the context is dropped now, although handles remain.
void thread::give_up() noexcept {
  thread_target lost;
  {
    const std::scoped_lock hold(mutex_);
    if (phase_.load(std::memory_order_relaxed) != initial || std::exchange(given_up_, true)) return;
    lost = std::exchange(target_, {});
  }
  drop(lost);
  leave_domain();
}

bool thread::begin_withdraw() noexcept {
  request_stop();
  return true;
}

// A thread that is just starting gives itself up if it may not start. A worker that has not started
// is left to its pool.
void thread::finish_withdraw() {
  if (settings_.role == thread_role::target) give_up();
  unref();
}

} // namespace weft::core
