/* Tests of caller-run executors (weft/caller_run.h): tasks run only on the thread that calls run. */
#include <weft/caller_run.h>

#include "setup.h"

static void it_has_options_of_its_own(void) {
  weft_caller_run_options_t options;
  weft_executor_t *out = UNTOUCHED(weft_executor_t);
  CHECK_STATUS(weft_caller_run_create(NULL, NULL, NULL), WEFT_EINVAL);
  weft_caller_run_options_init(&options);
  options.flags = 1;
  CHECK_STATUS(weft_caller_run_create(NULL, &options, &out), WEFT_EINVAL);
  weft_caller_run_options_init(&options);
  options.when_full = WEFT_FULL_CALLER + 1;
  CHECK_STATUS(weft_caller_run_create(NULL, &options, &out), WEFT_EINVAL);
  weft_caller_run_options_init(&options);
  options.daemon = WEFT_DAEMON_YES + 1;
  CHECK_STATUS(weft_caller_run_create(NULL, &options, &out), WEFT_EINVAL);
  weft_caller_run_options_init(&options);
  options.full_timeout = -1;
  CHECK_STATUS(weft_caller_run_create(NULL, &options, &out), WEFT_EINVAL);
  weft_caller_run_options_init(&options);
  options.max_queue = UINT64_C(1) << 41;
  CHECK_STATUS(weft_caller_run_create(NULL, &options, &out), WEFT_EINVAL);
  CHECK(out == UNTOUCHED(weft_executor_t));
  weft_caller_run_options_init(&options);
  options.daemon = WEFT_DAEMON_YES;
  options.max_queue = 5;
  options.when_full = WEFT_FULL_WAIT;
  options.full_timeout = WEFT_SECOND;
  REQUIRE_OK(weft_caller_run_create(NULL, &options, &out));
  CHECK_EQUAL(stats_of(out).max_workers, 0);
  weft_executor_unref(out);
}

static void tasks_run_where_run_is_called_and_in_order(void) {
  weft_executor_t *mine = make_caller_run();
  probe_t probes[10] = {{0}};
  weft_future_t *futures[10];
  uint64_t ran = 99;
  int i;
  CHECK_STATUS(weft_executor_run(mine, 0, WEFT_FOREVER, &ran), WEFT_OK);
  CHECK_EQUAL(ran, 0);
  for (i = 0; i < 10; ++i) {
    probes[i].result = &probes[i];
    futures[i] = submit(mine, probe_run, &probes[i], probe_drop);
  }
  CHECK_EQUAL(stats_of(mine).queued, 10);
  CHECK_EQUAL(stats_of(mine).workers_started, 0);
  CHECK_STATUS(weft_executor_run(mine, 3, WEFT_FOREVER, &ran), WEFT_OK);
  CHECK_EQUAL(ran, 3);
  for (i = 0; i < 10; ++i) CHECK_EQUAL(probe_runs(&probes[i]), i < 3);
  CHECK_STATUS(weft_executor_run(mine, 0, WEFT_FOREVER, &ran), WEFT_OK);
  CHECK_EQUAL(ran, 7);
  for (i = 0; i < 10; ++i) {
    void *result = NULL;
    CHECK_STATUS(weft_future_result(futures[i], 0, &result), WEFT_OK);
    CHECK(result == &probes[i]);
    CHECK_EQUAL(probe_drops(&probes[i]), 1);
    CHECK(pthread_equal(probes[i].ran_on, pthread_self()));
    weft_future_unref(futures[i]);
  }
  CHECK_STATUS(weft_executor_run(mine, 0, WEFT_FOREVER, NULL), WEFT_OK);
  weft_executor_unref(mine);
}

static void without_time_left_one_task_still_runs(void) {
  weft_executor_t *mine = make_caller_run();
  static const int64_t budgets[] = {0, -1, INT64_MIN};
  uint64_t ran = 99;
  int runs = 0;
  size_t i;
  for (i = 0; i < 4; ++i) REQUIRE_OK(weft_executor_post(mine, NULL, count_run, &runs, NULL));
  for (i = 0; i < CHECK_COUNT_OF(budgets); ++i) {
    CHECK_STATUS(weft_executor_run(mine, 0, budgets[i], &ran), WEFT_OK);
    CHECK_EQUAL(ran, 1);
  }
  CHECK_EQUAL(runs, 3);
  CHECK_STATUS(weft_executor_run(mine, UINT64_MAX, WEFT_FOREVER, &ran), WEFT_OK);
  CHECK_EQUAL(ran, 1);
  weft_executor_unref(mine);
}

