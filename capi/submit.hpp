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
  belonging to{nullptr, current_domain()};
};

// What is named in options: a token, and a domain in place of the current one. False: a handle is none.
inline bool read_belonging(weft_cancel_token_t *token, weft_domain_t *home, belonging &to,
                           const char *function = __builtin_FUNCTION()) noexcept {
  if ((token != nullptr && bad(token, function)) || (home != nullptr && bad(home, function))) return false;
  to.token = unwrap(token);
  if (home != nullptr) to.home = unwrap(home);
  return true;
}

inline weft_status read_submit(const weft_submit_options_t *options, submit_settings &settings) noexcept {
  constexpr std::size_t first_submit = offsetof(weft_submit_options_t, token); // what the first version had
  if (options == nullptr) return WEFT_OK; // the common case, on the path of each submit
  weft_submit_options_t read;
  if (const weft_status status = read_options(options, first_submit, read); status != WEFT_OK) return status;
  if (check_options(read).at_most("priority", read.priority, WEFT_PRIORITY_LOW).fails()) return WEFT_EINVAL;
  settings.priority = read.priority;
  settings.result_drop = read.result_drop;
  if (const weft_status forked = answer_if_given(read.token); forked != WEFT_OK) return forked;
  if (!read_belonging(read.token, read.domain, settings.to)) return WEFT_EINVAL;
  return WEFT_OK;
}

} // namespace weft::core
