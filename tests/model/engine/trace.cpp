// What happened in a run. It is kept in a ring, and printed if the run is wrong. A replay shows it step by step.
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <unistd.h>

#include "engine/state.hpp"

namespace weft::model {

bool trace_is_shown = false;

namespace {

constexpr std::size_t kept = 300;
trace_line lines[kept];
std::size_t made = 0;

const char *name_of(int order) noexcept {
  static constexpr const char *names[] = {"relaxed", "consume", "acquire", "release", "acq_rel", "seq_cst"};
  return order < 0 ? "" : names[order];
}

void print(const trace_line &line) noexcept {
  const char *file = line.where.file != nullptr ? line.where.file : "";
  for (const char *below : {"/lib/", "/tests/"})
    if (const char *const found = std::strstr(file, below); found != nullptr) file = found + 1;
  std::printf("#   T%d %-22s", line.thread, line.what);
  if (line.atomic >= 0) std::printf(" atomic %d", line.atomic);
  if (line.value != 0 || line.atomic >= 0) std::printf(" %#llx", static_cast<unsigned long long>(line.value));
  if (line.second != 0) std::printf(" -> %#llx", static_cast<unsigned long long>(line.second));
  std::printf(" %s", name_of(line.order));
  if (*file != '\0') std::printf("   %s:%u", file, line.where.line);
  std::printf("\n");
}

} // namespace

void reset_trace() noexcept {
  made = 0;
}

void trace(const char *what, place where, int atomic, long long value, long long second, int order) noexcept {
  trace_line &line = lines[made++ % kept];
  line = {run.current->number, where, what, atomic, value, second, order};
  if (trace_is_shown) print(line);
}

void print_trace() noexcept {
  if (trace_is_shown) return;
  const std::size_t first = made > kept ? made - kept : 0;
  if (first != 0) std::printf("#   ... %zu earlier steps\n", first);
  for (std::size_t i = first; i < made; ++i) print(lines[i % kept]);
}

void fail(const char *what, ...) noexcept {
  inside_engine = true;
  print_trace();
  std::printf("# WRONG: ");
  std::va_list arguments;
  va_start(arguments, what);
  std::vprintf(what, arguments);
  va_end(arguments);
  std::printf(" (thread %d)\n# to see it again: --replay %s\n", run.running ? run.current->number : 0,
              current_run_name());
  std::fflush(stdout);
  _exit(1);
}

void check(bool holds, const char *what) noexcept {
  if (!holds) fail("%s", what);
}

void note(const char *what, long long value) noexcept {
  if (!run.running) return;
  const in_engine here;
  trace(what, {}, -1, value);
}

} // namespace weft::model
