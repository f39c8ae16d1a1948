/* Tests of weft_group_wait and weft_group_settle (weft/group.h): time-outs, stop requests, circles, what waits may run.
 * No waiter waits for a task that no thread will run.
 */
#include "group.h"

static void timeouts(void) {
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  int64_t began;
  CHECK_STATUS(weft_group_wait(group, 0), WEFT_OK); /* nothing was spawned */
  REQUIRE_OK(weft_group_spawn(group, NULL, pass_gate, &gate, NULL));
  CHECK_STATUS(weft_group_wait(group, 0), WEFT_ETIMEDOUT);
  CHECK_STATUS(weft_group_wait(group, -5), WEFT_ETIMEDOUT);
  began = now_ns();
  CHECK_STATUS(weft_group_wait(group, 20 * WEFT_MILLISECOND), WEFT_ETIMEDOUT);
  CHECK(now_ns() - began >= 20 * WEFT_MILLISECOND);
  gate_open(&gate); /* the task still ran after the timeouts */
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(weft_group_wait(group, 0), WEFT_OK);
  weft_group_unref(group);
  end_executor(pool);
}

typedef struct waiting {
  weft_group_t *group;
  gate_t *before; /* passed before the wait */
  int64_t timeout;
  weft_status answer;
  int settles;
  uint64_t tid; /* atomic */
} waiting_t;

static weft_status wait_for_group(void *ctx, weft_error_t **error) {
  waiting_t *self = (waiting_t *)ctx;
  (void)error;
  if (self->before) gate_pass(self->before);
  __atomic_store_n(&self->tid, own_tid(), __ATOMIC_RELEASE);
  if (self->settles)
    weft_group_settle(self->group);
  else
    self->answer = weft_group_wait(self->group, self->timeout);
  return WEFT_OK;
}

static weft_status wait_in_task(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  return wait_for_group(ctx, error);
}

static uint64_t tid_of(waiting_t *waiting) {
  uint64_t tid;
  while ((tid = __atomic_load_n(&waiting->tid, __ATOMIC_ACQUIRE)) == 0) sched_yield();
  return tid;
}

static void many_may_wait(void) {
  enum { many = 4 };
  weft_executor_t *pool = make_pool(1);
  gate_t gate = GATE_CLOSED;
  waiting_t waiting[many];
  weft_thread_t *threads[many];
  weft_group_t *group = make_group(pool);
  int i;
  REQUIRE_OK(weft_group_spawn(group, NULL, pass_gate, &gate, NULL));
  for (i = 0; i < many; ++i) {
    waiting_t each = {NULL, NULL, WEFT_FOREVER, 1, 0, 0};
    waiting[i] = each;
    waiting[i].group = group;
    threads[i] = start_thread(NULL, WEFT_DAEMON_NO, wait_for_group, &waiting[i], NULL);
  }
  for (i = 0; i < many; ++i) await_asleep(tid_of(&waiting[i]));
  gate_open(&gate);
  for (i = 0; i < many; ++i) {
    end_thread(threads[i]);
    CHECK_STATUS(waiting[i].answer, WEFT_OK);
  }
  weft_group_unref(group);
  end_executor(pool);
}

static void a_stop_request_ends_the_wait_but_no_settling(void) {
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  waiting_t waits = {NULL, NULL, WEFT_FOREVER, WEFT_OK, 0, 0}, settles = {NULL, NULL, 0, WEFT_OK, 1, 0};
  weft_thread_t *waiter, *settler;
  waits.group = settles.group = group;
  REQUIRE_OK(weft_group_spawn(group, NULL, pass_gate, &gate, NULL));
  waiter = start_thread(NULL, WEFT_DAEMON_NO, wait_for_group, &waits, NULL);
  settler = start_thread(NULL, WEFT_DAEMON_NO, wait_for_group, &settles, NULL);
  await_asleep(tid_of(&waits));
  await_asleep(tid_of(&settles));
  CHECK_STATUS(weft_thread_request_stop(waiter), WEFT_OK);
  CHECK_STATUS(weft_thread_request_stop(settler), WEFT_OK);
  end_thread(waiter);
  CHECK_STATUS(waits.answer, WEFT_EINTERRUPTED);
  CHECK_STATUS(weft_thread_join(settler, 20 * WEFT_MILLISECOND), WEFT_ETIMEDOUT);
  gate_open(&gate);
  end_thread(settler);
  CHECK_STATUS(weft_group_wait(group, 0), WEFT_OK); /* the settler waited for this */
  weft_group_unref(group);
  end_executor(pool);
}

