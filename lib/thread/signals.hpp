// The signal mask of weft's own threads, and of the processes that their tasks start. See the guide, signals.md.
//
// Owns the list of signals that workers leave to the host. Knows nothing of pools.
#pragma once

#include <csignal>

namespace weft::core {

// How a thread of weft's gets its mask.
struct signal_settings {
  bool blocks = false; // the signals that are the host's, beside those in `base`
  bool fixed = false;  // it has `base`; else it has the mask of the thread that starts it
  sigset_t base{};     // the mask without what weft blocks

  // As for a thread that the calling one makes; by a task of a worker, as for one that the worker's maker makes.
  static signal_settings from_here(bool blocks) noexcept;
  // Of a thread that the calling one is about to start, and which is to inherit its mask.
  void settle_for_start() noexcept;
  sigset_t mask() const noexcept;
};

// The mask of the calling thread without what weft has blocked in it: for processes that it starts.
sigset_t process_signal_mask() noexcept;

// In the child of a fork, in the thread that forked: back to that mask, unless the program has changed it.
void restore_mask_in_child(const signal_settings &of_this_thread) noexcept;

} // namespace weft::core
