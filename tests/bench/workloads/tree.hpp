// W4: a binary tree of tasks, each of which makes the next two.
//
// A peer for this file: as for post.hpp; or, if it has its own way, a class with run_tree<Node>.
#ifndef WEFT_BENCH_WORKLOADS_TREE_HPP
#define WEFT_BENCH_WORKLOADS_TREE_HPP

#include "frame/program.hpp"
#include "workloads/post.hpp"

namespace bench {

/// A tree of this depth has 2^depth - 1 tasks.
inline unsigned tree_depth(const measurement &m) {
  return static_cast<unsigned>(m.choose(20, 18, 8));
}

template <class P> struct tree_node {
  static inline P *pool = nullptr; // set before the first task
  unsigned depth;
  void operator()() const {
    tally::count();
    if (depth == 1) return;
    pool->post(tree_node{depth - 1});
    pool->post(tree_node{depth - 1});
  }
};

/// W4 by posting.
template <class P> void tree(measurement &m) {
  P pool(m.workers());
  tree_node<P>::pool = &pool;
  const unsigned depth = tree_depth(m);
  const std::uint64_t count = (std::uint64_t{1} << depth) - 1;
  m.report_per_piece(count, [&] {
    const std::uint64_t before = tally::total();
    const std::int64_t begin = now();
    pool.post(tree_node<P>{depth});
    finish(pool, m, before, count);
    return static_cast<nanoseconds>(now() - begin);
  });
}

} // namespace bench

#endif
