/* Tests of groups (weft/group.h) when something ends: the last handle, the pool, a thread inside a task. Each spawned
 * task is run or dropped, once.
 */
#include "group.h"

static void without_handles_what_was_spawned_still_runs(void) {
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  weft_future_t *running = occupy_worker(pool, &gate);
  int counter = 0;
  spawn_counting(group, &counter, 10);
  weft_group_unref(group);
  gate_open(&gate);
  end_executor(pool);
  CHECK_EQUAL(count_of(&counter), 20);
  weft_future_unref(running);
}

typedef struct forker {
  weft_group_t *group;
  gate_t *gate; /* passed after the spawning; NULL: none */
  int *counter;
  int count;
  int gives_back; /* it gives back the group's handle */
} forker_t;

static weft_status fork_and_leave(void *ctx, void **result, weft_error_t **error) {
  forker_t *self = (forker_t *)ctx;
  (void)result;
  (void)error;
  spawn_counting(self->group, self->counter, self->count);
  if (self->gives_back) weft_group_unref(self->group);
  if (self->gate) gate_pass(self->gate);
  return WEFT_OK;
}

static void nobody_waits_for_what_a_task_has_spawned(void) {
  uint32_t workers;
  for (workers = 1; workers <= 2; ++workers) {
    weft_executor_t *pool = make_pool(workers);
    int counter = 0;
    forker_t forker = {NULL, NULL, NULL, 1000, 1};
    forker.group = make_group(pool);
    forker.counter = &counter;
    end_future(submit(pool, fork_and_leave, &forker, NULL));
    end_executor(pool);
    CHECK_EQUAL(count_of(&counter), 2000);
  }
}

static void a_closed_pool(void) {
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  gate_t before = GATE_CLOSED;
  int counter = 0, refused = 0;
  forker_t forker = {NULL, NULL, NULL, 10, 0};
  weft_future_t *running = occupy_worker(pool, &before), *inside;
  forker.group = group;
  forker.counter = &counter;
  inside = submit(pool, fork_and_leave, &forker, NULL);
  CHECK_STATUS(weft_executor_shutdown(pool, 0, 0), WEFT_OK);
  CHECK_STATUS(weft_group_spawn(group, NULL, count_run, &refused, count_drop), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_group_wait(group, 0), WEFT_OK); /* nothing is pending */
  gate_open(&before);
  end_future(inside); /* an accepted task may still spawn */
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(count_of(&counter), 20);
  CHECK_EQUAL(count_of(&refused), 0);
  weft_group_unref(group);
  end_future(running);
  end_executor(pool);
}

static weft_status refuse_to_begin(void *ctx, weft_error_t **error) {
  (void)error;
  gate_pass((gate_t *)ctx);
  return 42;
}

static void a_broken_pool(void) {
  weft_executor_options_t options;
  weft_executor_t *pool = NULL;
  weft_group_t *group;
  gate_t gate = GATE_CLOSED;
  int counter = 0;
  weft_executor_options_init(&options);
  options.max_workers = 1;
  options.initializer = refuse_to_begin;
  options.initializer_ctx = &gate;
  REQUIRE_OK(weft_executor_create(NULL, &options, &pool));
  group = make_group(pool);
  spawn_counting(group, &counter, 5);
  gate_open(&gate);
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_EFAILED); /* no task has run; the error is the pool's */
  CHECK_EQUAL(count_of(&counter), 5);
  CHECK_STATUS(weft_group_spawn(group, NULL, count_run, &counter, count_drop), WEFT_EBROKEN);
  CHECK_EQUAL(count_of(&counter), 5);
  weft_group_unref(group);
  end_executor(pool);
}

static void shutdown_cancels_what_was_spawned_outside(void) {
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  weft_future_t *running = occupy_worker(pool, &gate);
  int counter = 0;
  spawn_counting(group, &counter, 20);
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_CANCEL_PENDING, 0), WEFT_OK);
  CHECK_EQUAL(count_of(&counter), 20); /* each is dropped, in that call */
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_ECANCELED);
  gate_open(&gate);
  end_future(running);
  end_executor(pool);
  CHECK_EQUAL(count_of(&counter), 20);
  weft_group_unref(group);
}

/* Spawned tasks lie on the deque of a worker that is busy with their spawner. They are dropped when that worker, or
 * another one, comes to them. */
