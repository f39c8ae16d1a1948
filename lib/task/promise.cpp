// Futures made by hand. The room of a plain promise holds {result, result_drop}. That of a room
// promise holds the caller's room, and behind it the promise's own type.
//
// A promise made inside a domain is on the domain's roll like a task, with a reference. So a close
// can cancel it, and a promise that every handle has given up undone stays until then.
#include <algorithm>
#include <new>

#include "task/attachment.hpp"
#include "task/task.hpp"

namespace weft::core {
namespace {

struct promised {
  void *result;
  weft_drop_fn result_drop;
};

void drop_promised(void *room) {
  const auto *kept = static_cast<promised *>(room);
  if (kept->result_drop != nullptr) kept->result_drop(kept->result);
}

constexpr weft_task_type_t promise_type_of(weft_drop_fn drop_result) noexcept {
  return {sizeof(weft_task_type_t),
          type_is_promise | type_is_call,
          sizeof(promised),
          alignof(promised),
          nullptr,
          nullptr,
          drop_result};
}

// Without a drop the result runs no code later, and a domain need not wait for it.
constexpr weft_task_type_t promise_type = promise_type_of(drop_promised), plain_type = promise_type_of(nullptr);

} // namespace

task *task::create_promise(weft_drop_fn result_drop, const belonging &to) noexcept {
  task *const made = create(result_drop != nullptr ? promise_type : plain_type, 1, to);
  if (made != nullptr) ::new (made->room()) promised{nullptr, result_drop};
  return made;
}

task *task::create_promise(weft_drop_fn result_drop) noexcept {
  return create_promise(result_drop, {});
}

task *task::create_room_promise(std::size_t size, std::size_t align, weft_drop_fn drop_result,
                                const belonging &to) noexcept {
  // The type is made for this one promise, so it lies behind the room, in the same allocation.
  const auto room = static_cast<std::uint32_t>((std::max(size, sizeof(void *)) + alignof(weft_task_type_t) - 1) &
                                               ~(alignof(weft_task_type_t) - 1));
  weft_task_type_t type{sizeof(weft_task_type_t),
                        type_is_promise,
                        room + static_cast<std::uint32_t>(sizeof(weft_task_type_t)),
                        static_cast<std::uint32_t>(align),
                        nullptr,
                        nullptr,
                        drop_result};
  task *const made = create(type, 1, to);
  if (made == nullptr) return nullptr;
  made->type_ = ::new (static_cast<unsigned char *>(made->room()) + room) weft_task_type_t(type);
  return made;
}

weft_status task::set_running() noexcept {
  if ((type_->flags & type_is_promise) == 0) return WEFT_EINVALIDSTATE;
  if (leave_pending(running)) return WEFT_OK;
  const task_state seen = state();
  // Still pending: its domain is being closed just now.
  return seen == cancelled || seen == pending ? WEFT_ECANCELED : WEFT_EINVALIDSTATE;
}

weft_status task::begin_filling() noexcept {
  if ((type_->flags & type_is_promise) == 0) return WEFT_EINVALIDSTATE;
  std::uint32_t seen = word_.load(std::memory_order_acquire);
  for (;;) {
    if ((seen & state_mask) == cancelled) return WEFT_ECANCELED;
    if ((seen & state_mask) > running || (seen & filling_bit) != 0) return WEFT_EINVALIDSTATE;
    const std::uint32_t next = (seen & ~state_mask) | running | filling_bit;
    if (word_.compare_exchange_weak(seen, next, std::memory_order_acq_rel, std::memory_order_acquire)) return WEFT_OK;
  }
}

weft_status task::finish_filling(outcome end) {
  const std::uint32_t seen = word_.load(std::memory_order_acquire);
  if ((type_->flags & type_is_promise) == 0 || (seen & state_mask) != running || (seen & filling_bit) == 0)
    return WEFT_EINVALIDSTATE;
  ref(); // a callback may drop the caller's reference
  run_callbacks(*this, publish(end));
  unref();
  return WEFT_OK;
}

weft_status task::set_result(void *result) {
  // it has room, or belongs to a task
  if ((type_->flags & type_is_call) == 0) return WEFT_EINVALIDSTATE;
  if (const weft_status status = begin_filling(); status != WEFT_OK) return status;
  static_cast<promised *>(room())->result = result;
  return finish_filling({with_result, nullptr});
}

weft_status task::set_error(error *failure) {
  if (const weft_status status = begin_filling(); status != WEFT_OK) return status;
  failure->ref();
  return finish_filling({with_error, failure});
}

} // namespace weft::core
