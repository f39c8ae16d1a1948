// weft/future.h
#include <algorithm>
#include <bit>
#include <new>

#include "guard.hpp"
#include "handle.hpp"
#include "task/as_completed.hpp"
#include "task/call.hpp"
#include "task/continuation.hpp"
#include "task/stop_callback.hpp"
#include "task/wait.hpp"

using namespace weft::core;

static_assert(sizeof(entered_promise) <= sizeof(weft_future_scope_t));
static_assert(alignof(entered_promise) <= alignof(weft_future_scope_t));

namespace {

// `done` owns the result: a continuation may hand on the result of another future.
void *result_of(task &done) noexcept {
  return (done.type().flags & type_is_call) != 0 ? call_result(done) : done.room();
}

bool has_bad(weft_future_t *const *futures, size_t count, const char *function = __builtin_FUNCTION()) noexcept {
  return std::any_of(futures, futures + count, [function](const weft_future_t *f) { return bad(f, function); });
}

weft_status await(weft_future_t *future, int64_t timeout, const char *function = __builtin_FUNCTION()) {
  if (bad(future, function)) return WEFT_EINVAL;
  if (const weft_status forked = answer_here(); forked != WEFT_OK) return forked;
  return guard([&]() -> weft_status { return wait_for_task(*unwrap(future), deadline::after(timeout)); });
}

task *const *unwrap_all(weft_future_t *const *futures) noexcept {
  return reinterpret_cast<task *const *>(futures);
}

weft_status give_promise(task *made, weft_future_t **out) noexcept {
  if (made == nullptr) return WEFT_ENOMEM;
  if (const weft_status status = made->enter_rolls(); status != WEFT_OK) {
    task::discard(made);
    return status;
  }
  *out = wrap_future(made);
  return WEFT_OK;
}

} // namespace

extern "C" {

weft_future_t *weft_future_ref(weft_future_t *future) {
  if (!bad(future)) unwrap(future)->ref();
  return future;
}

void weft_future_unref(weft_future_t *future) {
  if (!bad(future) && !is_anothers(future)) unwrap(future)->unref();
}

int32_t weft_future_state(const weft_future_t *future) {
  if (bad(future)) return WEFT_EINVAL;
  return static_cast<int32_t>(unwrap(future)->state());
}

int32_t weft_future_running(const weft_future_t *future) {
  if (bad(future)) return WEFT_EINVAL;
  return unwrap(future)->state() == running;
}

int32_t weft_future_done(const weft_future_t *future) {
  if (bad(future)) return WEFT_EINVAL;
  return unwrap(future)->done();
}

int32_t weft_future_cancelled(const weft_future_t *future) {
  if (bad(future)) return WEFT_EINVAL;
  return unwrap(future)->state() == cancelled;
}

weft_status weft_future_cancel(weft_future_t *future) {
  return !bad(future) ? guard([&]() -> weft_status { return unwrap(future)->cancel(); }) : WEFT_EINVAL;
}

weft_status weft_future_request_stop(weft_future_t *future) {
  if (bad(future)) return WEFT_EINVAL;
  return guard([&]() -> weft_status { return unwrap(future)->request_stop(); });
}

int32_t weft_future_stop_requested(const weft_future_t *future) {
  if (bad(future)) return WEFT_EINVAL;
  return unwrap(future)->is_asked_to_stop();
}

weft_status weft_future_wait(weft_future_t *future, int64_t timeout) {
  return await(future, timeout);
}

weft_status weft_future_result(weft_future_t *future, int64_t timeout, void **result) {
  if (const weft_status status = await(future, timeout); status != WEFT_OK) return status;
  task &done = *unwrap(future);
  if (const weft_status status = verdict(done); status != WEFT_OK) return status;
  task &owner = result_owner(done);
  if (owner.taken()) return WEFT_EINVALIDSTATE;
  if (result != nullptr) *result = result_of(owner);
  return WEFT_OK;
}

weft_status weft_future_take(weft_future_t *future, int64_t timeout, void **result) {
  if (const weft_status status = await(future, timeout); status != WEFT_OK) return status;
  task &done = *unwrap(future);
  if (const weft_status status = verdict(done); status != WEFT_OK) return status;
  task &owner = result_owner(done);
  if (!owner.take()) return WEFT_EINVALIDSTATE;
  if (result != nullptr) *result = result_of(owner);
  return WEFT_OK;
}

weft_status weft_future_exception(weft_future_t *future, int64_t timeout, weft_error_t **out) {
  if (out == nullptr) return WEFT_EINVAL;
  if (const weft_status status = await(future, timeout); status != WEFT_OK) return status;
  task &done = *unwrap(future);
  switch (done.state()) {
  case cancelled:
    return WEFT_ECANCELED;
  case with_error:
    done.failure()->ref();
    *out = done.failure();
    return WEFT_OK;
  default:
    *out = nullptr;
    return WEFT_OK;
  }
}

void *weft_future_room(weft_future_t *future) {
  if (bad(future)) return nullptr;
  task &owner = result_owner(*unwrap(future));
  return (owner.type().flags & type_is_call) == 0 ? owner.room() : nullptr;
}

weft_status weft_future_add_done_callback(weft_future_t *future, weft_future_fn fn, void *ctx, weft_drop_fn drop) {
  if (bad(future) || fn == nullptr) return WEFT_EINVAL;
  if (const weft_status forked = answer_here(); forked != WEFT_OK) return forked;
  return guard([&]() -> weft_status { return add_callback(*unwrap(future), fn, ctx, drop); });
}

weft_status weft_future_remove_callback(weft_future_t *future, weft_future_fn fn, void *ctx) {
  if (bad(future) || fn == nullptr) return WEFT_EINVAL;
  if (const weft_status forked = answer_here(); forked != WEFT_OK) return forked;
  return guard([&]() -> weft_status {
    task &which = *unwrap(future);
    if (remove_callback(which, fn, ctx)) return WEFT_OK;
    return which.done() ? WEFT_EDONE : WEFT_EINVALIDSTATE;
  });
}

weft_status weft_future_on_stop(weft_future_t *future, weft_future_fn fn, void *ctx, weft_drop_fn drop) {
  if (bad(future) || fn == nullptr) return WEFT_EINVAL;
  if (const weft_status forked = answer_here(); forked != WEFT_OK) return forked;
  return guard([&]() -> weft_status { return stop_callback::add(*unwrap(future), fn, ctx, drop); });
}

weft_status weft_wait(weft_future_t *const *futures, size_t count, uint32_t mode, int64_t timeout, uint8_t *done,
                      size_t *done_count) {
  if (mode > WEFT_FIRST_EXCEPTION || (futures == nullptr && count != 0) || has_bad(futures, count)) return WEFT_EINVAL;
  if (const weft_status forked = answer_here(); forked != WEFT_OK) return forked;
  return guard([&]() -> weft_status {
    future_set all;
    if (!all.assign(unwrap_all(futures), count)) return WEFT_ENOMEM;
    const weft_status status = all.wait(mode, deadline::after(timeout));
    if (status == WEFT_ENOMEM) return status;
    const std::size_t finished = all.note_done();
    if (done != nullptr)
      std::transform(futures, futures + count, done, [&all](weft_future_t *f) { return all.was_done(*unwrap(f)); });
    if (done_count != nullptr) *done_count = finished;
    return status;
  });
}

weft_status weft_as_completed(weft_future_t *const *futures, size_t count, int64_t timeout, weft_as_completed_t **out) {
  if (out == nullptr || (futures == nullptr && count != 0) || has_bad(futures, count)) return WEFT_EINVAL;
  if (const weft_status forked = answer_here(); forked != WEFT_OK) return forked;
  as_completed *const made = as_completed::make(unwrap_all(futures), count, deadline::after(timeout));
  if (made == nullptr) return WEFT_ENOMEM;
  *out = wrap(made);
  return WEFT_OK;
}

weft_status weft_as_completed_next(weft_as_completed_t *iterator, weft_future_t **out) {
  if (bad(iterator) || out == nullptr) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(iterator); forked != WEFT_OK) return forked;
  return guard([&]() -> weft_status {
    task *next = nullptr;
    const weft_status status = unwrap(iterator)->next(next);
    if (status == WEFT_OK) *out = wrap_future(next);
    return status;
  });
}

