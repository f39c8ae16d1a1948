/* Tests of bounded queues (weft/executor.h): fail, wait, or run on the submitting thread, for single tasks and for
 * batches. */
#include <weft/executor.h>
#include <weft/map.h>
#include <weft/task.h>

#include "setup.h"

static weft_status run_in_room(void *room, weft_error_t **error) {
  return probe_target(*(probe_t **)room, error);
}

/* Makes every submitting call on an executor whose queue is full. The arguments stay the caller's. */
static void check_all_refuse(weft_executor_t *executor, weft_status expected) {
  static const weft_task_type_t type = {sizeof type, 0, sizeof(probe_t *), 0, run_in_room, NULL, NULL};
  probe_t probe = {0}, *closure = &probe;
  weft_call_t call = {probe_run, NULL, probe_drop};
  weft_task_t *task = NULL;
  weft_future_t *out = UNTOUCHED(weft_future_t);
  weft_map_t *map = UNTOUCHED(weft_map_t);
  void *item = &probe;
  uint64_t queued = stats_of(executor).queued;
  call.ctx = &probe;
  REQUIRE_OK(weft_task_create(&type, &task));
  *(probe_t **)weft_task_room(task) = &probe;
  CHECK_STATUS(weft_executor_submit(executor, NULL, probe_run, &probe, probe_drop, &out), expected);
  CHECK_STATUS(weft_executor_post(executor, NULL, probe_run, &probe, probe_drop), expected);
  CHECK_STATUS(weft_executor_submit_batch(executor, NULL, &call, 1, &out), expected);
  CHECK_STATUS(weft_executor_submit_task(executor, task, &out), expected);
  CHECK_STATUS(weft_executor_submit_tasks(executor, &task, 1, &out), expected);
  CHECK_STATUS(weft_executor_submit_value(executor, NULL, &type, &closure, sizeof closure, &out), expected);
  CHECK_STATUS(weft_executor_map(executor, NULL, probe_run, &item, 1, probe_drop, &map), expected);
  CHECK(out == UNTOUCHED(weft_future_t) && map == UNTOUCHED(weft_map_t));
  CHECK(*(probe_t **)weft_task_room(task) == &probe);
  CHECK_EQUAL(stats_of(executor).queued, queued);
  CHECK_EQUAL(probe_runs(&probe) + probe_drops(&probe), 0);
  weft_task_destroy(&task);
}

/* A full queue: the worker is at the gate, and `queued` tasks wait and will count their runs. */
typedef struct full {
  weft_executor_t *pool;
  weft_future_t *running;
  gate_t gate;
  int runs;
} full_t;

static void fill(full_t *full, uint64_t max_queue, uint64_t queued, uint32_t when_full, int64_t full_timeout) {
  gate_t closed = GATE_CLOSED;
  full->gate = closed;
  full->runs = 0;
  full->pool = make_bounded_pool(max_queue, when_full, full_timeout);
  full->running = occupy_worker(full->pool, &full->gate);
  for (; queued != 0; --queued)
    CHECK_STATUS(weft_executor_post(full->pool, NULL, count_run, &full->runs, NULL), WEFT_OK);
}

static void drain(full_t *full) {
  gate_open(&full->gate);
  weft_future_unref(full->running);
  end_executor(full->pool);
}

static void fail_says_full_and_leaves_the_task_to_the_caller(void) {
  full_t full;
  probe_t probe = {0};
  weft_call_t calls[2] = {{probe_run, NULL, probe_drop}, {probe_run, NULL, probe_drop}};
  weft_future_t *outs[2] = {UNTOUCHED(weft_future_t), UNTOUCHED(weft_future_t)};
  calls[0].ctx = calls[1].ctx = &probe;
  fill(&full, 2, 1, WEFT_FULL_FAIL, 0);
  CHECK_STATUS(weft_executor_submit_batch(full.pool, NULL, calls, 2, outs), WEFT_EFULL); /* one place is left */
  CHECK(outs[0] == UNTOUCHED(weft_future_t) && outs[1] == UNTOUCHED(weft_future_t));
  REQUIRE_OK(weft_executor_post(full.pool, NULL, count_run, &full.runs, NULL));
  check_all_refuse(full.pool, WEFT_EFULL);
  CHECK_STATUS(weft_executor_submit_batch(full.pool, NULL, calls, 0, outs), WEFT_OK);
  drain(&full);
  CHECK_EQUAL(count_of(&full.runs), 2);
  CHECK_EQUAL(probe_runs(&probe) + probe_drops(&probe), 0);
}

