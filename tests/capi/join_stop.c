/* Tests of weft/join.h: stop requests, cancellations, domains: which calls are left out, and which threads see the
 * request.
 */
#include <weft/cancel.h>
#include <weft/parallel.h>

#include "domain.h"
#include "join.h"

/* A join of which one call asks for a stop, or sees one. */
typedef struct stopping {
  weft_executor_t *pool;
  weft_future_t *task; /* the task that joins */
  weft_domain_t *domain;
  gate_t known;      /* opened when `task` is set */
  meeting_t meeting; /* of the two calls */
  gate_t held;       /* holds a worker */
  part_t other;
  weft_status status;
  int told; /* atomic: calls that saw the request */
} stopping_t;

static stopping_t make_stopping(uint32_t workers) {
  stopping_t stopping = {.known = GATE_CLOSED, .held = GATE_CLOSED};
  stopping.pool = make_pool(workers);
  return stopping;
}

static void submit_known(stopping_t *stopping, weft_task_fn fn) {
  stopping->task = submit(stopping->pool, fn, stopping, NULL);
  gate_open(&stopping->known);
}

static weft_status stop_own_task(void *ctx, weft_error_t **error) {
  stopping_t *stopping = (stopping_t *)ctx;
  (void)error;
  CHECK_STATUS(weft_future_request_stop(stopping->task), WEFT_OK);
  return WEFT_OK;
}

static weft_status join_twice(void *ctx, void **result, weft_error_t **error) {
  stopping_t *stopping = (stopping_t *)ctx;
  (void)result;
  (void)error;
  gate_pass(&stopping->known);
  CHECK_STATUS(weft_join(stopping->pool, stop_own_task, stopping, call_part, &stopping->other, NULL),
               WEFT_EINTERRUPTED);
  CHECK_STATUS(weft_join(stopping->pool, call_part, &stopping->other, call_part, &stopping->other, NULL),
               WEFT_EINTERRUPTED);
  return WEFT_OK;
}

static void what_has_not_begun_is_left_out(void) {
  stopping_t stopping = make_stopping(1);
  submit_known(&stopping, join_twice);
  end_future(stopping.task);
  CHECK_EQUAL(stopping.other.calls, 0);
  end_executor(stopping.pool);
}

/* Both calls run when the request comes, each on a thread of its own. */
static weft_status sleep_until_told(void *ctx, weft_error_t **error) {
  stopping_t *stopping = (stopping_t *)ctx;
  (void)error;
  meet(&stopping->meeting, 2);
  CHECK_STATUS(weft_sleep(WEFT_FOREVER), WEFT_EINTERRUPTED);
  CHECK_EQUAL(weft_stop_requested(), 1);
  __atomic_add_fetch(&stopping->told, 1, __ATOMIC_ACQ_REL);
  return WEFT_OK;
}

static weft_status join_sleeping(void *ctx, void **result, weft_error_t **error) {
  stopping_t *stopping = (stopping_t *)ctx;
  (void)result;
  (void)error;
  stopping->status = weft_join(stopping->pool, sleep_until_told, stopping, sleep_until_told, stopping, NULL);
  return WEFT_OK;
}

static void await_meeting(stopping_t *stopping) {
  while (__atomic_load_n(&stopping->meeting.arrived, __ATOMIC_ACQUIRE) < 2) sched_yield();
}

static void both_calls_are_told(void) {
  int round;
  for (round = 0; round < 50; ++round) {
    stopping_t stopping = make_stopping(2);
    submit_known(&stopping, join_sleeping);
    await_meeting(&stopping);
    CHECK_STATUS(weft_future_request_stop(stopping.task), WEFT_OK);
    end_future(stopping.task);
    CHECK_STATUS(stopping.status, WEFT_OK); /* no call was left out */
    CHECK_EQUAL(stopping.told, 2);
    end_executor(stopping.pool);
  }
}

/* Two levels: the stolen call joins again, and its branch is stolen too. */
static weft_status join_deeper(void *ctx, weft_error_t **error) {
  stopping_t *stopping = (stopping_t *)ctx;
  (void)error;
  return weft_join(stopping->pool, sleep_until_told, stopping, sleep_until_told, stopping, NULL);
}

static weft_status wait_at_meeting(void *ctx, weft_error_t **error) {
  stopping_t *stopping = (stopping_t *)ctx;
  (void)error;
  await_meeting(stopping);
  CHECK_STATUS(weft_sleep(WEFT_FOREVER), WEFT_EINTERRUPTED);
  __atomic_add_fetch(&stopping->told, 1, __ATOMIC_ACQ_REL);
  return WEFT_OK;
}

static weft_status join_at_two_levels(void *ctx, void **result, weft_error_t **error) {
  stopping_t *stopping = (stopping_t *)ctx;
  (void)result;
  (void)error;
  stopping->status = weft_join(stopping->pool, wait_at_meeting, stopping, join_deeper, stopping, NULL);
  return WEFT_OK;
}

