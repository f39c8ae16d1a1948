// What a task needs of the executor or group that it was given to: identity, lending, and what the
// wait graph asks. Executors and groups derive from it. The task layer knows no more of them.
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
  // The destructor of a derived class first takes the wait graph's lock once. So a thread that
  // found a pending task under that lock may still call the task's owner.
  virtual ~task_owner() = default;

  enum class haste {
    now,      // run it here if it has not started
    if_needed // leave it to another worker that could start it at once
  };
  enum class lent {
    no,   // this thread cannot run it
    left, // left to another worker that could start it at once
    // Something has run here: `wanted`, or what has to come before it. Or `wanted` was past its
    // token's deadline and has been cancelled here.
    yes
  };
  // A waiter asks to run `wanted` on its own stack. Only for threads that act for this owner.
  virtual lent lend(task &wanted, record &self, haste when, const helping &by) = 0;
  // Whether lend() could ever run something on that thread. Under the wait graph's lock, or on the
  // thread itself.
  virtual bool may_lend_to(const record & /*who*/) const noexcept { return false; }

  // Stuck threads keep its tasks from starting, on any thread. Under the wait graph's lock.
  virtual bool is_held(const wait_graph & /*graph*/) const noexcept { return false; }

  // Whether this pending task could start while the stuck threads stay stuck. Under the wait
  // graph's lock.
  virtual bool may_start(const task &pending, const wait_graph &graph) const noexcept = 0;

  // A counted task has left the pending state (task::set_counted). Gives back the reference that
  // the task held.
  virtual void left_queue() noexcept = 0;

  // When a thread that sleeps inside this owner should look at the time for it. INT64_MAX: never.
  virtual std::int64_t next_look() const noexcept { return INT64_MAX; }
  // Make ready what is due.
  virtual void look_at_time() {}

  enum class fate { run, drop };
  // Run a task of a group, or the branch of a join, that the caller has taken from a deque. Or drop
  // it, if it is not to start any more. `helps`: as in task::perform().
  virtual void run_spawned(task & /*taken*/, record & /*self*/, fate /*what*/, const helping * /*helps*/ = nullptr) {}
  // A worker gives back credit, which it had counted in advance: exec/group.hpp. The answer is what
  // is due now.
  virtual std::uint32_t take_credit_back(std::uint32_t /*count*/) noexcept { return 0; }
  // Do what the last take_credit_back() has said is due, unless that was 0. The owner may be gone
  // afterwards.
  virtual void settle_up(std::uint32_t /*due*/) noexcept {}
  // The worker whose deque held the task is about to sleep: keep the task where other threads find
  // it. False: no memory.
  virtual bool keep_spawned(task & /*taken*/) noexcept { return false; }
  // A withdrawal has cancelled a task of this group and dropped its closure only after the group
  // had come to the task: end it for the group.
  virtual void end_cancelled(task & /*dropped*/) noexcept {}
  // The executor that runs what is given to this one. It lives while a thread acts for this owner.
  virtual weft_executor *as_executor() noexcept { return nullptr; }
  // It runs under this runtime.
  virtual bool belongs_to(const roster & /*home*/) const noexcept { return false; }
  // A task without a future has ended with an error (borrowed).
  virtual void report(const weft_error *failure) = 0;
};

} // namespace weft::core
