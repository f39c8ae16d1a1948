// A task and its future: one object in one allocation, from the submit to the last handle.
//
// Owns its word, whose low bits decide which thread may touch the room, its references, and its
// room. The allocation holds this header, then the `completion` of a task with a future, then the
// room. The room holds the closure first, then the result or the error. Knows nothing of executors
// but what owner.hpp declares.
//
// Read on in README.md, "States of a task"; all bits of the word are in lib/DEBUGGING.md. Callbacks
// are in callback.cpp, promises in promise.cpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#include <weft/future.h>
#include <weft/task.h>

#include "base/atomic.hpp"
#include "base/block.hpp"
#include "base/completion.hpp"
#include "base/error.hpp"
#include "base/fork.hpp"
#include "base/misuse.hpp"
#include "thread/record.hpp"

struct weft_future {};
struct weft_task {};

namespace weft::core {

class attachment;
class task_owner;
class wait_graph;
struct belonging;

enum task_state : std::uint32_t {
  pending = WEFT_FUTURE_PENDING,
  running = WEFT_FUTURE_RUNNING,
  with_result = WEFT_FUTURE_RESULT,
  with_error = WEFT_FUTURE_ERROR,
  cancelled = WEFT_FUTURE_CANCELLED
};

// The flags in weft_task_type_t.flags that only the library sets.
// Completed by hand; no executor ever claims it.
inline constexpr std::uint32_t type_is_promise = 1u << 16;
// The room holds a call or a pointer: task/call.hpp.
inline constexpr std::uint32_t type_is_call = 1u << 17;
// Work of the library itself: exec/strand.cpp.
inline constexpr std::uint32_t type_is_inner = 1u << 18;
// A when_all or when_any: task/when.hpp.
inline constexpr std::uint32_t type_is_gathering = 1u << 19;

struct outcome {
  task_state state;
  error *failure; // owned, when state is with_error
};

class task {
public:
  // With `references`: one for the queue, and one for the handle if there will be one. The room is
  // not built. Null: no memory. Inline, because the type of a call is known at compile time, and
  // its size with it.
  [[gnu::always_inline]] static task *create(const weft_task_type_t &type, std::uint32_t references) noexcept;
  // The same; on success `room` is where the room begins.
  [[gnu::always_inline]] static task *create(const weft_task_type_t &type, std::uint32_t references,
                                             void *&room) noexcept;
  // The same for a task that belongs to something: task/attachment.hpp.
  static task *create(const weft_task_type_t &type, std::uint32_t references, const belonging &to) noexcept;
  // Free a task that was never submitted. The caller has destroyed its closure.
  static void discard(task *unsubmitted) noexcept { unsubmitted->release_block(); }

