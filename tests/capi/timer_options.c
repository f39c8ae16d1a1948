/* Tests of timers with options (weft/timer.h): tokens that disarm them, the priority of their runs, times of the clock.
 */
#include <weft/timer.h>

#include "cancel.h"

static weft_timer_t *make_timer(weft_executor_t *executor, const weft_task_options_t *options, weft_task_fn fn,
                                void *ctx, weft_drop_fn drop) {
  weft_timer_t *timer = NULL;
  CHECK_STATUS(weft_timer_create(executor, options, fn, ctx, drop, &timer), WEFT_OK);
  return timer;
}

static void a_token_disarms_it(void) {
  weft_executor_t *pool = make_pool(1);
  weft_cancel_token_t *token = make_token(NULL);
  weft_task_options_t options = with(token);
  probe_t probe = {0};
  gate_t gate = GATE_CLOSED;
  weft_timer_t *timer = make_timer(pool, &options, probe_run, &probe, probe_drop), *late = UNTOUCHED(weft_timer_t);
  weft_future_t *running = occupy_worker(pool, &gate);
  REQUIRE_OK(weft_timer_arm_every(timer, 0, 1, WEFT_MISSED_SKIP));
  CHECK_STATUS(weft_cancel_token_cancel(token), WEFT_OK);
  CHECK_STATUS(weft_timer_arm(timer, 0), WEFT_ECANCELED);
  CHECK_STATUS(weft_timer_arm_at(timer, 0), WEFT_ECANCELED);
  CHECK_STATUS(weft_timer_arm_every(timer, 0, 1, WEFT_MISSED_SKIP), WEFT_ECANCELED);
  CHECK_STATUS(weft_timer_arm_every_at(timer, 0, 1, WEFT_MISSED_SKIP), WEFT_ECANCELED);
  CHECK_STATUS(weft_timer_create(pool, &options, probe_run, &probe, probe_drop, &late), WEFT_ECANCELED);
  CHECK(late == UNTOUCHED(weft_timer_t));
  gate_open(&gate);
  end_future(running);
  /* A tick that is due would run before this task, which is due later. */
  {
    weft_future_t *behind = NULL;
    REQUIRE_OK(weft_executor_submit_after(pool, WEFT_MILLISECOND, NULL, return_ctx, NULL, NULL, &behind));
    end_future(behind);
  }
  CHECK_EQUAL(probe_runs(&probe), 0);
  CHECK_STATUS(weft_timer_cancel(timer), WEFT_EDONE);
  weft_timer_unref(timer);
  CHECK_EQUAL(probe_drops(&probe), 1);
  end_executor(pool);
  weft_cancel_token_unref(token);
}

static weft_status cancel_token(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  return weft_cancel_token_cancel((weft_cancel_token_t *)ctx);
}

/* Both ticks are due when the worker looks, so the second one waits in the pool while the first one runs. */
static void a_token_calls_off_a_tick_that_is_under_way(void) {
  weft_executor_t *pool = make_pool(1);
  weft_cancel_token_t *token = make_token(NULL);
  weft_task_options_t options = with(token);
  probe_t probe = {0};
  gate_t gate = GATE_CLOSED;
  weft_timer_t *first = make_timer(pool, NULL, cancel_token, token, NULL);
  weft_timer_t *second = make_timer(pool, &options, probe_run, &probe, probe_drop);
  weft_future_t *running = occupy_worker(pool, &gate), *behind = NULL;
  REQUIRE_OK(weft_timer_arm_at(first, 1));
  REQUIRE_OK(weft_timer_arm_every_at(second, 2, 1, WEFT_MISSED_CATCH_UP));
  REQUIRE_OK(weft_executor_submit_after(pool, WEFT_MILLISECOND, NULL, return_ctx, NULL, NULL, &behind));
  gate_open(&gate);
  end_future(running);
  end_future(behind);
  CHECK_EQUAL(probe_runs(&probe), 0);
  CHECK_STATUS(weft_timer_cancel(second), WEFT_EDONE);
  weft_timer_unref(first);
  weft_timer_unref(second);
  CHECK_EQUAL(probe_drops(&probe), 1);
  end_executor(pool);
  weft_cancel_token_unref(token);
}

static void a_token_asks_the_run_to_stop(void) {
  weft_executor_t *pool = make_pool(1);
  weft_cancel_token_t *token = make_token(NULL);
  weft_task_options_t options = with(token);
  gate_t gate = GATE_CLOSED;
  weft_timer_t *timer = make_timer(pool, &options, sleep_until_stopped, &gate, NULL);
  REQUIRE_OK(weft_timer_arm_every(timer, 0, 1, WEFT_MISSED_CATCH_UP));
  gate_await(&gate, 1);
  CHECK_STATUS(weft_cancel_token_cancel(token), WEFT_OK);
  CHECK_STATUS(weft_timer_close(timer, WEFT_FOREVER), WEFT_OK); /* otherwise it would sleep forever */
  weft_timer_unref(timer);
  end_executor(pool);
  weft_cancel_token_unref(token);
}

