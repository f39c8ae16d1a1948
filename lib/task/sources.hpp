// Walks from a future to what it depends on, along the links of continuations, when_all and
// when_any.
//
// Owns the limits of these walks. Knows the wait graph only as the caller of the first one, and
// executors not at all. Read on in README.md, "Pins".
#pragma once

#include "task/helping.hpp"
#include "task/task.hpp"

namespace weft::core {

class wait_graph;

// task::may_end() for a future that comes of others. Under the graph's lock.
bool sources_may_end(const task &which, const wait_graph &graph) noexcept;

// Let this thread run something that `wanted`, which is pending and in no queue, waits for.
lent lend_source(task &wanted, const helper &by, lending how);

} // namespace weft::core
