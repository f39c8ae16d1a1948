/* Tests of weft_blocking_begin and weft_blocking_end (weft/worker.h): other tasks run meanwhile, on a bounded number of
 * spares. Surplus workers leave, and linger for the next region. A region belongs to its task.
 */
#include <weft/group.h>
#include <weft/timer.h>

#include "setup.h"

static weft_executor_t *make_pool_with_spares(uint32_t workers, uint32_t max_spares) {
  weft_executor_options_t options;
  weft_executor_t *pool = NULL;
  weft_executor_options_init(&options);
  options.max_workers = workers;
  options.max_spares = max_spares;
  CHECK_STATUS(weft_executor_create(NULL, &options, &pool), WEFT_OK);
  return pool;
}

/* ctx is a gate. */
static weft_status block_at_gate(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  CHECK_STATUS(weft_blocking_begin(), WEFT_OK);
  gate_pass((gate_t *)ctx);
  CHECK_STATUS(weft_blocking_end(), WEFT_OK);
  return WEFT_OK;
}

static weft_status end_without_begin(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  CHECK_STATUS(weft_blocking_end(), WEFT_EINVALIDSTATE);
  CHECK_STATUS(weft_blocking_begin(), WEFT_OK);
  CHECK_STATUS(weft_blocking_begin(), WEFT_OK); /* regions nest */
  CHECK_STATUS(weft_blocking_end(), WEFT_OK);
  CHECK_STATUS(weft_blocking_end(), WEFT_OK);
  CHECK_STATUS(weft_blocking_end(), WEFT_EINVALIDSTATE);
  return WEFT_OK;
}

static weft_status not_on_a_worker(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  CHECK_STATUS(weft_blocking_begin(), WEFT_ENOTSUP);
  CHECK_STATUS(weft_blocking_end(), WEFT_ENOTSUP);
  return WEFT_OK;
}

static void only_on_workers_and_in_pairs(void) {
  weft_executor_t *pool = make_pool(1), *strand = make_strand(pool), *caller_run = make_caller_run();
  not_on_a_worker(NULL, NULL, NULL);
  end_future(submit(pool, end_without_begin, NULL, NULL));
  end_future(submit(strand, end_without_begin, NULL, NULL));
  weft_future_unref(submit(caller_run, not_on_a_worker, NULL, NULL));
  CHECK_STATUS(weft_executor_run(caller_run, 0, WEFT_FOREVER, NULL), WEFT_OK);
  weft_executor_unref(caller_run);
  end_executor(strand);
  end_executor(pool);
}

static weft_status leave_open(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  CHECK_STATUS(weft_blocking_begin(), WEFT_OK);
  CHECK_STATUS(weft_blocking_begin(), WEFT_OK);
  return WEFT_OK;
}

static void a_region_ends_with_its_task(void) {
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = NULL;
  end_future(submit(pool, leave_open, NULL, NULL));
  end_future(submit(pool, end_without_begin, NULL, NULL)); /* no region is open */
  REQUIRE_OK(weft_group_create(pool, NULL, &group));
  REQUIRE_OK(weft_group_spawn(group, NULL, leave_open, NULL, NULL));
  REQUIRE_OK(weft_group_wait(group, WEFT_FOREVER));
  weft_group_unref(group);
  end_future(submit(pool, end_without_begin, NULL, NULL));
  CHECK_EQUAL(stats_of(pool).workers_blocked, 0);
  end_executor(pool);
}

static void another_task_runs_meanwhile(void) {
  weft_executor_t *pool = make_pool(1);
  gate_t gate = GATE_CLOSED;
  weft_future_t *blocked = submit(pool, block_at_gate, &gate, NULL);
  int round;
  gate_await(&gate, 1);
  CHECK_EQUAL(stats_of(pool).workers_blocked, 1);
  for (round = 0; round < 10; ++round) end_future(submit(pool, return_ctx, NULL, NULL));
  CHECK_EQUAL(stats_of(pool).workers_started, 2); /* one spare was enough */
  gate_open(&gate);
  end_future(blocked);
  await_workers(pool, 1); /* one worker is surplus now */
  CHECK_EQUAL(stats_of(pool).workers_blocked, 0);
  end_future(submit(pool, return_ctx, NULL, NULL));
  end_executor(pool);
}

/* A task that already waits when the region begins is enough reason to start a spare. */
static void tasks_that_wait_already_run_too(void) {
  weft_executor_t *pool = make_pool(1);
  gate_t held = GATE_CLOSED, gate = GATE_CLOSED;
  weft_future_t *first = occupy_worker(pool, &held);
  weft_future_t *blocked = submit(pool, block_at_gate, &gate, NULL);
  weft_future_t *behind = submit(pool, return_ctx, NULL, NULL);
  gate_open(&held);
  end_future(behind); /* while the task before it is blocked */
  CHECK_EQUAL(weft_future_running(blocked), 1);
  gate_open(&gate);
  end_future(blocked);
  end_future(first);
  end_executor(pool);
}

