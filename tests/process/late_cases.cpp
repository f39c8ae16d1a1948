// late_cases.cpp: calls of weft when the process is already ending. They come from exit handlers and static destructors
// that were registered or built before and after the first use of weft.
//
// Handlers run in the reverse order of registration. A handler that is registered after the first use of weft runs
// before weft has ended, and may use it. An earlier one runs when weft has ended, and its calls are refused.
#include "cases.hpp"

#include <cstdlib>

namespace process {
namespace {

char task_text[] = "task in the handler";
char thread_text[] = "thread in the handler";

void first_use() {
  weft_thread_t *self = nullptr;
  EXPECT(weft_thread_current(&self), WEFT_OK);
  weft_thread_unref(self);
}

void work_as_ever() {
  weft_executor_t *pool = make_pool(1);
  weft_future_t *future = nullptr;
  EXPECT(weft_executor_submit(pool, nullptr, task_say_now, task_text, nullptr, &future), WEFT_OK);
  EXPECT(weft_future_result(future, WEFT_FOREVER, nullptr), WEFT_OK);
  weft_future_unref(future);
  weft_executor_unref(pool);
  weft_thread_unref(start(WEFT_DAEMON_NO, say_later, thread_text)); // the end waits for it without a join
}

int handler_after_the_first_use() {
  first_use();
  std::atexit(work_as_ever);
  return 0;
}

weft_executor_t *old_pool;

// Every call that would start something is refused. All other calls still work.
void find_it_ended() {
  weft_thread_t *thread = nullptr;
  weft_executor_t *pool = nullptr;
  weft_future_t *promise = nullptr;
  say(weft_status_name(weft_thread_create(nullptr, nullptr, say_now, thread_text, nullptr, &thread)));
  say(weft_status_name(weft_executor_create(nullptr, nullptr, &pool)));
  weft_thread_unref(thread);
  weft_executor_unref(pool);
  say(weft_status_name(weft_executor_post(old_pool, nullptr, task_say_now, task_text, nullptr)));
  EXPECT(weft_future_create(nullptr, &promise), WEFT_OK);
  EXPECT(weft_future_set_result(promise, promise), WEFT_OK);
  EXPECT(weft_future_result(promise, 0, nullptr), WEFT_OK);
  weft_future_unref(promise);
  EXPECT(weft_executor_shutdown(old_pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  EXPECT(weft_runtime_shutdown(nullptr, WEFT_FOREVER), WEFT_OK);
  weft_executor_unref(old_pool);
}

int handler_before_the_first_use() {
  std::atexit(find_it_ended);
  old_pool = make_pool(1);
  EXPECT(weft_executor_post(old_pool, nullptr, task_say_later, task_text, nullptr), WEFT_OK);
  return 0;
}

void exit_again() {
  std::exit(13);
}

int exit_in_a_handler_after_the_first_use() {
  first_use();
  weft_thread_unref(start(WEFT_DAEMON_NO, say_later, thread_text));
  std::atexit(exit_again);
  return 0;
}

int exit_in_a_handler_before_the_first_use() {
  std::atexit(exit_again);
  first_use();
  weft_thread_unref(start(WEFT_DAEMON_NO, say_later, thread_text));
  return 0;
}

void shut_down_in_handler() {
  EXPECT(weft_runtime_shutdown(nullptr, WEFT_FOREVER), WEFT_OK);
  say("shut down in the handler");
}

int shutdown_in_a_handler() {
  first_use();
  std::atexit(shut_down_in_handler);
  weft_thread_unref(start(WEFT_DAEMON_NO, say_later, thread_text));
  return 0;
}

void use_it_for_the_first_time() {
  work_as_ever();
}

int first_use_in_a_handler() {
  std::atexit(use_it_for_the_first_time);
  return 0;
}

// Static objects: one is built before the first use of weft and destroyed after its end. The other one is built after
// it and destroyed before.
struct works_at_the_end {
  ~works_at_the_end() { work_as_ever(); }
};

struct finds_it_ended {
  ~finds_it_ended() { find_it_ended(); }
};

int static_object_after_the_first_use() {
  first_use();
  static works_at_the_end object;
  (void)object;
  return 0;
}

int static_object_before_the_first_use() {
  static finds_it_ended object;
  (void)object;
  old_pool = make_pool(1);
  EXPECT(weft_executor_post(old_pool, nullptr, task_say_later, task_text, nullptr), WEFT_OK);
  return 0;
}

// The thread-local objects of the main thread are destroyed before any handler runs.
struct local_works_at_the_end {
  bool armed = false;
  ~local_works_at_the_end() {
    if (armed) work_as_ever();
  }
};

thread_local local_works_at_the_end local;

int thread_local_object_of_main() {
  local.armed = true;
  first_use();
  return 0;
}

// The same on a thread of weft, whose record is about to end.
weft_status arm_local(void *, weft_error_t **) {
  local.armed = true;
  return WEFT_OK;
}

int thread_local_object_of_a_thread() {
  weft_thread_t *thread = start(WEFT_DAEMON_NO, arm_local, nullptr);
  EXPECT(weft_thread_join(thread, WEFT_FOREVER), WEFT_OK);
  weft_thread_unref(thread);
  return 0;
}

const named_case cases[] = {
    {"handler-after-the-first-use", handler_after_the_first_use},
    {"handler-before-the-first-use", handler_before_the_first_use},
    {"exit-in-a-handler-after-the-first-use", exit_in_a_handler_after_the_first_use},
    {"exit-in-a-handler-before-the-first-use", exit_in_a_handler_before_the_first_use},
    {"shutdown-in-a-handler", shutdown_in_a_handler},
    {"first-use-in-a-handler", first_use_in_a_handler},
    {"static-object-after-the-first-use", static_object_after_the_first_use},
    {"static-object-before-the-first-use", static_object_before_the_first_use},
    {"thread-local-object-of-main", thread_local_object_of_main},
    {"thread-local-object-of-a-thread", thread_local_object_of_a_thread},
};

} // namespace

std::span<const named_case> late_cases() {
  return cases;
}

} // namespace process
