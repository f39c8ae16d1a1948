/* Tests of weft_executor_stats (weft/stats.h): after a quiet scenario each figure is exact. Special cases are tested in
 * executor.c and blocking.c.
 */
#include <weft/group.h>

#include "setup.h"

static uint64_t all_waits(const weft_executor_stats_t *stats) {
  uint64_t sum = 0;
  size_t i;
  for (i = 0; i < CHECK_COUNT_OF(stats->waits); ++i) sum += stats->waits[i];
  return sum;
}

static weft_future_t *submit_with(weft_executor_t *pool, uint32_t priority, int *counter) {
  weft_task_options_t options;
  weft_future_t *future = NULL;
  weft_task_options_init(&options);
  options.priority = priority;
  CHECK_STATUS(weft_executor_submit(pool, &options, count_run, counter, NULL, &future), WEFT_OK);
  return future;
}

static void what_one_worker_did(void) {
  weft_executor_t *pool = make_pool(1);
  gate_t gate = GATE_CLOSED;
  weft_future_t *running = occupy_worker(pool, &gate), *futures[10];
  weft_executor_stats_t stats;
  int counter = 0, i;
  for (i = 0; i < 10; ++i) futures[i] = submit_with(pool, (uint32_t)i % 3, &counter);
  stats = stats_of(pool);
  CHECK_EQUAL(stats.submitted, 11);
  CHECK_EQUAL(stats.completed, 1); /* the running task counts already */
  CHECK_EQUAL(stats.queued, 10);
  for (i = 0; i < 3; ++i) CHECK_STATUS(weft_future_cancel(futures[i]), WEFT_OK);
  CHECK_EQUAL(stats_of(pool).queued, 10); /* no worker has looked at them yet */
  CHECK_EQUAL(stats_of(pool).cancelled, 0);
  gate_open(&gate);
  end_future(running);
  for (i = 0; i < 10; ++i) weft_future_unref(futures[i]);
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  stats = stats_of(pool);
  CHECK_EQUAL(count_of(&counter), 7);
  CHECK_EQUAL(stats.size, sizeof stats);
  CHECK_EQUAL(stats.max_workers, 1);
  CHECK_EQUAL(stats.workers_started, 1);
  CHECK_EQUAL(stats.workers_alive, 0);
  CHECK_EQUAL(stats.workers_refused, 0);
  CHECK_EQUAL(stats.workers_blocked, 0);
  CHECK_EQUAL(stats.queued, 0);
  CHECK_EQUAL(stats.submitted, 11);
  CHECK_EQUAL(stats.completed, 8);
  CHECK_EQUAL(stats.cancelled, 3);
  CHECK_EQUAL(stats.stolen, 0);
  CHECK_EQUAL(stats.injected, 11);
  CHECK(all_waits(&stats) >= 1 && all_waits(&stats) <= stats.submitted);
  weft_executor_unref(pool);
}

static void a_worker_that_rests_and_is_woken(void) {
  enum { rounds = 5 };
  weft_executor_t *pool = make_pool(1);
  weft_executor_stats_t stats;
  int64_t until = now_ns() + 60 * WEFT_SECOND;
  int i;
  for (i = 1; i <= rounds; ++i) {
    end_future(submit(pool, return_ctx, NULL, NULL));
    while (stats_of(pool).parks < (uint64_t)i && now_ns() < until) sched_yield();
  }
  stats = stats_of(pool);
  CHECK_EQUAL(stats.parks, rounds);
  CHECK_EQUAL(stats.wakes, rounds - 1); /* for the first task the worker was started */
  CHECK_EQUAL(stats.workers_started, 1);
  CHECK_EQUAL(stats.workers_alive, 1);
  end_executor(pool);
}

typedef struct forker {
  weft_executor_t *pool;
  gate_t *stolen; /* passed by the child, on another worker */
  int count;
} forker_t;

static weft_status open_gate(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  gate_open((gate_t *)ctx);
  return WEFT_OK;
}

static weft_status fork_one_away(void *ctx, void **result, weft_error_t **error) {
  forker_t *self = (forker_t *)ctx;
  weft_group_t *group = NULL;
  (void)result;
  (void)error;
  CHECK_STATUS(weft_group_create(self->pool, NULL, &group), WEFT_OK);
  CHECK_STATUS(weft_group_spawn(group, NULL, open_gate, self->stolen, NULL), WEFT_OK);
  gate_pass(self->stolen); /* this worker is busy until another worker has stolen the task */
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
  weft_group_unref(group);
  return WEFT_OK;
}