static void spares_are_bounded(void) {
  enum { spares = 2, tasks = 6 };
  weft_executor_t *pool = make_pool_with_spares(1, spares);
  gate_t gate = GATE_CLOSED;
  weft_future_t *futures[tasks];
  int i;
  for (i = 0; i < tasks; ++i) futures[i] = submit(pool, block_at_gate, &gate, NULL);
  gate_await(&gate, 1 + spares); /* each of them has begun its region, and so has asked for another worker */
  CHECK_EQUAL(gate_arrived(&gate), 1 + spares);
  CHECK_EQUAL(stats_of(pool).workers_alive, 1 + spares);
  CHECK_EQUAL(stats_of(pool).workers_blocked, 1 + spares);
  CHECK_EQUAL(stats_of(pool).queued, tasks - 1 - spares);
  gate_open(&gate);
  for (i = 0; i < tasks; ++i) end_future(futures[i]);
  await_workers(pool, 1);
  CHECK_EQUAL(stats_of(pool).workers_blocked, 0);
  end_executor(pool);
}

typedef struct spawner {
  weft_group_t *group;
  gate_t *gate;
  int counter;
} spawner_t;

static weft_status spawn_and_block(void *ctx, void **result, weft_error_t **error) {
  spawner_t *self = (spawner_t *)ctx;
  int i;
  for (i = 0; i < 10; ++i) CHECK_STATUS(weft_group_spawn(self->group, NULL, count_run, &self->counter, NULL), WEFT_OK);
  return block_at_gate(self->gate, result, error);
}

static void what_it_has_spawned_goes_on(void) {
  weft_executor_t *pool = make_pool(1);
  gate_t gate = GATE_CLOSED;
  spawner_t spawner = {NULL, NULL, 0};
  weft_future_t *blocked;
  REQUIRE_OK(weft_group_create(pool, NULL, &spawner.group));
  spawner.gate = &gate;
  blocked = submit(pool, spawn_and_block, &spawner, NULL);
  gate_await(&gate, 1);
  CHECK_STATUS(weft_group_wait(spawner.group, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(count_of(&spawner.counter), 10);
  gate_open(&gate);
  end_future(blocked);
  weft_group_unref(spawner.group);
  end_executor(pool);
}

static void shutdown_waits_for_what_is_blocked(void) {
  weft_executor_t *pool = make_pool(2);
  gate_t gate = GATE_CLOSED;
  weft_future_t *futures[4];
  int i;
  for (i = 0; i < 4; ++i) futures[i] = submit(pool, block_at_gate, &gate, NULL);
  gate_await(&gate, 4); /* two of them on spares */
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, 0), WEFT_ETIMEDOUT);
  gate_open(&gate);
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  for (i = 0; i < 4; ++i) end_future(futures[i]);
  CHECK_EQUAL(stats_of(pool).workers_alive, 0);
  weft_executor_unref(pool);
}

/* One task waits inside a region, so the only worker runs another task on top of it. */
typedef struct helped {
  weft_executor_t *pool;
  weft_task_fn inner;
} helped_t;

static weft_status end_none(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  CHECK_STATUS(weft_blocking_end(), WEFT_EINVALIDSTATE);
  return WEFT_OK;
}

static weft_status wait_in_region(void *ctx, void **result, weft_error_t **error) {
  helped_t *self = (helped_t *)ctx;
  weft_future_t *inner = submit(self->pool, self->inner, NULL, NULL);
  (void)result;
  (void)error;
  CHECK_STATUS(weft_blocking_begin(), WEFT_OK);
  end_future(inner);
  CHECK_EQUAL(stats_of(self->pool).workers_blocked, 1);
  CHECK_STATUS(weft_blocking_end(), WEFT_OK);
  CHECK_EQUAL(stats_of(self->pool).workers_blocked, 0);
  CHECK_STATUS(weft_blocking_end(), WEFT_EINVALIDSTATE);
  return WEFT_OK;
}

static void a_helped_task_keeps_to_its_own_regions(void) {
  static const weft_task_fn inner[] = {end_none, leave_open, end_without_begin};
  size_t i;
  for (i = 0; i < CHECK_COUNT_OF(inner); ++i) {
    helped_t helped = {make_pool_with_spares(1, 1), NULL};
    helped.inner = inner[i];
    end_future(submit(helped.pool, wait_in_region, &helped, NULL));
    end_executor(helped.pool);
  }
}

static void end_none_in_callback(void *ctx, weft_future_t *future) {
  (void)future;
  ++*(int *)ctx;
  CHECK_STATUS(weft_blocking_end(), WEFT_EINVALIDSTATE);
  CHECK_STATUS(weft_blocking_begin(), WEFT_OK);
}

