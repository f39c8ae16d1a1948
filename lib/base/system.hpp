// What the machine offers this process: CPUs under the affinity mask and the quota of the control group.
#pragma once

#include <cstdint>
#include <string>

namespace weft::core {

// At least 1. Read once; later changes of the mask or quota are not followed.
std::uint32_t usable_cpus() noexcept;

// The CPUs that a quota allows, rounded up; 0: no quota. `proc` and `cgroup` are the roots of the two file systems,
// parameters so that tests can give fake ones.
std::uint32_t cgroup_cpu_limit(const std::string &proc, const std::string &cgroup);

// The name as the system shows it: at most 15 bytes, cut so that a number at its end survives, on a character border.
std::string system_thread_name(const std::string &name);

std::uint64_t current_native_id() noexcept;

// Makes every other thread of the process pass a full memory barrier before this returns. So a rare reader pays for the
// order that frequent writers then need not pay for: they write, keep the compiler from reordering, and read.
void barrier_in_all_threads() noexcept;

} // namespace weft::core
