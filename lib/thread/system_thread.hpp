// The system's thread behind a thread object: made, then joined once or detached.
//
// Owns Boost's object for it. May outlive the thread object: a thread past its end still runs a few
// instructions of weft and of the system. The roster keeps the departed until the system knows them
// no longer, so that a caller can wait for that. Read on in README.md, "The end of a thread".
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
  // Run body(ctx) on a new thread with this signal mask. Null: the mask of the caller. False: the
  // system refuses. Throws std::bad_alloc.
  bool start(std::uint64_t stack_size, const sigset_t *mask, void (*body)(void *ctx), void *ctx);

  // Called first on the new thread.
  void note_arrival(std::uint64_t native_id) noexcept;

  // Look for its end a while, without sleeping. False: it did not come, or another thread joins it
  // or has joined it.
  bool join_if_soon() noexcept;
  // Wait for its end in the system, which wakes the caller once. False: another thread joins it or
  // has joined it.
  bool join() noexcept;
  // Join it after its end has been heard of. Several threads may call it.
  void reap() noexcept;
  // Detach it. From now on it is only asked whether it is gone.
  void let_go() noexcept;
  // It was joined, or the system knows it no longer.
  bool gone() const noexcept;

private:
  friend class roster;
  bool join_soon_locked() noexcept;
  void join_locked() noexcept;
  void joined_locked() noexcept;

  // Both are written by the thread before its end. They are read after that end was waited for or
  // heard of.
  boost::detail::thread_data_base *known_ = nullptr;
  atomic<std::uint64_t> native_id_{0};
  // Written under mutex_. The release pairs with the acquire of gone().
  atomic<bool> reaped_{false};

  native_mutex mutex_;                     // for joining; held as long as that takes
  boost::thread *made_ = nullptr;          // under mutex_
  system_thread *next_departed_ = nullptr; // the roster's, under its mutex
};

} // namespace weft::core
