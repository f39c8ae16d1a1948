/* Tests of submits that take effect later (weft/timer.h): weft_executor_submit_after and the functions like it. */
#include <weft/timer.h>

#include "setup.h"

static weft_status return_the_time(void *ctx, void **result, weft_error_t **error) {
  (void)error;
  *(int64_t *)ctx = weft_now();
  *result = ctx;
  return WEFT_OK;
}

static weft_future_t *submit_after(weft_executor_t *executor, int64_t delay, weft_task_fn fn, void *ctx,
                                   weft_drop_fn drop) {
  weft_future_t *future = NULL;
  CHECK_STATUS(weft_executor_submit_after(executor, delay, NULL, fn, ctx, drop, &future), WEFT_OK);
  return future;
}

static void a_delayed_task_is_pending_until_its_time(void) {
  weft_executor_t *pool = make_pool(2), *strand = make_strand(pool);
  weft_executor_t *all[2];
  int i;
  all[0] = pool;
  all[1] = strand;
  for (i = 0; i < 2; ++i) {
    int64_t ran = 0, submitted = weft_now();
    void *result = NULL;
    weft_future_t *future = submit_after(all[i], 5 * WEFT_MILLISECOND, return_the_time, &ran, NULL);
    CHECK(weft_future_state(future) == WEFT_FUTURE_PENDING || weft_now() >= submitted + 5 * WEFT_MILLISECOND);
    CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, &result), WEFT_OK);
    CHECK(result == &ran);
    CHECK(ran >= submitted + 5 * WEFT_MILLISECOND);
    weft_future_unref(future);
    submitted = weft_now() + WEFT_MILLISECOND;
    REQUIRE_OK(weft_executor_submit_at(all[i], submitted, NULL, return_the_time, &ran, NULL, &future));
    end_future(future);
    CHECK(ran >= submitted);
    REQUIRE_OK(weft_executor_submit_at(all[i], -1, NULL, return_the_time, &ran, NULL, &future)); /* due long ago */
    end_future(future);
  }
  end_executor(strand);
  end_executor(pool);
}

static void a_cancelled_one_is_forgotten_at_once(void) {
  weft_executor_t *pool = make_pool(1);
  probe_t probe = {0};
  weft_future_t *future = submit_after(pool, 3600 * WEFT_SECOND, probe_run, &probe, probe_drop);
  CHECK_EQUAL(weft_future_state(future), WEFT_FUTURE_PENDING);
  CHECK_STATUS(weft_future_wait(future, WEFT_MILLISECOND), WEFT_ETIMEDOUT);
  CHECK_STATUS(weft_future_cancel(future), WEFT_OK);
  CHECK_EQUAL(probe_drops(&probe), 1);
  CHECK(pthread_equal(probe.dropped_on, pthread_self()));
  CHECK_STATUS(weft_future_cancel(future), WEFT_OK);
  weft_future_unref(future);
  end_executor(pool);
  CHECK_EQUAL(probe_runs(&probe), 0);
  CHECK_EQUAL(probe_drops(&probe), 1);
}

static void post_after_needs_no_future(void) {
  weft_executor_t *mine = make_caller_run();
  probe_t probe = {0};
  uint64_t ran = 0;
  REQUIRE_OK(weft_executor_post_after(mine, WEFT_MILLISECOND, NULL, probe_run, &probe, probe_drop));
  REQUIRE_OK(weft_executor_run_wait(mine, 0, WEFT_FOREVER, &ran));
  CHECK_EQUAL(ran, 1);
  CHECK_EQUAL(probe_drops(&probe), 1);
  REQUIRE_OK(weft_executor_post_after(mine, 3600 * WEFT_SECOND, NULL, probe_run, &probe, probe_drop));
  weft_executor_unref(mine); /* cancels the delayed task */
  CHECK_EQUAL(probe_drops(&probe), 2);
  CHECK_EQUAL(probe_runs(&probe), 1);
}

static void the_results_drop_is_an_option(void) {
  weft_executor_t *pool = make_pool(1);
  weft_task_options_t options;
  weft_future_t *future = NULL;
  int dropped = 0;
  weft_task_options_init(&options);
  options.result_drop = count_drop;
  REQUIRE_OK(weft_executor_submit_after(pool, 0, &options, return_ctx, &dropped, NULL, &future));
  end_future(future);
  REQUIRE_OK(weft_executor_submit_at(pool, 0, &options, return_ctx, &dropped, NULL, &future));
  end_future(future);
  end_executor(pool);
  CHECK_EQUAL(dropped, 2);
}

static weft_status count_in_room(void *room, weft_error_t **error) {
  (void)error;
  __atomic_add_fetch(*(int **)room, 1, __ATOMIC_ACQ_REL);
  return WEFT_OK;
}

static const weft_task_type_t with_future = {sizeof with_future, 0, sizeof(int *), 0, count_in_room, NULL, NULL};
static const weft_task_type_t without = {sizeof without, WEFT_TASK_POSTED, sizeof(int *), 0, count_in_room, NULL, NULL};

