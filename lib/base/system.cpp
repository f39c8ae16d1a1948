#include "base/system.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <regex>
#include <sstream>

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace weft::core {
namespace {

std::uint32_t affinity_cpus() noexcept {
  // The mask of a machine with many CPUs is larger than cpu_set_t: ask with more room until the kernel is content.
  for (int cpus = CPU_SETSIZE; cpus <= CPU_SETSIZE * 64; cpus *= 2) {
    cpu_set_t *const mask = CPU_ALLOC(static_cast<std::size_t>(cpus));
    if (mask == nullptr) break;
    const std::size_t size = CPU_ALLOC_SIZE(static_cast<std::size_t>(cpus));
    const bool known = sched_getaffinity(0, size, mask) == 0;
    const int count = known ? CPU_COUNT_S(size, mask) : 0;
    CPU_FREE(mask);
    if (known && count > 0) return static_cast<std::uint32_t>(count);
  }
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? static_cast<std::uint32_t>(online) : 1;
}

std::uint32_t round_up(double quota, double period) {
  if (!(quota > 0) || !(period > 0)) return 0;
  return static_cast<std::uint32_t>(std::clamp(std::ceil(quota / period), 1.0, 1e6));
}

std::uint32_t tighter(std::uint32_t a, std::uint32_t b) {
  return a == 0 ? b : b == 0 ? a : std::min(a, b);
}

// A group's limit holds for its children too, so the path is climbed to the root and the tightest limit counts.
template <class Read> std::uint32_t tightest(const std::string &root, std::string group, Read read) {
  std::uint32_t limit = 0;
  for (;;) {
    limit = tighter(limit, read(root + group));
    const auto slash = group.find_last_of('/');
    if (group.empty() || slash == std::string::npos) return limit;
    group.erase(slash);
  }
}

std::uint32_t version_2_limit(const std::string &folder) {
  std::ifstream file(folder + "/cpu.max");
  std::string quota;
  double period = 0;
  if (!(file >> quota >> period) || quota == "max") return 0;
  return round_up(std::strtod(quota.c_str(), nullptr), period);
}

std::uint32_t version_1_limit(const std::string &folder) {
  std::ifstream quota_file(folder + "/cpu.cfs_quota_us"), period_file(folder + "/cpu.cfs_period_us");
  double quota = 0, period = 0;
  if (!(quota_file >> quota) || !(period_file >> period)) return 0;
  return round_up(quota, period);
}

} // namespace

std::uint32_t cgroup_cpu_limit(const std::string &proc, const std::string &cgroup) {
  std::ifstream groups(proc + "/self/cgroup");
  std::uint32_t limit = 0;
  for (std::string line; std::getline(groups, line);) { // hierarchy:controllers:path
    std::istringstream fields(line);
    std::string hierarchy, controllers, path;
    if (!std::getline(fields, hierarchy, ':') || !std::getline(fields, controllers, ':') || !std::getline(fields, path))
      continue;
    if (path == "/") path.clear();
    const bool manages_cpu = std::regex_search(controllers, std::regex("(^|,)cpu(,|$)"));
    if (hierarchy == "0" && controllers.empty()) {
      limit = tighter(limit, tightest(cgroup, path, version_2_limit));
    } else if (manages_cpu) {
      for (const std::string &folder : {controllers, std::string("cpu")})
        limit = tighter(limit, tightest(std::string(cgroup).append("/").append(folder), path, version_1_limit));
    }
  }
  return limit;
}

std::uint32_t usable_cpus() noexcept {
  static const std::uint32_t count = [] {
    const std::uint32_t cpus = affinity_cpus();
    try {
      const std::uint32_t limit = cgroup_cpu_limit("/proc", "/sys/fs/cgroup");
      return limit == 0 ? cpus : std::min(cpus, limit);
    } catch (...) { // out of memory while reading: the mask is a good answer too
      return cpus;
    }
  }();
  return count;
}

std::string system_thread_name(const std::string &name) {
  constexpr std::size_t room = 15;
  if (name.size() <= room) return name;
  std::size_t digits = name.size();
  while (digits > 0 && name[digits - 1] >= '0' && name[digits - 1] <= '9') --digits;
  // The separator before the number belongs to it: "a-long-prefix_12" becomes "a-long-prefi_12".
  if (digits < name.size() && digits > 0 && (name[digits - 1] == '_' || name[digits - 1] == '-')) --digits;
  const std::string tail = name.size() - digits < room ? name.substr(digits) : std::string();
  std::size_t keep = room - tail.size();
  while (keep > 0 && (static_cast<unsigned char>(name[keep]) & 0xC0) == 0x80) --keep; // not inside a character
  return name.substr(0, keep) + tail;
}

std::uint64_t current_native_id() noexcept {
  return static_cast<std::uint64_t>(syscall(SYS_gettid));
}

namespace {

// Linux since 4.14. Values of linux/membarrier.h, which older headers lack.
constexpr int private_expedited = 1 << 3, register_private_expedited = 1 << 4;

bool membarrier_is_available() noexcept {
  static const bool available = syscall(SYS_membarrier, register_private_expedited, 0, 0) == 0 &&
                                syscall(SYS_membarrier, private_expedited, 0, 0) == 0;
  return available;
}

} // namespace

bool prepare_light_barriers() noexcept {
#if !defined(__SANITIZE_THREAD__)
  if (membarrier_is_available()) barriers_are_light.store(true, std::memory_order_relaxed);
#endif
  return barriers_are_light.load(std::memory_order_relaxed);
}

void renew_light_barriers() noexcept {
  if (!barriers_are_light.load(std::memory_order_relaxed)) return;
  if (syscall(SYS_membarrier, register_private_expedited, 0, 0) != 0)
    barriers_are_light.store(false, std::memory_order_relaxed);
}

void barrier_in_all_threads() noexcept {
  full_fence();
  if (membarrier_is_available() && syscall(SYS_membarrier, private_expedited, 0, 0) == 0) return;
  // Refused, as some sandboxes do: a store buffer drains in far less than this.
  const timespec moment{0, 1'000'000};
  nanosleep(&moment, nullptr);
}

} // namespace weft::core
