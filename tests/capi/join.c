/* Tests of weft/join.h: both calls are made once, wherever the join is called; errors; recursion of every shape; what
 * else lies on the worker's deque.
 */
#include "join.h"

#include <weft/group.h>
#include <weft/parallel.h>

static void arguments_are_checked(void) {
  weft_executor_t *pool = make_pool(1), *strand = make_strand(pool), *mine = make_caller_run();
  weft_error_t *error = UNTOUCHED(weft_error_t);
  part_t part = {0};
  CHECK_STATUS(weft_join(NULL, call_part, &part, call_part, &part, &error), WEFT_EINVAL);
  CHECK_STATUS(weft_join(pool, NULL, &part, call_part, &part, &error), WEFT_EINVAL);
  CHECK_STATUS(weft_join(pool, call_part, &part, NULL, &part, &error), WEFT_EINVAL);
  CHECK_STATUS(weft_join(strand, call_part, &part, call_part, &part, &error), WEFT_ENOTSUP);
  CHECK_STATUS(weft_join(mine, call_part, &part, call_part, &part, &error), WEFT_ENOTSUP);
  CHECK(error == UNTOUCHED(weft_error_t));
  CHECK_EQUAL(part.calls, 0);
  CHECK_STATUS(weft_join(pool, call_part, &part, call_part, &part, NULL), WEFT_OK);
  CHECK_EQUAL(part.calls, 2);
  weft_executor_unref(mine);
  end_executor(strand);
  end_executor(pool);
}

static void both_are_called_once(void) {
  uint32_t workers;
  for (workers = 1; workers <= 4; ++workers) {
    weft_executor_t *pool = make_pool(workers);
    part_t first = {0}, second = {0};
    joining_t joining = make_joining(pool, call_part, &first, &second);
    CHECK_STATUS(join_inside(&joining), WEFT_OK);
    CHECK_EQUAL(first.calls, 1);
    CHECK_EQUAL(second.calls, 1);
    join_now(&joining); /* from outside: both calls run in the pool too */
    CHECK_STATUS(joining.status, WEFT_OK);
    CHECK_EQUAL(first.calls, 2);
    CHECK_EQUAL(second.calls, 2);
    CHECK(first.tid != own_tid() && second.tid != own_tid());
    CHECK(joining.error == NULL);
    end_executor(pool);
  }
}

static weft_status meet_other(void *ctx, weft_error_t **error) {
  (void)error;
  meet((meeting_t *)ctx, 2);
  return WEFT_OK;
}

/* Neither call ends before the other one has begun. */
static void the_second_runs_on_a_free_worker(void) {
  weft_executor_t *pool = make_pool(2);
  int round;
  for (round = 0; round < 200; ++round) {
    meeting_t meeting = {0};
    joining_t joining = make_joining(pool, meet_other, &meeting, &meeting);
    if (round % 2 == 0)
      join_now(&joining);
    else
      join_inside(&joining);
    CHECK_STATUS(joining.status, WEFT_OK);
  }
  CHECK(stats_of(pool).stolen >= 200);
  end_executor(pool);
}

static void a_failure_comes_back(void) {
  weft_executor_t *pool = make_pool(1);
  part_t good = {0}, bad = {0};
  joining_t joining = make_joining(pool, call_part, &bad, &good);
  int inside;
  bad.code = 7;
  for (inside = 0; inside <= 1; ++inside) {
    joining.first_ctx = &bad;
    joining.second_ctx = &good;
    CHECK_STATUS(inside ? join_inside(&joining) : (join_now(&joining), joining.status), WEFT_EFAILED);
    if (CHECK(joining.error != NULL)) CHECK_EQUAL(weft_error_code(joining.error), 7);
    weft_error_unref(joining.error);
    CHECK_EQUAL(good.calls, inside); /* one worker: the second call had not begun and was left out */
    joining.first_ctx = &good;
    joining.second_ctx = &bad;
    CHECK_STATUS(inside ? join_inside(&joining) : (join_now(&joining), joining.status), WEFT_EFAILED);
    if (CHECK(joining.error != NULL)) CHECK_EQUAL(weft_error_code(joining.error), 7);
    weft_error_unref(joining.error);
    CHECK_EQUAL(good.calls, inside + 1);
  }
  bad.code = 0;
  bad.status = 42; /* a status alone is an error too */
  CHECK_STATUS(join_inside(&joining), WEFT_EFAILED);
  if (CHECK(joining.error != NULL)) CHECK_EQUAL(weft_error_code(joining.error), 42);
  weft_error_unref(joining.error);
  CHECK_STATUS(weft_join(pool, call_part, &good, call_part, &bad, NULL), WEFT_EFAILED);
  end_executor(pool);
}

