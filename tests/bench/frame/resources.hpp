// What the process uses, as the system sees it. That means the same for every allocator and language.
#ifndef WEFT_BENCH_RESOURCES_HPP
#define WEFT_BENCH_RESOURCES_HPP

#include <cstdint>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

namespace bench {

/// Resident memory, in whole pages.
inline std::int64_t resident_bytes() {
  const std::unique_ptr<std::FILE, int (*)(std::FILE *)> file(std::fopen("/proc/self/statm", "r"), std::fclose);
  long long all = 0, resident = 0;
  if (!file || std::fscanf(file.get(), "%lld %lld", &all, &resident) != 2) return -1;
  return resident * sysconf(_SC_PAGESIZE);
}

/// CPU time of all threads of the process.
///
/// Right after a burst the clock of the process is not enough. For a thread on another CPU it has the value of that
/// CPU's last tick. What the thread has used since, up to 4 ms, seems to be used later. Reading the clock of a thread
/// brings it up to date. The threads are those that exist when this object is made.
class cpu_clock {
public:
  cpu_clock() {
    for (const auto &each : std::filesystem::directory_iterator("/proc/self/task"))
      threads_.push_back(of_thread(static_cast<pid_t>(std::stol(each.path().filename()))));
  }
  /// In nanoseconds.
  std::int64_t read() const {
    for (const clockid_t each : threads_) read(each); // a thread that has ended is up to date
    return read(CLOCK_PROCESS_CPUTIME_ID);
  }

private:
  // The same ids as from pthread_getcpuclockid(), which needs a pthread_t.
  static clockid_t of_thread(pid_t id) { return static_cast<clockid_t>(~static_cast<unsigned>(id) << 3 | 6); }
  static std::int64_t read(clockid_t which) {
    timespec used{};
    clock_gettime(which, &used);
    return static_cast<std::int64_t>(used.tv_sec) * 1'000'000'000 + used.tv_nsec;
  }

  std::vector<clockid_t> threads_;
};

} // namespace bench

#endif
