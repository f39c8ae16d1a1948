/* Tests of weft/group.h: spawning from outside and inside, errors, cancel, reset, recursion, the order of one worker.
 * Waiting is in group_wait.c, ends of pools and threads in group_end.c.
 */
#include "group.h"
#include "room.h"

static void arguments_are_checked(void) {
  weft_executor_t *pool = make_pool(1), *strand = make_strand(pool), *caller_run = make_caller_run();
  weft_group_t *out = UNTOUCHED(weft_group_t), *group = make_group(pool);
  weft_group_options_t options;
  weft_error_t *error = UNTOUCHED(weft_error_t);
  probe_t probe = {0};
  weft_group_options_init(&options);
  CHECK_STATUS(weft_group_create(pool, NULL, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_group_create(strand, NULL, &out), WEFT_ENOTSUP);
  CHECK_STATUS(weft_group_create(caller_run, NULL, &out), WEFT_ENOTSUP);
  options.flags = WEFT_GROUP_SCOPED << 1;
  CHECK_STATUS(weft_group_create(pool, &options, &out), WEFT_EINVAL);
  CHECK(out == UNTOUCHED(weft_group_t));
  CHECK_STATUS(weft_group_spawn(NULL, NULL, probe_run, &probe, probe_drop), WEFT_EINVAL);
  CHECK_STATUS(weft_group_spawn(group, NULL, NULL, &probe, probe_drop), WEFT_EINVAL);
  CHECK_EQUAL(probe_drops(&probe), 0);
  CHECK_STATUS(weft_group_wait(NULL, 0), WEFT_EINVAL);
  CHECK_STATUS(weft_group_cancel(NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_group_reset(NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_group_error(NULL, &error), WEFT_EINVAL);
  CHECK_STATUS(weft_group_error(group, NULL), WEFT_EINVAL);
  CHECK(error == UNTOUCHED(weft_error_t));
  CHECK(weft_group_ref(NULL) == NULL);
  weft_group_unref(NULL);
  weft_group_settle(NULL);
  CHECK(weft_group_ref(group) == group);
  weft_group_unref(group);
  weft_group_unref(group);
  end_executor(strand);
  weft_executor_unref(caller_run);
  end_executor(pool);
}

static weft_status count_in_room(void *room, weft_error_t **error) {
  (void)error;
  __atomic_add_fetch(*(int **)room, 1, __ATOMIC_ACQ_REL);
  return WEFT_OK;
}

static void drop_in_room(void *room) {
  __atomic_add_fetch(*(int **)room, 1000, __ATOMIC_ACQ_REL);
}

static const weft_task_type_t room_type = {sizeof room_type, WEFT_TASK_POSTED, sizeof(int *), 0,
                                           count_in_room,    drop_in_room,     NULL};

static weft_task_t *make_room_task(const weft_task_type_t *type, int *counter) {
  weft_task_t *task = NULL;
  if (CHECK_STATUS(weft_task_create(type, &task), WEFT_OK)) *(int **)weft_task_room(task) = counter;
  return task;
}

static void tasks_with_room(void) {
  static const weft_task_type_t with_future = {sizeof with_future, 0,   sizeof(int *), 0, count_in_room,
                                               drop_in_room,       NULL};
  weft_executor_t *pool = make_pool(2);
  weft_group_t *group = make_group(pool);
  int counter = 0;
  weft_task_t *task = make_room_task(&with_future, &counter);
  CHECK_STATUS(weft_group_spawn_task(group, task), WEFT_EINVAL);
  weft_task_destroy(&task);
  task = make_room_task(&room_type, &counter);
  CHECK_STATUS(weft_group_spawn_task(NULL, task), WEFT_EINVAL);
  CHECK_STATUS(weft_group_spawn_task(group, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_group_spawn_task(group, task), WEFT_OK);
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(count_of(&counter), 1); /* run, and not dropped */
  CHECK_STATUS(weft_group_cancel(group), WEFT_OK);
  CHECK_STATUS(weft_group_spawn_task(group, make_room_task(&room_type, &counter)), WEFT_OK);
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_ECANCELED);
  CHECK_EQUAL(count_of(&counter), 1001); /* dropped, and not run */
  weft_group_unref(group);
  end_executor(pool);
}

static void spawned_from_outside(void) {
  uint32_t workers;
  for (workers = 1; workers <= 4; ++workers) {
    weft_executor_t *pool = make_pool(workers);
    weft_group_t *group = make_group(pool);
    int counter = 0, round;
    for (round = 1; round <= 50; ++round) { /* the group is used again and again */
      spawn_counting(group, &counter, 20);
      CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
      CHECK_EQUAL(count_of(&counter), round * 40);
    }
    weft_group_unref(group);
    end_executor(pool);
  }
}

/* A list of numbers in the order in which tasks have run. One worker writes it. */
typedef struct order {
  int seen[512];
  int count;
} order_t;

typedef struct numbered {
  order_t *order;
  int number;
} numbered_t;

static weft_status note_number(void *ctx, void **result, weft_error_t **error) {
  numbered_t *self = (numbered_t *)ctx;
  (void)result;
  (void)error;
  self->order->seen[self->order->count++] = self->number;
  return WEFT_OK;
}

enum { listed = 400 }; /* more than a deque holds */

static void from_outside_they_start_in_order(void) {
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  weft_future_t *running = occupy_worker(pool, &gate);
  static order_t order;
  static numbered_t tasks[listed];
  int i;
  order.count = 0;
  for (i = 0; i < listed; ++i) {
    tasks[i].order = &order;
    tasks[i].number = i;
    REQUIRE_OK(weft_group_spawn(group, NULL, note_number, &tasks[i], NULL));
  }
  gate_open(&gate);
  end_group(group);
  CHECK_EQUAL(order.count, listed);
  for (i = 0; i < order.count; ++i) CHECK_EQUAL(order.seen[i], i);
  end_future(running);
  end_executor(pool);
}

typedef struct spawner {
  weft_executor_t *pool;
  order_t order;
  numbered_t tasks[100];
} spawner_t;

static weft_status spawn_and_wait(void *ctx, void **result, weft_error_t **error) {
  spawner_t *self = (spawner_t *)ctx;
  weft_group_t *group = make_group(self->pool);
  int i;
  (void)result;
  (void)error;
  for (i = 0; i < 100; ++i) {
    self->tasks[i].order = &self->order;
    self->tasks[i].number = i;
    CHECK_STATUS(weft_group_spawn(group, NULL, note_number, &self->tasks[i], NULL), WEFT_OK);
  }
  end_group(group);
  return WEFT_OK;
}

static void inside_the_newest_starts_first(void) {
  static spawner_t spawner;
  int i;
  spawner.pool = make_pool(1);
  spawner.order.count = 0;
  end_future(submit(spawner.pool, spawn_and_wait, &spawner, NULL));
  CHECK_EQUAL(spawner.order.count, 100);
  for (i = 0; i < spawner.order.count; ++i) CHECK_EQUAL(spawner.order.seen[i], 99 - i);
  end_executor(spawner.pool);
}

/* A tree: each task spawns two more and waits for them, down to a given depth. */
typedef struct node {
  weft_executor_t *pool;
  int depth;
  int64_t leaves;
} node_t;

static weft_status grow(void *ctx, void **result, weft_error_t **error) {
  node_t *self = (node_t *)ctx;
  node_t left, right;
  weft_group_t *both = NULL;
  (void)result;
  (void)error;
  if (self->depth == 0) {
    self->leaves = 1;
    return WEFT_OK;
  }
  left.pool = right.pool = self->pool;
  left.depth = right.depth = self->depth - 1;
  left.leaves = right.leaves = 0;
  if (weft_group_create(self->pool, NULL, &both) != WEFT_OK) return WEFT_ENOMEM;
  CHECK_STATUS(weft_group_spawn(both, NULL, grow, &left, NULL), WEFT_OK);
  grow(&right, NULL, NULL);
  CHECK_STATUS(weft_group_wait(both, WEFT_FOREVER), WEFT_OK);
  weft_group_unref(both);
  self->leaves = left.leaves + right.leaves;
  return WEFT_OK;
}

static void a_deep_recursion(void) {
  uint32_t workers;
  for (workers = 1; workers <= 3; ++workers) {
    node_t root = {NULL, CHECK_SANITIZED ? 12 : 20, 0};
    root.pool = make_pool(workers);
    end_future(submit(root.pool, grow, &root, NULL));
    CHECK_EQUAL(root.leaves, (int64_t)1 << root.depth);
    end_executor(root.pool);
  }
}

typedef struct wide {
  weft_executor_t *pool;
  int counter;
} wide_t;

static weft_status spawn_many(void *ctx, void **result, weft_error_t **error) {
  wide_t *self = (wide_t *)ctx;
  weft_group_t *group = make_group(self->pool);
  (void)result;
  (void)error;
  spawn_counting(group, &self->counter, 1 << 16);
  end_group(group);
  CHECK_EQUAL(count_of(&self->counter), 2 << 16);
  return WEFT_OK;
}

static void a_wide_fork(void) {
  uint32_t workers;
  for (workers = 1; workers <= 3; ++workers) {
    wide_t wide = {NULL, 0};
    wide.pool = make_pool(workers);
    end_future(submit(wide.pool, spawn_many, &wide, NULL)); /* from inside */
    wide.counter = 0;
    spawn_many(&wide, NULL, NULL); /* from outside */
    end_executor(wide.pool);
  }
}

static void the_first_error_is_kept(void) {
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  weft_error_t *error = UNTOUCHED(weft_error_t);
  int counter = 0;
  CHECK_STATUS(weft_group_error(group, &error), WEFT_OK);
  CHECK(error == NULL);
  REQUIRE_OK(weft_group_spawn(group, NULL, fail_with_error, NULL, NULL));
  REQUIRE_OK(weft_group_spawn(group, NULL, fail_with_42, NULL, NULL));
  spawn_counting(group, &counter, 3);
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_EFAILED);
  CHECK_EQUAL(count_of(&counter), 6); /* an error alone cancels nothing */
  CHECK_STATUS(weft_group_error(group, &error), WEFT_OK);
  REQUIRE(error != NULL);
  CHECK_EQUAL(weft_error_code(error), 7);
  CHECK_TEXT(weft_error_message(error), "a bad value");
  weft_error_unref(error);
  CHECK_STATUS(weft_group_wait(group, 0), WEFT_EFAILED); /* reported until the group is reset */
  CHECK_STATUS(weft_group_reset(group), WEFT_OK);
  CHECK_STATUS(weft_group_error(group, &error), WEFT_OK);
  CHECK(error == NULL);
  spawn_counting(group, &counter, 1);
  end_group(group);
  end_executor(pool);
}

static void an_error_can_cancel_the_rest(void) {
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group_with(pool, WEFT_GROUP_CANCEL_ON_ERROR);
  gate_t gate = GATE_CLOSED;
  weft_future_t *running = occupy_worker(pool, &gate);
  int counter = 0;
  spawn_counting(group, &counter, 2);
  REQUIRE_OK(weft_group_spawn(group, NULL, fail_with_42, NULL, NULL));
  spawn_counting(group, &counter, 5);
  gate_open(&gate);
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_EFAILED);
  CHECK_EQUAL(count_of(&counter), 2 * 2 + 5); /* the last five were dropped, not run */
  weft_group_unref(group);
  end_future(running);
  end_executor(pool);
}

static void cancel_drops_what_has_not_started(void) {
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  weft_future_t *running = occupy_worker(pool, &gate);
  probe_t dropped = {0};
  int counter = 0;
  REQUIRE_OK(weft_group_spawn(group, NULL, probe_run, &dropped, probe_drop));
  CHECK_STATUS(weft_group_reset(group), WEFT_EINVALIDSTATE);
  CHECK_STATUS(weft_group_cancel(group), WEFT_OK);
  CHECK_EQUAL(probe_drops(&dropped), 1); /* tasks that no worker holds are dropped here */
  CHECK(pthread_equal(dropped.dropped_on, pthread_self()));
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_ECANCELED); /* although the worker is busy */
  spawn_counting(group, &counter, 4);                                 /* later tasks are dropped too */
  gate_open(&gate);
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_ECANCELED);
  CHECK_EQUAL(count_of(&counter), 4);
  CHECK_EQUAL(probe_runs(&dropped), 0);
  CHECK_STATUS(weft_group_reset(group), WEFT_OK);
  spawn_counting(group, &counter, 1);
  end_group(group);
  CHECK_EQUAL(count_of(&counter), 6);
  end_future(running);
  end_executor(pool);
}

