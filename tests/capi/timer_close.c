/* Tests of weft_timer_close: it closes the timer permanently, and waits for its last run. */
#include <weft/timer.h>

#include "domain.h"

static weft_timer_t *make_timer(weft_executor_t *executor, weft_task_fn fn, void *ctx, weft_drop_fn drop) {
  weft_timer_t *timer = NULL;
  CHECK_STATUS(weft_timer_create(executor, NULL, fn, ctx, drop, &timer), WEFT_OK);
  return timer;
}

static weft_status count_tick(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  count_drop(ctx);
  return WEFT_OK;
}

static void check_closed(weft_timer_t *timer) {
  CHECK_STATUS(weft_timer_arm(timer, 0), WEFT_ECLOSED);
  CHECK_STATUS(weft_timer_arm_at(timer, 0), WEFT_ECLOSED);
  CHECK_STATUS(weft_timer_arm_every(timer, 0, 1, WEFT_MISSED_SKIP), WEFT_ECLOSED);
  CHECK_STATUS(weft_timer_cancel(timer), WEFT_EDONE);
  CHECK_STATUS(weft_timer_close(timer, WEFT_FOREVER), WEFT_OK);
}

static void a_closed_timer_is_never_armed_again(void) {
  int ticks = 0;
  weft_executor_t *pool = make_pool(1), *loop = make_caller_run();
  weft_timer_t *idle = make_timer(pool, count_tick, &ticks, NULL), *armed = make_timer(pool, count_tick, &ticks, NULL);
  weft_timer_t *due = make_timer(loop, count_tick, &ticks, count_drop);
  uint64_t ran = 0;
  CHECK_STATUS(weft_timer_close(NULL, 0), WEFT_EINVAL);
  CHECK_STATUS(weft_timer_close(idle, 0), WEFT_OK);
  check_closed(idle);
  REQUIRE_OK(weft_timer_arm(armed, 3600 * WEFT_SECOND));
  CHECK_STATUS(weft_timer_close(armed, WEFT_FOREVER), WEFT_OK);
  check_closed(armed);
  REQUIRE_OK(weft_timer_arm(due, 0));
  CHECK_STATUS(weft_timer_close(due, 0), WEFT_OK);
  check_closed(due);
  CHECK_STATUS(weft_executor_run(loop, 0, WEFT_FOREVER, &ran), WEFT_OK);
  CHECK_EQUAL(ran, 0);
  CHECK_EQUAL(ticks, 0);
  weft_timer_unref(idle);
  weft_timer_unref(armed);
  weft_timer_unref(due);
  CHECK_EQUAL(ticks, 1); /* the context was dropped */
  weft_executor_unref(loop);
  end_executor(pool);
}

typedef struct arming {
  gate_t gate;
  weft_timer_t *timer;
  int ticks;
} arming_t;

static weft_status arm_itself(void *ctx, void **result, weft_error_t **error) {
  arming_t *it = (arming_t *)ctx;
  (void)result;
  (void)error;
  __atomic_add_fetch(&it->ticks, 1, __ATOMIC_SEQ_CST);
  gate_pass(&it->gate);
  weft_timer_arm(it->timer, 0);
  return WEFT_OK;
}

static void the_run_that_is_under_way_is_the_last(void) {
  arming_t it = {GATE_CLOSED, NULL, 0};
  weft_executor_t *pool = make_pool(2);
  it.timer = make_timer(pool, arm_itself, &it, NULL);
  REQUIRE_OK(weft_timer_arm_every(it.timer, 0, WEFT_MILLISECOND, WEFT_MISSED_CATCH_UP));
  gate_await(&it.gate, 1);
  CHECK_STATUS(weft_timer_close(it.timer, 0), WEFT_ETIMEDOUT);
  CHECK_STATUS(weft_timer_close(it.timer, WEFT_MILLISECOND), WEFT_ETIMEDOUT);
  CHECK_STATUS(weft_timer_cancel(it.timer), WEFT_ERUNNING);
  gate_open(&it.gate);
  CHECK_STATUS(weft_timer_close(it.timer, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(it.ticks, 1);
  check_closed(it.timer);
  end_executor(pool);
  CHECK_EQUAL(it.ticks, 1);
  weft_timer_unref(it.timer);
}

static weft_status close_itself(void *ctx, void **result, weft_error_t **error) {
  arming_t *it = (arming_t *)ctx;
  (void)result;
  (void)error;
  ++it->ticks;
  CHECK_STATUS(weft_timer_close(it->timer, WEFT_FOREVER), WEFT_EDEADLK);
  CHECK_STATUS(weft_timer_arm(it->timer, 0), WEFT_ECLOSED);
  gate_open(&it->gate);
  return WEFT_OK;
}

static void its_own_task_may_close_it(void) {
  arming_t it = {GATE_CLOSED, NULL, 0};
  weft_executor_t *pool = make_pool(1);
  it.timer = make_timer(pool, close_itself, &it, NULL);
  REQUIRE_OK(weft_timer_arm(it.timer, 0));
  gate_pass(&it.gate);
  CHECK_STATUS(weft_timer_close(it.timer, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(it.ticks, 1);
  weft_timer_unref(it.timer);
  end_executor(pool);
}

static weft_status close_when_stopped(void *ctx, weft_error_t **error) {
  arming_t *it = (arming_t *)ctx;
  weft_thread_t *self = NULL;
  (void)error;
  if (!CHECK_STATUS(weft_thread_current(&self), WEFT_OK)) return WEFT_OK;
  CHECK_STATUS(weft_thread_request_stop(self), WEFT_OK);
  CHECK_STATUS(weft_timer_close(it->timer, WEFT_FOREVER), WEFT_EINTERRUPTED);
  weft_thread_unref(self);
  return WEFT_OK;
}

static void a_stop_request_ends_the_wait(void) {
  arming_t it = {GATE_CLOSED, NULL, 0};
  weft_executor_t *pool = make_pool(1);
  it.timer = make_timer(pool, arm_itself, &it, NULL);
  REQUIRE_OK(weft_timer_arm(it.timer, 0));
  gate_await(&it.gate, 1);
  end_thread(start_thread(NULL, WEFT_DAEMON_NO, close_when_stopped, &it, NULL));
  gate_open(&it.gate);
  CHECK_STATUS(weft_timer_close(it.timer, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(it.ticks, 1);
  weft_timer_unref(it.timer);
  end_executor(pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"a closed timer is never armed again", a_closed_timer_is_never_armed_again},
      {"the run that is under way is the last", the_run_that_is_under_way_is_the_last},
      {"its own task may close it", its_own_task_may_close_it},
      {"a stop request ends the wait", a_stop_request_ends_the_wait},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
