// What the process uses, as the system sees it: the same for every allocator and language.
#ifndef WEFT_BENCH_RESOURCES_HPP
#define WEFT_BENCH_RESOURCES_HPP

#include <cstdint>
#include <cstdio>
#include <ctime>
#include <memory>
#include <unistd.h>

namespace bench {

/// Memory that is really there, in whole pages.
inline std::int64_t resident_bytes() {
  const std::unique_ptr<std::FILE, int (*)(std::FILE *)> file(std::fopen("/proc/self/statm", "r"), std::fclose);
  long long all = 0, resident = 0;
  if (!file || std::fscanf(file.get(), "%lld %lld", &all, &resident) != 2) return -1;
  return resident * sysconf(_SC_PAGESIZE);
}

/// CPU time of all threads, in nanoseconds.
inline std::int64_t cpu_time() {
  timespec used;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<std::int64_t>(used.tv_sec) * 1'000'000'000 + used.tv_nsec;
}

} // namespace bench

#endif
