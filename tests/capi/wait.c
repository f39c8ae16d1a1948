/* Tests of weft_wait (weft/future.h): the three modes, duplicates, time-outs. Every done future is reported. */
#include <weft/future.h>

#include "setup.h"

enum { most = 40 };

static void make_promises(weft_future_t **futures, int count) {
  int i;
  for (i = 0; i < count; ++i) futures[i] = make_promise(NULL);
}

static void unref_all(weft_future_t **futures, int count) {
  int i;
  for (i = 0; i < count; ++i) weft_future_unref(futures[i]);
}

static void set_error(weft_future_t *future) {
  weft_error_t *error = make_error(1);
  CHECK_STATUS(weft_future_set_error(future, error), WEFT_OK);
  weft_error_unref(error);
}

static void bad_arguments_leave_the_outputs_alone(void) {
  weft_future_t *futures[3];
  uint8_t done[3] = {9, 9, 9};
  size_t count = 99;
  make_promises(futures, 2);
  futures[2] = NULL;
  CHECK_STATUS(weft_wait(NULL, 1, WEFT_ALL_COMPLETED, 0, done, &count), WEFT_EINVAL);
  CHECK_STATUS(weft_wait(futures, 3, WEFT_ALL_COMPLETED, 0, done, &count), WEFT_EINVAL);
  CHECK_STATUS(weft_wait(futures, 3, WEFT_FIRST_COMPLETED, WEFT_FOREVER, done, &count), WEFT_EINVAL);
  CHECK_STATUS(weft_wait(futures, 2, 3, 0, done, &count), WEFT_EINVAL);
  CHECK_STATUS(weft_wait(futures, 2, UINT32_MAX, 0, done, &count), WEFT_EINVAL);
  CHECK_STATUS(weft_wait(NULL, 0, 3, 0, done, &count), WEFT_EINVAL);
  CHECK_EQUAL(done[0] + done[1] + done[2], 27);
  CHECK_EQUAL(count, 99);
  unref_all(futures, 2);
}

static void nothing_to_wait_for_is_done_at_once(void) {
  uint32_t mode;
  for (mode = 0; mode <= 2; ++mode) {
    size_t count = 99;
    CHECK_STATUS(weft_wait(NULL, 0, mode, WEFT_FOREVER, NULL, &count), WEFT_OK);
    CHECK_EQUAL(count, 0);
    CHECK_STATUS(weft_wait(NULL, 0, mode, 0, NULL, NULL), WEFT_OK);
  }
}

static void what_is_done_counts_at_once(void) {
  weft_future_t *futures[4];
  uint8_t done[4];
  size_t count = 0;
  make_promises(futures, 4);
  CHECK_STATUS(weft_future_set_result(futures[0], NULL), WEFT_OK);
  set_error(futures[1]);
  CHECK_STATUS(weft_future_cancel(futures[2]), WEFT_OK);
  CHECK_STATUS(weft_wait(futures, 3, WEFT_ALL_COMPLETED, 0, done, &count), WEFT_OK);
  CHECK_EQUAL(count, 3);
  CHECK_EQUAL(done[0] + done[1] + done[2], 3);
  CHECK_STATUS(weft_wait(futures, 4, WEFT_FIRST_COMPLETED, WEFT_FOREVER, done, &count), WEFT_OK);
  CHECK_EQUAL(count, 3);
  CHECK(done[0] == 1 && done[1] == 1 && done[2] == 1 && done[3] == 0);
  CHECK_STATUS(weft_wait(futures, 4, WEFT_FIRST_EXCEPTION, WEFT_FOREVER, done, &count), WEFT_OK);
  CHECK_EQUAL(count, 3);
  unref_all(futures, 4);
}

