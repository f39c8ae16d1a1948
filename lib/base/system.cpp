#include "base/system.hpp"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace weft::core {
namespace {

std::uint32_t affinity_cpus() noexcept {
  // On a machine with many CPUs the mask is larger than cpu_set_t. This array takes 65536. The
  // kernel may leave a part unused.
  cpu_set_t masks[64];
  if (const long size = syscall(SYS_sched_getaffinity, 0, sizeof masks, masks); size > 0)
    if (const int count = CPU_COUNT_S(static_cast<std::size_t>(size), masks); count > 0)
      return static_cast<std::uint32_t>(count);
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? static_cast<std::uint32_t>(online) : 1;
}

// Without streams: they own memory that the shared object of the standard library allocates
// (operators.cpp). Empty: the file cannot be read.
std::string read_file(const std::string &path) {
  struct descriptor {
    int number;
    ~descriptor() {
      if (number >= 0) ::close(number);
    }
  } const file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  std::string text;
  char part[1024];
  for (ssize_t got; file.number >= 0 && (got = ::read(file.number, part, sizeof part)) > 0;)
    text.append(part, static_cast<std::size_t>(got));
  return text;
}

// Takes off what stands before the next `end`, and that `end`.
std::string_view take_field(std::string_view &rest, char end) noexcept {
  const std::size_t length = std::min(rest.find(end), rest.size());
  const std::string_view field = rest.substr(0, length);
  rest.remove_prefix(std::min(length + 1, rest.size()));
  return field;
}

bool lists(std::string_view names, std::string_view wanted) noexcept {
  while (!names.empty())
    if (take_field(names, ',') == wanted) return true;
  return false;
}

// Takes off the number at the beginning of the text. False: there is none.
bool take_number(const char *&text, double &value) noexcept {
  char *end = nullptr;
  value = std::strtod(text, &end);
  return std::exchange(text, end) != end;
}

std::uint32_t round_up(double quota, double period) {
  if (!(quota > 0) || !(period > 0)) return 0;
  const double cpus = std::clamp(quota / period, 0.0, 1e6);
  // Rounded up without libm, which a static program may not link.
  const auto whole = static_cast<std::uint32_t>(cpus);
  return std::max(1u, whole < cpus ? whole + 1 : whole);
}

std::uint32_t tighter(std::uint32_t a, std::uint32_t b) {
  return a == 0 ? b : b == 0 ? a : std::min(a, b);
}

// The limit of a group holds for its children too. So this climbs the path to the root, and the
// tightest limit counts.
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
  const std::string text = read_file(folder + "/cpu.max");
  const char *at = text.c_str();
  double quota = 0, period = 0;
  // "max" is no number.
  return take_number(at, quota) && take_number(at, period) ? round_up(quota, period) : 0;
}

std::uint32_t version_1_limit(const std::string &folder) {
  const std::string quota_text = read_file(folder + "/cpu.cfs_quota_us");
  const std::string period_text = read_file(folder + "/cpu.cfs_period_us");
  const char *quota_at = quota_text.c_str(), *period_at = period_text.c_str();
  double quota = 0, period = 0;
  return take_number(quota_at, quota) && take_number(period_at, period) ? round_up(quota, period) : 0;
}

} // namespace

std::uint32_t cgroup_cpu_limit(const std::string &proc, const std::string &cgroup) {
  const std::string groups = read_file(proc + "/self/cgroup");
  std::uint32_t limit = 0;
  for (std::string_view rest = groups; !rest.empty();) { // hierarchy:controllers:path
    std::string_view line = take_field(rest, '\n');
    const std::string_view hierarchy = take_field(line, ':');
    const std::string controllers(take_field(line, ':'));
    std::string path(line);
    if (path.empty()) continue;
    if (path == "/") path.clear();
    if (hierarchy == "0" && controllers.empty()) {
      limit = tighter(limit, tightest(cgroup, path, version_2_limit));
    } else if (lists(controllers, "cpu")) {
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
    } catch (...) { // memory was exhausted while reading: use the mask
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
  // The separator before the number belongs to the number: "a-long-prefix_12" becomes
  // "a-long-prefi_12".
  if (digits < name.size() && digits > 0 && (name[digits - 1] == '_' || name[digits - 1] == '-')) --digits;
  const std::string tail = name.size() - digits < room ? name.substr(digits) : std::string();
  std::size_t keep = room - tail.size();
  // Not inside a character.
  while (keep > 0 && (static_cast<unsigned char>(name[keep]) & 0xC0) == 0x80) --keep;
  return name.substr(0, keep) + tail;
}

bool is_main_thread() noexcept {
  return static_cast<std::uint64_t>(getpid()) == current_native_id();
}

std::uint64_t current_native_id() noexcept {
  return static_cast<std::uint64_t>(syscall(SYS_gettid));
}

// A directory has one link for itself, one in its parent, and one for each directory in it.
std::uint32_t threads_of_process() noexcept {
  struct stat found {};
  if (stat("/proc/self/task", &found) != 0 || found.st_nlink <= 2) return 0;
  return static_cast<std::uint32_t>(found.st_nlink - 2);
}

stack_bounds own_stack() noexcept {
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return {0, 0};
  void *lowest = nullptr;
  std::size_t size = 0;
  const bool known = pthread_attr_getstack(&attributes, &lowest, &size) == 0;
  pthread_attr_destroy(&attributes);
  if (!known) return {0, 0};
  const auto at = reinterpret_cast<std::uintptr_t>(lowest);
  return {at, at + size};
}

namespace {

// Linux since 4.14. The values of linux/membarrier.h, which older headers lack.
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
  // The system refuses, as some sandboxes do. A store buffer drains in far less than this.
  const timespec moment{0, 1'000'000};
  nanosleep(&moment, nullptr);
}

} // namespace weft::core
