/* Tests of cancel tokens: tasks with room, and spawned ones. */
#include "cancel.h"

static weft_status run_room(void *room, weft_error_t **error) {
  (void)error;
  count_drop(*(int **)room);
  return WEFT_OK;
}
static void drop_room(void *room) {
  **(int **)room += 10;
}

static weft_task_t *make_task(const weft_task_type_t *type, weft_cancel_token_t *token, int *count) {
  weft_task_options_t options;
  weft_task_t *task = NULL;
  weft_task_options_init(&options);
  options.token = token;
  if (CHECK_STATUS(weft_task_create_with(type, &options, &task), WEFT_OK)) *(int **)weft_task_room(task) = count;
  return task;
}

static void tasks_with_room_belong_to_tokens(void) {
  static const weft_task_type_t wide = {sizeof wide, 0, 8, 256, run_room, drop_room, NULL};
  static const weft_task_type_t posted = {sizeof posted, WEFT_TASK_POSTED, 8, 0, run_room, drop_room, NULL};
  int counts[4] = {0};
  weft_executor_t *executor = make_caller_run(), *pool = make_pool(1);
  weft_cancel_token_t *token = make_token(NULL);
  weft_task_options_t options;
  weft_task_t *task = make_task(&wide, token, &counts[0]), *out = UNTOUCHED(weft_task_t);
  weft_future_t *future = NULL;
  weft_group_t *group = NULL;
  CHECK_EQUAL((uintptr_t)weft_task_room(task) % 256, 0);
  REQUIRE_OK(weft_executor_submit_task(executor, task, &future));
  task = make_task(&posted, token, &counts[1]);
  REQUIRE_OK(weft_executor_submit_task(executor, task, NULL));
  CHECK_STATUS(weft_executor_run(executor, 1, WEFT_FOREVER, NULL), WEFT_OK);
  CHECK_EQUAL(weft_future_state(future), WEFT_FUTURE_RESULT);
  REQUIRE_OK(weft_group_create(pool, NULL, &group));
  task = make_task(&posted, token, &counts[2]);
  REQUIRE_OK(weft_group_spawn_task(group, task));
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(weft_cancel_token_cancel(token), WEFT_OK);
  task = make_task(&posted, token, &counts[3]);
  CHECK_STATUS(weft_executor_submit_task(executor, task, NULL), WEFT_ECANCELED);
  CHECK_STATUS(weft_group_spawn_task(group, task), WEFT_ECANCELED);
  weft_task_destroy(&task);
  CHECK_EQUAL(counts[0], 1);
  CHECK_EQUAL(counts[1], 10);
  CHECK_EQUAL(counts[2], 1);
  CHECK_EQUAL(counts[3], 0);
  weft_task_options_init(&options);
  options.priority = 3;
  CHECK_STATUS(weft_task_create_with(&wide, &options, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_task_create_with(NULL, NULL, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_task_create_with(&wide, NULL, NULL), WEFT_EINVAL);
  CHECK(out == UNTOUCHED(weft_task_t));
  REQUIRE_OK(weft_task_create_with(&wide, NULL, &out));
  weft_task_destroy(&out);
  weft_group_unref(group);
  weft_future_unref(future);
  weft_cancel_token_unref(token);
  weft_executor_unref(executor);
  end_executor(pool);
}

/* Two spawned tasks have one token. The running task sees the stop request in its own word, not in the group's. */
static void spawned_tasks_are_called_off_one_by_one(void) {
  static const weft_task_type_t posted = {sizeof posted, WEFT_TASK_POSTED, 8, 0, run_room, drop_room, NULL};
  gate_t gate = GATE_CLOSED;
  int count = 0, other = 0;
  weft_executor_t *pool = make_pool(1);
  weft_cancel_token_t *token = make_token(NULL);
  weft_future_t *running = occupy_worker(pool, &gate);
  weft_group_t *group = NULL;
  weft_task_t *task = NULL;
  REQUIRE_OK(weft_group_create(pool, NULL, &group));
  REQUIRE_OK(weft_group_spawn_task(group, make_task(&posted, token, &count)));
  REQUIRE_OK(weft_task_create(&posted, &task));
  *(int **)weft_task_room(task) = &other;
  REQUIRE_OK(weft_group_spawn_task(group, task));
  CHECK_STATUS(weft_cancel_token_cancel(token), WEFT_OK);
  CHECK_EQUAL(count, 10);
  gate_open(&gate);
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_ECANCELED);
  CHECK_EQUAL(other, 1);
  weft_group_unref(group);
  end_future(running);
  weft_cancel_token_unref(token);
  end_executor(pool);
}

static weft_status sleep_in_room(void *room, weft_error_t **error) {
  void *result = NULL;
  return sleep_until_stopped(*(void **)room, &result, error);
}

static void a_running_spawned_task_is_asked_to_stop(void) {
  static const weft_task_type_t posted = {sizeof posted, WEFT_TASK_POSTED, 8, 0, sleep_in_room, NULL, NULL};
  gate_t gate = GATE_CLOSED;
  weft_executor_t *pool = make_pool(2);
  weft_cancel_token_t *token = make_token(NULL);
  weft_group_t *group = NULL;
  REQUIRE_OK(weft_group_create(pool, NULL, &group));
  REQUIRE_OK(weft_group_spawn_task(group, make_task(&posted, token, (int *)(void *)&gate)));
  gate_await(&gate, 1);
  CHECK_STATUS(weft_cancel_token_cancel(token), WEFT_OK);
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
  weft_group_unref(group);
  weft_cancel_token_unref(token);
  end_executor(pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"tasks with room belong to tokens", tasks_with_room_belong_to_tokens},
      {"spawned tasks are called off one by one", spawned_tasks_are_called_off_one_by_one},
      {"a running spawned task is asked to stop", a_running_spawned_task_is_asked_to_stop},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
