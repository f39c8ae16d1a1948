// errno as the host has left it.
#pragma once

#include <cerrno>

namespace weft::core {

// A host may look at errno after a call of weft that succeeded. It finds what it left there.
class errno_kept {
public:
  errno_kept() noexcept = default;
  errno_kept(const errno_kept &) = delete;
  errno_kept &operator=(const errno_kept &) = delete;
  ~errno_kept() { errno = before_; }

private:
  const int before_ = errno;
};

} // namespace weft::core
