// A descriptor that can be made readable and unreadable, for a host to poll. An eventfd, which is
// opened when the host first asks for it.
//
// Knows nothing of what the host waits for, and has no lock: the owner calls all functions under a
// lock of its own. raise() and lower() are one system call each while it is open, and no-ops
// before.
#pragma once

namespace weft::core {

class event_descriptor {
public:
  event_descriptor() noexcept = default;
  ~event_descriptor() { close(); }
  event_descriptor(const event_descriptor &) = delete;
  event_descriptor &operator=(const event_descriptor &) = delete;

  bool is_open() const noexcept { return number_ >= 0; }
  int number() const noexcept { return number_; }

  // False: the system has no descriptor left.
  bool open(bool readable) noexcept;
  void close() noexcept;
  void raise() noexcept;
  void lower() noexcept;

private:
  int number_ = -1;
};

} // namespace weft::core