static void a_timeout_tells_what_is_done(void) {
  static const int64_t polls[] = {0, -1, INT64_MIN};
  weft_future_t *futures[3];
  uint8_t done[3] = {9, 9, 9};
  size_t count = 99, i;
  int64_t began;
  uint32_t mode;
  make_promises(futures, 3);
  for (mode = 0; mode <= 2; ++mode) {
    CHECK_STATUS(weft_wait(futures, 3, mode, 0, done, &count), WEFT_ETIMEDOUT);
    CHECK_EQUAL(done[0] + done[1] + done[2], 0);
    CHECK_EQUAL(count, 0);
  }
  CHECK_STATUS(weft_future_set_result(futures[1], NULL), WEFT_OK);
  for (i = 0; i < CHECK_COUNT_OF(polls); ++i) {
    CHECK_STATUS(weft_wait(futures, 3, WEFT_ALL_COMPLETED, polls[i], done, &count), WEFT_ETIMEDOUT);
    CHECK(done[0] == 0 && done[1] == 1 && done[2] == 0);
    CHECK_EQUAL(count, 1);
  }
  began = now_ns();
  CHECK_STATUS(weft_wait(futures, 3, WEFT_FIRST_EXCEPTION, 30 * WEFT_MILLISECOND, done, &count), WEFT_ETIMEDOUT);
  CHECK(now_ns() - began >= 30 * WEFT_MILLISECOND);
  CHECK_EQUAL(count, 1);
  CHECK_STATUS(weft_wait(futures, 3, WEFT_ALL_COMPLETED, 0, NULL, NULL), WEFT_ETIMEDOUT);
  unref_all(futures, 3);
}

static void duplicates_collapse(void) {
  weft_future_t *one = make_promise(NULL), *two = make_promise(NULL), *futures[5];
  uint8_t done[5] = {9, 9, 9, 9, 9};
  size_t count = 99;
  futures[0] = futures[2] = futures[4] = one;
  futures[1] = futures[3] = two;
  CHECK_STATUS(weft_future_set_result(one, NULL), WEFT_OK);
  CHECK_STATUS(weft_wait(futures, 5, WEFT_ALL_COMPLETED, 0, done, &count), WEFT_ETIMEDOUT);
  CHECK_EQUAL(count, 1);
  CHECK(done[0] == 1 && done[1] == 0 && done[2] == 1 && done[3] == 0 && done[4] == 1);
  CHECK_STATUS(weft_future_set_result(two, NULL), WEFT_OK);
  CHECK_STATUS(weft_wait(futures, 5, WEFT_ALL_COMPLETED, WEFT_FOREVER, done, &count), WEFT_OK);
  CHECK_EQUAL(count, 2);
  CHECK_EQUAL(done[0] + done[1] + done[2] + done[3] + done[4], 5);
  weft_future_unref(one);
  weft_future_unref(two);
}

/* A thread that finishes futures one after another, in the ways that the test gives. */
typedef struct finisher {
  weft_future_t *futures[most];
  int ways[most]; /* WEFT_FUTURE_RESULT, _ERROR or _CANCELLED */
  int count;
  uint64_t waiter; /* this thread must be asleep before each step */
} finisher_t;

static void *finish_one_by_one(void *ctx) {
  finisher_t *finisher = (finisher_t *)ctx;
  int i;
  for (i = 0; i < finisher->count; ++i) {
    await_asleep(finisher->waiter);
    if (finisher->ways[i] == WEFT_FUTURE_RESULT)
      CHECK_STATUS(weft_future_set_result(finisher->futures[i], NULL), WEFT_OK);
    else if (finisher->ways[i] == WEFT_FUTURE_CANCELLED)
      CHECK_STATUS(weft_future_cancel(finisher->futures[i]), WEFT_OK);
    else
      set_error(finisher->futures[i]);
  }
  return NULL;
}

/* Waits for `count` futures that end in the given ways. Returns how many were done when the wait ended. */
static size_t wait_while_they_end(const int *ways, int count, uint32_t mode) {
  finisher_t finisher;
  pthread_t thread;
  uint8_t done[most];
  size_t done_count = 0, flags = 0;
  int i;
  make_promises(finisher.futures, count);
  memcpy(finisher.ways, ways, (size_t)count * sizeof *ways);
  finisher.count = count;
  finisher.waiter = own_tid();
  if (!CHECK(pthread_create(&thread, NULL, finish_one_by_one, &finisher) == 0)) return 0;
  CHECK_STATUS(weft_wait(finisher.futures, (size_t)count, mode, WEFT_FOREVER, done, &done_count), WEFT_OK);
  for (i = 0; i < count; ++i) flags += done[i];
  CHECK_EQUAL(flags, done_count);
  pthread_join(thread, NULL);
  unref_all(finisher.futures, count);
  return done_count;
}

static void all_completed_waits_for_all(void) {
  static const int ways[] = {WEFT_FUTURE_ERROR, WEFT_FUTURE_RESULT, WEFT_FUTURE_CANCELLED, WEFT_FUTURE_RESULT};
  CHECK_EQUAL(wait_while_they_end(ways, 4, WEFT_ALL_COMPLETED), 4);
}

