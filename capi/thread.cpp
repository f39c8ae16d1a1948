// weft/thread.h
#include "thread/thread.hpp"

#include <string>
#include <utility>

#include "guard.hpp"
#include "handle.hpp"
#include "thread/blocking.hpp"
#include "thread/record.hpp"

using namespace weft::core;

namespace {

weft_status settle(const weft_thread_options_t &options, thread_settings &settings) {
  constexpr std::uint64_t largest_stack = std::uint64_t{1} << 40;
  option_check check = check_options(options);
  check.at_most("daemon", options.daemon, WEFT_DAEMON_YES)
      .at_most("stack_size", options.stack_size, largest_stack)
      .at_most("signals", options.signals, WEFT_SIGNALS_BLOCK)
      .is_zero("reserved", options.reserved);
  if (check.fails() ||
      !are_cpus(options.nice, options.affinity, options.affinity_count, struct_name<weft_thread_options_t>))
    return WEFT_EINVAL;
  if (options.name != nullptr) settings.name = options.name;
  if (options.daemon == WEFT_DAEMON_INHERIT) {
    const record *const creator = existing_record();
    settings.daemon = creator != nullptr && creator->object != nullptr && creator->object->is_daemon();
  } else {
    settings.daemon = options.daemon == WEFT_DAEMON_YES;
  }
  settings.stack_size = options.stack_size;
  settings.nice = options.nice;
  settings.signals.blocks = options.signals == WEFT_SIGNALS_BLOCK;
  settings.affinity.assign(options.affinity, options.affinity + options.affinity_count);
  return WEFT_OK;
}

// For weft_thread_current and weft_thread_main: takes a reference to a borrowed object.
weft_status give(thread *found, weft_thread_t **out) noexcept {
  if (found == nullptr) return WEFT_ENOMEM;
  found->ref();
  *out = found;
  return WEFT_OK;
}

// The runtime of the process, with the main thread in its list: it is alive, so it is enumerated.
// Null: no memory.
runtime *with_main_thread() noexcept {
  runtime *const home = runtime::process();
  return home != nullptr && thread::main(*home) != nullptr ? home : nullptr;
}

} // namespace

