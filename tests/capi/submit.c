/* Tests of submit, post and submit_batch on a pool (weft/executor.h): outcomes, order, and ownership. */
#include <weft/executor.h>

#include <sched.h>

#include "setup.h"

static void bad_arguments_change_nothing(void) {
  weft_executor_t *pool = make_pool(1);
  weft_future_t *out = UNTOUCHED(weft_future_t);
  probe_t probe = {0};
  weft_call_t calls[3] = {{probe_run, NULL, probe_drop}, {NULL, NULL, probe_drop}, {probe_run, NULL, probe_drop}};
  size_t i;
  for (i = 0; i < 3; ++i) calls[i].ctx = &probe;
  CHECK_STATUS(weft_executor_submit(NULL, NULL, probe_run, &probe, probe_drop, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_submit(pool, NULL, NULL, &probe, probe_drop, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_submit(pool, NULL, probe_run, &probe, probe_drop, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_post(NULL, NULL, probe_run, &probe, probe_drop), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_post(pool, NULL, NULL, &probe, probe_drop), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_submit_batch(NULL, NULL, calls, 1, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_submit_batch(NULL, NULL, calls, 0, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_submit_batch(pool, NULL, NULL, 1, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_submit_batch(pool, NULL, calls, 3, NULL), WEFT_EINVAL); /* the second has no fn */
  CHECK(out == UNTOUCHED(weft_future_t));
  CHECK_EQUAL(stats_of(pool).workers_started, 0);
  end_executor(pool);
  CHECK_EQUAL(probe_runs(&probe), 0);
  CHECK_EQUAL(probe_drops(&probe), 0);
}

static void a_result_is_what_the_task_stored(void) {
  weft_executor_t *pool = make_pool(2);
  int value = 0;
  void *result = NULL;
  weft_error_t *error = UNTOUCHED(weft_error_t);
  weft_future_t *future = submit(pool, return_ctx, &value, NULL);
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, &result), WEFT_OK);
  CHECK(result == &value);
  CHECK_EQUAL(weft_future_state(future), WEFT_FUTURE_RESULT);
  CHECK_STATUS(weft_future_exception(future, 0, &error), WEFT_OK);
  CHECK(error == NULL);
  CHECK(weft_future_room(future) == NULL);
  weft_future_unref(future);
  end_executor(pool);
}

static void a_failing_status_becomes_an_error_with_its_code(void) {
  weft_executor_t *pool = make_pool(2);
  void *result = &pool;
  weft_error_t *error = NULL;
  weft_future_t *future = submit(pool, fail_with_42, NULL, NULL);
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, &result), WEFT_EFAILED);
  CHECK(result == &pool);
  CHECK_EQUAL(weft_future_state(future), WEFT_FUTURE_ERROR);
  REQUIRE_OK(weft_future_exception(future, 0, &error));
  REQUIRE(error != NULL);
  CHECK_EQUAL(weft_error_code(error), 42);
  weft_error_unref(error);
  weft_future_unref(future);
  end_executor(pool);
}

static weft_status fail_with_a_status(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  return *(weft_status *)ctx;
}

static void a_status_of_the_task_is_never_taken_for_one_of_the_wait(void) {
  static weft_status statuses[] = {WEFT_ETIMEDOUT, WEFT_ECANCELED, WEFT_EINTERRUPTED, WEFT_EDEADLK, WEFT_EINVAL};
  weft_executor_t *pool = make_pool(2);
  size_t i;
  for (i = 0; i < CHECK_COUNT_OF(statuses); ++i) {
    weft_error_t *error = NULL;
    weft_future_t *future = submit(pool, fail_with_a_status, &statuses[i], NULL);
    CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, NULL), WEFT_EFAILED);
    CHECK_EQUAL(weft_future_cancelled(future), 0);
    CHECK_STATUS(weft_future_exception(future, WEFT_FOREVER, &error), WEFT_OK);
    CHECK_EQUAL(weft_error_code(error), statuses[i]);
    weft_error_unref(error);
    weft_future_unref(future);
  }
  end_executor(pool);
}

