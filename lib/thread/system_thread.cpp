#include "thread/system_thread.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <utility>

#include <boost/thread/thread.hpp>

#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/atomic.hpp"
#include "thread/blocking.hpp"

namespace weft::core {
namespace {

// With less, the frames of Boost and of weft leave no room for the target's.
constexpr std::uint64_t least_stack = std::uint64_t{64} * 1024;

// While it lives the calling thread has this mask; a thread created meanwhile inherits it from its
// first instruction.
class mask_scope {
public:
  explicit mask_scope(const sigset_t &mask) noexcept { pthread_sigmask(SIG_SETMASK, &mask, &before_); }
  ~mask_scope() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  mask_scope(const mask_scope &) = delete;
  mask_scope &operator=(const mask_scope &) = delete;

private:
  sigset_t before_;
};

// How long a joiner looks before it sleeps, in units of spin_until(): as long as a thread that was
// just started needs to begin and to end.
constexpr int looks = 4;

// Decides whether looking pays. It does not while the other CPUs are busy, because then the thread
// waits for this CPU. So after some failed looks in a row a number of joins do not look. That
// number doubles each time. A single failed look is not enough, because a joiner that has slept
// finds the next thread late, too. The atomics here order nothing.
class look_ahead {
public:
  bool is_due() noexcept {
    const std::uint32_t left = left_.load(std::memory_order_relaxed);
    if (left != 0) left_.store(left - 1, std::memory_order_relaxed);
    return left == 0;
  }
  void note(bool seen) noexcept {
    const std::uint32_t in_vain = seen ? 0 : in_vain_.load(std::memory_order_relaxed) + 1;
    in_vain_.store(in_vain, std::memory_order_relaxed);
    if (in_vain % in_a_row == 0 && !seen)
      left_.store(4u << std::min(in_vain / in_a_row, most_doublings), std::memory_order_relaxed);
  }

private:
  static constexpr std::uint32_t in_a_row = 4, most_doublings = 8;
  atomic<std::uint32_t> in_vain_{0};
  atomic<std::uint32_t> left_{0}; // how many joins do without
};

constinit look_ahead looking;

// Whether this process has a thread with that id. A sandbox may refuse the first question. Then two
// more are asked: the list of threads in /proc, if the calling thread finds itself in it, and a
// call that every process may make.
bool exists(pid_t id) noexcept {
  if (syscall(SYS_tgkill, getpid(), id, 0) == 0) return true;
  if (errno == ESRCH) return false;
  char path[40];
  std::snprintf(path, sizeof path, "/proc/self/task/%d", static_cast<int>(id));
  if (access(path, F_OK) == 0) return true;
  if (access("/proc/thread-self", F_OK) == 0) return false;
  return sched_getscheduler(id) >= 0 || errno != ESRCH;
}

} // namespace

system_thread::~system_thread() {
  let_go();
}

std::uint64_t system_thread::usual_stack_size() noexcept {
  return boost::thread::attributes().get_stack_size();
}

bool system_thread::start(std::uint64_t stack_size, const sigset_t *mask, void (*body)(void *ctx), void *ctx) {
  boost::thread::attributes attributes;
  if (stack_size != 0) attributes.set_stack_size(std::max(stack_size, least_stack));
  const auto run = [body, ctx] { body(ctx); };
  try {
    const std::scoped_lock hold(mutex_);
    if (mask != nullptr) {
      const mask_scope inherited(*mask);
      made_ = new boost::thread(attributes, run);
    } else {
      made_ = new boost::thread(attributes, run);
    }
    return true;
  } catch (const boost::thread_resource_error &) {
    return false;
  }
}

void system_thread::note_arrival(std::uint64_t native_id) noexcept {
  known_ = boost::detail::get_current_thread_data();
  native_id_.store(native_id, std::memory_order_relaxed);
}

// The system's word for the end is the last of all: a joiner that sees it has nothing more to wait
// for. A joiner that looks for it keeps its CPU awake, and saves the time of being woken: a third
// of a short thread's life.
bool system_thread::join_if_soon() noexcept {
  const std::unique_lock hold(mutex_, std::try_to_lock);
  return hold && made_ != nullptr && join_soon_locked();
}

bool system_thread::join_soon_locked() noexcept {
  if (!looking.is_due()) return false;
  const pthread_t which = made_->native_handle();
  const bool seen = spin_until([which]() noexcept { return pthread_tryjoin_np(which, nullptr) == 0; }, looks);
  looking.note(seen);
  if (seen) joined_locked();
  return seen;
}

bool system_thread::join() noexcept {
  const std::unique_lock hold(mutex_, std::try_to_lock);
  if (!hold || made_ == nullptr) return false;
  join_locked();
  return true;
}

void system_thread::join_locked() noexcept {
  // The system's wait is a cancellation point of a thread; ours is none.
  int cancelable = 0;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancelable);
  pthread_join(made_->native_handle(), nullptr);
  pthread_setcancelstate(cancelable, nullptr);
  joined_locked();
}

// Boost's join is not used. It first waits for a word of its own: that would be a second sleep, and
// a thread that was ended by pthread_exit never says that word. So Boost's object is told here that
// the thread was joined, so that Boost does not detach a thread that is already joined.
void system_thread::joined_locked() noexcept {
  known_->join_started = known_->joined = true;
  reaped_.store(true, std::memory_order_release);
  made_->detach();
  delete std::exchange(made_, nullptr);
}

void system_thread::reap() noexcept {
  {
    const std::scoped_lock hold(mutex_);
    if (made_ == nullptr) return;
    if (made_->get_id() != boost::this_thread::get_id()) {
      if (!join_soon_locked()) join_locked(); // it is on its last steps
      return;
    }
  }
  let_go(); // by itself, past its end: no code of the user's is left
}

// If another thread holds the lock, it is joining; nothing to do. Or it is a thread of the process
// that this one was forked from, and no thread will join.
void system_thread::let_go() noexcept {
  const std::unique_lock hold(mutex_, std::try_to_lock);
  if (!hold || made_ == nullptr) return;
  made_->detach();
  delete std::exchange(made_, nullptr);
}

// The system may give the id to a new thread of this process at once. Then the old one seems to be
// there a while longer.
bool system_thread::gone() const noexcept {
  if (reaped_.load(std::memory_order_acquire)) return true;
  const auto id = static_cast<pid_t>(native_id_.load(std::memory_order_relaxed));
  return id != 0 && !exists(id);
}

} // namespace weft::core
