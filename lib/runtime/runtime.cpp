#include "runtime/runtime.hpp"

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include "base/atomic.hpp"
#include "base/fork.hpp"
#include "runtime/exit.hpp"
#include "runtime/fork.hpp"

namespace weft::core {

void shut_down_at_exit();

namespace {

// The registry of the process: which runtimes there are. Never destroyed, because threads outlive
// static destructors.
struct registry {
  native_mutex mutex;
  runtime *process = nullptr;      // under mutex; the default runtime
  runtime *keeper = nullptr;       // under mutex; of deadlines, with a reference
  bool keeper_ended = false;       // under mutex
  std::vector<runtime *> isolated; // under mutex; those with a live handle
  // Under mutex; in the child of a fork: those that had a handle before it.
  std::vector<runtime *> inherited;
  bool exit_handler_placed = false; // under mutex
  bool ready_for_forks = false;     // under mutex
};

registry &all() noexcept {
  alignas(registry) static unsigned char room[sizeof(registry)];
  static auto *const made = ::new (room) registry;
  return *made;
}

// With the first runtime, not when the library is loaded: handlers that the program places later
// run before this one, while weft still works. A handler of atexit, not a static destructor, so
// that its place in the order is known.
void place_exit_handler_locked(registry &in) noexcept {
  if (in.exit_handler_placed) return;
  in.exit_handler_placed = std::atexit(shut_down_at_exit) == 0;
}

void place_handlers_locked(registry &in) noexcept {
  place_exit_handler_locked(in);
  if (!in.ready_for_forks) in.ready_for_forks = prepare_for_forks();
}

} // namespace

runtime *runtime::process() noexcept {
  registry &in = all();
  if (awaits_reset()) return nullptr;
  const std::scoped_lock hold(in.mutex);
  place_handlers_locked(in);
  if (in.process == nullptr) in.process = new (std::nothrow) runtime;
  return in.process;
}

runtime *runtime::create() noexcept {
  registry &in = all();
  const std::scoped_lock hold(in.mutex);
  place_handlers_locked(in);
  auto *const made = new (std::nothrow) runtime;
  if (made == nullptr) return nullptr;
  try {
    in.isolated.push_back(made);
    return made;
  } catch (const std::bad_alloc &) {
    made->unref();
    return nullptr;
  }
}

// --- the keeper of deadlines, a runtime without a handle ---

shared<runtime> runtime::keeper() noexcept {
  registry &in = all();
  runtime *ended = nullptr;
  shared<runtime> found;
  {
    const std::scoped_lock hold(in.mutex);
    place_handlers_locked(in);
    if (in.keeper_ended) ended = std::exchange(in.keeper, nullptr);
    in.keeper_ended = false;
    if (in.keeper == nullptr) in.keeper = new (std::nothrow) runtime;
    found = shared<runtime>(in.keeper);
  }
  if (ended != nullptr) {
    ended->let_go_of_pools();
    ended->unref();
  }
  return found;
}

shared<runtime> runtime::keeper_if_made() noexcept {
  registry &in = all();
  const std::scoped_lock hold(in.mutex);
  return shared<runtime>(in.keeper);
}

bool runtime::any_goes_on() noexcept {
  registry &in = all();
  for (std::size_t i = 0;; ++i) { // by index, because others may come and go meanwhile
    shared<runtime> next;
    {
      const std::scoped_lock hold(in.mutex);
      if (i == 0 && in.process == nullptr) return true; // not made yet
      if (i > in.isolated.size()) return false;
      next = shared<runtime>(i == 0 ? in.process : in.isolated[i - 1]);
    }
    if (!next->closed()) return true;
  }
}

shared<runtime> runtime::end_keeper_if_last() {
  if (any_goes_on()) return nullptr;
  registry &in = all();
  shared<runtime> found;
  {
    const std::scoped_lock hold(in.mutex);
    found = shared<runtime>(in.keeper);
    in.keeper_ended = in.keeper != nullptr;
  }
  if (found) found->stop(what::daemons);
  return found;
}

runtime *runtime::take_keeper() noexcept {
  registry &in = all();
  const std::scoped_lock hold(in.mutex);
  in.keeper_ended = false;
  return std::exchange(in.keeper, nullptr);
}

shared<runtime> runtime::of(const weft_runtime *handle) noexcept {
  if (handle == nullptr) return shared<runtime>(process());
  registry &in = all();
  const std::scoped_lock hold(in.mutex);
  for (runtime *r : in.isolated)
    if (static_cast<const weft_runtime *>(r) == handle) return shared<runtime>(r);
  return nullptr;
}

weft_status runtime::answer_in_child(const weft_runtime *handle) noexcept {
  return awaits_reset() || was_before_fork(handle) ? WEFT_EFORKED : WEFT_OK;
}

bool runtime::was_before_fork(const weft_runtime *handle) noexcept {
  registry &in = all();
  const std::scoped_lock hold(in.mutex);
  return std::any_of(in.inherited.begin(), in.inherited.end(),
                     [handle](const runtime *r) { return static_cast<const weft_runtime *>(r) == handle; });
}

native_mutex &runtime::registry_lock() noexcept {
  return all().mutex;
}

void runtime::abandon_all() noexcept {
  registry &in = all();
  in.process = nullptr;
  in.keeper = nullptr;
  in.keeper_ended = false;
  try {
    in.inherited.insert(in.inherited.end(), in.isolated.begin(), in.isolated.end());
  } catch (const std::bad_alloc &) { // then their handles look destroyed
  }
  in.isolated.clear();
}

bool runtime::forget(const weft_runtime *handle) noexcept {
  registry &in = all();
  const std::scoped_lock hold(in.mutex);
  const auto at = std::find_if(in.isolated.begin(), in.isolated.end(),
                               [handle](const runtime *r) { return static_cast<const weft_runtime *>(r) == handle; });
  if (at == in.isolated.end()) return false;
  in.isolated.erase(at);
  return true;
}

runtime::registered runtime::look() noexcept {
  registry &in = all();
  const std::scoped_lock hold(in.mutex);
  if (!in.isolated.empty()) return registered::isolated_ones;
  return in.process != nullptr ? registered::the_default_one : registered::nothing;
}

runtime *runtime::take_process() noexcept {
  registry &in = all();
  const std::scoped_lock hold(in.mutex);
  std::vector<runtime *>().swap(in.isolated);
  return std::exchange(in.process, nullptr);
}

shared<runtime> runtime::isolated(std::size_t index) noexcept {
  registry &in = all();
  const std::scoped_lock hold(in.mutex);
  return index < in.isolated.size() ? shared<runtime>(in.isolated[index]) : nullptr;
}

shared<runtime> runtime::process_if_made() noexcept {
  registry &in = all();
  const std::scoped_lock hold(in.mutex);
  return in.process != nullptr ? shared<runtime>(in.process) : nullptr;
}

// The end of the process, after main or in exit(), on the thread that called it.
void shut_down_at_exit() {
  if (awaits_reset()) return; // all runtimes are the parent's
  begin_exit_turn();
  runtime::visit_all([](runtime &each) { each.finish_at_exit(); });
  if (const shared<runtime> keeper = runtime::keeper_if_made()) keeper->finish_at_exit();
  end_exit_turn();
}

} // namespace weft::core
