/* Tests of priorities (weft/task_options.h, weft_task_set_priority): which of the waiting tasks start first, the order
 * within a priority, and how long one can starve. One worker, held at a gate while tasks are submitted, gives one
 * order.
 */
#include <weft/task.h>

#include "setup.h"

enum { most = 1000, patience = 61 }; /* see WEFT_PRIORITY_HIGH and WEFT_PRIORITY_LOW */

static struct {
  int seen[most];
  int count;
} order; /* written by the only worker */

static weft_status note(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  order.seen[order.count++] = (int)(intptr_t)ctx;
  return WEFT_OK;
}

static weft_status note_in_room(void *room, weft_error_t **error) {
  return note(*(void **)room, NULL, error);
}

/* Submits tasks that are numbered from `first` on. */
static void submit_some(weft_executor_t *executor, uint32_t priority, int first, int count) {
  weft_task_options_t options;
  weft_task_options_init(&options);
  options.priority = priority;
  for (; count > 0; --count, ++first) {
    weft_future_t *future = NULL;
    CHECK_STATUS(weft_executor_submit(executor, &options, note, (void *)(intptr_t)first, NULL, &future), WEFT_OK);
    weft_future_unref(future);
  }
}

/* Makes the pool run what waits, and ends it. */
static void run_all(weft_executor_t *pool, weft_future_t *running, gate_t *gate) {
  order.count = 0;
  gate_open(gate);
  end_future(running);
  end_executor(pool);
}

static int place_of(int number) {
  int i;
  for (i = 0; i < order.count; ++i)
    if (order.seen[i] == number) return i;
  CHECK(0);
  return order.count;
}

/* Checks that the numbers from `first` on stand in their order. */
static void check_sorted(int first, int count) {
  int i;
  for (i = first + 1; i < first + count; ++i) CHECK(place_of(i - 1) < place_of(i));
}

