#include "thread/thread.hpp"

#include <memory>
#include <new>
#include <string_view>
#include <utility>

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/atomic.hpp"
#include "base/error.hpp"
#include "base/forced_unwind.hpp"
#include "base/log.hpp"
#include "base/name.hpp"
#include "base/system.hpp"
#include "thread/blocking.hpp"
#include "thread/record.hpp"
#include "thread/wait_graph.hpp"

namespace weft::core {
namespace {

// These counters order nothing.
atomic<std::uint64_t> next_ident{1};  // never reused: 64 bits do not wrap
atomic<std::uint64_t> next_number{1}; // of Thread-N
atomic<std::uint64_t> next_foreign{1};

std::string default_name(thread_role role) {
  switch (role) {
  case thread_role::foreign:
    return "Foreign-" + std::to_string(next_foreign.fetch_add(1, std::memory_order_relaxed));
  case thread_role::main:
    return "MainThread";
  default:
    return "Thread-" + std::to_string(next_number.fetch_add(1, std::memory_order_relaxed));
  }
}

// Tells the system, on the thread itself.
void show_name(const std::string_view name) noexcept {
  char room[16];
  try {
    const std::string shown = system_thread_name(std::string(name));
    room[shown.copy(room, sizeof room - 1)] = '\0';
    pthread_setname_np(pthread_self(), room);
  } catch (const std::bad_alloc &) { // it then keeps its name
  }
}

} // namespace

thread::thread(shared<roster> home, thread_settings settings, thread_target target)
    : home_(std::move(home)), settings_(std::move(settings)), entry_(target.fn), daemon_(settings_.daemon) {
  if (settings_.name.empty()) settings_.name = default_name(settings_.role);
  // Last: if anything above throws, the target stays the caller's.
  target_ = target;
}

thread::~thread() {
  drop_target();
  leave_domain();
  if (system_) system_->let_go();
}

void thread::drop(const thread_target &target) noexcept {
  if (target.drop == nullptr) return;
  const drop_scope here(settings_.inside.get());
  target.drop(target.ctx);
}

std::uint32_t thread::stop_bit_value() noexcept {
  return stop_bit;
}

void thread::raise(std::uint32_t bit) noexcept {
  flags_.fetch_or(bit, std::memory_order_acq_rel);
  // The lock of the graph orders this with sleep_until(): README.md, "Stop requests".
  wait_graph::instance().wake_thread(this);
}

void thread::halt() noexcept {
  raise(halt_bit);
}

// The system may refuse what the new thread asks it for.
bool thread::may_be_refused() const noexcept {
  return settings_.role == thread_role::target && (settings_.nice != 0 || !settings_.affinity.empty());
}

std::uint64_t thread::native_id() const noexcept {
  // The thread writes it with its first steps.
  if (state() == WEFT_THREAD_STARTED) native_id_.wait(0, std::memory_order_acquire);
  return native_id_.load(std::memory_order_acquire);
}

std::int32_t thread::state() const noexcept {
  switch (phase_.load(std::memory_order_acquire)) {
  // In the child of a fork none of the parent's threads is alive.
  case alive:
    return inherited() ? WEFT_THREAD_STOPPED : WEFT_THREAD_STARTED;
  case stopped:
    return WEFT_THREAD_STOPPED;
  default:
    return WEFT_THREAD_INITIAL;
  }
}

weft_status thread::set_daemon(bool daemon) noexcept {
  const std::scoped_lock hold(mutex_);
  if (phase_.load(std::memory_order_relaxed) != initial) return WEFT_ESTARTED;
  daemon_.store(daemon, std::memory_order_relaxed);
  return WEFT_OK;
}

weft_status thread::set_name(const char *name) noexcept {
  try {
    std::string copy(name);
    const std::scoped_lock hold(mutex_);
    if (phase_.load(std::memory_order_relaxed) != initial) return rename(name);
    settings_.name.swap(copy);
    return WEFT_OK;
  } catch (const std::bad_alloc &) {
    return WEFT_ENOMEM;
  }
}

// Other threads may hold the old name, so it stays where it is. Only the thread itself tells the
// system: another thread cannot know that it still exists.
weft_status thread::rename(const char *name) noexcept {
  const char *const kept = interned(name);
  if (kept == nullptr) return WEFT_ENOMEM;
  renamed_.store(kept, std::memory_order_release);
  const record *const self = existing_record();
  if (self != nullptr && self->object == this && system_) show_name(name);
  return WEFT_OK;
}

bool thread::clear_stop() noexcept {
  return (flags_.fetch_and(~stop_bit, std::memory_order_acq_rel) & stop_bit) != 0;
}

weft_status thread::start() noexcept {
  {
    const std::scoped_lock hold(mutex_);
    if (given_up_) return WEFT_ECLOSED;
    if (phase_.load(std::memory_order_relaxed) != initial) return WEFT_ESTARTED;
    phase_.store(starting, std::memory_order_relaxed);
  }
  const bool is_worker = settings_.role == thread_role::worker; // a member from its start only
  weft_status status = WEFT_ECLOSED;
  if (is_worker ? join_domain() : !settings_.inside || !settings_.inside->closed())
    status = home_->admit(*this) ? launch() : WEFT_ESHUTDOWN;
  if (status == WEFT_OK) return WEFT_OK;
  home_->leave(*this);
  {
    const std::scoped_lock hold(mutex_); // against give_up(): one of the two sees the other
    phase_.store(initial, std::memory_order_release);
  }
  phase_.notify_all();
  if (is_worker) {
    leave_domain();
  } else if (settings_.inside && settings_.inside->closed()) {
    give_up();
    return WEFT_ECLOSED;
  }
  return status;
}

// The new thread gets all it needs beforehand. So it is waited for only if the system may still
// refuse what it asks for. start() takes no longer than the system does, and a joiner that comes at
// once need not have been woken before.
weft_status thread::launch() noexcept {
  reserved_ = reserve_record();
  if (reserved_ == nullptr) return WEFT_ENOMEM;
  ref(); // the running thread's; finish_on_thread_end() gives it back
  ident_.store(next_ident.fetch_add(1, std::memory_order_relaxed), std::memory_order_relaxed);
  started_at_.store(now_ns(), std::memory_order_relaxed);
  stack_refused_ = false;
  if (settings_.role == thread_role::target) settings_.signals.settle_for_start();
  try {
    system_ = adopt(new system_thread);
    bool created = create_system_thread(settings_.stack_size);
    if (!created && settings_.stack_size != 0 && settings_.stack_size < system_thread::usual_stack_size()) {
      // The system refuses a small stack that thread-local data does not fit into as it refuses a
      // lack of resources.
      stack_refused_ = true; // the new thread logs it: a worker is launched under a lock
      created = create_system_thread(0);
    }
    if (!created) return take_launch_back(WEFT_EAGAIN);
  } catch (const std::bad_alloc &) {
    return take_launch_back(WEFT_ENOMEM);
  }
  if (!may_be_refused()) {
    std::uint32_t seen = starting; // unless the thread itself was faster
    if (phase_.compare_exchange_strong(seen, alive, std::memory_order_acq_rel)) phase_.notify_all();
    return WEFT_OK;
  }
  spin_until([this]() noexcept { return phase_.load(std::memory_order_acquire) != starting; });
  phase_.wait(starting, std::memory_order_acquire);
  if (phase_.load(std::memory_order_acquire) != refused) return WEFT_OK;
  const weft_status refusal = refusal_;
  reap();
  ident_.store(0, std::memory_order_relaxed);
  unref();
  return refusal;
}

weft_status thread::take_launch_back(weft_status why) noexcept {
  give_back_record(reserved_);
  ident_.store(0, std::memory_order_relaxed);
  unref();
  return why;
}

// False: the system has refused.
bool thread::create_system_thread(std::uint64_t stack_size) {
  const sigset_t mask = settings_.signals.fixed ? settings_.signals.mask() : sigset_t{};
  return system_->start(
      stack_size, settings_.signals.fixed ? &mask : nullptr, [](void *self) { static_cast<thread *>(self)->body(); },
      this);
}

// Tries both, because a worker runs without what is refused.
weft_status thread::settle_on_cpus(std::uint64_t native_id) const noexcept {
  const bool is_nice =
      settings_.nice == 0 || setpriority(PRIO_PROCESS, static_cast<id_t>(native_id), settings_.nice) == 0;
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  for (const std::uint32_t cpu : settings_.affinity) CPU_SET(cpu, &cpus);
  const bool is_placed = settings_.affinity.empty() || pthread_setaffinity_np(pthread_self(), sizeof cpus, &cpus) == 0;
  if (!is_nice) return WEFT_EPERM;
  return is_placed ? WEFT_OK : WEFT_EINVAL;
}

// Runs on the new thread, before another thread may know that it is alive.
weft_status thread::settle_in(std::uint64_t native_id) noexcept {
  record *const self = enter_record(reserved_);
  if (self == nullptr) return WEFT_ENOMEM; // the system has no room for the value of a key
  if (settings_.inside) {
    life_ = {settings_.inside.get(), nullptr, nullptr, false};
    self->inside = &life_;
  }
  if (const weft_status status = settle_on_cpus(native_id); status != WEFT_OK) {
    if (may_be_refused()) return status;
    place_refused_ = true;
  }
  show_name(settings_.name);
  adopt_calling_thread(*self, native_id);
  return WEFT_OK;
}

void thread::adopt_calling_thread(record &self, std::uint64_t native_id) noexcept {
  // With the reference that launch(), current() or main() has counted.
  self.object = this;
  if (ident_.load(std::memory_order_relaxed) == 0) // else launch() has given it
    ident_.store(next_ident.fetch_add(1, std::memory_order_relaxed), std::memory_order_relaxed);
  native_id_.store(native_id, std::memory_order_release);
  native_id_.notify_all();
}

// UBSan: a forced unwind is caught by a reference to no object; nothing reads it.
__attribute__((no_sanitize("null"))) void thread::body() noexcept(false) {
  const std::uint64_t native_id = current_native_id();
  system_->note_arrival(native_id);
  const weft_status refusal = settle_in(native_id);
  refusal_ = refusal;
  const bool leaves = refusal != WEFT_OK && may_be_refused();
  if (refusal != WEFT_OK && !leaves) {
    native_id_.store(native_id, std::memory_order_release);
    native_id_.notify_all();
  }
  phase_.store(refusal == WEFT_OK ? alive : refused, std::memory_order_release);
  phase_.notify_all();
  // If the starter waits for the answer, it reaps a refused thread, which touches nothing below. If
  // the starter does not wait, the thread is refused only when there is no memory even for the
  // system's own needs. Then it goes on, and leaves as if it had run.
  if (leaves) return;
  if (stack_refused_)
    log_line({"thread ", settings_.name, ": the stack size was refused, the default is used"}, WEFT_LOG_WARNING);
  if (place_refused_)
    log_line({"thread ", settings_.name, ": its nice value or its CPUs were refused"}, WEFT_LOG_WARNING);

  weft_error *failure = nullptr;
  struct ending { // also when pthread_exit or a cancellation unwinds the target
    thread &self;
    ~ending() {
      // Scopes that it has entered and not left are on a stack that is gone.
      if (record *const here = existing_record(); here != nullptr && here->inside != nullptr) {
        entered_domain::leave_all(*here);
        here->inside = self.life_.of != nullptr ? &self.life_ : nullptr;
      }
      self.drop_target();
      self.phase_.store(stopped, std::memory_order_release);
    }
  };
  try {
    const ending at_end{*this};
    const bool runs = refusal == WEFT_OK || settings_.role == thread_role::worker;
    const weft_status status = runs ? target_.fn(target_.ctx, &failure) : refusal;
    if (const record *const self = existing_record(); self != nullptr) self->back_from_user();
    if (failure == nullptr && status != WEFT_OK) failure = error::from_status(status);
  } catch (const forced_unwind &) {
    throw;
  } catch (...) {
    if (const record *const self = existing_record(); self != nullptr) self->back_from_user();
    if (failure != nullptr) static_cast<error *>(failure)->unref();
    failure = error::from_current_exception();
  }
  if (failure != nullptr) {
    home_->report(this, failure);
    static_cast<error *>(failure)->unref();
  }
  if (refusal != WEFT_OK) finish_on_thread_end(); // it has no record whose end would do it
}

void thread::finish_on_thread_end() noexcept {
  phase_.store(stopped, std::memory_order_release);
  // A daemon need not be joined. At the end of the process a thread that was neither joined nor
  // detached would look leaked to tools.
  if (system_ && is_daemon()) system_->let_go();
  home_->depart(*this); // finishes end_
  if (record *const self = existing_record(); self != nullptr && self->inside == &life_) self->inside = nullptr;
  leave_domain(); // no code of the user's runs on it any more
  unref();
}

void thread::reap() noexcept {
  if (!system_ || inherited()) return;
  system_->reap();
  home_->forget_departed();
}

bool thread::may_end(const void *object, const wait_graph &graph) noexcept {
  const auto *which = static_cast<const thread *>(object);
  return which->ended() || !graph.stuck(which);
}

weft_status thread::join(deadline until) noexcept {
  // A thread that is just starting counts as started, unless the system refuses it. That is decided
  // soon.
  phase_.wait(starting, std::memory_order_acquire);
  if (state() == WEFT_THREAD_INITIAL) return WEFT_ENOTSTARTED;
  record *const self = current_record();
  if (self == nullptr) return WEFT_ENOMEM;
  if (is_object_of(*self, this)) return WEFT_EDEADLK;
  constexpr std::int64_t long_enough = 1'000'000; // a look is over before
  if (system_ && !inherited() && !end_.finished() && !stop_requested(*self) && until.is_beyond(long_enough) &&
      system_->join_if_soon()) {
    home_->forget_departed();
    return WEFT_OK;
  }
  const dependency on{this, &thread::may_end};
  if (until.is_never() && system_ && !inherited() && !end_.finished() && !can_be_asked_to_stop(*self)) {
    const weft_status status = join_in_the_system(*self, on);
    if (status != WEFT_ENOTSUP) return status;
  }
  const weft_status status = wait_for_completion(*self, end_, on, until, spinning::none);
  if (status == WEFT_OK) reap();
  return status;
}

// Nothing can end this wait but the end of the thread, so only the system wakes the joiner, and
// once. If weft's own word woke it, it would find the thread on its last steps, often on this CPU,
// and sleep again. WEFT_ENOTSUP: another thread joins this way.
weft_status thread::join_in_the_system(record &self, const dependency &on) noexcept {
  flush_freed_blocks();
  blocked_thread entry{&self, &on, 1, wait_for::all, false};
  if (!wait_graph::instance().enter(entry)) {
    if (!end_.finished()) return WEFT_EDEADLK;
    reap();
    return WEFT_OK;
  }
  const bool joined = system_->join();
  wait_graph::instance().leave(entry);
  if (!joined) return WEFT_ENOTSUP;
  home_->forget_departed();
  return WEFT_OK;
}

thread *thread::current(roster &home) noexcept {
  record *const self = current_record();
  if (self == nullptr) return nullptr;
  if (self->object != nullptr) return self->object;
  if (is_main_thread()) {
    thread *const first = main(home);
    if (first != nullptr) {
      first->ref();
      self->object = first;
    }
    return first;
  }
  try {
    thread_settings settings;
    settings.role = thread_role::foreign;
    auto *made = new thread(shared<roster>(&home), std::move(settings), {});
    made->adopt_calling_thread(*self, current_native_id());
    made->phase_.store(alive, std::memory_order_release);
    // If the runtime has ended, it is simply not listed.
    home.admit(*made);
    return made;
  } catch (const std::bad_alloc &) {
    return nullptr;
  }
}

namespace {

// The main thread of the process has one object, made when it is asked for.
constinit native_mutex making_main;
// written under making_main; with a reference, never given back
constinit atomic<thread *> made_main{nullptr};

} // namespace

native_mutex &thread::main_lock() noexcept {
  return making_main;
}

void thread::forget_main() noexcept {
  made_main.store(nullptr, std::memory_order_relaxed);
}

thread *thread::main_if_made() noexcept {
  return made_main.load(std::memory_order_acquire); // pairs with the release in main()
}

void thread::release_main() noexcept {
  const std::scoped_lock hold(making_main);
  thread *const made = made_main.exchange(nullptr, std::memory_order_relaxed);
  if (made == nullptr) return;
  made->home_->leave(*made);
  made->unref();
}

thread *thread::main(roster &home) noexcept {
  const std::scoped_lock hold(making_main);
  thread *made = made_main.load(std::memory_order_relaxed);
  if (made != nullptr) return made;
  try {
    thread_settings settings;
    settings.role = thread_role::main;
    made = new thread(shared<roster>(&home), std::move(settings), {});
  } catch (const std::bad_alloc &) {
    return nullptr;
  }
  made->ident_.store(next_ident.fetch_add(1, std::memory_order_relaxed), std::memory_order_relaxed);
  made->native_id_.store(static_cast<std::uint64_t>(getpid()), std::memory_order_relaxed);
  made->phase_.store(alive, std::memory_order_release);
  home.admit(*made);
  made_main.store(made, std::memory_order_release);
  return made;
}

} // namespace weft::core
