// A group: tasks that are spawned, waited for, and cancelled together. Fork-join is made of groups.
//
// Owns the count of what is pending, the queue of tasks that are on no deque, the list of waiters,
// and the list of ties. Its tasks have no futures. Does not know the deques
// (sched/spawn_deque.hpp).
//
// Where tasks lie and which threads may run them is argued in sched/README.md, "Groups" and
// "Helping further down"; the word, credit, tickets, waiting and ties in README.md, "Groups: the
// word" and after it. The files: group.cpp (spawn, run, wait, cancel), group_count.cpp,
// group_tie.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

#include <weft/group.h>

#include "base/adaptive_mutex.hpp"
#include "base/atomic.hpp"
#include "base/block.hpp"
#include "base/fork.hpp"
#include "base/misuse.hpp"
#include "exec/pool.hpp"
#include "task/cancel_token.hpp"
#include "task/helping.hpp"
#include "task/owner.hpp"
#include "thread/user_context.hpp"

struct weft_group {};

namespace weft::core {

class completion_queue;
class group_tie;

class group final : public weft_group, public task_owner, public awaited, public in_blocks<group> {
public:
  // With one handle. Null: no memory. A group without a pool (on: null) takes no tasks: things are
  // entered, left and waited for.
  static group *make(pool *on, std::uint32_t flags) noexcept;
  // The same, cancelled with the token. WEFT_OK, WEFT_ENOMEM; WEFT_ECANCELED: the token is
  // cancelled already.
  static weft_status make(pool *on, std::uint32_t flags, cancel_token &token, group *&out) noexcept;
  struct handle_end {
    void operator()(group *held) const noexcept { held->unref_handle(); }
  };
  using handle = std::unique_ptr<group, handle_end>;

  void ref_handle() noexcept { count_.fetch_add(one_handle, std::memory_order_relaxed); }
  void unref_handle() noexcept;

  // On success the group owns the task, a posted one with one reference. calling: see
  // scheduler::spawn(); if the task gets no place on a deque, a worker is woken in any case.
  weft_status spawn(task &given, bool calling = true);
  // The same for tasks from outside: one that belongs to something enters its rolls first.
  weft_status accept(task &given) { return given.has_attachment() ? accept_attached(given) : spawn(given); }
  weft_status wait(deadline until) { return wait_here(until, depth::bounded); }
  // Wait, even if this thread is asked to stop. False: the wait could never end, or this is the
  // child of a fork. A wait that never gives up has others in its circle told instead.
  enum class giving_up { if_hopeless, never };
  bool settle(giving_up when = giving_up::if_hopeless);
  // The same, but a request to stop this thread ends it: WEFT_EINTERRUPTED.
  weft_status settle_until_asked();
  // Ask the tasks to stop. Those that have not begun begin even so.
  void request_stop() noexcept;
  // Cancel, settle and give the handle back: at the end of the scope that the tasks refer to.
  void end();
  void cancel();
  // Something that is not a task is pending, from enter() to leave(). WEFT_OK, WEFT_EFULL; WEFT_OK,
  // WEFT_EINVALIDSTATE.
  weft_status enter() noexcept;
  weft_status leave() noexcept;
  // When nothing is pending, the task becomes ready on `on`. One reference is the list's, then the
  // queue's. WEFT_OK, WEFT_ECANCELED, WEFT_ECLOSED, WEFT_ENOMEM.
  weft_status then(executor &on, task &given);
  // When nothing is pending, the queue gets an event. WEFT_OK, WEFT_ECLOSED, WEFT_ENOMEM.
  weft_status notify(completion_queue &queue, std::uint64_t tag);
  // Take back one tie to this queue with this tag, before its event. WEFT_OK, WEFT_EDONE,
  // WEFT_EINVALIDSTATE.
  weft_status undo_tie(completion_queue &queue, std::uint64_t tag) noexcept;
  // WEFT_OK. WEFT_EINVALIDSTATE: tasks are pending. WEFT_ECANCELED: its token is cancelled.
  weft_status reset() noexcept;
  // Credit included.
  std::uint64_t pending() const noexcept { return count_.load(std::memory_order_acquire) & pending_mask; }
  // With a reference, or null.
  error *first_error() const noexcept;
  // The user's pointer. Dropped in the destructor.
  user_context &context() noexcept { return context_; }
  bool has_magic() const noexcept { return magic_.is_right(); }
  bool takes_tasks() const noexcept { return pool_ != nullptr; }
  bool inherited() const noexcept { return native_.is_another(); }
  bool is_cancelled() const noexcept {
    const std::uint32_t seen = word_.load(std::memory_order_acquire);
    return (seen & (cancelled_bit | has_deadline_bit)) != 0 && is_cancelled(seen);
  }
  // The outcome so far: WEFT_OK, WEFT_EFAILED, WEFT_ECANCELED.
  weft_status verdict() const noexcept;

