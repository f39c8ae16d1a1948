// A completion queue: events wait in it until a host takes them out, by polling or by waiting. The object behind
// weft_queue_t.
//
// Knows nothing of futures, groups and timers: they bring entries (queue_entry), which the queue lists while they are
// tied, then queues. Who ties: future_tie.hpp, exec/group_tie.cpp, timer/timer.hpp. The argument for the descriptor
// and the wake-ups is in README.md, "Completion queues".
//
// Two counts, as executors have: handles are what users hold, and with the last one the queue is closed and emptied;
// references keep the memory: all handles together have one, and so has each tie, which may come to its end later.
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

// How a waiter may bring an event about: lend(what) runs something on top of its stack if it may, gives the reference
// that it has been given back, and says what has come of it. Null: there is nothing to be done.
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

  // While it is listed as tied, under the lock of the queue; so no lock may be taken here. The hand has a reference.
  virtual helping_hand help() noexcept { return {}; }
  // While it is listed as tied, under the lock of the queue: take the tie out of its source. True: it will not come.
  virtual bool leave_source() noexcept { return false; }

private:
  friend class completion_queue;
  friend class entry_list;

  weft_event_t event_;
  queue_entry *next_ = nullptr, *prev_ = nullptr; // under the lock of the queue
  bool is_queued_ = false;                        // the same
  bool is_kept_ = false; // the same: add_again() may come, so whoever takes it out does not free it
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
  ~completion_queue() = default; // nothing is left: ties have references, and the last handle has emptied it

  // From before a fork: of no use in this process.
  bool inherited() const noexcept { return native_.is_another(); }
  bool has_magic() const noexcept { return magic_.is_right(); }
  void ref_handle() noexcept { handles_.fetch_add(1, std::memory_order_relaxed); }
  void unref_handle() noexcept;

  // WEFT_OK or WEFT_EAGAIN.
  weft_status descriptor(int &number) noexcept;
  // WEFT_OK, also without an event, or WEFT_ECLOSED.
  weft_status pop(weft_event_t *events, std::size_t most, std::size_t &count) noexcept;
  // WEFT_OK with an event, WEFT_ECLOSED, WEFT_ETIMEDOUT, WEFT_EINTERRUPTED, WEFT_ENOMEM.
  weft_status wait(weft_event_t *events, std::size_t most, deadline until, std::size_t &count);
  // WEFT_OK, WEFT_ECLOSED, WEFT_ENOMEM.
  weft_status post(std::uint64_t tag, std::uint64_t value) noexcept;
  void close() noexcept;
  bool is_closed() const noexcept { return closed_.load(std::memory_order_acquire); }

  // --- entries ---
  // List it as tied: it will come, and has a reference to the queue until then. False: closed, and it is the caller's.
  bool expect(queue_entry &entry) noexcept;
  // What was expected comes: the entry and its reference are the queue's. Not under a lock.
  void fulfil(queue_entry &entry, weft_status status) noexcept;
  // What was expected will not come: the entry is freed, and its reference given back. Not under a lock.
  void give_up(queue_entry &entry) noexcept;
  // It comes without having been expected. False: closed, and it is the caller's.
  bool add(queue_entry &entry, weft_status status) noexcept;

  // An entry that is used again and again: put it in with this value, or add that to the value that it has in there.
  // The caller has a reference to the queue. Who sleeps is woken by `sleepers`, so that a lock may be held meanwhile.
  void add_again(queue_entry &kept, std::uint64_t value, wake_list &sleepers) noexcept;
  // It will not be used any more; it is freed now or when it is taken out.
  void let_go(queue_entry &kept) noexcept;

private:
  struct waiter { // on the stack of a thread in wait()
    parker *who;
    bool helps;
    waiter *next = nullptr; // under mutex_
    // Written under mutex_; its release pairs with the acquire of the waiter, who reads it without.
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

  atomic<std::uint32_t> handles_{1};
  const native_process native_;
  adaptive_mutex mutex_;     // takes those of the sources inside, and those of the heaps
  entry_list queued_, tied_; // under mutex_
  // Written under mutex_. The acquire of who looks without it pairs with the release of the change; but all that a
  // waiter does upon it is to come and look under mutex_.
  atomic<std::size_t> size_{0};
  atomic<bool> closed_{false};
  event_descriptor descriptor_; // under mutex_
  // Under mutex_: those who sleep and have not been told. Who came first is told first.
  waiter *waiters_ = nullptr, **last_waiter_ = &waiters_;
  std::uint64_t ties_made_ = 0; // under mutex_
  [[no_unique_address]] magic_word<0x2bad5eed0e440010> magic_;
};

} // namespace weft::core
