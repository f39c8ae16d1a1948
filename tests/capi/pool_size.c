/* Tests of how many workers a pool has: weft_executor_set_max_workers and the option `linger` (weft/executor.h). */
#include <weft/group.h>
#include <weft/timer.h>
#include <weft/worker.h>

#include "host.h"

static weft_executor_t *lingering_pool(uint32_t workers, int64_t linger) {
  weft_executor_options_t options;
  weft_executor_t *pool = NULL;
  weft_executor_options_init(&options);
  options.max_workers = workers;
  options.linger = linger;
  CHECK_STATUS(weft_executor_create(NULL, &options, &pool), WEFT_OK);
  return pool;
}

static void bad_arguments_are_refused(void) {
  weft_executor_t *pool = make_pool(3), *strand = make_strand(pool), *mine = make_caller_run(), *shared = NULL;
  CHECK_STATUS(weft_default_executor(&shared), WEFT_OK);
  CHECK_STATUS(weft_executor_set_max_workers(NULL, 1), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_set_max_workers(pool, 0), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_set_max_workers(pool, 4), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_set_max_workers(pool, UINT32_MAX), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_set_max_workers(strand, 1), WEFT_ENOTSUP);
  CHECK_STATUS(weft_executor_set_max_workers(mine, 1), WEFT_ENOTSUP);
  CHECK_STATUS(weft_executor_set_max_workers(shared, 1), WEFT_ENOTSUP);
  CHECK_EQUAL(stats_of(pool).max_workers, 3);
  CHECK_STATUS(weft_executor_set_max_workers(pool, 2), WEFT_OK);
  CHECK_EQUAL(stats_of(pool).max_workers, 2);
  CHECK_EQUAL(weft_worker_index_bound(pool), 3 + 64 + 1);
  weft_executor_unref(shared);
  weft_executor_unref(mine);
  end_executor(strand);
  end_executor(pool);
}

/* Checks that exactly `width` tasks are inside the gate at once. */
static void check_width(weft_executor_t *pool, int width) {
  gate_t gate = GATE_CLOSED;
  weft_future_t *futures[8];
  int i;
  for (i = 0; i < 8; ++i) futures[i] = submit(pool, pass_gate, &gate, NULL);
  gate_await(&gate, width);
  CHECK_EQUAL(stats_of(pool).queued, (uint64_t)(8 - width));
  gate_open(&gate);
  for (i = 0; i < 8; ++i) end_future(futures[i]);
}

static void fewer_run_and_more_again(void) {
  weft_executor_t *pool = make_pool(4);
  static const uint32_t widths[] = {4, 1, 3, 2, 4};
  size_t i;
  for (i = 0; i < CHECK_COUNT_OF(widths); ++i) {
    CHECK_STATUS(weft_executor_set_max_workers(pool, widths[i]), WEFT_OK);
    if (i > 0 && widths[i] < widths[i - 1]) await_workers(pool, widths[i]);
    check_width(pool, (int)widths[i]);
  }
  end_executor(pool);
}

/* A load that always has work: each task submits its successor until it is told to stop. */
typedef struct load {
  int stops, ran;
  gate_t over;
} load_t;

static weft_status go_on(void *ctx, void **result, weft_error_t **error) {
  load_t *load = (load_t *)ctx;
  (void)result;
  (void)error;
  count_drop(&load->ran);
  if (count_of(&load->stops))
    gate_pass(&load->over);
  else
    CHECK_STATUS(weft_executor_post(weft_executor_current(), NULL, go_on, load, NULL), WEFT_OK);
  return WEFT_OK;
}