static void unknown_ones_are_invalid(void) {
  static const weft_task_type_t type = {sizeof type, 0, sizeof(void *), 0, note_in_room, NULL, NULL};
  weft_executor_t *pool = make_pool(1);
  weft_task_options_t options;
  weft_future_t *out = UNTOUCHED(weft_future_t);
  weft_call_t call = {note, NULL, NULL};
  weft_task_t *task = NULL;
  weft_task_options_init(&options);
  options.priority = WEFT_PRIORITY_LOW + 1;
  CHECK_STATUS(weft_executor_submit(pool, &options, note, NULL, NULL, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_submit_batch(pool, &options, &call, 1, &out), WEFT_EINVAL);
  CHECK(out == UNTOUCHED(weft_future_t));
  REQUIRE_OK(weft_task_create(&type, &task));
  CHECK_STATUS(weft_task_set_priority(task, WEFT_PRIORITY_LOW + 1), WEFT_EINVAL);
  CHECK_STATUS(weft_task_set_priority(task, UINT32_MAX), WEFT_EINVAL);
  CHECK_STATUS(weft_task_set_priority(NULL, WEFT_PRIORITY_LOW), WEFT_EINVAL);
  weft_task_destroy(&task);
  end_executor(pool);
}

static void high_before_normal_before_low(void) {
  static const int expected[] = {30, 31, 32, 20, 21, 10, 11, 12};
  weft_executor_t *pool = make_pool(1);
  gate_t gate = GATE_CLOSED;
  weft_future_t *running = occupy_worker(pool, &gate);
  size_t i;
  submit_some(pool, WEFT_PRIORITY_LOW, 10, 3);
  submit_some(pool, WEFT_PRIORITY_NORMAL, 20, 2);
  submit_some(pool, WEFT_PRIORITY_HIGH, 30, 3);
  run_all(pool, running, &gate);
  CHECK_EQUAL(order.count, CHECK_COUNT_OF(expected));
  for (i = 0; i < CHECK_COUNT_OF(expected); ++i) CHECK_EQUAL(order.seen[i], expected[i]);
}

static void batches_and_tasks_with_room_have_priorities_too(void) {
  static const weft_task_type_t type = {sizeof type, 0, sizeof(void *), 0, note_in_room, NULL, NULL};
  static const int expected[] = {4, 1, 2, 3};
  weft_executor_t *pool = make_pool(1);
  gate_t gate = GATE_CLOSED;
  weft_future_t *running = occupy_worker(pool, &gate);
  weft_task_options_t options;
  weft_call_t calls[2] = {{note, (void *)(intptr_t)2, NULL}, {note, (void *)(intptr_t)3, NULL}};
  weft_task_t *task = NULL;
  size_t i;
  weft_task_options_init(&options);
  options.priority = WEFT_PRIORITY_LOW;
  REQUIRE_OK(weft_executor_submit_batch(pool, &options, calls, 2, NULL));
  submit_some(pool, WEFT_PRIORITY_NORMAL, 1, 1);
  REQUIRE_OK(weft_task_create(&type, &task));
  *(void **)weft_task_room(task) = (void *)(intptr_t)4;
  CHECK_STATUS(weft_task_set_priority(task, WEFT_PRIORITY_HIGH), WEFT_OK);
  REQUIRE_OK(weft_executor_submit_task(pool, task, NULL));
  run_all(pool, running, &gate);
  CHECK_EQUAL(order.count, CHECK_COUNT_OF(expected));
  for (i = 0; i < CHECK_COUNT_OF(expected); ++i) CHECK_EQUAL(order.seen[i], expected[i]);
}

/* Many tasks come first. Each of the few waiting tasks starts after at most `patience` others. */
static void check_starvation(uint32_t many, uint32_t few) {
  weft_executor_t *pool = make_pool(1);
  gate_t gate = GATE_CLOSED;
  weft_future_t *running = occupy_worker(pool, &gate);
  int i, before = -1;
  submit_some(pool, few, 500, 5);
  submit_some(pool, many, 0, 500);
  run_all(pool, running, &gate);
  CHECK_EQUAL(order.count, 505);
  check_sorted(0, 500);
  check_sorted(500, 5);
  for (i = 500; i < 505; ++i) {
    CHECK(place_of(i) - before <= patience);
    /* The low ones do not start often either: low is still a priority. (One more may start if half a millisecond ends
     * just then.)
     */
    if (few == WEFT_PRIORITY_LOW && i >= 503) CHECK(place_of(i) - place_of(i - 3) >= patience);
    before = place_of(i);
  }
}

static void low_ones_start_at_last(void) {
  check_starvation(WEFT_PRIORITY_NORMAL, WEFT_PRIORITY_LOW);
  check_starvation(WEFT_PRIORITY_HIGH, WEFT_PRIORITY_LOW);
}

static void normal_ones_start_at_last(void) {
  check_starvation(WEFT_PRIORITY_HIGH, WEFT_PRIORITY_NORMAL);
}

static void all_three_at_once(void) {
  weft_executor_t *pool = make_pool(1);
  gate_t gate = GATE_CLOSED;
  weft_future_t *running = occupy_worker(pool, &gate);
  submit_some(pool, WEFT_PRIORITY_LOW, 0, 3);
  submit_some(pool, WEFT_PRIORITY_NORMAL, 100, 300);
  submit_some(pool, WEFT_PRIORITY_HIGH, 500, 400);
  run_all(pool, running, &gate);
  CHECK_EQUAL(order.count, 703);
  CHECK(place_of(0) <= patience); /* neither high nor normal tasks keep it waiting longer */
  CHECK(place_of(1) <= 2 * patience + 1);
  CHECK(place_of(100) <= patience);
  CHECK(place_of(500) <= 3);
  check_sorted(0, 3);
  check_sorted(100, 300);
  check_sorted(500, 400);
}

/* Which calls refuse a priority, and where, is in task_options.c. */
static void one_batch_has_one_priority(void) {
  static const weft_task_type_t type = {sizeof type, 0, sizeof(void *), 0, note_in_room, NULL, NULL};
  weft_executor_t *pool = make_pool(1);
  weft_task_t *tasks[2] = {NULL, NULL};
  weft_future_t *futures[2] = {UNTOUCHED(weft_future_t), UNTOUCHED(weft_future_t)};
  int i;
  for (i = 0; i < 2; ++i) {
    REQUIRE_OK(weft_task_create(&type, &tasks[i]));
    *(void **)weft_task_room(tasks[i]) = (void *)(intptr_t)i;
  }
  CHECK_STATUS(weft_task_set_priority(tasks[1], WEFT_PRIORITY_HIGH), WEFT_OK);
  CHECK_STATUS(weft_executor_submit_tasks(pool, tasks, 2, futures), WEFT_ENOTSUP);
  CHECK(futures[0] == UNTOUCHED(weft_future_t) && futures[1] == UNTOUCHED(weft_future_t));
  CHECK_STATUS(weft_task_set_priority(tasks[0], WEFT_PRIORITY_HIGH), WEFT_OK);
  order.count = 0;
  REQUIRE_OK(weft_executor_submit_tasks(pool, tasks, 2, futures));
  for (i = 0; i < 2; ++i) end_future(futures[i]);
  end_executor(pool);
  CHECK_EQUAL(order.count, 2);
}

static void groups_refuse_them(void) {
  static const weft_task_type_t type = {sizeof type, WEFT_TASK_POSTED, sizeof(void *), 0, note_in_room, NULL, NULL};
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = NULL;
  weft_task_t *task = NULL;
  REQUIRE_OK(weft_group_create(pool, NULL, &group));
  REQUIRE_OK(weft_task_create(&type, &task));
  *(void **)weft_task_room(task) = (void *)(intptr_t)7;
  order.count = 0;
  CHECK_STATUS(weft_task_set_priority(task, WEFT_PRIORITY_HIGH), WEFT_OK);
  CHECK_STATUS(weft_group_spawn_task(group, task), WEFT_ENOTSUP);
  CHECK_STATUS(weft_task_set_priority(task, WEFT_PRIORITY_LOW), WEFT_OK);
  CHECK_STATUS(weft_group_spawn_task(group, task), WEFT_ENOTSUP);
  CHECK_STATUS(weft_task_set_priority(task, WEFT_PRIORITY_NORMAL), WEFT_OK);
  CHECK_STATUS(weft_group_spawn_task(group, task), WEFT_OK);
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(order.count, 1);
  weft_group_unref(group);
  end_executor(pool);
}

static const check_case_t cases[] = {
    {"unknown ones are invalid", unknown_ones_are_invalid},
    {"high before normal before low", high_before_normal_before_low},
    {"batches and tasks with room have priorities too", batches_and_tasks_with_room_have_priorities_too},
    {"low ones start at last", low_ones_start_at_last},
    {"normal ones start at last", normal_ones_start_at_last},
    {"all three at once", all_three_at_once},
    {"one batch has one priority", one_batch_has_one_priority},
    {"groups refuse them", groups_refuse_them},
};

int main(int argc, char **argv) {
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
