// A task and its future: one object, one allocation, from submit to the last handle.
//
// Layout: this header, for tasks with a future the completion, then the room, in which first the closure lives, then
// the result or the error. Who may touch what is decided by the low bits of word_:
//
//  1. pending: the room holds the closure. Nobody touches it. Whoever moves the state on, by one compare-and-swap, owns
//     the room: a worker or waiter (to running), or a canceller (to cancelled).
//  2. running: the one who claimed it runs the closure, destroys it, and builds the outcome in the room. For a promise
//     `filling` marks the one who won the right to do so.
//     Of a posted task nobody has a handle: if it belongs to nothing and is not counted against a bound, whoever takes
//     it out of its queue is alone with it, and moves it on by plain stores (is_known_to_one).
//  3. result, error, cancelled: final. The room is read-only until the last reference goes; `taken` says that the
//  result's
//     owner is somebody else now.
//
// References: one for the queue that holds it (pending or not: a cancelled task stays in its queue until it is popped),
// one for each handle, one for whoever completes it, so that completing never touches a freed task.
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

// Flags of weft_task_type_t.flags that only the library sets.
inline constexpr std::uint32_t type_is_promise = 1u << 16;   // completed by hand, never claimed by an executor
inline constexpr std::uint32_t type_is_call = 1u << 17;      // the room holds a call or a pointer, see task/call.hpp
inline constexpr std::uint32_t type_is_inner = 1u << 18;     // the library's own work, see exec/strand.cpp
inline constexpr std::uint32_t type_is_gathering = 1u << 19; // when_all or when_any, see task/when.hpp

struct outcome {
  task_state state;
  error *failure; // owned, when state is with_error
};

class task {
public:
  // One reference for the queue, and one for a handle if there will be one. The room is not built. Null: no memory.
  // Inline, for of a call the type is known when compiling, and with it the size.
  [[gnu::always_inline]] static task *create(const weft_task_type_t &type, std::uint32_t references) noexcept;
  // And says where its room is, on success.
  [[gnu::always_inline]] static task *create(const weft_task_type_t &type, std::uint32_t references,
                                             void *&room) noexcept;
  // The same, but it belongs to something: see task/attachment.hpp.
  static task *create(const weft_task_type_t &type, std::uint32_t references, const belonging &to) noexcept;
  // A task that never was submitted, its closure destroyed by the caller.
  static void discard(task *unsubmitted) noexcept { unsubmitted->release_block(); }