static weft_task_t *make_task(const weft_task_type_t *type, int *count) {
  weft_task_t *task = NULL;
  CHECK_STATUS(weft_task_create(type, &task), WEFT_OK);
  *(int **)weft_task_room(task) = count;
  return task;
}

static void a_task_with_room_can_be_delayed(void) {
  weft_executor_t *pool = make_pool(1);
  weft_future_t *future = NULL;
  weft_task_t *task;
  int runs = 0;
  REQUIRE_OK(weft_executor_submit_task_after(pool, WEFT_MILLISECOND, make_task(&with_future, &runs), &future));
  end_future(future);
  CHECK_EQUAL(count_of(&runs), 1);
  REQUIRE_OK(weft_executor_submit_task_after(pool, 0, make_task(&with_future, &runs), NULL));
  REQUIRE_OK(weft_executor_submit_task_after(pool, 0, make_task(&without, &runs), NULL));
  while (count_of(&runs) != 3) sched_yield();
  task = make_task(&without, &runs);
  future = UNTOUCHED(weft_future_t);
  CHECK_STATUS(weft_executor_submit_task_after(NULL, 0, task, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_submit_task_after(pool, 0, NULL, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_submit_task_after(pool, 0, task, &future), WEFT_EINVAL);
  end_executor(pool);
  CHECK(future == UNTOUCHED(weft_future_t));
  weft_task_destroy(&task);
}

static void malformed_calls_are_refused(void) {
  weft_executor_t *pool = make_pool(1);
  weft_task_options_t options;
  struct {
    weft_task_options_t known;
    uint64_t unknown;
  } longer;
  weft_future_t *out = UNTOUCHED(weft_future_t);
  CHECK_STATUS(weft_executor_submit_after(NULL, 0, NULL, return_ctx, NULL, NULL, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_submit_after(pool, 0, NULL, NULL, NULL, NULL, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_submit_after(pool, 0, NULL, return_ctx, NULL, NULL, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_submit_at(NULL, 0, NULL, return_ctx, NULL, NULL, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_submit_at(pool, 0, NULL, NULL, NULL, NULL, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_submit_at(pool, 0, NULL, return_ctx, NULL, NULL, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_post_after(NULL, 0, NULL, return_ctx, NULL, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_post_after(pool, 0, NULL, NULL, NULL, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_post_at(NULL, 0, NULL, return_ctx, NULL, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_post_at(pool, 0, NULL, NULL, NULL, NULL), WEFT_EINVAL);
  weft_task_options_init(&options);
  options.size = 1;
  CHECK_STATUS(weft_executor_submit_after(pool, 0, &options, return_ctx, NULL, NULL, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_post_at(pool, 0, &options, return_ctx, NULL, NULL), WEFT_EINVAL);
  memset(&longer, 0, sizeof longer);
  longer.known.size = sizeof longer;
  longer.unknown = 1;
  CHECK_STATUS(weft_executor_submit_after(pool, 0, &longer.known, return_ctx, NULL, NULL, &out), WEFT_ENOTSUP);
  CHECK(out == UNTOUCHED(weft_future_t));
  end_executor(pool);
}

static void record_state(void *ctx, weft_future_t *future) {
  *(int32_t *)ctx = weft_future_state(future);
}

static void a_shutdown_cancels_what_is_not_due(void) {
  weft_executor_t *all[3];
  weft_executor_t *pool = make_pool(1);
  int i;
  all[0] = make_strand(pool);
  all[1] = pool;
  all[2] = make_caller_run();
  for (i = 0; i < 3; ++i) {
    probe_t probe = {0};
    int32_t told = -1;
    weft_future_t *out = UNTOUCHED(weft_future_t);
    weft_future_t *future = submit_after(all[i], 3600 * WEFT_SECOND, probe_run, &probe, probe_drop);
    REQUIRE_OK(weft_future_add_done_callback(future, record_state, &told, NULL));
    CHECK_STATUS(weft_executor_shutdown(all[i], 0, 0), WEFT_OK);
    CHECK_EQUAL(told, WEFT_FUTURE_CANCELLED); /* cancelled here, in the call */
    CHECK_EQUAL(probe_drops(&probe), 1);
    CHECK_STATUS(weft_executor_submit_after(all[i], 0, NULL, probe_run, &probe, probe_drop, &out), WEFT_ESHUTDOWN);
    CHECK(out == UNTOUCHED(weft_future_t));
    weft_future_unref(future);
    end_executor(all[i]);
    CHECK_EQUAL(probe_runs(&probe), 0);
    CHECK_EQUAL(probe_drops(&probe), 1);
  }
}

static void give_executor_back(void *ctx, weft_future_t *future) {
  weft_executor_t **executor = (weft_executor_t **)ctx;
  (void)future;
  weft_executor_unref(*executor);
  *executor = NULL;
}

/* The callback gives back the last handle of an executor in the middle of its shutdown, which goes on. */
static void the_callback_of_what_a_shutdown_cancels_gives_the_last_reference_back(void) {
  weft_executor_t *all[3];
  weft_executor_t *pool = make_pool(1);
  int i;
  all[0] = make_strand(pool);
  all[1] = make_pool(1);
  all[2] = make_caller_run();
  for (i = 0; i < 3; ++i) {
    probe_t probe = {0};
    weft_future_t *future = submit_after(all[i], 3600 * WEFT_SECOND, probe_run, &probe, probe_drop);
    REQUIRE_OK(weft_future_add_done_callback(future, give_executor_back, &all[i], NULL));
    CHECK_STATUS(weft_executor_shutdown(all[i], WEFT_SHUTDOWN_CANCEL_PENDING, 0), WEFT_OK);
    CHECK(all[i] == NULL);
    CHECK_EQUAL(weft_future_state(future), WEFT_FUTURE_CANCELLED);
    CHECK_EQUAL(probe_drops(&probe), 1);
    weft_future_unref(future);
  }
  end_executor(pool);
}

static void the_last_reference_and_the_runtimes_end_cancel_too(void) {
  weft_runtime_t *runtime = make_runtime();
  weft_executor_t *pool = make_pool_in(runtime, 1, WEFT_DAEMON_NO), *other = make_pool(1);
  weft_future_t *first = submit_after(pool, 3600 * WEFT_SECOND, return_ctx, NULL, NULL);
  weft_future_t *second = submit_after(other, 3600 * WEFT_SECOND, return_ctx, NULL, NULL);
  weft_executor_unref(other);
  CHECK_EQUAL(weft_future_state(second), WEFT_FUTURE_CANCELLED);
  CHECK_STATUS(weft_runtime_shutdown(runtime, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(weft_future_state(first), WEFT_FUTURE_CANCELLED);
  weft_future_unref(first);
  weft_future_unref(second);
  weft_executor_unref(pool);
  weft_runtime_destroy(&runtime);
}

static void the_bound_does_not_count_what_is_delayed(void) {
  weft_executor_t *pool = make_bounded_pool(1, WEFT_FULL_FAIL, 0);
  gate_t gate = GATE_CLOSED;
  weft_future_t *busy = occupy_worker(pool, &gate), *delayed[3], *waiting, *out = UNTOUCHED(weft_future_t);
  int i;
  for (i = 0; i < 3; ++i) delayed[i] = submit_after(pool, 0, return_ctx, NULL, NULL);
  waiting = submit(pool, return_ctx, NULL, NULL); /* there is room for one task */
  CHECK_STATUS(weft_executor_submit(pool, NULL, return_ctx, NULL, NULL, &out), WEFT_EFULL);
  gate_open(&gate);
  end_future(busy);
  end_future(waiting);
  for (i = 0; i < 3; ++i) end_future(delayed[i]);
  end_future(submit(pool, return_ctx, NULL, NULL)); /* no delayed task has taken room */
  end_executor(pool);
}

/* A task that waits for a delayed task of its own executor. */
static weft_status wait_for_future(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  return weft_future_wait((weft_future_t *)ctx, WEFT_FOREVER);
}

static void a_wait_that_only_the_waiter_could_end_is_told(void) {
  weft_executor_t *pool = make_pool(1), *two = make_pool(2);
  weft_future_t *delayed = submit_after(pool, 50 * WEFT_MILLISECOND, return_ctx, NULL, NULL);
  weft_future_t *waiting = submit(pool, wait_for_future, delayed, NULL);
  weft_error_t *error = NULL;
  REQUIRE_OK(weft_future_exception(waiting, WEFT_FOREVER, &error));
  if (error != NULL) CHECK_EQUAL(weft_error_code(error), WEFT_EDEADLK); /* no error if the task was due already */
  weft_error_unref(error);
  weft_future_unref(waiting);
  end_future(delayed);
  end_executor(pool);
  /* With two workers, another one is started to run the delayed task. */
  delayed = submit_after(two, 5 * WEFT_MILLISECOND, return_ctx, NULL, NULL);
  waiting = submit(two, wait_for_future, delayed, NULL);
  REQUIRE_OK(weft_future_exception(waiting, WEFT_FOREVER, &error));
  CHECK(error == NULL);
  weft_future_unref(waiting);
  weft_future_unref(delayed);
  end_executor(two);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"a delayed task is pending until its time", a_delayed_task_is_pending_until_its_time},
      {"a cancelled one is forgotten at once", a_cancelled_one_is_forgotten_at_once},
      {"post_after needs no future", post_after_needs_no_future},
      {"the result's drop is an option", the_results_drop_is_an_option},
      {"a task with room can be delayed", a_task_with_room_can_be_delayed},
      {"malformed calls are refused", malformed_calls_are_refused},
      {"a shutdown cancels what is not due", a_shutdown_cancels_what_is_not_due},
      {"the callback of what a shutdown cancels gives the last reference back",
       the_callback_of_what_a_shutdown_cancels_gives_the_last_reference_back},
      {"the last reference and the runtime's end cancel too", the_last_reference_and_the_runtimes_end_cancel_too},
      {"the bound does not count what is delayed", the_bound_does_not_count_what_is_delayed},
      {"a wait that only the waiter could end is told", a_wait_that_only_the_waiter_could_end_is_told},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
