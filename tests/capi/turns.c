/* The bounds of fairness (weft/executor.h, "Turns"): how many tasks of a load start before a probe that is ready.
 *
 * The load is a chain of tasks. Each of these steps makes the next one ready before it ends, so the worker always has
 * work. One of the steps makes the probe ready. The test counts the steps that begin from there until the probe starts.
 * Short steps test the bound by count, and steps longer than a turn test the bound by time.
 */
#include <weft/timer.h>

#include "setup.h"

enum {
  short_steps_before = 400,
  long_steps_before = 40,
  by_count = 60,
  by_time = 5,
  by_round = 12,
  turn_of_source = 16,
  turn_of_strand = 256,
  unbounded = -1
};

typedef enum { post, high, spawn, on_strand } busy_t;
typedef enum { task, high_task, low_task, strand_task, outside_task, spawned_task, timer_tick } ready_t;

static struct {
  busy_t load;
  ready_t probe;
  int is_long;
  int few; /* how many short tasks run between the long steps, before the probe */
  weft_executor_t *pool, *strand, *other_strand;
  weft_group_t *group, *other_group;
  gate_t publish, published, probed;
  int steps, began, at_probe; /* written by the only worker that runs tasks */
  int ran;                    /* the probe has run; written by the same worker */
} run;

static weft_status probe(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  run.at_probe = run.steps;
  run.ran = 1;
  gate_open(&run.probed);
  return WEFT_OK;
}

static weft_status make_ready(weft_executor_t *on, uint32_t priority, weft_task_fn fn) {
  weft_task_options_t options;
  weft_future_t *future = NULL;
  weft_status status;
  weft_task_options_init(&options);
  options.priority = priority;
  status = weft_executor_submit(on, &options, fn, NULL, NULL, &future);
  weft_future_unref(future);
  return status;
}

static void publish_probe(void) {
  switch (run.probe) {
  case task:
    CHECK_STATUS(weft_executor_post(run.pool, NULL, probe, NULL, NULL), WEFT_OK);
    break;
  case high_task:
    CHECK_STATUS(make_ready(run.pool, WEFT_PRIORITY_HIGH, probe), WEFT_OK);
    break;
  case low_task:
    CHECK_STATUS(make_ready(run.pool, WEFT_PRIORITY_LOW, probe), WEFT_OK);
    break;
  case strand_task:
    CHECK_STATUS(weft_executor_post(run.other_strand, NULL, probe, NULL, NULL), WEFT_OK);
    break;
  case outside_task: /* the main thread posts it */
    gate_open(&run.publish);
    gate_pass(&run.published);
    break;
  case spawned_task: /* the next step is spawned later, so the probe is older */
    CHECK_STATUS(weft_group_spawn(run.other_group, NULL, probe, NULL, NULL), WEFT_OK);
    break;
  case timer_tick:
    CHECK_STATUS(weft_executor_post_after(run.pool, 1, NULL, probe, NULL, NULL), WEFT_OK);
    break;
  }
}

static weft_status nothing(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  return WEFT_OK;
}

static weft_status step(void *ctx, void **result, weft_error_t **error) {
  const int published_at = run.is_long ? long_steps_before : short_steps_before;
  int i;
  (void)ctx;
  (void)result;
  (void)error;
  ++run.steps;
  if (run.steps == published_at - 1)
    for (i = 0; i < run.few; ++i) CHECK_STATUS(weft_executor_post(run.pool, NULL, nothing, NULL, NULL), WEFT_OK);
  if (run.steps == published_at) {
    run.began = run.steps;
    publish_probe();
  }
  if (run.is_long) {
    const int64_t end = weft_now() + 200 * WEFT_MICROSECOND;
    while (weft_now() < end) continue;
  }
  if (run.ran) return WEFT_OK;
  switch (run.load) {
  case post:
    CHECK_STATUS(weft_executor_post(run.pool, NULL, step, NULL, NULL), WEFT_OK);
    break;
  case high:
    CHECK_STATUS(make_ready(run.pool, WEFT_PRIORITY_HIGH, step), WEFT_OK);
    break;
  case spawn:
    CHECK_STATUS(weft_group_spawn(run.group, NULL, step, NULL, NULL), WEFT_OK);
    break;
  case on_strand:
    CHECK_STATUS(weft_executor_post(run.strand, NULL, step, NULL, NULL), WEFT_OK);
    break;
  }
  return WEFT_OK;
}

