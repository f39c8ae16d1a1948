// Walks from a future to what it depends on, along the links of continuations, when_all and when_any.
#pragma once

#include "task/helping.hpp"
#include "task/task.hpp"

namespace weft::core {

class wait_graph;

// task::may_end for anything that has sources. Under the graph's lock.
bool sources_may_end(const task &which, const wait_graph &graph) noexcept;

// Let this thread run something that `wanted`, pending and in no queue, waits for.
lent lend_source(task &wanted, const helper &by, lending how);

} // namespace weft::core