typedef struct failing {
  meeting_t *meeting;
  int32_t code;
} failing_t;

static weft_status meet_and_fail(void *ctx, weft_error_t **error) {
  failing_t *failing = (failing_t *)ctx;
  meet(failing->meeting, 2);
  *error = make_error(failing->code);
  return WEFT_OK;
}

static void of_two_failures_the_first_one_comes_back(void) {
  weft_executor_t *pool = make_pool(2);
  int round;
  for (round = 0; round < 100; ++round) {
    meeting_t meeting = {0};
    failing_t first = {&meeting, 1}, second = {&meeting, 2};
    joining_t joining = make_joining(pool, meet_and_fail, &first, &second);
    CHECK_STATUS(join_inside(&joining), WEFT_EFAILED);
    if (CHECK(joining.error != NULL)) CHECK_EQUAL(weft_error_code(joining.error), 1);
    weft_error_unref(joining.error);
  }
  end_executor(pool);
}

/* --- recursion --- */

typedef struct number {
  weft_executor_t *pool;
  unsigned n;
  uint64_t value;
} number_t;

static weft_status fibonacci(void *ctx, weft_error_t **error) {
  number_t *self = (number_t *)ctx, one = *self, two = *self;
  weft_status status;
  self->value = self->n;
  if (self->n < 2) return WEFT_OK;
  one.n -= 1;
  two.n -= 2;
  status = weft_join(self->pool, fibonacci, &one, fibonacci, &two, error);
  self->value = one.value + two.value;
  return status;
}

static weft_status fibonacci_in_task(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  return fibonacci(ctx, error);
}

static void recursion_to_the_leaves(void) {
  uint32_t workers;
  for (workers = 1; workers <= 4; ++workers) {
    number_t number = {NULL, 20, 0};
    number.pool = make_pool(workers);
    CHECK_STATUS(fibonacci(&number, NULL), WEFT_OK);
    CHECK_EQUAL(number.value, 6765);
    number.value = 0;
    end_future(submit(number.pool, fibonacci_in_task, &number, NULL));
    CHECK_EQUAL(number.value, 6765);
    end_executor(number.pool);
  }
}

/* The recursion is deeper than the deque is long. A branch that does not fit is called in turn. */
static weft_status go_deeper(void *ctx, weft_error_t **error) {
  number_t *self = (number_t *)ctx, next = *self, leaf = *self;
  weft_status status;
  self->value = 1;
  if (self->n == 0) return WEFT_OK;
  next.n -= 1;
  leaf.n = 0;
  status = weft_join(self->pool, go_deeper, &next, go_deeper, &leaf, error);
  self->value = next.value + leaf.value;
  return status;
}

static void deeper_than_the_deque(void) {
  uint32_t workers;
  for (workers = 1; workers <= 3; ++workers) {
    number_t number = {NULL, 700, 0};
    number.pool = make_pool(workers);
    CHECK_STATUS(go_deeper(&number, NULL), WEFT_OK);
    CHECK_EQUAL(number.value, 701);
    end_executor(number.pool);
  }
}

static weft_status fibonacci_of_each(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  for (; begin != end; ++begin) {
    number_t number = {(weft_executor_t *)ctx, 12, 0};
    CHECK_STATUS(fibonacci(&number, error), WEFT_OK);
    CHECK_EQUAL(number.value, 144);
  }
  return WEFT_OK;
}

/* The thread that calls the loop runs pieces of it, and is not a worker. */
static void inside_of_a_loop_that_a_thread_outside_has_called(void) {
  uint32_t workers;
  for (workers = 1; workers <= 3; ++workers) {
    weft_executor_t *pool = make_pool(workers);
    int round;
    for (round = 0; round < 20; ++round)
      CHECK_STATUS(weft_parallel_for(pool, NULL, 0, 50, fibonacci_of_each, pool, NULL), WEFT_OK);
    end_executor(pool);
  }
}

