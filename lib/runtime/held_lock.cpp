#include "runtime/held_lock.hpp"

#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/system.hpp"

namespace weft::core {
namespace {

// Reads at most `room` bytes of a file in /proc. 0: it cannot be read.
std::size_t read_file(const char *path, void *into, std::size_t room, off_t from) noexcept {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  const ssize_t got = pread(file, into, room, from);
  close(file);
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

// The address of the lock that a thread waits for in the system; 0: none. /proc has a line with the
// number of the system call and its arguments in hexadecimal:
//   202 0x7f... 0x80 0x2 ...
// A lock of the C library waits until its word is no longer 2. Condition variables, semaphores and
// weft itself wait in other ways.
std::uintptr_t lock_awaited_by(std::uint64_t native_id) noexcept {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/self/task/%llu/syscall", static_cast<unsigned long long>(native_id));
  char line[200];
  const std::size_t length = read_file(path, line, sizeof line - 1, 0);
  line[length] = '\0';
  long number = 0;
  unsigned long address = 0, operation = 0, value = 0;
  if (std::sscanf(line, "%ld 0x%lx 0x%lx 0x%lx", &number, &address, &operation, &value) != 4) return 0;
  // FUTEX_WAIT, private or not.
  const bool waits = number == SYS_futex && (operation & ~0x80ul) == 0;
  return waits && value == 2 ? address : 0;
}

} // namespace

// The lock may be gone at this second look. So memory is read through the system, which also
// answers for an address that is not mapped.
//
// A lock of the C library (that of exit(), or of a stream) is recursive: behind its word and a
// count it has its holder as a pthread_t. A mutex has the number of its holder there, then the
// count of its users and its kind.
bool waits_for_lock_of_caller(std::uint64_t native_id) noexcept {
  const std::uintptr_t address = lock_awaited_by(native_id);
  if (address == 0) return false;
  std::int32_t words[5] = {}; // the word, the count, the number of the holder, users, kind
  if (read_file("/proc/self/mem", words, sizeof words, static_cast<off_t>(address)) != sizeof words || words[0] != 2)
    return false;
  const pthread_t self = pthread_self();
  if (words[1] > 0 && std::memcmp(&words[2], &self, sizeof self) == 0) return true;
  return words[2] == static_cast<std::int32_t>(current_native_id()) && words[3] == 1 && (words[4] & ~0x1ff) == 0;
}

} // namespace weft::core