extern "C" {

weft_status weft_thread_create(weft_runtime_t *handle, const weft_thread_options_t *options, weft_thread_fn target,
                               void *ctx, weft_drop_fn drop, weft_thread_t **out) {
  if (target == nullptr || out == nullptr) return WEFT_EINVAL;
  return guard([&]() -> weft_status {
    weft_thread_options_t read;
    if (const weft_status status = read_options(options, read); status != WEFT_OK) return status;
    thread_settings settings;
    if (const weft_status status = settle(read, settings); status != WEFT_OK) return status;
    shared<runtime> home;
    if (const weft_status status = runtime_of(handle, home, "weft_thread_create"); status != WEFT_OK) return status;
    if (home->closed()) return WEFT_ESHUTDOWN;
    settings.inside = shared<domain>(current_domain());
    shared<thread> made;
    if (const weft_status status = thread::make(std::move(home), std::move(settings), {target, ctx, drop}, made);
        status != WEFT_OK)
      return status;
    *out = made.detach();
    return WEFT_OK;
  });
}

weft_status weft_thread_start(weft_thread_t *handle) {
  if (bad(handle)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(handle); forked != WEFT_OK) return forked;
  return guard([&]() -> weft_status { return unwrap(handle)->start(); });
}

weft_status weft_thread_join(weft_thread_t *handle, int64_t timeout) {
  if (bad(handle)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(handle); forked != WEFT_OK) return forked;
  return guard([&]() -> weft_status { return unwrap(handle)->join(deadline::after(timeout)); });
}

weft_status weft_thread_request_stop(weft_thread_t *handle) {
  if (bad(handle)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(handle); forked != WEFT_OK) return forked;
  unwrap(handle)->request_stop();
  return WEFT_OK;
}

int32_t weft_thread_state(const weft_thread_t *handle) {
  if (bad(handle)) return WEFT_EINVAL;
  return unwrap(handle)->state();
}

int32_t weft_thread_is_alive(const weft_thread_t *handle) {
  if (bad(handle)) return WEFT_EINVAL;
  return unwrap(handle)->state() == WEFT_THREAD_STARTED;
}

int32_t weft_thread_is_daemon(const weft_thread_t *handle) {
  if (bad(handle)) return WEFT_EINVAL;
  return unwrap(handle)->is_daemon();
}

weft_status weft_thread_set_daemon(weft_thread_t *handle, int32_t daemon) {
  if (bad(handle) || (daemon != 0 && daemon != 1)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(handle); forked != WEFT_OK) return forked;
  return unwrap(handle)->set_daemon(daemon == 1);
}

const char *weft_thread_name(const weft_thread_t *handle) {
  return !bad(handle) ? unwrap(handle)->name() : "";
}

weft_status weft_thread_set_name(weft_thread_t *handle, const char *name) {
  if (bad(handle) || name == nullptr || *name == '\0') return WEFT_EINVAL;
  if (const weft_status forked = answer_of(handle); forked != WEFT_OK) return forked;
  return unwrap(handle)->set_name(name);
}

uint64_t weft_thread_ident(const weft_thread_t *handle) {
  return !bad(handle) ? unwrap(handle)->ident() : 0;
}

uint64_t weft_thread_native_id(const weft_thread_t *handle) {
  return !bad(handle) ? unwrap(handle)->native_id() : 0;
}

weft_thread_t *weft_thread_ref(weft_thread_t *handle) {
  if (!bad(handle)) unwrap(handle)->ref();
  return handle;
}

void weft_thread_unref(weft_thread_t *handle) {
  if (!bad(handle) && !is_anothers(handle)) unwrap(handle)->unref();
}

weft_status weft_thread_current(weft_thread_t **out) {
  if (out == nullptr) return WEFT_EINVAL;
  if (const weft_status forked = answer_here(); forked != WEFT_OK) return forked;
  runtime *const home = runtime::process();
  return home != nullptr ? give(thread::current(*home), out) : WEFT_ENOMEM;
}

weft_status weft_thread_main(weft_thread_t **out) {
  if (out == nullptr) return WEFT_EINVAL;
  if (const weft_status forked = answer_here(); forked != WEFT_OK) return forked;
  runtime *const home = runtime::process();
  return home != nullptr ? give(thread::main(*home), out) : WEFT_ENOMEM;
}

weft_status weft_thread_enumerate(weft_runtime_t *handle, weft_thread_t **threads, size_t capacity, size_t *count) {
  if (count == nullptr || (threads == nullptr && capacity != 0)) return WEFT_EINVAL;
  return guard([&]() -> weft_status {
    if (const weft_status forked = answer_here(); forked != WEFT_OK) return forked;
    if (handle == nullptr && with_main_thread() == nullptr) return WEFT_ENOMEM;
    shared<runtime> home;
    if (const weft_status status = runtime_of(handle, home, "weft_thread_enumerate"); status != WEFT_OK) return status;
    *count = home->enumerate(threads, capacity);
    return WEFT_OK;
  });
}

weft_status weft_thread_active_count(weft_runtime_t *handle, size_t *count) {
  return weft_thread_enumerate(handle, nullptr, 0, count);
}

int32_t weft_stop_requested(void) {
  const record *const self = existing_record();
  return self != nullptr && stop_requested(*self);
}

int32_t weft_thread_clear_stop(void) {
  const record *const self = existing_record();
  if (self == nullptr) return 0;
  if (self->top != nullptr) return WEFT_ENOTSUP;
  thread *const own = object_of(*self);
  return own != nullptr && own->clear_stop();
}

weft_status weft_sleep(int64_t duration) {
  const weft_status forked = answer_here();
  return forked == WEFT_OK ? sleep_for(duration) : forked;
}

} // extern "C"