static weft_status fail_with_code_zero(void *ctx, void **result, weft_error_t **error) {
  *result = ctx;
  return weft_error_create(0, NULL, NULL, error);
}

static void an_error_is_an_error_because_it_is_there(void) {
  weft_executor_t *pool = make_pool(1);
  weft_error_t *error = NULL;
  weft_future_t *future = submit(pool, fail_with_code_zero, NULL, NULL);
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, NULL), WEFT_EFAILED);
  CHECK_STATUS(weft_future_exception(future, 0, &error), WEFT_OK);
  REQUIRE(error != NULL);
  CHECK_EQUAL(weft_error_code(error), 0);
  weft_error_unref(error);
  weft_future_unref(future);
  end_executor(pool);
}

static void an_error_object_travels_whole_and_the_result_is_ignored(void) {
  weft_executor_t *pool = make_pool(2);
  weft_task_options_t options;
  weft_error_t *error = NULL, *again = NULL;
  weft_future_t *future = NULL;
  int drops = 0;
  weft_task_options_init(&options);
  options.result_drop = count_drop;
  REQUIRE_OK(weft_executor_submit(pool, &options, fail_with_error, &drops, NULL, &future));
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, NULL), WEFT_EFAILED);
  CHECK_STATUS(weft_future_exception(future, 0, &error), WEFT_OK);
  CHECK_STATUS(weft_future_exception(future, 0, &again), WEFT_OK);
  CHECK(error == again);
  CHECK_EQUAL(weft_error_code(error), 7);
  CHECK_TEXT(weft_error_kind(error), "ValueError");
  CHECK_TEXT(weft_error_message(error), "a bad value");
  weft_future_unref(future);
  CHECK_EQUAL(weft_error_code(again), 7); /* the readers' references keep the error */
  weft_error_unref(error);
  weft_error_unref(again);
  end_executor(pool);
  CHECK_EQUAL(count_of(&drops), 0);
}

static void the_context_is_dropped_on_the_running_thread_before_the_future_is_done(void) {
  weft_executor_t *pool = make_pool(3);
  int i, rounds = check_rounds(500, 50000);
  for (i = 0; i < rounds; ++i) {
    probe_t probe = {0};
    weft_future_t *future = submit(pool, probe_run, &probe, probe_drop);
    while (weft_future_done(future) == 0) sched_yield(); /* a wait might run the task here */
    CHECK_EQUAL(probe_runs(&probe), 1);
    CHECK_EQUAL(probe_drops(&probe), 1);
    CHECK(pthread_equal(probe.ran_on, probe.dropped_on));
    weft_future_unref(future);
  }
  end_executor(pool);
}

static weft_executor_t *dropping_pool;

static void submit_in_drop(void *ctx) {
  CHECK_STATUS(weft_executor_post(dropping_pool, NULL, count_run, ctx, NULL), WEFT_OK);
}

static void a_drop_may_submit(void) {
  int runs = 0;
  dropping_pool = make_pool(1);
  end_future(submit(dropping_pool, count_run, &runs, submit_in_drop));
  end_executor(dropping_pool);
  CHECK_EQUAL(count_of(&runs), 2);
}

/* A result that was not taken is dropped with the last handle, on whichever thread that is. */
static weft_future_t *submit_with_result(weft_executor_t *pool, probe_t *result) {
  weft_task_options_t options;
  weft_future_t *future = NULL;
  weft_task_options_init(&options);
  options.result_drop = probe_drop;
  CHECK_STATUS(weft_executor_submit(pool, &options, return_ctx, result, NULL, &future), WEFT_OK);
  return future;
}

