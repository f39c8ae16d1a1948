/* Tests of weft_as_completed (weft/future.h): each future once, the done ones first, time-outs that lose nothing. */
#include <weft/future.h>

#include "setup.h"

static weft_as_completed_t *iterate(weft_future_t *const *futures, size_t count, int64_t timeout) {
  weft_as_completed_t *iterator = NULL;
  CHECK_STATUS(weft_as_completed(futures, count, timeout, &iterator), WEFT_OK);
  return iterator;
}

/* Returns the next future and checks that it is done. Its reference is given back, so it can only be compared. */
static weft_future_t *next_of(weft_as_completed_t *iterator) {
  weft_future_t *future = NULL;
  if (!CHECK_STATUS(weft_as_completed_next(iterator, &future), WEFT_OK)) return NULL;
  CHECK_EQUAL(weft_future_done(future), 1);
  weft_future_unref(future);
  return future;
}

static void check_next_is(weft_as_completed_t *iterator, weft_status expected) {
  weft_future_t *out = UNTOUCHED(weft_future_t);
  CHECK_STATUS(weft_as_completed_next(iterator, &out), expected);
  CHECK(out == UNTOUCHED(weft_future_t));
}

static void bad_arguments_change_nothing(void) {
  weft_future_t *futures[2] = {NULL, NULL}, *out = UNTOUCHED(weft_future_t);
  weft_as_completed_t *iterator = UNTOUCHED(weft_as_completed_t), *empty;
  futures[0] = make_promise(NULL);
  CHECK_STATUS(weft_as_completed(NULL, 1, 0, &iterator), WEFT_EINVAL);
  CHECK_STATUS(weft_as_completed(futures, 2, 0, &iterator), WEFT_EINVAL);
  CHECK_STATUS(weft_as_completed(futures, 1, 0, NULL), WEFT_EINVAL);
  CHECK(iterator == UNTOUCHED(weft_as_completed_t));
  CHECK_STATUS(weft_as_completed_next(NULL, &out), WEFT_EINVAL);
  empty = iterate(NULL, 0, 0);
  CHECK_STATUS(weft_as_completed_next(empty, NULL), WEFT_EINVAL);
  CHECK(out == UNTOUCHED(weft_future_t));
  weft_as_completed_destroy(&empty);
  CHECK(empty == NULL);
  weft_as_completed_destroy(&empty);
  weft_as_completed_destroy(NULL);
  weft_future_unref(futures[0]);
}

static void nothing_gives_an_end_at_once(void) {
  weft_as_completed_t *iterator = iterate(NULL, 0, WEFT_FOREVER);
  check_next_is(iterator, WEFT_EEND);
  check_next_is(iterator, WEFT_EEND);
  weft_as_completed_destroy(&iterator);
}

static void they_come_in_the_order_in_which_they_get_done(void) {
  weft_future_t *futures[4];
  weft_as_completed_t *iterator;
  int i;
  for (i = 0; i < 4; ++i) futures[i] = make_promise(NULL);
  CHECK_STATUS(weft_future_set_result(futures[2], NULL), WEFT_OK);
  iterator = iterate(futures, 4, WEFT_FOREVER);
  CHECK_STATUS(weft_future_cancel(futures[3]), WEFT_OK);
  CHECK_STATUS(weft_future_set_result(futures[0], NULL), WEFT_OK);
  CHECK(next_of(iterator) == futures[2]); /* done before the iteration began */
  CHECK(next_of(iterator) == futures[3]);
  CHECK(next_of(iterator) == futures[0]);
  CHECK_STATUS(weft_future_set_result(futures[1], NULL), WEFT_OK);
  CHECK(next_of(iterator) == futures[1]);
  check_next_is(iterator, WEFT_EEND);
  check_next_is(iterator, WEFT_EEND);
  weft_as_completed_destroy(&iterator);
  for (i = 0; i < 4; ++i) weft_future_unref(futures[i]);
}

