// What one executor has armed: timers, delayed tasks and, for a pool, the queues of its strands.
// Brings them to the executor when they are due.
//
// Owns the heap and the rules of timers. Knows executors as timer_host. Knows no clock, but reads
// the time. The host decides which thread calls serve(), and when. README.md has the protocol.
#pragma once

#include <cstddef>
#include <cstdint>

#include <weft/base.h>

#include "base/adaptive_mutex.hpp"
#include "base/atomic.hpp"
#include "base/completion.hpp"
#include "base/error.hpp"
#include "timer/due_heap.hpp"
#include "timer/timer.hpp"
#include "timer/timer_host.hpp"

namespace weft::core {

// What a heap slot refers to: a pointer, with its kind in the low bits.
struct timed {
  enum class kind : std::uintptr_t {
    timer,
    queue,
    task,    // counted: when it leaves the pending state, the executor's reference is given back
    due_task // was due, and was not handed over for lack of memory; not counted
  };
  template <class T> static timed of(T &thing, kind what) noexcept {
    return {reinterpret_cast<std::uintptr_t>(&thing) | static_cast<std::uintptr_t>(what)};
  }

  kind what() const noexcept { return static_cast<kind>(bits & 3); }
  bool is_task() const noexcept { return what() >= kind::task; }
  bool is_vacant() const noexcept { return bits == 0; }
  template <class T> T &as() const noexcept { return *reinterpret_cast<T *>(bits & ~std::uintptr_t{3}); }
  void moved(std::size_t position) const noexcept;

  std::uintptr_t bits = 0;
};

class timer_queue : private slotted {
public:
  static constexpr std::int64_t none = INT64_MAX;       // no time at all
  static constexpr std::int64_t latest = INT64_MAX - 1; // so late that it never comes
  // Before any moment of the clock, and `now - earliest` is a number.
  static constexpr std::int64_t earliest = INT64_MIN / 2;

  static std::int64_t sum(std::int64_t moment, std::int64_t span) noexcept {
    return moment > latest - span ? latest : moment + span; // a span is not negative, a moment may be
  }

  // Both are the executor that contains this queue.
  timer_queue(timer_host &host, task_owner &owner) noexcept : host_(host), owner_(owner) {}
  ~timer_queue();
  timer_queue(const timer_queue &) = delete;
  timer_queue &operator=(const timer_queue &) = delete;

  // --- timers: timer.hpp ---
  //
  // Reserve space for one timer, so that arming it needs no memory of this layer. WEFT_ENOMEM, or
  // why the queue is closed.
  weft_status enroll() noexcept;
  // WEFT_OK, why the queue is closed, or what set_alarm() returns. On failure the timer is as
  // before.
  weft_status arm(timer &which, const timer_schedule &when) noexcept;
  // WEFT_OK; WEFT_EDONE: it was not armed; WEFT_ERUNNING: its tick runs.
  weft_status cancel(timer &which) noexcept;
  // Cancel it for good: arm() refuses it from now on. True, once: no tick runs. Otherwise
  // end_tick() tells the waiters.
  bool shut(timer &which) noexcept;
  // Disarm it for good, and give back its space.
  void dismiss(timer &which) noexcept;
  // Around the function of a tick. False: the arming was cancelled or replaced.
  bool begin_tick(timer &which, std::uint64_t ticket) noexcept;
  void end_tick(timer &which) noexcept;
  // The tick will never run.
  void lose_tick(timer &which, std::uint64_t ticket) noexcept;

  // --- delayed tasks ---
  //
  // Accept a task that becomes ready at `due`. On failure it is the caller's as before. WEFT_OK,
  // WEFT_ENOMEM, why the queue is closed, or what set_alarm() returns.
  weft_status add(task &delayed, std::int64_t due) noexcept;

  // --- strands of a pool ---
  //
  // The alarm of a strand's queue: serve() of this queue will call the serve() of `child`.
  weft_status set_child_alarm(timer_queue &child, std::int64_t due) noexcept;
  void dismiss_child(timer_queue &child) noexcept;

  // Make ready what is due. The caller has a reference to the owner. If the executor accepts
  // nothing any more, this cancels futures, and may run their callbacks.
  void serve();
  // When the next serve() has something to do, or earlier. none: never. Any thread, without a lock.
  std::int64_t next_due() const noexcept { return next_.load(std::memory_order_acquire); }

  // Refuse everything from now on with `why`. What is armed does not happen: timers are disarmed,
  // and delayed tasks are cancelled. With a `reason` (borrowed) they fail with it instead. All on
  // this thread. Once; later calls are no-ops.
  void close(weft_status why, error *reason);

private:
  // The owner of delayed tasks while they wait. An object of its own, because a thread may hold a
  // reference to it a moment longer than the executor lives.
  class waiting_room;

  // What is taken out of the heap in one step.
  struct batch {
    static constexpr std::size_t most = 64;
    struct item {
      // With a reference: the lease of a timer, the queue's reference of a task, or one to the
      // owner of a queue.
      timed what;
      std::uint64_t ticket;
    };
    void add(timed what, std::uint64_t ticket) noexcept { items[count++] = {what, ticket}; }

    std::size_t count = 0;
    item items[most];
  };
  struct turn; // in serve()
  friend struct timed;

  // WEFT_EDONE: it is not pending any more. Otherwise as add().
  weft_status add_pending(task &delayed, std::int64_t due) noexcept;
  weft_status ask_for_alarm_locked(std::int64_t due) noexcept;
  void show_next_locked() noexcept;
  bool collect_locked(batch &due_now, std::int64_t now, wake_list &sleepers) noexcept;
  void tick_locked(timer &which, std::int64_t now, wake_list &sleepers) noexcept;
  void repeat_locked(timer &which, batch &at_once) noexcept;
  void deliver(batch &due_now, withdrawn_tasks &refused);
  void put_back(const batch &late, std::size_t gone, withdrawn_tasks &refused) noexcept;
  void sweep() noexcept;

  timer_host &host_;
  task_owner &owner_;

  adaptive_mutex mutex_; // above those of the host; a strand's is above its pool's
  due_heap<timed> heap_; // under mutex_, as all that follows
  // What may come to have a slot. The heap always has space for all of them.
  std::size_t enrolled_ = 0, tasks_ = 0;
  std::int64_t alarm_at_ = none; // the host will call serve() then
  std::uint64_t tickets_ = 0;
  std::size_t sweep_from_ = 0;
  waiting_room *waiting_room_ = nullptr; // made for the first delayed task; with a reference
  weft_status closed_ = WEFT_OK;         // or why
  // A thread is in serve(). One at a time, which keeps the order.
  bool serving_ = false;
  bool enrolled_as_child_ = false; // under mutex_ of the parent, as `position` is

  // Written under mutex_. The release pairs with the acquire in next_due(): a thread that a
  // caller-run executor has woken sees the time that it was woken for.
  atomic<std::int64_t> next_{none};
};

} // namespace weft::core
