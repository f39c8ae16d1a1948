// weft/stats.h
#include <weft/stats.h>

#include <algorithm>
#include <cstring>

#include "exec/executor.hpp"
#include "guard.hpp"
#include "handle.hpp"

using namespace weft::core;

extern "C" {

weft_status weft_executor_stats(weft_executor_t *executor, weft_executor_stats_t *stats) {
  if (bad(executor) || stats == nullptr) return WEFT_EINVAL;
  if (stats->size < sizeof *stats) {
    log_option_size("weft_executor_stats", stats->size, sizeof *stats, UINT32_MAX);
    return WEFT_EINVAL;
  }
  weft_executor_stats_t now{};
  now.size = std::min(stats->size, static_cast<std::uint32_t>(sizeof now));
  unwrap(executor)->read(now);
  std::memcpy(stats, &now, now.size);
  return WEFT_OK;
}

} // extern "C"
