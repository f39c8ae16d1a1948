// Tasks of plain C: a function, its context, and a drop. The room first holds the call, then the result's pointer.
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

// The function that a running task is in: the user's, of a call, or else that of its type. For reports.
inline std::uintptr_t code_of(task &inside) noexcept {
  if ((inside.type().flags & type_is_call) != 0) return *static_cast<std::uintptr_t *>(inside.room());
  return reinterpret_cast<std::uintptr_t>(inside.type().run);
}

// The result that lies in the room of a call or of a promise made by hand.
inline void *call_result(task &done) noexcept {
  return *static_cast<void **>(done.room());
}

} // namespace weft::core
