/* Tests of the thread objects (weft/thread.h): current, main, enumerate, active_count, and those of foreign threads. */
#include <weft/thread.h>

#include "setup.h"

static void outputs_must_be_given(void) {
  CHECK_STATUS(weft_thread_current(NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_thread_main(NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_thread_active_count(NULL, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_thread_enumerate(NULL, NULL, 0, NULL), WEFT_EINVAL);
}

static void the_main_thread_has_an_object(void) {
  weft_thread_t *current = NULL, *main_thread = NULL, *again = NULL;
  REQUIRE_OK(weft_thread_current(&current));
  REQUIRE_OK(weft_thread_main(&main_thread));
  REQUIRE_OK(weft_thread_current(&again));
  CHECK(current == main_thread && current == again);
  CHECK_TEXT(weft_thread_name(main_thread), "MainThread");
  CHECK_EQUAL(weft_thread_state(main_thread), WEFT_THREAD_STARTED);
  CHECK_EQUAL(weft_thread_is_alive(main_thread), 1);
  CHECK_EQUAL(weft_thread_is_daemon(main_thread), 0);
  CHECK(weft_thread_ident(main_thread) != 0);
  CHECK_EQUAL(weft_thread_native_id(main_thread), getpid());
  CHECK_STATUS(weft_thread_set_daemon(main_thread, 1), WEFT_ESTARTED);
  weft_thread_unref(current);
  weft_thread_unref(main_thread);
  weft_thread_unref(again);
}

static weft_status check_current(void *ctx, weft_error_t **error) {
  weft_thread_t *self = NULL, *main_thread = NULL;
  (void)error;
  CHECK_STATUS(weft_thread_current(&self), WEFT_OK);
  CHECK_STATUS(weft_thread_main(&main_thread), WEFT_OK);
  CHECK(self != main_thread);
  CHECK_TEXT(weft_thread_name(main_thread), "MainThread");
  CHECK_EQUAL(weft_thread_native_id(main_thread), getpid());
  CHECK_EQUAL(weft_thread_native_id(self), own_tid());
  CHECK_EQUAL(weft_thread_is_alive(self), 1);
  *(weft_thread_t **)ctx = self;
  weft_thread_unref(main_thread);
  return WEFT_OK;
}

static void a_thread_finds_its_own_object(void) {
  weft_thread_t *seen = NULL;
  weft_thread_t *thread = start_thread(NULL, WEFT_DAEMON_NO, check_current, &seen, NULL);
  CHECK_STATUS(weft_thread_join(thread, WEFT_FOREVER), WEFT_OK);
  CHECK(seen == thread);
  weft_thread_unref(seen);
  weft_thread_unref(thread);
}

/* Returns how often `wanted` is in the list of a runtime. */
static int times_listed(weft_runtime_t *runtime, weft_thread_t *wanted) {
  weft_thread_t *threads[64];
  size_t count = 0, i, active = 0;
  int times = 0;
  if (!CHECK_STATUS(weft_thread_enumerate(runtime, threads, CHECK_COUNT_OF(threads), &count), WEFT_OK)) return -1;
  CHECK(count <= CHECK_COUNT_OF(threads));
  for (i = 0; i < count; ++i) {
    times += threads[i] == wanted;
    weft_thread_unref(threads[i]);
  }
  CHECK_STATUS(weft_thread_active_count(runtime, &active), WEFT_OK);
  return times;
}

static void the_list_has_what_is_alive(void) {
  weft_runtime_t *runtime = make_runtime();
  gate_t gate = GATE_CLOSED;
  probe_t probe = {0};
  weft_thread_t *thread = NULL, *main_thread = NULL;
  size_t count = 99;
  probe.gate = &gate;
  REQUIRE_OK(weft_thread_main(&main_thread));
  CHECK_STATUS(weft_thread_active_count(runtime, &count), WEFT_OK);
  CHECK_EQUAL(count, 0);
  CHECK_EQUAL(times_listed(NULL, main_thread), 1);
  CHECK_EQUAL(times_listed(runtime, main_thread), 0);
  REQUIRE_OK(weft_thread_create(runtime, NULL, probe_target, &probe, NULL, &thread));
  CHECK_EQUAL(times_listed(runtime, thread), 0);
  REQUIRE_OK(weft_thread_start(thread));
  CHECK_EQUAL(times_listed(runtime, thread), 1);
  CHECK_EQUAL(times_listed(NULL, thread), 0);
  CHECK_STATUS(weft_thread_active_count(runtime, &count), WEFT_OK);
  CHECK_EQUAL(count, 1);
  gate_open(&gate);
  CHECK_STATUS(weft_thread_join(thread, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(times_listed(runtime, thread), 0);
  weft_thread_unref(thread);
  weft_thread_unref(main_thread);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

static void a_short_list_is_filled_and_the_count_is_true(void) {
  weft_runtime_t *runtime = make_runtime();
  gate_t gate = GATE_CLOSED;
  probe_t probes[5] = {{0}};
  weft_thread_t *threads[5], *listed[5];
  size_t i, count = 99;
  for (i = 0; i < 5; ++i) {
    probes[i].gate = &gate;
    threads[i] = start_thread(runtime, WEFT_DAEMON_NO, probe_target, &probes[i], NULL);
    listed[i] = UNTOUCHED(weft_thread_t);
  }
  CHECK_STATUS(weft_thread_enumerate(runtime, NULL, 0, &count), WEFT_OK);
  CHECK_EQUAL(count, 5);
  count = 99;
  CHECK_STATUS(weft_thread_enumerate(runtime, NULL, 1, &count), WEFT_EINVAL);
  CHECK_EQUAL(count, 99);
  CHECK_STATUS(weft_thread_enumerate(runtime, listed, 2, &count), WEFT_OK);
  CHECK_EQUAL(count, 5);
  CHECK(listed[0] != listed[1] && listed[1] != UNTOUCHED(weft_thread_t));
  CHECK(listed[2] == UNTOUCHED(weft_thread_t));
  gate_open(&gate);
  for (i = 0; i < 5; ++i) end_thread(threads[i]);
  for (i = 0; i < 2; ++i) { /* the list's references keep them */
    CHECK_EQUAL(weft_thread_is_alive(listed[i]), 0);
    weft_thread_unref(listed[i]);
  }
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

typedef struct foreign {
  gate_t gate;
  weft_thread_t *self;
} foreign_t;

static void *foreign_thread(void *ctx) {
  foreign_t *foreign = (foreign_t *)ctx;
  weft_thread_t *again = NULL;
  CHECK_STATUS(weft_thread_current(&foreign->self), WEFT_OK);
  CHECK_STATUS(weft_thread_current(&again), WEFT_OK);
  CHECK(again == foreign->self);
  weft_thread_unref(again);
  CHECK_EQUAL(weft_thread_native_id(foreign->self), own_tid());
  CHECK_EQUAL(weft_thread_is_daemon(foreign->self), 0);
  gate_pass(&foreign->gate);
  return NULL;
}

static void a_foreign_thread_gets_an_object_that_ends_with_it(void) {
  foreign_t foreign = {GATE_CLOSED, NULL};
  pthread_t thread;
  REQUIRE(pthread_create(&thread, NULL, foreign_thread, &foreign) == 0);
  gate_await(&foreign.gate, 1);
  CHECK_EQUAL(weft_thread_state(foreign.self), WEFT_THREAD_STARTED);
  CHECK(strlen(weft_thread_name(foreign.self)) > 0);
  CHECK(weft_thread_ident(foreign.self) != 0);
  CHECK_EQUAL(times_listed(NULL, foreign.self), 1);
  gate_open(&foreign.gate);
  pthread_join(thread, NULL);
  CHECK_STATUS(weft_thread_join(foreign.self, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(weft_thread_state(foreign.self), WEFT_THREAD_STOPPED);
  CHECK_EQUAL(times_listed(NULL, foreign.self), 0);
  weft_thread_unref(foreign.self);
}

static weft_status current_in_a_task(void *ctx, void **result, weft_error_t **error) {
  weft_thread_t *self = NULL;
  (void)ctx;
  (void)error;
  CHECK_STATUS(weft_thread_current(&self), WEFT_OK);
  CHECK_EQUAL(weft_thread_native_id(self), own_tid());
  CHECK_STATUS(weft_thread_start(self), WEFT_ESTARTED);
  *result = self;
  return WEFT_OK;
}

static void workers_are_threads_too(void) {
  weft_executor_t *pool = make_pool(1);
  weft_future_t *future = submit(pool, current_in_a_task, NULL, NULL);
  void *worker = NULL;
  REQUIRE_OK(weft_future_result(future, WEFT_FOREVER, &worker));
  weft_future_unref(future);
  CHECK_EQUAL(times_listed(NULL, (weft_thread_t *)worker), 1);
  CHECK_EQUAL(weft_thread_is_alive((weft_thread_t *)worker), 1);
  end_executor(pool);
  CHECK_EQUAL(times_listed(NULL, (weft_thread_t *)worker), 0);
  CHECK_STATUS(weft_thread_join((weft_thread_t *)worker, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(weft_thread_is_alive((weft_thread_t *)worker), 0);
  weft_thread_unref((weft_thread_t *)worker);
}

static void *list_often(void *ctx) {
  int i;
  (void)ctx;
  for (i = 0; i < 200; ++i) CHECK(times_listed(NULL, NULL) == 0);
  return NULL;
}

static void listing_races_with_starts_and_ends(void) {
  pthread_t lister;
  int i;
  REQUIRE(pthread_create(&lister, NULL, list_often, NULL) == 0);
  for (i = 0; i < 200; ++i) {
    probe_t probe = {0};
    end_thread(start_thread(NULL, WEFT_DAEMON_NO, probe_target, &probe, probe_drop));
  }
  pthread_join(lister, NULL);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"outputs must be given", outputs_must_be_given},
      {"the main thread has an object", the_main_thread_has_an_object},
      {"a thread finds its own object", a_thread_finds_its_own_object},
      {"the list has what is alive", the_list_has_what_is_alive},
      {"a short list is filled and the count is true", a_short_list_is_filled_and_the_count_is_true},
      {"a foreign thread gets an object that ends with it", a_foreign_thread_gets_an_object_that_ends_with_it},
      {"workers are threads too", workers_are_threads_too},
      {"listing races with starts and ends", listing_races_with_starts_and_ends},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
