// weft/continuation.h
#include <algorithm>

#include "exec/then.hpp"
#include "guard.hpp"
#include "handle.hpp"
#include "submit.hpp"
#include "task/when.hpp"

using namespace weft::core;

namespace {

bool valid(weft_future_t *const *futures, size_t count, const char *function = __builtin_FUNCTION()) noexcept {
  if (futures == nullptr) return count == 0;
  return std::none_of(futures, futures + count, [function](const weft_future_t *f) { return bad(f, function); });
}

bool is_when(uint32_t when) noexcept {
  return when <= WEFT_THEN_ALWAYS || when == (WEFT_THEN_RESULT | WEFT_THEN_FLATTEN) ||
         when == (WEFT_THEN_ALWAYS | WEFT_THEN_FLATTEN);
}

// On failure `made` is still the caller's. What flattens it is made first: once the continuation is
// started, nothing may fail any more.
weft_status start(task &made, task &source, uint32_t when, executor *on, weft_future_t **out) {
  task *flat = nullptr;
  if ((when & WEFT_THEN_FLATTEN) != 0) {
    flat = create_flattening();
    if (flat == nullptr) return WEFT_ENOMEM;
  }
  const weft_status status = start_continuation(made, source, when & ~WEFT_THEN_FLATTEN, on);
  if (status != WEFT_OK) {
    if (flat != nullptr) task::discard(flat);
    return status;
  }
  if (flat != nullptr) {
    continuation::start_flattening(*flat, made);
    made.unref();
  }
  *out = wrap_future(flat != nullptr ? flat : &made);
  return WEFT_OK;
}

weft_status start_gathering(gather mode, weft_future_t *const *futures, size_t count, weft_future_t **out) {
  if (const weft_status forked = answer_here(); forked != WEFT_OK) return forked;
  return guard([&]() -> weft_status {
    task *const made = gathering::make(mode, reinterpret_cast<task *const *>(futures), count);
    if (made == nullptr) return WEFT_ENOMEM;
    *out = wrap_future(made);
    return WEFT_OK;
  });
}

} // namespace

extern "C" {

weft_status weft_future_then(weft_future_t *future, weft_executor_t *executor, uint32_t when,
                             const weft_task_options_t *options, weft_then_fn fn, void *ctx, weft_drop_fn drop,
                             weft_future_t **out) {
  if (bad(future) || fn == nullptr || out == nullptr || !is_when(when) || bad_if_given(executor)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of_or_here(executor); forked != WEFT_OK) return forked;
  return guard([&]() -> weft_status {
    task_settings read;
    if (const weft_status status = read_task_options(options, read, "weft_future_then"); status != WEFT_OK)
      return status;
    if (const weft_status status = check_priority(read.priority, executor); status != WEFT_OK) return status;
    task *const made = create_continuation({fn, ctx, drop}, read.result_drop, read.to);
    if (made == nullptr) return WEFT_ENOMEM;
    made->set_priority(read.priority);
    const weft_status status = start(*made, *unwrap(future), when, unwrap(executor), out);
    if (status != WEFT_OK) task::discard(made);
    return status;
  });
}

weft_status weft_future_then_task(weft_future_t *future, weft_executor_t *executor, uint32_t when, weft_task_t *task,
                                  weft_future_t **out) {
  if (bad(future) || bad(task) || out == nullptr || !is_when(when) || bad_if_given(executor)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of_or_here(executor); forked != WEFT_OK) return forked;
  weft::core::task &given = *unwrap(task);
  if (!given.is_continuation()) return WEFT_EINVAL;
  if (const weft_status status = check_priority(given.priority(), executor); status != WEFT_OK) return status;
  return guard([&]() -> weft_status {
    given.set_references(2);
    return start(given, *unwrap(future), when, unwrap(executor), out);
  });
}

weft_status weft_future_flatten(weft_future_t *future, weft_future_t **out) {
  if (bad(future) || out == nullptr || unwrap(future)->is_gathering()) return WEFT_EINVAL;
  if (const weft_status forked = answer_here(); forked != WEFT_OK) return forked;
  return guard([&]() -> weft_status {
    task *const made = create_flattening();
    if (made == nullptr) return WEFT_ENOMEM;
    continuation::start_flattening(*made, *unwrap(future));
    *out = wrap_future(made);
    return WEFT_OK;
  });
}

weft_future_t *weft_continuation_source(void) {
  task *const source = current_source();
  return source != nullptr ? wrap_future(source) : nullptr;
}

weft_status weft_when_all(weft_future_t *const *futures, size_t count, weft_future_t **out) {
  if (out == nullptr || !valid(futures, count)) return WEFT_EINVAL;
  return start_gathering(gather::all, futures, count, out);
}

weft_status weft_when_any(weft_future_t *const *futures, size_t count, weft_future_t **out) {
  if (out == nullptr || count == 0 || !valid(futures, count)) return WEFT_EINVAL;
  return start_gathering(gather::any, futures, count, out);
}

} // extern "C"