  // task_owner
  void run_spawned(task &taken, record &self, fate what, const helping *helps = nullptr) override;
  bool keep_spawned(task &taken) noexcept override;
  void end_cancelled(task &dropped) noexcept override;
  std::uint32_t take_credit_back(std::uint32_t count) noexcept override { return subtract(count); }
  void settle_up(std::uint32_t due) noexcept override;
  lent lend(task &, record &, haste, const helping &) override { return lent::no; }
  bool may_start(const task &, const wait_graph &graph) const noexcept override { return pool_->can_run(graph); }
  void left_queue() noexcept override {}
  bool belongs_to(const roster &home) const noexcept override { return pool_ != nullptr && pool_->belongs_to(home); }
  void report(const weft_error *failure) override;
  weft_executor *as_executor() noexcept override { return pool_; }

private:
  friend class group_event;
  struct waiter { // on the stack of a thread in wait()
    group &of;
    parker *who;
    waiter *next;
    bool helps;
    // Written under mutex_. Read without it by the waiter, which is woken after that, and by
    // may_happen(): the release pairs with their acquire.
    atomic<bool> told{false};
  };
  struct ticket;
  struct token_link;
  // In word_, beside stop_bit.
  static constexpr std::uint32_t cancelled_bit = 1u << 8, some_dropped_bit = 1u << 9,
                                 has_deadline_bit = 1u << 10; // of its token: fixed when the group is made

  group(pool *on, std::uint32_t flags) noexcept;
  ~group() override;

  worker *worker_of(const record *who) const noexcept {
    return pool_ != nullptr ? pool_->workers().worker_of(who) : nullptr;
  }
  // The most that all workers together may have as credit.
  std::uint64_t most_credit() const noexcept { return pool_ != nullptr ? pool_->workers().places() * most_kept : 0; }
  bool is_cancelled(std::uint32_t seen) const noexcept;
  void drop_context() noexcept;
  weft_status enqueue(task &given, bool accepted) noexcept;
  bool end_alone(worker *me) noexcept;
  void run_here(task &taken, record &self, worker *me, fate what, const helping *helps);
  bool take_out(task &which) noexcept;
  task *take_queued() noexcept;
  bool run_one(record &self, worker *me, const helping &by);
  enum class depth { bounded, any };
  weft_status wait_here(deadline until, depth how, bool stays = false);
  void count_one(worker *me) noexcept;
  void return_credit_of(const record *self) noexcept;
  bool all_done() const noexcept;
  bool done_for(worker *me) noexcept;
  std::uint32_t credit_of(const worker *me) const noexcept;
  void take_credit(worker &me, std::uint32_t count) noexcept;
  void end_one(worker *me) noexcept;
  void count_in_advance(worker *me) noexcept;
  void end_with_much_credit(worker &me) noexcept;
  void end_some(std::uint64_t count) noexcept;
  enum dues : std::uint32_t { wake_all = 1, tell_all = 2, nobody_left = 4 };
  std::uint32_t subtract(std::uint64_t count) noexcept;
  weft_status sleep(record &self, deadline until, bool helps, helpful_sleep &sleeping);
  enum class whom { all, helpers };
  void wake_waiters(whom which) noexcept;
  void wake_helpers() noexcept override { wake_waiters(whom::helpers); }
  void tie(group_tie &made) noexcept;
  void add_tie(group_tie &made) noexcept;
  std::uint64_t newest_tie() noexcept;
  group_tie *take_ties(std::uint64_t up_to) noexcept;
  void tell_ties() noexcept;
  bool forget(const group_tie &which) noexcept;
  static lent lend_hand(void *what, const helper &by);
  static weft_status run_ticket(void *room, weft_error **failure);
  static void drop_ticket(void *room);
  void ask_to_cancel() noexcept;
  weft_status accept_attached(task &given);
  static bool may_happen(const void *waiting, const wait_graph &graph) noexcept;