static weft_status keep_in_region(void *ctx, void **result, weft_error_t **error) {
  weft_future_t *promise = (weft_future_t *)ctx;
  (void)result;
  (void)error;
  CHECK_STATUS(weft_blocking_begin(), WEFT_OK);
  CHECK_STATUS(weft_future_set_result(promise, NULL), WEFT_OK); /* its callback runs here */
  CHECK_STATUS(weft_blocking_end(), WEFT_OK);
  CHECK_STATUS(weft_blocking_end(), WEFT_EINVALIDSTATE);
  return WEFT_OK;
}

static void so_does_a_callback(void) {
  weft_executor_t *pool = make_pool(1);
  weft_future_t *promise = make_promise(NULL);
  int calls = 0;
  CHECK_STATUS(weft_future_add_done_callback(promise, end_none_in_callback, &calls, NULL), WEFT_OK);
  end_future(submit(pool, keep_in_region, promise, NULL));
  CHECK_EQUAL(calls, 1);
  CHECK_EQUAL(stats_of(pool).workers_blocked, 0);
  weft_future_unref(promise);
  end_executor(pool);
}

static weft_status open_a_gate(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  gate_open((gate_t *)ctx);
  return WEFT_OK;
}

static void timers_are_looked_after_meanwhile(void) {
  weft_executor_t *pool = make_pool(1);
  gate_t before = GATE_CLOSED, inside = GATE_CLOSED;
  weft_future_t *blocked;
  CHECK_STATUS(weft_executor_post_after(pool, 20 * WEFT_MILLISECOND, NULL, open_a_gate, &before, NULL), WEFT_OK);
  end_future(submit(pool, block_at_gate, &before, NULL));
  blocked = submit(pool, block_at_gate, &inside, NULL);
  gate_await(&inside, 1);
  CHECK_STATUS(weft_executor_post_after(pool, 20 * WEFT_MILLISECOND, NULL, open_a_gate, &inside, NULL), WEFT_OK);
  end_future(blocked);
  end_executor(pool);
}

static void spares_stay_for_the_next_region(void) {
  enum { bursts = 50, regions = 3 };
  weft_executor_t *pool = make_pool_with_spares(1, regions);
  int burst, i;
  for (burst = 0; burst < bursts; ++burst) {
    gate_t gate = GATE_CLOSED;
    weft_future_t *futures[regions];
    for (i = 0; i < regions; ++i) futures[i] = submit(pool, block_at_gate, &gate, NULL);
    gate_await(&gate, regions);
    gate_open(&gate);
    for (i = 0; i < regions; ++i) end_future(futures[i]);
    await_workers(pool, 1); /* the others have left */
  }
  CHECK(stats_of(pool).workers_started <= 1 + regions);
  end_executor(pool);
}

typedef struct indexed {
  gate_t gate;
  int seen[8]; /* atomic */
} indexed_t;

static weft_status note_index(void *ctx, void **result, weft_error_t **error) {
  indexed_t *self = (indexed_t *)ctx;
  const int32_t index = weft_worker_index();
  CHECK(index >= 0 && index < 2 + 3);
  if (index >= 0 && index < 8) __atomic_add_fetch(&self->seen[index], 1, __ATOMIC_RELAXED);
  return block_at_gate(&self->gate, result, error);
}

static void indices_are_bounded_by_workers_and_spares(void) {
  enum { workers = 2, spares = 3 };
  weft_executor_t *pool = make_pool_with_spares(workers, spares);
  indexed_t all = {GATE_CLOSED, {0}};
  weft_future_t *futures[workers + spares];
  int i;
  for (i = 0; i < workers + spares; ++i) futures[i] = submit(pool, note_index, &all, NULL);
  gate_await(&all.gate, workers + spares);
  for (i = 0; i < 8; ++i) CHECK_EQUAL(all.seen[i], i < workers + spares ? 1 : 0); /* all of them, each once */
  gate_open(&all.gate);
  for (i = 0; i < workers + spares; ++i) end_future(futures[i]);
  end_executor(pool);
}

static const check_case_t cases[] = {
    {"only on workers and in pairs", only_on_workers_and_in_pairs},
    {"a region ends with its task", a_region_ends_with_its_task},
    {"another task runs meanwhile", another_task_runs_meanwhile},
    {"tasks that wait already run too", tasks_that_wait_already_run_too},
    {"spares are bounded", spares_are_bounded},
    {"what it has spawned goes on", what_it_has_spawned_goes_on},
    {"shutdown waits for what is blocked", shutdown_waits_for_what_is_blocked},
    {"a helped task keeps to its own regions", a_helped_task_keeps_to_its_own_regions},
    {"so does a callback", so_does_a_callback},
    {"timers are looked after meanwhile", timers_are_looked_after_meanwhile},
    {"spares stay for the next region", spares_stay_for_the_next_region},
    {"indices are bounded by workers and spares", indices_are_bounded_by_workers_and_spares},
};

int main(int argc, char **argv) {
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
