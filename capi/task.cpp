// weft/task.h
#include <algorithm>

#include "guard.hpp"
#include "handle.hpp"
#include "submit.hpp"
#include "task_type.hpp"

using namespace weft::core;

namespace {

// As read_task_options. `result_drop` is refused: the type of a task with room has `drop_result`.
weft_status read_room_options(const weft_task_options_t *options, task_settings &settings,
                              const char *function = __builtin_FUNCTION()) noexcept {
  if (const weft_status status = read_task_options(options, settings, function); status != WEFT_OK) return status;
  if (settings.result_drop != nullptr)
    return refuse_option("result_drop", "is set; the type of the task has drop_result");
  return WEFT_OK;
}

// One reference for the queue, and one for the handle, if there is one. Set at each submit: a
// refused task may be submitted again, with or without a handle.
void prepare(task &given, bool with_handle) noexcept {
  given.set_references(with_handle ? 2 : 1);
  given.set_posted(!with_handle);
}

} // namespace

extern "C" {

weft_status weft_task_create(const weft_task_type_t *type, weft_task_t **out) {
  if (type == nullptr || out == nullptr || !sound(*type)) return WEFT_EINVAL;
  task *const made = task::create(*type, 1, {nullptr, current_domain()});
  if (made == nullptr) return WEFT_ENOMEM;
  *out = wrap_task(made);
  return WEFT_OK;
}

weft_status weft_task_create_with(const weft_task_type_t *type, const weft_task_options_t *options, weft_task_t **out) {
  if (type == nullptr || out == nullptr || !sound(*type)) return WEFT_EINVAL;
  task_settings read;
  if (const weft_status status = read_room_options(options, read); status != WEFT_OK) return status;
  task *const made = task::create(*type, 1, read.to);
  if (made == nullptr) return WEFT_ENOMEM;
  made->set_priority(read.priority);
  *out = wrap_task(made);
  return WEFT_OK;
}

void *weft_task_room(weft_task_t *task) {
  return !bad(task) ? unwrap(task)->room() : nullptr;
}

weft_status weft_task_set_priority(weft_task_t *task, uint32_t priority) {
  if (bad(task) || priority > WEFT_PRIORITY_LOW) return WEFT_EINVAL;
  unwrap(task)->set_priority(priority);
  return WEFT_OK;
}

void weft_task_destroy(weft_task_t **task) {
  if (bad(task)) return;
  if (!bad(*task)) weft::core::task::discard(unwrap(*task));
  *task = nullptr;
}

weft_status weft_executor_submit_task(weft_executor_t *executor, weft_task_t *task, weft_future_t **out) {
  if (bad(executor) || bad(task)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(executor); forked != WEFT_OK) return forked;
  weft::core::task *const given = unwrap(task);
  if ((out != nullptr && !given->has_future()) || given->is_continuation()) return WEFT_EINVAL;
  if (const weft_status status = check_priority(given->priority(), executor); status != WEFT_OK) return status;
  prepare(*given, out != nullptr);
  return guard([&]() -> weft_status {
    const weft_status status = unwrap(executor)->accept(&given, 1);
    if (status == WEFT_OK && out != nullptr) *out = wrap_future(given);
    return status;
  });
}

weft_status weft_executor_submit_value(weft_executor_t *executor, const weft_task_options_t *options,
                                       const weft_task_type_t *type, const void *closure, size_t size,
                                       weft_future_t **out) {
  if (bad(executor) || !is_value_of(type, closure, size)) return WEFT_EINVAL;
  if ((type->flags & (WEFT_TASK_CONTINUATION | (out != nullptr ? WEFT_TASK_POSTED : 0))) != 0) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(executor); forked != WEFT_OK) return forked;
  return guard([&]() -> weft_status {
    task_settings read;
    if (options != nullptr) {
      if (const weft_status status = read_room_options(options, read, "weft_executor_submit_value"); status != WEFT_OK)
        return status;
      if (const weft_status status = check_priority(read.priority, executor); status != WEFT_OK) return status;
    }
    task *const made = create_of_value(*type, out != nullptr ? 2 : 1, read.to, closure, size);
    if (made == nullptr) return WEFT_ENOMEM;
    if (read.priority != WEFT_PRIORITY_NORMAL) made->set_priority(read.priority);
    made->set_posted(out == nullptr);
    const weft_status status = unwrap(executor)->accept(&made, 1);
    if (status != WEFT_OK)
      task::discard(made);
    else if (out != nullptr)
      *out = wrap_future(made);
    return status;
  });
}

weft_status weft_executor_submit_tasks(weft_executor_t *executor, weft_task_t *const *tasks, size_t count,
                                       weft_future_t **futures) {
  if (bad(executor) || (tasks == nullptr && count != 0)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(executor); forked != WEFT_OK) return forked;
  for (size_t i = 0; i < count; ++i)
    if (bad(tasks[i]) || (futures != nullptr && !unwrap(tasks[i])->has_future()) || unwrap(tasks[i])->is_continuation())
      return WEFT_EINVAL;
  if (count == 0) return WEFT_OK;
  const std::uint32_t priority = unwrap(tasks[0])->priority();
  if (const weft_status status = check_priority(priority, executor); status != WEFT_OK) return status;
  for (size_t i = 1; i < count; ++i)
    if (unwrap(tasks[i])->priority() != priority)
      return refuse_option("priority", "differs between tasks that are submitted at once");
  for (size_t i = 0; i < count; ++i) prepare(*unwrap(tasks[i]), futures != nullptr);
  return guard([&]() -> weft_status {
    const weft_status status = unwrap(executor)->accept(reinterpret_cast<task *const *>(tasks), count);
    if (status == WEFT_OK && futures != nullptr)
      std::transform(tasks, tasks + count, futures, [](weft_task_t *t) { return wrap_future(unwrap(t)); });
    return status;
  });
}

} // extern "C"