static weft_status meet_in_join(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  joining_t *joining = (joining_t *)ctx;
  (void)begin;
  (void)end;
  (void)error;
  join_now(joining);
  return WEFT_OK;
}

/* A loop over one index runs on the thread that calls it, so a thread that is not a worker joins here. It offers the
 * second call only while a worker is free. The two calls wait for each other, which a program may not rely on.
 */
static void a_thread_that_is_no_worker_offers_the_second_call(void) {
  weft_executor_t *pool = make_pool(2);
  int round;
  for (round = 0; round < 100; ++round) {
    meeting_t meeting = {0};
    joining_t joining = make_joining(pool, meet_other, &meeting, &meeting);
    while (stats_of(pool).workers_alive == 2 && stats_of(pool).workers_idle == 0) sched_yield();
    CHECK_STATUS(weft_parallel_for(pool, NULL, 0, 1, meet_in_join, &joining, NULL), WEFT_OK);
    CHECK_STATUS(joining.status, WEFT_OK);
  }
  end_executor(pool);
}

static weft_status join_in_strand(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  return fibonacci(ctx, error);
}

static void a_task_of_a_strand_joins(void) {
  weft_executor_t *pool = make_pool(2), *strand = make_strand(pool);
  number_t numbers[10];
  weft_future_t *futures[10];
  size_t i;
  for (i = 0; i < CHECK_COUNT_OF(numbers); ++i) {
    numbers[i].pool = pool;
    numbers[i].n = 15;
    futures[i] = submit(strand, join_in_strand, &numbers[i], NULL);
  }
  for (i = 0; i < CHECK_COUNT_OF(numbers); ++i) {
    end_future(futures[i]);
    CHECK_EQUAL(numbers[i].value, 610);
  }
  end_executor(strand);
  end_executor(pool);
}

/* A worker of one pool is outside the other one, and sleeps while it joins there. */
static void two_pools_join_on_each_other(void) {
  weft_executor_t *one = make_pool(2), *other = make_pool(2);
  number_t number = {NULL, 12, 0};
  number.pool = other;
  end_future(submit(one, fibonacci_in_task, &number, NULL));
  CHECK_EQUAL(number.value, 144);
  end_executor(one);
  end_executor(other);
}

/* --- beside groups --- */

typedef struct beside {
  weft_executor_t *pool;
  weft_group_t *group;
  gate_t *gate;
  int spawned, counted; /* counted: atomic */
  part_t after;
} beside_t;

static weft_status spawn_some(void *ctx, weft_error_t **error) {
  beside_t *beside = (beside_t *)ctx;
  int i;
  (void)error;
  for (i = 0; i < beside->spawned; ++i)
    CHECK_STATUS(weft_group_spawn(beside->group, NULL, count_run, &beside->counted, NULL), WEFT_OK);
  return WEFT_OK;
}

static weft_status spawn_and_join(void *ctx, void **result, weft_error_t **error) {
  beside_t *beside = (beside_t *)ctx;
  (void)result;
  (void)error;
  spawn_some(beside, NULL); /* below the second call */
  CHECK_STATUS(weft_join(beside->pool, spawn_some, beside, call_part, &beside->after, NULL), WEFT_OK); /* and above */
  return WEFT_OK;
}

/* The first call leaves tasks of a group on the deque, above the second one. */
static void tasks_of_groups_lie_around_the_second_call(void) {
  static const int amounts[] = {1, 3, 120, 200};
  uint32_t workers;
  size_t i;
  for (workers = 1; workers <= 3; ++workers) {
    beside_t beside = {0};
    beside.pool = make_pool(workers);
    for (i = 0; i < CHECK_COUNT_OF(amounts); ++i) {
      beside.after.calls = beside.counted = 0;
      beside.spawned = amounts[i];
      REQUIRE_OK(weft_group_create(beside.pool, NULL, &beside.group));
      end_future(submit(beside.pool, spawn_and_join, &beside, NULL));
      CHECK_EQUAL(beside.after.calls, 1);
      CHECK_STATUS(weft_group_wait(beside.group, WEFT_FOREVER), WEFT_OK);
      CHECK_EQUAL(count_of(&beside.counted), 2 * amounts[i]);
      weft_group_unref(beside.group);
    }
    end_executor(beside.pool);
  }
}

