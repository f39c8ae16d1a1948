// A timer: a task that becomes ready at a time, once or in each period. The object behind
// weft_timer_t.
//
// Owns the function of the user and its context, or the entry of a completion queue that the ticks
// go to instead. All that changes is under the lock of its timer_queue, which knows when the timer
// is due.
//
// There are two counts, as for executors. Users hold handles; the last one disarms the timer.
// References keep the memory: all handles together have one, and so has each tick on its way (its
// lease).
#pragma once

#include <cstdint>

#include <weft/timer.h>

#include "base/atomic.hpp"
#include "base/block.hpp"
#include "base/clock.hpp"
#include "base/completion.hpp"
#include "base/misuse.hpp"
#include "base/refs.hpp"
#include "base/roll.hpp"
#include "task/attachment.hpp"
#include "task/call.hpp"
#include "task/completion_queue.hpp"
#include "task/owner.hpp"
#include "task/task.hpp"
#include "thread/domain.hpp"

struct weft_timer {};

namespace weft::core {

class timer_queue;

// What may have one slot in the heap of a timer_queue.
struct slotted {
  static constexpr std::uint32_t nowhere = UINT32_MAX;
  std::uint32_t position = nowhere; // under the mutex of that queue
};

// How each tick runs. Borrowed.
struct tick_settings {
  belonging to;
  std::uint32_t priority = WEFT_PRIORITY_NORMAL;
};

struct timer_schedule {
  std::int64_t due;
  std::int64_t period = 0; // 0: once
  std::uint32_t missed = WEFT_MISSED_SKIP;
};

class timer final : public weft_timer,
                    public shared_object<timer>,
                    public in_blocks<timer>,
                    private slotted,
                    private roll_entry {
public:
  // With one handle. WEFT_OK. On WEFT_ENOMEM, WEFT_ESHUTDOWN, WEFT_EBROKEN, WEFT_ECANCELED and
  // WEFT_ECLOSED the context is the caller's as before.
  static weft_status make(timer_queue &queue, task_owner &owner, const call &what, const tick_settings &how,
                          timer *&out) noexcept;
  // The same for a timer that ticks into a completion queue. It belongs to the domain that the
  // calling thread is inside of. WEFT_ECLOSED also if the completion queue is closed.
  static weft_status make_notifying(timer_queue &queue, task_owner &owner, completion_queue &events, std::uint64_t tag,
                                    timer *&out) noexcept;
  ~timer();

  weft_status arm(const timer_schedule &when) noexcept;
  weft_status cancel() noexcept;
  // Disarm it for good, and wait for its tick: weft_timer_close.
  weft_status close(deadline until) noexcept;
  bool inherited() const noexcept { return native_.is_another(); }

  bool has_magic() const noexcept { return magic_.is_right(); }
  void ref_handle() noexcept { handles_.fetch_add(1, std::memory_order_relaxed); }
  void unref_handle() noexcept;

private:
  friend class timer_queue;
  friend struct timed;

  enum class phase : std::uint8_t {
    idle,    // not armed; a slot that is left over does nothing
    armed,   // has a heap slot, at due_ or before
    queued,  // it was due: the tick with the number ticket_ is on its way through the executor
    between, // a periodic tick runs, and the next one is armed when it has ended
    overdue  // due again while its tick runs: the next one follows at once
  };

  timer(timer_queue &queue, task_owner &owner, const call &what, const tick_settings &how) noexcept
      : queue_(queue), owner_(&owner), fn_(what.fn), ctx_(what.ctx), token_(how.to.token), name_(how.to.name),
        priority_(how.priority) {}

  // A task that runs the function if the timer is then still queued with this number. On success it
  // takes over the lease. Null: no memory.
  task *make_tick(std::uint64_t ticket) noexcept;
  weft_status run_inside(weft_error_t **failure);
  void drop_context() noexcept;
  bool enter_domain(domain *home) noexcept;
  void finish() noexcept;
  static bool may_end(const void *object, const wait_graph &graph) noexcept;

  // On the roll of the domain without a reference. The destructor takes it off.
  bool hold() noexcept override { return try_ref(); }
  bool begin_withdraw() noexcept override;
  void finish_withdraw() override;

  static weft_status run_tick(void *room, weft_error **failure);
  static void drop_tick(void *room);

  const native_process native_;
  timer_queue &queue_; // of owner_
  const shared<task_owner> owner_;
  const weft_task_fn fn_;
  void *const ctx_;
  const shared<cancel_token> token_; // of each tick; or null
  const char *const name_;           // of each tick; or null
  const std::uint32_t priority_;
  weft_drop_fn drop_ = nullptr; // null until make() has succeeded
  shared<completion_queue> events_;
  queue_entry *ticks_ = nullptr; // in events_; null: ticks run the function
  atomic<std::uint32_t> handles_{1};
  shared<domain> home_; // or null; fixed when make() returns
  domain_gate gate_;    // with a domain: around each tick, and at the end

  // Under the mutex of the queue.
  phase phase_ = phase::idle;
  bool running_ = false;     // its tick is in the function of the user
  bool shut_ = false;        // it was closed: never armed again
  std::uint32_t missed_ = 0; // WEFT_MISSED_...
  std::int64_t due_ = 0;     // of the tick that is armed, on its way or running
  std::int64_t period_ = 0;  // 0: once
  // The number of the arming. It grows, so the tick of an earlier arming has another one.
  std::uint64_t ticket_ = 0;

  // The task that the tick runs in, while it runs. Only to be compared. Released by the thread of
  // the tick, which pairs with the acquire in close() and may_end().
  atomic<const task *> ticks_in_{nullptr};
  completion idle_; // the timer is closed, and no tick runs or will run
  [[no_unique_address]] magic_word<0x2bad5eed0e440007> magic_;
};

} // namespace weft::core
