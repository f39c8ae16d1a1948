/* Tests of stop requests and of weft_sleep (weft/thread.h): which calls they wake, what the flag belongs to, and which
 * code it does not reach.
 */
#include <weft/thread.h>

#include "setup.h"

static void sleeping_lasts_at_least_so_long(void) {
  int64_t began = now_ns();
  CHECK_STATUS(weft_sleep(50 * WEFT_MILLISECOND), WEFT_OK);
  CHECK(now_ns() - began >= 50 * WEFT_MILLISECOND);
  CHECK_STATUS(weft_sleep(0), WEFT_OK);
  CHECK_STATUS(weft_sleep(-1), WEFT_OK);
  CHECK_STATUS(weft_sleep(INT64_MIN), WEFT_OK);
  CHECK_STATUS(weft_sleep(1), WEFT_OK);
}

static void nobody_has_asked_the_main_thread_to_stop(void) {
  CHECK_EQUAL(weft_stop_requested(), 0);
}

/* Calls that block forever. Each is interrupted by a request that comes before or during the call. */
typedef struct blocked {
  gate_t before;
  weft_future_t *never;
  weft_executor_t *mine;
  weft_executor_t *full;
  void (*call)(struct blocked *blocked);
} blocked_t;

static void call_sleep(blocked_t *blocked) {
  (void)blocked;
  CHECK_STATUS(weft_sleep(WEFT_FOREVER), WEFT_EINTERRUPTED);
}

static void call_wait(blocked_t *blocked) {
  CHECK_STATUS(weft_future_wait(blocked->never, WEFT_FOREVER), WEFT_EINTERRUPTED);
}

static void call_result(blocked_t *blocked) {
  void *result = blocked;
  CHECK_STATUS(weft_future_result(blocked->never, WEFT_FOREVER, &result), WEFT_EINTERRUPTED);
  CHECK_STATUS(weft_future_take(blocked->never, WEFT_FOREVER, &result), WEFT_EINTERRUPTED);
  CHECK(result == blocked);
}

static void call_exception(blocked_t *blocked) {
  weft_error_t *error = UNTOUCHED(weft_error_t);
  CHECK_STATUS(weft_future_exception(blocked->never, WEFT_FOREVER, &error), WEFT_EINTERRUPTED);
  CHECK(error == UNTOUCHED(weft_error_t));
}

static void call_wait_for_several(blocked_t *blocked) {
  uint8_t done = 7;
  size_t count = 99;
  CHECK_STATUS(weft_wait(&blocked->never, 1, WEFT_ALL_COMPLETED, WEFT_FOREVER, &done, &count), WEFT_EINTERRUPTED);
  CHECK_EQUAL(done, 0);
  CHECK_EQUAL(count, 0);
}

static void call_as_completed(blocked_t *blocked) {
  weft_as_completed_t *iterator = NULL;
  weft_future_t *out = UNTOUCHED(weft_future_t);
  CHECK_STATUS(weft_as_completed(&blocked->never, 1, WEFT_FOREVER, &iterator), WEFT_OK);
  CHECK_STATUS(weft_as_completed_next(iterator, &out), WEFT_EINTERRUPTED);
  CHECK(out == UNTOUCHED(weft_future_t));
  weft_as_completed_destroy(&iterator);
}

static void call_run_wait(blocked_t *blocked) {
  uint64_t ran = 99;
  CHECK_STATUS(weft_executor_run_wait(blocked->mine, 0, WEFT_FOREVER, &ran), WEFT_EINTERRUPTED);
  CHECK_EQUAL(ran, 99);
}

static void call_submit_to_a_full_queue(blocked_t *blocked) {
  probe_t probe = {0};
  weft_future_t *out = UNTOUCHED(weft_future_t);
  CHECK_STATUS(weft_executor_submit(blocked->full, NULL, probe_run, &probe, probe_drop, &out), WEFT_EINTERRUPTED);
  CHECK(out == UNTOUCHED(weft_future_t));
  CHECK_EQUAL(probe_runs(&probe) + probe_drops(&probe), 0);
}