static void there_is_room_again_once_a_task_has_started(void) {
  full_t full;
  gate_t second = GATE_CLOSED;
  fill(&full, 1, 0, WEFT_FULL_FAIL, 0);
  REQUIRE_OK(weft_executor_post(full.pool, NULL, pass_gate, &second, NULL));
  CHECK_STATUS(weft_executor_post(full.pool, NULL, count_run, &full.runs, NULL), WEFT_EFULL);
  gate_open(&full.gate);
  gate_await(&second, 1); /* the task has started, so it has left the queue */
  CHECK_STATUS(weft_executor_post(full.pool, NULL, count_run, &full.runs, NULL), WEFT_OK);
  CHECK_STATUS(weft_executor_post(full.pool, NULL, count_run, &full.runs, NULL), WEFT_EFULL);
  gate_open(&second);
  drain(&full);
  CHECK_EQUAL(count_of(&full.runs), 1);
}

static void a_batch_larger_than_the_queue_is_always_full(void) {
  static const uint32_t policies[] = {WEFT_FULL_FAIL, WEFT_FULL_WAIT};
  size_t i;
  for (i = 0; i < CHECK_COUNT_OF(policies); ++i) {
    weft_executor_t *pool = make_bounded_pool(2, policies[i], 0);
    probe_t probe = {0};
    weft_call_t calls[3] = {
        {probe_run, NULL, probe_drop}, {probe_run, NULL, probe_drop}, {probe_run, NULL, probe_drop}};
    int k;
    for (k = 0; k < 3; ++k) calls[k].ctx = &probe;
    CHECK_STATUS(weft_executor_submit_batch(pool, NULL, calls, 3, NULL), WEFT_EFULL);
    end_executor(pool);
    CHECK_EQUAL(probe_runs(&probe) + probe_drops(&probe), 0);
  }
}

static void wait_gives_up_at_the_timeout(void) {
  full_t full;
  weft_future_t *out = UNTOUCHED(weft_future_t);
  int64_t began;
  fill(&full, 1, 1, WEFT_FULL_WAIT, 10 * WEFT_MILLISECOND);
  began = now_ns();
  CHECK_STATUS(weft_executor_submit(full.pool, NULL, count_run, &full.runs, NULL, &out), WEFT_ETIMEDOUT);
  CHECK(now_ns() - began >= 10 * WEFT_MILLISECOND);
  CHECK(out == UNTOUCHED(weft_future_t));
  check_all_refuse(full.pool, WEFT_ETIMEDOUT);
  drain(&full);
  CHECK_EQUAL(count_of(&full.runs), 1);
}

/* A thread that submits, and may have to wait for room. */
typedef struct submitter {
  weft_executor_t *pool;
  weft_call_t calls[3];
  size_t count;
  probe_t probe;
  weft_status answer;
} submitter_t;

static weft_status submit_target(void *ctx, weft_error_t **error) {
  submitter_t *submitter = (submitter_t *)ctx;
  (void)error;
  submitter->answer = weft_executor_submit_batch(submitter->pool, NULL, submitter->calls, submitter->count, NULL);
  return WEFT_OK;
}

static weft_thread_t *start_submitter(submitter_t *submitter, weft_executor_t *pool, size_t count) {
  size_t i;
  weft_thread_t *thread;
  memset(submitter, 0, sizeof *submitter);
  submitter->pool = pool;
  submitter->count = count;
  submitter->answer = 1;
  for (i = 0; i < count && i < sizeof submitter->calls / sizeof submitter->calls[0]; ++i) {
    submitter->calls[i].fn = probe_run;
    submitter->calls[i].ctx = &submitter->probe;
    submitter->calls[i].drop = probe_drop;
  }
  thread = start_thread(NULL, WEFT_DAEMON_NO, submit_target, submitter, NULL);
  await_asleep(weft_thread_native_id(thread));
  return thread;
}

