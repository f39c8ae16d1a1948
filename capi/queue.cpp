// weft/queue.h
#include <cstddef>

#include "exec/group.hpp"
#include "guard.hpp"
#include "handle.hpp"
#include "task/future_tie.hpp"
#include "timer/timer.hpp"

using namespace weft::core;

static_assert(sizeof(weft_event_t) == 32 && offsetof(weft_event_t, kind) == 8 && offsetof(weft_event_t, status) == 12 &&
              offsetof(weft_event_t, value) == 16 && offsetof(weft_event_t, reserved) == 24);

extern "C" {

weft_status weft_queue_create(const weft_queue_options_t *options, weft_queue_t **out) {
  if (out == nullptr) return WEFT_EINVAL;
  weft_queue_options_t read;
  if (const weft_status status = read_options(options, read); status != WEFT_OK) return status;
  if (check_options(read).is_zero("flags", read.flags).fails()) return WEFT_EINVAL;
  completion_queue *const made = completion_queue::make();
  if (made == nullptr) return WEFT_ENOMEM;
  *out = made;
  return WEFT_OK;
}

weft_queue_t *weft_queue_ref(weft_queue_t *queue) {
  if (!bad(queue)) unwrap(queue)->ref_handle();
  return queue;
}

void weft_queue_unref(weft_queue_t *queue) {
  if (!bad(queue) && !is_anothers(queue)) unwrap(queue)->unref_handle();
}

weft_status weft_queue_fd(weft_queue_t *queue, int32_t *out) {
  if (bad(queue) || out == nullptr) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(queue); forked != WEFT_OK) return forked;
  int number = -1;
  const weft_status status = unwrap(queue)->descriptor(number);
  if (status == WEFT_OK) *out = number;
  return status;
}

weft_status weft_queue_pop(weft_queue_t *queue, weft_event_t *events, size_t max, size_t *count) {
  if (bad(queue) || events == nullptr || max == 0 || count == nullptr) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(queue); forked != WEFT_OK) return forked;
  size_t taken = 0;
  const weft_status status = unwrap(queue)->pop(events, max, taken);
  if (status == WEFT_OK) *count = taken;
  return status;
}

weft_status weft_queue_wait(weft_queue_t *queue, weft_event_t *events, size_t max, int64_t timeout, size_t *count) {
  if (bad(queue) || events == nullptr || max == 0 || count == nullptr) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(queue); forked != WEFT_OK) return forked;
  return guard([&]() -> weft_status {
    size_t taken = 0;
    const weft_status status = unwrap(queue)->wait(events, max, deadline::after(timeout), taken);
    if (status == WEFT_OK) *count = taken;
    return status;
  });
}

weft_status weft_queue_post(weft_queue_t *queue, uint64_t tag, uint64_t value) {
  if (bad(queue)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(queue); forked != WEFT_OK) return forked;
  return unwrap(queue)->post(tag, value);
}

weft_status weft_queue_close(weft_queue_t *queue) {
  if (bad(queue)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(queue); forked != WEFT_OK) return forked;
  unwrap(queue)->close();
  return WEFT_OK;
}

weft_status weft_future_notify(weft_future_t *future, weft_queue_t *queue, uint64_t tag) {
  if (bad(future) || bad(queue)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(queue); forked != WEFT_OK) return forked;
  return guard([&]() -> weft_status { return future_tie::make(*unwrap(future), *unwrap(queue), tag); });
}

weft_status weft_group_notify(weft_group_t *group, weft_queue_t *queue, uint64_t tag) {
  if (bad(group) || bad(queue)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(group); forked != WEFT_OK) return forked;
  if (const weft_status forked = answer_of(queue); forked != WEFT_OK) return forked;
  return unwrap(group)->notify(*unwrap(queue), tag);
}

weft_status weft_future_untie(weft_future_t *future, weft_queue_t *queue, uint64_t tag) {
  if (bad(future) || bad(queue)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(queue); forked != WEFT_OK) return forked;
  return future_tie::undo(*unwrap(future), *unwrap(queue), tag);
}

weft_status weft_group_untie(weft_group_t *group, weft_queue_t *queue, uint64_t tag) {
  if (bad(group) || bad(queue)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(group); forked != WEFT_OK) return forked;
  if (const weft_status forked = answer_of(queue); forked != WEFT_OK) return forked;
  return unwrap(group)->undo_tie(*unwrap(queue), tag);
}

weft_status weft_timer_create_notify(weft_executor_t *executor, weft_queue_t *queue, uint64_t tag, weft_timer_t **out) {
  if (bad(executor) || bad(queue) || out == nullptr) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(executor); forked != WEFT_OK) return forked;
  if (const weft_status forked = answer_of(queue); forked != WEFT_OK) return forked;
  weft::core::executor &on = *unwrap(executor);
  timer *made = nullptr;
  const weft_status status = timer::make_notifying(on.timers(), on, *unwrap(queue), tag, made);
  if (status == WEFT_OK) *out = made;
  return status;
}

} // extern "C"
