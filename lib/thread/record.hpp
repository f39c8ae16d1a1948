// What the library knows about the thread that is running: its parker, what it runs, which object it has.
//
// Every thread that waits in weft or runs for it has a record, weft's own threads and foreign ones alike. Records are
// recycled and never freed: a wake that comes late then hits a parker, if perhaps another thread's, and is harmless.
// When a thread ends, after all thread-local destructors of C++, its record finishes the thread's object and goes back.
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

// Callbacks that a thread is about to call, after the one that it is in. Lives on its stack; read as frames are.
struct calling {
  observer *const *rest;
  const calling *outer;
};

// A wait that runs a task. Lives on the stack of the waiter, below the frame of that task.
struct helping {
  const frame *waiter; // what the thread was doing when it began to wait
  const scope *inside; // what it was inside of; both may be null
  deadline until;
  const helping *also = nullptr; // a second one that asks the same code to stop: of a branch that a waiter runs
  // Its limit leaves time for a task to begin.
  bool has_time() const noexcept { return until.is_beyond(WEFT_HELP_LIMIT); }
};

// What a thread is doing, innermost first. Lives on the stack of that thread. Read by other threads only while this
// thread is registered as blocked, under the lock of the wait graph.
struct frame {
  const task *running;               // null: serving `owner` without a task (a worker between tasks, a callback)
  const task_owner *owner;           // the executor on whose behalf this thread acts; null for none
  const atomic<std::uint32_t> *word; // the task's state, which has stop_bit; null without a task
  frame *below;
  const helping *helps; // the task runs for that wait: what asks the waiter to stop asks the task too; else null

  // Of a wait that must come to its end: nothing below this frame is asked to stop.
  bool is_deaf() const noexcept { return running == nullptr && word != nullptr; }
};

// What a thread is inside of beside that, innermost first: the code of a domain, a task that belongs to something, or a
// loop. Read by others as frames are.
struct scope {
  domain *of;                        // null: nobody's code, on top of a domain's
  const atomic<std::uint32_t> *word; // of that task, beside the one that its frame has, or of the loop; or null
  scope *outer;
  bool goes_on; // in the same code: whoever asks what the scope around it is in to stop means this, too
};

// The next one whose requests to stop concern what is in this.
inline const scope *further(const scope &of) noexcept {
  return of.goes_on ? of.outer : nullptr;
}

// The bit of a task's or thread's word that says: asked to stop. The rest of those words belongs to their layers.
inline constexpr std::uint32_t stop_bit = 1u << 3;
// Of a thread's word only: the runtime has ended or runs out of patience; holds inside tasks too.
inline constexpr std::uint32_t halt_bit = 1u << 4;

struct record {
  parker sleeper;
  frame *top = nullptr;     // owner only; others while it is blocked, under the lock of the wait graph
  thread *object = nullptr; // owner only; counted. Null: a foreign thread that nobody has asked for
  void (*before_sleep)(record &self) = nullptr; // a worker's: see to what others must find while this thread sleeps
  void *worker = nullptr;                       // owner only: the pool worker that this thread is, see sched/worker.hpp
  // Owner only: how many blocking regions are open in the task that this thread runs, innermost; and what closes them
  // on a worker when the task has left some open. See region_scope, regions_aside.
  std::uint32_t regions = 0;
  void (*close_regions)(record &self) noexcept = nullptr;
  scope *inside = nullptr;           // as `top`
  entered_domain *entered = nullptr; // owner only: what weft_domain_enter has counted, thread/domain.hpp
  observer *deferred = nullptr, **deferred_end = nullptr; // owner only: callbacks for the outermost, task/callback.cpp
  int callback_depth = 0;                                 // owner only
  const calling *calls = nullptr; // as `top`: the callbacks that it is about to call, see task/callback.cpp
  // Owner only: the part of its stack in which a wait may still begin a task, and where all of it begins. The highest
  // floor of all: not looked up yet. See task/helping.hpp.
  std::uintptr_t help_floor = UINTPTR_MAX, help_span = 0, stack_lowest = 0;
  std::uint32_t helps_unmeasured = 0; // owner only: how many helping waits it is in on stacks of unknown size
  // Owner only: the task whose error this thread tells the exception hook of, and the frame on top as it does.
  const task *told_of = nullptr;
  const frame *told_at = nullptr;
  task *dying = nullptr;       // owner only: tasks for the outermost destruction, task/task.cpp
  int destroy_depth = 0;       // owner only
  bool is_main = false;        // owner only; others as `top`. Of the process's first thread
  bool forked = false;         // owner only: the process was forked by this thread, inside of what weft had called
  record *next_free = nullptr; // under the lock of the free list

