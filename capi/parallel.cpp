// weft/parallel.h
#include <bit>

#include "exec/parallel.hpp"
#include "guard.hpp"
#include "handle.hpp"

using namespace weft::core;

namespace {

weft_status check(const weft_executor_t *executor, const weft_range_options_t *options, uint64_t begin, uint64_t end,
                  weft_range_options_t &read, const char *function = __builtin_FUNCTION()) noexcept {
  if (bad(executor, function) || end < begin) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(executor); forked != WEFT_OK) return forked;
  if (const weft_status status = read_options(options, read); status != WEFT_OK) return status;
  return check_options(read).is_zero("reserved", read.reserved).status();
}

bool sound(const weft_reduction_t &how) noexcept {
  constexpr uint64_t largest = uint64_t{1} << 30;
  constexpr uint32_t widest = 4096;
  return !check_options(how)
              .that(how.size >= sizeof how && how.size <= widest, "size", how.size, "48 to 4096")
              .at_most("state_size", how.state_size, largest)
              .that(how.state_align <= widest && (how.state_align == 0 || std::has_single_bit(how.state_align)),
                    "state_align", how.state_align, "0, or a power of two up to 4096")
              .that(how.init != nullptr, "init", 0, "a function")
              .that(how.body != nullptr, "body", 0, "a function")
              .that(how.join != nullptr, "join", 0, "a function")
              .fails();
}

void give(error *failure, weft_status status, weft_error_t **out) noexcept {
  if (status != WEFT_EFAILED) return;
  if (out != nullptr)
    *out = failure;
  else
    failure->unref();
}

} // namespace

extern "C" {

weft_status weft_parallel_for(weft_executor_t *executor, const weft_range_options_t *options, uint64_t begin,
                              uint64_t end, weft_range_fn body, void *ctx, weft_error_t **out) {
  weft_range_options_t read;
  if (body == nullptr) return WEFT_EINVAL;
  if (const weft_status status = check(executor, options, begin, end, read); status != WEFT_OK) return status;
  if (unwrap(executor)->kind() != executor_kind::pool) return WEFT_ENOTSUP;
  return guard([&]() -> weft_status {
    error *failure = nullptr;
    const weft_status status =
        parallel_for(static_cast<pool &>(*unwrap(executor)), read.grain, {begin, end}, body, ctx, &failure);
    give(failure, status, out);
    return status;
  });
}

int32_t weft_parallel_index(weft_executor_t *executor) {
  if (bad(executor)) return WEFT_EINVAL;
  if (unwrap(executor)->kind() != executor_kind::pool) return WEFT_ENOTSUP;
  auto &on = static_cast<pool &>(*unwrap(executor));
  const worker *const me = on.workers().worker_of(existing_record());
  return static_cast<int32_t>(me != nullptr ? me->index : on.index_bound());
}

weft_status weft_parallel_reduce(weft_executor_t *executor, const weft_range_options_t *options, uint64_t begin,
                                 uint64_t end, const weft_reduction_t *how, void *ctx, void *result,
                                 weft_error_t **out) {
  weft_range_options_t read;
  if (how == nullptr || result == nullptr || !sound(*how)) return WEFT_EINVAL;
  if (const weft_status status = check(executor, options, begin, end, read); status != WEFT_OK) return status;
  if (unwrap(executor)->kind() != executor_kind::pool) return WEFT_ENOTSUP;
  return guard([&]() -> weft_status {
    weft_reduction_t settled = *how;
    if (settled.state_align == 0) settled.state_align = 16;
    error *failure = nullptr;
    const weft_status status = parallel_reduce(static_cast<pool &>(*unwrap(executor)), read.grain, {begin, end},
                                               settled, ctx, result, &failure);
    give(failure, status, out);
    return status;
  });
}

} // extern "C"
