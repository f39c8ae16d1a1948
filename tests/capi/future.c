/* Tests of one future (weft/future.h): states, reading it, cancelling it. Promises are in promise.c, callbacks in
 * callback.c, waiting inside tasks in claim.c, several at once in wait.c and as_completed.c.
 */
#include <weft/future.h>

#include "setup.h"

static void null_is_invalid_everywhere(void) {
  weft_error_t *error = UNTOUCHED(weft_error_t);
  weft_future_t *future = make_promise(NULL);
  void *result = &error;
  CHECK(weft_future_ref(NULL) == NULL);
  weft_future_unref(NULL);
  CHECK_STATUS(weft_future_state(NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_future_running(NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_future_done(NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_future_cancelled(NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_future_cancel(NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_future_wait(NULL, 0), WEFT_EINVAL);
  CHECK_STATUS(weft_future_result(NULL, 0, &result), WEFT_EINVAL);
  CHECK_STATUS(weft_future_take(NULL, 0, &result), WEFT_EINVAL);
  CHECK_STATUS(weft_future_exception(NULL, 0, &error), WEFT_EINVAL);
  CHECK_STATUS(weft_future_exception(future, 0, NULL), WEFT_EINVAL);
  CHECK(weft_future_room(NULL) == NULL);
  CHECK(result == &error);
  CHECK(error == UNTOUCHED(weft_error_t));
  weft_future_unref(future);
}

/* Checks the answers of the four questions in this state. */
static void check_state(weft_future_t *future, int32_t state) {
  CHECK_EQUAL(weft_future_state(future), state);
  CHECK_EQUAL(weft_future_running(future), state == WEFT_FUTURE_RUNNING);
  CHECK_EQUAL(weft_future_cancelled(future), state == WEFT_FUTURE_CANCELLED);
  CHECK_EQUAL(weft_future_done(future), state >= WEFT_FUTURE_RESULT);
}

static void a_task_makes_it_pending_then_running_then_a_result(void) {
  weft_executor_t *pool = make_pool(1);
  gate_t first_gate = GATE_CLOSED, gate = GATE_CLOSED;
  weft_future_t *first = occupy_worker(pool, &first_gate);
  weft_future_t *future = submit(pool, pass_gate, &gate, NULL);
  check_state(first, WEFT_FUTURE_RUNNING);
  check_state(future, WEFT_FUTURE_PENDING);
  gate_open(&first_gate);
  gate_await(&gate, 1);
  check_state(future, WEFT_FUTURE_RUNNING);
  gate_open(&gate);
  CHECK_STATUS(weft_future_wait(future, WEFT_FOREVER), WEFT_OK);
  check_state(future, WEFT_FUTURE_RESULT);
  CHECK_STATUS(weft_future_cancel(future), WEFT_EDONE);
  check_state(future, WEFT_FUTURE_RESULT);
  weft_future_unref(first);
  weft_future_unref(future);
  end_executor(pool);
}

static void a_failure_makes_it_an_error(void) {
  weft_executor_t *pool = make_pool(1);
  weft_future_t *future = submit(pool, fail_with_error, NULL, NULL);
  CHECK_STATUS(weft_future_wait(future, WEFT_FOREVER), WEFT_OK); /* done, in whatever way */
  check_state(future, WEFT_FUTURE_ERROR);
  CHECK_STATUS(weft_future_cancel(future), WEFT_EDONE);
  CHECK_STATUS(weft_future_take(future, 0, NULL), WEFT_EFAILED);
  check_state(future, WEFT_FUTURE_ERROR);
  weft_future_unref(future);
  end_executor(pool);
}

static void timeouts_poll_or_last(void) {
  static const int64_t polls[] = {0, -1, INT64_MIN};
  weft_future_t *future = make_promise(NULL);
  weft_error_t *error = UNTOUCHED(weft_error_t);
  void *result = &error;
  int64_t began;
  size_t i;
  for (i = 0; i < CHECK_COUNT_OF(polls); ++i) {
    CHECK_STATUS(weft_future_wait(future, polls[i]), WEFT_ETIMEDOUT);
    CHECK_STATUS(weft_future_result(future, polls[i], &result), WEFT_ETIMEDOUT);
    CHECK_STATUS(weft_future_take(future, polls[i], &result), WEFT_ETIMEDOUT);
    CHECK_STATUS(weft_future_exception(future, polls[i], &error), WEFT_ETIMEDOUT);
  }
  began = now_ns();
  CHECK_STATUS(weft_future_wait(future, 30 * WEFT_MILLISECOND), WEFT_ETIMEDOUT);
  CHECK(now_ns() - began >= 30 * WEFT_MILLISECOND);
  began = now_ns();
  CHECK_STATUS(weft_future_result(future, 30 * WEFT_MILLISECOND, &result), WEFT_ETIMEDOUT);
  CHECK(now_ns() - began >= 30 * WEFT_MILLISECOND);
  CHECK(result == &error);
  CHECK(error == UNTOUCHED(weft_error_t));
  CHECK_STATUS(weft_future_set_result(future, NULL), WEFT_OK);
  for (i = 0; i < CHECK_COUNT_OF(polls); ++i) CHECK_STATUS(weft_future_wait(future, polls[i]), WEFT_OK);
  CHECK_STATUS(weft_future_wait(future, WEFT_FOREVER - 1), WEFT_OK);
  CHECK_STATUS(weft_future_wait(future, WEFT_FOREVER), WEFT_OK);
  weft_future_unref(future);
}

static void outputs_may_be_left_out(void) {
  weft_future_t *future = make_promise(NULL);
  CHECK_STATUS(weft_future_set_result(future, &future), WEFT_OK);
  CHECK_STATUS(weft_future_result(future, 0, NULL), WEFT_OK);
  CHECK_STATUS(weft_future_take(future, 0, NULL), WEFT_OK);
  weft_future_unref(future);
}

static void cancelling_what_is_pending(void) {
  weft_executor_t *pool = make_pool(1);
  gate_t gate = GATE_CLOSED;
  weft_future_t *running = occupy_worker(pool, &gate);
  probe_t probe = {0};
  weft_error_t *error = UNTOUCHED(weft_error_t);
  void *result = &error;
  weft_future_t *future = submit(pool, probe_run, &probe, probe_drop);
  CHECK_STATUS(weft_future_cancel(running), WEFT_ERUNNING);
  check_state(running, WEFT_FUTURE_RUNNING);
  CHECK_STATUS(weft_future_cancel(future), WEFT_OK);
  check_state(future, WEFT_FUTURE_CANCELLED);
  CHECK_EQUAL(probe_drops(&probe), 1);
  CHECK(pthread_equal(probe.dropped_on, pthread_self()));
  CHECK_STATUS(weft_future_cancel(future), WEFT_OK); /* already cancelled */
  CHECK_EQUAL(probe_drops(&probe), 1);
  CHECK_STATUS(weft_future_wait(future, 0), WEFT_OK);
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, &result), WEFT_ECANCELED);
  CHECK_STATUS(weft_future_take(future, WEFT_FOREVER, &result), WEFT_ECANCELED);
  CHECK_STATUS(weft_future_exception(future, WEFT_FOREVER, &error), WEFT_ECANCELED);
  CHECK(result == &error);
  CHECK(error == UNTOUCHED(weft_error_t));
  gate_open(&gate);
  weft_future_unref(running);
  end_executor(pool);
  CHECK_EQUAL(probe_runs(&probe), 0);
  check_state(future, WEFT_FUTURE_CANCELLED);
  weft_future_unref(future);
}

/* Either cancel or run wins, and both sides see the same winner. */
static void cancel_against_run(void) {
  weft_executor_t *pool = make_pool(2);
  int i, rounds = check_rounds(1000, 100000), cancelled = 0, ran = 0;
  for (i = 0; i < rounds; ++i) {
    probe_t probe = {0};
    weft_future_t *future = submit(pool, probe_run, &probe, probe_drop);
    weft_status status = weft_future_cancel(future);
    CHECK_STATUS(weft_future_wait(future, WEFT_FOREVER), WEFT_OK);
    CHECK_EQUAL(probe_runs(&probe), status != WEFT_OK);
    CHECK_EQUAL(probe_drops(&probe), 1);
    if (status == WEFT_OK) {
      ++cancelled;
      check_state(future, WEFT_FUTURE_CANCELLED);
    } else {
      ++ran;
      CHECK(status == WEFT_ERUNNING || status == WEFT_EDONE);
      check_state(future, WEFT_FUTURE_RESULT);
    }
    weft_future_unref(future);
  }
  printf("# %d cancelled, %d ran\n", cancelled, ran);
  end_executor(pool);
}

typedef struct canceller {
  weft_future_t *future;
  gate_t start;
  int won; /* atomic */
} canceller_t;

static void drop_nothing(void *ctx) {
  (void)ctx;
}

static void *cancel_it(void *ctx) {
  canceller_t *canceller = (canceller_t *)ctx;
  gate_pass(&canceller->start);
  if (weft_future_cancel(canceller->future) == WEFT_OK) __atomic_add_fetch(&canceller->won, 1, __ATOMIC_ACQ_REL);
  return NULL;
}

static void count_callback(void *ctx, weft_future_t *future) {
  (void)future;
  __atomic_add_fetch((int *)ctx, 1, __ATOMIC_ACQ_REL);
}

static void many_may_cancel_one(void) {
  int i, rounds = check_rounds(30, 3000);
  for (i = 0; i < rounds; ++i) {
    canceller_t canceller = {NULL, GATE_CLOSED, 0};
    pthread_t threads[3];
    int calls = 0;
    size_t k;
    canceller.future = make_promise(drop_nothing);
    REQUIRE_OK(weft_future_add_done_callback(canceller.future, count_callback, &calls, NULL));
    for (k = 0; k < 3; ++k) REQUIRE(pthread_create(&threads[k], NULL, cancel_it, &canceller) == 0);
    gate_await(&canceller.start, 3);
    gate_open(&canceller.start);
    for (k = 0; k < 3; ++k) pthread_join(threads[k], NULL);
    CHECK_EQUAL(count_of(&canceller.won), 3); /* a future that was already cancelled is a success too */
    CHECK_EQUAL(count_of(&calls), 1);
    weft_future_unref(canceller.future);
  }
}

/* Many threads wait for one future and see what its task did. */
typedef struct reader {
  weft_future_t *future;
  const int *data; /* plain: what the task wrote must be visible */
} reader_t;

static weft_status write_data(void *ctx, void **result, weft_error_t **error) {
  int *data = (int *)ctx;
  int i;
  (void)error;
  for (i = 0; i < 64; ++i) data[i] = i + 1;
  *result = data;
  return WEFT_OK;
}

static void *read_data(void *ctx) {
  reader_t *reader = (reader_t *)ctx;
  void *result = NULL;
  int i;
  CHECK_STATUS(weft_future_result(reader->future, WEFT_FOREVER, &result), WEFT_OK);
  CHECK(result == reader->data);
  for (i = 0; i < 64; ++i) CHECK_EQUAL(reader->data[i], i + 1);
  return NULL;
}

static void everything_the_task_did_is_seen_by_every_waiter(void) {
  weft_executor_t *pool = make_pool(1);
  int i, rounds = check_rounds(50, 5000);
  for (i = 0; i < rounds; ++i) {
    int data[64] = {0};
    pthread_t threads[3];
    reader_t reader = {NULL, NULL};
    size_t k;
    reader.data = data;
    reader.future = submit(pool, write_data, data, NULL);
    for (k = 0; k < 3; ++k) REQUIRE(pthread_create(&threads[k], NULL, read_data, &reader) == 0);
    read_data(&reader);
    for (k = 0; k < 3; ++k) pthread_join(threads[k], NULL);
    weft_future_unref(reader.future);
  }
  end_executor(pool);
}

static void taking_is_for_one(void) {
  weft_executor_t *pool = make_pool(2);
  weft_future_t *future = submit(pool, return_ctx, &pool, NULL);
  weft_error_t *error = UNTOUCHED(weft_error_t);
  void *result = NULL;
  CHECK_STATUS(weft_future_take(future, WEFT_FOREVER, &result), WEFT_OK);
  CHECK(result == &pool);
  result = NULL;
  CHECK_STATUS(weft_future_take(future, WEFT_FOREVER, &result), WEFT_EINVALIDSTATE);
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, &result), WEFT_EINVALIDSTATE);
  CHECK(result == NULL);
  CHECK_STATUS(weft_future_wait(future, 0), WEFT_OK);
  CHECK_STATUS(weft_future_exception(future, 0, &error), WEFT_OK);
  CHECK(error == NULL);
  check_state(future, WEFT_FUTURE_RESULT);
  weft_future_unref(future);
  end_executor(pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"NULL is invalid everywhere", null_is_invalid_everywhere},
      {"a task makes it pending, then running, then a result", a_task_makes_it_pending_then_running_then_a_result},
      {"a failure makes it an error", a_failure_makes_it_an_error},
      {"timeouts poll or last", timeouts_poll_or_last},
      {"outputs may be left out", outputs_may_be_left_out},
      {"cancelling what is pending", cancelling_what_is_pending},
      {"cancel against run", cancel_against_run},
      {"many may cancel one", many_may_cancel_one},
      {"everything the task did is seen by every waiter", everything_the_task_did_is_seen_by_every_waiter},
      {"taking is for one", taking_is_for_one},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
