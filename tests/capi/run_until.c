/* Tests of weft_executor_run_until (weft/caller_run.h): a main loop that goes on until one future is done. */
#include <weft/caller_run.h>
#include <weft/continuation.h>
#include <weft/timer.h>

#include "setup.h"

static void bad_arguments_are_refused(void) {
  weft_executor_t *pool = make_pool(1), *mine = make_caller_run(), *strand = make_strand(pool);
  weft_future_t *promise = make_promise(NULL);
  int runs = 0;
  REQUIRE_OK(weft_executor_post(mine, NULL, count_run, &runs, NULL));
  CHECK_STATUS(weft_executor_run_until(NULL, promise, 0), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_run_until(mine, NULL, 0), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_run_until(pool, promise, 0), WEFT_ENOTSUP);
  CHECK_STATUS(weft_executor_run_until(strand, promise, 0), WEFT_ENOTSUP);
  CHECK_EQUAL(runs, 0);
  weft_future_unref(promise);
  weft_executor_unref(mine);
  end_executor(strand);
  end_executor(pool);
}

static void it_stops_at_the_future(void) {
  weft_executor_t *mine = make_caller_run();
  weft_future_t *wanted;
  int before = 0, after = 0;
  REQUIRE_OK(weft_executor_post(mine, NULL, count_run, &before, NULL));
  wanted = submit(mine, count_run, &before, NULL);
  REQUIRE_OK(weft_executor_post(mine, NULL, count_run, &after, NULL));
  CHECK_STATUS(weft_executor_run_until(mine, wanted, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(before, 2);
  CHECK_EQUAL(after, 0); /* the future is checked before each task */
  CHECK_STATUS(weft_executor_run_until(mine, wanted, 0), WEFT_OK);
  CHECK_EQUAL(after, 0);
  weft_future_unref(wanted);
  weft_executor_unref(mine);
}

static void without_time_one_task_runs(void) {
  static const int64_t none[] = {0, -1, INT64_MIN};
  weft_executor_t *mine = make_caller_run();
  weft_future_t *promise = make_promise(NULL);
  int runs = 0;
  size_t i;
  CHECK_STATUS(weft_executor_run_until(mine, promise, 0), WEFT_ETIMEDOUT);
  for (i = 0; i < CHECK_COUNT_OF(none); ++i) REQUIRE_OK(weft_executor_post(mine, NULL, count_run, &runs, NULL));
  for (i = 0; i < CHECK_COUNT_OF(none); ++i) {
    CHECK_STATUS(weft_executor_run_until(mine, promise, none[i]), WEFT_ETIMEDOUT);
    CHECK_EQUAL(runs, (int)i + 1);
  }
  weft_future_unref(promise);
  weft_executor_unref(mine);
}

/* Runs on a worker. It posts to the main loop and waits until the loop has run that task, so only a loop that goes on
 * ends it. */
typedef struct errand {
  weft_executor_t *loop;
  uint64_t main_tid; /* of the thread that is in run_until */
  int runs;
} errand_t;

static weft_status send_to_the_loop(void *ctx, void **result, weft_error_t **error) {
  errand_t *errand = (errand_t *)ctx;
  weft_future_t *there;
  (void)result;
  (void)error;
  await_asleep(errand->main_tid);
  there = submit(errand->loop, count_run, &errand->runs, NULL);
  end_future(there);
  await_asleep(errand->main_tid);
  return WEFT_OK; /* the end of this task is the second wake-up */
}

static void either_wakes_it(void) {
  weft_executor_t *pool = make_pool(1), *mine = make_caller_run();
  int turns = check_rounds(50, 5000), turn;
  errand_t errand = {NULL, 0, 0};
  errand.loop = mine;
  errand.main_tid = own_tid();
  for (turn = 0; turn < turns; ++turn) {
    weft_future_t *wanted = submit(pool, send_to_the_loop, &errand, NULL);
    CHECK_STATUS(weft_executor_run_until(mine, wanted, WEFT_FOREVER), WEFT_OK);
    CHECK_EQUAL(weft_future_state(wanted), WEFT_FUTURE_RESULT);
    weft_future_unref(wanted);
  }
  CHECK_EQUAL(errand.runs, turns);
  weft_executor_unref(mine);
  end_executor(pool);
}

static void a_timer_that_is_due_wakes_it(void) {
  weft_executor_t *mine = make_caller_run();
  weft_future_t *wanted = NULL;
  int runs = 0;
  REQUIRE_OK(weft_executor_submit_after(mine, 5 * WEFT_MILLISECOND, NULL, count_run, &runs, NULL, &wanted));
  CHECK_STATUS(weft_executor_run_until(mine, wanted, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(runs, 1);
  weft_future_unref(wanted);
  weft_executor_unref(mine);
}

/* ctx is a promise. */
static weft_status set_promise(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  CHECK_STATUS(weft_future_set_result((weft_future_t *)ctx, NULL), WEFT_OK);
  return WEFT_OK;
}

static void after_the_shutdown_it_waits_for_the_future_alone(void) {
  weft_executor_t *pool = make_pool(1), *mine = make_caller_run();
  weft_future_t *promise = make_promise(NULL);
  int runs = 0;
  REQUIRE_OK(weft_executor_post(mine, NULL, count_run, &runs, NULL));
  CHECK_STATUS(weft_executor_shutdown(mine, 0, 0), WEFT_OK);
  CHECK_STATUS(weft_executor_run_until(mine, promise, WEFT_MILLISECOND), WEFT_ETIMEDOUT);
  CHECK_EQUAL(runs, 1);
  REQUIRE_OK(weft_executor_post_after(pool, 2 * WEFT_MILLISECOND, NULL, set_promise, promise, NULL));
  CHECK_STATUS(weft_executor_run_until(mine, promise, WEFT_FOREVER), WEFT_OK);
  weft_future_unref(promise);
  weft_executor_unref(mine);
  end_executor(pool);
}

/* A wait that can never end is refused. The first one waits for its own task. The second one is on a closed executor,
 * for a future that no other thread can complete. */
typedef struct circle {
  weft_executor_t *mine;
  weft_future_t *self;
} circle_t;

static weft_status run_until_the_own_end(void *ctx, void **result, weft_error_t **error) {
  circle_t *circle = (circle_t *)ctx;
  (void)result;
  (void)error;
  CHECK_STATUS(weft_executor_run_until(circle->mine, circle->self, WEFT_FOREVER), WEFT_EDEADLK);
  return WEFT_OK;
}

static weft_status follow(void *ctx, weft_future_t *done, void **result, weft_error_t **error) {
  (void)ctx;
  (void)done;
  (void)result;
  (void)error;
  return WEFT_OK;
}

/* The second wait: the only worker of a pool waits for a continuation of its own task. */
static void what_can_never_happen_is_told(void) {
  weft_executor_t *pool = make_pool(1);
  circle_t circle;
  weft_future_t *outer, *next = NULL;
  gate_t gate = GATE_CLOSED;
  circle.mine = make_caller_run();
  circle.self = submit(circle.mine, run_until_the_own_end, &circle, NULL);
  CHECK_STATUS(weft_executor_run(circle.mine, 0, WEFT_FOREVER, NULL), WEFT_OK);
  weft_future_unref(circle.self);
  CHECK_STATUS(weft_executor_shutdown(circle.mine, 0, 0), WEFT_OK);
  outer = occupy_worker(pool, &gate);
  circle.self = submit(pool, run_until_the_own_end, &circle, NULL);
  REQUIRE_OK(weft_future_then(circle.self, NULL, WEFT_THEN_ALWAYS, NULL, follow, NULL, NULL, &next));
  weft_future_unref(circle.self);
  circle.self = next;
  gate_open(&gate);
  end_future(outer);
  end_future(next);
  weft_executor_unref(circle.mine);
  end_executor(pool);
}

/* On the only worker of a pool the wait runs the awaited task, as weft_future_wait does. */
static weft_status run_until_a_neighbour(void *ctx, void **result, weft_error_t **error) {
  circle_t *circle = (circle_t *)ctx;
  weft_future_t *neighbour;
  int runs = 0;
  (void)result;
  (void)error;
  neighbour = submit(weft_executor_current(), count_run, &runs, NULL);
  CHECK_STATUS(weft_executor_run_until(circle->mine, neighbour, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(runs, 1);
  weft_future_unref(neighbour);
  return WEFT_OK;
}

static void a_worker_lends_a_hand(void) {
  weft_executor_t *pool = make_pool(1);
  circle_t circle = {NULL, NULL};
  circle.mine = make_caller_run();
  end_future(submit(pool, run_until_a_neighbour, &circle, NULL));
  weft_executor_unref(circle.mine);
  end_executor(pool);
}

static weft_status drop_the_handles(void *ctx, void **result, weft_error_t **error) {
  circle_t *circle = (circle_t *)ctx;
  (void)result;
  (void)error;
  weft_future_unref(circle->self);
  weft_executor_unref(circle->mine);
  return WEFT_OK;
}

static void a_task_may_drop_the_handles(void) {
  circle_t circle;
  circle.mine = make_caller_run();
  circle.self = submit(circle.mine, drop_the_handles, &circle, NULL);
  CHECK_STATUS(weft_executor_run_until(circle.mine, circle.self, WEFT_FOREVER), WEFT_OK);
}

typedef struct waiter {
  weft_executor_t *mine;
  weft_future_t *promise;
  uint64_t tid;
} waiter_t;

static weft_status wait_in_the_loop(void *ctx, weft_error_t **error) {
  waiter_t *waiter = (waiter_t *)ctx;
  (void)error;
  __atomic_store_n(&waiter->tid, own_tid(), __ATOMIC_RELEASE);
  CHECK_STATUS(weft_executor_run_until(waiter->mine, waiter->promise, WEFT_FOREVER), WEFT_EINTERRUPTED);
  return WEFT_OK;
}

static void a_stop_request_ends_it(void) {
  waiter_t waiter = {NULL, NULL, 0};
  weft_thread_t *thread;
  waiter.mine = make_caller_run();
  waiter.promise = make_promise(NULL);
  thread = start_thread(NULL, WEFT_DAEMON_NO, wait_in_the_loop, &waiter, NULL);
  while (__atomic_load_n(&waiter.tid, __ATOMIC_ACQUIRE) == 0) sched_yield();
  await_asleep(waiter.tid);
  CHECK_STATUS(weft_thread_request_stop(thread), WEFT_OK);
  end_thread(thread);
  weft_future_unref(waiter.promise);
  weft_executor_unref(waiter.mine);
}

/* Again and again, the future ends just when the wait looks at it. */
static void its_end_is_never_missed(void) {
  weft_executor_t *pool = make_pool(2), *mine = make_caller_run();
  int turns = check_rounds(2000, 200000), turn, runs = 0;
  for (turn = 0; turn < turns; ++turn) {
    weft_future_t *wanted = submit(pool, count_run, &runs, NULL);
    if (turn % 2 == 0) REQUIRE_OK(weft_executor_post(mine, NULL, return_ctx, NULL, NULL));
    CHECK_STATUS(weft_executor_run_until(mine, wanted, WEFT_FOREVER), WEFT_OK);
    weft_future_unref(wanted);
  }
  CHECK_EQUAL(count_of(&runs), turns);
  weft_executor_unref(mine);
  end_executor(pool);
}

/* Inside a task of a pool with one worker, the thread in run_until is the only one that can run what it waits for, and
 * that comes to the pool only while the thread sleeps: because time goes by, or because a source becomes done.
 */
typedef struct inner {
  weft_executor_t *pool, *loop;
  weft_future_t *source; /* of a continuation; NULL: a delayed task instead */
  uint64_t tid;          /* atomic */
  int runs;
} inner_t;

static weft_status continue_it(void *ctx, weft_future_t *source, void **result, weft_error_t **error) {
  (void)source;
  return count_run(ctx, result, error);
}

static weft_status run_until_inside(void *ctx, void **result, weft_error_t **error) {
  inner_t *inner = (inner_t *)ctx;
  weft_future_t *wanted = NULL;
  (void)result;
  (void)error;
  if (inner->source != NULL)
    CHECK_STATUS(
        weft_future_then(inner->source, inner->pool, WEFT_THEN_ALWAYS, NULL, continue_it, &inner->runs, NULL, &wanted),
        WEFT_OK);
  else
    CHECK_STATUS(
        weft_executor_submit_after(inner->pool, 10 * WEFT_MILLISECOND, NULL, count_run, &inner->runs, NULL, &wanted),
        WEFT_OK);
  __atomic_store_n(&inner->tid, own_tid(), __ATOMIC_RELEASE);
  CHECK_STATUS(weft_executor_run_until(inner->loop, wanted, WEFT_FOREVER), WEFT_OK);
  weft_future_unref(wanted);
  return WEFT_OK;
}

static void inside_a_task_it_runs_what_comes_to_the_pool(void) {
  int from_source;
  for (from_source = 0; from_source < 2; ++from_source) {
    inner_t inner = {NULL, NULL, NULL, 0, 0};
    weft_future_t *outer;
    inner.pool = make_pool(1);
    inner.loop = make_caller_run();
    if (from_source) inner.source = make_promise(NULL);
    outer = submit(inner.pool, run_until_inside, &inner, NULL);
    while (__atomic_load_n(&inner.tid, __ATOMIC_ACQUIRE) == 0) sched_yield();
    await_asleep(__atomic_load_n(&inner.tid, __ATOMIC_ACQUIRE));
    if (from_source) CHECK_STATUS(weft_future_set_result(inner.source, NULL), WEFT_OK);
    end_future(outer);
    CHECK_EQUAL(inner.runs, 1);
    weft_future_unref(inner.source);
    weft_executor_unref(inner.loop);
    end_executor(inner.pool);
  }
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"bad arguments are refused", bad_arguments_are_refused},
      {"it stops at the future", it_stops_at_the_future},
      {"without time one task runs", without_time_one_task_runs},
      {"either wakes it", either_wakes_it},
      {"a timer that is due wakes it", a_timer_that_is_due_wakes_it},
      {"after the shutdown it waits for the future alone", after_the_shutdown_it_waits_for_the_future_alone},
      {"what can never happen is told", what_can_never_happen_is_told},
      {"a worker lends a hand", a_worker_lends_a_hand},
      {"a task may drop the handles", a_task_may_drop_the_handles},
      {"a stop request ends it", a_stop_request_ends_it},
      {"its end is never missed", its_end_is_never_missed},
      {"inside a task it runs what comes to the pool", inside_a_task_it_runs_what_comes_to_the_pool},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