static void duplicates_come_once(void) {
  weft_future_t *one = make_promise(NULL), *two = make_promise(NULL), *futures[5];
  weft_as_completed_t *iterator;
  futures[0] = futures[1] = futures[4] = one;
  futures[2] = futures[3] = two;
  CHECK_STATUS(weft_future_set_result(one, NULL), WEFT_OK);
  iterator = iterate(futures, 5, WEFT_FOREVER);
  CHECK_STATUS(weft_future_set_result(two, NULL), WEFT_OK);
  CHECK(next_of(iterator) == one);
  CHECK(next_of(iterator) == two);
  check_next_is(iterator, WEFT_EEND);
  weft_as_completed_destroy(&iterator);
  weft_future_unref(one);
  weft_future_unref(two);
}

static void without_time_every_finished_one_still_comes(void) {
  static const int64_t polls[] = {0, -1, INT64_MIN};
  size_t p;
  for (p = 0; p < CHECK_COUNT_OF(polls); ++p) {
    weft_future_t *futures[3];
    weft_as_completed_t *iterator;
    int i;
    for (i = 0; i < 3; ++i) futures[i] = make_promise(NULL);
    CHECK_STATUS(weft_future_set_result(futures[0], NULL), WEFT_OK);
    CHECK_STATUS(weft_future_set_result(futures[2], NULL), WEFT_OK);
    iterator = iterate(futures, 3, polls[p]);
    CHECK(next_of(iterator) != NULL);
    CHECK(next_of(iterator) != NULL);
    check_next_is(iterator, WEFT_ETIMEDOUT);
    check_next_is(iterator, WEFT_ETIMEDOUT);
    CHECK_STATUS(weft_future_set_result(futures[1], NULL), WEFT_OK);
    CHECK(next_of(iterator) == futures[1]); /* later calls may still return one */
    check_next_is(iterator, WEFT_EEND);
    weft_as_completed_destroy(&iterator);
    for (i = 0; i < 3; ++i) weft_future_unref(futures[i]);
  }
}

static void the_timeout_counts_from_the_beginning(void) {
  weft_future_t *future = make_promise(NULL);
  int64_t began = now_ns();
  weft_as_completed_t *iterator = iterate(&future, 1, 40 * WEFT_MILLISECOND);
  weft_future_t *out = UNTOUCHED(weft_future_t);
  CHECK_STATUS(weft_as_completed_next(iterator, &out), WEFT_ETIMEDOUT);
  CHECK(out == UNTOUCHED(weft_future_t));
  CHECK(now_ns() - began >= 40 * WEFT_MILLISECOND);
  check_next_is(iterator, WEFT_ETIMEDOUT);
  weft_as_completed_destroy(&iterator);
  weft_future_unref(future);
}

static void it_keeps_no_reference_to_what_it_has_yielded(void) {
  weft_future_t *futures[2];
  weft_as_completed_t *iterator;
  weft_future_t *out = NULL;
  int drops = 0;
  futures[0] = make_promise(count_drop);
  futures[1] = make_promise(count_drop);
  iterator = iterate(futures, 2, WEFT_FOREVER);
  CHECK_STATUS(weft_future_set_result(futures[0], &drops), WEFT_OK);
  weft_future_unref(futures[0]);
  CHECK_EQUAL(drops, 0); /* the iterator holds what it has not yielded */
  REQUIRE_OK(weft_as_completed_next(iterator, &out));
  CHECK_EQUAL(drops, 0);
  weft_future_unref(out);
  CHECK_EQUAL(drops, 1);
  CHECK_STATUS(weft_future_set_result(futures[1], &drops), WEFT_OK);
  weft_future_unref(futures[1]);
  CHECK_EQUAL(drops, 1);
  weft_as_completed_destroy(&iterator);
  CHECK_EQUAL(drops, 2);
}

