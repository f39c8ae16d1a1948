// Handlers around a fork, and the reset in the child: README.md, "Fork". Takes the locks that the
// process has once. Does not know the objects that a child must not use: each of them knows it
// itself.
#include "runtime/fork.hpp"

#include <pthread.h>

#include "base/block_heap.hpp"
#include "base/completion.hpp"
#include "base/fork.hpp"
#include "base/log.hpp"
#include "base/misuse.hpp"
#include "base/system.hpp"
#include "runtime/exit.hpp"
#include "runtime/runtime.hpp"
#include "thread/blocking.hpp"
#include "thread/record.hpp"
#include "thread/signals.hpp"
#include "thread/thread.hpp"
#include "thread/wait_graph.hpp"

namespace weft::core {
namespace {

// Down the list of locks: lib/README.md, "Locks".
void lock_all() noexcept {
  thread::main_lock().lock();
  runtime::registry_lock().lock();
  wait_graph::instance().mutex().lock();
  completion::lock_all();
  lock_records();
  block_heap::lock_all();
  log_hook_lock().lock();
  misuse_hook_lock().lock();
}

void unlock_all() noexcept {
  misuse_hook_lock().unlock();
  log_hook_lock().unlock();
  block_heap::unlock_all();
  unlock_records();
  completion::unlock_all();
  wait_graph::instance().mutex().unlock();
  runtime::registry_lock().unlock();
  thread::main_lock().unlock();
}

void begin_in_child() noexcept {
  mark_child();
  wait_graph::instance().forget_all();
  thread::forget_main();
  runtime::abandon_all();
  forget_exit_turn();
  const record *const self = existing_record();
  const thread *const object = self != nullptr ? self->object : nullptr;
  abandon_own_record();
  unlock_all();
  if (object != nullptr) restore_mask_in_child(object->signals());
}

} // namespace

bool prepare_for_forks() noexcept {
  // Makes now what is made on first use. A child that found it half made would wait for ever.
  wait_graph::instance();
  block_heap::prepare();
  prepare_records();
  prepare_light_barriers();
  spin_limit();
  return pthread_atfork(lock_all, unlock_all, begin_in_child) == 0;
}

void reset_after_fork() noexcept {
  if (!awaits_reset()) return;
  renew_light_barriers();
  mark_reset();
}

} // namespace weft::core