static void what_was_stolen_from_what_was_stolen_is_told(void) {
  int round;
  for (round = 0; round < 50; ++round) {
    stopping_t stopping = make_stopping(3);
    submit_known(&stopping, join_at_two_levels);
    await_meeting(&stopping);
    CHECK_STATUS(weft_future_request_stop(stopping.task), WEFT_OK);
    end_future(stopping.task);
    CHECK_STATUS(stopping.status, WEFT_OK);
    CHECK_EQUAL(stopping.told, 3);
    end_executor(stopping.pool);
  }
}

/* --- from outside --- */

static weft_status join_sleeping_on_thread(void *ctx, weft_error_t **error) {
  return join_sleeping(ctx, NULL, error);
}

static void a_thread_outside_hands_its_request_on(void) {
  int round;
  for (round = 0; round < 50; ++round) {
    stopping_t stopping = make_stopping(2);
    weft_thread_t *thread = start_thread(NULL, WEFT_DAEMON_NO, join_sleeping_on_thread, &stopping, NULL);
    await_meeting(&stopping);
    CHECK_STATUS(weft_thread_request_stop(thread), WEFT_OK);
    end_thread(thread);
    CHECK_STATUS(stopping.status, WEFT_OK);
    CHECK_EQUAL(stopping.told, 2);
    end_executor(stopping.pool);
  }
}

static weft_status join_part_on_thread(void *ctx, weft_error_t **error) {
  stopping_t *stopping = (stopping_t *)ctx;
  (void)error;
  stopping->other.tid = own_tid();
  gate_open(&stopping->known);
  stopping->status = weft_join(stopping->pool, call_part, &stopping->other, call_part, &stopping->other, NULL);
  return WEFT_OK;
}

/* No worker of the pool is free for the join, so it is withdrawn. */
static void a_join_that_waits_for_a_worker_is_withdrawn(void) {
  stopping_t stopping = make_stopping(1);
  weft_future_t *busy = occupy_worker(stopping.pool, &stopping.held);
  weft_thread_t *thread = start_thread(NULL, WEFT_DAEMON_NO, join_part_on_thread, &stopping, NULL);
  gate_pass(&stopping.known);
  await_asleep(stopping.other.tid);
  CHECK_STATUS(weft_thread_request_stop(thread), WEFT_OK);
  end_thread(thread);
  CHECK_STATUS(stopping.status, WEFT_EINTERRUPTED);
  CHECK_EQUAL(stopping.other.calls, 0);
  gate_open(&stopping.held);
  end_future(busy);
  end_executor(stopping.pool);
}

/* --- tokens --- */

static weft_status look_at_token(void *ctx, weft_error_t **error) {
  stopping_t *stopping = (stopping_t *)ctx;
  (void)error;
  meet(&stopping->meeting, 2);
  CHECK(weft_cancel_token_current() != NULL);
  CHECK_STATUS(weft_sleep(WEFT_FOREVER), WEFT_EINTERRUPTED);
  __atomic_add_fetch(&stopping->told, 1, __ATOMIC_ACQ_REL);
  return WEFT_OK;
}

static weft_status join_with_token(void *ctx, void **result, weft_error_t **error) {
  stopping_t *stopping = (stopping_t *)ctx;
  (void)result;
  (void)error;
  stopping->status = weft_join(stopping->pool, look_at_token, stopping, look_at_token, stopping, NULL);
  return WEFT_OK;
}

static void both_calls_have_the_token_of_their_task(void) {
  stopping_t stopping = make_stopping(2);
  weft_cancel_token_t *token = NULL;
  weft_task_options_t options;
  REQUIRE_OK(weft_cancel_token_create(NULL, WEFT_FOREVER, &token));
  weft_task_options_init(&options);
  options.token = token;
  REQUIRE_OK(weft_executor_submit(stopping.pool, &options, join_with_token, &stopping, NULL, &stopping.task));
  await_meeting(&stopping);
  CHECK_STATUS(weft_cancel_token_cancel(token), WEFT_OK);
  end_future(stopping.task);
  CHECK_EQUAL(stopping.told, 2);
  CHECK_STATUS(stopping.status, WEFT_OK);
  weft_cancel_token_unref(token);
  end_executor(stopping.pool);
}

/* --- domains --- */

static weft_status look_at_domain(void *ctx, weft_error_t **error) {
  stopping_t *stopping = (stopping_t *)ctx;
  (void)error;
  meet(&stopping->meeting, 2);
  CHECK(weft_domain_current() == stopping->domain);
  CHECK_STATUS(weft_domain_close(stopping->domain, WEFT_FOREVER), WEFT_EDEADLK);
  CHECK_STATUS(weft_sleep(WEFT_FOREVER), WEFT_EINTERRUPTED);
  __atomic_add_fetch(&stopping->told, 1, __ATOMIC_ACQ_REL);
  return WEFT_OK;
}

