// What the machine offers this process: CPUs under the affinity mask and the quota of the control group.
#pragma once

#include <cstdint>
#include <string>

#include "base/atomic.hpp"

namespace weft::core {

// At least 1. Read once; later changes of the mask or quota are not followed.
std::uint32_t usable_cpus() noexcept;

// The CPUs that a quota allows, rounded up; 0: no quota. `proc` and `cgroup` are the roots of the two file systems,
// parameters so that tests can give fake ones.
std::uint32_t cgroup_cpu_limit(const std::string &proc, const std::string &cgroup);

// The name as the system shows it: at most 15 bytes, cut so that a number at its end survives, on a character border.
std::string system_thread_name(const std::string &name);

std::uint64_t current_native_id() noexcept;
bool is_main_thread() noexcept;              // the calling one, of the process
std::uint32_t threads_of_process() noexcept; // 0: the system does not tell

// Where the stack of the calling thread lies; both 0: the system does not tell.
struct stack_bounds {
  std::uintptr_t lowest, end;
};
stack_bounds own_stack() noexcept;

// Makes every other thread of the process pass a full memory barrier before this returns. So a rare reader pays for the
// order that frequent writers then need not pay for: they write, keep the compiler from reordering, and read.
void barrier_in_all_threads() noexcept;

// Light and heavy barriers: a full fence on both sides of a "write, then look at the other's" pair, of which the side
// that calls the light one pays nothing. Where the system cannot do that, both are ordinary fences, and so they are
// for ThreadSanitizer, which understands neither.
bool prepare_light_barriers() noexcept; // before the first use; the answer is whether they are light
inline atomic<bool> barriers_are_light{false};
// In the child of a fork, before it has a second thread.
void renew_light_barriers() noexcept;

[[gnu::always_inline]] inline void light_barrier() noexcept {
  if (barriers_are_light.load(std::memory_order_relaxed))
    compiler_barrier();
  else
    full_fence();
}
inline void heavy_barrier() noexcept {
  if (barriers_are_light.load(std::memory_order_relaxed))
    barrier_in_all_threads();
  else
    full_fence();
}

} // namespace weft::core
