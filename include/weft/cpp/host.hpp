// What a host gives to weft, over weft/host.h: a log, a hook for misuse, memory, and how all of
// that is given back.
//
// Everything here is for the whole process. Hooks of the workers of a pool, worker_start and
// worker_stop, are options of the pool (executor.hpp). executor_ref::work lends a pool a thread.
#ifndef WEFT_CPP_HOST_HPP
#define WEFT_CPP_HOST_HPP

#include <weft/cpp/duration.hpp>
#include <weft/cpp/error.hpp>
#include <weft/cpp/promise.hpp>
#include <weft/host.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace weft {

/// How grave a line of the log is.
enum class log_level : std::uint32_t {
  warning = WEFT_LOG_WARNING, ///< weft refused what a call asked for, or goes on without it
  error = WEFT_LOG_ERROR      ///< something failed, and no caller could be told
};

/// hook(level, line): `line` is a `const char *` without a line end, valid during the call.
template <class F>
concept log_hook = std::invocable<const F &, log_level, const char *>;

/// hook(what, function): `what` is one sentence that says what is wrong, `function` the function of
/// weft.h that was called. Both strings are static.
template <class F>
concept misuse_hook = std::invocable<const F &, const char *, const char *>;

/// A source of memory; std::pmr::memory_resource is one.
template <class T>
concept memory_source = requires(T &from, std::size_t size, void *memory) {
  { from.allocate(size, size) } -> std::convertible_to<void *>;
  from.deallocate(memory, size, size);
};

/// Replace the log hook. hook(level, line) is called for each line, on the thread that reports.
/// Several threads may call it at once, so it is called as const. It is called without a lock. If
/// it throws, the line goes to stderr. The previous hook is destroyed here; or, if a thread is just
/// in it, on that thread when the hook returns.
///
/// Throws:
/// - closed: the caller is inside a domain that is closed
/// - out_of_memory
template <class F>
requires log_hook<std::decay_t<F>>
void set_log_hook(F &&hook) {
  using callable = std::decay_t<F>;
  auto owned = std::make_unique<callable>(std::forward<F>(hook));
  check(weft_set_log_hook(
      [](void *ctx, std::uint32_t level, const char *line) {
        static_cast<void>(std::invoke(*static_cast<const callable *>(ctx), static_cast<log_level>(level), line));
      },
      owned.get(), [](void *ctx) { delete static_cast<callable *>(ctx); }));
  static_cast<void>(owned.release());
}

/// Restore the default log hook: a line on stderr.
///
/// Throws: out_of_memory.
inline void reset_log_hook() {
  check(weft_set_log_hook(nullptr, nullptr, nullptr));
}

/// Replace the misuse hook. hook(what, function) is called when weft sees misuse, on the calling
/// thread, inside that call. A host that wants to find the place may abort there. Several threads
/// may call it at once, so it is called as const. The rest is as for set_log_hook.
template <class F>
requires misuse_hook<std::decay_t<F>>
void set_misuse_hook(F &&hook) {
  using callable = std::decay_t<F>;
  auto owned = std::make_unique<callable>(std::forward<F>(hook));
  check(weft_set_misuse_hook(
      [](void *ctx, const char *what, const char *function) {
        static_cast<void>(std::invoke(*static_cast<const callable *>(ctx), what, function));
      },
      owned.get(), [](void *ctx) { delete static_cast<callable *>(ctx); }));
  static_cast<void>(owned.release());
}

/// Restore the default misuse hook: a line of the log.
///
/// Throws: out_of_memory.
inline void reset_misuse_hook() {
  check(weft_set_misuse_hook(nullptr, nullptr, nullptr));
}

/// Ask whether the loaded library checks every handle. Where it does not, the use of a wrong handle
/// is undefined behaviour.
inline bool checks_misuse() noexcept {
  return weft_checks_misuse() == 1;
}

/// Have weft take all its memory from `from`, for the life of the process: `from` must never end.
/// Any thread uses it, several at once, also while weft holds locks. So `from` must not use weft.
/// An exception out of allocate() means that there is no memory; deallocate() must not throw. What
/// the headers of weft.hpp allocate themselves, such as vectors and hooks, comes by new. The call
/// must come before any call of weft that needs memory.
///
/// Throws:
/// - invalid_state: weft has memory already, or this was called before; nothing changed
template <memory_source Source> void set_allocator(Source &from) {
  check(weft_set_allocator(
      [](void *ctx, std::size_t size, std::size_t align) -> void * {
        try {
          return static_cast<Source *>(ctx)->allocate(size, align);
        } catch (...) {
          return nullptr;
        }
      },
      [](void *ctx, void *memory, std::size_t size, std::size_t align) {
        static_cast<Source *>(ctx)->deallocate(memory, size, align);
      },
      const_cast<std::remove_const_t<Source> *>(std::addressof(from))));
}

/// Give back all memory that weft keeps, at the end of its use. The call ends the default runtime
/// if it was used, waits until the last threads of weft have gone, and frees what is kept for the
/// process. Before it, isolated runtimes and handles must be gone, and threads of the host that
/// have used weft must have ended. Afterwards weft may be used again.
///
/// Returns: false when the time is over, and such threads still exist.
/// Blocks: up to `timeout`.
/// Throws:
/// - invalid_state: an isolated runtime exists, and nothing changed; or handles are still held, and
///   only what belongs to them was kept
/// - deadlock: the caller is inside a task, callback or destructor that weft runs
/// - interrupted: the caller was asked to stop
/// - out_of_memory
inline bool cleanup(duration timeout = forever) {
  const weft_status status = weft_cleanup(timeout.count());
  if (status == WEFT_ETIMEDOUT) return false;
  check(status);
  detail::release_broken_promise_error();
  return true;
}

} // namespace weft

#endif
