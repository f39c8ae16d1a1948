// How a host gets everything back: weft_cleanup. The steps:
//
//  1. There is no isolated runtime, and the default one is shut down. So nothing of weft runs.
//  2. Threads that have ended for those who wait for them may still be on their last steps. This
//     thread waits until they have given back their records and heaps. Then no other thread is
//     inside weft.
//  3. What is kept for the whole process is freed: the default runtime with its pools, the keeper,
//     the object of the main thread, the records, the heaps of blocks. The next use of weft makes
//     it anew.
#include <time.h>

#include "base/block_heap.hpp"
#include "runtime/runtime.hpp"
#include "thread/record.hpp"
#include "thread/thread.hpp"

namespace weft::core {
namespace {

bool is_inside(const record *self) noexcept {
  return self != nullptr &&
         (self->top != nullptr || self->worker != nullptr || self->callback_depth != 0 || self->destroy_depth != 0);
}

} // namespace

void runtime::let_go_of_pools() {
  pool_for_all_.let_go();
  for (executor **const each : {&deadlines_, &aftermath_})
    if (executor *const held = std::exchange(*each, nullptr); held != nullptr) held->unref_handle();
}

weft_status runtime::clean_up(deadline until) {
  if (is_inside(existing_record())) return WEFT_EDEADLK;
  switch (look()) { // 1
  case registered::isolated_ones:
    return WEFT_EINVALIDSTATE;
  case registered::the_default_one:
    if (const weft_status status = process()->shutdown(until); status != WEFT_OK) return status;
    break;
  case registered::nothing:
    break;
  }
  if (const shared<runtime> keeper = keeper_if_made()) keeper->stop(what::daemons);
  while (others_have_records() || block_heap::others_have_heaps()) { // 2
    if (until.passed()) return WEFT_ETIMEDOUT;
    if (const record *const self = existing_record(); self != nullptr && stop_requested(*self))
      return WEFT_EINTERRUPTED;
    const timespec moment{0, 100'000};
    nanosleep(&moment, nullptr);
  }
  runtime *const last = take_process(); // 3
  if (last != nullptr) last->let_go_of_pools();
  if (runtime *const keeper = take_keeper(); keeper != nullptr) {
    keeper->let_go_of_pools();
    keeper->unref();
  }
  thread::release_main();
  release_records();
  if (last != nullptr) last->unref();
  return block_heap::release_all() ? WEFT_OK : WEFT_EINVALIDSTATE;
}

} // namespace weft::core
