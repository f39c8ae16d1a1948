/* Tests of timers (weft/timer.h): arming, periods, cancelling, on every kind of executor. What depends on the order of
 * times alone is tested with a clock of its own in tests/unit/timer.
 */
#include <weft/timer.h>

#include "setup.h"

static weft_timer_t *make_timer(weft_executor_t *executor, weft_task_fn fn, void *ctx, weft_drop_fn drop) {
  weft_timer_t *timer = NULL;
  CHECK_STATUS(weft_timer_create(executor, NULL, fn, ctx, drop, &timer), WEFT_OK);
  return timer;
}

/* The tasks of these tests note when they ran. The run with the number `wanted` then comes to the gate. */
typedef struct clocked {
  gate_t *gate;
  int wanted; /* the run that comes to the gate; from 1 */
  int runs;   /* atomic */
  int drops;  /* atomic */
  int64_t at[16];
} clocked_t;

static weft_status note_time(void *ctx, void **result, weft_error_t **error) {
  clocked_t *clocked = (clocked_t *)ctx;
  int run = __atomic_load_n(&clocked->runs, __ATOMIC_ACQUIRE);
  (void)result;
  (void)error;
  if (run < 16) clocked->at[run] = weft_now();
  __atomic_store_n(&clocked->runs, run + 1, __ATOMIC_RELEASE);
  if (clocked->gate != NULL && run + 1 == clocked->wanted) gate_pass(clocked->gate);
  return WEFT_OK;
}

static void clocked_drop(void *ctx) {
  __atomic_add_fetch(&((clocked_t *)ctx)->drops, 1, __ATOMIC_ACQ_REL);
}

static void the_clock_goes_on(void) {
  int64_t before = now_ns(), now = weft_now(), after = now_ns();
  CHECK(before <= now && now <= after);
}

static void a_timer_fires_once_and_not_early_on(weft_executor_t *executor) {
  gate_t gate = GATE_CLOSED;
  clocked_t clocked = {0};
  weft_timer_t *timer;
  int64_t armed;
  clocked.gate = &gate;
  clocked.wanted = 1;
  timer = make_timer(executor, note_time, &clocked, clocked_drop);
  armed = weft_now();
  REQUIRE_OK(weft_timer_arm(timer, 3 * WEFT_MILLISECOND));
  gate_await(&gate, 1);
  CHECK(clocked.at[0] >= armed + 3 * WEFT_MILLISECOND);
  CHECK_STATUS(weft_timer_cancel(timer), WEFT_ERUNNING);
  gate_open(&gate);
  clocked.wanted = 2;
  armed = weft_now() + WEFT_MILLISECOND;
  REQUIRE_OK(weft_timer_arm_at(timer, armed));
  while (count_of(&clocked.runs) != 2) sched_yield();
  CHECK(clocked.at[1] >= armed);
  CHECK_EQUAL(clocked.drops, 0);
  CHECK(weft_timer_ref(timer) == timer);
  weft_timer_unref(timer);
  CHECK_EQUAL(count_of(&clocked.drops), 0);
  weft_timer_unref(timer);
  end_executor(executor);
  CHECK_EQUAL(clocked.runs, 2);
  CHECK_EQUAL(clocked.drops, 1);
}

static void a_timer_fires_once_and_not_early(void) {
  a_timer_fires_once_and_not_early_on(make_pool(1));
  a_timer_fires_once_and_not_early_on(make_pool(4));
}

static void a_timer_on_a_strand_takes_its_place_in_the_order(void) {
  weft_executor_t *pool = make_pool(2), *strand = make_strand(pool);
  gate_t gate = GATE_CLOSED;
  clocked_t clocked = {0};
  weft_timer_t *timer = make_timer(strand, note_time, &clocked, clocked_drop);
  weft_future_t *busy = occupy_worker(strand, &gate);
  REQUIRE_OK(weft_timer_arm(timer, 0));
  while (stats_of(strand).queued == 0) sched_yield(); /* the timer is due, but the strand is busy */
  CHECK_EQUAL(count_of(&clocked.runs), 0);
  gate_open(&gate);
  end_future(busy);
  end_future(submit(strand, return_ctx, NULL, NULL)); /* this task comes after the timer's */
  CHECK_EQUAL(count_of(&clocked.runs), 1);
  weft_timer_unref(timer);
  end_executor(strand);
  end_executor(pool);
  CHECK_EQUAL(clocked.drops, 1);
}

