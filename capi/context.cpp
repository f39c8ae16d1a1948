// weft/context.h
#include "thread/user_context.hpp"

#include "exec/group.hpp"
#include "handle.hpp"

using namespace weft::core;

extern "C" {

weft_status weft_executor_set_context(weft_executor_t *executor, void *ctx, weft_drop_fn drop) {
  if (bad(executor)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(executor); forked != WEFT_OK) return forked;
  if (unwrap(executor)->is_everybodys()) return WEFT_ENOTSUP;
  return unwrap(executor)->context().set(ctx, drop);
}

void *weft_executor_context(weft_executor_t *executor) {
  return !bad(executor) && answer_of(executor) == WEFT_OK ? unwrap(executor)->context().get() : nullptr;
}

weft_status weft_executor_swap_context(weft_executor_t *executor, void *ctx, weft_drop_fn drop, void **old_ctx,
                                       weft_drop_fn *old_drop) {
  if (bad(executor) || old_ctx == nullptr || old_drop == nullptr) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(executor); forked != WEFT_OK) return forked;
  if (unwrap(executor)->is_everybodys()) return WEFT_ENOTSUP;
  return unwrap(executor)->context().swap(ctx, drop, *old_ctx, *old_drop);
}

weft_executor_t *weft_executor_current(void) {
  return executor::current();
}

weft_status weft_group_set_context(weft_group_t *group, void *ctx, weft_drop_fn drop) {
  if (bad(group)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(group); forked != WEFT_OK) return forked;
  return unwrap(group)->context().set(ctx, drop);
}

weft_status weft_group_swap_context(weft_group_t *group, void *ctx, weft_drop_fn drop, void **old_ctx,
                                    weft_drop_fn *old_drop) {
  if (bad(group) || old_ctx == nullptr || old_drop == nullptr) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(group); forked != WEFT_OK) return forked;
  return unwrap(group)->context().swap(ctx, drop, *old_ctx, *old_drop);
}

void *weft_group_context(weft_group_t *group) {
  return !bad(group) && answer_of(group) == WEFT_OK ? unwrap(group)->context().get() : nullptr;
}

} // extern "C"
