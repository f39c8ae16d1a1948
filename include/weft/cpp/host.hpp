// What a host lends to weft, for C++, over weft/host.h: where its log goes, who is told of misuse, where its memory
// comes from, and how all of that is given back.
//
// Everything here concerns the whole process. What a host does for each worker of a pool, worker_start and worker_stop,
// is among the options of the pool (executor.hpp); lending it a thread is executor_ref::work.
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
  warning = WEFT_LOG_WARNING, ///< a call was refused for what it asked
  error = WEFT_LOG_ERROR      ///< something failed and nobody else could be told
};

/// hook(level, line): a `const char *` without a line's end, valid during the call.
template <class F>
concept log_hook = std::invocable<const F &, log_level, const char *>;

/// hook(what, function): what is wrong, in a sentence, and the function of weft.h that was called; both are static.
template <class F>
concept misuse_hook = std::invocable<const F &, const char *, const char *>;

/// What memory can come from; std::pmr::memory_resource is one.
template <class T>
concept memory_source = requires(T &from, std::size_t size, void *memory) {
  { from.allocate(size, size) } -> std::convertible_to<void *>;
  from.deallocate(memory, size, size);
};

/// Has hook(level, line) called for what weft has to say, on the thread that has to say it; several at once may call
/// it, so it is called as const, and without a lock. When it throws, the line goes to stderr. The hook before is
/// destroyed, here or on a thread that is just in it when that returns. Never blocks. Throws out_of_memory.
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

/// Back to a line on stderr. Never blocks. Throws out_of_memory.
inline void reset_log_hook() {
  check(weft_set_log_hook(nullptr, nullptr, nullptr));
}

/// Has hook(what, function) called when weft sees misuse, on the thread that calls, inside that call: a host that wants
/// to find the place may abort there. Several at once may call it, so it is called as const. The rest as set_log_hook.
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

/// Back to a line of the log. Never blocks. Throws out_of_memory.
inline void reset_misuse_hook() {
  check(weft_set_misuse_hook(nullptr, nullptr, nullptr));
}

/// Whether the library that is loaded looks at every handle; where it does not, a wrong one is undefined behaviour.
/// Never blocks.
inline bool checks_misuse() noexcept {
  return weft_checks_misuse() == 1;
}

/// Has all memory of weft come from here, for the life of the process: `from` must never end. Any thread calls it,
/// several at once, also while weft holds locks, so it must not use weft. An exception out of allocate() means that
/// there is no memory; deallocate() must not throw. (What the headers of weft.hpp allocate themselves, vectors and
/// hooks for one, comes by new.) To be called before anything of weft that needs memory. Never blocks. Throws
/// invalid_state: too late, or called before; nothing is changed.
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

/// Gives back all memory that weft keeps, at the end of its use: ends the default runtime if it was used, waits until
/// the last threads of weft have gone, and frees what is kept for the process. Isolated runtimes and handles must be
/// gone by then, and threads of the host that have used weft must have ended. Afterwards weft may be used again. False:
/// the time is over, and such threads are there still. Blocks up to timeout. Throws invalid_state: an isolated runtime
/// is there, and nothing was changed, or handles are still held, and what belongs to them was kept; deadlock: from
/// inside a task or callback; interrupted; out_of_memory.
inline bool cleanup(duration timeout = forever) {
  const weft_status status = weft_cleanup(timeout.count());
  if (status == WEFT_ETIMEDOUT) return false;
  check(status);
  detail::release_broken_promise_error();
  return true;
}

} // namespace weft

#endif