static weft_status outlast(void *ctx, void **result, weft_error_t **error) {
  int64_t until = now_ns() + *(int64_t *)ctx;
  (void)result;
  (void)error;
  while (now_ns() < until) {
  }
  return WEFT_OK;
}

static void no_task_begins_after_the_budget(void) {
  weft_executor_t *mine = make_caller_run();
  int64_t duration = 5 * WEFT_MILLISECOND;
  uint64_t ran = 99;
  int i;
  for (i = 0; i < 3; ++i) REQUIRE_OK(weft_executor_post(mine, NULL, outlast, &duration, NULL));
  CHECK_STATUS(weft_executor_run(mine, 0, WEFT_MILLISECOND, &ran), WEFT_OK);
  CHECK_EQUAL(ran, 1);
  weft_executor_unref(mine);
}

/* A task that submits itself again until the count is reached. */
typedef struct again {
  weft_executor_t *executor;
  int left;
} again_t;

static weft_status submit_again(void *ctx, void **result, weft_error_t **error) {
  again_t *again = (again_t *)ctx;
  (void)result;
  (void)error;
  if (--again->left > 0) CHECK_STATUS(weft_executor_post(again->executor, NULL, submit_again, again, NULL), WEFT_OK);
  return WEFT_OK;
}

static void run_goes_on_with_what_the_tasks_submit(void) {
  weft_executor_t *mine = make_caller_run();
  again_t again = {NULL, 50};
  uint64_t ran = 0;
  again.executor = mine;
  REQUIRE_OK(weft_executor_post(mine, NULL, submit_again, &again, NULL));
  CHECK_STATUS(weft_executor_run(mine, 20, WEFT_FOREVER, &ran), WEFT_OK);
  CHECK_EQUAL(ran, 20);
  CHECK_STATUS(weft_executor_run(mine, 0, WEFT_FOREVER, &ran), WEFT_OK);
  CHECK_EQUAL(ran, 30);
  weft_executor_unref(mine);
}

static void run_wait_waits_for_a_task(void) {
  weft_executor_t *mine = make_caller_run();
  uint64_t ran = 99;
  int runs = 0;
  int64_t began = now_ns();
  CHECK_STATUS(weft_executor_run_wait(mine, 0, 30 * WEFT_MILLISECOND, &ran), WEFT_ETIMEDOUT);
  CHECK(now_ns() - began >= 30 * WEFT_MILLISECOND);
  CHECK_STATUS(weft_executor_run_wait(mine, 0, 0, &ran), WEFT_ETIMEDOUT);
  CHECK_STATUS(weft_executor_run_wait(mine, 0, -1, NULL), WEFT_ETIMEDOUT);
  CHECK_EQUAL(ran, 99);
  REQUIRE_OK(weft_executor_post(mine, NULL, count_run, &runs, NULL));
  REQUIRE_OK(weft_executor_post(mine, NULL, count_run, &runs, NULL));
  CHECK_STATUS(weft_executor_run_wait(mine, 1, WEFT_FOREVER, &ran), WEFT_OK);
  CHECK_EQUAL(ran, 1);
  CHECK_STATUS(weft_executor_run_wait(mine, 0, 0, &ran), WEFT_OK);
  CHECK_EQUAL(ran, 1);
  CHECK_EQUAL(runs, 2);
  weft_executor_unref(mine);
}

/* A thread that runs an executor; other threads fill it. */
typedef struct loop {
  weft_executor_t *mine;
  weft_status answer;
  uint64_t ran;
  pthread_t on;
} loop_t;

static weft_status run_loop(void *ctx, weft_error_t **error) {
  loop_t *loop = (loop_t *)ctx;
  (void)error;
  loop->on = pthread_self();
  for (;;) {
    uint64_t ran = 0;
    loop->answer = weft_executor_run_wait(loop->mine, 0, WEFT_FOREVER, &ran);
    if (loop->answer != WEFT_OK) return WEFT_OK;
    CHECK(ran >= 1);
    loop->ran += ran;
  }
}