static void what_was_stolen(void) {
  gate_t stolen = GATE_CLOSED;
  forker_t forker = {NULL, NULL, 0};
  weft_executor_stats_t stats;
  forker.pool = make_pool(2);
  forker.stolen = &stolen;
  end_future(submit(forker.pool, fork_one_away, &forker, NULL));
  CHECK_STATUS(weft_executor_shutdown(forker.pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  stats = stats_of(forker.pool);
  CHECK_EQUAL(stats.submitted, 2);
  CHECK_EQUAL(stats.completed, 2);
  CHECK_EQUAL(stats.injected, 1); /* the spawned task lay on the deque of its spawner */
  CHECK_EQUAL(stats.stolen, 1);
  CHECK_EQUAL(stats.workers_started, 2);
  weft_executor_unref(forker.pool);
}

static weft_status fork_some(void *ctx, void **result, weft_error_t **error) {
  forker_t *self = (forker_t *)ctx;
  weft_group_t *group = NULL;
  int i;
  (void)result;
  (void)error;
  CHECK_STATUS(weft_group_create(self->pool, NULL, &group), WEFT_OK);
  for (i = 0; i < 100; ++i) CHECK_STATUS(weft_group_spawn(group, NULL, count_run, &self->count, NULL), WEFT_OK);
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
  weft_group_unref(group);
  return WEFT_OK;
}

static void spawned_tasks_count_wherever_they_run(void) {
  uint32_t workers;
  for (workers = 1; workers <= 3; ++workers) {
    forker_t forker = {NULL, NULL, 0};
    weft_executor_stats_t stats;
    forker.pool = make_pool(workers);
    end_future(submit(forker.pool, fork_some, &forker, NULL)); /* run by the waiter or by thieves */
    fork_some(&forker, NULL, NULL);                            /* spawned from outside */
    CHECK_STATUS(weft_executor_shutdown(forker.pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
    stats = stats_of(forker.pool);
    CHECK_EQUAL(count_of(&forker.count), 200);
    CHECK_EQUAL(stats.submitted, 201);
    CHECK_EQUAL(stats.completed, 201);
    CHECK_EQUAL(stats.injected, 101);
    CHECK_EQUAL(stats.cancelled, 0);
    CHECK_EQUAL(stats.queued, 0);
    if (workers == 1) CHECK_EQUAL(stats.stolen, 0);
    weft_executor_unref(forker.pool);
  }
}

static void what_a_shutdown_cancels(void) {
  weft_executor_t *pool = make_pool(1);
  gate_t gate = GATE_CLOSED;
  weft_future_t *running = occupy_worker(pool, &gate);
  int counter = 0, i;
  for (i = 0; i < 5; ++i) weft_future_unref(submit_with(pool, WEFT_PRIORITY_NORMAL, &counter));
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_CANCEL_PENDING, 0), WEFT_OK);
  CHECK_EQUAL(stats_of(pool).queued, 0);
  gate_open(&gate);
  end_future(running);
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(stats_of(pool).submitted, 6);
  CHECK_EQUAL(stats_of(pool).completed, 1);
  CHECK_EQUAL(stats_of(pool).cancelled, 5);
  CHECK_EQUAL(count_of(&counter), 0);
  weft_executor_unref(pool);
}

static void other_kinds_count_what_waits(void) {
  weft_executor_t *pool = make_pool(1), *strand = make_strand(pool), *caller_run = make_caller_run();
  gate_t gate = GATE_CLOSED;
  weft_future_t *running = occupy_worker(pool, &gate);
  int counter = 0, i;
  for (i = 0; i < 3; ++i) weft_future_unref(submit_with(strand, WEFT_PRIORITY_NORMAL, &counter));
  for (i = 0; i < 4; ++i) weft_future_unref(submit_with(caller_run, WEFT_PRIORITY_NORMAL, &counter));
  CHECK_EQUAL(stats_of(strand).queued, 3);
  CHECK_EQUAL(stats_of(strand).max_workers, 0);
  CHECK_EQUAL(stats_of(caller_run).queued, 4);
  CHECK_EQUAL(stats_of(pool).submitted, 2); /* the running task, and the turn of the strand */
  gate_open(&gate);
  end_future(running);
  end_executor(strand);
  end_executor(pool);
  weft_executor_unref(caller_run);
}

/* Only while the executor does nothing. */
static void check_balance(weft_executor_t *executor, uint64_t submitted, uint64_t completed) {
  weft_executor_stats_t stats = stats_of(executor);
  CHECK_EQUAL(stats.submitted, submitted);
  CHECK_EQUAL(stats.completed, completed);
  CHECK_EQUAL(stats.submitted, stats.completed + stats.cancelled + stats.queued);
}

static weft_status submit_and_wait(void *ctx, void **result, weft_error_t **error) {
  weft_executor_t *pool = (weft_executor_t *)ctx;
  weft_future_t *futures[20];
  int i;
  (void)result;
  (void)error;
  for (i = 0; i < 20; ++i) futures[i] = submit(pool, return_ctx, NULL, NULL);
  CHECK_STATUS(weft_future_cancel(futures[7]), WEFT_OK);
  for (i = 0; i < 20; ++i) weft_future_wait(futures[i], WEFT_FOREVER); /* the only worker runs them here */
  for (i = 0; i < 20; ++i) weft_future_unref(futures[i]);
  return WEFT_OK;
}

static void what_a_waiter_has_run(void) {
  weft_executor_t *pool = make_pool(1);
  end_future(submit(pool, submit_and_wait, pool, NULL));
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  check_balance(pool, 21, 20);
  weft_executor_unref(pool);
}

static void what_its_submitter_has_run(void) {
  weft_executor_t *pool = make_bounded_pool(1, WEFT_FULL_CALLER, 0);
  gate_t gate = GATE_CLOSED;
  weft_future_t *running = occupy_worker(pool, &gate), *futures[5];
  int i;
  for (i = 0; i < 5; ++i) futures[i] = submit(pool, return_ctx, NULL, NULL); /* one waits, four run here */
  check_balance(pool, 6, 5);
  gate_open(&gate);
  end_future(running);
  for (i = 0; i < 5; ++i) end_future(futures[i]);
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  check_balance(pool, 6, 6);
  weft_executor_unref(pool);
}

static void what_strands_and_caller_run_executors_did(void) {
  weft_executor_t *pool = make_pool(1), *strand = make_strand(pool), *caller_run = make_caller_run();
  gate_t gate = GATE_CLOSED;
  weft_future_t *running = occupy_worker(pool, &gate), *futures[10];
  int i;
  for (i = 0; i < 10; ++i) futures[i] = submit(i % 2 != 0 ? strand : caller_run, return_ctx, NULL, NULL);
  for (i = 2; i < 4; ++i) CHECK_STATUS(weft_future_cancel(futures[i]), WEFT_OK);
  check_balance(strand, 5, 0);
  check_balance(caller_run, 5, 0);
  gate_open(&gate);
  end_future(running);
  CHECK_STATUS(weft_executor_run(caller_run, 0, WEFT_FOREVER, NULL), WEFT_OK);
  CHECK_STATUS(weft_executor_shutdown(strand, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  check_balance(strand, 5, 4);
  check_balance(caller_run, 5, 4);
  weft_future_unref(submit(caller_run, return_ctx, NULL, NULL));
  CHECK_STATUS(weft_executor_shutdown(caller_run, WEFT_SHUTDOWN_CANCEL_PENDING, 0), WEFT_OK);
  check_balance(caller_run, 6, 4);
  for (i = 0; i < 10; ++i) weft_future_unref(futures[i]);
  weft_executor_unref(caller_run);
  weft_executor_unref(strand);
  end_executor(pool);
}

static const check_case_t cases[] = {
    {"what one worker did", what_one_worker_did},
    {"a worker that rests and is woken", a_worker_that_rests_and_is_woken},
    {"what was stolen", what_was_stolen},
    {"spawned tasks count wherever they run", spawned_tasks_count_wherever_they_run},
    {"what a shutdown cancels", what_a_shutdown_cancels},
    {"other kinds count what waits", other_kinds_count_what_waits},
    {"what a waiter has run", what_a_waiter_has_run},
    {"what its submitter has run", what_its_submitter_has_run},
    {"what strands and caller-run executors did", what_strands_and_caller_run_executors_did},
};

int main(int argc, char **argv) {
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