static void wait_goes_on_when_there_is_room(void) {
  size_t count;
  for (count = 1; count <= 3; ++count) {
    full_t full;
    submitter_t submitter;
    weft_thread_t *thread;
    fill(&full, 3, 3, WEFT_FULL_WAIT, 0);
    thread = start_submitter(&submitter, full.pool, count);
    gate_open(&full.gate);
    end_thread(thread);
    CHECK_STATUS(submitter.answer, WEFT_OK);
    drain(&full);
    CHECK_EQUAL(probe_runs(&submitter.probe), count);
    CHECK_EQUAL(probe_drops(&submitter.probe), count);
    CHECK_EQUAL(count_of(&full.runs), 3);
  }
}

static void wait_ends_with_the_executor(void) {
  full_t full;
  submitter_t submitter;
  weft_thread_t *thread;
  fill(&full, 1, 1, WEFT_FULL_WAIT, 0);
  thread = start_submitter(&submitter, full.pool, 1);
  CHECK_STATUS(weft_executor_shutdown(full.pool, 0, 0), WEFT_OK);
  end_thread(thread);
  CHECK_STATUS(submitter.answer, WEFT_ESHUTDOWN);
  drain(&full);
  CHECK_EQUAL(probe_runs(&submitter.probe) + probe_drops(&submitter.probe), 0);
  CHECK_EQUAL(count_of(&full.runs), 1);
}

static weft_status submit_when_asked_to_stop(void *ctx, weft_error_t **error) {
  (void)error;
  CHECK_STATUS(weft_sleep(WEFT_FOREVER), WEFT_EINTERRUPTED);
  check_all_refuse((weft_executor_t *)ctx, WEFT_EINTERRUPTED);
  return WEFT_OK;
}

static void wait_ends_when_the_caller_is_asked_to_stop(void) {
  full_t full;
  submitter_t submitter;
  weft_thread_t *threads[2];
  int i;
  fill(&full, 1, 1, WEFT_FULL_WAIT, 0);
  threads[0] = start_submitter(&submitter, full.pool, 1);
  threads[1] = start_thread(NULL, WEFT_DAEMON_NO, submit_when_asked_to_stop, full.pool, NULL);
  for (i = 0; i < 2; ++i) {
    CHECK_STATUS(weft_thread_request_stop(threads[i]), WEFT_OK);
    end_thread(threads[i]);
  }
  CHECK_STATUS(submitter.answer, WEFT_EINTERRUPTED);
  drain(&full);
  CHECK_EQUAL(probe_runs(&submitter.probe) + probe_drops(&submitter.probe), 0);
  CHECK_EQUAL(count_of(&full.runs), 1);
}

static void many_waiters_all_get_their_turn(void) {
  enum { waiters = 6 };
  full_t full;
  submitter_t submitters[waiters];
  weft_thread_t *threads[waiters];
  int i;
  fill(&full, 1, 1, WEFT_FULL_WAIT, 0);
  for (i = 0; i < waiters; ++i) threads[i] = start_submitter(&submitters[i], full.pool, 1);
  gate_open(&full.gate);
  for (i = 0; i < waiters; ++i) {
    end_thread(threads[i]);
    CHECK_STATUS(submitters[i].answer, WEFT_OK);
  }
  drain(&full);
  for (i = 0; i < waiters; ++i) CHECK_EQUAL(probe_drops(&submitters[i].probe), 1);
}

static weft_status submit_to_my_own_full_pool(void *ctx, void **result, weft_error_t **error) {
  weft_executor_t *pool = (weft_executor_t *)ctx;
  (void)result;
  (void)error;
  CHECK_STATUS(weft_executor_post(pool, NULL, return_ctx, NULL, NULL), WEFT_OK);
  check_all_refuse(pool, WEFT_EDEADLK);
  return WEFT_OK;
}