/* With two workers, one is held at a gate. The other one does all the work, and its tasks go to a queue of its own. */
static void check_bound(uint32_t workers, busy_t load, ready_t kind, int is_long, int bound) {
  static const gate_t closed = GATE_CLOSED;
  gate_t gate = GATE_CLOSED;
  weft_future_t *running = NULL;
  run.load = load;
  run.probe = kind;
  run.is_long = is_long;
  run.steps = run.began = run.at_probe = run.ran = 0;
  run.publish = run.published = run.probed = closed;
  run.pool = make_pool(workers);
  run.strand = make_strand(run.pool);
  run.other_strand = make_strand(run.pool);
  REQUIRE_OK(weft_group_create(run.pool, NULL, &run.group));
  REQUIRE_OK(weft_group_create(run.pool, NULL, &run.other_group));
  if (workers == 2) running = occupy_worker(run.pool, &gate);
  CHECK_STATUS(weft_executor_post(run.pool, NULL, step, NULL, NULL), WEFT_OK);
  if (kind == outside_task) {
    gate_pass(&run.publish);
    run.began = run.steps; /* the step waits at its gate */
    CHECK_STATUS(weft_executor_post(run.pool, NULL, probe, NULL, NULL), WEFT_OK);
    gate_open(&run.published);
  }
  gate_pass(&run.probed);
  gate_open(&gate);
  if (running != NULL) end_future(running);
  weft_group_wait(run.group, WEFT_FOREVER); /* the last step makes no further step ready */
  end_executor(run.strand);
  end_executor(run.other_strand);
  weft_group_unref(run.group);
  weft_group_unref(run.other_group);
  end_executor(run.pool);
  CHECK(run.ran);
  if (bound != unbounded && run.at_probe - run.began > bound)
    printf("# %u workers, load %d, probe %d, %s, %d short ones before: %d steps\n", workers, (int)load, (int)kind,
           is_long ? "long" : "short", run.few, run.at_probe - run.began);
  if (bound != unbounded) CHECK(run.at_probe - run.began <= bound);
}

static void check_loads(ready_t kind, int by_strand, int is_long, int bound) {
  static const int few[] = {0, 3, 7, 14};
  size_t i;
  uint32_t workers;
  for (i = 0; i < (is_long ? 4 : 1); ++i)
    for (workers = 1; workers <= 2; ++workers) {
      run.few = few[i];
      check_bound(workers, post, kind, is_long, bound);
      check_bound(workers, spawn, kind, is_long, bound);
      check_bound(workers, on_strand, kind, is_long, by_strand);
    }
  run.few = 0;
}

/* A higher rank is bounded by count. It is also bounded by time, once a millisecond, which is five long steps. */
static void check_beside_high(ready_t kind) {
  check_bound(1, high, kind, 0, by_count);
  check_bound(1, high, kind, 1, by_round);
  check_bound(2, high, kind, 0, by_count);
}

static void a_task_beside_each_load(void) {
  check_loads(task, turn_of_strand, 0, by_count);
  check_loads(task, by_time, 1, by_time);
  check_beside_high(task);
}

/* The strand's turns go to the worker's own queue. The probe goes to the injector, which has its slot by count. */
static void a_task_from_outside_beside_each_load(void) {
  check_loads(outside_task, by_count * turn_of_strand, 0, by_count);
  check_loads(outside_task, by_time, 1, by_time);
  check_beside_high(outside_task);
}

static void a_task_of_a_strand_beside_each_load(void) {
  check_loads(strand_task, turn_of_strand, 0, by_count);
  check_loads(strand_task, by_time, 1, by_time);
  check_beside_high(strand_task);
}

