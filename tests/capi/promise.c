/* Tests of futures made by hand (weft/future.h): completing them once, by any of the ways, with and without room. */
#include <weft/future.h>

#include "setup.h"

static weft_future_t *make_room_promise(size_t size, weft_drop_fn drop_result) {
  weft_future_t *future = NULL;
  CHECK_STATUS(weft_future_create_room(size, 0, drop_result, &future), WEFT_OK);
  return future;
}

static void bad_arguments_change_nothing(void) {
  weft_future_t *future = make_promise(NULL), *out = UNTOUCHED(weft_future_t);
  weft_error_t *error = make_error(1);
  void *room = &room;
  CHECK_STATUS(weft_future_create(NULL, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_future_create_room(8, 0, NULL, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_future_create_room(((size_t)1 << 30) + 1, 0, NULL, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_future_create_room(SIZE_MAX, 0, NULL, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_future_create_room(8, 3, NULL, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_future_create_room(8, 8192, NULL, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_future_create_room(8, SIZE_MAX, NULL, &out), WEFT_EINVAL);
  CHECK(out == UNTOUCHED(weft_future_t));
  CHECK_STATUS(weft_future_set_running(NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_future_set_result(NULL, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_future_set_error(NULL, error), WEFT_EINVAL);
  CHECK_STATUS(weft_future_set_error(future, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_future_set_begin(NULL, &room), WEFT_EINVAL);
  CHECK_STATUS(weft_future_set_begin(future, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_future_set_commit(NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_future_set_abort(NULL, error), WEFT_EINVAL);
  CHECK(room == &room);
  CHECK_EQUAL(weft_future_state(future), WEFT_FUTURE_PENDING);
  weft_error_unref(error);
  weft_future_unref(future);
}

static void it_takes_a_result_from_pending_or_running(void) {
  int value = 0;
  void *result = NULL;
  weft_future_t *future = make_promise(NULL);
  CHECK_EQUAL(weft_future_state(future), WEFT_FUTURE_PENDING);
  CHECK_STATUS(weft_future_set_result(future, &value), WEFT_OK);
  CHECK_STATUS(weft_future_result(future, 0, &result), WEFT_OK);
  CHECK(result == &value);
  CHECK(weft_future_room(future) == NULL);
  weft_future_unref(future);
  future = make_promise(NULL);
  CHECK_STATUS(weft_future_set_running(future), WEFT_OK);
  CHECK_EQUAL(weft_future_running(future), 1);
  CHECK_STATUS(weft_future_set_running(future), WEFT_EINVALIDSTATE);
  CHECK_STATUS(weft_future_cancel(future), WEFT_ERUNNING);
  CHECK_STATUS(weft_future_set_result(future, NULL), WEFT_OK);
  result = &value;
  CHECK_STATUS(weft_future_result(future, 0, &result), WEFT_OK);
  CHECK(result == NULL);
  weft_future_unref(future);
}

static void it_takes_an_error_from_pending_or_running(void) {
  int drops = 0, running;
  for (running = 0; running < 2; ++running) {
    weft_error_t *error = NULL, *read = NULL;
    weft_future_t *future = make_promise(NULL);
    REQUIRE_OK(weft_error_create_foreign(3, "Kind", "message", "tag", &drops, count_drop, &error));
    if (running) CHECK_STATUS(weft_future_set_running(future), WEFT_OK);
    CHECK_STATUS(weft_future_set_error(future, error), WEFT_OK);
    weft_error_unref(error); /* the future has its own reference */
    CHECK_EQUAL(count_of(&drops), running);
    CHECK_STATUS(weft_future_result(future, 0, NULL), WEFT_EFAILED);
    CHECK_STATUS(weft_future_exception(future, 0, &read), WEFT_OK);
    CHECK(read == error);
    CHECK(weft_error_payload(read, "tag") == &drops);
    weft_error_unref(read);
    weft_future_unref(future);
    CHECK_EQUAL(count_of(&drops), running + 1);
  }
}

/* Every way to complete a promise, with the status that it returns in a final state. Nothing changes hands. */
static void check_all_refuse(weft_future_t *future, weft_status answer) {
  weft_error_t *error = make_error(9);
  int32_t state = weft_future_state(future);
  int drops = 0;
  CHECK_STATUS(weft_future_set_running(future), answer);
  CHECK_STATUS(weft_future_set_result(future, &drops), answer);
  CHECK_STATUS(weft_future_set_error(future, error), answer);
  CHECK_EQUAL(weft_future_state(future), state);
  weft_error_unref(error);
}

static void the_first_value_stays(void) {
  probe_t first = {0};
  weft_error_t *error = make_error(5), *read = NULL;
  void *result = NULL;
  weft_future_t *future = make_promise(probe_drop);
  CHECK_STATUS(weft_future_set_result(future, &first), WEFT_OK);
  check_all_refuse(future, WEFT_EINVALIDSTATE);
  CHECK_STATUS(weft_future_result(future, 0, &result), WEFT_OK);
  CHECK(result == &first);
  weft_future_unref(future);
  CHECK_EQUAL(probe_drops(&first), 1);

  future = make_promise(probe_drop);
  CHECK_STATUS(weft_future_set_error(future, error), WEFT_OK);
  check_all_refuse(future, WEFT_EINVALIDSTATE);
  CHECK_STATUS(weft_future_exception(future, 0, &read), WEFT_OK);
  CHECK(read == error);
  weft_error_unref(read);
  weft_error_unref(error);
  weft_future_unref(future);
}

static void a_promise_without_room_has_nowhere_to_build(void) {
  void *room = &room;
  weft_future_t *future = make_promise(NULL);
  CHECK_STATUS(weft_future_set_begin(future, &room), WEFT_EINVALIDSTATE);
  CHECK_STATUS(weft_future_set_commit(future), WEFT_EINVALIDSTATE);
  CHECK(room == &room);
  CHECK_EQUAL(weft_future_state(future), WEFT_FUTURE_PENDING);
  weft_future_unref(future);
}

static void a_cancelled_promise_says_so(void) {
  void *room = &room;
  weft_error_t *error = make_error(1);
  weft_future_t *future = make_promise(probe_drop);
  CHECK_STATUS(weft_future_cancel(future), WEFT_OK);
  check_all_refuse(future, WEFT_ECANCELED);
  weft_future_unref(future);
  future = make_room_promise(8, probe_drop);
  CHECK_STATUS(weft_future_cancel(future), WEFT_OK);
  CHECK_STATUS(weft_future_set_begin(future, &room), WEFT_ECANCELED);
  CHECK_STATUS(weft_future_set_error(future, error), WEFT_ECANCELED);
  CHECK(room == &room);
  weft_error_unref(error);
  weft_future_unref(future);
}

static void the_future_of_a_task_belongs_to_the_task(void) {
  weft_executor_t *mine = make_caller_run();
  weft_future_t *future = submit(mine, return_ctx, NULL, NULL);
  void *room = &room;
  check_all_refuse(future, WEFT_EINVALIDSTATE);
  CHECK_STATUS(weft_future_set_begin(future, &room), WEFT_EINVALIDSTATE);
  CHECK_STATUS(weft_future_set_commit(future), WEFT_EINVALIDSTATE);
  CHECK(room == &room);
  CHECK_EQUAL(weft_future_state(future), WEFT_FUTURE_PENDING);
  weft_future_unref(future);
  weft_executor_unref(mine);
}

static void a_result_is_dropped_once(void) {
  probe_t dropped = {0}, taken = {0};
  void *result = NULL;
  weft_future_t *future = make_promise(probe_drop);
  CHECK_STATUS(weft_future_set_result(future, &dropped), WEFT_OK);
  weft_future_unref(weft_future_ref(future));
  CHECK_EQUAL(probe_drops(&dropped), 0);
  weft_future_unref(future);
  CHECK_EQUAL(probe_drops(&dropped), 1);
  future = make_promise(probe_drop);
  CHECK_STATUS(weft_future_set_result(future, &taken), WEFT_OK);
  CHECK_STATUS(weft_future_take(future, 0, &result), WEFT_OK);
  CHECK(result == &taken);
  weft_future_unref(future);
  CHECK_EQUAL(probe_drops(&taken), 0);
}

/* The result in the room of a promise. */
typedef struct resident {
  int64_t value;
  int *drops;
} resident_t;

static void drop_resident(void *room) {
  ++*((resident_t *)room)->drops;
}

static void a_result_is_built_in_the_room(void) {
  int drops = 0;
  void *room = NULL;
  weft_future_t *future = make_room_promise(sizeof(resident_t), drop_resident);
  resident_t *resident;
  CHECK_STATUS(weft_future_set_commit(future), WEFT_EINVALIDSTATE);
  CHECK_STATUS(weft_future_set_result(future, &drops), WEFT_EINVALIDSTATE); /* the promise has room */
  REQUIRE_OK(weft_future_set_begin(future, &room));
  REQUIRE(room != NULL && (uintptr_t)room % 16 == 0);
  CHECK_EQUAL(weft_future_running(future), 1);
  CHECK_STATUS(weft_future_cancel(future), WEFT_ERUNNING);
  check_all_refuse(future, WEFT_EINVALIDSTATE);
  CHECK_STATUS(weft_future_set_begin(future, &room), WEFT_EINVALIDSTATE);
  resident = (resident_t *)room;
  resident->value = 7;
  resident->drops = &drops;
  CHECK_STATUS(weft_future_set_commit(future), WEFT_OK);
  CHECK_STATUS(weft_future_set_commit(future), WEFT_EINVALIDSTATE);
  CHECK_STATUS(weft_future_wait(future, 0), WEFT_OK);
  CHECK_EQUAL(weft_future_state(future), WEFT_FUTURE_RESULT);
  CHECK(weft_future_room(future) == room);
  CHECK_EQUAL(resident->value, 7);
  CHECK_STATUS(weft_future_take(future, 0, NULL), WEFT_OK); /* only marks the future: the room stays */
  CHECK_STATUS(weft_future_take(future, 0, NULL), WEFT_EINVALIDSTATE);
  CHECK(weft_future_room(future) == room);
  CHECK_EQUAL(drops, 0);
  weft_future_unref(future);
  CHECK_EQUAL(drops, 1);
}

static void a_room_without_a_result_is_not_dropped(void) {
  int drops = 0, way;
  for (way = 0; way < 4; ++way) {
    weft_error_t *error = make_error(6), *read = NULL;
    weft_future_t *future = make_room_promise(sizeof(resident_t), drop_resident);
    void *room = NULL;
    if (way == 1) CHECK_STATUS(weft_future_cancel(future), WEFT_OK);
    if (way == 2) CHECK_STATUS(weft_future_set_error(future, error), WEFT_OK);
    if (way == 3) {
      CHECK_STATUS(weft_future_set_abort(future, error), WEFT_EINVALIDSTATE);
      CHECK_STATUS(weft_future_set_begin(future, &room), WEFT_OK);
      CHECK_STATUS(weft_future_set_abort(future, NULL), WEFT_EINVAL);
      CHECK_STATUS(weft_future_set_abort(future, error), WEFT_OK);
      CHECK_STATUS(weft_future_set_abort(future, error), WEFT_EINVALIDSTATE);
    }
    if (way >= 2) {
      CHECK_STATUS(weft_future_result(future, 0, NULL), WEFT_EFAILED);
      CHECK_STATUS(weft_future_exception(future, 0, &read), WEFT_OK);
      CHECK(read == error);
      weft_error_unref(read);
    }
    weft_error_unref(error);
    weft_future_unref(future);
  }
  CHECK_EQUAL(drops, 0);
}

static void rooms_of_any_size_and_alignment(void) {
  static const size_t sizes[] = {0, 1, 15, 64, 1000, 1 << 20};
  static const size_t aligns[] = {0, 1, 2, 16, 64, 512, 4096};
  size_t s, a;
  for (s = 0; s < CHECK_COUNT_OF(sizes); ++s) {
    for (a = 0; a < CHECK_COUNT_OF(aligns); ++a) {
      weft_future_t *future = NULL;
      void *room = NULL;
      REQUIRE_OK(weft_future_create_room(sizes[s], aligns[a], NULL, &future));
      REQUIRE_OK(weft_future_set_begin(future, &room));
      CHECK(sizes[s] == 0 || room != NULL);
      CHECK_EQUAL((uintptr_t)room % (aligns[a] ? aligns[a] : 16), 0);
      memset(room, 0xee, sizes[s]);
      CHECK_STATUS(weft_future_set_commit(future), WEFT_OK);
      CHECK(weft_future_room(future) == room);
      weft_future_unref(future);
    }
  }
}

/* Many threads try to complete one promise: one wins, and the others keep what they brought. */
typedef struct contest {
  weft_future_t *future;
  gate_t start;
  int won; /* atomic */
} contest_t;

static void *compete(void *ctx) {
  contest_t *contest = (contest_t *)ctx;
  weft_status status;
  gate_pass(&contest->start);
  status = weft_future_set_result(contest->future, contest);
  if (status == WEFT_OK)
    __atomic_add_fetch(&contest->won, 1, __ATOMIC_ACQ_REL);
  else
    CHECK(status == WEFT_EINVALIDSTATE || status == WEFT_ECANCELED);
  return NULL;
}

static void one_of_many_wins(void) {
  int i, rounds = check_rounds(50, 5000);
  for (i = 0; i < rounds; ++i) {
    contest_t contest = {NULL, GATE_CLOSED, 0};
    pthread_t threads[3];
    int cancelled;
    size_t k;
    contest.future = make_promise(NULL);
    for (k = 0; k < 3; ++k) REQUIRE(pthread_create(&threads[k], NULL, compete, &contest) == 0);
    gate_await(&contest.start, 3);
    gate_open(&contest.start);
    cancelled = weft_future_cancel(contest.future) == WEFT_OK;
    for (k = 0; k < 3; ++k) pthread_join(threads[k], NULL);
    CHECK_EQUAL(count_of(&contest.won) + cancelled, 1);
    CHECK_EQUAL(weft_future_cancelled(contest.future), cancelled);
    weft_future_unref(contest.future);
  }
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"bad arguments change nothing", bad_arguments_change_nothing},
      {"it takes a result from pending or running", it_takes_a_result_from_pending_or_running},
      {"it takes an error from pending or running", it_takes_an_error_from_pending_or_running},
      {"the first value stays", the_first_value_stays},
      {"a promise without room has nowhere to build", a_promise_without_room_has_nowhere_to_build},
      {"a cancelled promise says so", a_cancelled_promise_says_so},
      {"the future of a task belongs to the task", the_future_of_a_task_belongs_to_the_task},
      {"a result is dropped once", a_result_is_dropped_once},
      {"a result is built in the room", a_result_is_built_in_the_room},
      {"a room without a result is not dropped", a_room_without_a_result_is_not_dropped},
      {"rooms of any size and alignment", rooms_of_any_size_and_alignment},
      {"one of many wins", one_of_many_wins},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
