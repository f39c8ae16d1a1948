/* Tests of weft_executor_shutdown and of the last unref (weft/executor.h): what runs, what is cancelled, and which
 * calls wait. */
#include <weft/executor.h>

#include "setup.h"

static void unknown_flags_are_invalid(void) {
  weft_executor_t *pool = make_pool(1);
  CHECK_STATUS(weft_executor_shutdown(pool, 4, 0), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_shutdown(pool, 7, WEFT_FOREVER), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_shutdown(pool, UINT32_MAX, 0), WEFT_EINVAL);
  end_future(submit(pool, return_ctx, NULL, NULL)); /* the call changed nothing */
  end_executor(pool);
}

static void afterwards_nothing_is_accepted(void) {
  weft_executor_t *pool = make_pool(2), *strand = UNTOUCHED(weft_executor_t);
  probe_t probe = {0};
  weft_call_t call = {probe_run, NULL, probe_drop};
  weft_future_t *out = UNTOUCHED(weft_future_t);
  weft_map_t *map = UNTOUCHED(weft_map_t);
  void *item = &probe;
  call.ctx = &probe;
  CHECK_STATUS(weft_executor_shutdown(pool, 0, 0), WEFT_OK);
  CHECK_STATUS(weft_executor_submit(pool, NULL, probe_run, &probe, probe_drop, &out), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_executor_post(pool, NULL, probe_run, &probe, probe_drop), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_executor_submit_batch(pool, NULL, &call, 1, &out), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_executor_map(pool, NULL, probe_run, &item, 1, probe_drop, &map), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_strand_create(pool, &strand), WEFT_ESHUTDOWN);
  CHECK(out == UNTOUCHED(weft_future_t) && map == UNTOUCHED(weft_map_t) && strand == UNTOUCHED(weft_executor_t));
  CHECK_STATUS(weft_executor_shutdown(pool, 0, 0), WEFT_OK);
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT | WEFT_SHUTDOWN_CANCEL_PENDING, 0), WEFT_OK);
  CHECK_EQUAL(probe_drops(&probe), 0);
  weft_executor_unref(pool);
}

static void what_was_accepted_still_runs(void) {
  weft_executor_t *pool = make_pool(1);
  gate_t gate = GATE_CLOSED;
  weft_future_t *running = occupy_worker(pool, &gate);
  int runs = 0, i;
  for (i = 0; i < 20; ++i) REQUIRE_OK(weft_executor_post(pool, NULL, count_run, &runs, count_drop)); /* counts twice */
  CHECK_STATUS(weft_executor_shutdown(pool, 0, WEFT_FOREVER), WEFT_OK); /* does not wait: the gate is closed */
  CHECK_EQUAL(weft_future_running(running), 1);
  gate_open(&gate);
  end_executor(pool);
  CHECK_EQUAL(count_of(&runs), 40);
  CHECK_EQUAL(weft_future_state(running), WEFT_FUTURE_RESULT);
  weft_future_unref(running);
}

static void waiting_ends_after_tasks_callbacks_and_workers(void) {
  int i, rounds = check_rounds(100, 10000);
  for (i = 0; i < rounds; ++i) {
    weft_executor_t *pool = make_pool(3);
    int runs = 0, k;
    for (k = 0; k < 30; ++k) REQUIRE_OK(weft_executor_post(pool, NULL, count_run, &runs, count_drop));
    CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
    CHECK_EQUAL(count_of(&runs), 60);
    CHECK_EQUAL(stats_of(pool).workers_alive, 0);
    CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, 0), WEFT_OK);
    weft_executor_unref(pool);
  }
}

static void a_wait_that_times_out_can_be_repeated(void) {
  weft_executor_t *pool = make_pool(1);
  gate_t gate = GATE_CLOSED;
  weft_future_t *running = occupy_worker(pool, &gate);
  int runs = 0;
  int64_t began;
  REQUIRE_OK(weft_executor_post(pool, NULL, count_run, &runs, NULL));
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, 0), WEFT_ETIMEDOUT);
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, -1), WEFT_ETIMEDOUT);
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, INT64_MIN), WEFT_ETIMEDOUT);
  began = now_ns();
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, 30 * WEFT_MILLISECOND), WEFT_ETIMEDOUT);
  CHECK(now_ns() - began >= 30 * WEFT_MILLISECOND);
  CHECK_STATUS(weft_executor_post(pool, NULL, count_run, &runs, NULL), WEFT_ESHUTDOWN);
  gate_open(&gate);
  end_executor(pool);
  CHECK_EQUAL(count_of(&runs), 1); /* a time-out cancels nothing */
  weft_future_unref(running);
}