static void call_shutdown_of_a_busy_pool(blocked_t *blocked) {
  weft_executor_t *busy = make_pool(1);
  gate_t gate = GATE_CLOSED;
  weft_future_t *future = occupy_worker(busy, &gate);
  (void)blocked;
  CHECK_STATUS(weft_executor_shutdown(busy, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_EINTERRUPTED);
  gate_open(&gate);
  while (weft_future_done(future) == 0) sched_yield(); /* a wait would be interrupted */
  weft_future_unref(future);
  weft_executor_unref(busy);
}

static void call_map_next(blocked_t *blocked) {
  weft_map_t *map = NULL;
  weft_future_t *out = UNTOUCHED(weft_future_t);
  void *item = NULL;
  CHECK_STATUS(weft_executor_map(blocked->mine, NULL, return_ctx, &item, 1, NULL, &map), WEFT_OK);
  CHECK_STATUS(weft_map_next(map, &out), WEFT_EINTERRUPTED);
  CHECK_STATUS(weft_map_next(map, &out), WEFT_EINTERRUPTED); /* the call may be repeated */
  CHECK(out == UNTOUCHED(weft_future_t));
  weft_map_destroy(&map);
}

static void (*const blocking_calls[])(blocked_t *blocked) = {
    call_sleep,
    call_wait,
    call_result,
    call_exception,
    call_wait_for_several,
    call_as_completed,
    call_run_wait,
    call_submit_to_a_full_queue,
    call_shutdown_of_a_busy_pool,
    call_map_next,
};

static weft_status make_blocked_call(void *ctx, weft_error_t **error) {
  blocked_t *blocked = (blocked_t *)ctx;
  (void)error;
  gate_pass(&blocked->before);
  blocked->call(blocked);
  CHECK_EQUAL(weft_stop_requested(), 1);
  return WEFT_OK;
}

static weft_status make_blocked_call_in_a_task(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  return make_blocked_call(ctx, error);
}

typedef enum { REQUEST_BEFORE, REQUEST_MEANWHILE } moment_t;

static void check_interrupted_threads(moment_t moment, blocked_t *blocked) {
  weft_thread_t *thread = start_thread(NULL, WEFT_DAEMON_NO, make_blocked_call, blocked, NULL);
  if (moment == REQUEST_BEFORE) {
    gate_await(&blocked->before, 1);
  } else {
    gate_open(&blocked->before);
    await_asleep(weft_thread_native_id(thread));
  }
  CHECK_STATUS(weft_thread_request_stop(thread), WEFT_OK);
  gate_open(&blocked->before);
  end_thread(thread);
}

static void check_interrupted_tasks(moment_t moment, blocked_t *blocked) {
  weft_executor_t *pool = make_pool(1);
  weft_future_t *future = submit(pool, make_blocked_call_in_a_task, blocked, NULL);
  gate_await(&blocked->before, 1);
  if (moment == REQUEST_MEANWHILE) gate_open(&blocked->before);
  CHECK_STATUS(weft_future_request_stop(future), WEFT_OK);
  gate_open(&blocked->before);
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, NULL), WEFT_OK);
  CHECK_STATUS(weft_future_request_stop(future), WEFT_EDONE);
  weft_future_unref(future);
  end_executor(pool);
}

static void check_every_blocking_call(moment_t moment, void (*check)(moment_t moment, blocked_t *blocked)) {
  gate_t gate = GATE_CLOSED;
  weft_executor_t *full = make_bounded_pool(1, WEFT_FULL_WAIT, 0);
  weft_future_t *running = occupy_worker(full, &gate);
  int runs = 0;
  size_t i;
  REQUIRE_OK(weft_executor_post(full, NULL, count_run, &runs, NULL));
  for (i = 0; i < CHECK_COUNT_OF(blocking_calls); ++i) {
    blocked_t blocked = {GATE_CLOSED, NULL, NULL, NULL, NULL};
    blocked.never = make_promise(NULL);
    blocked.mine = make_caller_run();
    blocked.full = full;
    blocked.call = blocking_calls[i];
    check(moment, &blocked);
    CHECK_EQUAL(weft_future_state(blocked.never), WEFT_FUTURE_PENDING);
    weft_future_unref(blocked.never);
    weft_executor_unref(blocked.mine);
  }
  gate_open(&gate);
  end_executor(full);
  weft_future_unref(running);
  CHECK_EQUAL(count_of(&runs), 1);
}