static void a_caller_run_executor_looks_at_the_time_itself(void) {
  weft_executor_t *mine = make_caller_run();
  clocked_t clocked = {0};
  weft_timer_t *timer = make_timer(mine, note_time, &clocked, clocked_drop);
  uint64_t ran = 99;
  int64_t armed = weft_now();
  REQUIRE_OK(weft_timer_arm(timer, 5 * WEFT_MILLISECOND));
  REQUIRE_OK(weft_executor_run(mine, 0, WEFT_FOREVER, &ran));
  CHECK(ran == 0 || weft_now() >= armed + 5 * WEFT_MILLISECOND);
  if (ran == 0) REQUIRE_OK(weft_executor_run_wait(mine, 0, WEFT_FOREVER, &ran));
  CHECK_EQUAL(ran, 1);
  CHECK(clocked.at[0] >= armed + 5 * WEFT_MILLISECOND);
  /* Nothing is due within this time, and the wait does not last longer. */
  REQUIRE_OK(weft_timer_arm(timer, 3600 * WEFT_SECOND));
  CHECK_STATUS(weft_executor_run_wait(mine, 0, WEFT_MILLISECOND, &ran), WEFT_ETIMEDOUT);
  CHECK_STATUS(weft_timer_cancel(timer), WEFT_OK);
  weft_timer_unref(timer);
  weft_executor_unref(mine);
  CHECK_EQUAL(clocked.runs, 1);
  CHECK_EQUAL(clocked.drops, 1);
}

static weft_status wait_for_one(void *ctx, weft_error_t **error) {
  (void)error;
  return weft_executor_run_wait((weft_executor_t *)ctx, 0, WEFT_FOREVER, NULL);
}

static void arming_wakes_a_loop_that_waits(void) {
  weft_executor_t *mine = make_caller_run();
  clocked_t clocked = {0};
  weft_timer_t *far = make_timer(mine, note_time, &clocked, clocked_drop);
  weft_timer_t *near = make_timer(mine, note_time, &clocked, clocked_drop);
  weft_thread_t *loop;
  REQUIRE_OK(weft_timer_arm(far, 3600 * WEFT_SECOND));
  loop = start_thread(NULL, WEFT_DAEMON_NO, wait_for_one, mine, NULL);
  await_asleep(weft_thread_native_id(loop));
  REQUIRE_OK(weft_timer_arm(near, WEFT_MILLISECOND));
  end_thread(loop);
  CHECK_EQUAL(clocked.runs, 1);
  weft_timer_unref(far);
  weft_timer_unref(near);
  weft_executor_unref(mine);
  CHECK_EQUAL(clocked.drops, 2);
}

static void ticks_come_every_period(void) {
  weft_executor_t *pool = make_pool(2);
  gate_t gate = GATE_CLOSED;
  clocked_t clocked = {0};
  weft_timer_t *timer;
  int64_t first, period = 2 * WEFT_MILLISECOND;
  int i;
  clocked.gate = &gate;
  clocked.wanted = 8;
  timer = make_timer(pool, note_time, &clocked, clocked_drop);
  first = weft_now() + WEFT_MILLISECOND;
  REQUIRE_OK(weft_timer_arm_every(timer, WEFT_MILLISECOND, period, WEFT_MISSED_CATCH_UP));
  gate_await(&gate, 1);
  CHECK_STATUS(weft_timer_cancel(timer), WEFT_ERUNNING);
  gate_open(&gate);
  for (i = 0; i < 8; ++i) CHECK(clocked.at[i] >= first + i * period);
  end_executor(pool);
  CHECK_EQUAL(clocked.runs, 8);
  weft_timer_unref(timer);
  CHECK_EQUAL(clocked.drops, 1);
}

