#include "runtime/exit.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <utility>
#include <vector>

#include <unistd.h>

#include "base/atomic.hpp"
#include "base/block.hpp"
#include "base/fork.hpp"
#include "base/log.hpp"
#include "runtime/held_lock.hpp"
#include "runtime/runtime.hpp"
#include "sched/scheduler.hpp"
#include "thread/blocking.hpp"
#include "thread/roster_find.hpp"

namespace weft::core {

void shut_down_at_exit();

namespace {

constexpr std::int64_t no_status = INT64_MIN;
// How long the exiting thread sleeps before it looks for lost threads again. Doubled each time.
constexpr std::int64_t first_gap = 10'000'000, longest_gap = 1'000'000'000;

// One for the process. README.md, "The end of the process", says which thread is the exiting one.
struct exit_state {
  // The record of the exiting thread. The release pairs with the acquire of a thread that finds
  // another thread's record here.
  atomic<record *> exiting{nullptr};
  // The first one that end_process() was called with. The release pairs with the acquire in
  // end_exit_turn().
  atomic<std::int64_t> status{no_status};
  // Stored before the exiting thread is unparked, which pairs with its park().
  atomic<bool> looks_again{false};
  // Of the exiting thread: it has called exit() with that status.
  bool chosen_here = false;
  // In a child of a fork: exit() of the C library may wait for ever.
  bool lock_is_lost = false;
  std::vector<const thread *> lost{};          // of the exiting thread
  std::int64_t next_look = 0, gap = first_gap; // of the exiting thread
};

exit_state &state() noexcept {
  // Never destroyed: the process ends while threads are in here.
  alignas(exit_state) static unsigned char room[sizeof(exit_state)];
  static auto *const made = ::new (room) exit_state;
  return *made;
}

const dependency nothing{nullptr, [](const void *, const wait_graph &) { return false; }};

void recall(exit_state &of) noexcept {
  of.looks_again.store(true, std::memory_order_release);
  if (record *const exiting = of.exiting.load(std::memory_order_acquire); exiting != nullptr) exiting->sleeper.unpark();
}

// Another thread ends the process. This one never goes on. It tells the wait graph so, and leaves
// the work of its worker to others.
[[noreturn]] void step_aside(exit_state &of, record &self) noexcept {
  flush_freed_blocks();
  if (self.worker != nullptr) {
    worker &me = *static_cast<worker *>(self.worker);
    me.home.begin_blocking(me, self);
  }
  if (self.before_sleep != nullptr) self.before_sleep(self);
  blocked_thread entry{&self, &nothing, 1, wait_for::all, false};
  wait_graph::instance().list(entry);
  recall(of);
  for (;;) self.sleeper.park(deadline::never());
}

[[noreturn]] void sleep_for_ever() noexcept {
  for (;;) pause();
}

// Finds a thread of weft that waits for a lock of the exiting thread. Null: there is none but the
// known ones.
shared<thread> find_lost(exit_state &in, roster &among) {
  std::vector<shared<thread>> candidates; // /proc is not read under the lock of the roster
  among.visit([&](thread &each) {
    const bool is_ours = each.role() == thread_role::target || each.role() == thread_role::worker;
    if (is_ours && !each.is_daemon() && !each.ended() &&
        std::find(in.lost.begin(), in.lost.end(), &each) == in.lost.end() && each.try_ref())
      candidates.push_back(adopt(&each));
  });
  for (shared<thread> &each : candidates)
    if (waits_for_lock_of_caller(each->native_id())) return std::move(each);
  return nullptr;
}

void give_up(exit_state &in, const shared<thread> &lost) {
  in.lost.push_back(lost.get());
  record *const its = lost->own_record();
  // Lives as long as the process.
  auto *const entry = new blocked_thread{its, &nothing, 1, wait_for::all, false};
  wait_graph::instance().list(*entry);
  if (its->worker != nullptr) static_cast<worker *>(its->worker)->home.free_slot();
  lost->ref(); // the entry points to its record
  log_line({"thread ", lost->name(),
            " waits for a lock that the exiting thread holds, as in exit() of the C library; "
            "the process ends without it (weft_exit may be called by every thread)"},
           WEFT_LOG_WARNING);
}

} // namespace

void end_process(int status) noexcept {
  exit_state &s = state();
  if (awaits_reset() || s.lock_is_lost) {
    shut_down_at_exit();
    std::fflush(nullptr);
    std::_Exit(status);
  }
  std::int64_t none = no_status;
  const bool first = s.status.compare_exchange_strong(none, status, std::memory_order_acq_rel);
  record *const self = current_record();
  record *exiting = nullptr;
  if (!s.exiting.compare_exchange_strong(exiting, self, std::memory_order_acq_rel) && exiting != self) {
    if (self == nullptr) sleep_for_ever();
    step_aside(s, *self);
  }
  s.chosen_here = true;
  std::exit(first ? status : static_cast<int>(s.status.load(std::memory_order_relaxed)));
}

void begin_exit_turn() noexcept {
  state().exiting.store(current_record(), std::memory_order_release);
}

void end_exit_turn() noexcept {
  exit_state &s = state();
  const std::int64_t status = s.status.load(std::memory_order_acquire);
  // Inside a handler. The C library goes on with the handlers that are left, and ends with this
  // status.
  if (status != no_status && !std::exchange(s.chosen_here, true)) std::exit(static_cast<int>(status));
}

weft_status wait_in_exit(record &self, completion &end, dependency on) {
  struct wake_on_end : observer {
    explicit wake_on_end(parker &who) noexcept
        : observer([](observer &told, bool /*failed*/, wake_list &sleepers) noexcept {
            sleepers.add(static_cast<wake_on_end &>(told).sleeper);
          }),
          sleeper(who) {}
    parker &sleeper;
  } waker(self.sleeper);
  if (!end.add(waker)) return WEFT_OK;
  struct no_longer {
    completion &from;
    observer &entry;
    ~no_longer() { from.remove(entry); }
  } const at_end{end, waker};
  exit_state &s = state();
  flush_freed_blocks();
  if (self.before_sleep != nullptr) self.before_sleep(self);
  for (;;) {
    // A thread that stores it later is in the graph by now, or unparks this thread.
    s.looks_again.store(false, std::memory_order_relaxed);
    blocked_thread entry{&self, &on, 1, wait_for::all, false};
    if (!wait_graph::instance().enter(entry)) return end.finished() ? WEFT_OK : WEFT_EDEADLK;
    const deadline look = deadline::after(s.gap);
    bool stops = false;
    while (!end.finished() && !look.passed() && !s.looks_again.load(std::memory_order_acquire)) {
      if (stops = stop_requested(self); stops) break;
      self.sleeper.park(look);
    }
    wait_graph::instance().leave(entry);
    if (end.finished()) return WEFT_OK;
    if (stops) return WEFT_EINTERRUPTED;
    look_in_exit();
  }
}

void look_in_exit() {
  exit_state &s = state();
  const std::int64_t now = now_ns();
  if (now < s.next_look) return;
  s.gap = std::min(s.gap * 2, longest_gap);
  s.next_look = now + s.gap;
  runtime::visit_all([&s](runtime &each) {
    while (const shared<thread> lost = find_lost(s, each)) give_up(s, lost);
  });
}

void forget_exit_turn() noexcept {
  exit_state &s = state();
  const record *const exiting = s.exiting.exchange(nullptr, std::memory_order_relaxed);
  if (exiting != nullptr && exiting != existing_record()) s.lock_is_lost = true;
  s.status.store(no_status, std::memory_order_relaxed);
  s.chosen_here = false;
  s.lost.clear();
}

} // namespace weft::core