static weft_status spawn_and_sleep(void *ctx, weft_error_t **error) {
  spawn_some(ctx, error);
  return weft_sleep(WEFT_MILLISECOND);
}

static weft_status join_and_sleep(void *ctx, void **result, weft_error_t **error) {
  beside_t *beside = (beside_t *)ctx;
  (void)result;
  (void)error;
  spawn_some(beside, NULL);
  CHECK_STATUS(weft_join(beside->pool, spawn_and_sleep, beside, call_part, &beside->after, NULL), WEFT_OK);
  CHECK_EQUAL(beside->after.calls, 1);
  return WEFT_OK;
}

/* A worker that sleeps gives tasks of groups away and keeps its branches. */
static void the_first_call_sleeps(void) {
  uint32_t workers;
  for (workers = 1; workers <= 3; ++workers) {
    beside_t beside = {0};
    int round;
    beside.pool = make_pool(workers);
    beside.spawned = 3;
    for (round = 0; round < 20; ++round) {
      beside.after.calls = beside.counted = 0;
      REQUIRE_OK(weft_group_create(beside.pool, NULL, &beside.group));
      end_future(submit(beside.pool, join_and_sleep, &beside, NULL));
      CHECK_STATUS(weft_group_wait(beside.group, WEFT_FOREVER), WEFT_OK);
      CHECK_EQUAL(count_of(&beside.counted), 6);
      weft_group_unref(beside.group);
    }
    end_executor(beside.pool);
  }
}

/* The worker sleeps in the first call, so another worker must take the second. */
static weft_status wait_for_second(void *ctx, weft_error_t **error) {
  (void)error;
  gate_await((gate_t *)ctx, 1);
  return WEFT_OK;
}

static weft_status pass(void *ctx, weft_error_t **error) {
  (void)error;
  gate_pass((gate_t *)ctx);
  return WEFT_OK;
}

static weft_status wait_in_region(void *ctx, weft_error_t **error) {
  weft_status status;
  weft_blocking_begin();
  status = wait_for_second(ctx, error);
  weft_blocking_end();
  return status;
}

/* The only worker is in a blocking region, so a spare takes the second call. */
static void a_spare_takes_the_second_call(void) {
  weft_executor_t *pool = make_pool(1);
  gate_t gate = GATE_CLOSED;
  joining_t joining = make_joining(pool, wait_in_region, &gate, &gate);
  joining.second = pass;
  gate_open(&gate);
  CHECK_STATUS(join_inside(&joining), WEFT_OK);
  end_executor(pool);
}

/* --- figures --- */

static void figures_count_what_was_stolen(void) {
  weft_executor_t *pool = make_pool(2);
  number_t number = {pool, 20, 0};
  weft_executor_stats_t stats;
  CHECK_STATUS(fibonacci(&number, NULL), WEFT_OK);
  end_future(submit(pool, fibonacci_in_task, &number, NULL));
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  stats = stats_of(pool);
  CHECK_EQUAL(stats.submitted, stats.completed + stats.cancelled);
  CHECK_EQUAL(stats.queued, 0);
  CHECK(stats.submitted >= 2);
  weft_executor_unref(pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"arguments are checked", arguments_are_checked},
      {"both are called once", both_are_called_once},
      {"the second runs on a free worker", the_second_runs_on_a_free_worker},
      {"a failure comes back", a_failure_comes_back},
      {"of two failures the first one comes back", of_two_failures_the_first_one_comes_back},
      {"recursion to the leaves", recursion_to_the_leaves},
      {"deeper than the deque", deeper_than_the_deque},
      {"inside of a loop that a thread outside has called", inside_of_a_loop_that_a_thread_outside_has_called},
      {"a thread that is no worker offers the second call", a_thread_that_is_no_worker_offers_the_second_call},
      {"a task of a strand joins", a_task_of_a_strand_joins},
      {"two pools join on each other", two_pools_join_on_each_other},
      {"tasks of groups lie around the second call", tasks_of_groups_lie_around_the_second_call},
      {"the first call sleeps", the_first_call_sleeps},
      {"a spare takes the second call", a_spare_takes_the_second_call},
      {"figures count what was stolen", figures_count_what_was_stolen},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
