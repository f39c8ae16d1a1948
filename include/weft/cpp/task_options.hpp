// weft::task_options: how a task is to run, over weft/task_options.h.
#ifndef WEFT_CPP_TASK_OPTIONS_HPP
#define WEFT_CPP_TASK_OPTIONS_HPP

#include <weft/cpp/cancel.hpp>
#include <weft/cpp/domain.hpp>
#include <weft/task_options.h>

#include <cstdint>
#include <type_traits>

namespace weft {

/// Which of the ready tasks of a pool start first. Tasks of one priority keep their order. How long
/// tasks of a higher priority can hold up the others is bounded: see weft/executor.h, "Turns".
/// Strands, caller-run executors and groups have one order, and refuse a priority (not_supported).
enum class priority : std::uint32_t {
  normal = WEFT_PRIORITY_NORMAL,
  high = WEFT_PRIORITY_HIGH,
  low = WEFT_PRIORITY_LOW
};

/// How a task is to run. It is the first argument of the calls that make tasks:
///
///     pool.submit({.priority = weft::priority::high, .name = "fetch"}, fetch, url);
///
/// A call with options may also throw:
/// - not_supported: it cannot honour one of them
/// - cancelled: the token is cancelled already
/// - closed: the domain is closed
struct task_options {
  weft::priority priority = weft::priority::normal;
  cancel_token token = {}; ///< its cancellation calls the task off; empty: none
  /// The domain that the task belongs to. nullptr: the one that the calling thread is inside, or
  /// none.
  const weft::domain *domain = nullptr;
  /// For reports. It must live as long as the process, like a literal or a result of weft_name().
  /// nullptr: none.
  const char *name = nullptr;
};

/// Get the name of the innermost task that the calling thread runs; nullptr when it has none.
inline const char *task_name() noexcept {
  return weft_task_name();
}

namespace detail {

// What may stand before the callable, and is none itself.
template <class T>
concept says_how = std::is_same_v<std::remove_cvref_t<T>, task_options> ||
    std::is_same_v<std::remove_cvref_t<T>, priority> || std::is_same_v<std::remove_cvref_t<T>, cancel_token>;

// The result borrows from `chosen`.
inline weft_task_options_t native_options(const task_options &chosen) noexcept {
  weft_task_options_t native;
  weft_task_options_init(&native);
  native.priority = static_cast<std::uint32_t>(chosen.priority);
  native.token = chosen.token.native_handle();
  native.domain = chosen.domain != nullptr ? chosen.domain->native_handle() : nullptr;
  native.name = chosen.name;
  return native;
}

} // namespace detail

} // namespace weft

#endif
