// What the system tells of this process (CPUs, threads, names, stacks), and barriers that it makes
// for all threads.
#pragma once

#include <cstdint>
#include <string>

#include "base/atomic.hpp"

namespace weft::core {

// At least 1: the CPUs of the affinity mask, less what the quota of the control group forbids. Read
// once. Later changes of mask or quota are not seen.
std::uint32_t usable_cpus() noexcept;

// The CPUs that a quota allows, rounded up. 0: no quota. `proc` and `cgroup` are the roots of the
// two file systems, so that tests can give fake ones.
std::uint32_t cgroup_cpu_limit(const std::string &proc, const std::string &cgroup);

// The name as the system shows it: at most 15 bytes, cut at the end of a character and so that a
// number at its end remains.
std::string system_thread_name(const std::string &name);

std::uint64_t current_native_id() noexcept;
bool is_main_thread() noexcept;              // of the calling thread
std::uint32_t threads_of_process() noexcept; // 0: the system does not tell

// The stack of the calling thread. Both 0: the system does not tell.
struct stack_bounds {
  std::uintptr_t lowest, end;
};
stack_bounds own_stack() noexcept;

// Makes every other thread of the process pass a full fence before this returns. So a rare reader
// pays for an order that frequent writers then get for nothing: they write, pass a compiler
// barrier, and read.
void barrier_in_all_threads() noexcept;

// Light and heavy barriers: the two full fences of a pair in which each thread writes one variable
// and then reads the other's. The side with the light barrier pays nothing. Where the system cannot
// do that, both are ordinary fences. For ThreadSanitizer, which understands neither, they are too.
// Before the first use. True: they are light.
bool prepare_light_barriers() noexcept;
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