static void a_waiting_loop_wakes_for_tasks_and_for_the_end(void) {
  weft_executor_t *mine = make_caller_run();
  loop_t loop = {NULL, WEFT_OK, 0, pthread_self()};
  weft_thread_t *thread;
  probe_t probe = {0};
  int i;
  loop.mine = mine;
  thread = start_thread(NULL, WEFT_DAEMON_NO, run_loop, &loop, NULL);
  await_asleep(weft_thread_native_id(thread));
  for (i = 0; i < 100; ++i) end_future(submit(mine, probe_run, &probe, probe_drop));
  CHECK(pthread_equal(probe.ran_on, loop.on));
  await_asleep(weft_thread_native_id(thread));
  CHECK_STATUS(weft_executor_shutdown(mine, 0, 0), WEFT_OK);
  end_thread(thread);
  CHECK_STATUS(loop.answer, WEFT_ESHUTDOWN);
  CHECK_EQUAL(loop.ran, 100);
  CHECK_EQUAL(probe_drops(&probe), 100);
  weft_executor_unref(mine);
}

static void after_the_shutdown_what_is_left_can_still_be_run(void) {
  weft_executor_t *mine = make_caller_run();
  probe_t refused = {0};
  uint64_t ran = 99;
  int runs = 0;
  REQUIRE_OK(weft_executor_post(mine, NULL, count_run, &runs, NULL));
  CHECK_STATUS(weft_executor_shutdown(mine, 0, 0), WEFT_OK);
  CHECK_STATUS(weft_executor_post(mine, NULL, probe_run, &refused, probe_drop), WEFT_ESHUTDOWN);
  CHECK_EQUAL(probe_drops(&refused), 0);
  CHECK_STATUS(weft_executor_run(mine, 0, WEFT_FOREVER, &ran), WEFT_OK);
  CHECK_EQUAL(ran, 1);
  CHECK_STATUS(weft_executor_run(mine, 0, WEFT_FOREVER, &ran), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_executor_run_wait(mine, 0, WEFT_FOREVER, &ran), WEFT_ESHUTDOWN);
  CHECK_EQUAL(ran, 1);
  CHECK_EQUAL(runs, 1);
  weft_executor_unref(mine);
}

