// Walks from a future to what it depends on, along the links of continuations, when_all and when_any.
#pragma once

#include "task/task.hpp"

namespace weft::core {

class wait_graph;
struct record;

// task::may_end for anything that has sources. Under the graph's lock.
bool sources_may_end(const task &which, const wait_graph &graph) noexcept;

enum class lending {
  if_needed, // as task_owner::haste
  now,
  last_resort // also what when_any needs only perhaps: otherwise this wait would never end
};

// Let this thread run something that `wanted`, pending and in no queue, waits for. True: something has run.
bool lend_source(task &wanted, record &self, lending how);

} // namespace weft::core