  pool *const pool_; // with a reference; or null
  const std::uint32_t flags_;
  // The stretch of work in which it was made, and in which it will be waited for; or none.
  // sched/README.md, "Helping further down".
  static constexpr std::uint64_t no_stretch = ~std::uint64_t{0};
  std::uint64_t made_in_ = no_stretch;
  atomic<std::uint32_t> word_{0};
  // The first, with a reference. Its release pairs with the acquire of each thread that reads it.
  // Taken away, or given one more reference, under mutex_.
  atomic<error *> error_{nullptr};
  // In count_, beside `waited_for` and `help_sleeps`: ties_ is not empty. README.md, "Groups: the
  // word".
  static constexpr std::uint64_t tied = help_sleeps << 1;
  static constexpr std::uint64_t one_handle = tied << 1, no_flags = ~(waited_for | help_sleeps | tied);
  // The most credit that a worker keeps when it ends tasks.
  static constexpr std::uint32_t most_kept = 256;

  mutable adaptive_mutex mutex_;
  task *first_ = nullptr, *last_ = nullptr; // under mutex_: the queue, linked through the tasks
  atomic<std::uint64_t> queued_{0};         // written under mutex_
  // Waiters that sleep and could help: they will be woken for any task that is queued. Read by
  // may_happen(), for which the wait graph's lock orders it.
  atomic<std::uint32_t> helpers_{0};
  // How many threads are between the change of count_ that says whom to wake and the waking. The
  // waiters will look again. Raised before that change, whose release pairs with the acquire of
  // may_happen().
  atomic<std::uint32_t> telling_{0};
  waiter *waiters_ = nullptr; // under mutex_
  // How many of the pending are not tasks. Orders nothing: it only tells a leave too many. Raised
  // after the count.
  atomic<std::uint32_t> entered_{0};
  const native_process native_;
  user_context context_;
  token_link *by_token_ = nullptr; // fixed before other threads know the group
  group_tie *ties_ = nullptr;      // under mutex_, and with it the flag `tied`; the newest first
  std::uint64_t ties_made_ = 0;    // under mutex_
  [[no_unique_address]] magic_word<0x2bad5eed0e440004> magic_;
};

// --- counting: README.md, "Groups: credit" ---

inline std::uint32_t group::credit_of(const worker *me) const noexcept {
  if (me == nullptr || me->credit_of.load(std::memory_order_relaxed) != this) return 0;
  const std::uint64_t held = me->credit.load(std::memory_order_relaxed);
  return (held & worker::on_its_way) == 0 ? static_cast<std::uint32_t>(held) : 0;
}

// Tasks that the group has counted already, or that have just ended.
inline void group::take_credit(worker &me, std::uint32_t count) noexcept {
  scheduler::return_credit(me);
  // The release pairs with the acquire of credit_for(): a reader that finds this group here, beside
  // the credit of another group, reads another credit at its second look.
  me.credit_of.store(this, std::memory_order_release);
  const std::uint64_t none = me.credit.load(std::memory_order_relaxed);
  me.credit.store(none + worker::one_change + count, std::memory_order_release);
}

inline void group::count_one(worker *me) noexcept {
  if (credit_of(me) == 0) return count_in_advance(me);
  me->credit.store(me->credit.load(std::memory_order_relaxed) + worker::one_change - 1, std::memory_order_release);
}

// A worker keeps what it has ended as credit. It gives that back before it turns to anything else,
// or at once if a thread sleeps: see done_for().
inline void group::end_one(worker *me) noexcept {
  if (me == nullptr) return end_some(1);
  if (me->credit_of.load(std::memory_order_relaxed) != this) return take_credit(*me, 1);
  const std::uint64_t held = me->credit.load(std::memory_order_relaxed) + worker::one_change + 1;
  if ((held & 0xffffffff) >= most_kept) return end_with_much_credit(*me);
  me->credit.store(held, std::memory_order_release);
}

// True: nothing is pending. Looks at the word and the credit of this worker alone. If a thread
// sleeps, or something is tied, this worker gives its credit back, which tells them. The light
// barrier pairs with the heavy one of sleep() and tie(): they set a flag, then look at this credit;
// this worker has stored its credit, then looks at the flags.
inline bool group::done_for(worker *me) noexcept {
  if (const std::uint32_t own = credit_of(me); own != 0) {
    light_barrier();
    const std::uint64_t seen = count_.load(std::memory_order_acquire);
    if ((seen & (waited_for | tied)) == 0 && (seen & pending_mask) == own) return true;
    scheduler::return_credit(*me);
  }
  return pending() == 0;
}

// The caller has the last handle, and nothing is pending but its own credit: no other thread uses
// the group any more, and the acquire pairs with the ends of tasks before.
inline bool group::end_alone(worker *me) noexcept {
  const std::uint32_t own = credit_of(me);
  if (own == 0 || count_.load(std::memory_order_acquire) != one_handle + own) return false;
  scheduler::forget_credit(*me);
  delete this;
  return true;
}

} // namespace weft::core
