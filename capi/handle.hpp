// From the handles of the C ABI to the objects behind them, and what each function asks of a handle
// before it uses it: bad(), answer_of(), is_anothers().
#pragma once

#include <weft/weft.h>

#include "base/error.hpp"
#include "base/misuse.hpp"
#include "exec/executor.hpp"
#include "exec/group.hpp"
#include "exec/map.hpp"
#include "runtime/runtime.hpp"
#include "task/as_completed.hpp"
#include "task/cancel_token.hpp"
#include "task/completion_queue.hpp"
#include "task/task.hpp"
#include "thread/domain.hpp"
#include "thread/semaphore.hpp"
#include "thread/thread.hpp"
#include "timer/timer.hpp"

namespace weft::core {

// One object is both the task that is submitted and its future.
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
inline cancel_token *unwrap(weft_cancel_token *handle) noexcept {
  return static_cast<cancel_token *>(handle);
}
inline const cancel_token *unwrap(const weft_cancel_token *handle) noexcept {
  return static_cast<const cancel_token *>(handle);
}
inline completion_queue *unwrap(weft_queue *handle) noexcept {
  return static_cast<completion_queue *>(handle);
}
inline domain *unwrap(weft_domain *handle) noexcept {
  return static_cast<domain *>(handle);
}
inline const domain *unwrap(const weft_domain *handle) noexcept {
  return static_cast<const domain *>(handle);
}
inline semaphore *unwrap(weft_semaphore *handle) noexcept {
  return static_cast<semaphore *>(handle);
}
inline const semaphore *unwrap(const weft_semaphore *handle) noexcept {
  return static_cast<const semaphore *>(handle);
}
inline executor *unwrap(weft_executor *handle) noexcept {
  return static_cast<executor *>(handle);
}
inline const executor *unwrap(const weft_executor *handle) noexcept {
  return static_cast<const executor *>(handle);
}
inline timer *unwrap(weft_timer *handle) noexcept {
  return static_cast<timer *>(handle);
}

// Whether a handle is NULL, or misuse checks see that it is not a valid one, which they report.
// `function` is the calling function of the C ABI. It must be named inside a lambda.
template <class Object> bool is_none(const Object *found, const char *what, const char *function) noexcept {
  if (found == nullptr) return true;
  if constexpr (misuse_checks) {
    if (found->has_magic()) return false;
    report_misuse(what, function);
    return true;
  }
  return false;
}

// In the child of a fork: the object is the parent's, and must not be touched.
template <class Handle> bool is_anothers(Handle *handle) noexcept {
  return in_child() && unwrap(handle)->inherited();
}

// What a call returns in the child of a fork: WEFT_EFORKED; or WEFT_OK, if the reset was made and
// the object is of the child. Always WEFT_OK in other processes.
inline weft_status answer_here() noexcept {
  return awaits_reset() ? WEFT_EFORKED : WEFT_OK;
}
template <class Handle> [[gnu::cold, gnu::noinline]] weft_status answer_in_child(Handle *handle) noexcept {
  return awaits_reset() || unwrap(handle)->inherited() ? WEFT_EFORKED : WEFT_OK;
}
template <class Handle> [[gnu::always_inline]] inline weft_status answer_of(Handle *handle) noexcept {
  return in_child() ? answer_in_child(handle) : WEFT_OK;
}

// The same for a handle that may be NULL.
template <class Handle> weft_status answer_if_given(Handle *handle) noexcept {
  return handle != nullptr ? answer_of(handle) : WEFT_OK;
}

// Without a handle, what the process says.
template <class Handle> weft_status answer_of_or_here(Handle *handle) noexcept {
  return handle != nullptr ? answer_of(handle) : answer_here();
}

// The child of a fork may ask a future of the parent's. One that would never be done there becomes
// cancelled here.
inline bool bad(const weft_future *handle, const char *function = __builtin_FUNCTION()) noexcept {
  if (is_none(unwrap(handle), "not a future, or one whose last reference is gone", function)) return true;
  if (in_child()) unwrap(const_cast<weft_future *>(handle))->meet_in_child();
  return false;
}
inline bool bad(weft_task *handle, const char *function = __builtin_FUNCTION()) noexcept {
  return is_none(unwrap(handle), "not a task, or one that was submitted or destroyed", function);
}
inline bool bad(weft_map *handle, const char *function = __builtin_FUNCTION()) noexcept {
  return is_none(unwrap(handle), "not a map, or one that was destroyed", function);
}
inline bool bad(weft_as_completed_t *handle, const char *function = __builtin_FUNCTION()) noexcept {
  return is_none(unwrap(handle), "not an iterator of weft_as_completed, or one that was destroyed", function);
}
inline bool bad(const weft_error *handle, const char *function = __builtin_FUNCTION()) noexcept {
  return is_none(unwrap(handle), "not an error, or one whose last reference is gone", function);
}
inline bool bad(const weft_thread *handle, const char *function = __builtin_FUNCTION()) noexcept {
  return is_none(unwrap(handle), "not a thread, or one whose last reference is gone", function);
}
inline bool bad(const weft_group *handle, const char *function = __builtin_FUNCTION()) noexcept {
  return is_none(static_cast<const group *>(handle), "not a group, or one whose last reference is gone", function);
}
inline bool bad(const weft_cancel_token *handle, const char *function = __builtin_FUNCTION()) noexcept {
  return is_none(unwrap(handle), "not a cancel token, or one whose last reference is gone", function);
}
inline bool bad(const weft_queue *handle, const char *function = __builtin_FUNCTION()) noexcept {
  return is_none(static_cast<const completion_queue *>(handle), "not a queue, or one whose last reference is gone",
                 function);
}
inline bool bad(const weft_domain *handle, const char *function = __builtin_FUNCTION()) noexcept {
  return is_none(unwrap(handle), "not a domain, or one whose last reference is gone", function);
}
inline bool bad(const weft_semaphore *handle, const char *function = __builtin_FUNCTION()) noexcept {
  return is_none(unwrap(handle), "not a semaphore, or one whose last reference is gone", function);
}
inline bool bad(const weft_executor *handle, const char *function = __builtin_FUNCTION()) noexcept {
  return is_none(static_cast<const executor *>(handle), "not an executor, or one whose last reference is gone",
                 function);
}
inline bool bad(const weft_timer *handle, const char *function = __builtin_FUNCTION()) noexcept {
  return is_none(static_cast<const timer *>(handle), "not a timer, or one whose last reference is gone", function);
}
// For the place where a handle is stored.
template <class Handle> bool bad(Handle **where) noexcept {
  return where == nullptr;
}
// For handles that may be NULL.
template <class Handle> bool bad_if_given(const Handle *handle, const char *function = __builtin_FUNCTION()) noexcept {
  return handle != nullptr && bad(handle, function);
}

// The runtime of a handle; NULL: the default one. WEFT_EINVAL: it was destroyed. WEFT_ENOMEM: the
// default one could not be made. WEFT_EFORKED.
inline weft_status runtime_of(const weft_runtime *handle, shared<runtime> &found,
                              const char *function = __builtin_FUNCTION()) noexcept {
  if (in_child())
    if (const weft_status status = runtime::answer_in_child(handle); status != WEFT_OK) return status;
  found = runtime::of(handle);
  if (found) return WEFT_OK;
  if (handle == nullptr) return WEFT_ENOMEM;
  if (misuse_checks) report_misuse("not a runtime, or one that was destroyed", function);
  return WEFT_EINVAL;
}

} // namespace weft::core