static void a_request_before_the_call_interrupts_a_thread(void) {
  check_every_blocking_call(REQUEST_BEFORE, check_interrupted_threads);
}

static void a_request_during_the_call_interrupts_a_thread(void) {
  check_every_blocking_call(REQUEST_MEANWHILE, check_interrupted_threads);
}

static void a_request_before_the_call_interrupts_a_task(void) {
  check_every_blocking_call(REQUEST_BEFORE, check_interrupted_tasks);
}

static void a_request_during_the_call_interrupts_a_task(void) {
  check_every_blocking_call(REQUEST_MEANWHILE, check_interrupted_tasks);
}

static weft_status poll_until_stopped(void *ctx, weft_error_t **error) {
  (void)error;
  CHECK_EQUAL(weft_stop_requested(), 0);
  gate_pass((gate_t *)ctx);
  while (!weft_stop_requested()) sched_yield();
  CHECK_EQUAL(weft_stop_requested(), 1); /* the flag stays set */
  CHECK_STATUS(weft_sleep(0), WEFT_EINTERRUPTED);
  CHECK_STATUS(weft_sleep(WEFT_FOREVER), WEFT_EINTERRUPTED);
  return WEFT_OK;
}

static void the_flag_can_be_polled_and_stays(void) {
  gate_t gate = GATE_CLOSED;
  weft_thread_t *thread = start_thread(NULL, WEFT_DAEMON_NO, poll_until_stopped, &gate, NULL);
  gate_await(&gate, 1);
  gate_open(&gate);
  CHECK_STATUS(weft_thread_request_stop(thread), WEFT_OK);
  CHECK_STATUS(weft_thread_request_stop(thread), WEFT_OK);
  CHECK_STATUS(weft_thread_join(thread, WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(weft_thread_request_stop(thread), WEFT_OK); /* also after the thread has ended */
  weft_thread_unref(thread);
  CHECK_EQUAL(weft_stop_requested(), 0);
}

static weft_status read_flag(void *ctx, void **result, weft_error_t **error) {
  (void)error;
  *(int32_t *)ctx = weft_stop_requested();
  *result = ctx;
  return WEFT_OK;
}

static weft_status stop_my_worker(void *ctx, void **result, weft_error_t **error) {
  weft_thread_t *worker = NULL;
  (void)ctx;
  (void)result;
  (void)error;
  CHECK_STATUS(weft_thread_current(&worker), WEFT_OK);
  CHECK_STATUS(weft_thread_request_stop(worker), WEFT_OK);
  CHECK_EQUAL(weft_stop_requested(), 0); /* a task has a flag of its own */
  weft_thread_unref(worker);
  return WEFT_OK;
}

static void a_request_never_reaches_another_task(void) {
  weft_executor_t *pool = make_pool(1);
  int i, rounds = check_rounds(300, 30000);
  for (i = 0; i < rounds; ++i) {
    gate_t gate = GATE_CLOSED;
    int32_t flag = -1;
    weft_future_t *stopped = occupy_worker(pool, &gate);
    weft_future_t *next = submit(pool, read_flag, &flag, NULL);
    CHECK_STATUS(weft_future_request_stop(stopped), WEFT_OK);
    gate_open(&gate);
    CHECK_STATUS(weft_future_result(next, WEFT_FOREVER, NULL), WEFT_OK);
    CHECK_EQUAL(flag, 0);
    weft_future_unref(stopped);
    weft_future_unref(next);
  }
  end_executor(pool);
}

static void a_request_to_a_worker_never_reaches_its_tasks(void) {
  weft_executor_t *pool = make_pool(1);
  int32_t flag = -1;
  end_future(submit(pool, stop_my_worker, NULL, NULL));
  end_future(submit(pool, read_flag, &flag, NULL));
  CHECK_EQUAL(flag, 0);
  end_executor(pool);
}

static void a_pending_task_starts_all_the_same_and_sees_the_flag(void) {
  weft_executor_t *pool = make_pool(1);
  gate_t gate = GATE_CLOSED;
  int32_t flag = -1;
  weft_future_t *running = occupy_worker(pool, &gate);
  weft_future_t *pending = submit(pool, read_flag, &flag, NULL);
  CHECK_STATUS(weft_future_request_stop(pending), WEFT_OK);
  CHECK_EQUAL(weft_future_state(pending), WEFT_FUTURE_PENDING);
  gate_open(&gate);
  CHECK_STATUS(weft_future_result(pending, WEFT_FOREVER, NULL), WEFT_OK);
  CHECK_EQUAL(flag, 1);
  weft_future_unref(running);
  weft_future_unref(pending);
  end_executor(pool);
}

static void request_stop_of_a_future_has_its_answers(void) {
  weft_future_t *promise = make_promise(NULL);
  CHECK_STATUS(weft_future_request_stop(NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_future_request_stop(promise), WEFT_OK);
  CHECK_STATUS(weft_future_cancel(promise), WEFT_OK);
  CHECK_STATUS(weft_future_request_stop(promise), WEFT_EDONE);
  weft_future_unref(promise);
}

static weft_status clear_in_a_task(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  CHECK_EQUAL(weft_thread_clear_stop(), WEFT_ENOTSUP);
  return WEFT_OK;
}

static void a_thread_may_take_it_back_and_go_on(void) {
  weft_executor_t *pool = make_pool(1);
  weft_thread_t *self = NULL;
  CHECK_EQUAL(weft_thread_clear_stop(), 0);
  REQUIRE_OK(weft_thread_current(&self));
  CHECK_EQUAL(weft_thread_clear_stop(), 0);
  CHECK_STATUS(weft_thread_request_stop(self), WEFT_OK);
  CHECK_STATUS(weft_sleep(WEFT_FOREVER), WEFT_EINTERRUPTED);
  CHECK_EQUAL(weft_stop_requested(), 1);
  CHECK_EQUAL(weft_thread_clear_stop(), 1);
  CHECK_EQUAL(weft_stop_requested(), 0);
  CHECK_STATUS(weft_sleep(1), WEFT_OK);
  CHECK_EQUAL(weft_thread_clear_stop(), 0);
  CHECK_STATUS(weft_thread_request_stop(self), WEFT_OK); /* the next request counts again */
  CHECK_STATUS(weft_sleep(WEFT_FOREVER), WEFT_EINTERRUPTED);
  CHECK_EQUAL(weft_thread_clear_stop(), 1);
  end_future(submit(pool, clear_in_a_task, NULL, NULL));
  weft_thread_unref(self);
  end_executor(pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"sleeping lasts at least so long", sleeping_lasts_at_least_so_long},
      {"nobody has asked the main thread to stop", nobody_has_asked_the_main_thread_to_stop},
      {"a request before the call interrupts a thread", a_request_before_the_call_interrupts_a_thread},
      {"a request during the call interrupts a thread", a_request_during_the_call_interrupts_a_thread},
      {"a request before the call interrupts a task", a_request_before_the_call_interrupts_a_task},
      {"a request during the call interrupts a task", a_request_during_the_call_interrupts_a_task},
      {"the flag can be polled and stays", the_flag_can_be_polled_and_stays},
      {"a thread may take it back and go on", a_thread_may_take_it_back_and_go_on},
      {"a request never reaches another task", a_request_never_reaches_another_task},
      {"a request to a worker never reaches its tasks", a_request_to_a_worker_never_reaches_its_tasks},
      {"a pending task starts all the same and sees the flag", a_pending_task_starts_all_the_same_and_sees_the_flag},
      {"request_stop of a future has its answers", request_stop_of_a_future_has_its_answers},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