static void statuses_of_arming_and_cancelling(void) {
  weft_executor_t *pool = make_pool(1), *strand = make_strand(pool);
  gate_t gate = GATE_CLOSED;
  clocked_t clocked = {0};
  weft_timer_t *timer = make_timer(pool, note_time, &clocked, clocked_drop), *out = UNTOUCHED(weft_timer_t);
  weft_timer_t *on_strand = make_timer(strand, note_time, &clocked, clocked_drop);
  weft_future_t *busy;
  CHECK_STATUS(weft_timer_create(NULL, NULL, note_time, NULL, NULL, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_timer_create(pool, NULL, NULL, NULL, NULL, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_timer_create(pool, NULL, note_time, NULL, NULL, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_timer_arm(NULL, 0), WEFT_EINVAL);
  CHECK_STATUS(weft_timer_arm_at(NULL, 0), WEFT_EINVAL);
  CHECK_STATUS(weft_timer_arm_every(NULL, 0, 1, WEFT_MISSED_SKIP), WEFT_EINVAL);
  CHECK_STATUS(weft_timer_arm_every(timer, 0, 0, WEFT_MISSED_SKIP), WEFT_EINVAL);
  CHECK_STATUS(weft_timer_arm_every(timer, 0, -1, WEFT_MISSED_SKIP), WEFT_EINVAL);
  CHECK_STATUS(weft_timer_arm_every(timer, 0, 1, 3), WEFT_EINVAL);
  CHECK_STATUS(weft_timer_cancel(NULL), WEFT_EINVAL);
  CHECK(weft_timer_ref(NULL) == NULL);
  weft_timer_unref(NULL);
  CHECK_STATUS(weft_timer_cancel(timer), WEFT_EDONE);
  REQUIRE_OK(weft_timer_arm(timer, WEFT_FOREVER));
  CHECK_STATUS(weft_timer_cancel(timer), WEFT_OK);
  CHECK_STATUS(weft_timer_cancel(timer), WEFT_EDONE);
  /* The timer is due, but the worker is busy: the run can still be cancelled. */
  busy = occupy_worker(pool, &gate);
  REQUIRE_OK(weft_timer_arm(timer, -5));
  CHECK_STATUS(weft_timer_cancel(timer), WEFT_OK);
  gate_open(&gate);
  end_future(busy);
  /* After a shutdown. */
  REQUIRE_OK(weft_timer_arm(timer, 3600 * WEFT_SECOND));
  REQUIRE_OK(weft_timer_arm(on_strand, 3600 * WEFT_SECOND));
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK); /* does not wait for timers */
  CHECK_STATUS(weft_timer_cancel(timer), WEFT_EDONE);
  CHECK_STATUS(weft_timer_cancel(on_strand), WEFT_EDONE);
  CHECK_STATUS(weft_timer_arm(timer, 0), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_timer_arm(on_strand, 0), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_timer_arm_every(timer, 0, 1, WEFT_MISSED_DELAY), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_timer_create(pool, NULL, note_time, &clocked, clocked_drop, &out), WEFT_ESHUTDOWN);
  CHECK(out == UNTOUCHED(weft_timer_t));
  weft_executor_unref(strand);
  weft_executor_unref(pool);
  weft_timer_unref(timer); /* the timer outlives its executor */
  weft_timer_unref(on_strand);
  CHECK_EQUAL(clocked.runs, 0);
  CHECK_EQUAL(clocked.drops, 2);
}

static weft_status fail_to_prepare(void *ctx, weft_error_t **error) {
  (void)ctx;
  (void)error;
  return 7;
}

static void a_broken_pool_refuses_and_fails_what_was_delayed(void) {
  weft_executor_options_t options;
  weft_executor_t *pool = NULL;
  weft_timer_t *timer = NULL, *out = UNTOUCHED(weft_timer_t);
  weft_future_t *delayed = NULL, *none = UNTOUCHED(weft_future_t);
  weft_error_t *error = NULL;
  clocked_t clocked = {0};
  weft_executor_options_init(&options);
  options.max_workers = 1;
  options.initializer = fail_to_prepare;
  REQUIRE_OK(weft_executor_create(NULL, &options, &pool));
  timer = make_timer(pool, note_time, &clocked, clocked_drop);
  /* The first arming starts the worker, whose initializer fails. */
  REQUIRE_OK(weft_executor_submit_after(pool, 3600 * WEFT_SECOND, NULL, note_time, &clocked, clocked_drop, &delayed));
  CHECK_STATUS(weft_future_wait(delayed, WEFT_FOREVER), WEFT_OK);
  REQUIRE_OK(weft_future_exception(delayed, 0, &error));
  if (CHECK(error != NULL)) CHECK_EQUAL(weft_error_code(error), WEFT_EBROKEN);
  weft_error_unref(error);
  weft_future_unref(delayed);
  CHECK_STATUS(weft_timer_arm(timer, 0), WEFT_EBROKEN);
  CHECK_STATUS(weft_timer_create(pool, NULL, note_time, &clocked, clocked_drop, &out), WEFT_EBROKEN);
  CHECK_STATUS(weft_executor_submit_after(pool, 0, NULL, note_time, &clocked, clocked_drop, &none), WEFT_EBROKEN);
  CHECK(none == UNTOUCHED(weft_future_t) && out == UNTOUCHED(weft_timer_t));
  weft_timer_unref(timer);
  weft_executor_unref(pool);
  CHECK_EQUAL(clocked.runs, 0);
  CHECK_EQUAL(clocked.drops, 2);
}

typedef struct own {
  weft_timer_t *self;
  weft_status rearmed, cancelled;
  gate_t gate;
  int drops;
} own_t;

static weft_status rearm_cancel_and_release(void *ctx, void **result, weft_error_t **error) {
  own_t *own = (own_t *)ctx;
  (void)result;
  (void)error;
  own->rearmed = weft_timer_arm(own->self, 0);
  own->cancelled = weft_timer_cancel(own->self);
  weft_timer_unref(own->self);
  return WEFT_OK;
}

static void own_drop(void *ctx) {
  own_t *own = (own_t *)ctx;
  __atomic_add_fetch(&own->drops, 1, __ATOMIC_ACQ_REL);
  gate_pass(&own->gate);
}

static void its_task_may_do_everything_to_it(void) {
  weft_executor_t *pool = make_pool(1);
  own_t own = {NULL, 1, 1, GATE_CLOSED, 0};
  own.self = make_timer(pool, rearm_cancel_and_release, &own, own_drop);
  gate_open(&own.gate);
  REQUIRE_OK(weft_timer_arm_every(own.self, 0, WEFT_MILLISECOND, WEFT_MISSED_SKIP));
  gate_await(&own.gate, 1);
  CHECK_STATUS(own.rearmed, WEFT_OK);
  CHECK_STATUS(own.cancelled, WEFT_ERUNNING);
  end_executor(pool);
  CHECK_EQUAL(own.drops, 1);
}

/* The exception hook gets the error of a tick. */
static gate_t hooked = GATE_CLOSED;
static int32_t hooked_code;

static void note_code(void *ctx, weft_thread_t *thread, const weft_error_t *error) {
  (void)ctx;
  (void)thread;
  hooked_code = weft_error_code(error);
  gate_pass(&hooked);
}

static void an_error_of_a_tick_goes_to_the_hook(void) {
  weft_runtime_t *runtime = make_runtime();
  weft_executor_t *pool = make_pool_in(runtime, 1, WEFT_DAEMON_NO);
  weft_timer_t *timer = make_timer(pool, fail_with_42, NULL, NULL);
  REQUIRE_OK(weft_runtime_set_exception_hook(runtime, note_code, NULL, NULL));
  gate_open(&hooked);
  REQUIRE_OK(weft_timer_arm(timer, 0));
  gate_await(&hooked, 1);
  end_executor(pool);
  CHECK_EQUAL(hooked_code, 42);
  weft_timer_unref(timer);
  CHECK_STATUS(weft_runtime_shutdown(runtime, WEFT_FOREVER), WEFT_OK);
  weft_runtime_destroy(&runtime);
}

static void arming_starts_a_worker_and_no_more(void) {
  weft_executor_t *pool = make_pool(4);
  clocked_t clocked = {0};
  weft_timer_t *timer = make_timer(pool, note_time, &clocked, NULL);
  int i;
  CHECK_EQUAL(stats_of(pool).workers_started, 0);
  for (i = 0; i < 100; ++i) REQUIRE_OK(weft_timer_arm(timer, 3600 * WEFT_SECOND - i));
  CHECK_EQUAL(stats_of(pool).workers_started, 1);
  weft_timer_unref(timer);
  end_executor(pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"the clock goes on", the_clock_goes_on},
      {"a timer fires once, and not early", a_timer_fires_once_and_not_early},
      {"a timer on a strand takes its place in the order", a_timer_on_a_strand_takes_its_place_in_the_order},
      {"a caller-run executor looks at the time itself", a_caller_run_executor_looks_at_the_time_itself},
      {"arming wakes a loop that waits", arming_wakes_a_loop_that_waits},
      {"ticks come every period", ticks_come_every_period},
      {"statuses of arming and cancelling", statuses_of_arming_and_cancelling},
      {"a broken pool refuses, and fails what was delayed", a_broken_pool_refuses_and_fails_what_was_delayed},
      {"its task may do everything to it", its_task_may_do_everything_to_it},
      {"an error of a tick goes to the hook", an_error_of_a_tick_goes_to_the_hook},
      {"arming starts a worker, and no more", arming_starts_a_worker_and_no_more},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