  // After each call of user code on behalf of weft: in the child of a fork a thread of weft's has nothing to return to.
  void back_from_user() const noexcept {
    if (forked) [[unlikely]]
      end_child();
  }
  [[noreturn]] static void end_child() noexcept;
};

// Initial-exec: the library is loaded with the program or early, and one pointer fits into the spare room that the
// loader keeps; the general model would call a function at each submit.
[[gnu::tls_model("initial-exec")]] extern constinit thread_local record *record_of_this_thread;
// How often its end has come by, see record.cpp.
[[gnu::tls_model("initial-exec")]] extern constinit thread_local int end_rounds;

record *make_record() noexcept;
// One for a thread that is going to be started, so that it cannot fail to get one; null: memory is exhausted. The new
// thread enters with it (null: even so it could not, and the record is gone), or it is given back.
record *reserve_record() noexcept;
void give_back_record(record *reserved) noexcept;
record *enter_record(record *reserved) noexcept;
// The record of this thread, or null when it has none. Never allocates.
inline record *existing_record() noexcept {
  return record_of_this_thread;
}
// The same, made when it does not exist. Null: memory is exhausted, or the thread is past its end.
inline record *current_record() noexcept {
  record *const found = existing_record();
  return found != nullptr ? found : make_record();
}

// While the process is forked: runtime/README.md, "Fork".
void prepare_records() noexcept;
void lock_records() noexcept;
void unlock_records() noexcept;
void abandon_own_record() noexcept; // in the child

// For the end of the library's use (runtime/cleanup.cpp): whether another thread has a record; and, when none has, free
// all, that of the calling thread with its object too.
bool others_have_records() noexcept;
void release_records() noexcept;

// Puts a frame on top for as long as it lives.
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

// Around code of the user's that weft calls, with no blocking region open: it leaves none of its own open.
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

// The regions that are open are set aside as long as it lives: the code inside cannot end them.
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

// Inside of a domain's code, or of nobody's, for as long as it lives. A thread without a record is inside of nothing.
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

// True when what this thread runs was asked to stop: the innermost task, or outside of tasks the thread itself; loops
// inside of these; and, if the task runs for a wait, what waits.
bool stop_requested(const record &self) noexcept;
// The part of it that costs next to nothing: the innermost task itself.
inline bool task_asked_to_stop(const record &self) noexcept {
  return self.top != nullptr && self.top->word != nullptr &&
         (self.top->word->load(std::memory_order_acquire) & stop_bit) != 0;
}

// look(frame, scope) at what a request to stop may be meant for: the innermost, then what waits for it, and so on, each
// with its innermost scope. Until it says true; that is the answer. The frame is null outside of executors.
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

// False: nothing that exists could make stop_requested() true as long as this thread does nothing.
bool can_be_asked_to_stop(const record &self) noexcept;

// The object of that thread, by the thread itself; null: nobody has asked for it.
thread *object_of(const record &self) noexcept;
// Is this the object of that thread? That of the main thread may have been made by another one that asked for it, and
// its record does not know it yet.
bool is_object_of(const record &who, const thread *which) noexcept;

// True when the thread acts for this executor, at any depth of its stack.
inline bool serves(const record &self, const task_owner *owner) noexcept {
  for (const frame *f = self.top; f != nullptr; f = f->below)
    if (f->owner == owner) return true;
  return false;
}

} // namespace weft::core
