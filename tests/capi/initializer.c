/* Tests of the initializer of a pool (weft/executor.h): first on each worker, and what a failure does to the pool. */
#include <weft/executor.h>

#include "setup.h"

/* What an initializer does and has done. */
typedef struct init {
  gate_t *gate;   /* passed by each run; NULL: none */
  int fail_at;    /* the run with this number fails; 0: none */
  int with_error; /* it fails with an error object, not with a status alone */
  int runs;       /* atomic */
  int drops;      /* atomic */
} init_t;

static weft_status run_init(void *ctx, weft_error_t **error) {
  init_t *init = (init_t *)ctx;
  int number = __atomic_add_fetch(&init->runs, 1, __ATOMIC_ACQ_REL);
  if (init->gate) gate_pass(init->gate);
  if (number != init->fail_at) return WEFT_OK;
  return init->with_error ? weft_error_create(7, "InitError", "no device", error) : 42;
}

static void drop_init(void *ctx) {
  init_t *init = (init_t *)ctx;
  __atomic_add_fetch(&init->drops, 1, __ATOMIC_ACQ_REL);
}

static weft_executor_t *pool_with(init_t *init, uint32_t workers) {
  weft_executor_options_t options;
  weft_executor_t *pool = NULL;
  weft_executor_options_init(&options);
  options.max_workers = workers;
  options.initializer = run_init;
  options.initializer_ctx = init;
  options.initializer_drop = drop_init;
  CHECK_STATUS(weft_executor_create(NULL, &options, &pool), WEFT_OK);
  return pool;
}

static weft_status count_inits(void *ctx, void **result, weft_error_t **error) {
  (void)error;
  *result = (void *)(intptr_t)count_of(&((init_t *)ctx)->runs);
  return WEFT_OK;
}

static void it_runs_first_on_each_worker_and_is_dropped_at_the_end(void) {
  init_t init = {0};
  gate_t gate = GATE_CLOSED;
  weft_executor_t *pool = pool_with(&init, 3);
  void *seen = NULL;
  int i;
  weft_future_t *future;
  CHECK_EQUAL(count_of(&init.runs), 0);
  future = submit(pool, count_inits, &init, NULL);
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, &seen), WEFT_OK);
  CHECK((intptr_t)seen >= 1);
  weft_future_unref(future);
  for (i = 0; i < 3; ++i) weft_future_unref(occupy_worker(pool, &gate));
  CHECK_EQUAL(count_of(&init.runs), 3);
  CHECK_EQUAL(count_of(&init.drops), 0);
  gate_open(&gate);
  end_executor(pool);
  CHECK_EQUAL(count_of(&init.runs), 3);
  CHECK_EQUAL(count_of(&init.drops), 1);
}

static void a_pool_without_work_drops_it_too(void) {
  init_t init = {0};
  end_executor(pool_with(&init, 3));
  CHECK_EQUAL(count_of(&init.runs), 0);
  CHECK_EQUAL(count_of(&init.drops), 1);
  weft_executor_unref(pool_with(&init, 3));
  CHECK_EQUAL(count_of(&init.drops), 2);
}

static void check_is_broken_error(const weft_error_t *error, int with_error) {
  CHECK_STATUS(weft_error_code(error), WEFT_EBROKEN);
  if (with_error) {
    CHECK_TEXT(weft_error_kind(error), "InitError");
    CHECK_TEXT(weft_error_message(error), "no device");
  }
}

/* The pool breaks while tasks wait. Each of them ends with the reason, and later tasks are refused. */
static void break_a_pool(int with_error) {
  gate_t gate = GATE_CLOSED;
  init_t init = {0};
  probe_t pending = {0}, refused = {0};
  weft_call_t call = {probe_run, NULL, probe_drop};
  weft_future_t *futures[5], *out = UNTOUCHED(weft_future_t);
  weft_map_t *map = UNTOUCHED(weft_map_t);
  weft_error_t *error = NULL;
  weft_executor_t *pool;
  void *item = &refused;
  int i;
  call.ctx = &refused;
  init.gate = &gate;
  init.fail_at = 1;
  init.with_error = with_error;
  pool = pool_with(&init, 1);
  for (i = 0; i < 5; ++i) futures[i] = submit(pool, probe_run, &pending, probe_drop);
  REQUIRE_OK(weft_executor_post(pool, NULL, probe_run, &pending, probe_drop));
  gate_open(&gate);
  for (i = 0; i < 5; ++i) {
    CHECK_STATUS(weft_future_result(futures[i], WEFT_FOREVER, NULL), WEFT_EFAILED);
    CHECK_EQUAL(weft_future_state(futures[i]), WEFT_FUTURE_ERROR);
    REQUIRE_OK(weft_future_exception(futures[i], 0, &error));
    check_is_broken_error(error, with_error);
    weft_error_unref(error);
    weft_future_unref(futures[i]);
  }
  CHECK_STATUS(weft_executor_submit(pool, NULL, probe_run, &refused, probe_drop, &out), WEFT_EBROKEN);
  CHECK_STATUS(weft_executor_post(pool, NULL, probe_run, &refused, probe_drop), WEFT_EBROKEN);
  CHECK_STATUS(weft_executor_submit_batch(pool, NULL, &call, 1, &out), WEFT_EBROKEN);
  CHECK_STATUS(weft_executor_map(pool, NULL, probe_run, &item, 1, probe_drop, &map), WEFT_EBROKEN);
  CHECK(out == UNTOUCHED(weft_future_t) && map == UNTOUCHED(weft_map_t));
  error = NULL;
  CHECK_STATUS(weft_executor_error(pool, &error), WEFT_OK);
  check_is_broken_error(error, with_error);
  weft_error_unref(error);
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(probe_runs(&pending), 0);
  CHECK_EQUAL(probe_drops(&pending), 6);
  CHECK_EQUAL(probe_runs(&refused) + probe_drops(&refused), 0);
  CHECK_EQUAL(stats_of(pool).workers_alive, 0);
  weft_executor_unref(pool);
  CHECK_EQUAL(count_of(&init.drops), 1);
}

