// weft/executor.h
#include "executor.hpp"

#include <memory>

#include "exec/pool.hpp"
#include "guard.hpp"
#include "submit.hpp"

using namespace weft::core;

namespace {

weft_status read_pool(const weft_executor_options_t *options, pool_settings &settings) {
  constexpr std::uint32_t most_workers = 4096;
  constexpr std::uint64_t largest_stack = std::uint64_t{1} << 40;
  weft_executor_options_t read;
  if (const weft_status status = read_options(options, read); status != WEFT_OK) return status;
  const bool fails = check_options(read)
                         .at_most("max_workers", read.max_workers, most_workers)
                         .at_most("stack_size", read.stack_size, largest_stack)
                         .at_most("max_spares", read.max_spares, most_workers)
                         .at_most("max_helpers", read.max_helpers, most_workers)
                         .at_most("flags", read.flags, WEFT_EXECUTOR_HOST_WORKERS)
                         .at_most("signals", read.signals, WEFT_SIGNALS_BLOCK)
                         .that(read.linger >= 0, "linger", read.linger, "0 or more")
                         .fails();
  if (fails || !are_cpus(read.nice, read.affinity, read.affinity_count, struct_name<weft_executor_options_t>))
    return WEFT_EINVAL;
  if (const weft_status status = read_queue(read, settings.queue); status != WEFT_OK) return status;
  settings.max_workers = read.max_workers;
  if (read.name_prefix != nullptr) settings.name_prefix = read.name_prefix;
  settings.initializer = read.initializer;
  settings.initializer_ctx = read.initializer_ctx;
  settings.initializer_drop = read.initializer_drop;
  settings.worker_start = read.worker_start;
  settings.worker_stop = read.worker_stop;
  settings.worker_rest = read.worker_rest;
  settings.worker_ctx = read.worker_ctx;
  settings.worker_drop = read.worker_drop;
  settings.blocks_signals = read.signals != WEFT_SIGNALS_INHERIT;
  settings.host_only = (read.flags & WEFT_EXECUTOR_HOST_WORKERS) != 0;
  settings.daemon = read.daemon == WEFT_DAEMON_YES;
  settings.stack_size = read.stack_size;
  if (read.max_spares != 0) settings.max_spares = read.max_spares;
  if (read.max_helpers != 0) settings.max_helpers = read.max_helpers;
  settings.linger = read.linger;
  settings.nice = read.nice;
  settings.affinity.assign(read.affinity, read.affinity + read.affinity_count);
  return WEFT_OK;
}

void discard(task **tasks, size_t count) noexcept {
  for (size_t i = 0; i < count; ++i) task::discard(tasks[i]);
}

// out: null for a post.
[[gnu::always_inline]] inline weft_status submit_one(weft_executor_t *executor, const weft_task_options_t *options,
                                                     const call &what, weft_future_t **out, const char *function) {
  return guard([&]() -> weft_status {
    task_settings read;
    if (options != nullptr) {
      if (const weft_status status = read_task_options(options, read, function); status != WEFT_OK) return status;
      if (const weft_status status = check_priority(read.priority, executor); status != WEFT_OK) return status;
    }
    task *made = make_call(what, read, out == nullptr);
    if (made == nullptr) return WEFT_ENOMEM;
    const weft_status status = unwrap(executor)->accept(&made, 1);
    if (status != WEFT_OK)
      task::discard(made);
    else if (out != nullptr)
      *out = wrap_future(made);
    return status;
  });
}

} // namespace

extern "C" {

weft_status weft_executor_create(weft_runtime_t *handle, const weft_executor_options_t *options,
                                 weft_executor_t **out) {
  if (out == nullptr) return WEFT_EINVAL;
  return guard([&]() -> weft_status {
    pool_settings settings;
    if (const weft_status status = read_pool(options, settings); status != WEFT_OK) return status;
    shared<runtime> home;
    if (const weft_status status = home_of(handle, home, "weft_executor_create"); status != WEFT_OK) return status;
    settings.home = shared<domain>(current_domain());
    pool *const made = pool::make(home, home->executors(), settings);
    if (made == nullptr) return settings.home && settings.home->closed() ? WEFT_ECLOSED : WEFT_ESHUTDOWN;
    *out = made;
    return WEFT_OK;
  });
}

weft_status weft_default_executor(weft_executor_t **out) {
  if (out == nullptr) return WEFT_EINVAL;
  return guard([&]() -> weft_status {
    shared<runtime> home;
    if (const weft_status status = home_of(nullptr, home, "weft_default_executor"); status != WEFT_OK) return status;
    pool *everybodys = nullptr;
    const weft_status status = home->pool_for_all().get(*home, everybodys);
    if (status == WEFT_OK) *out = everybodys;
    return status;
  });
}

weft_status weft_default_executor_configure(const weft_executor_options_t *options) {
  return guard([&]() -> weft_status {
    pool_settings settings;
    if (const weft_status status = read_pool(options, settings); status != WEFT_OK) return status;
    if (current_domain() != nullptr && settings.has_code()) return WEFT_ENOTSUP;
    shared<runtime> home;
    if (const weft_status status = home_of(nullptr, home, "weft_default_executor_configure"); status != WEFT_OK)
      return status;
    return home->pool_for_all().configure(settings);
  });
}

weft_executor_t *weft_executor_ref(weft_executor_t *executor) {
  if (!bad(executor)) unwrap(executor)->ref_handle();
  return executor;
}

void weft_executor_unref(weft_executor_t *executor) {
  if (bad(executor) || is_anothers(executor)) return;
  guard([&]() -> weft_status {
    unwrap(executor)->unref_handle();
    return WEFT_OK;
  });
}

weft_status weft_executor_submit(weft_executor_t *executor, const weft_task_options_t *options, weft_task_fn fn,
                                 void *ctx, weft_drop_fn drop, weft_future_t **out) {
  if (bad(executor) || fn == nullptr || out == nullptr) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(executor); forked != WEFT_OK) return forked;
  return submit_one(executor, options, {fn, ctx, drop}, out, "weft_executor_submit");
}

