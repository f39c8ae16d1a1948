/* Tests of weft/task.h: tasks with room. One of run and drop, once; the result in the room; ownership. */
#include <weft/task.h>

#include "room.h"

/* The closure; after the run, the result lies in the same room. */
typedef struct closure {
  fate_t *fate;
  gate_t *gate; /* passed by the run; NULL: none */
  int64_t input;
  weft_status status;
  int with_error;
} closure_t;

static weft_status run_closure(void *room, weft_error_t **error) {
  closure_t closure = *(closure_t *)room;
  outcome_t *outcome = (outcome_t *)room;
  __atomic_add_fetch(&closure.fate->runs, 1, __ATOMIC_ACQ_REL);
  if (closure.gate) gate_pass(closure.gate);
  memset(room, 0xdd, sizeof closure); /* the closure is destroyed */
  if (closure.with_error) return weft_error_create(11, "RoomError", "no room", error);
  if (closure.status != WEFT_OK) return closure.status;
  outcome->fate = closure.fate;
  outcome->square = closure.input * closure.input;
  return WEFT_OK;
}

static const weft_task_type_t closure_type = {
    sizeof(weft_task_type_t), 0, sizeof(closure_t), 0, run_closure, drop_closure, drop_outcome};
static const weft_task_type_t posted_type = {
    sizeof(weft_task_type_t), WEFT_TASK_POSTED, sizeof(closure_t), 0, run_closure, drop_closure, drop_outcome};

static const weft_task_type_t moving_type = {
    sizeof(weft_task_type_t), WEFT_TASK_MOVES, sizeof(closure_t), 0, run_closure, drop_closure, drop_outcome};

static weft_task_t *make_task(const weft_task_type_t *type, fate_t *fate, int64_t input) {
  weft_task_t *task = NULL;
  closure_t *closure;
  if (!CHECK_STATUS(weft_task_create(type, &task), WEFT_OK)) return NULL;
  closure = (closure_t *)weft_task_room(task);
  memset(closure, 0, sizeof *closure);
  closure->fate = fate;
  closure->input = input;
  return task;
}

static void types_out_of_range_are_invalid(void) {
  weft_task_t *task = UNTOUCHED(weft_task_t);
  weft_task_type_t type = closure_type;
  static const uint32_t sizes[] = {0, 4, sizeof(weft_task_type_t) - 1, 4097, UINT32_MAX};
  static const uint32_t aligns[] = {3, 24, 8192, UINT32_MAX};
  static const uint32_t flags[] = {WEFT_TASK_POSTED | WEFT_TASK_CONTINUATION, WEFT_TASK_POSTED | WEFT_TASK_MOVES, 8,
                                   UINT32_MAX};
  size_t i;
  CHECK_STATUS(weft_task_create(NULL, &task), WEFT_EINVAL);
  CHECK_STATUS(weft_task_create(&type, NULL), WEFT_EINVAL);
  for (i = 0; i < CHECK_COUNT_OF(sizes); ++i) {
    type.size = sizes[i];
    CHECK_STATUS(weft_task_create(&type, &task), WEFT_EINVAL);
  }
  type = closure_type;
  for (i = 0; i < CHECK_COUNT_OF(aligns); ++i) {
    type.room_align = aligns[i];
    CHECK_STATUS(weft_task_create(&type, &task), WEFT_EINVAL);
  }
  type = closure_type;
  for (i = 0; i < CHECK_COUNT_OF(flags); ++i) {
    type.flags = flags[i];
    CHECK_STATUS(weft_task_create(&type, &task), WEFT_EINVAL);
  }
  type = closure_type;
  type.room_size = (UINT32_C(1) << 30) + 1;
  CHECK_STATUS(weft_task_create(&type, &task), WEFT_EINVAL);
  type.room_size = UINT32_MAX;
  CHECK_STATUS(weft_task_create(&type, &task), WEFT_EINVAL);
  type = closure_type;
  type.run = NULL;
  CHECK_STATUS(weft_task_create(&type, &task), WEFT_EINVAL);
  CHECK(task == UNTOUCHED(weft_task_t));
}

static void null_is_harmless(void) {
  weft_task_t *none = NULL;
  CHECK(weft_task_room(NULL) == NULL);
  weft_task_destroy(NULL);
  weft_task_destroy(&none);
  CHECK(none == NULL);
}

