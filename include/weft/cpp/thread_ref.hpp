// References to threads: join, ask, look up. And what a thread can ask about itself.
//
// Owns a reference to a thread of the C ABI. How threads are made is in thread.hpp.
#ifndef WEFT_CPP_THREAD_REF_HPP
#define WEFT_CPP_THREAD_REF_HPP

#include <weft/cpp/duration.hpp>
#include <weft/cpp/error.hpp>
#include <weft/cpp/handle.hpp>
#include <weft/thread.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace weft {

/// initial -> started -> stopped.
enum class thread_state : std::int32_t {
  initial = WEFT_THREAD_INITIAL,
  started = WEFT_THREAD_STARTED,
  stopped = WEFT_THREAD_STOPPED,
};

/// Whether the end of the process waits for a thread (no: a regular one) or not (yes: a daemon).
enum class daemon : std::uint32_t {
  inherit = WEFT_DAEMON_INHERIT, ///< as the creating thread
  no = WEFT_DAEMON_NO,
  yes = WEFT_DAEMON_YES,
};

/// Which signals the threads of a pool, or a thread, block; see guide/signals.md.
enum class signals : std::uint32_t {
  usual = 0,                      ///< of a pool: block; of a thread: inherit
  inherit = WEFT_SIGNALS_INHERIT, ///< as the thread that makes the pool, or starts the thread
  block = WEFT_SIGNALS_BLOCK      ///< beside these, the asynchronous ones, which threads of the host take then
};

/// A thread, whoever made it: a shared handle. Copies mean the same thread; the thread runs on when all handles are
/// gone. Every call may come from any thread. An empty handle throws invalid_argument, or answers with false, 0 or "".
class thread_ref {
public:
  thread_ref() noexcept = default;

  bool valid() const noexcept { return static_cast<bool>(handle_); }

  /// Waits until it has stopped; all that it did happened before. Any number of threads may join one, again and again.
  /// Blocks. Throws not_started; deadlock: a thread that joins itself, or one that waits for it; interrupted.
  void join() const { check(weft_thread_join(handle_.get(), WEFT_FOREVER)); }

  /// The same with a limit. False: it is still alive. Blocks up to timeout.
  bool join_for(duration timeout) const { return detail::is_in_time(weft_thread_join(handle_.get(), timeout.count())); }

  /// Asks it to stop: this_thread::stop_requested() becomes true in it, and its blocking calls of weft throw
  /// interrupted. Never blocks.
  void request_stop() const { check(weft_thread_request_stop(handle_.get())); }

  /// Never blocks.
  thread_state state() const {
    const std::int32_t state = weft_thread_state(handle_.get());
    if (state < 0) throw_status(state);
    return static_cast<thread_state>(state);
  }
  /// From a successful start until its code has ended. Never blocks.
  bool is_alive() const noexcept { return weft_thread_is_alive(handle_.get()) == 1; }
  /// Never blocks.
  bool is_daemon() const noexcept { return weft_thread_is_daemon(handle_.get()) == 1; }
  /// Never blocks.
  std::string name() const { return weft_thread_name(handle_.get()); }
  /// A number that no other thread of this process had or will have; 0 before the start. Never blocks.
  std::uint64_t ident() const noexcept { return weft_thread_ident(handle_.get()); }
  /// The system's number; 0 before the start. Never blocks.
  std::uint64_t native_id() const noexcept { return weft_thread_native_id(handle_.get()); }

  /// Before the start only: later it throws already_started. Never blocks.
  void set_name(const std::string &name) const { check(weft_thread_set_name(handle_.get(), name.c_str())); }
  /// Before the start only: later it throws already_started. daemon::inherit throws invalid_argument. Never blocks.
  void set_daemon(weft::daemon daemon) const {
    if (daemon == weft::daemon::inherit) throw invalid_argument();
    check(weft_thread_set_daemon(handle_.get(), daemon == weft::daemon::yes ? 1 : 0));
  }

  /// The calling thread. One that weft did not start gets an object too. Never blocks. Throws out_of_memory.
  static thread_ref current() {
    weft_thread_t *native = nullptr;
    check(weft_thread_current(&native));
    return adopt(native);
  }

  /// The main thread of the process. Never blocks. Throws out_of_memory.
  static thread_ref main() {
    weft_thread_t *native = nullptr;
    check(weft_thread_main(&native));
    return adopt(native);
  }

  /// All threads of a runtime that are alive (NULL: the default one), workers included. Never blocks. Throws
  /// out_of_memory, invalid_argument.
  static std::vector<thread_ref> enumerate(weft_runtime_t *runtime = nullptr) {
    // Threads may start between the two calls, so there is some spare room and another try.
    for (std::size_t capacity = active_count(runtime) + 8;;) {
      std::vector<weft_thread_t *> natives(capacity);
      std::vector<thread_ref> result;
      result.reserve(capacity);
      std::size_t count = 0;
      check(weft_thread_enumerate(runtime, natives.data(), capacity, &count));
      for (std::size_t i = 0; i < count && i < capacity; ++i) result.push_back(adopt(natives[i]));
      if (count <= capacity) return result;
      capacity = count + 8;
    }
  }

  /// How many enumerate() would give. Never blocks.
  static std::size_t active_count(weft_runtime_t *runtime = nullptr) {
    std::size_t count = 0;
    check(weft_thread_active_count(runtime, &count));
    return count;
  }

  /// Takes over a reference of the caller's.
  static thread_ref adopt(weft_thread_t *native) noexcept { return thread_ref(shared::adopt(native)); }
  /// Takes a reference of its own.
  static thread_ref share(weft_thread_t *native) noexcept { return thread_ref(shared::share(native)); }
  /// Borrowed; NULL when empty.
  weft_thread_t *native_handle() const noexcept { return handle_.get(); }

  /// Whether both are the same thread.
  friend bool operator==(const thread_ref &a, const thread_ref &b) noexcept {
    return a.native_handle() == b.native_handle();
  }

protected:
  using shared = detail::handle<weft_thread_t, weft_thread_ref, weft_thread_unref>;
  explicit thread_ref(shared object) noexcept : handle_(std::move(object)) {}

  shared handle_;
};

namespace this_thread {

/// Sleeps; wakes when asked to stop. Blocks. Throws interrupted: the running task, or outside of tasks this thread, was
/// asked to stop, before or meanwhile.
inline void sleep_for(duration span) {
  check(weft_sleep(span.count()));
}

/// Whether the running task, or outside of tasks this thread, was asked to stop. Never blocks.
inline bool stop_requested() noexcept {
  return weft_stop_requested() == 1;
}

/// Takes back the request to stop that was made to this thread, which then goes on: for one that turns the request into
/// something else. True: there was one. Never blocks. Throws not_supported: inside of a task, callback or hook.
inline bool clear_stop() {
  const std::int32_t answer = weft_thread_clear_stop();
  if (answer < 0) check(answer);
  return answer == 1;
}

} // namespace this_thread

} // namespace weft

#endif