static void workers_leave_a_loaded_pool_too(void) {
  weft_executor_t *pool = make_pool(3);
  load_t load = {0, 0, GATE_CLOSED};
  int i, ran;
  gate_open(&load.over);
  for (i = 0; i < 50; ++i) REQUIRE_OK(weft_executor_post(pool, NULL, go_on, &load, NULL));
  await_workers(pool, 3);
  CHECK_STATUS(weft_executor_set_max_workers(pool, 1), WEFT_OK);
  await_workers(pool, 1);
  ran = count_of(&load.ran);
  while (count_of(&load.ran) < ran + 1000) sched_yield(); /* the tasks that the workers have left behind still run */
  CHECK_STATUS(weft_executor_set_max_workers(pool, 2), WEFT_OK);
  await_workers(pool, 2);
  __atomic_store_n(&load.stops, 1, __ATOMIC_RELEASE);
  gate_await(&load.over, 50);
  end_executor(pool);
}

static void a_bound_that_is_lowered_holds_beside_regions(void) {
  weft_executor_t *pool = make_pool(2);
  gate_t gate = GATE_CLOSED;
  weft_future_t *first = occupy_worker(pool, &gate), *second = occupy_worker(pool, &gate), *third;
  int runs = 0;
  CHECK_STATUS(weft_executor_set_max_workers(pool, 1), WEFT_OK);
  third = submit(pool, count_run, &runs, NULL);
  CHECK_EQUAL(stats_of(pool).workers_alive, 2); /* workers finish the tasks that they run */
  gate_open(&gate);
  end_future(first);
  end_future(second);
  end_future(third);
  await_workers(pool, 1);
  end_executor(pool);
}

/* --- linger --- */

static void a_negative_time_is_refused(void) {
  weft_executor_options_t options;
  weft_executor_t *out = UNTOUCHED(weft_executor_t);
  weft_executor_options_init(&options);
  options.linger = -1;
  CHECK_STATUS(weft_executor_create(NULL, &options, &out), WEFT_EINVAL);
  CHECK(out == UNTOUCHED(weft_executor_t));
}

static void workers_without_work_end_and_come_again(void) {
  weft_executor_t *pool = lingering_pool(2, WEFT_MILLISECOND);
  int turns = check_rounds(20, 500), turn;
  for (turn = 0; turn < turns; ++turn) {
    gate_t gate = GATE_CLOSED;
    weft_future_t *first = occupy_worker(pool, &gate), *second = occupy_worker(pool, &gate);
    gate_open(&gate);
    end_future(first);
    end_future(second);
    await_workers(pool, 0);
  }
  CHECK_EQUAL(stats_of(pool).workers_started, 2u * (uint32_t)turns);
  CHECK_EQUAL(stats_of(pool).completed, 2u * (uint32_t)turns);
  end_executor(pool);
}