static weft_status join_in_domain(void *ctx, void **result, weft_error_t **error) {
  stopping_t *stopping = (stopping_t *)ctx;
  (void)result;
  (void)error;
  stopping->status = weft_join(stopping->pool, look_at_domain, stopping, look_at_domain, stopping, NULL);
  CHECK_STATUS(weft_join(stopping->pool, call_part, &stopping->other, call_part, &stopping->other, NULL), WEFT_ECLOSED);
  return WEFT_OK;
}

static void both_calls_are_inside_of_the_domain(void) {
  int round;
  for (round = 0; round < 20; ++round) {
    stopping_t stopping = make_stopping(2);
    weft_task_options_t options;
    stopping.domain = make_domain();
    weft_task_options_init(&options);
    options.domain = stopping.domain;
    REQUIRE_OK(weft_executor_submit(stopping.pool, &options, join_in_domain, &stopping, NULL, &stopping.task));
    await_meeting(&stopping);
    end_domain(stopping.domain);
    CHECK_EQUAL(stopping.told, 2);
    CHECK_STATUS(stopping.status, WEFT_OK);
    CHECK_EQUAL(stopping.other.calls, 0);
    end_future(stopping.task);
    end_executor(stopping.pool);
  }
}

static weft_status close_own_domain(void *ctx, weft_error_t **error) {
  (void)error;
  close_elsewhere((weft_domain_t *)ctx);
  return WEFT_OK;
}

static void a_thread_inside_of_a_closed_domain_joins_nothing(void) {
  stopping_t stopping = make_stopping(1);
  weft_domain_scope_t scope;
  stopping.domain = make_domain();
  enter(stopping.domain, &scope);
  CHECK_STATUS(weft_join(stopping.pool, call_part, &stopping.other, call_part, &stopping.other, NULL), WEFT_OK);
  CHECK_EQUAL(stopping.other.calls, 2);
  CHECK_STATUS(weft_join(stopping.pool, close_own_domain, stopping.domain, call_part, &stopping.other, NULL),
               WEFT_ECLOSED);
  CHECK_EQUAL(stopping.other.calls, 2);
  CHECK_STATUS(weft_join(stopping.pool, call_part, &stopping.other, call_part, &stopping.other, NULL), WEFT_ECLOSED);
  leave(&scope);
  end_domain(stopping.domain);
  end_executor(stopping.pool);
}

/* --- the pool --- */

static weft_status cancel_pending(void *ctx, weft_error_t **error) {
  (void)error;
  CHECK_STATUS(weft_executor_shutdown((weft_executor_t *)ctx, WEFT_SHUTDOWN_CANCEL_PENDING, 0), WEFT_OK);
  return WEFT_OK;
}

static weft_status join_and_cancel(void *ctx, void **result, weft_error_t **error) {
  stopping_t *stopping = (stopping_t *)ctx;
  (void)result;
  (void)error;
  CHECK_STATUS(weft_join(stopping->pool, cancel_pending, stopping->pool, call_part, &stopping->other, NULL),
               WEFT_ECANCELED);
  return WEFT_OK;
}

static void a_pool_that_cancels_leaves_the_second_out(void) {
  stopping_t stopping = make_stopping(1);
  end_future(submit(stopping.pool, join_and_cancel, &stopping, NULL));
  CHECK_EQUAL(stopping.other.calls, 0);
  end_executor(stopping.pool);
}

static void a_pool_that_cancels_withdraws_a_join_from_outside(void) {
  stopping_t stopping = make_stopping(1);
  weft_future_t *busy = occupy_worker(stopping.pool, &stopping.held);
  weft_thread_t *thread = start_thread(NULL, WEFT_DAEMON_NO, join_part_on_thread, &stopping, NULL);
  gate_pass(&stopping.known);
  await_asleep(stopping.other.tid);
  CHECK_STATUS(weft_executor_shutdown(stopping.pool, WEFT_SHUTDOWN_CANCEL_PENDING, 0), WEFT_OK);
  end_thread(thread);
  CHECK_STATUS(stopping.status, WEFT_ECANCELED);
  CHECK_EQUAL(stopping.other.calls, 0);
  gate_open(&stopping.held);
  end_future(busy);
  end_executor(stopping.pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"what has not begun is left out", what_has_not_begun_is_left_out},
      {"both calls are told", both_calls_are_told},
      {"what was stolen from what was stolen is told", what_was_stolen_from_what_was_stolen_is_told},
      {"a thread outside hands its request on", a_thread_outside_hands_its_request_on},
      {"a join that waits for a worker is withdrawn", a_join_that_waits_for_a_worker_is_withdrawn},
      {"both calls have the token of their task", both_calls_have_the_token_of_their_task},
      {"both calls are inside of the domain", both_calls_are_inside_of_the_domain},
      {"a thread inside of a closed domain joins nothing", a_thread_inside_of_a_closed_domain_joins_nothing},
      {"a pool that cancels leaves the second out", a_pool_that_cancels_leaves_the_second_out},
      {"a pool that cancels withdraws a join from outside", a_pool_that_cancels_withdraws_a_join_from_outside},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
