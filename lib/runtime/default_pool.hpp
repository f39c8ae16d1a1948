// The default executor: one pool for the whole process. It is made on first use, with the options
// that were set before.
//
// A member of the default runtime. Keeps one handle of the pool for ever, so the pool ends with the
// runtime and not with its last user. Knows nothing of how runtimes end.
#pragma once

#include <mutex>

#include "base/atomic.hpp"
#include "exec/pool.hpp"

namespace weft::core {

class runtime;

class default_pool {
public:
  // On success takes the contexts of the initializer and of the hooks. WEFT_OK, WEFT_EINVALIDSTATE.
  // Throws std::bad_alloc.
  weft_status configure(pool_settings settings);
  // With a handle for the caller. WEFT_OK, WEFT_ESHUTDOWN. Throws std::bad_alloc.
  weft_status get(runtime &home, pool *&out);

  // When no thread uses it any more: give back the handle, or drop what was configured.
  void let_go();

private:
  // Held while the pool is made. That starts no thread and calls no user code.
  native_mutex mutex_;
  pool_settings wanted_; // under mutex_, until it is made
  pool *made_ = nullptr; // under mutex_
};

} // namespace weft::core