static void a_high_task_beside_each_load(void) {
  check_loads(high_task, turn_of_strand, 0, 2);
  check_loads(high_task, 2, 1, 2);
}

static void a_low_task_beside_each_load(void) {
  check_loads(low_task, by_count * turn_of_strand, 0, by_count);
  check_loads(low_task, by_round, 1, by_round);
  check_beside_high(low_task);
}

static void a_tick_beside_each_load(void) {
  check_loads(timer_tick, unbounded, 0, unbounded);
  check_loads(timer_tick, by_time, 1, by_time);
  check_bound(1, high, timer_tick, 1, by_round);
}

/* The oldest of a worker's spawned tasks is bounded only by time, because the newest ones come first. Beside a strand
 * it is also the newest one. It then starts after the turn that runs, one turn that has the slot, and those of one
 * source in a round. */
static void an_older_spawned_task_beside_each_load(void) {
  check_loads(spawned_task, (2 + turn_of_source) * turn_of_strand, 0, unbounded);
  check_loads(spawned_task, by_time, 1, unbounded);
  check_beside_high(spawned_task);
}

/* --- workers that run out of work after each task, and are woken for the next one --- */

static struct {
  weft_executor_t *pool;
  int64_t due;
  int stops, steps_since, passed, ran; /* atomic */
} beside;

static weft_status step_again(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  if (weft_now() >= __atomic_load_n(&beside.due, __ATOMIC_ACQUIRE)) count_drop(&beside.steps_since);
  if (!count_of(&beside.stops))
    CHECK_STATUS(weft_executor_post_after(beside.pool, 0, NULL, step_again, ctx, NULL), WEFT_OK);
  return WEFT_OK;
}

static weft_status note_tick(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  __atomic_store_n(&beside.passed, count_of(&beside.steps_since), __ATOMIC_RELAXED);
  __atomic_store_n(&beside.ran, 1, __ATOMIC_RELEASE);
  return WEFT_OK;
}

/* If a thread loses its processor between two steps, the other threads go on, so a few ticks may be late. */
static void a_timer_beside_workers_that_come_and_go(void) {
  enum { ticks = 200, chains = 4, many_steps = 100, few_late = ticks / 10 };
  int late = 0, i;
  beside.pool = make_pool(2);
  beside.due = INT64_MAX;
  for (i = 0; i < chains; ++i) REQUIRE_OK(weft_executor_post(beside.pool, NULL, step_again, NULL, NULL));
  for (i = 0; i < ticks; ++i) {
    __atomic_store_n(&beside.ran, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&beside.steps_since, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&beside.due, weft_now() + WEFT_MILLISECOND, __ATOMIC_RELEASE);
    REQUIRE_OK(weft_executor_post_at(beside.pool, beside.due, NULL, note_tick, NULL, NULL));
    while (!count_of(&beside.ran)) weft_sleep(WEFT_MILLISECOND / 4);
    late += count_of(&beside.passed) > many_steps;
    __atomic_store_n(&beside.due, INT64_MAX, __ATOMIC_RELEASE);
  }
  if (!CHECK(late <= few_late)) printf("# %d of %d ticks let more than %d steps pass\n", late, ticks, many_steps);
  __atomic_store_n(&beside.stops, 1, __ATOMIC_RELEASE);
  CHECK_STATUS(weft_executor_wait_idle(beside.pool, WEFT_FOREVER), WEFT_OK); /* so that the shutdown refuses no step */
  end_executor(beside.pool);
}

static const check_case_t cases[] = {
    {"a task beside each load", a_task_beside_each_load},
    {"a task from outside beside each load", a_task_from_outside_beside_each_load},
    {"a task of a strand beside each load", a_task_of_a_strand_beside_each_load},
    {"a high task beside each load", a_high_task_beside_each_load},
    {"a low task beside each load", a_low_task_beside_each_load},
    {"a tick beside each load", a_tick_beside_each_load},
    {"an older spawned task beside each load", an_older_spawned_task_beside_each_load},
    {"a timer beside workers that come and go", a_timer_beside_workers_that_come_and_go},
};

int main(int argc, char **argv) {
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