static void a_result_is_dropped_once_with_the_last_handle(void) {
  weft_executor_t *pool = make_pool(2);
  probe_t read = {0}, taken = {0}, unread = {0};
  void *result = NULL;
  weft_future_t *future = submit_with_result(pool, &read);
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, &result), WEFT_OK);
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, &result), WEFT_OK);
  CHECK(result == &read);
  CHECK(weft_future_ref(future) == future);
  weft_future_unref(future);
  CHECK_EQUAL(probe_drops(&read), 0);
  weft_future_unref(future);
  while (probe_drops(&read) == 0) sched_yield(); /* the worker may give back its reference a moment later */
  CHECK_EQUAL(probe_drops(&read), 1);

  future = submit_with_result(pool, &taken);
  CHECK_STATUS(weft_future_take(future, WEFT_FOREVER, &result), WEFT_OK);
  CHECK(result == &taken);
  result = NULL;
  CHECK_STATUS(weft_future_take(future, WEFT_FOREVER, &result), WEFT_EINVALIDSTATE);
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, &result), WEFT_EINVALIDSTATE);
  CHECK(result == NULL);
  CHECK_EQUAL(weft_future_state(future), WEFT_FUTURE_RESULT);
  weft_future_unref(future);

  weft_future_unref(submit_with_result(pool, &unread)); /* the task runs on without handles */
  end_executor(pool);
  CHECK_EQUAL(probe_drops(&taken), 0);
  CHECK_EQUAL(probe_drops(&unread), 1);
}

static void posting_needs_no_future(void) {
  weft_executor_t *pool = make_pool(2);
  probe_t probe = {0};
  REQUIRE_OK(weft_executor_post(pool, NULL, probe_run, &probe, probe_drop));
  REQUIRE_OK(weft_executor_post(pool, NULL, probe_run, &probe, NULL));
  end_executor(pool);
  CHECK_EQUAL(probe_runs(&probe), 2);
  CHECK_EQUAL(probe_drops(&probe), 1);
}

/* Tasks that record the order in which they start. */
typedef struct order {
  int next; /* plain: only one worker at a time uses it */
  int wrong;
} order_t;

typedef struct turn {
  order_t *order;
  int index;
} turn_t;

static weft_status take_turn(void *ctx, void **result, weft_error_t **error) {
  turn_t *turn = (turn_t *)ctx;
  (void)result;
  (void)error;
  if (turn->order->next++ != turn->index) ++turn->order->wrong;
  return WEFT_OK;
}

static void one_worker_starts_tasks_in_the_order_of_submission(void) {
  enum { count = 3000 };
  static turn_t turns[count];
  static weft_call_t calls[100];
  weft_executor_t *pool = make_pool(1);
  order_t order = {0, 0};
  int i = 0;
  while (i < count) {
    size_t k;
    turns[i].order = &order;
    turns[i].index = i;
    if (i % 500 != 250) {
      REQUIRE_OK(weft_executor_post(pool, NULL, take_turn, &turns[i++], NULL));
      continue;
    }
    for (k = 0; k < CHECK_COUNT_OF(calls); ++k, ++i) {
      turns[i].order = &order;
      turns[i].index = i;
      calls[k].fn = take_turn;
      calls[k].ctx = &turns[i];
    }
    REQUIRE_OK(weft_executor_submit_batch(pool, NULL, calls, CHECK_COUNT_OF(calls), NULL));
  }
  end_executor(pool);
  CHECK_EQUAL(order.next, count);
  CHECK_EQUAL(order.wrong, 0);
}

