// What the functions that make executors share: the options of a queue, and the runtime.
#pragma once

#include <cstdint>

#include <weft/executor.h>

#include "exec/bound.hpp"
#include "handle.hpp"
#include "options.hpp"
#include "runtime/runtime.hpp"

namespace weft::core {

// Reads the options of the queue, which pools and caller-run executors both have.
template <class Options> weft_status read_queue(const Options &options, bound_settings &queue) {
  constexpr std::uint64_t longest = std::uint64_t{1} << 40;
  const bool fails = check_options(options)
                         .at_most("max_queue", options.max_queue, longest)
                         .at_most("when_full", options.when_full, WEFT_FULL_CALLER)
                         .that(options.full_timeout >= 0, "full_timeout", options.full_timeout, "0 or more")
                         .at_most("daemon", options.daemon, WEFT_DAEMON_YES)
                         .fails();
  if (fails) return WEFT_EINVAL;
  queue.most = options.max_queue;
  queue.when_full = options.when_full;
  queue.timeout = options.full_timeout == 0 ? WEFT_FOREVER : options.full_timeout;
  return WEFT_OK;
}

// The runtime of a new executor, in `home`; or why there is none.
inline weft_status home_of(weft_runtime_t *handle, shared<runtime> &home, const char *function) {
  if (const weft_status status = runtime_of(handle, home, function); status != WEFT_OK) return status;
  return home->closed() ? WEFT_ESHUTDOWN : WEFT_OK;
}

} // namespace weft::core
