// weft/executor.h
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>

#include "exec/caller_run.hpp"
#include "exec/map.hpp"
#include "exec/pool.hpp"
#include "exec/strand.hpp"
#include "guard.hpp"
#include "handle.hpp"
#include "submit.hpp"
#include "task/call.hpp"

using namespace weft::core;

namespace {

weft_status settle_bound(const weft_executor_options_t &options, bound_settings &queue) {
  constexpr std::uint64_t longest = std::uint64_t{1} << 40;
  const bool fails = check_options(options)
                         .at_most("max_queue", options.max_queue, longest)
                         .at_most("when_full", options.when_full, WEFT_FULL_CALLER)
                         .that(options.full_timeout >= 0, "full_timeout", options.full_timeout, "0 or more")
                         .at_most("daemon", options.daemon, WEFT_DAEMON_YES)
                         .fails();
  if (fails) return WEFT_EINVAL;
  queue.most = options.max_queue;
  queue.when_full = options.when_full;
  queue.timeout = options.full_timeout == 0 ? WEFT_FOREVER : options.full_timeout;
  return WEFT_OK;
}

// The name of a field that is set although only pools have it; null: there is none.
const char *of_pools_only(const weft_executor_options_t &options) noexcept {
  if (options.max_workers != 0) return "max_workers";
  if (options.initializer != nullptr) return "initializer";
  if (options.initializer_ctx != nullptr) return "initializer_ctx";
  if (options.initializer_drop != nullptr) return "initializer_drop";
  if (options.stack_size != 0) return "stack_size";
  if (options.max_spares != 0) return "max_spares";
  if (options.reserved != 0) return "reserved";
  if (options.worker_start != nullptr) return "worker_start";
  if (options.worker_stop != nullptr) return "worker_stop";
  if (options.worker_ctx != nullptr) return "worker_ctx";
  if (options.worker_drop != nullptr) return "worker_drop";
  if (options.flags != 0) return "flags";
  if (options.reserved_2 != 0) return "reserved_2";
  if (options.worker_rest != nullptr) return "worker_rest";
  return nullptr;
}

// The runtime that a new executor is for, or why there is none.
weft_status home_of(weft_runtime_t *handle, shared<runtime> &home, const char *function) {
  if (const weft_status status = runtime_of(handle, home, function); status != WEFT_OK) return status;
  return home->closed() ? WEFT_ESHUTDOWN : WEFT_OK;
}

// What the first version of these structs had; later fields follow.
constexpr std::size_t first_options = offsetof(weft_executor_options_t, max_spares);
constexpr std::size_t first_map = offsetof(weft_map_options_t, token);
constexpr std::size_t first_stats = offsetof(weft_executor_stats_t, submitted);

weft_status read_pool(const weft_executor_options_t *options, pool_settings &settings) {
  constexpr std::uint32_t most_workers = 4096;
  constexpr std::uint64_t largest_stack = std::uint64_t{1} << 40;
  weft_executor_options_t read;
  if (const weft_status status = read_options(options, first_options, read); status != WEFT_OK) return status;
  const bool fails = check_options(read)
                         .at_most("max_workers", read.max_workers, most_workers)
                         .at_most("stack_size", read.stack_size, largest_stack)
                         .at_most("max_spares", read.max_spares, most_workers)
                         .is_zero("reserved", read.reserved)
                         .at_most("flags", read.flags, WEFT_EXECUTOR_HOST_WORKERS)
                         .is_zero("reserved_2", read.reserved_2)
                         .fails();
  if (fails) return WEFT_EINVAL;
  if (const weft_status status = settle_bound(read, settings.queue); status != WEFT_OK) return status;
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
  settings.host_only = (read.flags & WEFT_EXECUTOR_HOST_WORKERS) != 0;
  settings.daemon = read.daemon == WEFT_DAEMON_YES;
  settings.stack_size = read.stack_size;
  if (read.max_spares != 0) settings.max_spares = read.max_spares;
  return WEFT_OK;
}

caller_run *as_caller_run(weft_executor_t *executor) noexcept {
  weft::core::executor *const given = unwrap(executor);
  return given->kind() == executor_kind::caller_run ? static_cast<caller_run *>(given) : nullptr;
}

void discard(task **tasks, size_t count) noexcept {
  for (size_t i = 0; i < count; ++i) task::discard(tasks[i]);
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

weft_status weft_strand_create(weft_executor_t *parent, weft_executor_t **out) {
  if (bad(parent) || out == nullptr) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(parent); forked != WEFT_OK) return forked;
  if (unwrap(parent)->kind() != executor_kind::pool) return WEFT_ENOTSUP;
  return guard([&]() -> weft_status {
    auto &on = static_cast<pool &>(*unwrap(parent));
    if (on.closed()) return WEFT_ESHUTDOWN;
    *out = strand::make(on);
    return WEFT_OK;
  });
}

weft_status weft_caller_run_create(weft_runtime_t *handle, const weft_executor_options_t *options,
                                   weft_executor_t **out) {
  if (out == nullptr) return WEFT_EINVAL;
  return guard([&]() -> weft_status {
    weft_executor_options_t read;
    if (const weft_status status = read_options(options, first_options, read); status != WEFT_OK) return status;
    if (const char *const field = of_pools_only(read); field != nullptr) {
      log_option(name_of_struct<weft_executor_options_t>(), field, "is set; a caller-run executor does not have it");
      return WEFT_ENOTSUP;
    }
    bound_settings queue;
    if (const weft_status status = settle_bound(read, queue); status != WEFT_OK) return status;
    shared<runtime> home;
    if (const weft_status status = home_of(handle, home, "weft_caller_run_create"); status != WEFT_OK) return status;
    caller_run *const made = caller_run::make(home, home->executors(), queue, read.daemon == WEFT_DAEMON_YES);
    if (made == nullptr) return WEFT_ESHUTDOWN;
    *out = made;
    return WEFT_OK;
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

weft_status weft_executor_submit(weft_executor_t *executor, const weft_submit_options_t *options, weft_task_fn fn,
                                 void *ctx, weft_drop_fn drop, weft_future_t **out) {
  if (bad(executor) || fn == nullptr || out == nullptr) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(executor); forked != WEFT_OK) return forked;
  return guard([&]() -> weft_status {
    submit_settings read;
    if (const weft_status status = read_submit(options, read); status != WEFT_OK) return status;
    task *made = create_call({fn, ctx, drop}, read.result_drop, read.to);
    if (made == nullptr) return WEFT_ENOMEM;
    if (read.priority != WEFT_PRIORITY_NORMAL) made->set_priority(read.priority);
    const weft_status status = unwrap(executor)->accept(&made, 1);
    if (status == WEFT_OK)
      *out = wrap_future(made);
    else
      task::discard(made);
    return status;
  });
}

weft_status weft_executor_post(weft_executor_t *executor, weft_task_fn fn, void *ctx, weft_drop_fn drop) {
  if (bad(executor) || fn == nullptr) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(executor); forked != WEFT_OK) return forked;
  return guard([&]() -> weft_status {
    task *made = create_posted_call({fn, ctx, drop}, {nullptr, current_domain()});
    if (made == nullptr) return WEFT_ENOMEM;
    const weft_status status = unwrap(executor)->accept(&made, 1);
    if (status != WEFT_OK) task::discard(made);
    return status;
  });
}

weft_status weft_executor_submit_batch(weft_executor_t *executor, const weft_submit_options_t *options,
                                       const weft_call_t *calls, size_t count, weft_future_t **futures) {
  if (bad(executor) || (calls == nullptr && count != 0)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(executor); forked != WEFT_OK) return forked;
  for (size_t i = 0; i < count; ++i)
    if (calls[i].fn == nullptr) return WEFT_EINVAL;
  return guard([&]() -> weft_status {
    submit_settings read;
    if (const weft_status status = read_submit(options, read); status != WEFT_OK) return status;
    if (count == 0) return WEFT_OK;
    const std::unique_ptr<task *[]> made(new task *[count]);
    for (size_t i = 0; i < count; ++i) {
      const call what{calls[i].fn, calls[i].ctx, calls[i].drop};
      // Without futures, but with a drop for the results, the results must still reach it.
      made[i] = futures == nullptr && read.result_drop == nullptr ? create_posted_call(what, read.to)
                                                                  : create_call(what, read.result_drop, read.to);
      if (made[i] == nullptr) {
        discard(made.get(), i);
        return WEFT_ENOMEM;
      }
      if (read.priority != WEFT_PRIORITY_NORMAL) made[i]->set_priority(read.priority);
      if (futures == nullptr && read.result_drop != nullptr) {
        made[i]->set_references(1);
        made[i]->set_posted(true);
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

weft_status weft_executor_run(weft_executor_t *executor, uint64_t max_tasks, int64_t budget, uint64_t *ran) {
  if (bad(executor)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(executor); forked != WEFT_OK) return forked;
  caller_run *const which = as_caller_run(executor);
  if (which == nullptr) return WEFT_ENOTSUP;
  return guard([&]() -> weft_status {
    uint64_t count = 0;
    const weft_status status = which->run(max_tasks, deadline::after(budget), count);
    if (status == WEFT_OK && ran != nullptr) *ran = count;
    return status;
  });
}

weft_status weft_executor_run_wait(weft_executor_t *executor, uint64_t max_tasks, int64_t timeout, uint64_t *ran) {
  if (bad(executor)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(executor); forked != WEFT_OK) return forked;
  caller_run *const which = as_caller_run(executor);
  if (which == nullptr) return WEFT_ENOTSUP;
  return guard([&]() -> weft_status {
    uint64_t count = 0;
    const weft_status status = which->run_wait(max_tasks, deadline::after(timeout), count);
    if (status == WEFT_OK && ran != nullptr) *ran = count;
    return status;
  });
}

weft_status weft_executor_error(weft_executor_t *executor, weft_error_t **error) {
  if (bad(executor) || error == nullptr) return WEFT_EINVAL;
  *error = unwrap(executor)->broken();
  return WEFT_OK;
}

weft_status weft_executor_work(weft_executor_t *executor, int64_t timeout) {
  if (bad(executor)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(executor); forked != WEFT_OK) return forked;
  if (unwrap(executor)->kind() != executor_kind::pool) return WEFT_ENOTSUP;
  return guard([&]() -> weft_status {
    struct lease { // a task may drop the caller's
      pool &of;
      explicit lease(pool &of) noexcept : of(of) { of.ref_handle(); }
      ~lease() { of.unref_handle(); }
    } const held(static_cast<pool &>(*unwrap(executor)));
    return held.of.work(deadline::after(timeout));
  });
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

weft_status weft_executor_stats(weft_executor_t *executor, weft_executor_stats_t *stats) {
  if (bad(executor) || stats == nullptr) return WEFT_EINVAL;
  if (stats->size < first_stats) {
    log_option_size(name_of_struct<weft_executor_stats_t>(), stats->size, first_stats, UINT32_MAX);
    return WEFT_EINVAL;
  }
  weft_executor_stats_t now{};
  now.size = std::min(stats->size, static_cast<std::uint32_t>(sizeof now));
  unwrap(executor)->read(now);
  std::memcpy(stats, &now, now.size);
  return WEFT_OK;
}

weft_status weft_executor_map(weft_executor_t *executor, const weft_map_options_t *options, weft_task_fn fn,
                              void *const *items, size_t count, weft_drop_fn drop, weft_map_t **out) {
  if (bad(executor) || fn == nullptr || out == nullptr || (items == nullptr && count != 0)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(executor); forked != WEFT_OK) return forked;
  return guard([&]() -> weft_status {
    weft_map_options_t read;
    if (const weft_status status = read_options(options, first_map, read); status != WEFT_OK) return status;
    if (check_options(read).is_zero("reserved", read.reserved).fails()) return WEFT_EINVAL;
    map *made = nullptr;
    if (const weft_status forked = answer_if_given(read.token); forked != WEFT_OK) return forked;
    belonging to{nullptr, current_domain()};
    if (!read_belonging(read.token, read.domain, to, "weft_executor_map")) return WEFT_EINVAL;
    const weft_status status = map::make(*unwrap(executor), read, fn, items, count, drop, to, made);
    if (status == WEFT_OK) *out = wrap(made);
    return status;
  });
}

weft_status weft_map_next(weft_map_t *map, weft_future_t **out) {
  if (bad(map) || out == nullptr) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(map); forked != WEFT_OK) return forked;
  return guard([&]() -> weft_status {
    task *next = nullptr;
    const weft_status status = unwrap(map)->next(next);
    if (status == WEFT_OK) *out = wrap_future(next);
    return status;
  });
}

void weft_map_destroy(weft_map_t **map) {
  if (bad(map)) return;
  if (!bad(*map) && !is_anothers(*map)) delete unwrap(*map);
  *map = nullptr;
}

} // extern "C"
