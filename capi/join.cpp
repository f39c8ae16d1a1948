// weft/join.h
#include "exec/join.hpp"
#include "guard.hpp"
#include "handle.hpp"

using namespace weft::core;

extern "C" {

// No guard: only the forced unwind of a thread leaves join().
weft_status weft_join(weft_executor_t *executor, weft_join_fn first, void *first_ctx, weft_join_fn second,
                      void *second_ctx, weft_error_t **out) {
  if (bad(executor) || first == nullptr || second == nullptr) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(executor); forked != WEFT_OK) return forked;
  if (unwrap(executor)->kind() != executor_kind::pool) return WEFT_ENOTSUP;
  const join_outcome got = join(static_cast<pool &>(*unwrap(executor)), {first, first_ctx}, {second, second_ctx});
  if (got.failure != nullptr) [[unlikely]] {
    if (out != nullptr)
      *out = got.failure;
    else
      got.failure->unref();
  }
  return got.status;
}

} // extern "C"
