// What the library uses of the system, in a model build: memory, the futex, CPUs, barriers, the clock, threads.
//
// Replaces base/futex.cpp, base/memory.cpp, base/system.cpp and thread/system_thread.cpp.
#include <string>

#include "base/clock.hpp"
#include "base/futex.hpp"
#include "base/memory.hpp"
#include "base/system.hpp"
#include "thread/record.hpp"
#include "thread/system_thread.hpp"

#include "system.h"

namespace weft::core {

// --- memory ---

void *allocate_memory(std::size_t size, std::size_t align) noexcept {
  return model::take_memory(size, align);
}
void free_memory(void *memory, std::size_t /*size*/, std::size_t /*align*/) noexcept {
  model::give_memory(memory);
}
bool memory_is_hosts() noexcept {
  return false;
}
weft_status set_allocator(weft_allocate_fn /*allocate*/, weft_free_fn /*free*/, void * /*ctx*/) noexcept {
  return WEFT_EINVALIDSTATE;
}

// --- sleeping on a word ---

void futex_wait(atomic<std::uint32_t> &word, std::uint32_t expected, deadline until) noexcept {
  model::wait_on_atomic(&word, sizeof word, expected, model::here(), until.is_never() ? model::no_limit : until.at());
}
void futex_wake_one(atomic<std::uint32_t> &word) noexcept {
  model::wake_on_atomic(&word, 1, model::here());
}

// --- the machine ---

// One CPU, so that no waiter spins: spinning shows nothing that another schedule does not show.
std::uint32_t usable_cpus() noexcept {
  return 1;
}
std::uint32_t cgroup_cpu_limit(const std::string & /*proc*/, const std::string & /*cgroup*/) {
  return 0;
}
std::string system_thread_name(const std::string &name) {
  return name.substr(0, 15);
}
bool is_main_thread() noexcept {
  return model::this_thread_number() == 0;
}
std::uint64_t current_native_id() noexcept {
  return static_cast<std::uint64_t>(model::this_thread_number()) + 1;
}
std::uint32_t threads_of_process() noexcept {
  return 0; // unknown: the engine itself sees when all threads are stuck
}
stack_bounds own_stack() noexcept {
  return {0, 0}; // a fiber has none
}
bool prepare_light_barriers() noexcept {
  barriers_are_light.store(true, std::memory_order_relaxed);
  return true;
}
void renew_light_barriers() noexcept {}
void barrier_in_all_threads() noexcept {
  model::fence_in_all_threads();
}

// --- time ---

std::int64_t now_ns() noexcept {
  return model::virtual_time();
}
std::uint64_t cycles() noexcept {
  return static_cast<std::uint64_t>(model::virtual_time()) * 2;
}
void relax() noexcept {
  model::yield();
}

// --- threads ---

// The number of the model's thread, plus one, is in the place of the pointer to Boost's object.
namespace {
int number_of(boost::thread *made) noexcept {
  return static_cast<int>(reinterpret_cast<std::uintptr_t>(made)) - 1;
}
} // namespace

system_thread::~system_thread() {
  let_go();
}
std::uint64_t system_thread::usual_stack_size() noexcept {
  return 8 << 20;
}
bool system_thread::start(std::uint64_t /*stack_size*/, const sigset_t * /*mask*/, void (*body)(void *ctx), void *ctx) {
  const std::scoped_lock hold(mutex_);
  const int number = model::start_thread(body, ctx, "a thread of weft");
  made_ = reinterpret_cast<boost::thread *>(static_cast<std::uintptr_t>(number) + 1);
  return true;
}
void system_thread::note_arrival(std::uint64_t native_id) noexcept {
  native_id_.store(native_id, std::memory_order_relaxed);
}
bool system_thread::join_if_soon() noexcept {
  return false;
}
bool system_thread::join() noexcept {
  const std::unique_lock hold(mutex_, std::try_to_lock);
  if (!hold || made_ == nullptr) return false;
  join_locked();
  return true;
}
void system_thread::join_locked() noexcept {
  model::join_thread(number_of(made_));
  joined_locked();
}
void system_thread::joined_locked() noexcept {
  reaped_.store(true, std::memory_order_release);
  made_ = nullptr;
}
void system_thread::reap() noexcept {
  {
    const std::scoped_lock hold(mutex_);
    if (made_ == nullptr) return;
    if (number_of(made_) != model::this_thread_number()) return join_locked();
  }
  let_go();
}
void system_thread::let_go() noexcept {
  const std::unique_lock hold(mutex_, std::try_to_lock);
  if (hold) made_ = nullptr;
}
bool system_thread::gone() const noexcept {
  if (reaped_.load(std::memory_order_acquire)) return true;
  const auto id = static_cast<int>(native_id_.load(std::memory_order_relaxed));
  return id != 0 && model::thread_has_ended(id - 1);
}

} // namespace weft::core

// --- thread-local variables ---

namespace weft::model {

const thread_locals locals_under_test{[](void **words) noexcept {
                                        words[0] = core::record_of_this_thread;
                                        words[1] =
                                            reinterpret_cast<void *>(static_cast<std::uintptr_t>(core::end_rounds));
                                      },
                                      [](void *const *words) noexcept {
                                        core::record_of_this_thread = static_cast<core::record *>(words[0]);
                                        core::end_rounds = static_cast<int>(reinterpret_cast<std::uintptr_t>(words[1]));
                                      },
                                      []() noexcept { core::release_records(); }};

} // namespace weft::model

// --- what seam/system.h names ---

namespace {

// The library has one key for its records (thread/record.cpp), which is made first. Its second key is for heaps of
// blocks, which a model does not have.
void (*end_of_thread)(void *) = nullptr;
unsigned keys = 0;

} // namespace

extern "C" {
int weft_model_key_create(unsigned *key, void (*destroy)(void *)) {
  *key = keys++;
  if (end_of_thread == nullptr) end_of_thread = destroy;
  return 0;
}
int weft_model_setspecific(unsigned /*key*/, const void *value) {
  weft::model::at_thread_exit(end_of_thread, const_cast<void *>(value));
  return 0;
}
int weft_model_yield() {
  weft::model::yield();
  return 0;
}
int weft_model_nanosleep(const timespec *span, timespec * /*left*/) {
  weft::model::sleep_until_time(weft::model::virtual_time() + span->tv_sec * 1'000'000'000 + span->tv_nsec);
  return 0;
}
int weft_model_setname(pthread_t /*which*/, const char * /*name*/) {
  return 0;
}
int weft_model_getname(pthread_t /*which*/, char *name, std::size_t size) {
  if (size != 0) *name = '\0';
  return 0;
}
}
