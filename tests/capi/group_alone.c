/* Tests of groups without a pool: nothing can be spawned into them, and things are entered, left and waited for. */
#include "group.h"
#include "queue.h"

static weft_status run_in_room(void *room, weft_error_t **error) {
  (void)room;
  (void)error;
  return WEFT_OK;
}

static const weft_task_type_t posted_type = {
    sizeof posted_type, WEFT_TASK_POSTED, sizeof(int), 0, run_in_room, NULL, NULL};

static void nothing_can_be_spawned(void) {
  weft_group_t *group = make_group(NULL);
  weft_task_t *task = NULL;
  int counter = 0, closure = 0;
  CHECK_STATUS(weft_group_spawn(group, NULL, count_run, &counter, count_drop), WEFT_ENOTSUP);
  REQUIRE_OK(weft_task_create(&posted_type, &task));
  CHECK_STATUS(weft_group_spawn_task(group, task), WEFT_ENOTSUP);
  weft_task_destroy(&task);
  CHECK_STATUS(weft_group_spawn_value(group, NULL, &posted_type, &closure, sizeof closure), WEFT_ENOTSUP);
  CHECK_EQUAL(counter, 0);
  end_group(group);
}

typedef struct waiter {
  weft_group_t *group;
  uint64_t tid; /* atomic; 0 before */
  weft_status waited;
} waiter_t;

static weft_status wait_inside(void *ctx, void **result, weft_error_t **error) {
  waiter_t *self = (waiter_t *)ctx;
  (void)result;
  (void)error;
  __atomic_store_n(&self->tid, own_tid(), __ATOMIC_RELEASE);
  self->waited = weft_group_wait(self->group, WEFT_FOREVER);
  return WEFT_OK;
}

static void await_waiter(waiter_t *waiter) {
  while (__atomic_load_n(&waiter->tid, __ATOMIC_ACQUIRE) == 0) sched_yield();
  await_asleep(__atomic_load_n(&waiter->tid, __ATOMIC_ACQUIRE));
}

static void it_is_waited_for_outside_and_inside_of_tasks(void) {
  weft_executor_t *pool = make_pool(1);
  waiter_t waiter = {make_group(NULL), 0, 1};
  weft_future_t *task;
  CHECK_STATUS(weft_group_wait(waiter.group, 0), WEFT_OK);
  CHECK_STATUS(weft_group_enter(waiter.group), WEFT_OK);
  CHECK_STATUS(weft_group_enter(waiter.group), WEFT_OK);
  CHECK_STATUS(weft_group_wait(waiter.group, 1000), WEFT_ETIMEDOUT);
  CHECK_STATUS(weft_group_reset(waiter.group), WEFT_EINVALIDSTATE);
  task = submit(pool, wait_inside, &waiter, NULL);
  await_waiter(&waiter); /* the only worker sleeps, and that is no deadlock */
  CHECK_STATUS(weft_group_leave(waiter.group), WEFT_OK);
  CHECK_STATUS(weft_group_leave(waiter.group), WEFT_OK);
  CHECK_STATUS(weft_group_leave(waiter.group), WEFT_EINVALIDSTATE);
  end_future(task);
  CHECK_STATUS(waiter.waited, WEFT_OK);
  CHECK_STATUS(weft_group_reset(waiter.group), WEFT_OK);
  end_group(waiter.group);
  end_executor(pool);
}

static void a_wait_can_be_interrupted(void) {
  weft_executor_t *pool = make_pool(1);
  waiter_t waiter = {make_group(NULL), 0, 1};
  weft_future_t *task;
  CHECK_STATUS(weft_group_enter(waiter.group), WEFT_OK);
  task = submit(pool, wait_inside, &waiter, NULL);
  await_waiter(&waiter);
  CHECK_STATUS(weft_future_request_stop(task), WEFT_OK);
  end_future(task);
  CHECK_STATUS(waiter.waited, WEFT_EINTERRUPTED);
  CHECK_STATUS(weft_group_leave(waiter.group), WEFT_OK);
  end_group(waiter.group);
  end_executor(pool);
}

static void what_follows_runs_after_the_last_leave(void) {
  weft_executor_t *executors[3];
  int i;
  executors[0] = make_pool(1);
  executors[1] = make_strand(executors[0]);
  executors[2] = make_caller_run();
  for (i = 0; i < 3; ++i) {
    weft_group_t *group = make_group(NULL);
    weft_queue_t *queue = make_queue();
    int counter = 0, drops = 0;
    CHECK_STATUS(weft_group_set_context(group, &drops, count_drop), WEFT_OK);
    CHECK_STATUS(weft_group_enter(group), WEFT_OK);
    CHECK_STATUS(weft_group_then(group, executors[i], NULL, count_run, &counter, count_drop), WEFT_OK);
    CHECK_STATUS(weft_group_notify(group, queue, 7), WEFT_OK);
    expect_none(queue);
    CHECK_EQUAL(count_of(&counter), 0);
    weft_group_unref(group); /* what is entered keeps it */
    CHECK_EQUAL(drops, 0);
    CHECK_STATUS(weft_group_leave(group), WEFT_OK);
    CHECK_EQUAL(drops, 1);
    pop_the_one(queue, 7, WEFT_EVENT_GROUP, WEFT_OK, 0);
    if (i == 2) CHECK_STATUS(weft_executor_run(executors[i], 0, 0, NULL), WEFT_OK);
    CHECK_STATUS(weft_executor_wait_idle(executors[0], WEFT_FOREVER), WEFT_OK);
    CHECK_EQUAL(count_of(&counter), 2);
    weft_queue_unref(queue);
  }
  weft_executor_unref(executors[2]);
  end_executor(executors[1]);
  end_executor(executors[0]);
}

static void neither_cancel_nor_token_ends_what_is_entered(void) {
  weft_cancel_token_t *token = NULL;
  weft_group_options_t options;
  weft_group_t *group = NULL;
  REQUIRE_OK(weft_cancel_token_create(NULL, WEFT_FOREVER, &token));
  weft_group_options_init(&options);
  options.flags = WEFT_GROUP_CANCEL_ON_ERROR | WEFT_GROUP_SCOPED;
  options.token = token;
  REQUIRE_OK(weft_group_create(NULL, &options, &group));
  CHECK_STATUS(weft_group_enter(group), WEFT_OK);
  CHECK_STATUS(weft_group_cancel(group), WEFT_OK);
  CHECK_STATUS(weft_cancel_token_cancel(token), WEFT_OK);
  CHECK_STATUS(weft_group_wait(group, 1000), WEFT_ETIMEDOUT);
  CHECK_STATUS(weft_group_leave(group), WEFT_OK);
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
  weft_group_unref(group);
  CHECK_STATUS(weft_group_create(NULL, &options, &group), WEFT_ECANCELED);
  weft_cancel_token_unref(token);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"nothing can be spawned", nothing_can_be_spawned},
      {"it is waited for outside and inside of tasks", it_is_waited_for_outside_and_inside_of_tasks},
      {"a wait can be interrupted", a_wait_can_be_interrupted},
      {"what follows runs after the last leave", what_follows_runs_after_the_last_leave},
      {"neither cancel nor token ends what is entered", neither_cancel_nor_token_ends_what_is_entered},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