static void a_batch_is_accepted_as_a_whole(void) {
  weft_executor_t *pool = make_pool(2);
  enum { count = 200 };
  static probe_t probes[count];
  static weft_call_t calls[count];
  static weft_future_t *futures[count];
  void *result = NULL;
  int i;
  memset(probes, 0, sizeof probes);
  for (i = 0; i < count; ++i) {
    probes[i].result = &probes[i];
    calls[i].fn = probe_run;
    calls[i].ctx = &probes[i];
    calls[i].drop = probe_drop;
  }
  REQUIRE_OK(weft_executor_submit_batch(pool, NULL, calls, 0, futures));
  REQUIRE_OK(weft_executor_submit_batch(pool, NULL, NULL, 0, NULL));
  CHECK(futures[0] == NULL);
  REQUIRE_OK(weft_executor_submit_batch(pool, NULL, calls, count, futures));
  memset(calls, 0, sizeof calls); /* the call has copied them */
  for (i = 0; i < count; ++i) {
    CHECK_STATUS(weft_future_result(futures[i], WEFT_FOREVER, &result), WEFT_OK);
    CHECK(result == &probes[i]);
    weft_future_unref(futures[i]);
  }
  end_executor(pool);
  for (i = 0; i < count; ++i) {
    CHECK_EQUAL(probe_runs(&probes[i]), 1);
    CHECK_EQUAL(probe_drops(&probes[i]), 1);
  }
}

static void a_batch_has_result_drops_too(void) {
  weft_executor_t *pool = make_pool(2);
  weft_task_options_t options;
  probe_t results[2] = {{0}};
  weft_call_t calls[2] = {{return_ctx, NULL, NULL}, {return_ctx, NULL, NULL}};
  weft_future_t *futures[2];
  calls[0].ctx = &results[0];
  calls[1].ctx = &results[1];
  weft_task_options_init(&options);
  options.result_drop = probe_drop;
  REQUIRE_OK(weft_executor_submit_batch(pool, &options, calls, 2, futures));
  weft_future_unref(futures[0]);
  CHECK_STATUS(weft_future_take(futures[1], WEFT_FOREVER, NULL), WEFT_OK);
  weft_future_unref(futures[1]);
  end_executor(pool);
  CHECK_EQUAL(probe_drops(&results[0]), 1);
  CHECK_EQUAL(probe_drops(&results[1]), 0);
}

static void *submit_many(void *ctx) {
  int i;
  for (i = 0; i < 1000; ++i) CHECK_STATUS(weft_executor_post(dropping_pool, NULL, count_run, ctx, count_drop), WEFT_OK);
  return NULL;
}

static void many_threads_submit_at_once(void) {
  pthread_t threads[4];
  int count = 0;
  size_t i;
  dropping_pool = make_pool(3);
  for (i = 0; i < 4; ++i) REQUIRE(pthread_create(&threads[i], NULL, submit_many, &count) == 0);
  for (i = 0; i < 4; ++i) pthread_join(threads[i], NULL);
  end_executor(dropping_pool);
  CHECK_EQUAL(count_of(&count), 8000);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"bad arguments change nothing", bad_arguments_change_nothing},
      {"a result is what the task stored", a_result_is_what_the_task_stored},
      {"a failing status becomes an error with its code", a_failing_status_becomes_an_error_with_its_code},
      {"a status of the task is never taken for one of the wait",
       a_status_of_the_task_is_never_taken_for_one_of_the_wait},
      {"an error is an error because it is there", an_error_is_an_error_because_it_is_there},
      {"an error object travels whole and the result is ignored",
       an_error_object_travels_whole_and_the_result_is_ignored},
      {"the context is dropped on the running thread before the future is done",
       the_context_is_dropped_on_the_running_thread_before_the_future_is_done},
      {"a drop may submit", a_drop_may_submit},
      {"a result is dropped once with the last handle", a_result_is_dropped_once_with_the_last_handle},
      {"posting needs no future", posting_needs_no_future},
      {"one worker starts tasks in the order of submission", one_worker_starts_tasks_in_the_order_of_submission},
      {"a batch is accepted as a whole", a_batch_is_accepted_as_a_whole},
      {"a batch has result drops too", a_batch_has_result_drops_too},
      {"many threads submit at once", many_threads_submit_at_once},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
