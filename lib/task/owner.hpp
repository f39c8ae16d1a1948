// What a task needs of the executor that it was given to. The executors derive from it; the task layer knows no more.
#pragma once

#include <cstdint>

#include <weft/error.h>
#include <weft/executor.h>

#include "base/refs.hpp"

namespace weft::core {

class roster;
class task;
class wait_graph;
struct helping;
struct record;

class task_owner : public shared_object<task_owner> {
public:
  // A destructor of a derived class first takes the wait graph's lock once, so that whoever found a pending task under
  // that lock may still call its owner.
  virtual ~task_owner() = default;

  enum class haste {
    now,      // run it here if it has not started
    if_needed // leave it to another worker that could start it at once
  };
  enum class lent {
    no,   // it cannot be run here
    left, // to another worker that could start it at once
    yes   // something has run here: `wanted`, or what has to come before it; or `wanted` was past its token's deadline
          // and has been cancelled here
  };
  // A waiter asks to run `wanted` itself, on top of its stack. Only for threads that act for this owner.
  virtual lent lend(task &wanted, record &self, haste when, const helping &by) = 0;
  // Whether lend() could say yes to that thread, some time. Under the wait graph's lock, or on the thread itself.
  virtual bool may_lend_to(const record & /*who*/) const noexcept { return false; }

  // Stuck threads keep its tasks from starting: no thread could run one. Under the wait graph's lock.
  virtual bool is_held(const wait_graph & /*graph*/) const noexcept { return false; }

  // Could this pending task start while the stuck threads stay stuck? Under the wait graph's lock.
  virtual bool may_start(const task &pending, const wait_graph &graph) const noexcept = 0;

  // A task that was counted against a bound has left the pending state. Gives back the reference that it held.
  virtual void left_queue() noexcept = 0;

  // When a thread that sleeps inside should look at the time on behalf of this owner; INT64_MAX: never.
  virtual std::int64_t next_look() const noexcept { return INT64_MAX; }
  // Make ready what is due.
  virtual void look_at_time() {}

  enum class fate { run, drop };
  // Run a task of a group, or the branch of a join, which the caller has taken from a deque; or, if it is not to start
  // any more, drop it. helps: as task::perform().
  virtual void run_spawned(task & /*taken*/, record & /*self*/, fate /*what*/, const helping * /*helps*/ = nullptr) {}
  // A worker gives back what it had counted in advance, see lib/exec/group.hpp.
  virtual std::uint32_t take_credit_back(std::uint32_t /*count*/) noexcept { return 0; }
  // What the last one said is due; unless that was 0. The owner may be gone afterwards.
  virtual void settle_up(std::uint32_t /*due*/) noexcept {}
  // The worker whose deque held it is about to sleep: keep it where others find it.
  virtual bool keep_spawned(task & /*taken*/) noexcept { return false; }
  // A task of a group that was called off from elsewhere, its closure dropped only now, after the group had come to it.
  virtual void end_cancelled(task & /*dropped*/) noexcept {}
  // The executor that runs what is given to this one. Alive while a thread acts for this owner.
  virtual weft_executor *as_executor() noexcept { return nullptr; }
  // It runs under this runtime.
  virtual bool belongs_to(const roster & /*home*/) const noexcept { return false; }
  // A task without a future ended with an error (borrowed).
  virtual void report(const weft_error *failure) = 0;
};

} // namespace weft::core
