/* Tests of weft_when_all and weft_when_any: when they are done and with what, and what they keep. */
#include <weft/continuation.h>

#include "setup.h"

enum { count = 4 };

static void make_promises(weft_future_t **promises, weft_drop_fn result_drop) {
  int i;
  for (i = 0; i < count; ++i) promises[i] = make_promise(result_drop);
}

static void unref_all(weft_future_t **promises) {
  int i;
  for (i = 0; i < count; ++i) weft_future_unref(promises[i]);
}

static weft_future_t *when_all(weft_future_t **futures, size_t many) {
  weft_future_t *out = NULL;
  CHECK_STATUS(weft_when_all(futures, many, &out), WEFT_OK);
  return out;
}

static weft_future_t *when_any(weft_future_t **futures, size_t many) {
  weft_future_t *out = NULL;
  CHECK_STATUS(weft_when_any(futures, many, &out), WEFT_OK);
  return out;
}

static void set_result(weft_future_t *promise) {
  CHECK_STATUS(weft_future_set_result(promise, NULL), WEFT_OK);
}

static weft_error_t *set_error(weft_future_t *promise, int32_t code) {
  weft_error_t *error = make_error(code);
  CHECK_STATUS(weft_future_set_error(promise, error), WEFT_OK);
  return error;
}