static void rooms_of_any_size_and_alignment(void) {
  static const uint32_t sizes[] = {0, 1, 15, 48, 64, 1000, 1 << 20};
  static const uint32_t aligns[] = {0, 1, 2, 8, 16, 64, 512, 4096};
  size_t s, a;
  for (s = 0; s < CHECK_COUNT_OF(sizes); ++s) {
    for (a = 0; a < CHECK_COUNT_OF(aligns); ++a) {
      weft_task_type_t type = closure_type;
      weft_task_t *task = NULL;
      type.room_size = sizes[s];
      type.room_align = aligns[a];
      REQUIRE_OK(weft_task_create(&type, &task));
      CHECK(weft_task_room(task) != NULL);
      CHECK_EQUAL((uintptr_t)weft_task_room(task) % (aligns[a] ? aligns[a] : 16), 0);
      memset(weft_task_room(task), 0xee, sizes[s]);
      weft_task_destroy(&task);
      CHECK(task == NULL);
    }
  }
}

static void destroying_does_not_touch_the_room(void) {
  fate_t fate = {0, 0, 0};
  weft_task_t *task = make_task(&closure_type, &fate, 1);
  weft_task_destroy(&task);
  CHECK(task == NULL);
  weft_task_destroy(&task);
  check_fate(&fate, 0, 0, 0);
}

static void the_result_lands_in_the_room(void) {
  weft_executor_t *pool = make_pool(2);
  fate_t fate = {0, 0, 0};
  weft_task_t *task = make_task(&closure_type, &fate, 12);
  void *room = weft_task_room(task), *result = &fate;
  weft_future_t *future = NULL;
  REQUIRE_OK(weft_executor_submit_task(pool, task, &future));
  CHECK_STATUS(weft_future_wait(future, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(weft_future_state(future), WEFT_FUTURE_RESULT);
  CHECK(weft_future_room(future) == room);
  CHECK_EQUAL(((outcome_t *)room)->square, 144);
  CHECK_STATUS(weft_future_result(future, 0, NULL), WEFT_OK);
  CHECK_STATUS(weft_future_take(future, 0, &result), WEFT_OK); /* only marks the future: the room stays */
  CHECK_STATUS(weft_future_take(future, 0, NULL), WEFT_EINVALIDSTATE);
  CHECK_EQUAL(((outcome_t *)weft_future_room(future))->square, 144);
  end_executor(pool);
  check_fate(&fate, 1, 0, 0);
  weft_future_unref(future);
  check_fate(&fate, 1, 0, 1);
}

static void a_result_that_was_moved_out_is_not_dropped(void) {
  weft_executor_t *pool = make_pool(2);
  fate_t taken = {0, 0, 0}, read = {0, 0, 0}, unread = {0, 0, 0}, cancelled = {0, 0, 0};
  weft_future_t *future = NULL, *second = NULL;
  void *room = NULL;
  REQUIRE_OK(weft_executor_submit_task(pool, make_task(&moving_type, &taken, 12), &future));
  second = weft_future_ref(future);
  REQUIRE_OK(weft_future_take(future, WEFT_FOREVER, &room));
  CHECK(room == weft_future_room(future));
  CHECK_EQUAL(((outcome_t *)room)->square, 144);
  memset(room, 0xdd, sizeof(outcome_t)); /* moved out: no code may look at it now */
  CHECK_STATUS(weft_future_take(second, 0, &room), WEFT_EINVALIDSTATE);
  CHECK_STATUS(weft_future_result(second, 0, &room), WEFT_EINVALIDSTATE);
  weft_future_unref(future);
  weft_future_unref(second);
  check_fate(&taken, 1, 0, 0);
  REQUIRE_OK(weft_executor_submit_task(pool, make_task(&moving_type, &read, 3), &future));
  REQUIRE_OK(weft_future_result(future, WEFT_FOREVER, &room)); /* read, not taken */
  CHECK_EQUAL(((outcome_t *)room)->square, 9);
  weft_future_unref(future);
  REQUIRE_OK(weft_executor_submit_task(pool, make_task(&moving_type, &unread, 3), NULL));
  end_executor(pool);
  check_fate(&read, 1, 0, 1);
  check_fate(&unread, 1, 0, 1);
  pool = make_caller_run();
  REQUIRE_OK(weft_executor_submit_task(pool, make_task(&moving_type, &cancelled, 3), &future));
  CHECK_STATUS(weft_future_cancel(future), WEFT_OK);
  CHECK_STATUS(weft_future_take(future, 0, &room), WEFT_ECANCELED);
  weft_future_unref(future);
  end_executor(pool);
  check_fate(&cancelled, 0, 1, 0);
}

static void a_failure_leaves_the_room_empty(void) {
  weft_executor_t *pool = make_pool(2);
  fate_t fate = {0, 0, 0};
  weft_future_t *future = NULL;
  weft_error_t *error = NULL;
  weft_task_t *task = make_task(&closure_type, &fate, 1);
  ((closure_t *)weft_task_room(task))->status = 42;
  REQUIRE_OK(weft_executor_submit_task(pool, task, &future));
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, NULL), WEFT_EFAILED);
  REQUIRE_OK(weft_future_exception(future, 0, &error));
  CHECK_EQUAL(weft_error_code(error), 42);
  weft_error_unref(error);
  weft_future_unref(future);
  task = make_task(&closure_type, &fate, 1);
  ((closure_t *)weft_task_room(task))->with_error = 1;
  REQUIRE_OK(weft_executor_submit_task(pool, task, &future));
  REQUIRE_OK(weft_future_exception(future, WEFT_FOREVER, &error));
  CHECK_EQUAL(weft_error_code(error), 11);
  CHECK_TEXT(weft_error_kind(error), "RoomError");
  weft_error_unref(error);
  weft_future_unref(future);
  end_executor(pool);
  check_fate(&fate, 2, 0, 0);
}

