// weft/worker.h
#include "sched/worker.hpp"
#include "exec/pool.hpp"
#include "exec/strand.hpp"
#include "guard.hpp"
#include "handle.hpp"
#include "task/source_link.hpp"

using namespace weft::core;

namespace {

// The pool whose workers run what is submitted there, or null.
const pool *pool_under(weft_executor_t *executor) noexcept {
  const weft::core::executor *const given = unwrap(executor);
  if (given->kind() == executor_kind::pool) return static_cast<const pool *>(given);
  return given->kind() == executor_kind::strand ? static_cast<const pool *>(given->carrier()) : nullptr;
}

// The calling thread becomes a worker: work(pool).
template <class Work> weft_status work_on(weft_executor_t *executor, Work work) {
  if (const weft_status forked = answer_of(executor); forked != WEFT_OK) return forked;
  if (unwrap(executor)->kind() != executor_kind::pool) return WEFT_ENOTSUP;
  return guard([&]() -> weft_status {
    struct lease { // a task may drop the caller's
      pool &of;
      explicit lease(pool &of) noexcept : of(of) { of.ref_handle(); }
      ~lease() { of.unref_handle(); }
    } const held(static_cast<pool &>(*unwrap(executor)));
    return work(held.of);
  });
}

} // namespace

extern "C" {

weft_status weft_executor_work(weft_executor_t *executor, int64_t timeout) {
  if (bad(executor)) return WEFT_EINVAL;
  return work_on(executor, [&](pool &of) { return of.work(deadline::after(timeout)); });
}

weft_status weft_executor_help(weft_executor_t *executor, weft_future_t *future, int64_t timeout) {
  if (bad(executor) || bad(future)) return WEFT_EINVAL;
  return work_on(executor, [&](pool &of) {
    task &wanted = *unwrap(future);
    const task_reference kept(wanted); // a task may drop the caller's
    return of.help(wanted, deadline::after(timeout));
  });
}

int32_t weft_worker_index_bound(weft_executor_t *executor) {
  if (bad(executor)) return WEFT_EINVAL;
  const pool *const workers = pool_under(executor);
  return workers != nullptr ? static_cast<int32_t>(workers->index_bound()) : WEFT_ENOTSUP;
}

int32_t weft_worker_index(void) {
  const record *const self = existing_record();
  if (self == nullptr || self->worker == nullptr) return WEFT_ENOTSUP;
  return static_cast<int32_t>(static_cast<const worker *>(self->worker)->index);
}

void *weft_worker_data(void) {
  const record *const self = existing_record();
  if (self == nullptr || self->worker == nullptr) return nullptr;
  return static_cast<const worker *>(self->worker)->shown.data;
}

weft_status weft_blocking_begin(void) {
  record *const self = existing_record();
  if (self == nullptr || self->worker == nullptr) return WEFT_ENOTSUP;
  worker &me = *static_cast<worker *>(self->worker);
  me.home.begin_blocking(me, *self);
  return WEFT_OK;
}

weft_status weft_blocking_end(void) {
  record *const self = existing_record();
  if (self == nullptr || self->worker == nullptr) return WEFT_ENOTSUP;
  worker &me = *static_cast<worker *>(self->worker);
  return me.home.end_blocking(me, *self) ? WEFT_OK : WEFT_EINVALIDSTATE;
}

} // extern "C"
