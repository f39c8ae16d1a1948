// From the handles of the C ABI to the objects behind them. The only place where the two meet.
#pragma once

#include <weft/weft.h>

#include "base/error.hpp"
#include "exec/executor.hpp"
#include "exec/group.hpp"
#include "exec/map.hpp"
#include "runtime/runtime.hpp"
#include "task/as_completed.hpp"
#include "task/task.hpp"
#include "thread/thread.hpp"

namespace weft::core {

// A task is both: what is submitted, and the future of it.
inline task *unwrap(weft_task *handle) noexcept {
  return reinterpret_cast<task *>(handle);
}
inline task *unwrap(weft_future *handle) noexcept {
  return reinterpret_cast<task *>(handle);
}
inline const task *unwrap(const weft_future *handle) noexcept {
  return reinterpret_cast<const task *>(handle);
}
inline weft_task *wrap_task(task *object) noexcept {
  return reinterpret_cast<weft_task *>(object);
}
inline weft_future *wrap_future(task *object) noexcept {
  return reinterpret_cast<weft_future *>(object);
}

inline map *unwrap(weft_map *handle) noexcept {
  return reinterpret_cast<map *>(handle);
}
inline weft_map *wrap(map *object) noexcept {
  return reinterpret_cast<weft_map *>(object);
}
inline as_completed *unwrap(weft_as_completed_t *handle) noexcept {
  return reinterpret_cast<as_completed *>(handle);
}
inline weft_as_completed_t *wrap(as_completed *object) noexcept {
  return reinterpret_cast<weft_as_completed_t *>(object);
}

inline error *unwrap(weft_error *handle) noexcept {
  return static_cast<error *>(handle);
}
inline const error *unwrap(const weft_error *handle) noexcept {
  return static_cast<const error *>(handle);
}
inline thread *unwrap(weft_thread *handle) noexcept {
  return static_cast<thread *>(handle);
}
inline const thread *unwrap(const weft_thread *handle) noexcept {
  return static_cast<const thread *>(handle);
}
inline group *unwrap(weft_group *handle) noexcept {
  return static_cast<group *>(handle);
}
inline executor *unwrap(weft_executor *handle) noexcept {
  return static_cast<executor *>(handle);
}

// The runtime that a handle stands for. WEFT_EINVAL: it was destroyed. WEFT_ENOMEM: the default one could not be made.
inline weft_status runtime_of(const weft_runtime *handle, shared<runtime> &found) noexcept {
  found = runtime::of(handle);
  if (found) return WEFT_OK;
  return handle == nullptr ? WEFT_ENOMEM : WEFT_EINVAL;
}

} // namespace weft::core
