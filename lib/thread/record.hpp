// What weft knows about the thread that is running: its parker, what it runs, which object it has.
//
// Each thread that waits in weft or runs for it has a record, weft's threads and foreign ones.
// Records are recycled, and freed only by weft_cleanup: so a late wake-up hits a parker, perhaps
// that of another thread, and is harmless. When a thread ends, after all thread_local destructors
// of C++, its record finishes the thread's object and goes back. Knows of tasks, executors and
// domains only their addresses. Read on in README.md: "The end of a thread", "Stop requests",
// "Closing a domain".
#pragma once

#include <cstdint>
#include <utility>

#include "base/atomic.hpp"
#include "base/clock.hpp"
#include "base/completion.hpp"
#include "base/parker.hpp"

namespace weft::core {

class domain;
struct entered_domain;
class thread;
class task;
class task_owner;

struct frame;
struct scope;

// Callbacks that a thread will call after the one that it is in. Lives on its stack; read by others
// as frames are.
struct calling {
  observer *const *rest;
  const calling *outer;
};

// A wait that runs a task. Lives on the stack of the waiter, below the frame of that task.
struct helping {
  // What the thread was doing when it began to wait, and what it was inside of. Both may be null.
  const frame *waiter;
  const scope *inside;
  deadline until;
  // A second waiter whose stop requests concern the same code: for a branch that a waiter runs.
  const helping *also = nullptr;
  // Its limit leaves time for a task to begin.
  bool has_time() const noexcept { return until.is_beyond(WEFT_HELP_LIMIT); }
};

// What a thread is doing, innermost first. Lives on the stack of that thread. Other threads read it
// only under the lock of the wait graph, while this thread is registered as blocked.
struct frame {
  // Null: the thread serves `owner` without a task (a worker between tasks, a callback).
  const task *running;
  // The executor or group for which this thread acts; null: none.
  const task_owner *owner;
  // The word with the stop_bit: the task's, or that of its group. Null without a task, unless the
  // frame is deaf.
  const atomic<std::uint32_t> *word;
  frame *below;
  // The wait that runs the task: a stop request to the waiter applies to the task too. Else null.
  const helping *helps;

  // The frame of a wait that must come to its end: no stop request reaches what is below it.
  bool is_deaf() const noexcept { return running == nullptr && word != nullptr; }
};

// What a thread is inside of besides, innermost first: the code of a domain, a task that belongs to
// something, or a loop. Read by others as frames are.
struct scope {
  domain *of; // null: code of no domain, on top of a domain's
  // Of that task, beside the one in its frame, or of the loop; or null.
  const atomic<std::uint32_t> *word;
  scope *outer;
  // In the same code: a stop request to the enclosing scope applies here too.
  bool goes_on;
};

// The next scope whose stop requests apply to what is in this one.
inline const scope *further(const scope &of) noexcept {
  return of.goes_on ? of.outer : nullptr;
}

// The bit in the word of a task or a thread that says: asked to stop. The other bits belong to the
// layers of these words.
inline constexpr std::uint32_t stop_bit = 1u << 3;
// Only in a thread's word: the runtime has ended or waits no longer. Tasks on the thread see it
// too.
inline constexpr std::uint32_t halt_bit = 1u << 4;

struct record {
  parker sleeper;
  // Owner only; other threads while this one is blocked, under the lock of the wait graph.
  frame *top = nullptr;
  // Owner only; counted. Null: a foreign thread whose object was never asked for.
  thread *object = nullptr;
  // A worker's: takes care of what other threads must find while this one sleeps.
  void (*before_sleep)(record &self) = nullptr;
  // Owner only: the pool worker that this thread is (sched/worker.hpp).
  void *worker = nullptr;
  // Owner only: how many blocking regions are open in the innermost task that this thread runs, and
  // what closes them on a worker if the task has left some open. See region_scope and
  // regions_aside.
  std::uint32_t regions = 0;
  void (*close_regions)(record &self) noexcept = nullptr;
  scope *inside = nullptr; // as `top`
  // Owner only: what weft_domain_enter has counted (domain.hpp).
  entered_domain *entered = nullptr;
  // Owner only: callbacks for the outermost run_callbacks() (task/callback.cpp).
  observer *deferred = nullptr, **deferred_end = nullptr;
  int callback_depth = 0; // owner only
  // As `top`: the callbacks that this thread will call (task/callback.cpp).
  const calling *calls = nullptr;
  // Owner only: the part of the stack in which a wait may still begin a task, and where the whole
  // stack begins. help_floor is the highest address until they are looked up. See task/helping.hpp.
  std::uintptr_t help_floor = UINTPTR_MAX, help_span = 0, stack_lowest = 0;
  // Owner only: how many helping waits it is in on stacks of unknown size.
  std::uint32_t helps_unmeasured = 0;
  // Owner only: the task whose error this thread is telling the exception hook, and the frame on
  // top meanwhile.
  const task *told_of = nullptr;
  const frame *told_at = nullptr;
  // Owner only: tasks for the outermost destroy() (task/task.cpp).
  task *dying = nullptr;
  int destroy_depth = 0; // owner only
  // Owner only; others as `top`. It is the first thread of the process.
  bool is_main = false;
  // Owner only: this thread has forked the process, inside of something that weft had called.
  bool forked = false;
  record *next_free = nullptr; // under the lock of the free list