typedef struct order {
  int count;
  int seen[8];
} order_t;
static order_t order; /* written by the only worker */

static weft_status note(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  order.seen[order.count++ % 8] = (int)(intptr_t)ctx;
  return WEFT_OK;
}

/* Three timers are due when the worker looks. */
static void its_runs_have_its_priority(void) {
  static const uint32_t priorities[] = {WEFT_PRIORITY_LOW, WEFT_PRIORITY_NORMAL, WEFT_PRIORITY_HIGH};
  weft_executor_t *pool = make_pool(1);
  weft_timer_t *timers[3];
  gate_t gate = GATE_CLOSED;
  weft_future_t *running = occupy_worker(pool, &gate);
  int i;
  order.count = 0;
  for (i = 0; i < 3; ++i) {
    weft_task_options_t options;
    weft_task_options_init(&options);
    options.priority = priorities[i];
    timers[i] = make_timer(pool, &options, note, (void *)(intptr_t)i, NULL);
    REQUIRE_OK(weft_timer_arm(timers[i], 0));
  }
  gate_open(&gate);
  end_future(running);
  for (i = 0; i < 3; ++i) {
    weft_future_t *behind = NULL;
    weft_task_options_t low;
    weft_task_options_init(&low);
    low.priority = WEFT_PRIORITY_LOW;
    REQUIRE_OK(weft_executor_submit_after(pool, WEFT_MILLISECOND, &low, return_ctx, NULL, NULL, &behind));
    end_future(behind);
  }
  for (i = 0; i < 3; ++i) {
    REQUIRE_OK(weft_timer_close(timers[i], WEFT_FOREVER));
    weft_timer_unref(timers[i]);
  }
  end_executor(pool);
  CHECK_EQUAL(order.count, 3);
  CHECK_EQUAL(order.seen[0], 2);
  CHECK_EQUAL(order.seen[1], 1);
  CHECK_EQUAL(order.seen[2], 0);
}

static weft_status count_to_three(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  if (__atomic_add_fetch((int *)ctx, 1, __ATOMIC_ACQ_REL) >= 3) gate_open((gate_t *)((int *)ctx + 2));
  return WEFT_OK;
}

static void a_period_may_begin_at_a_time_of_the_clock(void) {
  struct {
    int runs, unused;
    gate_t gate;
  } counted = {0, 0, GATE_CLOSED};
  weft_executor_t *pool = make_pool(1);
  weft_timer_t *timer = make_timer(pool, NULL, count_to_three, &counted, NULL);
  CHECK_STATUS(weft_timer_arm_every_at(NULL, 0, 1, WEFT_MISSED_SKIP), WEFT_EINVAL);
  CHECK_STATUS(weft_timer_arm_every_at(timer, 0, 0, WEFT_MISSED_SKIP), WEFT_EINVAL);
  CHECK_STATUS(weft_timer_arm_every_at(timer, 0, 1, WEFT_MISSED_DELAY + 1), WEFT_EINVAL);
  REQUIRE_OK(weft_timer_arm_every_at(timer, weft_now() - WEFT_SECOND, WEFT_SECOND / 2, WEFT_MISSED_CATCH_UP));
  gate_pass(&counted.gate); /* runs for one second ago, for half a second ago, and for now */
  REQUIRE_OK(weft_timer_close(timer, WEFT_FOREVER));
  weft_timer_unref(timer);
  end_executor(pool);
}

/* A start before the clock began is a time like others: one tick is due at once, the next one within a period. */
static void a_start_in_the_far_past_ticks_on(void) {
  static const int64_t starts[] = {INT64_MIN, INT64_MIN / 2, -3600 * WEFT_SECOND, -1};
  size_t i;
  for (i = 0; i < CHECK_COUNT_OF(starts); ++i) {
    weft_executor_t *mine = make_caller_run();
    weft_timer_t *timer = NULL;
    uint64_t ran = 0;
    int ticks = 0, rounds;
    REQUIRE_OK(weft_timer_create(mine, NULL, count_run, &ticks, NULL, &timer));
    CHECK_STATUS(weft_timer_arm_every_at(timer, starts[i], WEFT_MILLISECOND, WEFT_MISSED_SKIP), WEFT_OK);
    for (rounds = 0; rounds < 3; ++rounds)
      CHECK_STATUS(weft_executor_run_wait(mine, 1, 60 * WEFT_SECOND, &ran), WEFT_OK);
    CHECK_EQUAL(ticks, 3);
    weft_timer_unref(timer);
    weft_executor_unref(mine);
  }
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"a token disarms it", a_token_disarms_it},
      {"a token calls off a tick that is under way", a_token_calls_off_a_tick_that_is_under_way},
      {"a token asks the run to stop", a_token_asks_the_run_to_stop},
      {"its runs have its priority", its_runs_have_its_priority},
      {"a period may begin at a time of the clock", a_period_may_begin_at_a_time_of_the_clock},
      {"a start in the far past ticks on", a_start_in_the_far_past_ticks_on},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