static void shutdown_cancels_what_was_spawned_inside(void) {
  int workers, round, rounds = check_rounds(20, 1000);
  for (workers = 1; workers <= 2; ++workers)
    for (round = 0; round < rounds; ++round) {
      weft_executor_t *pool = make_pool((uint32_t)workers);
      weft_group_t *group = make_group(pool);
      gate_t gate = GATE_CLOSED;
      int counter = 0;
      forker_t forker = {NULL, NULL, NULL, 300, 0}; /* more than a deque holds */
      weft_future_t *spawner;
      weft_status status;
      forker.group = group;
      forker.gate = &gate;
      forker.counter = &counter;
      spawner = submit(pool, fork_and_leave, &forker, NULL);
      gate_await(&gate, 1);
      CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_CANCEL_PENDING, 0), WEFT_OK);
      gate_open(&gate);
      status = weft_group_wait(group, WEFT_FOREVER);
      if (workers == 1) CHECK_STATUS(status, WEFT_ECANCELED);
      CHECK(status == WEFT_ECANCELED || status == WEFT_OK);
      CHECK(workers > 1 || count_of(&counter) == 300);
      CHECK(count_of(&counter) >= 300 && count_of(&counter) <= 600);
      end_future(spawner);
      end_executor(pool);
      weft_group_unref(group);
    }
}

static weft_status end_the_thread(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  __atomic_add_fetch((int *)ctx, 1, __ATOMIC_ACQ_REL);
  pthread_exit(NULL);
}

static void a_task_that_ends_its_thread_fails(void) {
  uint32_t workers;
  for (workers = 1; workers <= 2; ++workers) {
    weft_executor_t *pool = make_pool(workers);
    weft_group_t *group = make_group(pool);
    weft_error_t *error = NULL;
    int counter = 0;
    spawn_counting(group, &counter, 5);
    REQUIRE_OK(weft_group_spawn(group, NULL, end_the_thread, &counter, NULL));
    spawn_counting(group, &counter, 5);
    CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_EFAILED);
    CHECK_EQUAL(count_of(&counter), 21);
    CHECK_STATUS(weft_group_error(group, &error), WEFT_OK);
    if (CHECK(error != NULL)) CHECK_TEXT(weft_error_kind(error), "thread_exit");
    weft_error_unref(error);
    CHECK_STATUS(weft_group_reset(group), WEFT_OK);
    spawn_counting(group, &counter, 5); /* by another worker */
    end_group(group);
    CHECK_EQUAL(count_of(&counter), 31);
    end_executor(pool);
  }
}

typedef struct inner_end {
  weft_executor_t *pool;
  int *counter;
} inner_end_t;

/* The waiter runs the task that ends the thread, so the waiter's own task ends too. The tasks that are left on its
 * deque still run.
 */
static weft_status wait_for_one_that_ends_the_thread(void *ctx, void **result, weft_error_t **error) {
  inner_end_t *self = (inner_end_t *)ctx;
  weft_group_t *group = make_group(self->pool);
  (void)result;
  (void)error;
  spawn_counting(group, self->counter, 10);
  CHECK_STATUS(weft_group_spawn(group, NULL, end_the_thread, self->counter, NULL), WEFT_OK);
  weft_group_unref(weft_group_ref(group));
  weft_group_wait(group, WEFT_FOREVER);
  CHECK(0); /* not reached: the only worker has run the task that ends it */
  return WEFT_OK;
}

static void the_thread_of_a_waiter_ends(void) {
  inner_end_t ctx = {NULL, NULL};
  int counter = 0;
  weft_future_t *waiter;
  ctx.pool = make_pool(1);
  ctx.counter = &counter;
  waiter = submit(ctx.pool, wait_for_one_that_ends_the_thread, &ctx, NULL);
  CHECK_STATUS(weft_future_wait(waiter, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(weft_future_state(waiter), WEFT_FUTURE_ERROR);
  weft_future_unref(waiter);
  end_executor(ctx.pool);
  CHECK_EQUAL(count_of(&counter), 21);
}

static const check_case_t cases[] = {
    {"without handles what was spawned still runs", without_handles_what_was_spawned_still_runs},
    {"nobody waits for what a task has spawned", nobody_waits_for_what_a_task_has_spawned},
    {"a closed pool", a_closed_pool},
    {"a broken pool", a_broken_pool},
    {"shutdown cancels what was spawned outside", shutdown_cancels_what_was_spawned_outside},
    {"shutdown cancels what was spawned inside", shutdown_cancels_what_was_spawned_inside},
    {"a task that ends its thread fails", a_task_that_ends_its_thread_fails},
    {"the thread of a waiter ends", the_thread_of_a_waiter_ends},
};

int main(int argc, char **argv) {
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