  task(const task &) = delete;
  task &operator=(const task &) = delete;

protected:
  // Not an allocation: the branch of a join, in the frame of its caller. It lies on a deque as
  // tasks of groups do and is run through its owner. It is never claimed or freed, and no thread
  // takes a reference to it.
  task(const weft_task_type_t &type, task_owner &owner) noexcept
      : word_(running | magic | birthmark() | posted_bit | spawned_bit), refs_(1), type_(&type), link_(&owner) {}

public:
  void ref() noexcept { refs_.fetch_add(1, std::memory_order_relaxed); }
  void unref() noexcept {
    // Release and acquire as in shared_object. If this is the last reference, no other thread has
    // one, so there is none to synchronise with.
    if (refs_.load(std::memory_order_acquire) == 1 || refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy();
  }
  bool is_last_reference() const noexcept { return refs_.load(std::memory_order_relaxed) == 1; }
  // Before the submit: no other thread sees the task yet.
  void set_references(std::uint32_t count) noexcept { refs_.store(count, std::memory_order_relaxed); }
  // Make it a task of a group: it lies in deques and is run through its owner. Before the spawn.
  void set_spawned(task_owner &group) noexcept {
    if (has_attachment()) // a withdrawal may change the word at the same time
      word_.fetch_or(spawned_bit, std::memory_order_relaxed);
    else
      word_.store(word_.load(std::memory_order_relaxed) | spawned_bit, std::memory_order_relaxed);
    set_owner(&group);
  }
  // Take that back: the group has refused the task.
  void clear_spawned() noexcept { word_.fetch_and(~spawned_bit, std::memory_order_relaxed); }
  bool is_spawned() const noexcept { return (word_.load(std::memory_order_relaxed) & spawned_bit) != 0; }
  task_owner &group() const noexcept { return *owner(); }
  // For a task of a group that another thread than the one that runs the group has cancelled. That
  // thread drops the closure. Both threads ask here; the one that asks second ends the task for its
  // group, so no wait for the group is over before the drop. The bit is free for this: no thread
  // has a handle, so the result is never taken.
  bool is_ended_by_second() noexcept { return !take(); }
  // For a task of a group, whose result has no reader.
  void drop_unread_result() noexcept {
    if (type_->drop_result != nullptr) [[unlikely]]
      drop_result();
  }
  // The task has run or will not run, and has no attachment.
  void free_spawned() noexcept { release_block(); }
  void drop_closure() noexcept;
  // While the queue of a group or a list of withdrawn or dying tasks holds it.
  void link_to(task *next) noexcept { link_.store(next, std::memory_order_release); }
  task *linked() const noexcept { return static_cast<task *>(link_.load(std::memory_order_relaxed)); }

  // Before the submit, for which it holds.
  void set_priority(std::uint32_t priority) noexcept {
    word_.store((word_.load(std::memory_order_relaxed) & ~(3u << priority_shift)) | (priority << priority_shift),
                std::memory_order_relaxed);
  }
  std::uint32_t priority() const noexcept { return (word_.load(std::memory_order_relaxed) >> priority_shift) & 3; }

  void set_owner(task_owner *owner) noexcept { link_.store(owner, std::memory_order_relaxed); }
  // From now on the owner's left_queue() is called when the task leaves the pending state. False:
  // it has left that state already. Only a continuation can have done so, because its future is
  // known before it is submitted.
  bool set_counted() noexcept;
  // Take that back. False: too late, left_queue() was called or will be.
  bool clear_counted() noexcept {
    return (word_.fetch_and(~counted_bit, std::memory_order_relaxed) & counted_bit) != 0;
  }

  bool has_magic() const noexcept { return (word_.load(std::memory_order_relaxed) & magic_mask) == magic; }
  const weft_task_type_t &type() const noexcept { return *type_; }
  // No thread has or will have a handle: errors go to the exception hook. Before the submit. A task
  // whose type has no future is posted from the beginning.
  void set_posted(bool posted) noexcept {
    if (posted == is_posted()) return; // the usual case
    if (posted)
      word_.fetch_or(posted_bit, std::memory_order_relaxed);
    else
      word_.fetch_and(~posted_bit, std::memory_order_relaxed);
  }
  // Posted, but its maker keeps a pointer and may claim it: the turn of a strand, the carrier of a
  // join. Before the submit.
  void set_known_to_maker() noexcept {
    word_.store(word_.load(std::memory_order_relaxed) | known_bit, std::memory_order_relaxed);
  }
  bool is_posted() const noexcept { return (word_.load(std::memory_order_relaxed) & posted_bit) != 0; }
  bool has_future() const noexcept { return (type_->flags & WEFT_TASK_POSTED) == 0; }
  // See task/continuation.hpp.
  bool is_continuation() const noexcept { return (type_->flags & WEFT_TASK_CONTINUATION) != 0; }
  bool is_gathering() const noexcept { return (type_->flags & type_is_gathering) != 0; }
  // Its executor while it is pending. Null: it is not pending, or has none. owner.hpp says how long
  // the executor lives.
  task_owner *pending_owner() const noexcept {
    // The owner is read before the state: link_ names the owner until the state has changed.
    task_owner *const found = owner();
    return state() == pending ? found : nullptr;
  }
  void *room() noexcept { return reinterpret_cast<unsigned char *>(this) + room_offset(*type_); }
  const atomic<std::uint32_t> &word() const noexcept { return word_; }

  task_state state() const noexcept {
    return static_cast<task_state>(word_.load(std::memory_order_acquire) & state_mask);
  }
  bool done() const noexcept { return state() >= with_result; }
  bool failed() const noexcept { return state() == with_error; }
  error *failure() noexcept { return *static_cast<error **>(room()); }

  // An attachment lies in front of it: task/attachment.hpp. Never changes.
  bool has_attachment() const noexcept { return (word_.load(std::memory_order_relaxed) & attached_bit) != 0; }
  domain *home() const noexcept; // null: none
  // Before the submit: enter the rolls of its token and domain, which may withdraw it from now on.
  // WEFT_OK, WEFT_ECANCELED, WEFT_ECLOSED.
  weft_status enter_rolls() noexcept;
  // Take that back. False: too late, a withdrawal has the task, and drops its closure or has done
  // so.
  bool leave_rolls() noexcept;
  // The task has ended: take it off the rolls. The caller has a reference.
  void end_attachment() noexcept;

  // pending -> running. False: another thread has moved the state on, or is about to cancel the
  // task.
  bool try_claim() noexcept {
    const std::uint32_t seen = word_.load(std::memory_order_relaxed);
    if (!is_known_to_one(seen)) return leave_pending(running);
    word_.store(seen + (running - pending), std::memory_order_relaxed);
    return true;
  }
  // After a claim that failed, with a reference and no lock held. If the task is pending past the
  // deadline of its token, this thread cancels it, with all that follows. False: there was nothing
  // to do. Not for tasks of groups: the group drops these itself.
  bool end_if_overdue() { return has_attachment() && end_overdue(); }
  bool claim_or_end() {
    if (try_claim()) return true;
    end_if_overdue();
    return false;
  }
  // Run the claimed task on this thread, up to its outcome. The closure is gone afterwards. A
  // forced unwind of the thread completes the task with an error and goes on. `helps`: the wait for
  // which the task runs, or null.
  outcome perform(record &self, const task_owner *serving, const helping *helps = nullptr) {
    return perform(self, serving, word_, helps);
  }
  // The same with another word for stop requests.
  outcome perform(record &self, const task_owner *serving, const atomic<std::uint32_t> &stop_word,
                  const helping *helps) {
    // The usual way: the task belongs to nothing, and the thread is inside of nothing and has no
    // blocking region open.
    if (self.inside != nullptr || self.regions != 0 || has_attachment()) [[unlikely]]
      return perform_inside(self, serving, stop_word, helps);
    return perform_here(self, serving, stop_word, helps);
  }
  // running -> final. Wakes the waiters and returns the callbacks, which the caller gives to
  // run_callbacks(). The caller holds a reference.
  observer *publish(outcome end) noexcept;
  void tell_of_error(const weft_error *failure); // calls the exception hook
  // perform(), publish() and the callbacks, one after the other.
  void run_claimed(record &self, const task_owner *serving, const helping *helps = nullptr);

  // pending -> cancelled, on this thread, with all that follows.
  weft_status cancel();
  // The same in two steps: the state, then what follows. The caller holds a reference.
  bool begin_cancel() noexcept { return leave_pending(cancelled); }
  void finish_cancel();
  // Cancel it, or else ask it to stop. The answer is WEFT_CANCEL_...
  std::uint32_t cancel_or_stop();
  friend class withdrawn_tasks;
  friend class attachment;
  // Set the flag, wake what sleeps inside the task, and call its stop callbacks
  // (task/stop_callback.hpp).
  weft_status request_stop();
  // The same without the callbacks: the caller calls run_stop_callbacks() afterwards.
  weft_status ask_to_stop() noexcept;
  bool is_asked_to_stop() const noexcept { return (word_.load(std::memory_order_acquire) & stop_bit) != 0; }
  bool is_promise() const noexcept { return (type_->flags & type_is_promise) != 0; }

  // Null for posted tasks.
  completion *end() noexcept;
  // For the wait graph: whether it can still end.
  static bool may_end(const void *object, const wait_graph &graph) noexcept;

  // --- in the child of a fork ---
  // It was made before the last fork.
  bool inherited() const noexcept {
    return in_child() && (word_.load(std::memory_order_relaxed) & birthmark_mask) != birthmark();
  }
  // Called when a handle comes in over the C ABI. An inherited task that is not done never will be:
  // it is cancelled, and no observer is told.
  void meet_in_child() noexcept;

  // --- promises (task/promise.cpp) ---
  // A promise that belongs to something enters its rolls by enter_rolls() right after this.
  static task *create_promise(weft_drop_fn result_drop, const belonging &to) noexcept;
  static task *create_promise(weft_drop_fn result_drop) noexcept;
  static task *create_room_promise(std::size_t size, std::size_t align, weft_drop_fn drop_result,
                                   const belonging &to) noexcept;
  weft_status set_running() noexcept;
  weft_status begin_filling() noexcept;
  weft_status finish_filling(outcome end);
  weft_status set_result(void *result);
  weft_status set_error(error *failure); // takes a reference of its own on success

  // --- results ---
  // False: the result was taken before.
  bool take() noexcept { return (word_.fetch_or(taken_bit, std::memory_order_acq_rel) & taken_bit) == 0; }
  bool taken() const noexcept { return (word_.load(std::memory_order_acquire) & taken_bit) != 0; }

private:
  static constexpr std::uint32_t state_mask = 7;
  static_assert((stop_bit & state_mask) == 0);
  static constexpr std::uint32_t known_bit = 1u << 4, taken_bit = 1u << 5, filling_bit = 1u << 6, counted_bit = 1u << 7,
                                 posted_bit = 1u << 8, spawned_bit = 1u << 9, attached_bit = 1u << 12;
  static constexpr int priority_shift = 10; // two bits
  // Bits 13 to 16 are the birthmark: base/fork.hpp.
  // The upper bits never change. With misuse checks they tell a task from other memory, without a
  // field of their own. The heap of blocks overwrites those of a freed task.
  static constexpr std::uint32_t magic_mask = 0xfffe0000, magic = misuse_checks ? 0xa75c0000 : 0;

  task(const weft_task_type_t &type, std::uint32_t references) noexcept
      : word_(pending | magic | birthmark() | ((type.flags & WEFT_TASK_POSTED) != 0 ? posted_bit : 0)),
        refs_(references), type_(&type) {}
  friend class continuation;
  friend class gathering;

  task_owner *owner() const noexcept { return static_cast<task_owner *>(link_.load(std::memory_order_acquire)); }

  outcome perform_here(record &self, const task_owner *serving, const atomic<std::uint32_t> &stop_word,
                       const helping *helps);
  outcome perform_inside(record &self, const task_owner *serving, const atomic<std::uint32_t> &stop_word,
                         const helping *helps);
  // The allocation is header, then room. The room holds at least a pointer: that is how it holds an
  // error.
  static std::size_t header_size(const weft_task_type_t &type) noexcept;
  static constexpr std::size_t align_mask(const weft_task_type_t &type) noexcept {
    return type.room_align == 0 ? 15 : (type.room_align - 1) | (alignof(void *) - 1);
  }
  static constexpr std::size_t room_align(const weft_task_type_t &type) noexcept { return align_mask(type) + 1; }
  [[gnu::always_inline]] static std::size_t room_offset(const weft_task_type_t &type) noexcept {
    return (header_size(type) + align_mask(type)) & ~align_mask(type);
  }
  static constexpr std::size_t room_size(const weft_task_type_t &type) noexcept {
    return std::max<std::size_t>(type.room_size, sizeof(void *));
  }
  [[gnu::always_inline]] static std::size_t size_of(const weft_task_type_t &type) noexcept {
    return room_offset(type) + room_size(type);
  }
  static const std::size_t continuation_header;
  void build() noexcept;
  // A posted task that belongs to nothing and is not counted. The thread that takes it out of its
  // queue is the only one that knows it, until it is freed, so its word needs no read-modify-write.
  static bool is_known_to_one(std::uint32_t seen) noexcept {
    return (seen & (posted_bit | known_bit | attached_bit | counted_bit | spawned_bit)) == posted_bit;
  }
  bool leave_pending(task_state next) noexcept;
  bool may_leave_pending(std::uint32_t seen, task_state next) const noexcept;
  bool end_overdue();
  weft_status too_late() const noexcept;
  void destroy() noexcept;
  void destroy_now() noexcept;
  void drop_result() noexcept;
  bool leaves_nothing_behind() noexcept;
  bool runs_code_at_its_end() noexcept;
  void release_block() noexcept;
  void build_continuation() noexcept;
  void release_with_attachment() noexcept;

  // The release of each change of state pairs with the acquire of state(). The claim of a task that
  // only one thread knows has no release: no other thread looks, and the lock of the queue has made
  // visible what the submitter wrote.
  atomic<std::uint32_t> word_;
  atomic<std::uint32_t> refs_; // see unref()
  const weft_task_type_t *type_;
  // While the task is pending or running: its task_owner, without a reference. While the queue of a
  // group holds it, and after its end: the next task of a list (a group's queue, withdrawn tasks,
  // dying tasks). The release of link_to() pairs with the acquire of owner(): a thread that reads a
  // link as an owner then sees that the state has changed.
  atomic<void *> link_{nullptr};
};

// What posted tasks go without.
class future_task : public task {
public:
  completion observers;
};

[[gnu::always_inline]] inline std::size_t task::header_size(const weft_task_type_t &type) noexcept {
  if ((type.flags & WEFT_TASK_CONTINUATION) != 0) [[unlikely]]
    return continuation_header;
  return (type.flags & WEFT_TASK_POSTED) != 0 ? sizeof(task) : sizeof(future_task);
}

inline void task::build() noexcept {
  if (completion *const observers = end(); observers != nullptr) ::new (observers) completion;
  if (is_continuation()) [[unlikely]]
    build_continuation();
}

inline task *task::create(const weft_task_type_t &type, std::uint32_t references) noexcept {
  void *room = nullptr;
  return create(type, references, room);
}

inline task *task::create(const weft_task_type_t &type, std::uint32_t references, void *&room) noexcept {
  // Computed once: as far as the compiler knows, building the task may change the type.
  const std::size_t offset = room_offset(type);
  void *const block = allocate_block(offset + room_size(type), room_align(type));
  if (block == nullptr) return nullptr;
  auto *const made = ::new (block) task(type, references);
  made->build();
  room = static_cast<unsigned char *>(block) + offset;
  return made;
}

[[gnu::always_inline]] inline completion *task::end() noexcept {
  return has_future() ? &static_cast<future_task *>(this)->observers : nullptr;
}

inline void task::release_block() noexcept {
  if (has_attachment()) [[unlikely]]
    return release_with_attachment();
  if constexpr (misuse_checks) word_.store(0, std::memory_order_relaxed);
  // Most rooms are so small that their exact size need not be computed.
  constexpr std::size_t surely_recycled = block_heap::largest - 256;
  if (recycles && type_->room_size <= surely_recycled && type_->room_align <= block_heap::alignment) [[likely]]
    return block_heap::free(this);
  free_block(this, size_of(*type_), room_align(*type_));
}

// Tasks that are taken out of a queue together, to be cancelled, or to fail as if they had run
// (because they can no longer be run). All of them are done before the first callback runs. So if a
// callback of one task waits for another of them, it does not wait for its own caller.
class withdrawn_tasks {
public:
  // `reason`: the error that they fail with, borrowed until finish(). Null: they are cancelled.
  explicit withdrawn_tasks(error *reason = nullptr) noexcept : reason_(reason) {}
  // Takes the queue's reference. A task that is not pending any more is only let go. Not under a
  // lock.
  void add(task &withdrawn) noexcept;
  void finish();

private:
  error *const reason_;
  task *first_ = nullptr, *last_ = nullptr; // linked through the tasks
};

// Callbacks of several futures, to be run in the order in which they were added.
class gathered_callbacks {
public:
  void add(task &done, observer *first) noexcept;
  void run();

private:
  observer *first_ = nullptr, **last_ = &first_; // each with a reference to its future
};

// Run what publish() returned, in order, each with its future, and drop the contexts: callback.cpp.
void call_all(task &done, observer &first);
inline void run_callbacks(task &done, observer *first) {
  if (first != nullptr) call_all(done, *first);
}
weft_status add_callback(task &future, weft_future_fn fn, void *ctx, weft_drop_fn drop);
// Take out the first callback that was added with these, and drop its context here. False: there is
// none.
bool remove_callback(task &future, weft_future_fn fn, void *ctx);
void drop_callbacks(observer *first) noexcept;

} // namespace weft::core
