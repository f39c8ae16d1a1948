#include "base/log.hpp"

#include <algorithm>
#include <utility>

#include <unistd.h>

#include "base/atomic.hpp"
#include "base/hook.hpp"

namespace weft::core {
namespace {

constinit hook_slot<weft_log_hook_fn> host_log;

// This thread is in the hook: what it logs goes to stderr.
[[gnu::tls_model("initial-exec")]] constinit thread_local bool in_hook = false;

bool give_to_host(std::uint32_t level, const char *message) noexcept {
  if (in_hook) return false;
  const auto to = host_log.get();
  if (!to) return false;
  in_hook = true;
  bool taken = true;
  try {
    to->fn(to->ctx, level, message);
  } catch (...) { // the line is not lost: it goes to stderr
    taken = false;
  }
  in_hook = false;
  return taken;
}

} // namespace

void log_line(std::initializer_list<std::string_view> parts, std::uint32_t level) noexcept {
  constexpr std::string_view prefix = "weft: ";
  char line[1024];
  std::size_t length = 0;
  const auto append = [&](std::string_view text) {
    const std::size_t room = sizeof line - 1 - length; // one byte is for the end of the line
    const std::string_view fitting = text.substr(0, room);
    // A message may have line breaks. A line of the log may not.
    std::transform(fitting.begin(), fitting.end(), line + length,
                   [](char c) { return c == '\n' || c == '\r' ? ' ' : c; });
    length += fitting.size();
  };
  append(prefix);
  for (const std::string_view part : parts) append(part);
  line[length] = '\0';
  if (give_to_host(level, line + prefix.size())) return;
  line[length] = '\n';
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line, length + 1);
}

void log_to_stderr(std::string_view message) noexcept {
  const bool before = std::exchange(in_hook, true); // so that the hook is not called
  log_line(message);
  in_hook = before;
}

void clear_log_hook(const void *ctx) noexcept {
  host_log.clear_if(ctx);
}

native_mutex &log_hook_lock() noexcept {
  return host_log.lock();
}

weft_status set_log_hook(weft_log_hook_fn hook, void *ctx, weft_drop_fn drop) noexcept {
  return host_log.set(hook, ctx, drop);
}

} // namespace weft::core
