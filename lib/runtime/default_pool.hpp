// The default executor: one pool for the whole process, made on first use, with the options that were set before it.
//
// A member of the default runtime. Holds one handle of the pool for ever, so that it ends with the runtime and not with
// the last user. Knows nothing of how runtimes end.
#pragma once

#include <mutex>

#include "base/atomic.hpp"
#include "exec/pool.hpp"

namespace weft::core {

class runtime;

class default_pool {
public:
  // On success the contexts of the initializer and of the hooks are ours. WEFT_OK, WEFT_EINVALIDSTATE. Throws
  // std::bad_alloc.
  weft_status configure(pool_settings settings);
  // With a handle for the caller. WEFT_OK, WEFT_ESHUTDOWN. Throws std::bad_alloc.
  weft_status get(runtime &home, pool *&out);

  // When nobody uses it any more: give the handle back, or what it was to be made of.
  void let_go();

private:
  native_mutex mutex_;   // held while the pool is made, which starts no thread and calls nobody
  pool_settings wanted_; // under mutex_, until it is made
  pool *made_ = nullptr; // under mutex_
};

} // namespace weft::core
