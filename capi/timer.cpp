// weft/timer.h
#include "timer/timer.hpp"

#include "base/clock.hpp"
#include "guard.hpp"
#include "handle.hpp"
#include "submit.hpp"
#include "task/call.hpp"
#include "timer/timer_queue.hpp"

using namespace weft::core;

namespace {

// The moment `delay` from now. A moment too far away for the clock never comes.
std::int64_t moment_after(std::int64_t delay) noexcept {
  const std::int64_t now = now_ns();
  if (delay <= 0) return now;
  return delay >= timer_queue::latest - now ? timer_queue::latest : now + delay;
}

// out: null for a post.
weft_status submit_at(weft_executor_t *executor, std::int64_t due, const weft_task_options_t *options, const call &what,
                      weft_future_t **out, const char *function) {
  return guard([&]() -> weft_status {
    task_settings read;
    if (const weft_status status = read_task_options(options, read, function); status != WEFT_OK) return status;
    if (const weft_status status = check_priority(read.priority, executor); status != WEFT_OK) return status;
    task *const made = make_call(what, read, out == nullptr);
    if (made == nullptr) return WEFT_ENOMEM;
    const weft_status status = unwrap(executor)->accept_after(*made, due);
    if (status != WEFT_OK)
      task::discard(made);
    else if (out != nullptr)
      *out = wrap_future(made);
    return status;
  });
}

weft_status arm_every(weft_timer_t *timer, std::int64_t first, std::int64_t period, std::uint32_t missed) noexcept {
  if (period <= 0 || missed > WEFT_MISSED_DELAY) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(timer); forked != WEFT_OK) return forked;
  return unwrap(timer)->arm({first, period, missed});
}

} // namespace

extern "C" {

int64_t weft_now(void) {
  return now_ns();
}

weft_status weft_timer_create(weft_executor_t *executor, const weft_task_options_t *options, weft_task_fn fn, void *ctx,
                              weft_drop_fn drop, weft_timer_t **out) {
  if (bad(executor) || fn == nullptr || out == nullptr) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(executor); forked != WEFT_OK) return forked;
  task_settings read;
  if (const weft_status status = read_task_options(options, read); status != WEFT_OK) return status;
  if (const weft_status status = check_priority(read.priority, executor); status != WEFT_OK) return status;
  if (read.result_drop != nullptr) return refuse_option("result_drop", "is set; a timer has no results");
  weft::core::executor &on = *unwrap(executor);
  timer *made = nullptr;
  const weft_status status = timer::make(on.timers(), on, {fn, ctx, drop}, {read.to, read.priority}, made);
  if (status == WEFT_OK) *out = made;
  return status;
}

weft_timer_t *weft_timer_ref(weft_timer_t *timer) {
  if (!bad(timer)) unwrap(timer)->ref_handle();
  return timer;
}

void weft_timer_unref(weft_timer_t *timer) {
  if (bad(timer) || is_anothers(timer)) return;
  guard([&]() -> weft_status {
    unwrap(timer)->unref_handle();
    return WEFT_OK;
  });
}

weft_status weft_timer_arm(weft_timer_t *timer, int64_t delay) {
  if (bad(timer)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(timer); forked != WEFT_OK) return forked;
  return unwrap(timer)->arm({moment_after(delay)});
}

weft_status weft_timer_arm_at(weft_timer_t *timer, int64_t time) {
  if (bad(timer)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(timer); forked != WEFT_OK) return forked;
  return unwrap(timer)->arm({time});
}

weft_status weft_timer_arm_every(weft_timer_t *timer, int64_t first_delay, int64_t period, uint32_t missed) {
  if (bad(timer)) return WEFT_EINVAL;
  return arm_every(timer, moment_after(first_delay), period, missed);
}

weft_status weft_timer_arm_every_at(weft_timer_t *timer, int64_t first, int64_t period, uint32_t missed) {
  if (bad(timer)) return WEFT_EINVAL;
  return arm_every(timer, first, period, missed);
}

weft_status weft_timer_cancel(weft_timer_t *timer) {
  if (bad(timer)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(timer); forked != WEFT_OK) return forked;
  return unwrap(timer)->cancel();
}

weft_status weft_timer_close(weft_timer_t *timer, int64_t timeout) {
  if (bad(timer)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(timer); forked != WEFT_OK) return forked;
  return unwrap(timer)->close(deadline::after(timeout));
}

weft_status weft_executor_submit_after(weft_executor_t *executor, int64_t delay, const weft_task_options_t *options,
                                       weft_task_fn fn, void *ctx, weft_drop_fn drop, weft_future_t **out) {
  if (bad(executor) || fn == nullptr || out == nullptr) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(executor); forked != WEFT_OK) return forked;
  return submit_at(executor, moment_after(delay), options, {fn, ctx, drop}, out, "weft_executor_submit_after");
}

weft_status weft_executor_submit_at(weft_executor_t *executor, int64_t time, const weft_task_options_t *options,
                                    weft_task_fn fn, void *ctx, weft_drop_fn drop, weft_future_t **out) {
  if (bad(executor) || fn == nullptr || out == nullptr) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(executor); forked != WEFT_OK) return forked;
  return submit_at(executor, time, options, {fn, ctx, drop}, out, "weft_executor_submit_at");
}

weft_status weft_executor_post_after(weft_executor_t *executor, int64_t delay, const weft_task_options_t *options,
                                     weft_task_fn fn, void *ctx, weft_drop_fn drop) {
  if (bad(executor) || fn == nullptr) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(executor); forked != WEFT_OK) return forked;
  return submit_at(executor, moment_after(delay), options, {fn, ctx, drop}, nullptr, "weft_executor_post_after");
}

weft_status weft_executor_post_at(weft_executor_t *executor, int64_t time, const weft_task_options_t *options,
                                  weft_task_fn fn, void *ctx, weft_drop_fn drop) {
  if (bad(executor) || fn == nullptr) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(executor); forked != WEFT_OK) return forked;
  return submit_at(executor, time, options, {fn, ctx, drop}, nullptr, "weft_executor_post_at");
}

weft_status weft_executor_submit_task_after(weft_executor_t *executor, int64_t delay, weft_task_t *task,
                                            weft_future_t **out) {
  if (bad(executor) || bad(task)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(executor); forked != WEFT_OK) return forked;
  weft::core::task &given = *unwrap(task);
  if ((out != nullptr && !given.has_future()) || given.is_continuation()) return WEFT_EINVAL;
  if (const weft_status status = check_priority(given.priority(), executor); status != WEFT_OK) return status;
  given.set_posted(out == nullptr);
  given.set_references(out != nullptr ? 2 : 1); // for the queue, and for the handle
  const weft_status status = unwrap(executor)->accept_after(given, moment_after(delay));
  if (status == WEFT_OK && out != nullptr) *out = wrap_future(&given);
  return status;
}

} // extern "C"