static void a_failure_with_an_error_breaks_the_pool(void) {
  break_a_pool(1);
}

static void a_failing_status_breaks_the_pool(void) {
  break_a_pool(0);
}

static void a_later_worker_breaks_it_too_and_running_tasks_finish(void) {
  gate_t gate = GATE_CLOSED;
  init_t init = {0};
  probe_t pending = {0};
  weft_executor_t *pool;
  weft_future_t *running, *failed;
  init.fail_at = 2;
  pool = pool_with(&init, 2);
  running = occupy_worker(pool, &gate);
  failed = submit(pool, probe_run, &pending, probe_drop); /* the second worker starts for it */
  CHECK_STATUS(weft_future_result(failed, WEFT_FOREVER, NULL), WEFT_EFAILED);
  CHECK_EQUAL(weft_future_running(running), 1);
  CHECK_EQUAL(probe_runs(&pending), 0);
  CHECK_EQUAL(probe_drops(&pending), 1);
  gate_open(&gate);
  CHECK_STATUS(weft_future_result(running, WEFT_FOREVER, NULL), WEFT_OK);
  weft_future_unref(running);
  weft_future_unref(failed);
  end_executor(pool);
}

static void a_strand_on_a_broken_pool_is_broken(void) {
  init_t init = {0};
  weft_executor_t *pool, *strand;
  weft_error_t *error = NULL;
  probe_t pending = {0}, refused = {0};
  weft_future_t *future, *out = UNTOUCHED(weft_future_t);
  init.fail_at = 1;
  init.with_error = 1;
  pool = pool_with(&init, 1);
  strand = make_strand(pool);
  future = submit(strand, probe_run, &pending, probe_drop);
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, NULL), WEFT_EFAILED);
  REQUIRE_OK(weft_future_exception(future, 0, &error));
  check_is_broken_error(error, 1);
  weft_error_unref(error);
  CHECK_STATUS(weft_executor_submit(strand, NULL, probe_run, &refused, probe_drop, &out), WEFT_EBROKEN);
  CHECK(out == UNTOUCHED(weft_future_t));
  weft_future_unref(future);
  end_executor(strand);
  end_executor(pool);
  CHECK_EQUAL(probe_drops(&pending), 1);
  CHECK_EQUAL(probe_runs(&pending) + probe_runs(&refused) + probe_drops(&refused), 0);
}

/* A thread that waits for room when the pool breaks. */
typedef struct waiting_submit {
  weft_executor_t *pool;
  probe_t probe;
  weft_status answer;
} waiting_submit_t;

static weft_status submit_and_wait(void *ctx, weft_error_t **error) {
  waiting_submit_t *waiting = (waiting_submit_t *)ctx;
  (void)error;
  waiting->answer = weft_executor_post(waiting->pool, NULL, probe_run, &waiting->probe, probe_drop);
  return WEFT_OK;
}

static void a_submit_that_waits_for_room_in_a_breaking_pool_is_told(void) {
  gate_t gate = GATE_CLOSED;
  init_t init = {0};
  weft_executor_options_t options;
  probe_t first = {0};
  waiting_submit_t waiting;
  weft_thread_t *thread;
  memset(&waiting, 0, sizeof waiting);
  init.gate = &gate;
  init.fail_at = 1;
  weft_executor_options_init(&options);
  options.max_workers = 1;
  options.initializer = run_init;
  options.initializer_ctx = &init;
  options.initializer_drop = drop_init;
  options.max_queue = 1;
  options.when_full = WEFT_FULL_WAIT;
  REQUIRE_OK(weft_executor_create(NULL, &options, &waiting.pool));
  REQUIRE_OK(weft_executor_post(waiting.pool, NULL, probe_run, &first, probe_drop));
  gate_await(&gate, 1);
  thread = start_thread(NULL, WEFT_DAEMON_NO, submit_and_wait, &waiting, NULL);
  await_asleep(weft_thread_native_id(thread));
  gate_open(&gate);
  end_thread(thread);
  CHECK_STATUS(waiting.answer, WEFT_EBROKEN);
  end_executor(waiting.pool);
  CHECK_EQUAL(probe_drops(&first), 1);
  CHECK_EQUAL(probe_runs(&waiting.probe) + probe_drops(&waiting.probe), 0);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"it runs first on each worker and is dropped at the end",
       it_runs_first_on_each_worker_and_is_dropped_at_the_end},
      {"a pool without work drops it too", a_pool_without_work_drops_it_too},
      {"a failure with an error breaks the pool", a_failure_with_an_error_breaks_the_pool},
      {"a failing status breaks the pool", a_failing_status_breaks_the_pool},
      {"a later worker breaks it too, and running tasks finish", a_later_worker_breaks_it_too_and_running_tasks_finish},
      {"a strand on a broken pool is broken", a_strand_on_a_broken_pool_is_broken},
      {"a submit that waits for room in a breaking pool is told",
       a_submit_that_waits_for_room_in_a_breaking_pool_is_told},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