static void first_completed_ends_with_the_first_of_any_kind(void) {
  static const int ways[] = {WEFT_FUTURE_RESULT, WEFT_FUTURE_ERROR, WEFT_FUTURE_CANCELLED};
  int first;
  for (first = 0; first < 3; ++first) {
    size_t count = wait_while_they_end(&ways[first], 1, WEFT_FIRST_COMPLETED);
    CHECK_EQUAL(count, 1);
  }
  CHECK(wait_while_they_end(ways, 3, WEFT_FIRST_COMPLETED) >= 1);
}

static void first_exception_ends_with_an_error_and_not_with_a_cancellation(void) {
  static const int no_error[] = {WEFT_FUTURE_CANCELLED, WEFT_FUTURE_RESULT, WEFT_FUTURE_CANCELLED};
  static const int with_error[] = {WEFT_FUTURE_CANCELLED, WEFT_FUTURE_RESULT, WEFT_FUTURE_ERROR};
  CHECK_EQUAL(wait_while_they_end(no_error, 3, WEFT_FIRST_EXCEPTION), 3);
  CHECK_EQUAL(wait_while_they_end(with_error, 3, WEFT_FIRST_EXCEPTION), 3);
}

static void first_exception_does_not_wait_for_the_others(void) {
  weft_future_t *futures[3];
  size_t count = 0;
  uint8_t done[3];
  make_promises(futures, 3);
  set_error(futures[2]);
  CHECK_STATUS(weft_wait(futures, 3, WEFT_FIRST_EXCEPTION, WEFT_FOREVER, done, &count), WEFT_OK);
  CHECK_EQUAL(count, 1);
  CHECK(done[0] == 0 && done[1] == 0 && done[2] == 1);
  unref_all(futures, 3);
}

static void the_futures_of_a_pool(void) {
  weft_executor_t *pool = make_pool(3);
  int i, round, rounds = check_rounds(50, 5000), runs = 0;
  for (round = 0; round < rounds; ++round) {
    weft_future_t *futures[most];
    uint8_t done[most];
    size_t count = 0;
    for (i = 0; i < most; ++i) futures[i] = submit(pool, i == 7 ? fail_with_42 : count_run, &runs, NULL);
    CHECK_STATUS(weft_wait(futures, most, WEFT_FIRST_EXCEPTION, WEFT_FOREVER, done, &count), WEFT_OK);
    CHECK_EQUAL(done[7], 1);
    for (i = 0; i < most; ++i) CHECK(done[i] == 0 || weft_future_done(futures[i]) == 1);
    CHECK_STATUS(weft_wait(futures, most, WEFT_ALL_COMPLETED, WEFT_FOREVER, done, &count), WEFT_OK);
    CHECK_EQUAL(count, most);
    unref_all(futures, most);
  }
  CHECK_EQUAL(count_of(&runs), rounds * (most - 1));
  end_executor(pool);
}

static void the_outcome_of_a_wait_keeps_no_trace_in_the_futures(void) {
  weft_future_t *future = make_promise(count_drop);
  int drops = 0, i;
  for (i = 0; i < 1000; ++i) CHECK_STATUS(weft_wait(&future, 1, WEFT_ALL_COMPLETED, 0, NULL, NULL), WEFT_ETIMEDOUT);
  CHECK_STATUS(weft_future_set_result(future, &drops), WEFT_OK);
  weft_future_unref(future);
  CHECK_EQUAL(drops, 1);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"bad arguments leave the outputs alone", bad_arguments_leave_the_outputs_alone},
      {"nothing to wait for is done at once", nothing_to_wait_for_is_done_at_once},
      {"what is done counts at once", what_is_done_counts_at_once},
      {"a timeout tells what is done", a_timeout_tells_what_is_done},
      {"duplicates collapse", duplicates_collapse},
      {"ALL_COMPLETED waits for all", all_completed_waits_for_all},
      {"FIRST_COMPLETED ends with the first of any kind", first_completed_ends_with_the_first_of_any_kind},
      {"FIRST_EXCEPTION ends with an error and not with a cancellation",
       first_exception_ends_with_an_error_and_not_with_a_cancellation},
      {"FIRST_EXCEPTION does not wait for the others", first_exception_does_not_wait_for_the_others},
      {"the futures of a pool", the_futures_of_a_pool},
      {"the outcome of a wait keeps no trace in the futures", the_outcome_of_a_wait_keeps_no_trace_in_the_futures},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
