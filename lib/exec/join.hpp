// Fork-join on the stack: two calls, the second one possibly on another thread.
#pragma once

#include "exec/branch.hpp"

namespace weft::core {

// WEFT_EFAILED with the error of the first of the two that has failed, in their order; or as weft_join.
join_outcome join(pool &on, join_call first, join_call second);

} // namespace weft::core
