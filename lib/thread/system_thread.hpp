// The system's thread behind a thread object: made, then joined once, or let go.
//
// Outlives the object if need be: a thread that is past its end still runs a few instructions of ours and of the
// system's. The roster keeps what has departed until the system has taken it away, so that somebody can wait for that.
#pragma once

#include <csignal>
#include <cstdint>
#include <mutex>

#include "base/atomic.hpp"
#include "base/refs.hpp"

// Boost.Thread only names its class here; its headers stay in system_thread.cpp.
namespace boost {
class thread;
namespace detail {
struct thread_data_base;
}
} // namespace boost

namespace weft::core {

class system_thread final : public shared_object<system_thread> {
public:
  system_thread() = default;
  ~system_thread();

  static std::uint64_t usual_stack_size() noexcept;
  // Run body(ctx) on it, with this signal mask; null: that of the caller. False: the system refuses. Throws
  // std::bad_alloc.
  bool start(std::uint64_t stack_size, const sigset_t *mask, void (*body)(void *ctx), void *ctx);

  // First on the new thread.
  void note_arrival(std::uint64_t native_id) noexcept;

  // Look for its end a while, without sleeping. False: it did not come, or another one joins it, or has.
  bool join_if_soon() noexcept;
  // Wait for its end in the system, which wakes the caller once. False: another one does, or has.
  bool join() noexcept;
  // Collect it once its end has been heard of. Many may call it.
  void reap() noexcept;
  // Nobody will ask for it any more, except whether it is gone.
  void let_go() noexcept;
  // Joined, or no longer known to the system.
  bool gone() const noexcept;

private:
  friend class roster;
  bool join_soon_locked() noexcept;
  void join_locked() noexcept;
  void joined_locked() noexcept;

  // Both written by the thread before its end, which is waited for or heard of before they are read.
  boost::detail::thread_data_base *known_ = nullptr;
  atomic<std::uint64_t> native_id_{0};
  atomic<bool> reaped_{false}; // written under mutex_

  native_mutex mutex_;                     // joining; held as long as that takes
  boost::thread *made_ = nullptr;          // under mutex_
  system_thread *next_departed_ = nullptr; // the roster's, under its mutex
};

} // namespace weft::core
