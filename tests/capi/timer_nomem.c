/* Tests of memory that runs out under timers (see nomem.h): each call returns a documented status and takes nothing
 * over, and the executor works as before.
 */
#include <weft/timer.h>

#include "nomem.h"

/* Checks that a delayed task still runs on this pool. */
static void check_sound(weft_executor_t *pool) {
  weft_future_t *future = NULL;
  if (CHECK_STATUS(weft_executor_submit_after(pool, 0, NULL, return_ctx, NULL, NULL, &future), WEFT_OK))
    end_future(future);
  end_executor(pool);
}

static weft_status attempt_timer_create(void) {
  weft_executor_t *pool = make_pool(2);
  probe_t probe = {0};
  weft_timer_t *timer = UNTOUCHED(weft_timer_t);
  weft_status status = ARMED(weft_timer_create(pool, NULL, probe_run, &probe, probe_drop, &timer));
  CHECK_EQUAL(probe_drops(&probe), 0);
  if (status == WEFT_OK)
    weft_timer_unref(timer);
  else
    CHECK(timer == UNTOUCHED(weft_timer_t));
  CHECK_EQUAL(probe_drops(&probe), status == WEFT_OK);
  check_sound(pool);
  return status;
}

/* How a timer is armed: 0 once, 1 at a time, 2 every period, 3 every period from a time on. */
static weft_status attempt_to_arm(int how) {
  weft_executor_t *pool = make_pool(2);
  probe_t probe = {0};
  weft_timer_t *timer = NULL;
  weft_status status;
  CHECK_STATUS(weft_timer_create(pool, NULL, probe_run, &probe, probe_drop, &timer), WEFT_OK);
  if (how == 0)
    status = ARMED(weft_timer_arm(timer, 3600 * WEFT_SECOND));
  else if (how == 1)
    status = ARMED(weft_timer_arm_at(timer, weft_now() + 3600 * WEFT_SECOND));
  else if (how == 2)
    status = ARMED(weft_timer_arm_every(timer, 3600 * WEFT_SECOND, 1, WEFT_MISSED_SKIP));
  else
    status = ARMED(weft_timer_arm_every_at(timer, weft_now() + 3600 * WEFT_SECOND, 1, WEFT_MISSED_SKIP));
  CHECK_STATUS(weft_timer_cancel(timer), status == WEFT_OK ? WEFT_OK : WEFT_EDONE);
  weft_timer_unref(timer);
  CHECK_EQUAL(probe_drops(&probe), 1);
  check_sound(pool);
  return status;
}

static weft_status attempt_timer_arm(void) {
  return attempt_to_arm(0);
}

static weft_status attempt_timer_arm_at(void) {
  return attempt_to_arm(1);
}

static weft_status attempt_timer_arm_every(void) {
  return attempt_to_arm(2);
}

static weft_status attempt_timer_arm_every_at(void) {
  return attempt_to_arm(3);
}

/* The timer is due before a task that is armed already. If arming the timer fails, this task still runs. */
static weft_status attempt_timer_arm_earlier(void) {
  weft_executor_t *pool = make_pool(2);
  gate_t gate = GATE_CLOSED;
  weft_future_t *before = NULL;
  weft_timer_t *timer = NULL;
  weft_status status;
  CHECK_STATUS(weft_executor_submit_after(pool, 5 * WEFT_MILLISECOND, NULL, return_ctx, NULL, NULL, &before), WEFT_OK);
  CHECK_STATUS(weft_timer_create(pool, NULL, pass_gate, &gate, NULL, &timer), WEFT_OK);
  gate_open(&gate);
  status = ARMED(weft_timer_arm(timer, 0));
  end_future(before);
  if (status == WEFT_OK) gate_await(&gate, 1);
  weft_timer_unref(timer);
  check_sound(pool);
  return status;
}

/* Checks what an attempt has left. `out` is the attempt's output; NULL: it has none. */
static void check_submitted(weft_executor_t *pool, weft_status status, probe_t *probe, weft_future_t *out) {
  if (status == WEFT_OK && out != NULL)
    end_future(out);
  else
    CHECK(out == NULL || out == UNTOUCHED(weft_future_t));
  check_sound(pool);
  CHECK_EQUAL(probe_runs(probe), status == WEFT_OK);
  CHECK_EQUAL(probe_drops(probe), status == WEFT_OK);
}

static weft_status attempt_submit_after(void) {
  weft_executor_t *pool = make_pool(2);
  probe_t probe = {0};
  weft_future_t *out = UNTOUCHED(weft_future_t);
  weft_status status = ARMED(weft_executor_submit_after(pool, 0, NULL, probe_run, &probe, probe_drop, &out));
  check_submitted(pool, status, &probe, out);
  return status;
}

static weft_status attempt_submit_at(void) {
  weft_executor_t *pool = make_pool(2);
  probe_t probe = {0};
  weft_future_t *out = UNTOUCHED(weft_future_t);
  weft_status status = ARMED(weft_executor_submit_at(pool, 0, NULL, probe_run, &probe, probe_drop, &out));
  check_submitted(pool, status, &probe, out);
  return status;
}

static weft_status attempt_post_after(void) {
  weft_executor_t *pool = make_pool(2);
  probe_t probe = {0};
  weft_status status = ARMED(weft_executor_post_after(pool, 0, NULL, probe_run, &probe, probe_drop));
  check_submitted(pool, status, &probe, NULL);
  return status;
}

static weft_status attempt_post_at(void) {
  weft_executor_t *pool = make_pool(2);
  probe_t probe = {0};
  weft_status status = ARMED(weft_executor_post_at(pool, 0, NULL, probe_run, &probe, probe_drop));
  check_submitted(pool, status, &probe, NULL);
  return status;
}

static weft_status attempt_submit_task_after(void) {
  static const weft_task_type_t type = {sizeof type, WEFT_TASK_POSTED, 8, 0, probe_target, NULL, NULL};
  weft_executor_t *mine = make_caller_run();
  weft_task_t *task = NULL;
  weft_status status;
  CHECK_STATUS(weft_task_create(&type, &task), WEFT_OK);
  status = ARMED(weft_executor_submit_task_after(mine, 3600 * WEFT_SECOND, task, NULL));
  if (status != WEFT_OK) weft_task_destroy(&task);
  weft_executor_unref(mine);
  return status;
}

int main(int argc, char **argv) {
  static const attempt_t attempts[] = {
      ATTEMPT(weft_timer_create, attempt_timer_create),
      ATTEMPT_THAT_STARTS_THREADS(weft_timer_arm, attempt_timer_arm),
      ATTEMPT_THAT_STARTS_THREADS(weft_timer_arm_at, attempt_timer_arm_at),
      ATTEMPT_THAT_STARTS_THREADS(weft_timer_arm_every, attempt_timer_arm_every),
      ATTEMPT_THAT_STARTS_THREADS(weft_timer_arm_every_at, attempt_timer_arm_every_at),
      ATTEMPT_THAT_STARTS_THREADS(weft_timer_arm, attempt_timer_arm_earlier),
      ATTEMPT_THAT_STARTS_THREADS(weft_executor_submit_after, attempt_submit_after),
      ATTEMPT_THAT_STARTS_THREADS(weft_executor_submit_at, attempt_submit_at),
      ATTEMPT_THAT_STARTS_THREADS(weft_executor_post_after, attempt_post_after),
      ATTEMPT_THAT_STARTS_THREADS(weft_executor_post_at, attempt_post_at),
      ATTEMPT(weft_executor_submit_task_after, attempt_submit_task_after),
  };
  return starve_all(attempts, CHECK_COUNT_OF(attempts), argc, argv);
}
