// cases.hpp: what the cases of the process driver are made of.
//
// A case is a whole process: the driver runs it, then returns from main. run_cases.py has the expectations and a time
// limit. It compares what the case prints, and how and when the process ends. The cases use the C ABI.
#pragma once

#include <weft/weft.h>

#include <cstring>
#include <span>
#include <unistd.h>

namespace process {

struct named_case {
  const char *name;
  int (*run)(); // returns what main returns
};

std::span<const named_case> exit_cases();
std::span<const named_case> daemon_cases();
std::span<const named_case> late_cases();
std::span<const named_case> signal_cases();
std::span<const named_case> error_cases();
std::span<const named_case> fork_cases();

// Prints a line with one write and without a buffer, so that nothing is lost, doubled or mixed at a process's end.
inline void say(const char *text) {
  char line[256];
  std::size_t length = std::strlen(text);
  if (length > sizeof line - 1) length = sizeof line - 1;
  std::memcpy(line, text, length);
  line[length] = '\n';
  if (write(STDOUT_FILENO, line, length + 1) < 0) _exit(99);
}

// If the status is another one than expected, prints the call and the status.
inline void expect(weft_status status, weft_status expected, const char *what) {
  if (status == expected) return;
  say(what);
  say(weft_status_name(status));
}

#define EXPECT(call, expected) ::process::expect((call), (expected), #call)

inline weft_thread_t *start(uint32_t daemon, weft_thread_fn target, void *ctx, const char *name = nullptr) {
  weft_thread_options_t options;
  weft_thread_options_init(&options);
  options.daemon = daemon;
  options.name = name;
  weft_thread_t *thread = nullptr;
  EXPECT(weft_thread_create(nullptr, &options, target, ctx, nullptr, &thread), WEFT_OK);
  EXPECT(weft_thread_start(thread), WEFT_OK);
  return thread;
}

inline weft_executor_t *make_pool(uint32_t workers, uint32_t daemon = WEFT_DAEMON_NO) {
  weft_executor_options_t options;
  weft_executor_options_init(&options);
  options.max_workers = workers;
  options.daemon = daemon;
  weft_executor_t *pool = nullptr;
  EXPECT(weft_executor_create(nullptr, &options, &pool), WEFT_OK);
  return pool;
}

// Thread targets and tasks that many cases use.
weft_status say_later(void *text, weft_error_t **);               // after a moment, so that the end comes first
weft_status say_now(void *text, weft_error_t **);                 //
weft_status task_say_later(void *text, void **, weft_error_t **); //
weft_status task_say_now(void *text, void **, weft_error_t **);   //
weft_status block_forever(void *, weft_error_t **);               // not in weft: nothing can wake it
weft_status task_block_forever(void *, void **, weft_error_t **); //
void drop_says(void *text);

} // namespace process
