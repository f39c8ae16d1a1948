#include "runtime/default_pool.hpp"

#include <utility>

#include "base/system.hpp"
#include "runtime/runtime.hpp"

namespace weft::core {

weft_status default_pool::configure(pool_settings settings) {
  {
    const std::scoped_lock hold(mutex_);
    if (made_ != nullptr) return WEFT_EINVALIDSTATE;
    std::swap(wanted_, settings);
  }
  if (settings.initializer_drop != nullptr) settings.initializer_drop(settings.initializer_ctx);
  if (settings.worker_drop != nullptr) settings.worker_drop(settings.worker_ctx);
  return WEFT_OK;
}

void default_pool::let_go() {
  static_cast<void>(configure({})); // drops what was configured and never used
  if (pool *const held = std::exchange(made_, nullptr); held != nullptr) held->unref_handle();
}

weft_status default_pool::get(runtime &home, pool *&out) {
  const std::scoped_lock hold(mutex_);
  if (made_ == nullptr) {
    pool_settings chosen = wanted_;
    // Other pools have workers to spare for tasks that block. This one is shared, and meant for
    // computing.
    if (chosen.max_workers == 0) chosen.max_workers = usable_cpus();
    if (chosen.name_prefix.empty()) chosen.name_prefix = "weft-default";
    pool *const made = pool::make(shared<roster>(&home), home.executors(), chosen);
    if (made == nullptr) return WEFT_ESHUTDOWN;
    made->set_everybodys();
    wanted_ = {}; // the initializer and the hooks belong to the pool now
    made_ = made;
  }
  made_->ref_handle();
  out = made_;
  return WEFT_OK;
}

} // namespace weft::core