typedef struct stoppable {
  gate_t *gate;
  weft_status woken;
  int32_t asked;
} stoppable_t;

static weft_status sleep_until_stopped(void *ctx, void **result, weft_error_t **error) {
  stoppable_t *self = (stoppable_t *)ctx;
  (void)result;
  (void)error;
  gate_pass(self->gate);
  self->woken = weft_sleep(WEFT_FOREVER);
  self->asked = weft_stop_requested();
  return WEFT_OK;
}

static void cancel_asks_what_runs_to_stop(void) {
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  stoppable_t stoppable = {NULL, WEFT_OK, 0};
  stoppable.gate = &gate;
  gate_open(&gate);
  REQUIRE_OK(weft_group_spawn(group, NULL, sleep_until_stopped, &stoppable, NULL));
  gate_await(&gate, 1);
  CHECK_STATUS(weft_group_cancel(group), WEFT_OK);
  end_group(group); /* all that was spawned has run */
  CHECK_STATUS(stoppable.woken, WEFT_EINTERRUPTED);
  CHECK_EQUAL(stoppable.asked, 1);
  end_executor(pool);
}

static weft_status build_outcome(void *room, weft_error_t **error) {
  fate_t *fate = *(fate_t **)room;
  outcome_t *outcome = (outcome_t *)room;
  (void)error;
  count_drop(&fate->runs);
  outcome->fate = fate;
  outcome->square = 49;
  return WEFT_OK;
}

