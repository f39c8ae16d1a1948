/* Tests of weft/thread.h: making and starting threads, identity, ownership of the argument.
 * Options are in thread_options.c, joins and stop requests are in thread_join.c; current, main and enumerate in
 * thread_list.c.
 */
#include <weft/thread.h>

#include "setup.h"

static void bad_arguments_of_create_change_nothing(void) {
  probe_t probe = {0};
  weft_thread_t *out = UNTOUCHED(weft_thread_t);
  CHECK_STATUS(weft_thread_create(NULL, NULL, NULL, &probe, probe_drop, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_thread_create(NULL, NULL, probe_target, &probe, probe_drop, NULL), WEFT_EINVAL);
  CHECK(out == UNTOUCHED(weft_thread_t));
  CHECK_EQUAL(probe_drops(&probe), 0);
}

static void a_thread_goes_from_initial_to_started_to_stopped(void) {
  gate_t gate = GATE_CLOSED;
  probe_t probe = {0};
  weft_thread_t *thread = NULL;
  uint64_t ident, native;
  probe.gate = &gate;
  REQUIRE_OK(weft_thread_create(NULL, NULL, probe_target, &probe, probe_drop, &thread));
  CHECK_EQUAL(weft_thread_state(thread), WEFT_THREAD_INITIAL);
  CHECK_EQUAL(weft_thread_is_alive(thread), 0);
  CHECK_EQUAL(weft_thread_ident(thread), 0);
  CHECK_EQUAL(weft_thread_native_id(thread), 0);
  REQUIRE_OK(weft_thread_start(thread));
  CHECK_EQUAL(weft_thread_state(thread), WEFT_THREAD_STARTED);
  CHECK_EQUAL(weft_thread_is_alive(thread), 1);
  ident = weft_thread_ident(thread);
  native = weft_thread_native_id(thread);
  CHECK(ident != 0);
  CHECK(native != 0);
  CHECK_STATUS(weft_thread_start(thread), WEFT_ESTARTED);
  gate_await(&gate, 1);
  CHECK_EQUAL(probe_tid(&probe), native);
  CHECK_EQUAL(probe_drops(&probe), 0);
  gate_open(&gate);
  CHECK_STATUS(weft_thread_join(thread, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(weft_thread_state(thread), WEFT_THREAD_STOPPED);
  CHECK_EQUAL(weft_thread_is_alive(thread), 0);
  CHECK_EQUAL(weft_thread_ident(thread), ident);
  CHECK_STATUS(weft_thread_start(thread), WEFT_ESTARTED);
  CHECK_EQUAL(probe_runs(&probe), 1);
  weft_thread_unref(thread);
}

static void null_has_an_answer_everywhere(void) {
  CHECK_STATUS(weft_thread_start(NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_thread_join(NULL, 0), WEFT_EINVAL);
  CHECK_STATUS(weft_thread_request_stop(NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_thread_state(NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_thread_is_alive(NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_thread_is_daemon(NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_thread_set_daemon(NULL, 1), WEFT_EINVAL);
  CHECK_STATUS(weft_thread_set_name(NULL, "name"), WEFT_EINVAL);
  CHECK_TEXT(weft_thread_name(NULL), "");
  CHECK_EQUAL(weft_thread_ident(NULL), 0);
  CHECK_EQUAL(weft_thread_native_id(NULL), 0);
  CHECK(weft_thread_ref(NULL) == NULL);
  weft_thread_unref(NULL);
}

static void the_argument_is_dropped_on_the_ending_thread(void) {
  probe_t probe = {0};
  weft_thread_t *thread = start_thread(NULL, WEFT_DAEMON_NO, probe_target, &probe, probe_drop);
  CHECK_STATUS(weft_thread_join(thread, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(probe_drops(&probe), 1);
  CHECK(pthread_equal(probe.ran_on, probe.dropped_on));
  weft_thread_unref(thread);
  CHECK_EQUAL(probe_drops(&probe), 1);
}

static void an_argument_that_never_ran_is_dropped_with_the_last_handle(void) {
  probe_t probe = {0};
  weft_thread_t *thread = NULL;
  REQUIRE_OK(weft_thread_create(NULL, NULL, probe_target, &probe, probe_drop, &thread));
  CHECK(weft_thread_ref(thread) == thread);
  weft_thread_unref(thread);
  CHECK_EQUAL(probe_drops(&probe), 0);
  weft_thread_unref(thread);
  CHECK_EQUAL(probe_drops(&probe), 1);
  CHECK_EQUAL(probe_runs(&probe), 0);
  CHECK(pthread_equal(probe.dropped_on, pthread_self()));
}

static void a_started_thread_runs_on_without_handles(void) {
  gate_t gate = GATE_CLOSED;
  probe_t probe = {0};
  probe.gate = &gate;
  weft_thread_unref(start_thread(NULL, WEFT_DAEMON_NO, probe_target, &probe, probe_drop));
  gate_await(&gate, 1);
  gate_open(&gate);
  while (probe_drops(&probe) == 0) sched_yield();
  CHECK_EQUAL(probe_runs(&probe), 1);
}

/* An extended thread in C: the argument is the object, and the test reads it after the join. */
typedef struct summing {
  int from, to, sum;
} summing_t;

static weft_status summing_target(void *ctx, weft_error_t **error) {
  summing_t *object = (summing_t *)ctx;
  int i;
  (void)error;
  for (i = object->from; i <= object->to; ++i) object->sum += i;
  return WEFT_OK;
}

static void an_object_is_read_after_the_join(void) {
  summing_t object = {1, 100, 0};
  end_thread(start_thread(NULL, WEFT_DAEMON_NO, summing_target, &object, NULL));
  CHECK_EQUAL(object.sum, 5050);
}

static void idents_are_never_used_again(void) {
  enum { count = 200 };
  static uint64_t idents[count];
  int i, j;
  for (i = 0; i < count; ++i) {
    probe_t probe = {0};
    weft_thread_t *thread = start_thread(NULL, WEFT_DAEMON_NO, probe_target, &probe, NULL);
    idents[i] = weft_thread_ident(thread);
    end_thread(thread);
    CHECK(idents[i] != 0);
    for (j = 0; j < i; ++j) CHECK(idents[i] != idents[j]);
  }
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"bad arguments of create change nothing", bad_arguments_of_create_change_nothing},
      {"a thread goes from initial to started to stopped", a_thread_goes_from_initial_to_started_to_stopped},
      {"NULL has an answer everywhere", null_has_an_answer_everywhere},
      {"the argument is dropped on the ending thread", the_argument_is_dropped_on_the_ending_thread},
      {"an argument that never ran is dropped with the last handle",
       an_argument_that_never_ran_is_dropped_with_the_last_handle},
      {"a started thread runs on without handles", a_started_thread_runs_on_without_handles},
      {"an object is read after the join", an_object_is_read_after_the_join},
      {"idents are never used again", idents_are_never_used_again},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