typedef struct callback_record {
  int calls;
  pthread_t on;
  int32_t state;
} callback_record_t;

static void record_callback(void *ctx, weft_future_t *future) {
  callback_record_t *record = (callback_record_t *)ctx;
  ++record->calls;
  record->on = pthread_self();
  record->state = weft_future_state(future);
}

static void cancel_pending_cancels_exactly_what_has_not_started(void) {
  weft_executor_t *pool = make_pool(2);
  gate_t gate = GATE_CLOSED;
  weft_future_t *first = occupy_worker(pool, &gate), *second = occupy_worker(pool, &gate);
  probe_t probe = {0};
  callback_record_t record = {0, pthread_self(), 0};
  weft_future_t *pending[10];
  int i;
  for (i = 0; i < 10; ++i) pending[i] = submit(pool, probe_run, &probe, probe_drop);
  REQUIRE_OK(weft_executor_post(pool, NULL, probe_run, &probe, probe_drop));
  REQUIRE_OK(weft_future_add_done_callback(pending[3], record_callback, &record, NULL));
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_CANCEL_PENDING, 0), WEFT_OK);
  for (i = 0; i < 10; ++i) {
    CHECK_EQUAL(weft_future_cancelled(pending[i]), 1);
    CHECK_STATUS(weft_future_result(pending[i], 0, NULL), WEFT_ECANCELED);
    weft_future_unref(pending[i]);
  }
  CHECK_EQUAL(record.calls, 1);
  CHECK_EQUAL(record.state, WEFT_FUTURE_CANCELLED);
  CHECK(pthread_equal(record.on, pthread_self()));
  CHECK_EQUAL(probe_runs(&probe), 0);
  CHECK_EQUAL(probe_drops(&probe), 11);
  CHECK(pthread_equal(probe.dropped_on, pthread_self()));
  CHECK_EQUAL(weft_future_running(first), 1);
  CHECK_EQUAL(weft_future_running(second), 1);
  gate_open(&gate);
  end_executor(pool);
  CHECK_STATUS(weft_future_result(first, 0, NULL), WEFT_OK);
  CHECK_STATUS(weft_future_result(second, 0, NULL), WEFT_OK);
  weft_future_unref(first);
  weft_future_unref(second);
}

static void cancel_pending_and_wait_go_together(void) {
  weft_executor_t *pool = make_pool(1);
  int touched = 0, i;
  for (i = 0; i < 1000; ++i) REQUIRE_OK(weft_executor_post(pool, NULL, return_ctx, &touched, count_drop));
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT | WEFT_SHUTDOWN_CANCEL_PENDING, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(count_of(&touched), 1000); /* every task is dropped, run or cancelled */
  CHECK_EQUAL(stats_of(pool).workers_alive, 0);
  weft_executor_unref(pool);
}

static weft_status shut_down_my_pool(void *ctx, void **result, weft_error_t **error) {
  weft_executor_t *pool = (weft_executor_t *)ctx;
  (void)result;
  (void)error;
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_EDEADLK);
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, 0), WEFT_EDEADLK);
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT | WEFT_SHUTDOWN_CANCEL_PENDING, 0), WEFT_EDEADLK);
  CHECK_STATUS(weft_executor_post(pool, NULL, return_ctx, NULL, NULL), WEFT_OK); /* the call changed nothing */
  CHECK_STATUS(weft_executor_shutdown(pool, 0, 0), WEFT_OK);
  CHECK_STATUS(weft_executor_post(pool, NULL, return_ctx, NULL, NULL), WEFT_ESHUTDOWN);
  return WEFT_OK;
}

static void a_pool_cannot_wait_for_itself(void) {
  weft_executor_t *pool = make_pool(2);
  weft_future_t *future = submit(pool, shut_down_my_pool, pool, NULL);
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, NULL), WEFT_OK);
  weft_future_unref(future);
  end_executor(pool);
}