static void a_cancelled_task_drops_its_closure(void) {
  weft_executor_t *pool = make_pool(1);
  gate_t gate = GATE_CLOSED;
  weft_future_t *running = occupy_worker(pool, &gate), *future = NULL;
  fate_t fate = {0, 0, 0};
  REQUIRE_OK(weft_executor_submit_task(pool, make_task(&closure_type, &fate, 1), &future));
  CHECK_STATUS(weft_future_cancel(future), WEFT_OK);
  check_fate(&fate, 0, 1, 0);
  gate_open(&gate);
  weft_future_unref(running);
  end_executor(pool);
  weft_future_unref(future);
  check_fate(&fate, 0, 1, 0);
}

static void without_a_future_the_result_is_dropped_too(void) {
  weft_executor_t *pool = make_pool(2);
  fate_t fate = {0, 0, 0}, posted = {0, 0, 0};
  weft_future_t *out = UNTOUCHED(weft_future_t);
  weft_task_t *task = make_task(&posted_type, &posted, 3);
  CHECK_STATUS(weft_executor_submit_task(pool, task, &out), WEFT_EINVAL); /* the task has no future */
  CHECK_STATUS(weft_executor_submit_tasks(pool, &task, 1, &out), WEFT_EINVAL);
  CHECK(out == UNTOUCHED(weft_future_t));
  check_fate(&posted, 0, 0, 0);
  REQUIRE_OK(weft_executor_submit_task(pool, task, NULL));
  REQUIRE_OK(weft_executor_submit_task(pool, make_task(&closure_type, &fate, 2), NULL));
  end_executor(pool);
  check_fate(&posted, 1, 0, 1);
  check_fate(&fate, 1, 0, 1);
}

