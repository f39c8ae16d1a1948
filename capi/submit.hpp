// What all calls that submit have in common at the border: their options.
#pragma once

#include <weft/executor.h>

#include "guard.hpp"

namespace weft::core {

inline weft_status read_submit(const weft_submit_options_t *options, weft_drop_fn &result_drop,
                               std::uint32_t &priority) noexcept {
  result_drop = nullptr;
  priority = WEFT_PRIORITY_NORMAL;
  if (options == nullptr) return WEFT_OK; // the common case, on the path of each submit
  weft_submit_options_t read;
  if (const weft_status status = read_options(options, sizeof read, read); status != WEFT_OK) return status;
  if (check_options(read).at_most("priority", read.priority, WEFT_PRIORITY_LOW).fails()) return WEFT_EINVAL;
  priority = read.priority;
  result_drop = read.result_drop;
  return WEFT_OK;
}

} // namespace weft::core
