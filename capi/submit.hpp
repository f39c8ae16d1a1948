// What all functions that make a task share: reading and checking its options.
#pragma once

#include <cstdint>

#include <weft/task_options.h>

#include "exec/executor.hpp"
#include "guard.hpp"
#include "handle.hpp"
#include "task/attachment.hpp"
#include "task/call.hpp"

namespace weft::core {

struct task_settings {
  weft_drop_fn result_drop = nullptr;
  std::uint32_t priority = WEFT_PRIORITY_NORMAL;
  belonging to{nullptr, current_domain()};
};

// Null options, as most submits give, change nothing.
inline weft_status read_task_options(const weft_task_options_t *options, task_settings &settings,
                                     const char *function = __builtin_FUNCTION()) noexcept {
  if (options == nullptr) return WEFT_OK;
  weft_task_options_t read;
  if (const weft_status status = read_options(options, read); status != WEFT_OK) return status;
  if (check_options(read).at_most("priority", read.priority, WEFT_PRIORITY_LOW).fails()) return WEFT_EINVAL;
  if ((read.token != nullptr && bad(read.token, function)) || (read.domain != nullptr && bad(read.domain, function)))
    return WEFT_EINVAL;
  if (const weft_status forked = answer_if_given(read.token); forked != WEFT_OK) return forked;
  settings.priority = read.priority;
  settings.result_drop = read.result_drop;
  settings.to.token = unwrap(read.token);
  settings.to.name = read.name;
  if (read.domain != nullptr) settings.to.home = unwrap(read.domain);
  return WEFT_OK;
}

// Writes one line to the log. Returns WEFT_ENOTSUP.
weft_status refuse_option(const char *field, const char *why) noexcept;

// Only pools have priorities. Strands, caller-run executors and continuations without an executor
// have one order.
inline weft_status check_priority(std::uint32_t priority, weft_executor_t *executor) noexcept {
  if (priority == WEFT_PRIORITY_NORMAL) return WEFT_OK;
  if (executor != nullptr && unwrap(executor)->kind() == executor_kind::pool) return WEFT_OK;
  return refuse_option("priority", "is set; only pools have priorities");
}

// For tasks of a group, which have no priorities and no results.
inline weft_status read_spawn(const weft_task_options_t &options, task_settings &settings,
                              const char *function) noexcept {
  if (const weft_status status = read_task_options(&options, settings, function); status != WEFT_OK) return status;
  if (settings.priority != WEFT_PRIORITY_NORMAL) return refuse_option("priority", "is set; a group has one order");
  if (settings.result_drop != nullptr) return refuse_option("result_drop", "is set; tasks of a group have no results");
  return WEFT_OK;
}

// A task of a C function. posted: without a future; `result_drop` still gets its result. Null: no
// memory.
inline task *make_call(const call &what, const task_settings &settings, bool posted) noexcept {
  task *const made = posted && settings.result_drop == nullptr ? create_posted_call(what, settings.to)
                                                               : create_call(what, settings.result_drop, settings.to);
  if (made == nullptr) return nullptr;
  if (settings.priority != WEFT_PRIORITY_NORMAL) made->set_priority(settings.priority);
  if (posted && settings.result_drop != nullptr) {
    made->set_references(1);
    made->set_posted(true);
  }
  return made;
}

} // namespace weft::core
