/* Tests of weft/report.h: a shutdown with a time limit, and what its report says of everything that can be left. */
#include <weft/report.h>

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "setup.h"

/* Returns whether the system still has this thread. It forgets a thread a moment after pthread_join has returned. */
static int system_knows(uint64_t native_id) {
  int looks;
  for (looks = 0; looks < 10000; ++looks) {
    if (syscall(SYS_tgkill, getpid(), (int)native_id, 0) != 0) return 0;
    sched_yield();
  }
  return 1;
}

static weft_status pass_gate_in_thread(void *ctx, weft_error_t **error) {
  void *result = NULL;
  return pass_gate(ctx, &result, error);
}

static void nothing_was_started(void) {
  weft_runtime_t *runtime = make_runtime();
  weft_report_t *report = NULL;
  CHECK_STATUS(weft_runtime_shutdown_report(runtime, 0, 0, &report), WEFT_OK);
  CHECK_EQUAL(weft_report_safe_to_unload(report), 1);
  CHECK_EQUAL(weft_report_count(report), 0);
  CHECK_TEXT(weft_report_name(report, 0), "");
  weft_report_destroy(&report);
  CHECK(report == NULL);
  weft_report_destroy(&report);
  weft_report_destroy(NULL);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

static void bad_arguments(void) {
  weft_runtime_t *runtime = make_runtime(), *gone;
  weft_report_t *report = UNTOUCHED(weft_report_t);
  CHECK_STATUS(weft_runtime_shutdown_report(runtime, 0, 0, NULL), WEFT_EINVAL);
  gone = runtime;
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
  CHECK_STATUS(weft_runtime_shutdown_report(gone, 0, 0, &report), WEFT_EINVAL);
  CHECK(report == UNTOUCHED(weft_report_t));
  CHECK_EQUAL(weft_report_safe_to_unload(NULL), WEFT_EINVAL);
  CHECK_EQUAL(weft_report_count(NULL), 0);
  CHECK_TEXT(weft_report_text(NULL, 0), "");
  CHECK_TEXT(weft_report_name(NULL, 0), "");
  CHECK_TEXT(weft_report_executor(NULL, 0), "");
  CHECK_EQUAL(weft_report_native_id(NULL, 0), 0);
  CHECK_EQUAL(weft_report_is_daemon(NULL, 0), 0);
  CHECK_EQUAL(weft_report_runs(NULL, 0), 0);
  CHECK_EQUAL(weft_report_age(NULL, 0), 0);
  CHECK_EQUAL(weft_report_busy(NULL, 0), 0);
  CHECK_EQUAL(weft_report_function(NULL, 0), 0);
}

static void record_id(void *ctx) {
  __atomic_store_n((uint64_t *)ctx, (uint64_t)syscall(SYS_gettid), __ATOMIC_RELEASE);
}

static weft_status note_id(void *ctx, weft_error_t **error) {
  (void)error;
  record_id(ctx);
  while (!weft_stop_requested()) weft_sleep(WEFT_FOREVER);
  return WEFT_OK;
}

static weft_status note_id_in_task(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  record_id(ctx);
  return WEFT_OK;
}

/* Every thread that heeds its stop request is gone after the shutdown, for the system too, although the test
 * joins none of them. */
static void everybody_who_listens_is_really_gone(void) {
  int round, rounds = check_rounds(50, 5000);
  for (round = 0; round < rounds; ++round) {
    weft_runtime_t *runtime = make_runtime();
    weft_executor_t *pool = make_pool_in(runtime, 3, WEFT_DAEMON_NO);
    weft_executor_t *daemons = make_pool_in(runtime, 2, WEFT_DAEMON_YES);
    weft_report_t *report = NULL;
    uint64_t ids[8] = {0};
    int i;
    for (i = 0; i < 4; ++i) weft_thread_unref(start_thread(runtime, WEFT_DAEMON_YES, note_id, &ids[i], NULL));
    for (i = 4; i < 6; ++i) REQUIRE_OK(weft_executor_post(pool, NULL, note_id_in_task, &ids[i], NULL));
    for (i = 6; i < 8; ++i) end_future(submit(daemons, note_id_in_task, &ids[i], NULL));
    for (i = 0; i < 4; ++i)
      while (__atomic_load_n(&ids[i], __ATOMIC_ACQUIRE) == 0) sched_yield();
    if (round % 2 == 0) weft_executor_unref(pool);
    CHECK_STATUS(weft_runtime_shutdown_report(runtime, WEFT_FOREVER, WEFT_FOREVER, &report), WEFT_OK);
    CHECK_EQUAL(weft_report_safe_to_unload(report), 1);
    CHECK_EQUAL(weft_report_count(report), 0);
    for (i = 0; i < 8; ++i)
      if (!CHECK(!system_knows(ids[i]))) printf("# thread %d of round %d is there\n", i, round);
    weft_report_destroy(&report);
    if (round % 2 != 0) weft_executor_unref(pool);
    weft_executor_unref(daemons);
    CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
  }
}

static void a_deaf_daemon_is_listed(void) {
  weft_runtime_t *runtime = make_runtime();
  gate_t gate = GATE_CLOSED;
  weft_thread_options_t options;
  weft_thread_t *deaf = NULL;
  weft_report_t *report = NULL;
  weft_thread_options_init(&options);
  options.name = "deaf";
  options.daemon = WEFT_DAEMON_YES;
  REQUIRE_OK(weft_thread_create(runtime, &options, pass_gate_in_thread, &gate, NULL, &deaf));
  REQUIRE_OK(weft_thread_start(deaf));
  gate_await(&gate, 1);
  CHECK_STATUS(weft_runtime_shutdown_report(runtime, WEFT_FOREVER, 0, &report), WEFT_ETIMEDOUT);
  CHECK_EQUAL(weft_report_safe_to_unload(report), 0);
  CHECK_EQUAL(weft_report_count(report), 1);
  CHECK_TEXT(weft_report_name(report, 0), "deaf");
  CHECK_TEXT(weft_report_executor(report, 0), "");
  CHECK_EQUAL(weft_report_native_id(report, 0), weft_thread_native_id(deaf));
  CHECK_EQUAL(weft_report_is_daemon(report, 0), 1);
  CHECK_EQUAL(weft_report_runs(report, 0), WEFT_RUNS_TARGET);
  CHECK(weft_report_age(report, 0) > 0);
  CHECK_EQUAL(weft_report_busy(report, 0), weft_report_age(report, 0));
  CHECK(weft_report_function(report, 0) == (uint64_t)(uintptr_t)pass_gate_in_thread);
  CHECK(strstr(weft_report_text(report, 0), "daemon thread deaf") != NULL);
  printf("# %s\n", weft_report_text(report, 0));
  CHECK_TEXT(weft_report_name(report, 1), "");
  weft_report_destroy(&report);
  gate_open(&gate);
  CHECK_STATUS(weft_runtime_shutdown_report(runtime, 0, WEFT_FOREVER, &report), WEFT_OK); /* now the thread is gone */
  CHECK_EQUAL(weft_report_safe_to_unload(report), 1);
  weft_report_destroy(&report);
  weft_thread_unref(deaf);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

/* One of three workers runs a task. The others rest, and are not listed. */
static void workers_at_rest_are_not_listed(void) {
  weft_runtime_t *runtime = make_runtime();
  weft_executor_t *pool = make_pool_in(runtime, 3, WEFT_DAEMON_NO);
  gate_t gate = GATE_CLOSED, stuck_at = GATE_CLOSED;
  weft_future_t *futures[3], *stuck;
  weft_report_t *report = NULL;
  int i;
  for (i = 0; i < 3; ++i) futures[i] = submit(pool, pass_gate, &gate, NULL);
  gate_await(&gate, 3);
  gate_open(&gate);
  for (i = 0; i < 3; ++i) end_future(futures[i]);
  stuck = occupy_worker(pool, &stuck_at);
  while (stats_of(pool).parks - stats_of(pool).wakes < 2) sched_yield();
  CHECK_STATUS(weft_runtime_shutdown_report(runtime, 0, 20 * WEFT_MILLISECOND, &report), WEFT_ETIMEDOUT);
  CHECK_EQUAL(weft_report_safe_to_unload(report), 0);
  CHECK_EQUAL(weft_report_count(report), 1);
  CHECK_EQUAL(weft_report_runs(report, 0), WEFT_RUNS_TASK);
  weft_report_destroy(&report);
  gate_open(&stuck_at);
  end_future(stuck);
  CHECK_STATUS(weft_runtime_shutdown_report(runtime, WEFT_FOREVER, WEFT_FOREVER, &report), WEFT_OK);
  CHECK_EQUAL(weft_report_safe_to_unload(report), 1);
  weft_report_destroy(&report);
  weft_executor_unref(pool);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

static weft_executor_t *make_named_pool(weft_runtime_t *runtime, const char *prefix, weft_initializer_fn initializer,
                                        void *ctx) {
  weft_executor_options_t options;
  weft_executor_t *pool = NULL;
  weft_executor_options_init(&options);
  options.max_workers = 1;
  options.name_prefix = prefix;
  options.initializer = initializer;
  options.initializer_ctx = ctx;
  CHECK_STATUS(weft_executor_create(runtime, &options, &pool), WEFT_OK);
  return pool;
}

static void a_task_that_goes_on_is_listed_and_what_waits_is_cancelled(void) {
  weft_runtime_t *runtime = make_runtime();
  gate_t gate = GATE_CLOSED;
  weft_executor_t *pool = make_named_pool(runtime, "press", NULL, NULL);
  weft_future_t *running = occupy_worker(pool, &gate);
  probe_t waiting = {0};
  weft_report_t *report = NULL;
  int64_t first_busy;
  REQUIRE_OK(weft_executor_post(pool, NULL, probe_run, &waiting, probe_drop));
  CHECK_STATUS(weft_runtime_shutdown_report(runtime, WEFT_MILLISECOND, WEFT_MILLISECOND, &report), WEFT_ETIMEDOUT);
  CHECK_EQUAL(probe_runs(&waiting), 0);
  CHECK_EQUAL(probe_drops(&waiting), 1);
  CHECK_EQUAL(weft_report_count(report), 1);
  CHECK_TEXT(weft_report_name(report, 0), "press_0");
  CHECK_TEXT(weft_report_executor(report, 0), "press");
  CHECK_EQUAL(weft_report_is_daemon(report, 0), 0);
  CHECK_EQUAL(weft_report_runs(report, 0), WEFT_RUNS_TASK);
  CHECK(system_knows(weft_report_native_id(report, 0)));
  first_busy = weft_report_busy(report, 0);
  CHECK(first_busy >= 2 * WEFT_MILLISECOND); /* as long as both waits together */
  CHECK(weft_report_age(report, 0) >= first_busy);
  CHECK(strstr(weft_report_text(report, 0), "a task of press") != NULL);
  printf("# %s\n", weft_report_text(report, 0));
  weft_report_destroy(&report);
  CHECK_STATUS(weft_runtime_shutdown_report(runtime, 0, 0, &report), WEFT_ETIMEDOUT);
  CHECK_EQUAL(weft_report_count(report), 1);
  weft_report_destroy(&report);
  gate_open(&gate);
  CHECK_STATUS(weft_runtime_shutdown_report(runtime, WEFT_FOREVER, 0, &report), WEFT_OK);
  weft_report_destroy(&report);
  weft_future_unref(running);
  weft_executor_unref(pool);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

typedef struct sleeper {
  uint64_t tid;
  gate_t gate;
} sleeper_t;

/* Sleeps in weft until it is asked to stop, and then ignores the request. */
static weft_status sleep_then_go_on(void *ctx, void **result, weft_error_t **error) {
  sleeper_t *it = (sleeper_t *)ctx;
  __atomic_store_n(&it->tid, own_tid(), __ATOMIC_RELEASE);
  CHECK_STATUS(weft_sleep(WEFT_FOREVER), WEFT_EINTERRUPTED);
  return pass_gate(&it->gate, result, error);
}

static void a_task_that_sleeps_in_weft_is_known_by_its_function(void) {
  weft_runtime_t *runtime = make_runtime();
  sleeper_t it = {0, GATE_CLOSED};
  weft_executor_t *pool = make_pool_in(runtime, 1, WEFT_DAEMON_NO);
  weft_report_t *report = NULL;
  REQUIRE_OK(weft_executor_post(pool, NULL, sleep_then_go_on, &it, NULL));
  while (__atomic_load_n(&it.tid, __ATOMIC_ACQUIRE) == 0) sched_yield();
  await_asleep(it.tid);
  CHECK_STATUS(weft_runtime_shutdown_report(runtime, WEFT_MILLISECOND, 0, &report), WEFT_ETIMEDOUT);
  CHECK_EQUAL(weft_report_count(report), 1);
  CHECK(weft_report_function(report, 0) == (uint64_t)(uintptr_t)sleep_then_go_on);
  printf("# %s\n", weft_report_text(report, 0));
  weft_report_destroy(&report);
  gate_open(&it.gate);
  weft_executor_unref(pool);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

static weft_status wait_at_gate(void *ctx, void **result, weft_error_t **error) {
  gate_t *gate = (gate_t *)ctx;
  (void)result;
  (void)error;
  gate_pass(gate);
  return WEFT_OK;
}

static weft_status initializer_at_gate(void *ctx, weft_error_t **error) {
  return pass_gate_in_thread(ctx, error);
}

static void an_initializer_that_goes_on_is_listed(void) {
  weft_runtime_t *runtime = make_runtime();
  gate_t gate = GATE_CLOSED;
  weft_executor_t *pool = make_named_pool(runtime, "slow", initializer_at_gate, &gate);
  weft_report_t *report = NULL;
  REQUIRE_OK(weft_executor_post(pool, NULL, return_ctx, NULL, NULL));
  gate_await(&gate, 1);
  CHECK_STATUS(weft_runtime_shutdown_report(runtime, 0, 0, &report), WEFT_ETIMEDOUT);
  CHECK_EQUAL(weft_report_count(report), 1);
  CHECK_EQUAL(weft_report_runs(report, 0), WEFT_RUNS_START);
  CHECK_TEXT(weft_report_executor(report, 0), "slow");
  weft_report_destroy(&report);
  gate_open(&gate);
  CHECK_STATUS(weft_runtime_shutdown_report(runtime, WEFT_FOREVER, WEFT_FOREVER, &report), WEFT_OK);
  weft_report_destroy(&report);
  weft_executor_unref(pool);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

static weft_status end_own_runtime(void *ctx, void **result, weft_error_t **error) {
  weft_report_t *report = UNTOUCHED(weft_report_t);
  (void)result;
  (void)error;
  CHECK_STATUS(weft_runtime_shutdown_report((weft_runtime_t *)ctx, 0, 0, &report), WEFT_EDEADLK);
  CHECK(report == UNTOUCHED(weft_report_t));
  return WEFT_OK;
}

static void not_from_inside(void) {
  weft_runtime_t *runtime = make_runtime();
  weft_executor_t *pool = make_pool_in(runtime, 1, WEFT_DAEMON_NO);
  end_future(submit(pool, end_own_runtime, runtime, NULL));
  end_future(submit(pool, return_ctx, NULL, NULL)); /* nothing was changed */
  weft_executor_unref(pool);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

typedef struct impatient {
  weft_runtime_t *other;
  int ready;
} impatient_t;

static weft_status ends_another_runtime(void *ctx, weft_error_t **error) {
  impatient_t *it = (impatient_t *)ctx;
  weft_report_t *report = UNTOUCHED(weft_report_t);
  (void)error;
  while (!weft_stop_requested()) sched_yield();
  CHECK_STATUS(weft_runtime_shutdown_report(it->other, WEFT_FOREVER, WEFT_FOREVER, &report), WEFT_EINTERRUPTED);
  CHECK(report == UNTOUCHED(weft_report_t));
  return WEFT_OK;
}

static void who_is_asked_to_stop_does_not_wait(void) {
  impatient_t it = {NULL, 0};
  gate_t gate = GATE_CLOSED;
  weft_executor_t *pool;
  weft_future_t *running;
  weft_thread_t *thread;
  it.other = make_runtime();
  pool = make_pool_in(it.other, 1, WEFT_DAEMON_NO);
  running = occupy_worker(pool, &gate);
  thread = start_thread(NULL, WEFT_DAEMON_NO, ends_another_runtime, &it, NULL);
  CHECK_STATUS(weft_thread_request_stop(thread), WEFT_OK);
  end_thread(thread);
  gate_open(&gate);
  end_future(running);
  weft_executor_unref(pool);
  CHECK_STATUS(weft_runtime_destroy(&it.other), WEFT_OK);
}

static void many_workers_and_threads_within_the_bound(void) {
  weft_runtime_t *runtime = make_runtime();
  gate_t gate = GATE_CLOSED;
  weft_executor_t *pool = make_pool_in(runtime, 4, WEFT_DAEMON_NO);
  weft_future_t *tasks[4];
  weft_report_t *report = NULL;
  size_t i, workers = 0;
  for (i = 0; i < 4; ++i) tasks[i] = submit(pool, wait_at_gate, &gate, NULL);
  for (i = 0; i < 4; ++i) weft_thread_unref(start_thread(runtime, WEFT_DAEMON_NO, pass_gate_in_thread, &gate, NULL));
  gate_await(&gate, 8);
  CHECK_STATUS(weft_runtime_shutdown_report(runtime, WEFT_MILLISECOND, WEFT_MILLISECOND, &report), WEFT_ETIMEDOUT);
  CHECK_EQUAL(weft_report_count(report), 8);
  for (i = 0; i < 8; ++i) workers += weft_report_runs(report, i) == WEFT_RUNS_TASK;
  CHECK_EQUAL(workers, 4);
  weft_report_destroy(&report);
  gate_open(&gate);
  CHECK_STATUS(weft_runtime_shutdown_report(runtime, WEFT_FOREVER, WEFT_FOREVER, &report), WEFT_OK);
  weft_report_destroy(&report);
  for (i = 0; i < 4; ++i) weft_future_unref(tasks[i]);
  weft_executor_unref(pool);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"nothing was started", nothing_was_started},
      {"bad arguments", bad_arguments},
      {"everybody who listens is really gone", everybody_who_listens_is_really_gone},
      {"a deaf daemon is listed", a_deaf_daemon_is_listed},
      {"workers at rest are not listed", workers_at_rest_are_not_listed},
      {"a task that goes on is listed, and what waits is cancelled",
       a_task_that_goes_on_is_listed_and_what_waits_is_cancelled},
      {"a task that sleeps in weft is known by its function", a_task_that_sleeps_in_weft_is_known_by_its_function},
      {"an initializer that goes on is listed", an_initializer_that_goes_on_is_listed},
      {"not from inside", not_from_inside},
      {"who is asked to stop does not wait", who_is_asked_to_stop_does_not_wait},
      {"many workers and threads, within the bound", many_workers_and_threads_within_the_bound},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