static void shut_down_in_callback(void *ctx, weft_future_t *future) {
  (void)future;
  CHECK_STATUS(weft_executor_shutdown((weft_executor_t *)ctx, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_EDEADLK);
  CHECK_STATUS(weft_executor_shutdown((weft_executor_t *)ctx, 0, 0), WEFT_OK);
}

static void a_callback_on_a_worker_cannot_wait_for_it_either(void) {
  weft_executor_t *pool = make_pool(1);
  gate_t gate = GATE_CLOSED;
  weft_future_t *running = occupy_worker(pool, &gate);
  REQUIRE_OK(weft_future_add_done_callback(running, shut_down_in_callback, pool, NULL));
  gate_open(&gate);
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  weft_future_unref(running);
  weft_executor_unref(pool);
}

static weft_status shut_down_another_pool(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  CHECK_STATUS(weft_executor_shutdown((weft_executor_t *)ctx, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  return WEFT_OK;
}

static void a_task_can_wait_for_the_end_of_another_pool(void) {
  weft_executor_t *pool = make_pool(1), *other = make_pool(1);
  int runs = 0;
  REQUIRE_OK(weft_executor_post(other, NULL, count_run, &runs, NULL));
  end_future(submit(pool, shut_down_another_pool, other, NULL));
  CHECK_EQUAL(count_of(&runs), 1);
  weft_executor_unref(other);
  end_executor(pool);
}

static weft_status current_worker(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  return weft_thread_current((weft_thread_t **)ctx);
}

static void the_last_unref_finishes_the_work_and_ends_the_workers(void) {
  weft_executor_t *pool = make_pool(1);
  gate_t gate = GATE_CLOSED;
  weft_thread_t *worker = NULL;
  int runs = 0, i;
  end_future(submit(pool, current_worker, &worker, NULL));
  weft_future_unref(occupy_worker(pool, &gate));
  for (i = 0; i < 20; ++i) REQUIRE_OK(weft_executor_post(pool, NULL, count_run, &runs, count_drop));
  weft_executor_unref(pool);
  CHECK_EQUAL(count_of(&runs), 0);
  gate_open(&gate);
  end_thread(worker);
  CHECK_EQUAL(count_of(&runs), 40);
}

static weft_status unref_my_pool(void *ctx, void **result, weft_error_t **error) {
  weft_thread_t *self = NULL;
  (void)error;
  weft_executor_unref((weft_executor_t *)ctx);
  CHECK_STATUS(weft_thread_current(&self), WEFT_OK);
  *result = self;
  return WEFT_OK;
}

static void a_task_may_drop_the_last_handle_of_its_pool(void) {
  weft_executor_t *pool = make_pool(1);
  void *worker = NULL;
  int runs = 0;
  weft_executor_t *handle = weft_executor_ref(pool);
  weft_future_t *future = submit(pool, unref_my_pool, handle, NULL);
  REQUIRE_OK(weft_executor_post(pool, NULL, count_run, &runs, NULL));
  weft_executor_unref(pool);
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, &worker), WEFT_OK);
  weft_future_unref(future);
  end_thread((weft_thread_t *)worker);
  CHECK_EQUAL(count_of(&runs), 1);
}

static void a_future_cancelled_at_once_never_hangs_the_shutdown(void) {
  int i, rounds = check_rounds(500, 50000);
  for (i = 0; i < rounds; ++i) {
    weft_executor_t *pool = make_pool(1 + (uint32_t)i % 3);
    probe_t probe = {0};
    weft_future_t *future = submit(pool, probe_run, &probe, probe_drop);
    weft_status status = weft_future_cancel(future);
    CHECK(status == WEFT_OK || status == WEFT_ERUNNING || status == WEFT_EDONE);
    weft_future_unref(future);
    end_executor(pool);
    CHECK_EQUAL(probe_drops(&probe), 1);
    CHECK_EQUAL(probe_runs(&probe), status == WEFT_OK ? 0 : 1);
  }
}

/* Submitting races with shutting down: a submit is refused, or its task is run or cancelled. */
typedef struct race {
  weft_executor_t *pool;
  gate_t start;
  int accepted, finished;
} race_t;

static void *submit_until_refused(void *ctx) {
  race_t *race = (race_t *)ctx;
  gate_pass(&race->start);
  for (;;) {
    weft_status status = weft_executor_post(race->pool, NULL, return_ctx, &race->finished, count_drop);
    if (status != WEFT_OK) {
      CHECK_STATUS(status, WEFT_ESHUTDOWN);
      return NULL;
    }
    __atomic_add_fetch(&race->accepted, 1, __ATOMIC_RELAXED);
  }
}

static void submit_against_shutdown_loses_nothing(void) {
  int i, rounds = check_rounds(60, 6000);
  for (i = 0; i < rounds; ++i) {
    race_t race = {NULL, GATE_CLOSED, 0, 0};
    pthread_t threads[2];
    uint32_t flags = i % 2 ? WEFT_SHUTDOWN_WAIT : WEFT_SHUTDOWN_WAIT | WEFT_SHUTDOWN_CANCEL_PENDING;
    race.pool = make_pool(2);
    REQUIRE(pthread_create(&threads[0], NULL, submit_until_refused, &race) == 0);
    REQUIRE(pthread_create(&threads[1], NULL, submit_until_refused, &race) == 0);
    gate_await(&race.start, 2);
    gate_open(&race.start);
    CHECK_STATUS(weft_executor_shutdown(race.pool, flags, WEFT_FOREVER), WEFT_OK);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    CHECK_EQUAL(count_of(&race.finished), count_of(&race.accepted));
    weft_executor_unref(race.pool);
  }
}

/* After the shutdown a spare starts in a place that no worker had before. A submit from its task is refused too. */
typedef struct latecomer {
  weft_executor_t *pool;
  gate_t shut, ran;
  weft_status status;
} latecomer_t;

static weft_status submit_late(void *ctx, void **result, weft_error_t **error) {
  latecomer_t *late = (latecomer_t *)ctx;
  (void)result;
  (void)error;
  late->status = weft_executor_post(late->pool, NULL, return_ctx, NULL, NULL);
  gate_pass(&late->ran);
  return WEFT_OK;
}

static weft_status let_a_spare_come(void *ctx, void **result, weft_error_t **error) {
  latecomer_t *late = (latecomer_t *)ctx;
  (void)result;
  (void)error;
  gate_pass(&late->shut);
  CHECK_STATUS(weft_blocking_begin(), WEFT_OK);
  gate_await(&late->ran, 1);
  CHECK_STATUS(weft_blocking_end(), WEFT_OK);
  return WEFT_OK;
}

static void a_worker_that_comes_later_accepts_nothing_either(void) {
  latecomer_t late = {NULL, GATE_CLOSED, GATE_CLOSED, WEFT_OK};
  late.pool = make_pool(2); /* with only one worker, all tasks would go through one queue */
  gate_open(&late.ran);
  {
    weft_future_t *blocks[2], *behind;
    int i;
    for (i = 0; i < 2; ++i) blocks[i] = submit(late.pool, let_a_spare_come, &late, NULL);
    gate_await(&late.shut, 2);
    behind = submit(late.pool, submit_late, &late, NULL);
    CHECK_STATUS(weft_executor_shutdown(late.pool, 0, 0), WEFT_OK);
    gate_open(&late.shut);
    end_future(behind);
    for (i = 0; i < 2; ++i) end_future(blocks[i]);
  }
  CHECK_STATUS(late.status, WEFT_ESHUTDOWN);
  end_executor(late.pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"unknown flags are invalid", unknown_flags_are_invalid},
      {"afterwards nothing is accepted", afterwards_nothing_is_accepted},
      {"what was accepted still runs", what_was_accepted_still_runs},
      {"waiting ends after tasks, callbacks and workers", waiting_ends_after_tasks_callbacks_and_workers},
      {"a wait that times out can be repeated", a_wait_that_times_out_can_be_repeated},
      {"cancel_pending cancels exactly what has not started", cancel_pending_cancels_exactly_what_has_not_started},
      {"cancel_pending and wait go together", cancel_pending_and_wait_go_together},
      {"a pool cannot wait for itself", a_pool_cannot_wait_for_itself},
      {"a callback on a worker cannot wait for it either", a_callback_on_a_worker_cannot_wait_for_it_either},
      {"a task can wait for the end of another pool", a_task_can_wait_for_the_end_of_another_pool},
      {"the last unref finishes the work and ends the workers", the_last_unref_finishes_the_work_and_ends_the_workers},
      {"a task may drop the last handle of its pool", a_task_may_drop_the_last_handle_of_its_pool},
      {"a future cancelled at once never hangs the shutdown", a_future_cancelled_at_once_never_hangs_the_shutdown},
      {"submit against shutdown loses nothing", submit_against_shutdown_loses_nothing},
      {"a worker that comes later accepts nothing either", a_worker_that_comes_later_accepts_nothing_either},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
