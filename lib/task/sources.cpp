#include "task/sources.hpp"

#include <algorithm>
#include <vector>

#include "task/continuation.hpp"
#include "task/owner.hpp"
#include "task/wait.hpp"
#include "task/when.hpp"
#include "thread/wait_graph.hpp"

namespace weft::core {
namespace {

// How far a walk goes. Many gatherings may share a future, so a walk without a limit could take
// exponential time. Beyond the limit everything counts as possible, and nothing is run here.
struct reach {
  int steps = 100'000;
  int nested = 64; // gatherings inside each other
  // The links that stay pinned while a walk under the graph's lock is inside a gathering: that of
  // the member, and that by which the walk has come to the gathering. A circle leads to them again.
  const source_link *pinned[128];
  int pins = 0;

  bool has_pinned(const source_link &link) const noexcept {
    return std::find(pinned, pinned + pins, &link) != pinned + pins;
  }
};

bool may_end_within(const task &which, const wait_graph &graph, reach &left) noexcept;

// The source is done, so a thread is about to call the entry. Unless that thread is stuck in a
// callback that comes before it.
bool will_be_called(const source_link &entry, const wait_graph &graph) noexcept {
  return !graph.is_stuck_one([&entry](const record &who) noexcept { return is_about_to_call(who, entry); });
}

// The walk has come by the link `from`, which it has pinned; null: it begins here.
bool members_may_end(const gathering &whole, const source_link *from, const wait_graph &graph, reach &left) noexcept {
  const bool all = whole.mode() == gather::all;
  if (left.nested == 0) return true;
  --left.nested;
  const int pins_before = left.pins;
  if (from != nullptr) left.pinned[left.pins++] = from;
  bool answer = all;
  for (const gathering::member &m : whole) {
    if (left.has_pinned(m)) { // a circle, which counts as beyond the limit
      answer = true;
      break;
    }
    const task *const source = m.pin();
    if (source == nullptr) {
      // The member was called. For a when_any that is enough; a when_all has one member less to
      // wait for.
      if (all) continue;
      answer = true;
      break;
    }
    left.pinned[left.pins++] = &m;
    const bool possible = source->done() ? will_be_called(m, graph) : may_end_within(*source, graph, left);
    --left.pins;
    m.unpin();
    if (possible == all) continue;
    answer = possible;
    break;
  }
  ++left.nested;
  left.pins = pins_before;
  return answer;
}

// A chain is walked from pin to pin. While this thread pins the link of a continuation, the
// continuation is alive too: the reference of its source's list is given back only after the link
// is cut.
bool may_end_within(const task &which, const wait_graph &graph, reach &left) noexcept {
  const task *at = &which;
  const source_link *pinned = nullptr;
  const auto step_to = [&pinned](const source_link *next) noexcept {
    if (const source_link *const last = std::exchange(pinned, next); last != nullptr) last->unpin();
  };
  bool answer = true;
  while (--left.steps > 0) {
    const bool linked = at->state() == pending && at->pending_owner() == nullptr;
    if (linked && at->is_gathering()) {
      answer = members_may_end(gathering::of(const_cast<task &>(*at)), pinned, graph, left);
      break;
    }
    if (!linked || !at->is_continuation()) {
      // A promise may always be completed. The other kinds are judged by task::may_end().
      answer = linked || task::may_end(at, graph);
      break;
    }
    const source_link &link = continuation::of(*at).link();
    if (left.has_pinned(link)) break; // a circle, which counts as beyond the limit
    const task *const source = link.pin();
    if (source == nullptr) break; // it is about to run, or is done
    step_to(&link);
    if (source->done()) {
      answer = will_be_called(link, graph);
      break;
    }
    at = source;
  }
  step_to(nullptr);
  return answer;
}

lent lend_within(task &wanted, const helper &by, lending how, reach &left);

lent lend_member(task &whole, const helper &by, lending how, reach &left) {
  const gathering &all = gathering::of(whole);
  // Another member of a when_any may be nearly done, and the waiter would sit in this one. So a
  // member is left to other workers if one of these could start it.
  if (all.mode() == gather::any && how == lending::now) how = lending::if_needed;
  if (left.nested == 0) return lent::no;
  --left.nested;
  lent answer = lent::no;
  for (const gathering::member &m : all) {
    if (whole.done() || (answer == lent::yes && !by.goes_on())) break;
    const task_reference source(m);
    if (source.get() == nullptr) continue;
    answer = std::max(answer, lend_within(*source.get(), by, how, left));
    if (answer == lent::yes && all.mode() == gather::any) break;
  }
  ++left.nested;
  return answer;
}

lent lend_within(task &wanted, const helper &by, lending how, reach &left) {
  // Down the chain to what could run, then up again, as each task makes the next one ready.
  std::vector<task_reference> path;
  for (task *at = &wanted; at->state() == pending && at->pending_owner() == nullptr && at->is_continuation();) {
    if (--left.steps <= 0) return lent::no;
    task_reference source(continuation::of(*at).link());
    if (source.get() == nullptr) break;
    at = source.get();
    path.push_back(std::move(source));
  }
  const auto lend = [&](task &one) {
    if (one.state() != pending) return lent::no;
    if (one.pending_owner() != nullptr) return try_lend(one, by, how);
    return --left.steps > 0 && one.is_gathering() ? lend_member(one, by, how, left) : lent::no;
  };
  lent answer = lent::no;
  for (; !path.empty(); path.pop_back()) {
    task &deepest = *path.back().get();
    if (deepest.done()) continue;
    if (answer == lent::yes && !by.goes_on()) return answer;
    const lent got = lend(deepest);
    answer = std::max(answer, got);
    if (got != lent::yes || !deepest.done()) return answer; // only a member of it has run
  }
  if (answer == lent::yes && !by.goes_on()) return answer;
  return std::max(answer, lend(wanted));
}

} // namespace

bool sources_may_end(const task &which, const wait_graph &graph) noexcept {
  reach left;
  return may_end_within(which, graph, left);
}

lent lend_source(task &wanted, const helper &by, lending how) {
  reach left;
  return lend_within(wanted, by, how, left);
}

} // namespace weft::core
