// References to threads: join, stop requests, questions. And what a thread can ask about itself.
//
// Owns a reference to a thread of the C ABI. thread.hpp makes threads.
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

/// Whether a thread is a daemon. The end of the process waits for regular threads, and not for
/// daemons.
enum class daemon : std::uint32_t {
  inherit = WEFT_DAEMON_INHERIT, ///< as the creating thread
  no = WEFT_DAEMON_NO,
  yes = WEFT_DAEMON_YES,
};

/// Which signals a thread, or the threads of a pool, block; see guide/signals.md.
enum class signals : std::uint32_t {
  usual = 0,                      ///< of a pool: block; of a thread: inherit
  inherit = WEFT_SIGNALS_INHERIT, ///< as the thread that makes the pool, or starts the thread
  block = WEFT_SIGNALS_BLOCK      ///< those of inherit, and the asynchronous ones, which the host's threads take
};

/// A thread of any origin: a shared handle. Copies mean the same thread. The thread runs on when
/// all handles are gone. Any thread may make any call. An empty handle throws invalid_argument, or
/// answers with false, 0 or "".
class thread_ref {
public:
  thread_ref() noexcept = default;

  bool valid() const noexcept { return static_cast<bool>(handle_); }

  /// Wait until the thread has stopped. All that it did happened before. Any number of threads may
  /// join one, again and again.
  ///
  /// Blocks: until it has stopped.
  /// Throws:
  /// - not_started
  /// - deadlock: the caller is this thread, or this thread waits for the caller
  /// - interrupted: the caller was asked to stop
  void join() const { check(weft_thread_join(handle_.get(), WEFT_FOREVER)); }

  /// Join with a limit.
  ///
  /// Returns: false when the thread is still alive.
  /// Blocks: up to `timeout`.
  /// Throws: as join.
  bool join_for(duration timeout) const { return detail::is_in_time(weft_thread_join(handle_.get(), timeout.count())); }

  /// Ask the thread to stop: this_thread::stop_requested() becomes true in it, and its blocking
  /// calls of weft throw interrupted.
  void request_stop() const { check(weft_thread_request_stop(handle_.get())); }

  /// Get the state.
  thread_state state() const {
    const std::int32_t state = weft_thread_state(handle_.get());
    if (state < 0) throw_status(state);
    return static_cast<thread_state>(state);
  }
  /// Ask whether it is alive: from a successful start until its code has ended.
  bool is_alive() const noexcept { return weft_thread_is_alive(handle_.get()) == 1; }
  /// Ask whether it is a daemon.
  bool is_daemon() const noexcept { return weft_thread_is_daemon(handle_.get()) == 1; }
  /// Get the name.
  std::string name() const { return weft_thread_name(handle_.get()); }
  /// Get a number that no other thread of this process had or will have; 0 before the start.
  std::uint64_t ident() const noexcept { return weft_thread_ident(handle_.get()); }
  /// Get the system's number of the thread; 0 before the start.
  ///
  /// Blocks: some microseconds right after the start.
  std::uint64_t native_id() const noexcept { return weft_thread_native_id(handle_.get()); }

  /// Set the name, at any time. After the start, the name is kept for good, so a thread should not
  /// get ever new names. The system shows the new name when a thread that weft has started renames
  /// itself.
  ///
  /// Throws:
  /// - invalid_argument: `name` is empty
  /// - out_of_memory
  void set_name(const std::string &name) const { check(weft_thread_set_name(handle_.get(), name.c_str())); }
  /// Make the thread a daemon or regular, before it is started.
  ///
  /// Throws:
  /// - already_started
  /// - invalid_argument: `daemon` is daemon::inherit
  void set_daemon(weft::daemon daemon) const {
    if (daemon == weft::daemon::inherit) throw invalid_argument();
    check(weft_thread_set_daemon(handle_.get(), daemon == weft::daemon::yes ? 1 : 0));
  }

  /// Get the calling thread. One that weft did not start gets an object, too.
  ///
  /// Throws: out_of_memory.
  static thread_ref current() {
    weft_thread_t *native = nullptr;
    check(weft_thread_current(&native));
    return adopt(native);
  }

  /// Get the main thread of the process.
  ///
  /// Throws: out_of_memory.
  static thread_ref main() {
    weft_thread_t *native = nullptr;
    check(weft_thread_main(&native));
    return adopt(native);
  }

  /// List the threads of a runtime that are alive, workers included. NULL: the default runtime.
  ///
  /// Throws:
  /// - invalid_argument: the runtime was destroyed
  /// - out_of_memory
  static std::vector<thread_ref> enumerate(weft_runtime_t *runtime = nullptr) {
    // Threads may start between the two calls, so there is some spare room, and another try.
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

  /// Count the threads that enumerate() lists.
  static std::size_t active_count(weft_runtime_t *runtime = nullptr) {
    std::size_t count = 0;
    check(weft_thread_active_count(runtime, &count));
    return count;
  }

  /// Take over a reference of the caller's.
  static thread_ref adopt(weft_thread_t *native) noexcept { return thread_ref(shared::adopt(native)); }
  /// Take a reference of its own.
  static thread_ref share(weft_thread_t *native) noexcept { return thread_ref(shared::share(native)); }
  /// Get the C handle, borrowed; NULL when empty.
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

/// Sleep, and wake when asked to stop.
///
/// Blocks: up to `span`.
/// Throws:
/// - interrupted: the running task, or outside of tasks this thread, was asked to stop, before or
///   meanwhile
inline void sleep_for(duration span) {
  check(weft_sleep(span.count()));
}

/// Ask whether the running task, or outside of tasks this thread, was asked to stop.
inline bool stop_requested() noexcept {
  return weft_stop_requested() == 1;
}

/// Take back the request to stop that was made to this thread, which then goes on. For a thread
/// that turns the request into something else.
///
/// Returns: true when there was one.
/// Throws:
/// - not_supported: inside a task, callback or hook
inline bool clear_stop() {
  const std::int32_t answer = weft_thread_clear_stop();
  if (answer < 0) check(answer);
  return answer == 1;
}

} // namespace this_thread

} // namespace weft

#endif
