/* Tests of weft/runtime.h: what every call returns when its runtime has ended or was destroyed, and refused ends: from
 * inside, in a circle, interrupted.
 */
#include <weft/runtime.h>

#include "setup.h"

static void never_called(void *ctx, weft_thread_t *thread, const weft_error_t *error) {
  (void)ctx;
  (void)thread;
  (void)error;
  CHECK(0);
}

/* Every call that would start something, with the status that it must return. Nothing changes hands. */
static void check_all_refuse(weft_runtime_t *runtime, weft_status answer) {
  probe_t probe = {0};
  weft_thread_t *thread = UNTOUCHED(weft_thread_t);
  weft_executor_t *executor = UNTOUCHED(weft_executor_t);
  weft_executor_options_t options;
  weft_executor_options_init(&options);
  options.initializer_ctx = &probe;
  options.initializer_drop = probe_drop;
  CHECK_STATUS(weft_thread_create(runtime, NULL, probe_target, &probe, probe_drop, &thread), answer);
  CHECK_STATUS(weft_executor_create(runtime, &options, &executor), answer);
  CHECK_STATUS(weft_caller_run_create(runtime, NULL, &executor), answer);
  CHECK_STATUS(weft_runtime_set_exception_hook(runtime, never_called, &probe, probe_drop), answer);
  CHECK(thread == UNTOUCHED(weft_thread_t));
  CHECK(executor == UNTOUCHED(weft_executor_t));
  CHECK_EQUAL(probe_runs(&probe), 0);
  CHECK_EQUAL(probe_drops(&probe), 0);
}