weft_status weft_executor_post(weft_executor_t *executor, const weft_task_options_t *options, weft_task_fn fn,
                               void *ctx, weft_drop_fn drop) {
  if (bad(executor) || fn == nullptr) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(executor); forked != WEFT_OK) return forked;
  return submit_one(executor, options, {fn, ctx, drop}, nullptr, "weft_executor_post");
}

weft_status weft_executor_submit_batch(weft_executor_t *executor, const weft_task_options_t *options,
                                       const weft_call_t *calls, size_t count, weft_future_t **futures) {
  if (bad(executor) || (calls == nullptr && count != 0)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(executor); forked != WEFT_OK) return forked;
  for (size_t i = 0; i < count; ++i)
    if (calls[i].fn == nullptr) return WEFT_EINVAL;
  return guard([&]() -> weft_status {
    task_settings read;
    if (const weft_status status = read_task_options(options, read, "weft_executor_submit_batch"); status != WEFT_OK)
      return status;
    if (const weft_status status = check_priority(read.priority, executor); status != WEFT_OK) return status;
    if (count == 0) return WEFT_OK;
    const std::unique_ptr<task *[]> made(new task *[count]);
    for (size_t i = 0; i < count; ++i) {
      made[i] = make_call({calls[i].fn, calls[i].ctx, calls[i].drop}, read, futures == nullptr);
      if (made[i] == nullptr) {
        discard(made.get(), i);
        return WEFT_ENOMEM;
      }
    }
    const weft_status status = unwrap(executor)->accept(made.get(), count);
    if (status != WEFT_OK) {
      discard(made.get(), count);
      return status;
    }
    for (size_t i = 0; i < count && futures != nullptr; ++i) futures[i] = wrap_future(made[i]);
    return WEFT_OK;
  });
}

weft_status weft_executor_shutdown(weft_executor_t *executor, uint32_t flags, int64_t timeout) {
  if (bad(executor) || (flags & ~(WEFT_SHUTDOWN_WAIT | WEFT_SHUTDOWN_CANCEL_PENDING)) != 0) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(executor); forked != WEFT_OK) return forked;
  return guard([&]() -> weft_status {
    weft::core::executor &which = *unwrap(executor);
    if (which.is_everybodys()) return WEFT_ENOTSUP;
    const shared<task_owner> alive(&which); // a callback of what is cancelled may drop the last handle
    const deadline until = deadline::after(timeout);
    if ((flags & WEFT_SHUTDOWN_WAIT) != 0 && which.inside()) return WEFT_EDEADLK;
    which.close();
    if ((flags & WEFT_SHUTDOWN_CANCEL_PENDING) != 0) which.cancel_pending();
    return (flags & WEFT_SHUTDOWN_WAIT) != 0 ? which.join(until) : WEFT_OK;
  });
}

weft_status weft_executor_wait_idle(weft_executor_t *executor, int64_t timeout) {
  if (bad(executor)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(executor); forked != WEFT_OK) return forked;
  return guard([&]() -> weft_status { return unwrap(executor)->wait_idle(deadline::after(timeout)); });
}

weft_status weft_executor_set_max_workers(weft_executor_t *executor, uint32_t max_workers) {
  if (bad(executor)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(executor); forked != WEFT_OK) return forked;
  if (unwrap(executor)->kind() != executor_kind::pool || unwrap(executor)->is_everybodys()) return WEFT_ENOTSUP;
  return static_cast<pool *>(unwrap(executor))->set_max_workers(max_workers) ? WEFT_OK : WEFT_EINVAL;
}

weft_status weft_executor_error(weft_executor_t *executor, weft_error_t **error) {
  if (bad(executor) || error == nullptr) return WEFT_EINVAL;
  *error = unwrap(executor)->broken();
  return WEFT_OK;
}

} // extern "C"