static weft_status wait_when_stopped(void *ctx, weft_error_t **error) {
  weft_group_t *group = (weft_group_t *)ctx;
  (void)error;
  while (!weft_stop_requested()) sched_yield();
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_EINTERRUPTED);
  return WEFT_OK;
}

static void one_who_was_asked_to_stop_does_not_wait(void) {
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  weft_thread_t *waiter;
  REQUIRE_OK(weft_group_spawn(group, NULL, pass_gate, &gate, NULL));
  waiter = start_thread(NULL, WEFT_DAEMON_NO, wait_when_stopped, group, NULL);
  CHECK_STATUS(weft_thread_request_stop(waiter), WEFT_OK);
  end_thread(waiter);
  gate_open(&gate);
  end_group(group);
  end_executor(pool);
}

static weft_status wait_for_own_group(void *ctx, void **result, weft_error_t **error) {
  weft_group_t *group = (weft_group_t *)ctx;
  (void)result;
  (void)error;
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_EDEADLK);
  weft_group_settle(group); /* returns too */
  return WEFT_OK;
}

/* The task spawns into its own group first. Its wait lets these tasks run, and is refused all the same. */
static weft_status spawn_and_wait_for_own_group(void *ctx, void **result, weft_error_t **error) {
  weft_group_t *group = (weft_group_t *)ctx;
  int counter = 0;
  spawn_counting(group, &counter, 3);
  wait_for_own_group(ctx, result, error);
  CHECK_EQUAL(count_of(&counter), 6); /* the wait has run them before it was refused */
  return WEFT_OK;
}

static void a_task_cannot_wait_for_its_own_group(void) {
  uint32_t workers;
  for (workers = 1; workers <= 3; ++workers) {
    weft_executor_t *pool = make_pool(workers);
    weft_group_t *group = make_group(pool);
    REQUIRE_OK(weft_group_spawn(group, NULL, wait_for_own_group, group, NULL));
    CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
    REQUIRE_OK(weft_group_spawn(group, NULL, spawn_and_wait_for_own_group, group, NULL));
    end_group(group);
    end_executor(pool);
  }
}

typedef struct crossing {
  weft_group_t *other;
  gate_t *both_run;
  int *deadlocks;
} crossing_t;

static weft_status wait_crosswise(void *ctx, void **result, weft_error_t **error) {
  crossing_t *self = (crossing_t *)ctx;
  weft_status status;
  (void)result;
  (void)error;
  gate_pass(self->both_run);
  status = weft_group_wait(self->other, WEFT_FOREVER);
  CHECK(status == WEFT_OK || status == WEFT_EDEADLK);
  if (status == WEFT_EDEADLK) __atomic_add_fetch(self->deadlocks, 1, __ATOMIC_ACQ_REL);
  return WEFT_OK;
}

static void two_groups_whose_tasks_wait_for_each_other(void) {
  int round, rounds = check_rounds(50, 2000);
  for (round = 0; round < rounds; ++round) {
    weft_executor_t *pool = make_pool(2);
    weft_group_t *first = make_group(pool), *second = make_group(pool);
    gate_t both_run = GATE_CLOSED;
    int deadlocks = 0;
    crossing_t of_first = {NULL, NULL, NULL}, of_second = {NULL, NULL, NULL};
    of_first.both_run = of_second.both_run = &both_run;
    of_first.deadlocks = of_second.deadlocks = &deadlocks;
    of_first.other = second;
    of_second.other = first;
    REQUIRE_OK(weft_group_spawn(first, NULL, wait_crosswise, &of_first, NULL));
    REQUIRE_OK(weft_group_spawn(second, NULL, wait_crosswise, &of_second, NULL));
    gate_await(&both_run, 2);
    gate_open(&both_run);
    CHECK_STATUS(weft_group_wait(first, WEFT_FOREVER), WEFT_OK);
    end_group(second); /* given back only now: a task of each group uses the other group */
    weft_group_unref(first);
    CHECK_EQUAL(count_of(&deadlocks), 1); /* one wait is refused, and then the other one succeeds */
    end_executor(pool);
  }
}

