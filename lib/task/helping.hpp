// What a wait may run while it waits, for how long and how deep: one rule and one loop for all
// waits inside tasks.
//
// Owns the rule, the depth of nested waits and the loop. Knows nothing of what is waited for: each
// kind of wait brings that (wait_and_help). The rule is in the guide (helping.md), the reasons in
// README.md, "What a wait may run".
#pragma once

#include <optional>
#include <utility>

#include <weft/base.h>

#include "base/clock.hpp"
#include "task/owner.hpp"
#include "task/task.hpp"
#include "thread/blocking.hpp"
#include "thread/record.hpp"
#include "thread/wait_graph.hpp"

namespace weft::core {

using lent = task_owner::lent;

enum class lending {
  if_needed, // as task_owner::haste
  now,
  // Also what a when_any may not need: otherwise this wait would never end.
  last_resort
};

// How much room the stack has for one more task.
enum class room_left { none, some, unknown };
room_left look_up_room(record &self, std::uintptr_t at) noexcept;
[[gnu::always_inline]] inline room_left stack_room(record &self) noexcept {
  const auto at = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  return at - self.help_floor < self.help_span ? room_left::some : look_up_room(self, at);
}

// A waiter, as far as it may run something.
class helper {
public:
  // Eager and without a limit, it runs what it needs at once. Otherwise it runs only what no other
  // worker could begin.
  helper(record &who, deadline until, bool eager) noexcept
      : self(who), how(eager && until.is_never() ? lending::now : lending::if_needed), by{who.top, who.inside, until} {}

  // Something may begin here and now. The last resort needs this too.
  bool may_begin() const noexcept { return self.top != nullptr && has_time() && stack_room(self) != room_left::none; }
  bool has_time() const noexcept { return by.has_time(); }
  // Asked between two tasks that run for this wait.
  bool goes_on() const noexcept { return has_time() && !stop_requested(self); }

  record &self;
  lending how;
  const helping by;
};

// Around what a wait runs. On a stack of unknown size it counts how deeply such waits are nested.
class helping_scope {
public:
  explicit helping_scope(record &self) noexcept : self_(self) {
    counted_ = stack_room(self) == room_left::unknown;
    if (counted_) ++self_.helps_unmeasured;
  }
  ~helping_scope() {
    if (counted_) --self_.helps_unmeasured;
  }
  helping_scope(const helping_scope &) = delete;
  helping_scope &operator=(const helping_scope &) = delete;

private:
  record &self_;
  bool counted_;
};

// For blocked_thread::hand: runs tasks that others wait for.
extern const lending_hand hand_for_tasks;
// Run what the graph has offered, and give its reference back.
lent run_offered(const helpful_sleep &slept, const helper &mine);

// How long a wait sleeps before it looks again at what it has left to other workers.
inline constexpr std::int64_t look_again_after = 10 * WEFT_MILLISECOND;

// The loop of a wait. `what` brings:
//   bool over()                     what is waited for has happened
//   lent lend(const helper &)       run something that it needs
//   bool awaits_executor()          it needs a future whose executor does not have the task yet
//   weft_status sleep(deadline, helpful_sleep &)   as sleep_until()
template <class Wait> weft_status wait_and_help(record &self, deadline until, bool eager, Wait &&what) {
  helper mine(self, until, eager);
  std::optional<wait_graph::interest> interest;
  const lending usual = mine.how;
  bool may_circle = true;
  // No other worker can run what this wait left to them. So it looks once as if there were none.
  bool is_asked = false;
  const auto lend = [&](lending how) {
    const helping_scope here(self);
    mine.how = how;
    const lent got = what.lend(mine);
    mine.how = usual;
    return got;
  };
  for (;;) {
    if (what.over()) return WEFT_OK;
    if (until.passed()) return WEFT_ETIMEDOUT;
    if (stop_requested(self)) return WEFT_EINTERRUPTED;
    helpful_sleep sleeping;
    sleeping.interested = interest.has_value();
    if (interest) sleeping.news_seen = wait_graph::instance().news();
    const bool may = mine.may_begin();
    const bool was_asked = std::exchange(is_asked, false);
    lent got = may ? lend(was_asked ? lending::last_resort : usual) : lent::no;
    if (got == lent::no && self.top != nullptr && !interest && what.awaits_executor()) {
      interest.emplace();
      continue; // the graph tells only of later submits
    }
    if (got != lent::yes) {
      if (may && may_circle) sleeping.hand = &hand_for_tasks;
      sleeping.leaves = got == lent::left;
      if (sleeping.leaves || was_asked) sleeping.next_look = now_ns() + look_again_after;
      const weft_status status = what.sleep(until, sleeping);
      if (status == WEFT_OK) {
        may_circle = true;
        is_asked = sleeping.leaves && sleeping.was_asked;
        continue;
      }
      if (status != WEFT_EDEADLK) return status;
      // Only what runs here can end the wait now.
      if (sleeping.offered != nullptr) {
        got = run_offered(sleeping, mine);
      } else if (may) {
        got = lend(lending::last_resort);
      }
      if (got != lent::yes && sleeping.offered == nullptr) return what.over() ? WEFT_OK : status;
    }
    may_circle = got == lent::yes;
    // A request that came while something ran here was meant for the waiter, whatever became of
    // what it waits for.
    if (may_circle && stop_requested(self)) return WEFT_EINTERRUPTED;
  }
}

} // namespace weft::core
