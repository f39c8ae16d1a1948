/* Tests of timers when the system refuses a thread, or the descriptors for waiting (WEFT_EAGAIN). Each case runs in a
 * child process, and the parent never uses weft.
 */
#include <weft/task.h>
#include <weft/timer.h>

#include "child.h"
#include "setup.h"

static weft_status run_in_room(void *room, weft_error_t **error) {
  return probe_target(*(probe_t **)room, error);
}

/* Makes every call that arms something on one executor, and checks what it has left. */
static void check_all_refuse(weft_executor_t *executor, weft_status expected) {
  static const weft_task_type_t type = {sizeof type, 0, sizeof(probe_t *), 0, run_in_room, NULL, NULL};
  probe_t probe = {0};
  weft_timer_t *timer = NULL;
  weft_task_t *task = NULL;
  weft_future_t *out = UNTOUCHED(weft_future_t);
  REQUIRE_OK(weft_task_create(&type, &task));
  *(probe_t **)weft_task_room(task) = &probe;
  REQUIRE_OK(weft_timer_create(executor, NULL, probe_run, &probe, probe_drop, &timer));
  CHECK_STATUS(weft_timer_arm(timer, 0), expected);
  CHECK_STATUS(weft_timer_arm_at(timer, 0), expected);
  CHECK_STATUS(weft_timer_arm_every(timer, 0, 1, WEFT_MISSED_SKIP), expected);
  CHECK_STATUS(weft_timer_arm_every_at(timer, 0, 1, WEFT_MISSED_SKIP), expected);
  CHECK_STATUS(weft_timer_cancel(timer), WEFT_EDONE);
  CHECK_STATUS(weft_executor_submit_after(executor, 0, NULL, probe_run, &probe, probe_drop, &out), expected);
  CHECK_STATUS(weft_executor_submit_at(executor, 0, NULL, probe_run, &probe, probe_drop, &out), expected);
  CHECK_STATUS(weft_executor_post_after(executor, 0, NULL, probe_run, &probe, probe_drop), expected);
  CHECK_STATUS(weft_executor_post_at(executor, 0, NULL, probe_run, &probe, probe_drop), expected);
  CHECK_STATUS(weft_executor_submit_task_after(executor, 0, task, &out), expected);
  CHECK(out == UNTOUCHED(weft_future_t));
  CHECK(*(probe_t **)weft_task_room(task) == &probe);
  CHECK_EQUAL(probe_runs(&probe) + probe_drops(&probe), 0);
  weft_task_destroy(&task);
  weft_timer_unref(timer);
  CHECK_EQUAL(probe_drops(&probe), 1);
}

static void check_that_it_works_now(weft_executor_t *executor) {
  weft_future_t *future = NULL;
  REQUIRE_OK(weft_executor_submit_after(executor, 0, NULL, return_ctx, NULL, NULL, &future));
  end_future(future);
  end_executor(executor);
}

static void without_a_thread(void) {
  weft_executor_t *pool = make_pool(2), *strand = make_strand(pool);
  if (!refuse_threads()) return;
  check_all_refuse(pool, WEFT_EAGAIN);
  check_all_refuse(strand, WEFT_EAGAIN);
  allow_threads();
  check_that_it_works_now(strand);
  check_that_it_works_now(pool);
}
static void without_a_thread_in_child(void) {
  run_in_child(without_a_thread);
}

static void without_descriptors(void) {
  weft_executor_t *pool = make_pool(2);
  struct rlimit limit, none;
  end_future(submit(pool, return_ctx, NULL, NULL)); /* a worker exists */
  REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  none = limit;
  none.rlim_cur = 3;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
  check_all_refuse(pool, WEFT_EAGAIN);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  check_that_it_works_now(pool);
}
static void without_descriptors_in_child(void) {
  run_in_child(without_descriptors);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"without a thread", without_a_thread_in_child},
      {"without descriptors", without_descriptors_in_child},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
