/* Tests of tasks that follow a group: weft_group_then, weft_group_then_task: when they run, and in which order. */
#include "group_then.h"

static const weft_task_type_t with_future = {sizeof with_future, 0, sizeof(probe_t *), 0, run_in_room, NULL, NULL};

static void bad_arguments_change_nothing(void) {
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  probe_t probe = {0};
  weft_task_t *task = make_task(&posted, NULL, &probe), *other = make_task(&with_future, NULL, &probe);
  CHECK_STATUS(weft_group_then(NULL, pool, NULL, probe_run, &probe, probe_drop), WEFT_EINVAL);
  CHECK_STATUS(weft_group_then(group, NULL, NULL, probe_run, &probe, probe_drop), WEFT_EINVAL);
  CHECK_STATUS(weft_group_then(group, pool, NULL, NULL, &probe, probe_drop), WEFT_EINVAL);
  CHECK_STATUS(weft_group_then_task(NULL, pool, task), WEFT_EINVAL);
  CHECK_STATUS(weft_group_then_task(group, NULL, task), WEFT_EINVAL);
  CHECK_STATUS(weft_group_then_task(group, pool, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_group_then_task(group, pool, other), WEFT_EINVAL);
  weft_task_destroy(&task);
  weft_task_destroy(&other);
  weft_group_unref(group);
  end_executor(pool);
  CHECK_EQUAL(probe_runs(&probe) + probe_drops(&probe), 0);
}

static void after_an_empty_group_at_once(void) {
  weft_executor_t *pool = make_pool(1), *kinds[3];
  weft_group_t *group = make_group(pool);
  int i;
  kinds[0] = pool;
  kinds[1] = make_strand(pool);
  kinds[2] = make_caller_run();
  for (i = 0; i < 3; ++i) {
    probe_t probe = {0}, other = {0};
    CHECK_STATUS(weft_group_then(group, kinds[i], NULL, probe_run, &probe, probe_drop), WEFT_OK);
    CHECK_STATUS(weft_group_then_task(group, kinds[i], make_task(&posted, NULL, &other)), WEFT_OK);
    if (i == 2) {
      CHECK_EQUAL(probe_runs(&probe), 0);
      CHECK_STATUS(weft_executor_run(kinds[2], 0, WEFT_FOREVER, NULL), WEFT_OK);
    }
    while (probe_drops(&probe) + probe_drops(&other) < 2) sched_yield();
    end_noted(&probe, 1);
    end_noted(&other, 1);
    CHECK(pthread_equal(probe.ran_on, probe.dropped_on));
  }
  weft_group_unref(group);
  weft_executor_unref(kinds[2]);
  end_executor(kinds[1]);
  end_executor(pool);
}

/* --- when, and in which order --- */

typedef struct row {
  int next; /* the number that is expected */
  int step;
} row_t;

typedef struct numbered {
  row_t *row;
  int number;
} numbered_t;

static weft_status come_in_order(void *ctx, void **result, weft_error_t **error) {
  numbered_t *self = (numbered_t *)ctx;
  (void)result;
  (void)error;
  CHECK_EQUAL(self->number, self->row->next);
  ++self->row->next;
  return WEFT_OK;
}

static void after_the_last_in_the_order_of_the_calls(void) {
  weft_executor_t *pool = make_pool(2), *mine = make_caller_run();
  weft_group_t *group = make_group(pool);
  numbered_t all[10];
  row_t row = {0, 0};
  int counter = 0, round, i;
  for (round = 0; round < 3; ++round) {
    uint64_t ran = 99;
    gate_t gate = GATE_CLOSED;
    row.next = 0;
    CHECK_STATUS(weft_group_enter(group), WEFT_OK);
    CHECK_STATUS(weft_group_spawn(group, NULL, pass_gate, &gate, NULL), WEFT_OK);
    spawn_counting(group, &counter, 5);
    for (i = 0; i < 10; ++i) {
      all[i].row = &row;
      all[i].number = i;
      CHECK_STATUS(weft_group_then(group, mine, NULL, come_in_order, &all[i], NULL), WEFT_OK);
    }
    gate_open(&gate);
    CHECK_STATUS(weft_group_wait(group, 1000000), WEFT_ETIMEDOUT);
    CHECK_STATUS(weft_executor_run(mine, 0, WEFT_FOREVER, &ran), WEFT_OK);
    CHECK_EQUAL(ran, 0);
    CHECK_STATUS(weft_group_leave(group), WEFT_OK); /* the group is done now, or when the worker ends its last task */
    while (row.next < 10) CHECK_STATUS(weft_executor_run_wait(mine, 0, WEFT_FOREVER, &ran), WEFT_OK);
    CHECK_EQUAL(row.next, 10);
    CHECK_STATUS(weft_group_reset(group), WEFT_OK); /* the group is done before its followers run */
  }
  CHECK_EQUAL(count_of(&counter), 30);
  weft_group_unref(group);
  weft_executor_unref(mine);
  end_executor(pool);
}

/* Tasks spawn from inside, so workers hold credit. The follower sees all that the tasks have done. */
typedef struct tree {
  weft_group_t *group;
  int ran; /* atomic */
  int expected;
  int seen; /* by the follower */
  gate_t over;
} tree_t;

typedef struct branch {
  tree_t *tree;
  int depth;
} branch_t;

static branch_t branches[6];

static weft_status grow(void *ctx, void **result, weft_error_t **error) {
  branch_t *self = (branch_t *)ctx;
  int i;
  (void)result;
  (void)error;
  __atomic_add_fetch(&self->tree->ran, 1, __ATOMIC_RELAXED);
  for (i = 0; self->depth > 0 && i < 4; ++i)
    CHECK_STATUS(weft_group_spawn(self->tree->group, NULL, grow, self - 1, NULL), WEFT_OK);
  return WEFT_OK;
}

static weft_status look_at_tree(void *ctx, void **result, weft_error_t **error) {
  tree_t *self = (tree_t *)ctx;
  (void)result;
  (void)error;
  self->seen = __atomic_load_n(&self->ran, __ATOMIC_RELAXED);
  gate_pass(&self->over);
  return WEFT_OK;
}

static void never_before_the_last(void) {
  weft_executor_t *pool = make_pool(3);
  int round, rounds = check_rounds(200, 20000), i;
  for (round = 0; round < rounds; ++round) {
    tree_t tree = {NULL, 0, 0, 0, GATE_CLOSED};
    int width = 1, deepest = round % 5;
    gate_open(&tree.over);
    tree.group = make_group(pool);
    for (i = 0; i < 6; ++i) {
      branches[i].tree = &tree;
      branches[i].depth = i;
    }
    for (i = 0; i <= deepest; ++i, width *= 4) tree.expected += width;
    CHECK_STATUS(weft_group_spawn(tree.group, NULL, grow, &branches[deepest], NULL), WEFT_OK);
    CHECK_STATUS(weft_group_then(tree.group, pool, NULL, look_at_tree, &tree, NULL), WEFT_OK);
    if (round % 2) weft_group_unref(tree.group);
    gate_await(&tree.over, 1);
    CHECK_EQUAL(tree.seen, tree.expected);
    if (round % 2 == 0) weft_group_unref(tree.group);
  }
  end_executor(pool);
}

/* The end of each round begins the next round, like a series of barriers. */
typedef struct relay {
  weft_executor_t *pool;
  weft_group_t *group;
  int rounds; /* left */
  int ran;    /* atomic */
  gate_t over;
} relay_t;

static weft_status next_round(void *ctx, void **result, weft_error_t **error) {
  relay_t *self = (relay_t *)ctx;
  (void)result;
  (void)error;
  CHECK_EQUAL(count_of(&self->ran) % 20, 0);
  if (self->rounds-- == 0) {
    gate_pass(&self->over);
    return WEFT_OK;
  }
  spawn_counting(self->group, &self->ran, 10);
  CHECK_STATUS(weft_group_then(self->group, self->pool, NULL, next_round, self, NULL), WEFT_OK);
  return WEFT_OK;
}

static void one_round_begins_the_next(void) {
  relay_t relay = {NULL, NULL, 0, 0, GATE_CLOSED};
  int rounds = check_rounds(300, 30000);
  gate_open(&relay.over);
  relay.pool = make_pool(2);
  relay.group = make_group(relay.pool);
  relay.rounds = rounds;
  CHECK_STATUS(weft_group_then(relay.group, relay.pool, NULL, next_round, &relay, NULL), WEFT_OK);
  gate_await(&relay.over, 1);
  CHECK_EQUAL(count_of(&relay.ran), 20 * rounds);
  weft_group_unref(relay.group);
  end_executor(relay.pool);
}

/* --- with any outcome of the group, and without handles --- */

static void whatever_became_of_its_tasks(void) {
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  probe_t probe = {0};
  int counter = 0;
  CHECK_STATUS(weft_group_spawn(group, NULL, pass_gate, &gate, NULL), WEFT_OK);
  CHECK_STATUS(weft_group_spawn(group, NULL, fail_with_42, NULL, NULL), WEFT_OK);
  spawn_counting(group, &counter, 3);
  gate_await(&gate, 1);
  CHECK_STATUS(weft_group_then(group, pool, NULL, probe_run, &probe, probe_drop), WEFT_OK);
  CHECK_STATUS(weft_group_cancel(group), WEFT_OK);
  gate_open(&gate);
  while (probe_drops(&probe) == 0) sched_yield();
  end_noted(&probe, 1);
  CHECK_EQUAL(count_of(&counter), 3); /* the drops */
  weft_group_unref(group);
  end_executor(pool);
}

/* The executor's last handle is given back early. The executor stays open until it has received the task, and then
 * ends. */
static void no_handle_need_be_kept(void) {
  weft_executor_t *pool = make_pool(1), *other = make_pool(1);
  weft_group_t *group = make_group(pool);
  probe_t probe = {0};
  CHECK_STATUS(weft_group_enter(group), WEFT_OK);
  CHECK_STATUS(weft_group_then(group, other, NULL, probe_run, &probe, probe_drop), WEFT_OK);
  weft_executor_unref(other);
  weft_group_unref(group);
  CHECK_EQUAL(probe_drops(&probe), 0);
  CHECK_STATUS(weft_group_leave(group), WEFT_OK);
  while (probe_drops(&probe) == 0) sched_yield();
  end_noted(&probe, 1);
  end_executor(pool);
}

static void a_full_queue_does_not_hold_it_up(void) {
  weft_executor_t *full = make_bounded_pool(1, WEFT_FULL_WAIT, WEFT_FOREVER);
  weft_group_t *group = make_group(full);
  gate_t gate = GATE_CLOSED;
  weft_future_t *running = occupy_worker(full, &gate), *waiting = submit(full, return_ctx, NULL, NULL);
  probe_t probe = {0};
  CHECK_STATUS(weft_group_enter(group), WEFT_OK);
  CHECK_STATUS(weft_group_then(group, full, NULL, probe_run, &probe, probe_drop), WEFT_OK);
  CHECK_STATUS(weft_group_leave(group), WEFT_OK); /* the leave does not wait for room */
  gate_open(&gate);
  end_future(running);
  end_future(waiting);
  while (probe_drops(&probe) == 0) sched_yield();
  end_noted(&probe, 1);
  weft_group_unref(group);
  end_executor(full);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"bad arguments change nothing", bad_arguments_change_nothing},
      {"after an empty group at once", after_an_empty_group_at_once},
      {"after the last in the order of the calls", after_the_last_in_the_order_of_the_calls},
      {"never before the last", never_before_the_last},
      {"one round begins the next", one_round_begins_the_next},
      {"whatever became of its tasks", whatever_became_of_its_tasks},
      {"no handle need be kept", no_handle_need_be_kept},
      {"a full queue does not hold it up", a_full_queue_does_not_hold_it_up},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
