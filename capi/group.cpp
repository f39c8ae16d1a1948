// weft/group.h
#include "exec/group.hpp"

#include <cstddef>

#include "guard.hpp"
#include "handle.hpp"
#include "submit.hpp"
#include "task_type.hpp"

using namespace weft::core;

namespace {

weft_status answer_of_spawn(weft_group_t *group) noexcept {
  if (const weft_status forked = answer_of(group); forked != WEFT_OK) return forked;
  return unwrap(group)->takes_tasks() ? WEFT_OK : WEFT_ENOTSUP;
}

} // namespace

extern "C" {

weft_status weft_group_create(weft_executor_t *executor, const weft_group_options_t *options, weft_group_t **out) {
  if (bad_if_given(executor) || out == nullptr) return WEFT_EINVAL;
  if (const weft_status forked = answer_of_or_here(executor); forked != WEFT_OK) return forked;
  weft_group_options_t read;
  if (const weft_status status = read_options(options, read); status != WEFT_OK) return status;
  if (check_options(read).at_most("flags", read.flags, WEFT_GROUP_CANCEL_ON_ERROR | WEFT_GROUP_SCOPED).fails())
    return WEFT_EINVAL;
  if (executor != nullptr && unwrap(executor)->kind() != executor_kind::pool) return WEFT_ENOTSUP;
  if (const weft_status forked = answer_if_given(read.token); forked != WEFT_OK) return forked;
  auto *const on = static_cast<pool *>(unwrap(executor));
  group *made = nullptr;
  if (read.token == nullptr)
    made = group::make(on, read.flags);
  else if (const weft_status status = group::make(on, read.flags, *unwrap(read.token), made); status != WEFT_OK)
    return status;
  if (made == nullptr) return WEFT_ENOMEM;
  *out = made;
  return WEFT_OK;
}

weft_group_t *weft_group_ref(weft_group_t *group) {
  if (!bad(group)) unwrap(group)->ref_handle();
  return group;
}

void weft_group_unref(weft_group_t *group) {
  if (!bad(group) && !is_anothers(group)) unwrap(group)->unref_handle();
}

weft_status weft_group_spawn(weft_group_t *group, const weft_task_options_t *options, weft_task_fn fn, void *ctx,
                             weft_drop_fn drop) {
  if (bad(group) || fn == nullptr) return WEFT_EINVAL;
  if (const weft_status status = answer_of_spawn(group); status != WEFT_OK) return status;
  return guard([&]() -> weft_status {
    task_settings read;
    if (options != nullptr)
      if (const weft_status status = read_spawn(*options, read, "weft_group_spawn"); status != WEFT_OK) return status;
    task *const made = create_posted_call({fn, ctx, drop}, read.to);
    if (made == nullptr) return WEFT_ENOMEM;
    const weft_status status = unwrap(group)->accept(*made);
    if (status != WEFT_OK) task::discard(made);
    return status;
  });
}

weft_status weft_group_spawn_task(weft_group_t *group, weft_task_t *task) {
  if (bad(group) || bad(task) || unwrap(task)->has_future()) return WEFT_EINVAL;
  if (const weft_status status = answer_of_spawn(group); status != WEFT_OK) return status;
  if (unwrap(task)->priority() != WEFT_PRIORITY_NORMAL)
    return refuse_option("priority", "is set; a group has one order");
  return guard([&]() -> weft_status { return unwrap(group)->accept(*unwrap(task)); });
}

weft_status weft_group_spawn_value(weft_group_t *group, const weft_task_options_t *options,
                                   const weft_task_type_t *type, const void *closure, size_t size) {
  if (bad(group) || !is_value_of(type, closure, size) || type->flags != WEFT_TASK_POSTED) return WEFT_EINVAL;
  if (const weft_status status = answer_of_spawn(group); status != WEFT_OK) return status;
  return guard([&]() -> weft_status {
    task_settings read;
    if (options != nullptr)
      if (const weft_status status = read_spawn(*options, read, "weft_group_spawn_value"); status != WEFT_OK)
        return status;
    task *const made = create_of_value(*type, 1, read.to, closure, size);
    if (made == nullptr) return WEFT_ENOMEM;
    const weft_status status = unwrap(group)->accept(*made);
    if (status != WEFT_OK) task::discard(made);
    return status;
  });
}

weft_status weft_group_enter(weft_group_t *group) {
  if (bad(group)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(group); forked != WEFT_OK) return forked;
  return unwrap(group)->enter();
}

weft_status weft_group_leave(weft_group_t *group) {
  if (bad(group)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(group); forked != WEFT_OK) return forked;
  return unwrap(group)->leave();
}

weft_status weft_group_then(weft_group_t *group, weft_executor_t *executor, const weft_task_options_t *options,
                            weft_task_fn fn, void *ctx, weft_drop_fn drop) {
  if (bad(group) || bad(executor) || fn == nullptr) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(group); forked != WEFT_OK) return forked;
  if (const weft_status forked = answer_of(executor); forked != WEFT_OK) return forked;
  return guard([&]() -> weft_status {
    task_settings read;
    if (const weft_status status = read_task_options(options, read, "weft_group_then"); status != WEFT_OK)
      return status;
    if (const weft_status status = check_priority(read.priority, executor); status != WEFT_OK) return status;
    task *const made = make_call({fn, ctx, drop}, read, true);
    if (made == nullptr) return WEFT_ENOMEM;
    const weft_status status = unwrap(group)->then(*unwrap(executor), *made);
    if (status != WEFT_OK) task::discard(made);
    return status;
  });
}

weft_status weft_group_then_task(weft_group_t *group, weft_executor_t *executor, weft_task_t *task) {
  if (bad(group) || bad(executor) || bad(task) || unwrap(task)->has_future()) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(group); forked != WEFT_OK) return forked;
  if (const weft_status forked = answer_of(executor); forked != WEFT_OK) return forked;
  if (const weft_status status = check_priority(unwrap(task)->priority(), executor); status != WEFT_OK) return status;
  return guard([&]() -> weft_status { return unwrap(group)->then(*unwrap(executor), *unwrap(task)); });
}

weft_status weft_group_wait(weft_group_t *group, int64_t timeout) {
  if (bad(group)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(group); forked != WEFT_OK) return forked;
  return guard([&]() -> weft_status { return unwrap(group)->wait(deadline::after(timeout)); });
}

void weft_group_settle(weft_group_t *group) {
  if (bad(group) || is_anothers(group)) return;
  guard([&]() -> weft_status {
    unwrap(group)->settle();
    return WEFT_OK;
  });
}

void weft_group_end(weft_group_t *group) {
  if (bad(group)) return;
  guard([&]() -> weft_status {
    unwrap(group)->end();
    return WEFT_OK;
  });
}

weft_status weft_group_cancel(weft_group_t *group) {
  if (bad(group)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(group); forked != WEFT_OK) return forked;
  return guard([&]() -> weft_status {
    unwrap(group)->cancel();
    return WEFT_OK;
  });
}

weft_status weft_group_error(weft_group_t *group, weft_error_t **error) {
  if (bad(group) || bad(error)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(group); forked != WEFT_OK) return forked;
  *error = unwrap(group)->first_error();
  return WEFT_OK;
}

weft_status weft_group_reset(weft_group_t *group) {
  if (bad(group)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(group); forked != WEFT_OK) return forked;
  return unwrap(group)->reset();
}

} // extern "C"
