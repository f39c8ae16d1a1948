/* Tests of the exception hook (weft/runtime.h): what it receives, on which thread, and when its context is dropped.
 * What the default hook writes is read by tests/process.
 */
#include <weft/runtime.h>

#include "setup.h"

/* What the hook received last, and how often it was called. The hook writes it, and the test reads it after a join. */
typedef struct record {
  int calls; /* atomic */
  int drops; /* atomic */
  weft_thread_t *thread;
  pthread_t on;
  int32_t code;
  char kind[64];
  char message[64];
  gate_t *gate; /* passed by the hook; NULL: none */
  pthread_t dropped_on;
} record_t;

static void record_hook(void *ctx, weft_thread_t *thread, const weft_error_t *error) {
  record_t *record = (record_t *)ctx;
  record->thread = thread;
  record->on = pthread_self();
  record->code = weft_error_code(error);
  snprintf(record->kind, sizeof record->kind, "%s", weft_error_kind(error));
  snprintf(record->message, sizeof record->message, "%s", weft_error_message(error));
  __atomic_add_fetch(&record->calls, 1, __ATOMIC_ACQ_REL);
  if (record->gate) gate_pass(record->gate);
}

static void record_drop(void *ctx) {
  record_t *record = (record_t *)ctx;
  record->dropped_on = pthread_self();
  __atomic_add_fetch(&record->drops, 1, __ATOMIC_ACQ_REL);
}

static weft_status target_with_error(void *ctx, weft_error_t **error) {
  *(pthread_t *)ctx = pthread_self();
  return weft_error_create(7, "ValueError", "a bad value", error);
}

static weft_status target_with_42(void *ctx, weft_error_t **error) {
  (void)ctx;
  (void)error;
  return 42;
}

static weft_status target_ok(void *ctx, weft_error_t **error) {
  (void)ctx;
  (void)error;
  return WEFT_OK;
}

