// Loops and reductions over index ranges: lazy splitting, on top of groups. README.md, "Loops".
#pragma once

#include <cstdint>

#include <weft/parallel.h>

#include "base/error.hpp"

namespace weft::core {

class pool;

struct range {
  std::uint64_t begin, end;
};

// Statuses as weft_parallel_for; on WEFT_EFAILED *failure is the first error, with a reference.
weft_status parallel_for(pool &on, std::uint64_t grain, range all, weft_range_fn body, void *ctx, error **failure);
weft_status parallel_reduce(pool &on, std::uint64_t grain, range all, const weft_reduction_t &how, void *ctx,
                            void *result, error **failure);

} // namespace weft::core