static void nothing_starts_in_an_ended_runtime(void) {
  weft_runtime_t *runtime = make_runtime();
  size_t count = 99;
  CHECK_STATUS(weft_runtime_shutdown(runtime, WEFT_FOREVER), WEFT_OK);
  check_all_refuse(runtime, WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_thread_active_count(runtime, &count), WEFT_OK);
  CHECK_EQUAL(count, 0);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

static void a_destroyed_runtime_is_recognised(void) {
  weft_runtime_t *runtime = make_runtime(), *copy = runtime, *again = runtime;
  weft_thread_t *thread = UNTOUCHED(weft_thread_t);
  size_t count = 99;
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
  check_all_refuse(copy, WEFT_EINVAL);
  CHECK_STATUS(weft_runtime_shutdown(copy, 0), WEFT_EINVAL);
  CHECK_STATUS(weft_runtime_destroy(&again), WEFT_EINVAL);
  CHECK(again == copy);
  CHECK_STATUS(weft_thread_enumerate(copy, &thread, 1, &count), WEFT_EINVAL);
  CHECK_STATUS(weft_thread_active_count(copy, &count), WEFT_EINVAL);
  CHECK(thread == UNTOUCHED(weft_thread_t));
  CHECK_EQUAL(count, 99);
}

static weft_status no_run(void *room, weft_error_t **error) {
  (void)room;
  (void)error;
  CHECK(0);
  return WEFT_OK;
}

static void handles_outlive_their_runtime(void) {
  static const weft_task_type_t type = {sizeof type, 0, 8, 0, no_run, NULL, NULL};
  weft_runtime_t *runtime = make_runtime();
  weft_executor_t *pool = NULL, *strand = NULL, *mine = NULL, *late = UNTOUCHED(weft_executor_t);
  weft_thread_t *unstarted = NULL, *ended = NULL;
  weft_future_t *future = NULL, *out = UNTOUCHED(weft_future_t);
  weft_map_t *map = UNTOUCHED(weft_map_t);
  weft_task_t *task = NULL;
  probe_t probe = {0}, thread_probe = {0}, unstarted_probe = {0};
  weft_call_t call = {probe_run, &probe, probe_drop};
  void *item = &probe, *result = NULL;
  uint64_t ran = 77;
  REQUIRE_OK(weft_executor_create(runtime, NULL, &pool));
  REQUIRE_OK(weft_strand_create(pool, &strand));
  REQUIRE_OK(weft_caller_run_create(runtime, NULL, &mine));
  REQUIRE_OK(weft_executor_submit(pool, NULL, return_ctx, &item, NULL, &future));
  REQUIRE_OK(weft_thread_create(runtime, NULL, probe_target, &unstarted_probe, probe_drop, &unstarted));
  REQUIRE_OK(weft_thread_create(runtime, NULL, probe_target, &thread_probe, probe_drop, &ended));
  REQUIRE_OK(weft_thread_start(ended));
  REQUIRE_OK(weft_task_create(&type, &task));
  REQUIRE_OK(weft_runtime_destroy(&runtime));

  CHECK_STATUS(weft_future_result(future, 0, &result), WEFT_OK);
  CHECK(result == &item);
  CHECK_EQUAL(weft_thread_state(ended), WEFT_THREAD_STOPPED);
  CHECK_STATUS(weft_thread_join(ended, WEFT_FOREVER), WEFT_OK);
  CHECK(strlen(weft_thread_name(ended)) > 0);
  CHECK_STATUS(weft_thread_start(unstarted), WEFT_ESHUTDOWN);
  CHECK_EQUAL(weft_thread_state(unstarted), WEFT_THREAD_INITIAL);
  CHECK_STATUS(weft_executor_submit(pool, NULL, probe_run, &probe, probe_drop, &out), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_executor_submit(strand, NULL, probe_run, &probe, probe_drop, &out), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_executor_submit(mine, NULL, probe_run, &probe, probe_drop, &out), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_executor_post(pool, NULL, probe_run, &probe, probe_drop), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_executor_submit_batch(pool, NULL, &call, 1, &out), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_executor_submit_task(pool, task, &out), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_executor_submit_tasks(pool, &task, 1, &out), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_executor_map(pool, NULL, probe_run, &item, 1, probe_drop, &map), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_strand_create(pool, &late), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_executor_run(mine, 0, WEFT_FOREVER, &ran), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_executor_run_wait(mine, 0, WEFT_FOREVER, &ran), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  CHECK(out == UNTOUCHED(weft_future_t) && late == UNTOUCHED(weft_executor_t) && map == UNTOUCHED(weft_map_t));
  CHECK_EQUAL(ran, 77);
  CHECK_EQUAL(probe_runs(&probe), 0);
  CHECK_EQUAL(probe_drops(&probe), 0);
  CHECK_EQUAL(probe_drops(&unstarted_probe), 0);
  CHECK_EQUAL(probe_drops(&thread_probe), 1);
  weft_task_destroy(&task);
  weft_thread_unref(unstarted);
  CHECK_EQUAL(probe_drops(&unstarted_probe), 1);
  weft_thread_unref(ended);
  weft_future_unref(future);
  weft_executor_unref(mine);
  weft_executor_unref(strand);
  weft_executor_unref(pool);
}

/* A thread ends its own runtime. This is refused, and changes nothing. */
static void end_own_runtime(weft_runtime_t *runtime) {
  weft_runtime_t *handle = runtime;
  weft_executor_t *pool = NULL;
  CHECK_STATUS(weft_runtime_shutdown(runtime, WEFT_FOREVER), WEFT_EDEADLK);
  CHECK_STATUS(weft_runtime_destroy(&handle), WEFT_EDEADLK);
  CHECK(handle == runtime);
  CHECK_STATUS(weft_executor_create(runtime, NULL, &pool), WEFT_OK);
  weft_executor_unref(pool);
}

static weft_status end_own_runtime_target(void *ctx, weft_error_t **error) {
  (void)error;
  end_own_runtime((weft_runtime_t *)ctx);
  return WEFT_OK;
}

static weft_status end_own_runtime_task(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  end_own_runtime((weft_runtime_t *)ctx);
  return WEFT_OK;
}

static void ending_it_from_inside_is_refused(void) {
  weft_runtime_t *runtime = make_runtime();
  weft_thread_t *thread = NULL;
  weft_executor_t *pool = NULL, *mine = NULL;
  weft_future_t *future = NULL;
  REQUIRE_OK(weft_thread_create(runtime, NULL, end_own_runtime_target, runtime, NULL, &thread));
  REQUIRE_OK(weft_thread_start(thread));
  REQUIRE_OK(weft_thread_join(thread, WEFT_FOREVER));
  REQUIRE_OK(weft_executor_create(runtime, NULL, &pool));
  REQUIRE_OK(weft_executor_submit(pool, NULL, end_own_runtime_task, runtime, NULL, &future));
  REQUIRE_OK(weft_future_wait(future, WEFT_FOREVER));
  weft_future_unref(future);
  REQUIRE_OK(weft_caller_run_create(runtime, NULL, &mine));
  REQUIRE_OK(weft_executor_post(mine, NULL, end_own_runtime_task, runtime, NULL));
  CHECK_STATUS(weft_executor_run(mine, 0, WEFT_FOREVER, NULL), WEFT_OK);
  weft_executor_unref(mine);
  weft_executor_unref(pool);
  weft_thread_unref(thread);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

typedef struct joiner {
  weft_thread_t *main;
  uint64_t tid; /* atomic */
  weft_status answer;
} joiner_t;

static weft_status join_main(void *ctx, weft_error_t **error) {
  joiner_t *joiner = (joiner_t *)ctx;
  (void)error;
  __atomic_store_n(&joiner->tid, own_tid(), __ATOMIC_RELEASE);
  joiner->answer = weft_thread_join(joiner->main, WEFT_FOREVER);
  return WEFT_OK;
}

static void waiting_for_a_thread_that_waits_for_the_caller_is_refused(void) {
  weft_runtime_t *runtime = make_runtime();
  weft_thread_t *thread = NULL;
  joiner_t joiner = {NULL, 0, WEFT_OK};
  uint64_t tid;
  weft_status answer;
  REQUIRE_OK(weft_thread_current(&joiner.main));
  REQUIRE_OK(weft_thread_create(runtime, NULL, join_main, &joiner, NULL, &thread));
  REQUIRE_OK(weft_thread_start(thread));
  while ((tid = __atomic_load_n(&joiner.tid, __ATOMIC_ACQUIRE)) == 0) sched_yield();
  await_asleep(tid);
  answer = weft_runtime_shutdown(runtime, WEFT_FOREVER);
  /* The wait that comes second closes the circle and is refused. */
  if (answer == WEFT_OK) {
    CHECK_STATUS(joiner.answer, WEFT_EDEADLK);
  } else {
    weft_executor_t *pool = NULL;
    CHECK_STATUS(answer, WEFT_EDEADLK);
    CHECK_STATUS(weft_executor_create(runtime, NULL, &pool), WEFT_OK);
    weft_executor_unref(pool);
    CHECK_STATUS(weft_thread_request_stop(thread), WEFT_OK);
    CHECK_STATUS(weft_thread_join(thread, WEFT_FOREVER), WEFT_OK);
    CHECK_STATUS(joiner.answer, WEFT_EINTERRUPTED);
  }
  weft_thread_unref(thread);
  weft_thread_unref(joiner.main);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

typedef struct ender {
  weft_runtime_t *runtime;
  uint64_t tid; /* atomic */
} ender_t;

static weft_status end_other_runtime(void *ctx, weft_error_t **error) {
  ender_t *ender = (ender_t *)ctx;
  weft_runtime_t *handle = ender->runtime;
  (void)error;
  __atomic_store_n(&ender->tid, own_tid(), __ATOMIC_RELEASE);
  CHECK_STATUS(weft_runtime_shutdown(ender->runtime, WEFT_FOREVER), WEFT_EINTERRUPTED);
  CHECK_STATUS(weft_runtime_destroy(&handle), WEFT_EINTERRUPTED);
  CHECK(handle == ender->runtime);
  return WEFT_OK;
}

static void a_stop_request_interrupts_the_wait(void) {
  weft_runtime_t *runtime = make_runtime();
  gate_t gate = GATE_CLOSED;
  ender_t ender = {NULL, 0};
  probe_t blocked = {0};
  weft_thread_t *inside = NULL, *thread = NULL;
  uint64_t tid;
  blocked.gate = &gate;
  ender.runtime = runtime;
  REQUIRE_OK(weft_thread_create(runtime, NULL, probe_target, &blocked, probe_drop, &inside));
  REQUIRE_OK(weft_thread_start(inside));
  REQUIRE_OK(weft_thread_create(NULL, NULL, end_other_runtime, &ender, NULL, &thread));
  REQUIRE_OK(weft_thread_start(thread));
  while ((tid = __atomic_load_n(&ender.tid, __ATOMIC_ACQUIRE)) == 0) sched_yield();
  await_asleep(tid);
  CHECK_STATUS(weft_thread_request_stop(thread), WEFT_OK);
  CHECK_STATUS(weft_thread_join(thread, WEFT_FOREVER), WEFT_OK);
  gate_open(&gate);
  CHECK_STATUS(weft_runtime_shutdown(runtime, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(probe_drops(&blocked), 1);
  weft_thread_unref(inside);
  weft_thread_unref(thread);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"nothing starts in an ended runtime", nothing_starts_in_an_ended_runtime},
      {"a destroyed runtime is recognised", a_destroyed_runtime_is_recognised},
      {"handles outlive their runtime", handles_outlive_their_runtime},
      {"ending it from inside is refused", ending_it_from_inside_is_refused},
      {"waiting for a thread that waits for the caller is refused",
       waiting_for_a_thread_that_waits_for_the_caller_is_refused},
      {"a stop request interrupts the wait", a_stop_request_interrupts_the_wait},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