static void it_is_told_of_the_error_of_a_thread(void) {
  weft_runtime_t *runtime = make_runtime();
  record_t record = {0};
  pthread_t ran_on;
  weft_thread_t *thread;
  REQUIRE_OK(weft_runtime_set_exception_hook(runtime, record_hook, &record, record_drop));
  thread = start_thread(runtime, WEFT_DAEMON_NO, target_with_error, &ran_on, NULL);
  CHECK_STATUS(weft_thread_join(thread, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(count_of(&record.calls), 1);
  CHECK(record.thread == thread);
  CHECK(pthread_equal(record.on, ran_on));
  CHECK_EQUAL(record.code, 7);
  CHECK_TEXT(record.kind, "ValueError");
  CHECK_TEXT(record.message, "a bad value");
  CHECK_EQUAL(weft_thread_state(thread), WEFT_THREAD_STOPPED);
  weft_thread_unref(thread);
  CHECK_EQUAL(count_of(&record.drops), 0);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

static void it_is_told_of_a_failure_without_an_error_object(void) {
  weft_runtime_t *runtime = make_runtime();
  record_t record = {0};
  weft_thread_t *thread;
  REQUIRE_OK(weft_runtime_set_exception_hook(runtime, record_hook, &record, record_drop));
  thread = start_thread(runtime, WEFT_DAEMON_NO, target_with_42, NULL, NULL);
  CHECK_STATUS(weft_thread_join(thread, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(count_of(&record.calls), 1);
  CHECK_EQUAL(record.code, 42);
  weft_thread_unref(thread);
  thread = start_thread(runtime, WEFT_DAEMON_NO, target_ok, NULL, NULL);
  CHECK_STATUS(weft_thread_join(thread, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(count_of(&record.calls), 1);
  weft_thread_unref(thread);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

static void it_is_told_of_the_error_of_a_posted_task(void) {
  weft_runtime_t *runtime = make_runtime();
  record_t record = {0};
  weft_executor_options_t options;
  weft_executor_t *pool = NULL;
  weft_call_t call = {fail_with_error, NULL, NULL};
  weft_future_t *future = NULL;
  REQUIRE_OK(weft_runtime_set_exception_hook(runtime, record_hook, &record, record_drop));
  weft_executor_options_init(&options);
  options.max_workers = 1; /* the record holds one call, so only one worker may call the hook */
  REQUIRE_OK(weft_executor_create(runtime, &options, &pool));
  REQUIRE_OK(weft_executor_post(pool, NULL, fail_with_error, NULL, NULL));
  REQUIRE_OK(weft_executor_submit_batch(pool, NULL, &call, 1, NULL));
  /* A task with a future gives its error to the future, and the hook is not called. */
  REQUIRE_OK(weft_executor_submit(pool, NULL, fail_with_error, NULL, NULL, &future));
  end_executor(pool);
  weft_future_unref(future);
  CHECK_EQUAL(count_of(&record.calls), 2);
  CHECK_EQUAL(record.code, 7);
  CHECK_TEXT(record.kind, "ValueError");
  CHECK_TEXT(record.message, "a bad value");
  CHECK(record.thread != NULL);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

static void each_runtime_has_its_own(void) {
  weft_runtime_t *one = make_runtime(), *two = make_runtime();
  record_t first = {0}, second = {0};
  weft_thread_t *thread;
  REQUIRE_OK(weft_runtime_set_exception_hook(one, record_hook, &first, record_drop));
  REQUIRE_OK(weft_runtime_set_exception_hook(two, record_hook, &second, record_drop));
  thread = start_thread(two, WEFT_DAEMON_NO, target_with_42, NULL, NULL);
  end_thread(thread);
  CHECK_EQUAL(count_of(&first.calls), 0);
  CHECK_EQUAL(count_of(&second.calls), 1);
  CHECK_STATUS(weft_runtime_destroy(&one), WEFT_OK);
  CHECK_STATUS(weft_runtime_destroy(&two), WEFT_OK);
}

static void replacing_it_drops_the_previous_context_here(void) {
  record_t first = {0}, second = {0};
  weft_thread_t *thread;
  REQUIRE_OK(weft_runtime_set_exception_hook(NULL, record_hook, &first, record_drop));
  CHECK_EQUAL(count_of(&first.drops), 0);
  REQUIRE_OK(weft_runtime_set_exception_hook(NULL, record_hook, &second, record_drop));
  CHECK_EQUAL(count_of(&first.drops), 1);
  CHECK(pthread_equal(first.dropped_on, pthread_self()));
  thread = start_thread(NULL, WEFT_DAEMON_NO, target_with_42, NULL, NULL);
  end_thread(thread);
  CHECK_EQUAL(count_of(&first.calls), 0);
  CHECK_EQUAL(count_of(&second.calls), 1);
  CHECK_STATUS(weft_runtime_set_exception_hook(NULL, NULL, NULL, NULL), WEFT_OK);
  CHECK_EQUAL(count_of(&second.drops), 1);
  CHECK_EQUAL(count_of(&first.drops), 1);
  CHECK_STATUS(weft_runtime_set_exception_hook(NULL, NULL, NULL, NULL), WEFT_OK);
}

static void replacing_it_while_it_runs_drops_after_it_has_returned(void) {
  gate_t gate = GATE_CLOSED;
  record_t record = {0};
  weft_thread_t *thread;
  pthread_t ran_on;
  record.gate = &gate;
  REQUIRE_OK(weft_runtime_set_exception_hook(NULL, record_hook, &record, record_drop));
  thread = start_thread(NULL, WEFT_DAEMON_NO, target_with_error, &ran_on, NULL);
  gate_await(&gate, 1);
  CHECK_STATUS(weft_runtime_set_exception_hook(NULL, NULL, NULL, NULL), WEFT_OK);
  CHECK_EQUAL(count_of(&record.drops), 0);
  gate_open(&gate);
  CHECK_STATUS(weft_thread_join(thread, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(count_of(&record.drops), 1);
  CHECK(pthread_equal(record.dropped_on, ran_on));
  weft_thread_unref(thread);
}

static void the_end_of_the_runtime_drops_the_context_once(void) {
  weft_runtime_t *runtime = make_runtime();
  record_t record = {0};
  REQUIRE_OK(weft_runtime_set_exception_hook(runtime, record_hook, &record, record_drop));
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
  CHECK(count_of(&record.drops) <= 1);
}

/* The hook is user code, so it may call weft, even to replace itself. */
static void replace_myself(void *ctx, weft_thread_t *thread, const weft_error_t *error) {
  record_hook(ctx, thread, error);
  CHECK_STATUS(weft_runtime_set_exception_hook(NULL, NULL, NULL, NULL), WEFT_OK);
  CHECK_EQUAL(count_of(&((record_t *)ctx)->drops), 0);
}

static void it_may_replace_itself(void) {
  record_t record = {0};
  weft_thread_t *thread;
  REQUIRE_OK(weft_runtime_set_exception_hook(NULL, replace_myself, &record, record_drop));
  thread = start_thread(NULL, WEFT_DAEMON_NO, target_with_42, NULL, NULL);
  CHECK_STATUS(weft_thread_join(thread, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(count_of(&record.calls), 1);
  CHECK_EQUAL(count_of(&record.drops), 1);
  weft_thread_unref(thread);
}

static void *replace_often(void *ctx) {
  int i;
  for (i = 0; i < 500; ++i) CHECK_STATUS(weft_runtime_set_exception_hook(NULL, record_hook, ctx, record_drop), WEFT_OK);
  return NULL;
}

static void replacing_races_with_calls_without_losing_a_drop(void) {
  record_t mine = {0};
  pthread_t replacer;
  int i;
  REQUIRE_OK(weft_runtime_set_exception_hook(NULL, record_hook, &mine, record_drop)); /* never the default hook */
  REQUIRE(pthread_create(&replacer, NULL, replace_often, &mine) == 0);
  for (i = 0; i < 50; ++i) {
    weft_thread_t *thread = start_thread(NULL, WEFT_DAEMON_NO, target_ok, NULL, NULL);
    end_thread(thread);
    thread = start_thread(NULL, WEFT_DAEMON_NO, target_with_42, NULL, NULL);
    end_thread(thread);
  }
  pthread_join(replacer, NULL);
  CHECK_STATUS(weft_runtime_set_exception_hook(NULL, NULL, NULL, NULL), WEFT_OK);
  CHECK_EQUAL(count_of(&mine.drops), 501);
  CHECK_EQUAL(count_of(&mine.calls), 50);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"it is told of the error of a thread", it_is_told_of_the_error_of_a_thread},
      {"it is told of a failure without an error object", it_is_told_of_a_failure_without_an_error_object},
      {"it is told of the error of a posted task", it_is_told_of_the_error_of_a_posted_task},
      {"each runtime has its own", each_runtime_has_its_own},
      {"replacing it drops the previous context here", replacing_it_drops_the_previous_context_here},
      {"replacing it while it runs drops after it has returned",
       replacing_it_while_it_runs_drops_after_it_has_returned},
      {"the end of the runtime drops the context once", the_end_of_the_runtime_drops_the_context_once},
      {"it may replace itself", it_may_replace_itself},
      {"replacing races with calls without losing a drop", replacing_races_with_calls_without_losing_a_drop},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
