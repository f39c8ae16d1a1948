// A completion queue: events wait in it until a host takes them out, by polling or by waiting. The
// object behind weft_queue_t.
//
// Owns its entries, its waiters and its descriptor. Knows nothing of futures, groups and timers:
// these bring entries (queue_entry), which the queue lists first as tied, then as queued
// (future_tie.hpp, exec/group_tie.cpp, timer/timer.hpp).
//
// Two counts, as executors have. Users hold handles; with the last one the queue is closed and
// emptied. References keep the memory: all handles together have one, and so has each tie, which
// may end later. Read on in README.md, "Completion queues".
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

#include <weft/queue.h>

#include "base/adaptive_mutex.hpp"
#include "base/atomic.hpp"
#include "base/block.hpp"
#include "base/clock.hpp"
#include "base/event_descriptor.hpp"
#include "base/fork.hpp"
#include "base/misuse.hpp"
#include "base/parker.hpp"
#include "base/refs.hpp"
#include "task/sources.hpp"

struct weft_queue {};

namespace weft::core {

struct record;
class wake_list;

// How a waiter may bring an event about. `lend(what)` runs something on top of the waiter's stack
// if it may, gives back the reference in `what`, and returns how that went. A `lend` of null: there
// is nothing to run.
struct helping_hand {
  lent (*lend)(void *what, const helper &by) = nullptr;
  void *what = nullptr;
  explicit operator bool() const noexcept { return lend != nullptr; }
};

// An event, from the tie to the pop: one block of memory.
class queue_entry : public in_blocks<queue_entry> {
public:
  queue_entry(std::uint64_t tag, std::uint32_t kind) noexcept : event_{tag, kind, WEFT_OK, 0, 0} {}
  virtual ~queue_entry() = default;
  queue_entry(const queue_entry &) = delete;
  queue_entry &operator=(const queue_entry &) = delete;

  std::uint64_t tag() const noexcept { return event_.tag; } // never changes

  // While it is listed as tied, under the lock of the queue: takes no lock. The hand has a
  // reference.
  virtual helping_hand help() noexcept { return {}; }
  // While it is listed as tied, under the lock of the queue: take the tie out of its source. True:
  // the event will not come.
  virtual bool leave_source() noexcept { return false; }

private:
  friend class completion_queue;
  friend class entry_list;

  weft_event_t event_;
  queue_entry *next_ = nullptr, *prev_ = nullptr; // under the lock of the queue
  bool is_queued_ = false;                        // the same
  // The same: add_again() may come, so taking the entry out does not free it.
  bool is_kept_ = false;
};

// A ring through a head that is no entry.
class entry_list {
public:
  entry_list() noexcept : head_(0, 0) { head_.next_ = head_.prev_ = &head_; }
  bool empty() const noexcept { return head_.next_ == &head_; }
  queue_entry *first() noexcept { return empty() ? nullptr : head_.next_; }
  queue_entry *after(const queue_entry &entry) noexcept { return entry.next_ == &head_ ? nullptr : entry.next_; }
  void add_last(queue_entry &entry) noexcept { insert_before(head_, entry); }
  void add_first(queue_entry &entry) noexcept { insert_before(*head_.next_, entry); }
  static void insert_before(queue_entry &at, queue_entry &entry) noexcept;
  static void insert_after(queue_entry &at, queue_entry &entry) noexcept { insert_before(*at.next_, entry); }
  static void remove(queue_entry &entry) noexcept;

private:
  queue_entry head_;
};

class completion_queue final : public weft_queue, public shared_object<completion_queue> {
public:
  // With one handle. Null: no memory.
  static completion_queue *make() noexcept { return new (std::nothrow) completion_queue; }
  // Nothing is left: ties have references, and the last handle has emptied it.
  ~completion_queue() = default;

  // Made before a fork: of no use in this process.
  bool inherited() const noexcept { return native_.is_another(); }
  bool has_magic() const noexcept { return magic_.is_right(); }
  void ref_handle() noexcept { handles_.fetch_add(1, std::memory_order_relaxed); }
  void unref_handle() noexcept;

