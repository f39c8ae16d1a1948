#include "task/attachment.hpp"

#include <algorithm>
#include <cstring>

namespace weft::core {
namespace {

// As much of it as there is: see weft_task_type_t.size.
weft_task_type_t copy_of(const weft_task_type_t &given) noexcept {
  weft_task_type_t copy{};
  std::memcpy(&copy, &given, std::min<std::size_t>(given.size, sizeof copy));
  return copy;
}

} // namespace

static_assert(sizeof(attachment) % alignof(task) == 0 && alignof(attachment) <= 16);

attachment::attachment(const weft_task_type_t &type, const belonging &to) noexcept
    : type_(copy_of(type)), by_token_(*this, to.token) {
  if (to.token != nullptr) to.token->ref();
}

attachment::~attachment() {
  if (by_token_.token != nullptr) by_token_.token->unref();
}

weft_status attachment::enter() noexcept {
  if (token() == nullptr) return WEFT_OK;
  self().ref();
  if (!token()->cancelled() && token()->add(by_token_)) return WEFT_OK;
  self().unref();
  return WEFT_ECANCELED;
}

bool attachment::retract() noexcept {
  if (token() == nullptr) return true;
  if (!token()->remove(by_token_)) return false;
  self().unref();
  return true;
}

void attachment::ended() noexcept {
  if (token() != nullptr && token()->remove(by_token_)) self().unref(); // not the last
}

cancel_token *current_token() noexcept {
  const record *const self = existing_record();
  const frame *top = self != nullptr ? self->top : nullptr;
  while (top != nullptr && top->running == nullptr) top = top->below;
  return top != nullptr && top->running->has_attachment() ? attachment::of(*top->running).token() : nullptr;
}

bool attachment::entry::begin_withdraw() noexcept {
  task &mine = whole.self();
  // First the wish, then the cancellation: one who claims it in between sees the wish.
  mine.request_stop();
  if (mine.begin_cancel()) return true;
  mine.unref();
  return false;
}

void attachment::entry::finish_withdraw() {
  task &mine = whole.self();
  struct ending { // also when the thread is ended in a callback
    task &of;
    ~ending() { of.unref(); }
  } const roll_reference{mine};
  mine.finish_cancel();
}

} // namespace weft::core
