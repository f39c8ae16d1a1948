// weft/caller_run.h
#include "exec/caller_run.hpp"

#include "executor.hpp"
#include "guard.hpp"
#include "handle.hpp"
#include "task/source_link.hpp"

using namespace weft::core;

namespace {

caller_run *as_caller_run(weft_executor_t *executor) noexcept {
  weft::core::executor *const given = unwrap(executor);
  return given->kind() == executor_kind::caller_run ? static_cast<caller_run *>(given) : nullptr;
}

// run(which, count) runs tasks and counts them.
template <class Run> weft_status run_tasks(weft_executor_t *executor, uint64_t *ran, Run run) {
  if (const weft_status forked = answer_of(executor); forked != WEFT_OK) return forked;
  caller_run *const which = as_caller_run(executor);
  if (which == nullptr) return WEFT_ENOTSUP;
  return guard([&]() -> weft_status {
    uint64_t count = 0;
    const weft_status status = run(*which, count);
    if (status == WEFT_OK && ran != nullptr) *ran = count;
    return status;
  });
}

} // namespace

extern "C" {

weft_status weft_caller_run_create(weft_runtime_t *handle, const weft_caller_run_options_t *options,
                                   weft_executor_t **out) {
  if (out == nullptr) return WEFT_EINVAL;
  return guard([&]() -> weft_status {
    weft_caller_run_options_t read;
    if (const weft_status status = read_options(options, read); status != WEFT_OK) return status;
    if (check_options(read).is_zero("flags", read.flags).fails()) return WEFT_EINVAL;
    bound_settings queue;
    if (const weft_status status = read_queue(read, queue); status != WEFT_OK) return status;
    shared<runtime> home;
    if (const weft_status status = home_of(handle, home, "weft_caller_run_create"); status != WEFT_OK) return status;
    caller_run *const made = caller_run::make(home, home->executors(), queue, read.daemon == WEFT_DAEMON_YES);
    if (made == nullptr) return WEFT_ESHUTDOWN;
    *out = made;
    return WEFT_OK;
  });
}

weft_status weft_executor_run(weft_executor_t *executor, uint64_t max_tasks, int64_t budget, uint64_t *ran) {
  if (bad(executor)) return WEFT_EINVAL;
  return run_tasks(executor, ran, [&](caller_run &which, uint64_t &count) {
    return which.run(max_tasks, deadline::after(budget), count);
  });
}

weft_status weft_executor_run_wait(weft_executor_t *executor, uint64_t max_tasks, int64_t timeout, uint64_t *ran) {
  if (bad(executor)) return WEFT_EINVAL;
  return run_tasks(executor, ran, [&](caller_run &which, uint64_t &count) {
    return which.run_wait(max_tasks, deadline::after(timeout), count);
  });
}

weft_status weft_executor_run_until(weft_executor_t *executor, weft_future_t *future, int64_t timeout) {
  if (bad(executor) || bad(future)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(executor); forked != WEFT_OK) return forked;
  caller_run *const which = as_caller_run(executor);
  if (which == nullptr) return WEFT_ENOTSUP;
  return guard([&]() -> weft_status {
    task &wanted = *unwrap(future);
    const task_reference kept(wanted); // a task may drop the caller's reference
    return which->run_until(wanted, deadline::after(timeout));
  });
}

} // extern "C"
