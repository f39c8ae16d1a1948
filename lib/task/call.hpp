// Tasks made of a plain C function, its context and a drop. The room holds the call first, then the
// pointer to the result.
//
// Knows nothing of executors. The room of a promise made by hand begins with its result too
// (promise.cpp), so call_result() reads both.
#pragma once

#include <weft/executor.h>

#include "task/attachment.hpp"
#include "task/task.hpp"

namespace weft::core {

struct call {
  weft_task_fn fn;
  void *ctx;
  weft_drop_fn drop;
};

// A task with one reference for the queue and, unless posted, one for the handle. Null: no memory.
task *create_call(const call &what, weft_drop_fn result_drop, const belonging &to = {}) noexcept;
task *create_posted_call(const call &what, const belonging &to = {}) noexcept;

// For reports, the function that a running task is in: the user's if the task is a call, else that
// of its type.
inline std::uintptr_t code_of(task &inside) noexcept {
  if ((inside.type().flags & type_is_call) != 0) return *static_cast<std::uintptr_t *>(inside.room());
  return reinterpret_cast<std::uintptr_t>(inside.type().run);
}

// The result in the room of a call, or of a promise made by hand.
inline void *call_result(task &done) noexcept {
  return *static_cast<void **>(done.room());
}

} // namespace weft::core
