#include "task/attachment.hpp"

#include <algorithm>
#include <cstring>

#include "task/continuation.hpp"
#include "task/owner.hpp"
#include "task/stop_callback.hpp"

namespace weft::core {
namespace {

// Copies as much of the type as there is: weft_task_type_t.size.
weft_task_type_t copy_of(const weft_task_type_t &given) noexcept {
  weft_task_type_t copy{};
  std::memcpy(&copy, &given, std::min<std::size_t>(given.size, sizeof copy));
  return copy;
}

} // namespace

static_assert(sizeof(attachment) % alignof(task) == 0 && alignof(attachment) <= 16);

attachment::attachment(const weft_task_type_t &type, const belonging &to) noexcept
    : type_(copy_of(type)), by_token_(*this, to.token), by_domain_(*this, to.home), name_(to.name) {
  if (to.token != nullptr) to.token->ref();
  if (to.home != nullptr) to.home->ref();
}

attachment::~attachment() {
  if (token() != nullptr) token()->unref();
  if (home() == nullptr) return;
  if (counted_) home()->leave(); // its result has been dropped just now
  home()->unref();
}

weft_status attachment::enter() noexcept {
  if (token() != nullptr && token()->cancelled()) return WEFT_ECANCELED;
  if (home() != nullptr) {
    self().ref();
    counted_ = true;
    if (!home()->enter(by_domain_)) {
      counted_ = false;
      self().unref();
      return WEFT_ECLOSED;
    }
  }
  if (token() == nullptr) return WEFT_OK;
  self().ref();
  if (token()->add(by_token_)) {
    // The close of the domain may have cancelled the task already. If the task ended before add(),
    // its end has not found it on the token's roll.
    if (self().state() != pending && token()->remove(by_token_)) self().unref();
    return WEFT_OK;
  }
  self().unref();
  // If the close of the domain has the task, it cancels it: the task counts as accepted.
  return retract_from_home() ? WEFT_ECANCELED : WEFT_OK;
}

bool attachment::retract() noexcept {
  if (token() != nullptr) {
    // The task's end takes it off the domain's roll.
    if (!token()->remove(by_token_)) return false;
    self().unref();
  }
  return retract_from_home();
}

bool attachment::retract_from_home() noexcept {
  if (home() == nullptr) return true;
  if (!home()->remove(by_domain_)) return false;
  self().unref();
  counted_ = false;
  home()->leave();
  return true;
}

bool attachment::has_result_to_drop() noexcept {
  return type_.drop_result != nullptr && self().state() == with_result && &result_owner(self()) == &self();
}

void attachment::ended() noexcept {
  std::uint32_t references = 0; // those of the rolls; none is the last
  if (token() != nullptr && token()->remove(by_token_)) ++references;
  if (home() != nullptr) {
    if (home()->remove(by_domain_)) ++references;
    if (counted_ && !has_result_to_drop()) {
      counted_ = false;
      home()->leave();
    }
  }
  while (references-- != 0) self().unref();
}

namespace {

// The innermost task that the thread of `self` is in, or null.
const task *current_task(const record *self) noexcept {
  const frame *top = self != nullptr ? self->top : nullptr;
  while (top != nullptr && top->running == nullptr) top = top->below;
  return top != nullptr ? top->running : nullptr;
}

} // namespace

cancel_token *current_token() noexcept {
  const task *const running = current_task(existing_record());
  return running != nullptr && running->has_attachment() ? attachment::of(*running).token() : nullptr;
}

const char *name_of(const task &which) noexcept {
  return which.has_attachment() ? attachment::of(which).name() : nullptr;
}

const char *current_task_name() noexcept {
  const record *const self = existing_record();
  if (self == nullptr) return nullptr;
  if (self->told_of != nullptr && self->told_at == self->top) return name_of(*self->told_of);
  const task *const running = current_task(self);
  return running != nullptr ? name_of(*running) : nullptr;
}

bool attachment::entry::begin_withdraw() noexcept {
  task &mine = whole.self();
  // First the stop request, then the cancellation: a thread that claims the task in between finds
  // the request.
  mine.ask_to_stop();
  cancels = mine.begin_cancel();
  // If it has started, its stop callbacks follow.
  if (cancels || (mine.has_future() && !mine.done())) return true;
  mine.unref();
  return false;
}

void attachment::entry::finish_withdraw() {
  task &mine = whole.self();
  struct ending { // also when the thread is ended in a callback
    task &of;
    const bool cancels;
    ~ending() {
      // Asked of every cancelled task: one that is on its way into a group is not marked as spawned
      // yet.
      if (cancels && of.is_ended_by_second() && of.is_spawned()) of.group().end_cancelled(of);
      of.unref();
    }
  } const roll_reference{mine, cancels};
  if (cancels)
    mine.finish_cancel();
  else
    run_stop_callbacks(mine);
}

} // namespace weft::core