/* The only worker waits, inside a task, for tasks that come from outside: it runs them itself. */
static void the_only_worker_helps_with_tasks_from_outside(void) {
  int late;
  for (late = 0; late <= 1; ++late) { /* spawned before the wait, or also during it */
    weft_executor_t *pool = make_pool(1);
    weft_group_t *group = make_group(pool);
    gate_t before = GATE_CLOSED, held = GATE_CLOSED;
    waiting_t waits = {NULL, NULL, WEFT_FOREVER, 1, 0, 0};
    weft_future_t *waiter;
    int counter = 0;
    waits.group = group;
    waits.before = &before;
    waiter = submit(pool, wait_in_task, &waits, NULL);
    gate_await(&before, 1);
    if (late) REQUIRE_OK(weft_group_spawn(group, NULL, pass_gate, &held, NULL));
    spawn_counting(group, &counter, 5);
    gate_open(&before);
    if (late) {
      gate_await(&held, 1); /* now the waiter runs this task */
      spawn_counting(group, &counter, 5);
      gate_open(&held);
    }
    end_future(waiter);
    CHECK_STATUS(waits.answer, WEFT_OK);
    CHECK_EQUAL(count_of(&counter), late ? 20 : 10);
    weft_group_unref(group);
    end_executor(pool);
  }
}

/* A task of one group waits for another group. On the deque, tasks of its own group lie above those of the other. */
typedef struct nested {
  weft_executor_t *pool;
  weft_group_t *outer;
  int *counter;
} nested_t;

static weft_status wait_for_inner(void *ctx, void **result, weft_error_t **error) {
  nested_t *self = (nested_t *)ctx;
  weft_group_t *inner = make_group(self->pool);
  (void)result;
  (void)error;
  spawn_counting(inner, self->counter, 3);
  spawn_counting(self->outer, self->counter, 3); /* on top of the others */
  end_group(inner);
  return WEFT_OK;
}

static void groups_within_groups(void) {
  uint32_t workers;
  for (workers = 1; workers <= 3; ++workers) {
    weft_executor_t *pool = make_pool(workers);
    weft_group_t *outer = make_group(pool);
    int counter = 0, i;
    nested_t nested = {NULL, NULL, NULL};
    nested.pool = pool;
    nested.outer = outer;
    nested.counter = &counter;
    for (i = 0; i < 50; ++i) REQUIRE_OK(weft_group_spawn(outer, NULL, wait_for_inner, &nested, NULL));
    end_group(outer);
    CHECK_EQUAL(count_of(&counter), 50 * 12);
    end_executor(pool);
  }
}

typedef struct holder {
  weft_group_t *group;
  gate_t *gate;
  int *counter;
} holder_t;

static weft_status spawn_and_block(void *ctx, void **result, weft_error_t **error) {
  holder_t *self = (holder_t *)ctx;
  (void)result;
  (void)error;
  spawn_counting(self->group, self->counter, 10);
  gate_pass(self->gate);
  return WEFT_OK;
}

/* The spawner goes on, blocked where weft does not see it. The waiter does not wait for the spawner. */
static void the_wait_is_for_the_tasks_not_for_their_spawner(void) {
  weft_executor_t *pool = make_pool(2);
  weft_group_t *group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  int counter = 0;
  holder_t holder = {NULL, NULL, NULL};
  weft_future_t *spawner;
  holder.group = group;
  holder.gate = &gate;
  holder.counter = &counter;
  spawner = submit(pool, spawn_and_block, &holder, NULL);
  gate_await(&gate, 1);
  CHECK_STATUS(weft_group_wait(group, 30 * WEFT_SECOND), WEFT_OK);
  CHECK_EQUAL(count_of(&counter), 20);
  CHECK_STATUS(weft_group_reset(group), WEFT_OK);
  gate_open(&gate);
  end_future(spawner);
  weft_group_unref(group);
  end_executor(pool);
}

static const check_case_t cases[] = {
    {"timeouts", timeouts},
    {"many may wait", many_may_wait},
    {"a stop request ends the wait but no settling", a_stop_request_ends_the_wait_but_no_settling},
    {"one who was asked to stop does not wait", one_who_was_asked_to_stop_does_not_wait},
    {"a task cannot wait for its own group", a_task_cannot_wait_for_its_own_group},
    {"two groups whose tasks wait for each other", two_groups_whose_tasks_wait_for_each_other},
    {"the only worker helps with tasks from outside", the_only_worker_helps_with_tasks_from_outside},
    {"groups within groups", groups_within_groups},
    {"the wait is for the tasks, not for their spawner", the_wait_is_for_the_tasks_not_for_their_spawner},
};

int main(int argc, char **argv) {
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