static void bad_arguments_are_refused(void) {
  weft_future_t *futures[2] = {NULL, NULL}, *out = UNTOUCHED(weft_future_t);
  futures[0] = make_promise(NULL);
  CHECK_STATUS(weft_when_all(futures, 2, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_when_all(NULL, 1, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_when_all(futures, 1, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_when_any(futures, 2, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_when_any(NULL, 1, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_when_any(futures, 1, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_when_any(futures, 0, &out), WEFT_EINVAL);
  CHECK(out == UNTOUCHED(weft_future_t));
  weft_future_unref(futures[0]);
}

static void all_of_nothing_is_done(void) {
  weft_future_t *out = when_all(NULL, 0);
  void *result = &out;
  CHECK_STATUS(weft_future_result(out, 0, &result), WEFT_OK);
  CHECK(result == NULL && weft_future_room(out) == NULL);
  weft_future_unref(out);
}

static void all_waits_for_the_last(void) {
  weft_future_t *promises[count], *out;
  void *result = &out;
  int i;
  make_promises(promises, NULL);
  set_result(promises[1]); /* done before when_all */
  out = when_all(promises, count);
  for (i = count - 1; i >= 0; --i) {
    if (i == 1) continue;
    CHECK_EQUAL(weft_future_state(out), WEFT_FUTURE_PENDING);
    set_result(promises[i]);
  }
  CHECK_STATUS(weft_future_result(out, 0, &result), WEFT_OK);
  CHECK(result == NULL);
  weft_future_unref(out);
  unref_all(promises);
}

static void all_keeps_the_first_error(void) {
  weft_future_t *promises[count], *out;
  weft_error_t *first, *second, *error = NULL;
  make_promises(promises, NULL);
  out = when_all(promises, count);
  CHECK_STATUS(weft_future_cancel(promises[3]), WEFT_OK);
  first = set_error(promises[2], 5);
  second = set_error(promises[0], 6);
  CHECK_EQUAL(weft_future_state(out), WEFT_FUTURE_PENDING);
  set_result(promises[1]);
  CHECK_STATUS(weft_future_exception(out, 0, &error), WEFT_OK);
  CHECK(error == first);
  weft_error_unref(error);
  weft_error_unref(first);
  weft_error_unref(second);
  weft_future_unref(out);
  unref_all(promises);
}

static void all_is_cancelled_with_one(void) {
  weft_future_t *promises[count], *out;
  make_promises(promises, NULL);
  out = when_all(promises, count);
  set_result(promises[0]);
  CHECK_STATUS(weft_future_cancel(promises[1]), WEFT_OK);
  set_result(promises[2]);
  CHECK_EQUAL(weft_future_state(out), WEFT_FUTURE_PENDING);
  set_result(promises[3]);
  CHECK_EQUAL(weft_future_state(out), WEFT_FUTURE_CANCELLED);
  weft_future_unref(out);
  unref_all(promises);
}

static void any_tells_which(void) {
  weft_future_t *promises[count], *out;
  void *result = NULL;
  int way;
  for (way = 0; way <= 2; ++way) { /* a result, an error and a cancellation are all ends */
    make_promises(promises, NULL);
    out = when_any(promises, count);
    CHECK_EQUAL(weft_future_state(out), WEFT_FUTURE_PENDING);
    if (way == 0) set_result(promises[2]);
    if (way == 1) weft_error_unref(set_error(promises[2], 5));
    if (way == 2) CHECK_STATUS(weft_future_cancel(promises[2]), WEFT_OK);
    CHECK_STATUS(weft_future_result(out, 0, &result), WEFT_OK);
    CHECK(result == weft_future_room(out));
    CHECK_EQUAL(*(size_t *)result, 2);
    set_result(promises[0]);
    CHECK_EQUAL(*(size_t *)result, 2);
    weft_future_unref(out);
    unref_all(promises);
  }
}

static void any_of_several_done_is_the_lowest(void) {
  weft_future_t *promises[count], *out;
  make_promises(promises, NULL);
  set_result(promises[3]);
  set_result(promises[1]);
  out = when_any(promises, count);
  CHECK_EQUAL(weft_future_state(out), WEFT_FUTURE_RESULT);
  CHECK_EQUAL(*(size_t *)weft_future_room(out), 1);
  weft_future_unref(out);
  unref_all(promises);
}

static void the_same_one_may_be_given_twice(void) {
  weft_future_t *promise = make_promise(NULL), *twice[2], *all, *any;
  twice[0] = twice[1] = promise;
  all = when_all(twice, 2);
  any = when_any(twice, 2);
  set_result(promise);
  CHECK_EQUAL(weft_future_state(all), WEFT_FUTURE_RESULT);
  CHECK_EQUAL(*(size_t *)weft_future_room(any), 0);
  weft_future_unref(all);
  weft_future_unref(any);
  weft_future_unref(promise);
}

static void cancelling_them_cancels_nothing_else(void) {
  weft_future_t *promises[count], *all, *any;
  weft_error_t *error;
  make_promises(promises, NULL);
  all = when_all(promises, count);
  any = when_any(promises, count);
  CHECK_STATUS(weft_future_cancel(any), WEFT_OK);
  error = set_error(promises[0], 5); /* noted before the cancellation */
  CHECK_STATUS(weft_future_cancel(all), WEFT_OK);
  CHECK_EQUAL(weft_future_state(promises[1]), WEFT_FUTURE_PENDING);
  set_result(promises[1]);
  CHECK_EQUAL(weft_future_state(all), WEFT_FUTURE_CANCELLED);
  CHECK_EQUAL(weft_future_state(any), WEFT_FUTURE_CANCELLED);
  weft_error_unref(error);
  weft_future_unref(all);
  weft_future_unref(any);
  unref_all(promises);
}

/* They keep no references, neither to pending futures nor to done ones. */
static void they_keep_nothing(void) {
  weft_future_t *promises[count], *all, *any;
  int drops = 0;
  make_promises(promises, count_drop);
  all = when_all(promises, count);
  any = when_any(promises, count);
  CHECK_STATUS(weft_future_set_result(promises[0], &drops), WEFT_OK);
  weft_future_unref(promises[0]);
  CHECK_EQUAL(count_of(&drops), 1);
  CHECK_EQUAL(*(size_t *)weft_future_room(any), 0);
  weft_future_unref(promises[1]); /* a promise that is given up */
  weft_future_unref(promises[2]);
  CHECK_EQUAL(weft_future_state(all), WEFT_FUTURE_PENDING);
  weft_future_unref(promises[3]);
  CHECK_EQUAL(weft_future_state(all), WEFT_FUTURE_CANCELLED);
  weft_future_unref(all);
  weft_future_unref(any);

  make_promises(promises, NULL);
  any = when_any(promises, count);
  unref_all(promises);
  CHECK_EQUAL(weft_future_state(any), WEFT_FUTURE_CANCELLED);
  weft_future_unref(any);
}

static void they_cannot_be_set_by_hand(void) {
  weft_future_t *promise = make_promise(NULL), *outs[2];
  void *room = NULL;
  size_t i;
  outs[0] = when_all(&promise, 1);
  outs[1] = when_any(&promise, 1);
  for (i = 0; i < 2; ++i) {
    CHECK_STATUS(weft_future_set_result(outs[i], NULL), WEFT_EINVALIDSTATE);
    CHECK_STATUS(weft_future_set_running(outs[i]), WEFT_EINVALIDSTATE);
    CHECK_STATUS(weft_future_set_begin(outs[i], &room), WEFT_EINVALIDSTATE);
    weft_future_unref(outs[i]);
  }
  weft_future_unref(promise);
}

/* --- waiting inside --- */

typedef struct inside {
  weft_executor_t *pool;
  weft_future_t *other;
  gate_t gate;
  weft_status all, any;
  size_t index;
} inside_t;

static weft_status wait_for_both(void *ctx, void **result, weft_error_t **error) {
  inside_t *mine = (inside_t *)ctx;
  weft_future_t *futures[count], *all, *any, *both;
  int i;
  void *index = NULL;
  (void)result;
  (void)error;
  for (i = 0; i < count; ++i) futures[i] = submit(mine->pool, return_ctx, NULL, NULL);
  any = when_any(futures, count);
  mine->any = weft_future_result(any, WEFT_FOREVER, &index);
  if (mine->any == WEFT_OK) mine->index = *(size_t *)index;
  all = when_all(futures, count);
  both = when_all(&all, 1); /* nested */
  mine->all = weft_future_wait(both, WEFT_FOREVER);
  weft_future_unref(both);
  weft_future_unref(all);
  weft_future_unref(any);
  unref_all(futures);
  return WEFT_OK;
}

static void a_worker_runs_what_it_waits_for(void) {
  inside_t mine = {0};
  mine.pool = make_pool(1);
  mine.all = mine.any = WEFT_ENOTSUP;
  mine.index = 99;
  end_future(submit(mine.pool, wait_for_both, &mine, NULL));
  CHECK_STATUS(mine.any, WEFT_OK);
  CHECK_EQUAL(mine.index, 0);
  CHECK_STATUS(mine.all, WEFT_OK);
  end_executor(mine.pool);
}

static weft_status wait_for_other(void *ctx, void **result, weft_error_t **error) {
  inside_t *mine = (inside_t *)ctx;
  (void)result;
  (void)error;
  gate_pass(&mine->gate);
  mine->all = weft_future_wait(mine->other, WEFT_FOREVER);
  return WEFT_OK;
}

/* A wait for all of this task and others never ends. A wait for any of them may end. */
static void a_circle_is_told(void) {
  inside_t mine = {NULL, NULL, GATE_CLOSED, WEFT_OK, WEFT_OK, 0};
  weft_executor_t *pool = make_pool(2);
  weft_future_t *futures[2];
  futures[0] = make_promise(NULL);
  futures[1] = submit(pool, wait_for_other, &mine, NULL);
  mine.other = when_all(futures, 2);
  gate_open(&mine.gate);
  CHECK_STATUS(weft_future_wait(futures[1], WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(mine.all, WEFT_EDEADLK);
  weft_future_unref(mine.other);
  weft_future_unref(futures[1]);

  mine.gate = (gate_t)GATE_CLOSED;
  futures[1] = submit(pool, wait_for_other, &mine, NULL);
  gate_await(&mine.gate, 1);
  mine.other = when_any(futures, 2);
  gate_open(&mine.gate);
  set_result(futures[0]);
  CHECK_STATUS(weft_future_wait(futures[1], WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(mine.all, WEFT_OK);
  weft_future_unref(mine.other);
  weft_future_unref(futures[0]);
  weft_future_unref(futures[1]);
  end_executor(pool);
}

/* Each of thirty levels has the level below as its source twice: 2^30 ways down. A wait must not walk all of them. */
static void many_ways_are_not_all_walked(void) {
  enum { deep = 30 };
  inside_t mine = {NULL, NULL, GATE_CLOSED, WEFT_OK, WEFT_OK, 0};
  weft_executor_t *pool = make_pool(1);
  weft_future_t *levels[deep], *twice[2], *promise = make_promise(NULL), *task;
  int i;
  twice[0] = twice[1] = promise;
  for (i = 0; i < deep; ++i) twice[0] = twice[1] = levels[i] = when_all(twice, 2);
  mine.other = levels[deep - 1];
  task = submit(pool, wait_for_other, &mine, NULL);
  gate_open(&mine.gate);
  set_result(promise);
  CHECK_STATUS(weft_future_wait(task, WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(mine.all, WEFT_OK);
  for (i = 0; i < deep; ++i) weft_future_unref(levels[i]);
  weft_future_unref(promise);
  weft_future_unref(task);
  end_executor(pool);
}

static void many_futures(void) {
  enum { many = 100000 };
  weft_future_t **promises = malloc(many * sizeof *promises), *all, *any;
  size_t i;
  REQUIRE(promises != NULL);
  for (i = 0; i < many; ++i) promises[i] = make_promise(NULL);
  all = when_all(promises, many);
  any = when_any(promises, many);
  for (i = many; i > 0; --i) set_result(promises[i - 1]);
  CHECK_EQUAL(weft_future_state(all), WEFT_FUTURE_RESULT);
  CHECK_EQUAL(*(size_t *)weft_future_room(any), many - 1);
  for (i = 0; i < many; ++i) weft_future_unref(promises[i]);
  weft_future_unref(all);
  weft_future_unref(any);
  free(promises);
}

/* Each when_any removes itself from the list of a future that outlives it. */
static void a_future_that_outlives_many(void) {
  weft_future_t *pair[2], *stop = make_promise(NULL), *out;
  int i;
  for (i = 0; i < 100000; ++i) {
    pair[0] = make_promise(NULL);
    pair[1] = stop;
    out = when_any(pair, 2);
    set_result(pair[0]);
    CHECK_EQUAL(*(size_t *)weft_future_room(out), 0);
    weft_future_unref(out);
    weft_future_unref(pair[0]);
  }
  set_result(stop);
  weft_future_unref(stop);
}

static const check_case_t cases[] = {
    {"bad arguments are refused", bad_arguments_are_refused},
    {"all of nothing is done", all_of_nothing_is_done},
    {"all waits for the last", all_waits_for_the_last},
    {"all keeps the first error", all_keeps_the_first_error},
    {"all is cancelled with one", all_is_cancelled_with_one},
    {"any tells which", any_tells_which},
    {"any of several done is the lowest", any_of_several_done_is_the_lowest},
    {"the same one may be given twice", the_same_one_may_be_given_twice},
    {"cancelling them cancels nothing else", cancelling_them_cancels_nothing_else},
    {"they keep nothing", they_keep_nothing},
    {"they cannot be set by hand", they_cannot_be_set_by_hand},
    {"a worker runs what it waits for", a_worker_runs_what_it_waits_for},
    {"a circle is told", a_circle_is_told},
    {"many ways are not all walked", many_ways_are_not_all_walked},
    {"many futures", many_futures},
    {"a future that outlives many", a_future_that_outlives_many},
};

int main(int argc, char **argv) {
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