void weft_as_completed_destroy(weft_as_completed_t **iterator) {
  if (bad(iterator)) return;
  if (!bad(*iterator) && !is_anothers(*iterator)) delete unwrap(*iterator);
  *iterator = nullptr;
}

weft_status weft_future_create(weft_drop_fn result_drop, weft_future_t **out) {
  if (out == nullptr) return WEFT_EINVAL;
  return give_promise(task::create_promise(result_drop, {nullptr, current_domain()}), out);
}

weft_status weft_future_create_room(size_t size, size_t align, weft_drop_fn drop_result, weft_future_t **out) {
  constexpr size_t largest = size_t{1} << 30, widest = 4096;
  if (out == nullptr || size > largest || align > widest || (align != 0 && !std::has_single_bit(align)))
    return WEFT_EINVAL;
  return give_promise(task::create_room_promise(size, align, drop_result, {nullptr, current_domain()}), out);
}

weft_status weft_future_set_running(weft_future_t *future) {
  if (bad(future)) return WEFT_EINVAL;
  return unwrap(future)->set_running();
}

weft_status weft_future_enter(weft_future_t *future, weft_future_scope_t *scope) {
  if (bad(future) || scope == nullptr) return WEFT_EINVAL;
  return entered_promise::begin(*unwrap(future), scope);
}

weft_status weft_future_leave(weft_future_scope_t *scope) {
  return scope != nullptr ? entered_promise::end(scope) : WEFT_EINVAL;
}

weft_status weft_future_set_result(weft_future_t *future, void *result) {
  return !bad(future) ? guard([&]() -> weft_status { return unwrap(future)->set_result(result); }) : WEFT_EINVAL;
}

weft_status weft_future_set_error(weft_future_t *future, weft_error_t *error) {
  if (bad(future) || bad(error)) return WEFT_EINVAL;
  return guard([&]() -> weft_status { return unwrap(future)->set_error(unwrap(error)); });
}

weft_status weft_future_set_begin(weft_future_t *future, void **room) {
  if (bad(future) || room == nullptr) return WEFT_EINVAL;
  task &which = *unwrap(future);
  if ((which.type().flags & type_is_call) != 0) return WEFT_EINVALIDSTATE;
  const weft_status status = which.begin_filling();
  if (status == WEFT_OK) *room = which.room();
  return status;
}

weft_status weft_future_set_commit(weft_future_t *future) {
  if (bad(future)) return WEFT_EINVAL;
  return guard([&]() -> weft_status { return unwrap(future)->finish_filling({with_result, nullptr}); });
}

weft_status weft_future_set_abort(weft_future_t *future, weft_error_t *error) {
  if (bad(future) || bad(error)) return WEFT_EINVAL;
  return guard([&]() -> weft_status {
    unwrap(error)->ref();
    const weft_status status = unwrap(future)->finish_filling({with_error, unwrap(error)});
    if (status != WEFT_OK) unwrap(error)->unref();
    return status;
  });
}

} // extern "C"