static void waiting_for_room_that_only_the_caller_could_make_is_refused(void) {
  weft_executor_t *pool = make_bounded_pool(1, WEFT_FULL_WAIT, 0);
  weft_future_t *future = submit(pool, submit_to_my_own_full_pool, pool, NULL);
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, NULL), WEFT_OK);
  weft_future_unref(future);
  end_executor(pool);
}

static void caller_runs_the_task_before_submit_returns(void) {
  full_t full;
  probe_t probe = {0};
  weft_future_t *future = NULL;
  void *result = NULL;
  fill(&full, 1, 1, WEFT_FULL_CALLER, 0);
  probe.result = &full;
  REQUIRE_OK(weft_executor_submit(full.pool, NULL, probe_run, &probe, probe_drop, &future));
  CHECK_EQUAL(weft_future_done(future), 1);
  CHECK_STATUS(weft_future_result(future, 0, &result), WEFT_OK);
  CHECK(result == &full);
  CHECK_EQUAL(probe_runs(&probe), 1);
  CHECK_EQUAL(probe_drops(&probe), 1);
  CHECK(pthread_equal(probe.ran_on, pthread_self()));
  CHECK(pthread_equal(probe.dropped_on, pthread_self()));
  weft_future_unref(future);
  REQUIRE_OK(weft_executor_post(full.pool, NULL, probe_run, &probe, probe_drop));
  CHECK_EQUAL(probe_runs(&probe), 2);
  CHECK_EQUAL(probe_drops(&probe), 2);
  CHECK_EQUAL(count_of(&full.runs), 0);
  drain(&full);
  CHECK_EQUAL(count_of(&full.runs), 1);
}

static void caller_runs_batches_of_any_size(void) {
  full_t full;
  probe_t probe = {0};
  weft_call_t calls[5];
  weft_future_t *futures[5];
  size_t i;
  for (i = 0; i < 5; ++i) {
    calls[i].fn = probe_run;
    calls[i].ctx = &probe;
    calls[i].drop = probe_drop;
  }
  fill(&full, 2, 2, WEFT_FULL_CALLER, 0);
  REQUIRE_OK(weft_executor_submit_batch(full.pool, NULL, calls, 5, futures));
  for (i = 0; i < 5; ++i) {
    CHECK_EQUAL(weft_future_done(futures[i]), 1);
    weft_future_unref(futures[i]);
  }
  CHECK_EQUAL(probe_runs(&probe), 5);
  CHECK_EQUAL(probe_drops(&probe), 5);
  drain(&full);
}

static void caller_does_not_run_what_was_shut_down(void) {
  full_t full;
  probe_t probe = {0};
  fill(&full, 1, 1, WEFT_FULL_CALLER, 0);
  CHECK_STATUS(weft_executor_shutdown(full.pool, 0, 0), WEFT_OK);
  CHECK_STATUS(weft_executor_post(full.pool, NULL, probe_run, &probe, probe_drop), WEFT_ESHUTDOWN);
  drain(&full);
  CHECK_EQUAL(probe_runs(&probe) + probe_drops(&probe), 0);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"fail says full and leaves the task to the caller", fail_says_full_and_leaves_the_task_to_the_caller},
      {"there is room again once a task has started", there_is_room_again_once_a_task_has_started},
      {"a batch larger than the queue is always full", a_batch_larger_than_the_queue_is_always_full},
      {"wait gives up at the timeout", wait_gives_up_at_the_timeout},
      {"wait goes on when there is room", wait_goes_on_when_there_is_room},
      {"wait ends with the executor", wait_ends_with_the_executor},
      {"wait ends when the caller is asked to stop", wait_ends_when_the_caller_is_asked_to_stop},
      {"many waiters all get their turn", many_waiters_all_get_their_turn},
      {"waiting for room that only the caller could make is refused",
       waiting_for_room_that_only_the_caller_could_make_is_refused},
      {"caller runs the task before submit returns", caller_runs_the_task_before_submit_returns},
      {"caller runs batches of any size", caller_runs_batches_of_any_size},
      {"caller does not run what was shut down", caller_does_not_run_what_was_shut_down},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