  task(const task &) = delete;
  task &operator=(const task &) = delete;

protected:
  // One that is no allocation: the branch of a join, in the frame of its caller. It lies on a deque as the tasks of
  // groups do, is run through its owner, and is never claimed, referred to or freed.
  task(const weft_task_type_t &type, task_owner &owner) noexcept
      : word_(running | magic | birthmark() | posted_bit | spawned_bit), refs_(1), type_(&type), link_(&owner) {}

public:
  void ref() noexcept { refs_.fetch_add(1, std::memory_order_relaxed); }
  void unref() noexcept {
    // Release and acquire as in shared_object; alone with the last reference there is nobody to synchronise with.
    if (refs_.load(std::memory_order_acquire) == 1 || refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy();
  }
  bool is_last_reference() const noexcept { return refs_.load(std::memory_order_relaxed) == 1; }
  // Before it is submitted, nobody else sees it.
  void set_references(std::uint32_t count) noexcept { refs_.store(count, std::memory_order_relaxed); }
  // A task of a group: it lies in deques and is run through its owner. Before it is spawned.
  void set_spawned(task_owner &group) noexcept {
    if (has_attachment()) // somebody may call it off meanwhile
      word_.fetch_or(spawned_bit, std::memory_order_relaxed);
    else
      word_.store(word_.load(std::memory_order_relaxed) | spawned_bit, std::memory_order_relaxed);
    set_owner(&group);
  }
  // It was refused.
  void clear_spawned() noexcept { word_.fetch_and(~spawned_bit, std::memory_order_relaxed); }
  bool is_spawned() const noexcept { return (word_.load(std::memory_order_relaxed) & spawned_bit) != 0; }
  task_owner &group() const noexcept { return *owner(); }
  // One that somebody else has cancelled, who drops its closure: the second of the two to come here ends it for its
  // group, so that no wait is over before that drop. (As nobody has a handle, its result is never taken.)
  bool is_ended_by_second() noexcept { return !take(); }
  // Of a task whose result has no reader: a task of a group.
  void drop_unread_result() noexcept {
    if (type_->drop_result != nullptr) [[unlikely]]
      drop_result();
  }
  // One that has run or will not run any more, and has no attachment.
  void free_spawned() noexcept { release_block(); }
  void drop_closure() noexcept;
  // While a group keeps it.
  void link_to(task *next) noexcept { link_.store(next, std::memory_order_release); }
  task *linked() const noexcept { return static_cast<task *>(link_.load(std::memory_order_relaxed)); }

  // Of the next submit; before it.
  void set_priority(std::uint32_t priority) noexcept {
    word_.store((word_.load(std::memory_order_relaxed) & ~(3u << priority_shift)) | (priority << priority_shift),
                std::memory_order_relaxed);
  }
  std::uint32_t priority() const noexcept { return (word_.load(std::memory_order_relaxed) >> priority_shift) & 3; }

  void set_owner(task_owner *owner) noexcept { link_.store(owner, std::memory_order_relaxed); }
  // From now on left_queue() tells when it leaves the pending state. False: it has left that already; only a
  // continuation can, for its future is known before it is submitted.
  bool set_counted() noexcept;
  // Take that back. False: too late, left_queue() was told or will be.
  bool clear_counted() noexcept {
    return (word_.fetch_and(~counted_bit, std::memory_order_relaxed) & counted_bit) != 0;
  }

  bool has_magic() const noexcept { return (word_.load(std::memory_order_relaxed) & magic_mask) == magic; }
  const weft_task_type_t &type() const noexcept { return *type_; }
  // Nobody has or will have a handle: errors go to the exception hook. Before it is submitted; one whose type has no
  // future is posted from the beginning.
  void set_posted(bool posted) noexcept {
    if (posted == is_posted()) return; // the usual case
    if (posted)
      word_.fetch_or(posted_bit, std::memory_order_relaxed);
    else
      word_.fetch_and(~posted_bit, std::memory_order_relaxed);
  }
  // Posted, but whoever made it looks after it as well, and may claim it: a strand's turn. Before it is submitted.
  void set_known_to_maker() noexcept {
    word_.store(word_.load(std::memory_order_relaxed) | known_bit, std::memory_order_relaxed);
  }
  bool is_posted() const noexcept { return (word_.load(std::memory_order_relaxed) & posted_bit) != 0; }
  bool has_future() const noexcept { return (type_->flags & WEFT_TASK_POSTED) == 0; }
  // See task/continuation.hpp.
  bool is_continuation() const noexcept { return (type_->flags & WEFT_TASK_CONTINUATION) != 0; }
  bool is_gathering() const noexcept { return (type_->flags & type_is_gathering) != 0; }
  // Its executor while it is pending; null when it is not, or has none. See owner.hpp for how long it lives.
  task_owner *pending_owner() const noexcept {
    task_owner *const found = owner(); // first this, then the state: link_ means the owner until the state has changed
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

  // It has one in front of it: see task/attachment.hpp. Never changes.
  bool has_attachment() const noexcept { return (word_.load(std::memory_order_relaxed) & attached_bit) != 0; }
  domain *home() const noexcept; // null: none
  // What it belongs to may call it off from now on. WEFT_OK; WEFT_ECANCELED, WEFT_ECLOSED. Before it is submitted.
  weft_status enter_rolls() noexcept;
  // Take that back. False: too late, it was called off, and its closure is gone or goes.
  bool leave_rolls() noexcept;
  // It has ended: nothing calls it off any more. The caller has a reference.
  void end_attachment() noexcept;

  // pending -> running. False: somebody else was first, or is about to cancel it.
  bool try_claim() noexcept {
    const std::uint32_t seen = word_.load(std::memory_order_relaxed);
    if (!is_known_to_one(seen)) return leave_pending(running);
    word_.store(seen + (running - pending), std::memory_order_relaxed);
    return true;
  }
  // After a claim that has failed, with a reference and no lock held: if the task is pending past its token's deadline,
  // the calling thread cancels it, with all that follows from that. False: there was nothing to do. Not for the tasks
  // of a group, which the group itself ends.
  bool end_if_overdue() { return has_attachment() && end_overdue(); }
  bool claim_or_end() {
    if (try_claim()) return true;
    end_if_overdue();
    return false;
  }
  // Run the claimed task in this thread, up to its outcome. The closure is gone afterwards. A forced unwind of the
  // thread completes it with an error and passes through.
  // helps: the wait on whose behalf it runs, or null.
  outcome perform(record &self, const task_owner *serving, const helping *helps = nullptr) {
    return perform(self, serving, word_, helps);
  }
  // The same with another word for stop requests.
  outcome perform(record &self, const task_owner *serving, const atomic<std::uint32_t> &stop_word,
                  const helping *helps) {
    // What belongs to nothing, on a thread that is inside of nothing and of no region, goes straight on.
    if (self.inside != nullptr || self.regions != 0 || has_attachment()) [[unlikely]]
      return perform_inside(self, serving, stop_word, helps);
    return perform_here(self, serving, stop_word, helps);
  }
  // running -> final. Wakes waiters, returns the callbacks, to be given to run_callbacks(). The caller holds a
  // reference.
  observer *publish(outcome end) noexcept;
  void tell_of_error(const weft_error *failure); // the exception hook
  // perform, publish, callbacks: all of it, for whoever has nothing to do in between.
  void run_claimed(record &self, const task_owner *serving, const helping *helps = nullptr);

  // pending -> cancelled, with all that follows from it, on this thread.
  weft_status cancel();
  // The same in two steps: the state, and what follows from it. The caller holds a reference.
  bool begin_cancel() noexcept { return leave_pending(cancelled); }
  void finish_cancel();
  // Cancel it, or else ask it to stop: WEFT_CANCEL_...
  std::uint32_t cancel_or_stop();
  friend class withdrawn_tasks;
  friend class attachment;
  // Sets the flag, wakes what sleeps inside, and calls those who want to hear of it (task/stop_callback.hpp).
  weft_status request_stop();
  // The same without the callbacks: run_stop_callbacks() is to follow.
  weft_status ask_to_stop() noexcept;
  bool is_asked_to_stop() const noexcept { return (word_.load(std::memory_order_acquire) & stop_bit) != 0; }
  bool is_promise() const noexcept { return (type_->flags & type_is_promise) != 0; }

  // Null for posted tasks.
  completion *end() noexcept;
  // Whether its end is possible, for the wait graph.
  static bool may_end(const void *object, const wait_graph &graph) noexcept;

  // --- in the child of a fork ---
  // From before it.
  bool inherited() const noexcept {
    return in_child() && (word_.load(std::memory_order_relaxed) & birthmark_mask) != birthmark();
  }
  // Whoever brings it in: an inherited one that is not done will never be, and is cancelled, which nobody is told of.
  void meet_in_child() noexcept;

  // --- promises (task/promise.cpp) ---
  // One that belongs to something enters its rolls at once, by enter_rolls().
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
  // False: it was taken before.
  bool take() noexcept { return (word_.fetch_or(taken_bit, std::memory_order_acq_rel) & taken_bit) == 0; }
  bool taken() const noexcept { return (word_.load(std::memory_order_acquire) & taken_bit) != 0; }

private:
  static constexpr std::uint32_t state_mask = 7;
  static_assert((stop_bit & state_mask) == 0);
  static constexpr std::uint32_t known_bit = 1u << 4, taken_bit = 1u << 5, filling_bit = 1u << 6, counted_bit = 1u << 7,
                                 posted_bit = 1u << 8, spawned_bit = 1u << 9, attached_bit = 1u << 12;
  static constexpr int priority_shift = 10; // two bits
  // Bits 13 to 16 are the birthmark, see base/fork.hpp.
  // The upper bits, which nobody changes: with misuse checks it tells a task from what is none. So it costs no room; a
  // freed one is written over by the heap of blocks.
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
  // The allocation: header, room. The room holds at least a pointer, for that is how an error lies in it.
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
  // A posted task that belongs to nothing and is not counted: whoever has it from a queue is the only one who knows it,
  // until it is freed. So its word needs no read-modify-write.
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

  // The release of each change of state pairs with the acquire of state(). The claim of a task that only one knows has
  // none: nobody else looks, and what the submitter wrote came with the lock of the queue.
  atomic<std::uint32_t> word_;
  atomic<std::uint32_t> refs_;
  const weft_task_type_t *type_;
  // While pending or running: the task_owner, not counted. When that is over: the next task of a list, be it of
  // withdrawn or of dying ones. The release of link_to() pairs with the acquire of owner(): who reads a link as an
  // owner then sees that the state has changed.
  atomic<void *> link_{nullptr};
};

// The part that posted tasks go without.
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
  const std::size_t offset = room_offset(type); // once: for all the compiler knows, building it changes the type
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
  // Most are so small that it need not be found out how small.
  constexpr std::size_t surely_recycled = block_heap::largest - 256;
  if (recycles && type_->room_size <= surely_recycled && type_->room_align <= block_heap::alignment) [[likely]]
    return block_heap::free(this);
  free_block(this, size_of(*type_), room_align(*type_));
}

// Tasks that are taken out of a queue together, to be cancelled, or to fail as if they had run (when they can no longer
// be run): all of them are done before the first callback runs. So a callback of one that waits for another does not
// wait for what only its own caller would do.
class withdrawn_tasks {
public:
  // reason: what they fail with (borrowed until finish); null: they are cancelled.
  explicit withdrawn_tasks(error *reason = nullptr) noexcept : reason_(reason) {}
  // With the queue's reference. A task that is not pending any more is let go. Not under a lock.
  void add(task &withdrawn) noexcept;
  void finish();

private:
  error *const reason_;
  task *first_ = nullptr, *last_ = nullptr; // linked through the tasks
};

// Callbacks of several futures, to be run in the order of adding.
class gathered_callbacks {
public:
  void add(task &done, observer *first) noexcept;
  void run();

private:
  observer *first_ = nullptr, **last_ = &first_; // each with a reference to its future
};

// Run what publish() returned, in order, each with its future, and drop their contexts. See task/callback.cpp.
void call_all(task &done, observer &first);
inline void run_callbacks(task &done, observer *first) {
  if (first != nullptr) call_all(done, *first);
}
weft_status add_callback(task &future, weft_future_fn fn, void *ctx, weft_drop_fn drop);
// Take out the first callback that was added so, and drop its context here. False: there is none.
bool remove_callback(task &future, weft_future_fn fn, void *ctx);
void drop_callbacks(observer *first) noexcept;

} // namespace weft::core