  // WEFT_OK or WEFT_EAGAIN.
  weft_status descriptor(int &number) noexcept;
  // WEFT_OK, also without an event; WEFT_ECLOSED.
  weft_status pop(weft_event_t *events, std::size_t most, std::size_t &count) noexcept;
  // WEFT_OK with an event; WEFT_ECLOSED, WEFT_ETIMEDOUT, WEFT_EINTERRUPTED, WEFT_ENOMEM.
  weft_status wait(weft_event_t *events, std::size_t most, deadline until, std::size_t &count);
  // WEFT_OK, WEFT_ECLOSED, WEFT_ENOMEM.
  weft_status post(std::uint64_t tag, std::uint64_t value) noexcept;
  void close() noexcept;
  bool is_closed() const noexcept { return closed_.load(std::memory_order_acquire); }

  // --- entries ---
  // List the entry as tied. It has a reference to the queue until its event comes. False: the queue
  // is closed, and the entry stays the caller's.
  bool expect(queue_entry &entry) noexcept;
  // The event of a tied entry comes: the queue takes the entry and its reference. Not under a lock.
  void fulfil(queue_entry &entry, weft_status status) noexcept;
  // The event of a tied entry will not come: free the entry and give its reference back. Not under
  // a lock.
  void give_up(queue_entry &entry) noexcept;
  // The event of an entry that was not tied comes. False: the queue is closed, and the entry stays
  // the caller's.
  bool add(queue_entry &entry, weft_status status) noexcept;

  // For an entry that is used again and again: queue it with this value; if it is queued, add the
  // value to its own. The caller has a reference to the queue, and may hold a lock: `sleepers`
  // wakes the waiters later.
  void add_again(queue_entry &kept, std::uint64_t value, wake_list &sleepers) noexcept;
  // The kept entry will not be used again. It is freed now, or when it is taken out.
  void let_go(queue_entry &kept) noexcept;

private:
  struct waiter { // on the stack of a thread in wait()
    parker *who;
    bool helps;
    waiter *next = nullptr; // under mutex_
    // Written under mutex_. The release pairs with the acquire of the waiter, which reads it
    // without.
    atomic<bool> told{false};
  };

  completion_queue() noexcept = default;

  void put_locked(queue_entry &entry, wake_list &sleepers) noexcept;
  bool try_put(queue_entry &entry, weft_status status, bool was_expected) noexcept;
  queue_entry *take_locked(weft_event_t *events, std::size_t most, std::size_t &count) noexcept;
  void close_locked(wake_list &sleepers) noexcept;
  void tell_locked(waiter *&place, wake_list &sleepers) noexcept;
  static void free_all(queue_entry *taken) noexcept;
  weft_status sleep(record &self, deadline until, std::uint64_t ties_seen, helpful_sleep &sleeping) noexcept;
  lent lend_one(const helper &by, std::uint64_t &ties_seen);
  bool may_take() const noexcept { return size_.load(std::memory_order_acquire) != 0 || is_closed(); }

  atomic<std::uint32_t> handles_{1}; // counted as the references of shared_object
  const native_process native_;
  adaptive_mutex mutex_;     // taken inside it: the locks of sources, and of the heaps
  entry_list queued_, tied_; // under mutex_
  // Both written under mutex_. The release of a change pairs with the acquire of a look without the
  // lock. Such a look decides nothing but whether to look again under mutex_.
  atomic<std::size_t> size_{0};
  atomic<bool> closed_{false};
  event_descriptor descriptor_; // under mutex_
  // Under mutex_: the waiters that sleep and were not notified. The first that came is notified
  // first.
  waiter *waiters_ = nullptr, **last_waiter_ = &waiters_;
  std::uint64_t ties_made_ = 0; // under mutex_
  [[no_unique_address]] magic_word<0x2bad5eed0e440010> magic_;
};

} // namespace weft::core