/* The shortest time of all: a worker leaves just when a task comes for it. */
static void nothing_is_lost_when_they_leave(void) {
  weft_executor_t *pool = lingering_pool(2, 1);
  int turns = check_rounds(2000, 100000), turn, runs = 0;
  for (turn = 0; turn < turns; ++turn) {
    weft_future_t *future = submit(pool, count_run, &runs, NULL);
    if (turn % 3 == 0) REQUIRE_OK(weft_executor_post(pool, NULL, count_run, &runs, NULL));
    end_future(future);
  }
  CHECK_STATUS(weft_executor_wait_idle(pool, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(count_of(&runs), turns + (turns + 2) / 3);
  end_executor(pool);
}

static void one_stays_for_a_timer(void) {
  weft_executor_t *pool = lingering_pool(2, WEFT_MILLISECOND);
  weft_future_t *later = NULL, *soon = NULL;
  gate_t gate = GATE_CLOSED;
  weft_future_t *first = occupy_worker(pool, &gate), *second = occupy_worker(pool, &gate);
  int runs = 0;
  REQUIRE_OK(weft_executor_submit_after(pool, 3600 * WEFT_SECOND, NULL, count_run, &runs, NULL, &later));
  REQUIRE_OK(weft_executor_submit_after(pool, 20 * WEFT_MILLISECOND, NULL, count_run, &runs, NULL, &soon));
  gate_open(&gate);
  end_future(first);
  end_future(second);
  await_workers(pool, 1);
  end_future(soon);
  CHECK_EQUAL(count_of(&runs), 1);
  CHECK_STATUS(weft_future_cancel(later), WEFT_OK);
  weft_future_unref(later);
  end_executor(pool);
}

/* The spare of a region leaves after the same time, and then its stop hook runs. */
static void count_stop(void *ctx, weft_worker_t *worker) {
  (void)worker;
  count_drop(ctx);
}

static weft_status in_a_region(void *ctx, void **result, weft_error_t **error) {
  gate_t *gate = (gate_t *)ctx;
  (void)result;
  (void)error;
  CHECK_STATUS(weft_blocking_begin(), WEFT_OK);
  gate_pass(gate);
  CHECK_STATUS(weft_blocking_end(), WEFT_OK);
  return WEFT_OK;
}

static void spares_go_after_that_time_too(void) {
  weft_executor_options_t options;
  weft_executor_t *pool = NULL;
  weft_future_t *blocked;
  gate_t gate = GATE_CLOSED;
  int stops = 0;
  weft_executor_options_init(&options);
  options.max_workers = 1;
  options.linger = WEFT_MILLISECOND;
  options.worker_stop = count_stop;
  options.worker_ctx = &stops;
  REQUIRE_OK(weft_executor_create(NULL, &options, &pool));
  blocked = submit(pool, in_a_region, &gate, NULL);
  gate_await(&gate, 1);
  end_future(submit(pool, return_ctx, NULL, NULL)); /* on the spare */
  gate_open(&gate);
  end_future(blocked);
  await_workers(pool, 0);
  while (count_of(&stops) < 2) sched_yield();
  end_executor(pool);
  CHECK_EQUAL(count_of(&stops), 2);
}

/* A surplus worker runs the last task of a group, and then lingers, for an hour here. The end of the group is published
 * before that.
 */
typedef struct last_task {
  weft_group_t *group;
  gate_t gate;
} last_task_t;

static weft_status spawn_at_the_gate(void *ctx, void **result, weft_error_t **error) {
  last_task_t *last = (last_task_t *)ctx;
  int i;
  (void)result;
  (void)error;
  CHECK_STATUS(weft_group_spawn(last->group, NULL, pass_gate, &last->gate, NULL), WEFT_OK); /* runs last */
  for (i = 0; i < 3; ++i) CHECK_STATUS(weft_group_spawn(last->group, NULL, return_ctx, NULL, NULL), WEFT_OK);
  return WEFT_OK;
}

static void a_worker_that_lingers_owes_no_group_its_end(void) {
  weft_executor_t *pool = lingering_pool(2, 3600 * WEFT_SECOND);
  last_task_t last = {NULL, GATE_CLOSED};
  gate_t other = GATE_CLOSED;
  weft_future_t *held = occupy_worker(pool, &other);
  REQUIRE_OK(weft_group_create(pool, NULL, &last.group));
  CHECK_STATUS(weft_group_spawn(last.group, NULL, spawn_at_the_gate, &last, NULL), WEFT_OK);
  gate_await(&last.gate, 1);
  CHECK_STATUS(weft_executor_set_max_workers(pool, 1), WEFT_OK);
  gate_open(&last.gate);
  CHECK_STATUS(weft_group_wait(last.group, WEFT_FOREVER), WEFT_OK);
  gate_open(&other);
  end_future(held);
  weft_group_unref(last.group);
  end_executor(pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"bad arguments are refused", bad_arguments_are_refused},
      {"fewer run, and more again", fewer_run_and_more_again},
      {"workers leave a loaded pool too", workers_leave_a_loaded_pool_too},
      {"a bound that is lowered holds beside tasks that run", a_bound_that_is_lowered_holds_beside_regions},
      {"a negative time is refused", a_negative_time_is_refused},
      {"workers without work end, and come again", workers_without_work_end_and_come_again},
      {"nothing is lost when they leave", nothing_is_lost_when_they_leave},
      {"one stays for a timer", one_stays_for_a_timer},
      {"spares go after that time too", spares_go_after_that_time_too},
      {"a worker that lingers owes no group its end", a_worker_that_lingers_owes_no_group_its_end},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
