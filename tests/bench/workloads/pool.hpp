// All workloads of a pool to which one can post, together.
#ifndef WEFT_BENCH_WORKLOADS_POOL_HPP
#define WEFT_BENCH_WORKLOADS_POOL_HPP

#include "workloads/pending.hpp"
#include "workloads/post.hpp"
#include "workloads/round_trip.hpp"

namespace bench {

template <class P> workloads pool() {
  return {{"W1", post_outside<P>},
          {"W3", post_inside<P>},
          {"W5", round_trip<P>},
          {"W8", pending_memory<P>},
          {"W9", idle<P>}};
}

} // namespace bench

#endif