static void ending_it_early_leaves_the_futures_alone(void) {
  weft_future_t *futures[3];
  weft_as_completed_t *iterator;
  int i;
  for (i = 0; i < 3; ++i) futures[i] = make_promise(NULL);
  CHECK_STATUS(weft_future_set_result(futures[1], NULL), WEFT_OK);
  iterator = iterate(futures, 3, WEFT_FOREVER);
  CHECK(next_of(iterator) == futures[1]);
  weft_as_completed_destroy(&iterator);
  CHECK(iterator == NULL);
  CHECK_EQUAL(weft_future_state(futures[0]), WEFT_FUTURE_PENDING);
  CHECK_STATUS(weft_future_set_result(futures[0], NULL), WEFT_OK);
  for (i = 0; i < 3; ++i) weft_future_unref(futures[i]);
}

static void two_may_iterate_over_the_same_futures(void) {
  weft_future_t *future = make_promise(NULL);
  weft_as_completed_t *one = iterate(&future, 1, WEFT_FOREVER), *two = iterate(&future, 1, WEFT_FOREVER);
  CHECK_STATUS(weft_future_set_result(future, NULL), WEFT_OK);
  CHECK(next_of(one) == future);
  CHECK(next_of(two) == future);
  check_next_is(one, WEFT_EEND);
  check_next_is(two, WEFT_EEND);
  weft_as_completed_destroy(&one);
  weft_as_completed_destroy(&two);
  weft_future_unref(future);
}

static void each_future_of_a_pool_comes_once(void) {
  enum { count = 60 };
  weft_executor_t *pool = make_pool(3);
  int round, rounds = check_rounds(30, 3000);
  for (round = 0; round < rounds; ++round) {
    weft_future_t *futures[count];
    weft_as_completed_t *iterator;
    int seen[count] = {0}, i, k;
    for (i = 0; i < count; ++i) {
      futures[i] = submit(pool, i % 5 ? return_ctx : fail_with_42, NULL, NULL);
      if (i % 7 == 0) weft_future_cancel(futures[i]); /* in time, or too late */
    }
    iterator = iterate(futures, count, WEFT_FOREVER);
    for (i = 0; i < count; ++i) {
      weft_future_t *future = next_of(iterator);
      for (k = 0; k < count; ++k) seen[k] += futures[k] == future;
    }
    check_next_is(iterator, WEFT_EEND);
    for (k = 0; k < count; ++k) CHECK_EQUAL(seen[k], 1);
    weft_as_completed_destroy(&iterator);
    for (i = 0; i < count; ++i) weft_future_unref(futures[i]);
  }
  end_executor(pool);
}

static void destroying_races_with_ends(void) {
  weft_executor_t *pool = make_pool(2);
  int round, rounds = check_rounds(200, 20000);
  for (round = 0; round < rounds; ++round) {
    weft_future_t *futures[4];
    weft_as_completed_t *iterator;
    int i;
    for (i = 0; i < 4; ++i) futures[i] = submit(pool, return_ctx, NULL, NULL);
    iterator = iterate(futures, 4, WEFT_FOREVER);
    for (i = 0; i < round % 4; ++i) CHECK(next_of(iterator) != NULL);
    weft_as_completed_destroy(&iterator);
    for (i = 0; i < 4; ++i) weft_future_unref(futures[i]);
  }
  end_executor(pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"bad arguments change nothing", bad_arguments_change_nothing},
      {"nothing gives an end at once", nothing_gives_an_end_at_once},
      {"they come in the order in which they get done", they_come_in_the_order_in_which_they_get_done},
      {"duplicates come once", duplicates_come_once},
      {"without time every finished one still comes", without_time_every_finished_one_still_comes},
      {"the timeout counts from the beginning", the_timeout_counts_from_the_beginning},
      {"it keeps no reference to what it has yielded", it_keeps_no_reference_to_what_it_has_yielded},
      {"ending it early leaves the futures alone", ending_it_early_leaves_the_futures_alone},
      {"two may iterate over the same futures", two_may_iterate_over_the_same_futures},
      {"each future of a pool comes once", each_future_of_a_pool_comes_once},
      {"destroying races with ends", destroying_races_with_ends},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
