// error_cases.cpp: user code that ends without a return, by a C++ exception or by pthread_exit; and what the default
// exception hook and the log write to stderr.
#include "cases.hpp"

#include <cstdio>
#include <pthread.h>
#include <stdexcept>

namespace process {
namespace {

weft_status fail_with_error(void *message, weft_error_t **error) {
  return weft_error_create(7, "ValueError", static_cast<const char *>(message), error);
}

weft_status task_fails(void *message, void **, weft_error_t **error) {
  return fail_with_error(message, error);
}

weft_status throw_error(void *, weft_error_t **) {
  throw std::runtime_error("out of paper");
}

weft_status task_throws(void *, void **, weft_error_t **error) {
  return throw_error(nullptr, error);
}

weft_status task_throws_a_number(void *, void **, weft_error_t **) {
  throw 42;
}

char message[] = "a bad value";

void run_thread(weft_thread_fn target, void *ctx) {
  weft_thread_t *thread = start(WEFT_DAEMON_NO, target, ctx, "failing");
  EXPECT(weft_thread_join(thread, WEFT_FOREVER), WEFT_OK);
  weft_thread_unref(thread);
}

int the_default_hook_writes_one_line() {
  run_thread(fail_with_error, message);
  return 0;
}

int the_default_hook_writes_one_line_for_many() {
  static char lines[] = "one\ntwo\nthree";
  run_thread(fail_with_error, lines);
  return 0;
}

int the_default_hook_writes_of_an_exception() {
  run_thread(throw_error, nullptr);
  return 0;
}

int the_default_hook_writes_of_a_posted_task() {
  weft_executor_options_t options;
  weft_executor_options_init(&options);
  options.name_prefix = "printer";
  weft_executor_t *pool = nullptr;
  EXPECT(weft_executor_create(nullptr, &options, &pool), WEFT_OK);
  EXPECT(weft_executor_post(pool, nullptr, task_fails, message, nullptr), WEFT_OK);
  return 0;
}

void hook_that_throws(void *, weft_thread_t *, const weft_error_t *) {
  throw std::runtime_error("the hook itself fails");
}

int a_hook_that_throws_falls_back() {
  EXPECT(weft_runtime_set_exception_hook(nullptr, hook_that_throws, nullptr, nullptr), WEFT_OK);
  run_thread(fail_with_error, message);
  say("the process goes on");
  return 0;
}

// An exception that leaves a task becomes the error of its future.
int exceptions_become_errors() {
  weft_executor_t *pool = make_pool(1);
  for (weft_task_fn task : {task_throws, task_throws_a_number}) {
    weft_future_t *future = nullptr;
    weft_error_t *error = nullptr;
    char line[160];
    EXPECT(weft_executor_submit(pool, nullptr, task, nullptr, nullptr, &future), WEFT_OK);
    EXPECT(weft_future_result(future, WEFT_FOREVER, nullptr), WEFT_EFAILED);
    EXPECT(weft_future_exception(future, 0, &error), WEFT_OK);
    std::snprintf(line, sizeof line, "%s: %s", weft_error_kind(error), weft_error_message(error));
    say(line);
    weft_error_unref(error);
    weft_future_unref(future);
  }
  weft_executor_unref(pool);
  return 0;
}

void callback_throws(void *, weft_future_t *) {
  throw std::runtime_error("a callback fails");
}

void callback_says(void *text, weft_future_t *) {
  say(static_cast<const char *>(text));
}

int a_callback_that_throws_is_logged_and_the_others_run() {
  static char text[] = "the next callback";
  weft_future_t *future = nullptr;
  EXPECT(weft_future_create(nullptr, &future), WEFT_OK);
  EXPECT(weft_future_add_done_callback(future, callback_throws, nullptr, nullptr), WEFT_OK);
  EXPECT(weft_future_add_done_callback(future, callback_says, text, nullptr), WEFT_OK);
  EXPECT(weft_future_set_result(future, nullptr), WEFT_OK);
  EXPECT(weft_future_add_done_callback(future, callback_throws, nullptr, nullptr), WEFT_OK); // called at once
  weft_future_unref(future);
  return 0;
}

weft_status initializer_throws(void *, weft_error_t **) {
  throw std::runtime_error("no device");
}

int an_initializer_that_throws_breaks_the_pool() {
  weft_executor_options_t options;
  weft_executor_options_init(&options);
  options.initializer = initializer_throws;
  weft_executor_t *pool = nullptr;
  weft_future_t *future = nullptr;
  weft_error_t *error = nullptr;
  EXPECT(weft_executor_create(nullptr, &options, &pool), WEFT_OK);
  EXPECT(weft_executor_submit(pool, nullptr, task_say_now, message, nullptr, &future), WEFT_OK);
  EXPECT(weft_future_exception(future, WEFT_FOREVER, &error), WEFT_OK);
  say(weft_status_name(weft_error_code(error)));
  say(weft_error_message(error));
  weft_error_unref(error);
  weft_future_unref(future);
  weft_executor_unref(pool);
  return 0;
}

// pthread_exit unwinds the worker through weft. The task ends with an error, and the pool loses only a thread.
struct says_when_unwound {
  ~says_when_unwound() { say("unwound"); }
};

weft_status task_leaves(void *, void **, weft_error_t **) {
  says_when_unwound object;
  pthread_exit(nullptr);
}

int pthread_exit_in_a_task() {
  static char dropped[] = "dropped";
  static char after[] = "the pool goes on";
  weft_executor_t *pool = make_pool(1);
  weft_future_t *future = nullptr;
  weft_future_t *next = nullptr;
  EXPECT(weft_executor_submit(pool, nullptr, task_leaves, dropped, drop_says, &future), WEFT_OK);
  EXPECT(weft_future_result(future, WEFT_FOREVER, nullptr), WEFT_EFAILED);
  weft_future_unref(future);
  EXPECT(weft_executor_submit(pool, nullptr, task_say_now, after, nullptr, &next), WEFT_OK);
  EXPECT(weft_future_result(next, WEFT_FOREVER, nullptr), WEFT_OK);
  weft_future_unref(next);
  EXPECT(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  weft_executor_unref(pool);
  return 0;
}

int pthread_exit_in_a_task_with_tasks_behind_it() {
  static char after[] = "behind it";
  weft_executor_t *pool = make_pool(1);
  EXPECT(weft_executor_post(pool, nullptr, task_leaves, nullptr, nullptr), WEFT_OK);
  for (int i = 0; i < 3; ++i) EXPECT(weft_executor_post(pool, nullptr, task_say_now, after, nullptr), WEFT_OK);
  return 0;
}

weft_status thread_leaves(void *, weft_error_t **) {
  says_when_unwound object;
  pthread_exit(nullptr);
}

int pthread_exit_in_a_thread() {
  static char dropped[] = "dropped";
  weft_thread_t *thread = nullptr;
  EXPECT(weft_thread_create(nullptr, nullptr, thread_leaves, dropped, drop_says, &thread), WEFT_OK);
  EXPECT(weft_thread_start(thread), WEFT_OK);
  EXPECT(weft_thread_join(thread, WEFT_FOREVER), WEFT_OK);
  say(weft_thread_is_alive(thread) == 0 ? "stopped" : "alive");
  weft_thread_unref(thread);
  return 0;
}

const named_case cases[] = {
    {"the-default-hook-writes-one-line", the_default_hook_writes_one_line},
    {"the-default-hook-writes-one-line-for-many", the_default_hook_writes_one_line_for_many},
    {"the-default-hook-writes-of-an-exception", the_default_hook_writes_of_an_exception},
    {"the-default-hook-writes-of-a-posted-task", the_default_hook_writes_of_a_posted_task},
    {"a-hook-that-throws-falls-back", a_hook_that_throws_falls_back},
    {"exceptions-become-errors", exceptions_become_errors},
    {"a-callback-that-throws-is-logged-and-the-others-run", a_callback_that_throws_is_logged_and_the_others_run},
    {"an-initializer-that-throws-breaks-the-pool", an_initializer_that_throws_breaks_the_pool},
    {"pthread_exit-in-a-task", pthread_exit_in_a_task},
    {"pthread_exit-in-a-task-with-tasks-behind-it", pthread_exit_in_a_task_with_tasks_behind_it},
    {"pthread_exit-in-a-thread", pthread_exit_in_a_thread},
};

} // namespace

std::span<const named_case> error_cases() {
  return cases;
}

} // namespace process