  // After each call of user code by weft. In the child of a fork, a thread of weft's has nothing to
  // return to.
  void back_from_user() const noexcept {
    if (forked) [[unlikely]]
      end_child();
  }
  [[noreturn]] static void end_child() noexcept;
};

// Initial-exec: the library is loaded with the program or early, and one pointer fits into the
// spare room of the loader. The general model would call a function at each submit.
[[gnu::tls_model("initial-exec")]] extern constinit thread_local record *record_of_this_thread;
// In which round of key destructors the end of this thread is: record.cpp.
[[gnu::tls_model("initial-exec")]] extern constinit thread_local int end_rounds;

record *make_record() noexcept;
// A record for a thread that is about to be started, so that the new thread needs no memory for it.
// Null: no memory. The new thread calls enter_record() with it. If that returns null, the system
// has no memory for the thread's key, and the record was given back. If no thread enters with the
// record, the starter gives it back.
record *reserve_record() noexcept;
void give_back_record(record *reserved) noexcept;
record *enter_record(record *reserved) noexcept;
// The record of this thread, or null. Never allocates.
inline record *existing_record() noexcept {
  return record_of_this_thread;
}
// The record of this thread, made if there is none. Null: no memory, or the thread is past its end.
inline record *current_record() noexcept {
  record *const found = existing_record();
  return found != nullptr ? found : make_record();
}

// While the process is forked: runtime/README.md, "Fork".
void prepare_records() noexcept;
void lock_records() noexcept;
void unlock_records() noexcept;
void abandon_own_record() noexcept; // in the child

// For the end of the library's use (runtime/cleanup.cpp): whether another thread has a record. If
// none has: free all records, that of the calling thread and its object included.
bool others_have_records() noexcept;
void release_records() noexcept;

// Puts a frame on top while it lives.
class frame_scope {
public:
  frame_scope(record &self, const task *running, const task_owner *owner, const atomic<std::uint32_t> *word,
              const helping *helps = nullptr) noexcept
      : self_(self), frame_{running, owner, word, self.top, helps} {
    self_.top = &frame_;
  }
  ~frame_scope() { self_.top = frame_.below; }
  frame_scope(const frame_scope &) = delete;
  frame_scope &operator=(const frame_scope &) = delete;

private:
  record &self_;
  frame frame_;
};

// Around user code that weft calls with no blocking region open: closes the regions that this code
// leaves open.
class region_scope {
public:
  explicit region_scope(record &self) noexcept : self_(self) {}
  ~region_scope() {
    if (self_.regions != 0) [[unlikely]]
      close();
  }
  region_scope(const region_scope &) = delete;
  region_scope &operator=(const region_scope &) = delete;

private:
  void close() noexcept {
    if (self_.worker != nullptr) self_.close_regions(self_);
    self_.regions = 0;
  }

  record &self_;
};

// Sets the open regions aside while it lives: the code inside cannot end them.
class regions_aside {
public:
  explicit regions_aside(record &self) noexcept : self_(self), open_(std::exchange(self.regions, 0)) {}
  ~regions_aside() { self_.regions = open_; }
  regions_aside(const regions_aside &) = delete;
  regions_aside &operator=(const regions_aside &) = delete;

private:
  record &self_;
  const std::uint32_t open_;
};

// While it lives the thread is inside of a domain's code, or of no domain's. A thread without a
// record is inside of nothing.
class inside_scope {
public:
  inside_scope(record *self, domain *of, const atomic<std::uint32_t> *word = nullptr, bool goes_on = false) noexcept
      : self_(self) {
    if (self_ == nullptr) return;
    scope_ = {of, word, self_->inside, goes_on};
    self_->inside = &scope_;
  }
  ~inside_scope() {
    if (self_ != nullptr) self_->inside = scope_.outer;
  }
  inside_scope(const inside_scope &) = delete;
  inside_scope &operator=(const inside_scope &) = delete;

private:
  record *const self_;
  scope scope_{};
};

// Whether what this thread runs was asked to stop: the innermost task, or outside of tasks the
// thread itself; the loops inside of these; and, if a wait runs the task, the waiter.
bool stop_requested(const record &self) noexcept;
// The part of it that costs next to nothing: the innermost task itself.
inline bool task_asked_to_stop(const record &self) noexcept {
  return self.top != nullptr && self.top->word != nullptr &&
         (self.top->word->load(std::memory_order_acquire) & stop_bit) != 0;
}

// stop_requested(), with a fast path for a thread where a look at the innermost task is enough.
inline bool asked_to_stop(const record &self) noexcept {
  const bool is_plain = self.inside == nullptr && self.top != nullptr && self.top->helps == nullptr;
  return is_plain && self.top->word != nullptr ? task_asked_to_stop(self) : stop_requested(self);
}

// Calls look(frame, scope) for all that a stop request may reach: the innermost frame and scope,
// then those of the wait that runs them, and so on, until it returns true, which is then the
// answer. The frame is null outside of executors.
template <class Look> bool each_asked(const frame *innermost, const scope *inside, Look look) noexcept {
  for (;;) {
    if (look(innermost, inside)) return true;
    const helping *const by = innermost != nullptr ? innermost->helps : nullptr;
    if (by == nullptr) return false;
    if (by->also != nullptr && each_asked(by->also->waiter, by->also->inside, look)) return true;
    inside = by->inside;
    innermost = by->waiter;
    if (innermost != nullptr && innermost->is_deaf()) return false;
  }
}

// False: nothing that exists could make stop_requested() true while this thread does nothing.
bool can_be_asked_to_stop(const record &self) noexcept;

// The object of this thread, asked by the thread itself. Null: no thread has asked for it.
thread *object_of(const record &self) noexcept;
// Whether `which` is the object of that thread. Another thread may have made the object of the main
// thread; the main thread's record does not know it then.
bool is_object_of(const record &who, const thread *which) noexcept;

// The thread acts for this executor, at any depth of its stack.
inline bool serves(const record &self, const task_owner *owner) noexcept {
  for (const frame *f = self.top; f != nullptr; f = f->below)
    if (f->owner == owner) return true;
  return false;
}

} // namespace weft::core
