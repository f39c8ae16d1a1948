// A timer: a task that becomes ready at a time, once or every period. The object behind weft_timer_t.
//
// Owns the user's function and context, or the entry of a completion queue that its ticks go to instead. When it is due
// is the business of its timer_queue, under whose lock all changing fields are. Two counts, as executors have: handles
// are what users hold, and with the last one the timer is disarmed; references keep the memory: all handles together
// have one, and so has each tick that is on its way (its lease).
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

// The one slot that something may have in a timer_queue.
struct slotted {
  static constexpr std::uint32_t nowhere = UINT32_MAX;
  std::uint32_t position = nowhere; // under the mutex of that queue
};

// How each tick is to run. Borrowed.
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
  // With one handle. WEFT_OK, or WEFT_ENOMEM, WEFT_ESHUTDOWN, WEFT_EBROKEN, WEFT_ECANCELED, WEFT_ECLOSED: the context
  // is still the caller's.
  static weft_status make(timer_queue &queue, task_owner &owner, const call &what, const tick_settings &how,
                          timer *&out) noexcept;
  // The same for one of the domain that the calling thread is inside of, whose ticks go to a completion queue.
  // WEFT_ECLOSED: that one, too.
  static weft_status make_notifying(timer_queue &queue, task_owner &owner, completion_queue &events, std::uint64_t tag,
                                    timer *&out) noexcept;
  ~timer();

  weft_status arm(const timer_schedule &when) noexcept;
  weft_status cancel() noexcept;
  // Disarm it for good, and wait for its tick. As weft_timer_close says.
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
    armed,   // has a slot, at schedule_.due or before it
    queued,  // it was due: the tick with ticket_ is on its way through the executor
    between, // a periodic tick runs, and the next one will be armed when it has ended
    overdue  // due again while its tick runs: the next one follows at once
  };

  timer(timer_queue &queue, task_owner &owner, const call &what, const tick_settings &how) noexcept
      : queue_(queue), owner_(&owner), fn_(what.fn), ctx_(what.ctx), token_(how.to.token), name_(how.to.name),
        priority_(how.priority) {}

  // A task that runs the function, if the timer is still queued with this ticket then. Takes the lease over on success.
  // Null: no memory.
  task *make_tick(std::uint64_t ticket) noexcept;
  weft_status run_inside(weft_error_t **failure);
  void drop_context() noexcept;
  bool enter_domain(domain *home) noexcept;
  void finish() noexcept;
  static bool may_end(const void *object, const wait_graph &graph) noexcept;

  // On the domain's roll without a reference: the destructor takes it off.
  bool hold() noexcept override { return try_ref(); }
  bool begin_withdraw() noexcept override;
  void finish_withdraw() override;

  static weft_status run_tick(void *room, weft_error **failure);
  static void drop_tick(void *room);

  const native_process native_;
  timer_queue &queue_; // the owner's
  const shared<task_owner> owner_;
  const weft_task_fn fn_;
  void *const ctx_;
  const shared<cancel_token> token_; // of each tick, or null
  const char *const name_;           // the same
  const std::uint32_t priority_;
  weft_drop_fn drop_ = nullptr; // null until make() has succeeded
  shared<completion_queue> events_;
  queue_entry *ticks_ = nullptr; // in events_, if not null; instead of the function
  atomic<std::uint32_t> handles_{1};
  shared<domain> home_; // or null; fixed when make() returns
  domain_gate gate_;    // with a domain: around each tick, and at the end

  // Under the queue's mutex.
  phase phase_ = phase::idle;
  bool running_ = false;     // its tick is in the user's function
  bool shut_ = false;        // it was closed: never armed again
  std::uint32_t missed_ = 0; // WEFT_MISSED_...
  std::int64_t due_ = 0;     // of the tick that is armed, on its way or running
  std::int64_t period_ = 0;  // 0: once
  std::uint64_t ticket_ = 0; // grows with each arming: a tick that was cancelled meanwhile has an old one

  // The task that the tick runs in, while it does: by the thread of the tick. To be compared only.
  atomic<const task *> ticks_in_{nullptr};
  completion idle_; // closed, and no tick runs or will
  [[no_unique_address]] magic_word<0x2bad5eed0e440007> magic_;
};

} // namespace weft::core
