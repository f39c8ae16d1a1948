// What all calls that submit have in common at the border: their options.
#pragma once

#include <cstddef>

#include <weft/executor.h>

#include "guard.hpp"
#include "handle.hpp"
#include "task/attachment.hpp"

namespace weft::core {

struct submit_settings {
  weft_drop_fn result_drop = nullptr;
  std::uint32_t priority = WEFT_PRIORITY_NORMAL;
  belonging to;
};

inline weft_status read_submit(const weft_submit_options_t *options, submit_settings &settings) noexcept {
  constexpr std::size_t first_submit = offsetof(weft_submit_options_t, token); // what the first version had
  if (options == nullptr) return WEFT_OK; // the common case, on the path of each submit
  weft_submit_options_t read;
  if (const weft_status status = read_options(options, first_submit, read); status != WEFT_OK) return status;
  if (check_options(read).at_most("priority", read.priority, WEFT_PRIORITY_LOW).fails()) return WEFT_EINVAL;
  settings.priority = read.priority;
  settings.result_drop = read.result_drop;
  if (read.token != nullptr && bad(read.token, "a submit with a token")) return WEFT_EINVAL;
  if (const weft_status forked = answer_if_given(read.token); forked != WEFT_OK) return forked;
  settings.to.token = unwrap(read.token);
  return WEFT_OK;
}

} // namespace weft::core