static void shutdown_with_wait_runs_what_is_pending_here(void) {
  weft_executor_t *mine = make_caller_run();
  probe_t probe = {0};
  int i;
  for (i = 0; i < 5; ++i) REQUIRE_OK(weft_executor_post(mine, NULL, probe_run, &probe, probe_drop));
  CHECK_STATUS(weft_executor_shutdown(mine, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(probe_runs(&probe), 5);
  CHECK_EQUAL(probe_drops(&probe), 5);
  CHECK(pthread_equal(probe.ran_on, pthread_self()));
  weft_executor_unref(mine);
}

static void cancel_pending_and_the_last_unref_cancel_here(void) {
  weft_executor_t *mine = make_caller_run();
  probe_t first = {0}, second = {0};
  weft_future_t *cancelled = submit(mine, probe_run, &first, probe_drop), *dropped;
  weft_executor_t *other = make_caller_run();
  CHECK_STATUS(weft_executor_shutdown(mine, WEFT_SHUTDOWN_CANCEL_PENDING, 0), WEFT_OK);
  CHECK_EQUAL(weft_future_cancelled(cancelled), 1);
  CHECK_EQUAL(probe_drops(&first), 1);
  CHECK_STATUS(weft_executor_run(mine, 0, WEFT_FOREVER, NULL), WEFT_ESHUTDOWN);
  dropped = submit(other, probe_run, &second, probe_drop);
  weft_executor_unref(other);
  CHECK_EQUAL(weft_future_cancelled(dropped), 1);
  CHECK_EQUAL(probe_drops(&second), 1);
  CHECK(pthread_equal(second.dropped_on, pthread_self()));
  CHECK_EQUAL(probe_runs(&first) + probe_runs(&second), 0);
  weft_future_unref(cancelled);
  weft_future_unref(dropped);
  weft_executor_unref(mine);
}

static weft_status wait_in_turn(void *ctx, void **result, weft_error_t **error) {
  weft_executor_t *mine = (weft_executor_t *)ctx;
  weft_future_t *future = submit(mine, return_ctx, &mine, NULL);
  (void)error;
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, result), WEFT_OK); /* this thread claims it and runs it here */
  CHECK(*result == &mine);
  weft_future_unref(future);
  CHECK_STATUS(weft_executor_shutdown(mine, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_EDEADLK);
  return WEFT_OK;
}

static void a_task_may_wait_for_another_one_of_the_same_loop(void) {
  weft_executor_t *mine = make_caller_run();
  weft_future_t *future = submit(mine, wait_in_turn, mine, NULL);
  CHECK_STATUS(weft_executor_run(mine, 1, WEFT_FOREVER, NULL), WEFT_OK);
  CHECK_STATUS(weft_future_result(future, 0, NULL), WEFT_OK);
  weft_future_unref(future);
  end_executor(mine);
}

static void a_cancelled_task_is_not_run(void) {
  weft_executor_t *mine = make_caller_run();
  probe_t probe = {0};
  weft_future_t *future = submit(mine, probe_run, &probe, probe_drop);
  uint64_t ran = 99;
  CHECK_STATUS(weft_future_cancel(future), WEFT_OK);
  CHECK_EQUAL(probe_drops(&probe), 1);
  CHECK_STATUS(weft_executor_run(mine, 0, WEFT_FOREVER, &ran), WEFT_OK);
  CHECK_EQUAL(ran, 0);
  CHECK_EQUAL(probe_runs(&probe), 0);
  weft_future_unref(future);
  weft_executor_unref(mine);
}

static void its_queue_can_be_bounded(void) {
  weft_caller_run_options_t options;
  weft_executor_t *mine = NULL;
  probe_t probe = {0};
  int runs = 0;
  weft_caller_run_options_init(&options);
  options.max_queue = 1;
  REQUIRE_OK(weft_caller_run_create(NULL, &options, &mine));
  REQUIRE_OK(weft_executor_post(mine, NULL, count_run, &runs, NULL));
  CHECK_STATUS(weft_executor_post(mine, NULL, probe_run, &probe, probe_drop), WEFT_EFULL);
  CHECK_STATUS(weft_executor_run(mine, 0, WEFT_FOREVER, NULL), WEFT_OK);
  REQUIRE_OK(weft_executor_post(mine, NULL, count_run, &runs, NULL));
  weft_executor_unref(mine);
  options.when_full = WEFT_FULL_CALLER;
  REQUIRE_OK(weft_caller_run_create(NULL, &options, &mine));
  REQUIRE_OK(weft_executor_post(mine, NULL, count_run, &runs, NULL));
  REQUIRE_OK(weft_executor_post(mine, NULL, probe_run, &probe, probe_drop));
  CHECK_EQUAL(probe_runs(&probe), 1);
  CHECK_EQUAL(probe_drops(&probe), 1);
  weft_executor_unref(mine);
  options.when_full = WEFT_FULL_WAIT;
  options.full_timeout = 20 * WEFT_MILLISECOND;
  REQUIRE_OK(weft_caller_run_create(NULL, &options, &mine));
  REQUIRE_OK(weft_executor_post(mine, NULL, count_run, &runs, NULL));
  CHECK_STATUS(weft_executor_post(mine, NULL, probe_run, &probe, probe_drop), WEFT_ETIMEDOUT);
  weft_executor_unref(mine);
  CHECK_EQUAL(probe_drops(&probe), 1);
  CHECK_EQUAL(runs, 1);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"it has options of its own", it_has_options_of_its_own},
      {"tasks run where run is called, and in order", tasks_run_where_run_is_called_and_in_order},
      {"without time left one task still runs", without_time_left_one_task_still_runs},
      {"no task begins after the budget", no_task_begins_after_the_budget},
      {"run goes on with what the tasks submit", run_goes_on_with_what_the_tasks_submit},
      {"run_wait waits for a task", run_wait_waits_for_a_task},
      {"a waiting loop wakes for tasks and for the end", a_waiting_loop_wakes_for_tasks_and_for_the_end},
      {"after the shutdown what is left can still be run", after_the_shutdown_what_is_left_can_still_be_run},
      {"shutdown with wait runs what is pending here", shutdown_with_wait_runs_what_is_pending_here},
      {"cancel_pending and the last unref cancel here", cancel_pending_and_the_last_unref_cancel_here},
      {"a task may wait for another one of the same loop", a_task_may_wait_for_another_one_of_the_same_loop},
      {"a cancelled task is not run", a_cancelled_task_is_not_run},
      {"its queue can be bounded", its_queue_can_be_bounded},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
