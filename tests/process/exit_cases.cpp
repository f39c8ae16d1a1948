// exit_cases.cpp: every way to end a process, from every kind of thread, with work under way.
#include "cases.hpp"

#include <atomic>
#include <cstdlib>
#include <pthread.h>

namespace process {
namespace {

char done[] = "regular thread done";
char task_done[] = "task done";

// What is under way in most cases: a regular thread and a task, both of which print a line a moment later.
void get_busy() {
  weft_thread_unref(start(WEFT_DAEMON_NO, say_later, done));
  weft_executor_t *pool = make_pool(1);
  EXPECT(weft_executor_post(pool, nullptr, task_say_later, task_done, nullptr), WEFT_OK);
  weft_executor_unref(pool);
}

// For the ends that wait for nothing: what is under way would never end.
void get_stuck() {
  weft_thread_unref(start(WEFT_DAEMON_NO, block_forever, nullptr));
  EXPECT(weft_executor_post(make_pool(1), nullptr, task_block_forever, nullptr, nullptr), WEFT_OK);
}

int return_from_main() {
  get_busy();
  say("main returns");
  return 3;
}

int exit_from_main() {
  get_busy();
  std::exit(4);
}

int underscore_exit_from_main() {
  get_stuck();
  _exit(5);
}

int quick_exit_from_main() {
  get_stuck();
  std::quick_exit(6);
}

int abort_from_main() {
  get_stuck();
  std::abort();
}

template <void (*end)(int), int status> weft_status end_in_thread(void *, weft_error_t **) {
  end(status);
  return WEFT_OK;
}

template <void (*end)(int), int status> weft_status end_in_task(void *, void **, weft_error_t **) {
  end(status);
  return WEFT_OK;
}

template <void (*end)(int), int status> void end_in_callback(void *, weft_future_t *) {
  end(status);
}

void call_exit(int status) {
  std::exit(status);
}
void call_underscore_exit(int status) {
  _exit(status);
}
void call_quick_exit(int status) {
  std::quick_exit(status);
}
void call_abort(int) {
  std::abort();
}

// exit() waits for what is under way, the other calls do not.
template <void (*end)(int)> void get_something_under_way() {
  if (end == call_exit)
    get_busy();
  else
    get_stuck();
}

// The main thread waits for something that never comes; the process ends under it.
[[noreturn]] void wait_for_nothing() {
  weft_future_t *never = nullptr;
  EXPECT(weft_future_create(nullptr, &never), WEFT_OK);
  weft_future_wait(never, WEFT_FOREVER);
  for (;;) pause();
}

template <void (*end)(int), int status> int from_thread() {
  get_something_under_way<end>();
  weft_thread_unref(start(WEFT_DAEMON_NO, end_in_thread<end, status>, nullptr));
  wait_for_nothing();
}

template <void (*end)(int), int status> int from_daemon() {
  get_something_under_way<end>();
  weft_thread_unref(start(WEFT_DAEMON_YES, end_in_thread<end, status>, nullptr));
  wait_for_nothing();
}

template <void (*end)(int), int status> int from_worker() {
  get_something_under_way<end>();
  EXPECT(weft_executor_post(make_pool(2), nullptr, end_in_task<end, status>, nullptr, nullptr), WEFT_OK);
  wait_for_nothing();
}

template <void (*end)(int), int status> int from_callback() {
  weft_executor_t *pool = make_pool(1);
  weft_future_t *future = nullptr;
  get_something_under_way<end>();
  EXPECT(weft_executor_submit(pool, nullptr, task_say_now, task_done, nullptr, &future), WEFT_OK);
  EXPECT(weft_future_add_done_callback(future, end_in_callback<end, status>, nullptr, nullptr), WEFT_OK);
  wait_for_nothing();
}

// The only worker ends the process while further tasks are queued: another worker runs them.
std::atomic<bool> all_are_posted;

weft_status exit_when_all_are_posted(void *, void **, weft_error_t **) {
  while (!all_are_posted) continue;
  std::exit(8);
}

int exit_from_the_only_worker() {
  static char behind[] = "a task behind it";
  weft_executor_t *pool = make_pool(1);
  EXPECT(weft_executor_post(pool, nullptr, exit_when_all_are_posted, nullptr, nullptr), WEFT_OK);
  for (int i = 0; i < 20; ++i) EXPECT(weft_executor_post(pool, nullptr, task_say_now, behind, nullptr), WEFT_OK);
  all_are_posted = true;
  wait_for_nothing();
}

// On the same strand, the tasks behind could run only after the task that has called exit().
weft_status exit_after_submitting(void *ctx, void **, weft_error_t **) {
  static char behind[] = "a task behind it";
  for (int i = 0; i < 20; ++i)
    EXPECT(weft_executor_post(static_cast<weft_executor_t *>(ctx), nullptr, task_say_now, behind, nullptr), WEFT_OK);
  std::exit(8);
}

int exit_from_a_task_with_tasks_behind_it() {
  weft_executor_t *pool = make_pool(1);
  EXPECT(weft_executor_post(pool, nullptr, exit_after_submitting, pool, nullptr), WEFT_OK);
  wait_for_nothing();
}

int exit_from_a_strand() {
  weft_executor_t *pool = make_pool(2);
  weft_executor_t *strand = nullptr;
  EXPECT(weft_strand_create(pool, &strand), WEFT_OK);
  EXPECT(weft_executor_post(strand, nullptr, exit_after_submitting, strand, nullptr), WEFT_OK);
  wait_for_nothing();
}

int exit_from_a_caller_run_task() {
  weft_executor_t *mine = nullptr;
  get_busy();
  EXPECT(weft_caller_run_create(nullptr, nullptr, &mine), WEFT_OK);
  EXPECT(weft_executor_post(mine, nullptr, end_in_task<call_exit, 9>, nullptr, nullptr), WEFT_OK);
  EXPECT(weft_executor_run(mine, 0, WEFT_FOREVER, nullptr), WEFT_OK);
  return 1;
}

// A thread ends the process while another thread joins it. The joining thread can end only after it.
weft_status join_it(void *ctx, weft_error_t **) {
  weft_thread_join(static_cast<weft_thread_t *>(ctx), WEFT_FOREVER);
  return WEFT_OK;
}

weft_status exit_a_moment_later(void *, weft_error_t **) {
  weft_sleep(50 * WEFT_MILLISECOND);
  std::exit(10);
}

int exit_from_a_joined_thread() {
  weft_thread_t *ender = start(WEFT_DAEMON_NO, exit_a_moment_later, nullptr);
  for (int i = 0; i < 3; ++i) weft_thread_unref(start(WEFT_DAEMON_NO, join_it, ender));
  weft_thread_join(ender, WEFT_FOREVER);
  for (;;) pause();
}

// A pthread key's destructor runs when its thread ends.
pthread_key_t key;

void exit_in_destructor(void *) {
  std::exit(11);
}

weft_status set_key(void *, weft_error_t **) {
  pthread_setspecific(key, &key);
  return WEFT_OK;
}

int exit_from_a_pthread_key_destructor() {
  pthread_key_create(&key, exit_in_destructor);
  get_busy();
  weft_thread_unref(start(WEFT_DAEMON_NO, set_key, nullptr));
  wait_for_nothing();
}

struct exits_at_end {
  bool armed = false;
  ~exits_at_end() {
    if (armed) std::exit(12);
  }
};

thread_local exits_at_end local;

weft_status arm_local(void *, weft_error_t **) {
  local.armed = true;
  return WEFT_OK;
}

int exit_from_a_thread_local_destructor() {
  get_busy();
  weft_thread_unref(start(WEFT_DAEMON_NO, arm_local, nullptr));
  wait_for_nothing();
}

weft_status arm_local_in_task(void *, void **, weft_error_t **error) {
  return arm_local(nullptr, error);
}

int exit_from_a_thread_local_destructor_of_a_worker() {
  weft_executor_t *pool = make_pool(1);
  get_busy();
  EXPECT(weft_executor_post(pool, nullptr, arm_local_in_task, nullptr, nullptr), WEFT_OK);
  weft_executor_unref(pool); // now the pool's worker ends
  wait_for_nothing();
}

// The same, and the pool's handle is still there: the pool has ended, and its worker never will.
int exit_from_the_worker_of_a_kept_pool() {
  weft_executor_t *pool = make_pool(1);
  get_busy();
  EXPECT(weft_executor_post(pool, nullptr, arm_local_in_task, nullptr, nullptr), WEFT_OK);
  EXPECT(weft_executor_shutdown(pool, 0, 0), WEFT_OK);
  wait_for_nothing();
}

// An isolated runtime that was not destroyed before the end.
int an_isolated_runtime_is_waited_for_too() {
  weft_runtime_t *runtime = nullptr;
  weft_thread_t *thread = nullptr;
  EXPECT(weft_runtime_create(nullptr, &runtime), WEFT_OK);
  EXPECT(weft_thread_create(runtime, nullptr, say_later, done, nullptr, &thread), WEFT_OK);
  EXPECT(weft_thread_start(thread), WEFT_OK);
  weft_thread_unref(thread);
  return 0;
}

int shut_down_before_the_end() {
  get_busy();
  EXPECT(weft_runtime_shutdown(nullptr, WEFT_FOREVER), WEFT_OK);
  say("shut down");
  return 0;
}

int nothing_was_ever_used() {
  return 0;
}

void *block(void *) {
  weft_thread_t *self = nullptr;
  EXPECT(weft_thread_current(&self), WEFT_OK);
  weft_thread_unref(self);
  for (;;) pause();
}

int a_foreign_thread_does_not_hold_the_end() {
  pthread_t thread;
  pthread_create(&thread, nullptr, block, nullptr);
  pthread_detach(thread);
  get_busy();
  return 0;
}

const named_case cases[] = {
    {"return-from-main", return_from_main},
    {"exit-from-main", exit_from_main},
    {"_exit-from-main", underscore_exit_from_main},
    {"quick_exit-from-main", quick_exit_from_main},
    {"abort-from-main", abort_from_main},
    {"exit-from-thread", from_thread<call_exit, 21>},
    {"_exit-from-thread", from_thread<call_underscore_exit, 22>},
    {"quick_exit-from-thread", from_thread<call_quick_exit, 23>},
    {"abort-from-thread", from_thread<call_abort, 0>},
    {"exit-from-daemon", from_daemon<call_exit, 24>},
    {"_exit-from-daemon", from_daemon<call_underscore_exit, 25>},
    {"quick_exit-from-daemon", from_daemon<call_quick_exit, 26>},
    {"abort-from-daemon", from_daemon<call_abort, 0>},
    {"exit-from-worker", from_worker<call_exit, 27>},
    {"_exit-from-worker", from_worker<call_underscore_exit, 28>},
    {"quick_exit-from-worker", from_worker<call_quick_exit, 29>},
    {"abort-from-worker", from_worker<call_abort, 0>},
    {"exit-from-callback", from_callback<call_exit, 30>},
    {"_exit-from-callback", from_callback<call_underscore_exit, 31>},
    {"quick_exit-from-callback", from_callback<call_quick_exit, 32>},
    {"abort-from-callback", from_callback<call_abort, 0>},
    {"exit-from-the-only-worker", exit_from_the_only_worker},
    {"exit-from-a-task-with-tasks-behind-it", exit_from_a_task_with_tasks_behind_it},
    {"exit-from-a-strand", exit_from_a_strand},
    {"exit-from-a-caller-run-task", exit_from_a_caller_run_task},
    {"exit-from-a-joined-thread", exit_from_a_joined_thread},
    {"exit-from-a-pthread-key-destructor", exit_from_a_pthread_key_destructor},
    {"exit-from-a-thread-local-destructor", exit_from_a_thread_local_destructor},
    {"exit-from-a-thread-local-destructor-of-a-worker", exit_from_a_thread_local_destructor_of_a_worker},
    {"exit-from-the-worker-of-a-kept-pool", exit_from_the_worker_of_a_kept_pool},
    {"an-isolated-runtime-is-waited-for-too", an_isolated_runtime_is_waited_for_too},
    {"shut-down-before-the-end", shut_down_before_the_end},
    {"nothing-was-ever-used", nothing_was_ever_used},
    {"a-foreign-thread-does-not-hold-the-end", a_foreign_thread_does_not_hold_the_end},
};

} // namespace

std::span<const named_case> exit_cases() {
  return cases;
}

} // namespace process
