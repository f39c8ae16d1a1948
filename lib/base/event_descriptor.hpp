// A descriptor that can be made readable and unreadable: what a host polls. An eventfd, opened when it is first asked
// for.
//
// Knows nothing of what is waited for, and no lock: the owner calls everything under one of his own. raise() and
// lower() are a system call each while it is open, and nothing before that.
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

  // False: the system has none for us.
  bool open(bool readable) noexcept;
  void close() noexcept;
  void raise() noexcept;
  void lower() noexcept;

private:
  int number_ = -1;
};

} // namespace weft::core