/* A group reads no results: they are dropped at once, also those of a task with options. */
static void results_of_tasks_with_room_are_dropped(void) {
  static const weft_task_type_t type = {sizeof type, WEFT_TASK_POSTED, sizeof(outcome_t), 0, build_outcome,
                                        NULL,        drop_outcome};
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  weft_task_options_t options;
  weft_task_t *task = NULL;
  fate_t fate = {0, 0, 0};
  weft_task_options_init(&options);
  options.name = "named";
  REQUIRE_OK(weft_task_create(&type, &task));
  *(fate_t **)weft_task_room(task) = &fate;
  CHECK_STATUS(weft_group_spawn_task(group, task), WEFT_OK);
  REQUIRE_OK(weft_task_create_with(&type, &options, &task));
  *(fate_t **)weft_task_room(task) = &fate;
  CHECK_STATUS(weft_group_spawn_task(group, task), WEFT_OK);
  end_group(group);
  check_fate(&fate, 2, 0, 2);
  end_executor(pool);
}

static const check_case_t cases[] = {
    {"arguments are checked", arguments_are_checked},
    {"tasks with room", tasks_with_room},
    {"spawned from outside", spawned_from_outside},
    {"from outside they start in order", from_outside_they_start_in_order},
    {"inside the newest starts first", inside_the_newest_starts_first},
    {"a deep recursion", a_deep_recursion},
    {"a wide fork", a_wide_fork},
    {"the first error is kept", the_first_error_is_kept},
    {"an error can cancel the rest", an_error_can_cancel_the_rest},
    {"cancel drops what has not started", cancel_drops_what_has_not_started},
    {"cancel asks what runs to stop", cancel_asks_what_runs_to_stop},
    {"results of tasks with room are dropped", results_of_tasks_with_room_are_dropped},
};

int main(int argc, char **argv) {
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