static void a_refused_task_stays_the_callers(void) {
  weft_executor_t *pool = make_pool(1);
  fate_t fate = {0, 0, 0};
  weft_task_t *task = make_task(&closure_type, &fate, 5), *pair[2] = {NULL, NULL};
  weft_future_t *outs[2] = {UNTOUCHED(weft_future_t), UNTOUCHED(weft_future_t)};
  pair[0] = task;
  CHECK_STATUS(weft_executor_submit_task(NULL, task, outs), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_submit_task(pool, NULL, outs), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_submit_tasks(NULL, pair, 1, outs), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_submit_tasks(pool, NULL, 1, outs), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_submit_tasks(pool, pair, 2, outs), WEFT_EINVAL); /* the second is NULL */
  CHECK_STATUS(weft_executor_submit_tasks(pool, pair, 0, outs), WEFT_OK);
  CHECK_STATUS(weft_executor_submit_tasks(pool, NULL, 0, NULL), WEFT_OK);
  CHECK_STATUS(weft_executor_shutdown(pool, 0, 0), WEFT_OK);
  CHECK_STATUS(weft_executor_submit_task(pool, task, outs), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_executor_submit_tasks(pool, pair, 1, outs), WEFT_ESHUTDOWN);
  CHECK(outs[0] == UNTOUCHED(weft_future_t) && outs[1] == UNTOUCHED(weft_future_t));
  CHECK_EQUAL(((closure_t *)weft_task_room(task))->input, 5); /* the closure is unchanged */
  check_fate(&fate, 0, 0, 0);
  weft_executor_unref(pool);
  pool = make_pool(1); /* and the task may be submitted elsewhere */
  REQUIRE_OK(weft_executor_submit_task(pool, task, outs));
  CHECK_STATUS(weft_future_wait(outs[0], WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(((outcome_t *)weft_future_room(outs[0]))->square, 25);
  weft_future_unref(outs[0]);
  end_executor(pool);
  check_fate(&fate, 1, 0, 1);
}

static void many_at_once(void) {
  enum { count = 300 };
  weft_executor_t *pool = make_pool(3);
  static weft_task_t *tasks[count];
  static weft_future_t *futures[count];
  fate_t fate = {0, 0, 0};
  int i;
  for (i = 0; i < count; ++i) tasks[i] = make_task(&closure_type, &fate, i);
  REQUIRE_OK(weft_executor_submit_tasks(pool, tasks, count, futures));
  for (i = 0; i < count; ++i) {
    CHECK_STATUS(weft_future_wait(futures[i], WEFT_FOREVER), WEFT_OK);
    CHECK_EQUAL(((outcome_t *)weft_future_room(futures[i]))->square, (int64_t)i * i);
    weft_future_unref(futures[i]);
  }
  for (i = 0; i < count; ++i) tasks[i] = make_task(i % 2 ? &posted_type : &closure_type, &fate, i);
  REQUIRE_OK(weft_executor_submit_tasks(pool, tasks, count, NULL));
  end_executor(pool);
  check_fate(&fate, 2 * count, 0, 2 * count);
}

static void every_kind_of_executor_takes_them(void) {
  weft_executor_t *pool = make_pool(2), *strand = make_strand(pool), *mine = make_caller_run();
  weft_future_t *futures[2];
  fate_t fate = {0, 0, 0};
  int i;
  REQUIRE_OK(weft_executor_submit_task(strand, make_task(&closure_type, &fate, 3), &futures[0]));
  REQUIRE_OK(weft_executor_submit_task(mine, make_task(&closure_type, &fate, 3), &futures[1]));
  REQUIRE_OK(weft_executor_submit_task(mine, make_task(&posted_type, &fate, 3), NULL));
  CHECK_STATUS(weft_executor_run(mine, 1, WEFT_FOREVER, NULL), WEFT_OK);
  for (i = 0; i < 2; ++i) {
    CHECK_STATUS(weft_future_wait(futures[i], WEFT_FOREVER), WEFT_OK);
    CHECK_EQUAL(((outcome_t *)weft_future_room(futures[i]))->square, 9);
    weft_future_unref(futures[i]);
  }
  weft_executor_unref(mine); /* cancels the posted task */
  end_executor(strand);
  end_executor(pool);
  check_fate(&fate, 2, 1, 2);
}

static void drops_may_be_left_out(void) {
  weft_executor_t *mine = make_caller_run();
  weft_task_type_t type = closure_type;
  fate_t fate = {0, 0, 0};
  weft_future_t *future = NULL;
  type.drop = NULL;
  type.drop_result = NULL;
  REQUIRE_OK(weft_executor_submit_task(mine, make_task(&type, &fate, 1), &future));
  CHECK_STATUS(weft_future_cancel(future), WEFT_OK);
  weft_future_unref(future);
  REQUIRE_OK(weft_executor_submit_task(mine, make_task(&type, &fate, 1), &future));
  end_executor(mine);
  weft_future_unref(future);
  check_fate(&fate, 1, 0, 0);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"types out of range are invalid", types_out_of_range_are_invalid},
      {"NULL is harmless", null_is_harmless},
      {"rooms of any size and alignment", rooms_of_any_size_and_alignment},
      {"destroying does not touch the room", destroying_does_not_touch_the_room},
      {"the result lands in the room", the_result_lands_in_the_room},
      {"a result that was moved out is not dropped", a_result_that_was_moved_out_is_not_dropped},
      {"a failure leaves the room empty", a_failure_leaves_the_room_empty},
      {"a cancelled task drops its closure", a_cancelled_task_drops_its_closure},
      {"without a future the result is dropped too", without_a_future_the_result_is_dropped_too},
      {"a refused task stays the caller's", a_refused_task_stays_the_callers},
      {"many at once", many_at_once},
      {"every kind of executor takes them", every_kind_of_executor_takes_them},
      {"drops may be left out", drops_may_be_left_out},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
