// weft::task_options: how a task is to run, for C++, over weft/task_options.h.
#ifndef WEFT_CPP_TASK_OPTIONS_HPP
#define WEFT_CPP_TASK_OPTIONS_HPP

#include <weft/cpp/cancel.hpp>
#include <weft/cpp/domain.hpp>
#include <weft/task_options.h>

#include <cstdint>

namespace weft {

/// Which of the tasks that wait in a pool start first. Tasks of one priority keep their order. What tasks of a higher
/// priority do to the others is bounded, see WEFT_PRIORITY_HIGH and WEFT_PRIORITY_LOW in weft/task_options.h. Strands,
/// caller-run executors and groups have one order, and refuse a priority (not_supported).
enum class priority : std::uint32_t {
  normal = WEFT_PRIORITY_NORMAL,
  high = WEFT_PRIORITY_HIGH,
  low = WEFT_PRIORITY_LOW
};

/// How a task is to run, as the first argument of whatever makes one:
///
///     pool.submit({.priority = weft::priority::high, .token = token, .name = "fetch"}, fetch, url);
///
/// What is refused throws not_supported; a token that is cancelled already, cancelled; a closed domain, closed.
struct task_options {
  weft::priority priority = weft::priority::normal;
  cancel_token token = {};              ///< calls the task off when it is cancelled; empty: none
  const weft::domain *domain = nullptr; ///< what the task belongs to; nullptr: what the calling thread is inside of
  const char *name = nullptr;           ///< for reports; must live as long as the process: a literal, or weft_name()
};

/// The name of the task that the calling thread runs, innermost; nullptr: it has none. Never blocks.
inline const char *task_name() noexcept {
  return weft_task_name();
}

namespace detail {

// Borrows from the options.
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
