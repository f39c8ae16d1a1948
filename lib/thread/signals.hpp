// The signal mask of weft's own threads, and of the processes that their tasks start.
//
// Owns the list of signals that workers leave to the host. Knows nothing of pools. Read on in
// README.md, "Signals", and in the guide (signals.md).
#pragma once

#include <csignal>

namespace weft::core {

// How a thread of weft's gets its mask.
struct signal_settings {
  // The mask also blocks the signals of the host.
  bool blocks = false;
  // The mask is made from `base`. Else the thread has the mask of the thread that starts it.
  bool fixed = false;
  sigset_t base{}; // the mask without what weft blocks

  // For a thread that the calling one makes. If a task of a worker makes it: as for a thread that
  // the maker of the worker makes.
  static signal_settings from_here(bool blocks) noexcept;
  // For a thread that the calling one is about to start, and that inherits its mask.
  void settle_for_start() noexcept;
  sigset_t mask() const noexcept;
};

// The calling thread's mask without what weft blocks in it: for processes that it starts.
sigset_t process_signal_mask() noexcept;

// In the child of a fork, by the thread that forked: go back to `base`, unless the program has
// changed the mask.
void restore_mask_in_child(const signal_settings &of_this_thread) noexcept;

} // namespace weft::core
