#include "base/event_descriptor.hpp"

#include <cstdint>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/errno_kept.hpp"

namespace weft::core {

bool event_descriptor::open(bool readable) noexcept {
  const errno_kept kept;
  number_ = ::eventfd(readable ? 1 : 0, EFD_CLOEXEC | EFD_NONBLOCK);
  return is_open();
}

void event_descriptor::close() noexcept {
  if (!is_open()) return;
  const errno_kept kept;
  static_cast<void>(::close(number_)); // on Linux it is closed, whatever this returns
  number_ = -1;
}

void event_descriptor::raise() noexcept {
  if (!is_open()) return;
  const errno_kept kept;
  const std::uint64_t one = 1;
  // Fails only if the count is at its maximum. It is readable then.
  if (::write(number_, &one, sizeof one) < 0) return;
}

void event_descriptor::lower() noexcept {
  if (!is_open()) return;
  const errno_kept kept;
  std::uint64_t count;
  // Fails only if it is not readable, as it should be.
  if (::read(number_, &count, sizeof count) < 0) return;
}

} // namespace weft::core
