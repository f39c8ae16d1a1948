/* Tests of strands (weft/strand.h): one task at a time, in order, on any worker, without blocking one another. */
#include <weft/strand.h>

#include "setup.h"

static void a_strand_stands_on_a_pool(void) {
  weft_executor_t *pool = make_pool(1), *strand = make_strand(pool), *mine = make_caller_run();
  weft_executor_t *out = UNTOUCHED(weft_executor_t);
  CHECK_STATUS(weft_strand_create(NULL, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_strand_create(pool, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_strand_create(strand, &out), WEFT_ENOTSUP);
  CHECK_STATUS(weft_strand_create(mine, &out), WEFT_ENOTSUP);
  CHECK(out == UNTOUCHED(weft_executor_t));
  CHECK_EQUAL(stats_of(strand).max_workers, 0);
  CHECK_EQUAL(stats_of(strand).workers_started, 0);
  weft_executor_unref(mine);
  weft_executor_unref(strand);
  weft_executor_unref(pool);
}

/* What the tasks of one strand share. It has no synchronisation of its own, so a sanitizer would see an overlap. */
typedef struct sequence {
  int next;
  int inside;
  int wrong;
} sequence_t;

typedef struct step {
  sequence_t *sequence;
  int index;
} step_t;

static weft_status take_step(void *ctx, void **result, weft_error_t **error) {
  step_t *step = (step_t *)ctx;
  (void)result;
  (void)error;
  if (step->sequence->inside++ != 0) ++step->sequence->wrong;
  if (step->sequence->next++ != step->index) ++step->sequence->wrong;
  --step->sequence->inside;
  return WEFT_OK;
}

static void tasks_run_in_order_and_never_overlap(void) {
  enum { strands = 4, steps = 2000 };
  static step_t all[strands][steps];
  sequence_t sequences[strands] = {{0, 0, 0}};
  weft_executor_t *pool = make_pool(3), *strand[strands];
  int i, k;
  for (k = 0; k < strands; ++k) strand[k] = make_strand(pool);
  for (i = 0; i < steps; ++i) {
    for (k = 0; k < strands; ++k) {
      all[k][i].sequence = &sequences[k];
      all[k][i].index = i;
      REQUIRE_OK(weft_executor_post(strand[k], NULL, take_step, &all[k][i], NULL));
    }
  }
  for (k = 0; k < strands; ++k) {
    end_executor(strand[k]);
    CHECK_EQUAL(sequences[k].next, steps);
    CHECK_EQUAL(sequences[k].wrong, 0);
  }
  end_executor(pool);
}

static void a_batch_keeps_its_order(void) {
  enum { steps = 500 };
  static step_t all[steps];
  static weft_call_t calls[steps];
  sequence_t sequence = {0, 0, 0};
  weft_executor_t *pool = make_pool(3), *strand = make_strand(pool);
  int i;
  for (i = 0; i < steps; ++i) {
    all[i].sequence = &sequence;
    all[i].index = i;
    calls[i].fn = take_step;
    calls[i].ctx = &all[i];
  }
  REQUIRE_OK(weft_executor_submit_batch(strand, NULL, calls, steps, NULL));
  end_executor(strand);
  CHECK_EQUAL(sequence.next, steps);
  CHECK_EQUAL(sequence.wrong, 0);
  end_executor(pool);
}

static void a_blocked_strand_blocks_no_other(void) {
  enum { others = 50 }; /* too many for a table of shared strands to hold without collisions */
  weft_executor_t *pool = make_pool(2), *blocked = make_strand(pool);
  gate_t gate = GATE_CLOSED;
  weft_future_t *running = occupy_worker(blocked, &gate);
  int i;
  for (i = 0; i < others; ++i) {
    weft_executor_t *other = make_strand(pool);
    weft_future_t *future = submit(other, return_ctx, NULL, NULL);
    while (weft_future_done(future) == 0) sched_yield(); /* no wait, because a wait might run the task here */
    weft_future_unref(future);
    weft_executor_unref(other);
  }
  CHECK_EQUAL(weft_future_running(running), 1);
  gate_open(&gate);
  weft_future_unref(running);
  end_executor(blocked);
  end_executor(pool);
}

static void a_strand_keeps_its_pool(void) {
  weft_executor_t *pool = make_pool(2), *strand = make_strand(pool);
  int runs = 0;
  weft_executor_unref(pool);
  REQUIRE_OK(weft_executor_post(strand, NULL, count_run, &runs, NULL));
  end_executor(strand);
  CHECK_EQUAL(count_of(&runs), 1);
}

static void what_was_accepted_runs_after_the_end_of_the_pool(void) {
  weft_executor_t *pool = make_pool(1), *strand = make_strand(pool);
  gate_t gate = GATE_CLOSED;
  weft_future_t *running = occupy_worker(pool, &gate);
  probe_t refused = {0};
  weft_future_t *out = UNTOUCHED(weft_future_t);
  int runs = 0, i;
  for (i = 0; i < 10; ++i) REQUIRE_OK(weft_executor_post(strand, NULL, count_run, &runs, NULL));
  CHECK_STATUS(weft_executor_shutdown(pool, 0, 0), WEFT_OK);
  CHECK_STATUS(weft_executor_submit(strand, NULL, probe_run, &refused, probe_drop, &out), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_executor_post(strand, NULL, probe_run, &refused, probe_drop), WEFT_ESHUTDOWN);
  CHECK(out == UNTOUCHED(weft_future_t));
  gate_open(&gate);
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(count_of(&runs), 10);
  CHECK_EQUAL(probe_drops(&refused), 0);
  weft_future_unref(running);
  weft_executor_unref(strand);
  weft_executor_unref(pool);
}

static void cancelling_the_pool_cancels_the_strand(void) {
  weft_executor_t *pool = make_pool(1), *strand = make_strand(pool);
  gate_t gate = GATE_CLOSED;
  weft_future_t *running = occupy_worker(pool, &gate), *pending;
  probe_t probe = {0};
  pending = submit(strand, probe_run, &probe, probe_drop);
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_CANCEL_PENDING, 0), WEFT_OK);
  CHECK_EQUAL(weft_future_cancelled(pending), 1);
  CHECK_EQUAL(probe_drops(&probe), 1);
  gate_open(&gate);
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(probe_runs(&probe), 0);
  weft_future_unref(running);
  weft_future_unref(pending);
  weft_executor_unref(strand);
  weft_executor_unref(pool);
}

static void shutting_a_strand_down_concerns_it_alone(void) {
  weft_executor_t *pool = make_pool(2), *one = make_strand(pool), *two = make_strand(pool);
  gate_t gate = GATE_CLOSED;
  weft_future_t *running = occupy_worker(one, &gate), *pending;
  probe_t probe = {0};
  int runs = 0;
  pending = submit(one, probe_run, &probe, probe_drop);
  CHECK_STATUS(weft_executor_shutdown(one, WEFT_SHUTDOWN_WAIT, 0), WEFT_ETIMEDOUT);
  CHECK_STATUS(weft_executor_shutdown(one, WEFT_SHUTDOWN_CANCEL_PENDING, 0), WEFT_OK);
  CHECK_EQUAL(weft_future_cancelled(pending), 1);
  CHECK_EQUAL(probe_drops(&probe), 1);
  CHECK_STATUS(weft_executor_post(one, NULL, count_run, &runs, NULL), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_executor_post(two, NULL, count_run, &runs, NULL), WEFT_OK);
  CHECK_STATUS(weft_executor_post(pool, NULL, count_run, &runs, NULL), WEFT_OK);
  gate_open(&gate);
  CHECK_STATUS(weft_executor_shutdown(one, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(weft_future_state(running), WEFT_FUTURE_RESULT);
  CHECK_STATUS(weft_executor_shutdown(one, 8, 0), WEFT_EINVAL);
  weft_future_unref(running);
  weft_future_unref(pending);
  weft_executor_unref(one);
  end_executor(two);
  end_executor(pool);
  CHECK_EQUAL(count_of(&runs), 2);
}

static weft_status shut_down_my_strand(void *ctx, void **result, weft_error_t **error) {
  weft_executor_t *strand = (weft_executor_t *)ctx;
  (void)result;
  (void)error;
  CHECK_STATUS(weft_executor_shutdown(strand, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_EDEADLK);
  CHECK_STATUS(weft_executor_post(strand, NULL, return_ctx, NULL, NULL), WEFT_OK); /* the call changed nothing */
  CHECK_STATUS(weft_executor_shutdown(strand, 0, 0), WEFT_OK);
  return WEFT_OK;
}

static void a_strand_cannot_wait_for_itself(void) {
  weft_executor_t *pool = make_pool(2), *strand = make_strand(pool);
  end_future(submit(strand, shut_down_my_strand, strand, NULL));
  end_executor(strand);
  end_executor(pool);
}

static void the_last_unref_finishes_the_work(void) {
  weft_executor_t *pool = make_pool(1), *strand = make_strand(pool);
  gate_t gate = GATE_CLOSED;
  weft_future_t *running = occupy_worker(pool, &gate);
  int runs = 0;
  REQUIRE_OK(weft_executor_post(strand, NULL, count_run, &runs, count_drop));
  weft_executor_unref(strand);
  gate_open(&gate);
  weft_future_unref(running);
  end_executor(pool);
  CHECK_EQUAL(count_of(&runs), 2);
}

/* A task that waits for a task of a strand, in one of three ways. */
typedef struct waiter {
  gate_t ready; /* opened when `awaited` is set */
  weft_future_t *awaited;
  weft_status answer;
  int way;
} waiter_t;

enum { wait_alone, wait_first, wait_completed, wait_ways };

static weft_status wait_in_this_way(int way, weft_future_t *awaited) {
  weft_as_completed_t *all = NULL;
  weft_future_t *next = NULL;
  weft_status status;
  if (way == wait_alone) return weft_future_wait(awaited, WEFT_FOREVER);
  if (way == wait_first) return weft_wait(&awaited, 1, WEFT_FIRST_COMPLETED, WEFT_FOREVER, NULL, NULL);
  CHECK_STATUS(weft_as_completed(&awaited, 1, WEFT_FOREVER, &all), WEFT_OK);
  status = weft_as_completed_next(all, &next);
  weft_future_unref(next);
  weft_as_completed_destroy(&all);
  return status;
}

static weft_status wait_for_it(void *ctx, void **result, weft_error_t **error) {
  waiter_t *waiter = (waiter_t *)ctx;
  (void)result;
  (void)error;
  gate_pass(&waiter->ready);
  waiter->answer = wait_in_this_way(waiter->way, waiter->awaited);
  return WEFT_OK;
}

static void a_worker_that_waits_runs_the_tasks_before_it_first(void) {
  weft_executor_t *pool = make_pool(1), *strand = make_strand(pool);
  waiter_t waiter = {GATE_CLOSED, NULL, WEFT_EINVAL, wait_alone};
  weft_future_t *future = submit(pool, wait_for_it, &waiter, NULL);
  sequence_t sequence = {0, 0, 0};
  step_t steps[3];
  int i;
  gate_await(&waiter.ready, 1);
  for (i = 0; i < 3; ++i) {
    steps[i].sequence = &sequence;
    steps[i].index = i;
    if (i < 2) REQUIRE_OK(weft_executor_post(strand, NULL, take_step, &steps[i], NULL));
  }
  waiter.awaited = submit(strand, take_step, &steps[2], NULL);
  gate_open(&waiter.ready);
  CHECK_STATUS(weft_future_wait(future, WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(waiter.answer, WEFT_OK);
  CHECK_EQUAL(weft_future_state(waiter.awaited), WEFT_FUTURE_RESULT);
  weft_future_unref(waiter.awaited);
  weft_future_unref(future);
  end_executor(strand);
  CHECK_EQUAL(sequence.next, 3);
  CHECK_EQUAL(sequence.wrong, 0);
  end_executor(pool);
}

static void waiting_for_a_task_behind_oneself_is_refused(void) {
  int way;
  for (way = 0; way < wait_ways; ++way) {
    weft_executor_t *pool = make_pool(2), *strand = make_strand(pool);
    waiter_t waiter = {GATE_CLOSED, NULL, WEFT_OK, way};
    weft_future_t *future = submit(strand, wait_for_it, &waiter, NULL);
    int runs = 0;
    gate_await(&waiter.ready, 1);
    waiter.awaited = submit(strand, count_run, &runs, NULL);
    gate_open(&waiter.ready);
    CHECK_STATUS(weft_future_wait(future, WEFT_FOREVER), WEFT_OK);
    CHECK_STATUS(waiter.answer, WEFT_EDEADLK);
    end_executor(strand);
    CHECK_EQUAL(count_of(&runs), 1);
    weft_future_unref(waiter.awaited);
    weft_future_unref(future);
    end_executor(pool);
  }
}

/* Each of two tasks waits for a task behind the other. One wait is refused, so the other wait can end. Idle workers are
 * there, but cannot help.
 */
static void of_two_that_wait_for_each_other_one_is_told(void) {
  int ways;
  for (ways = 0; ways < wait_ways * wait_ways; ++ways) {
    weft_executor_t *pool = make_pool(4), *strand[2] = {NULL, NULL};
    waiter_t waiter[2] = {{GATE_CLOSED, NULL, WEFT_EINVAL, ways / wait_ways},
                          {GATE_CLOSED, NULL, WEFT_EINVAL, ways % wait_ways}};
    weft_future_t *future[2] = {NULL, NULL};
    int runs = 0, i;
    for (i = 0; i < 2; ++i) {
      strand[i] = make_strand(pool);
      future[i] = submit(strand[i], wait_for_it, &waiter[i], NULL);
      gate_await(&waiter[i].ready, 1);
    }
    for (i = 0; i < 2; ++i) waiter[i].awaited = submit(strand[1 - i], count_run, &runs, NULL);
    for (i = 0; i < 2; ++i) gate_open(&waiter[i].ready);
    for (i = 0; i < 2; ++i) end_future(future[i]);
    CHECK((waiter[0].answer == WEFT_EDEADLK) != (waiter[1].answer == WEFT_EDEADLK));
    CHECK((waiter[0].answer == WEFT_OK) != (waiter[1].answer == WEFT_OK));
    for (i = 0; i < 2; ++i) end_future(waiter[i].awaited);
    CHECK_EQUAL(count_of(&runs), 2);
    for (i = 0; i < 2; ++i) end_executor(strand[i]);
    end_executor(pool);
  }
}

static void waiting_for_a_later_strand_from_a_strand_is_fine(void) {
  weft_executor_t *pool = make_pool(1), *one = make_strand(pool), *two = make_strand(pool);
  waiter_t waiter = {GATE_CLOSED, NULL, WEFT_EINVAL, wait_alone};
  weft_future_t *future = submit(one, wait_for_it, &waiter, NULL);
  int runs = 0;
  gate_await(&waiter.ready, 1);
  waiter.awaited = submit(two, count_run, &runs, NULL);
  gate_open(&waiter.ready);
  CHECK_STATUS(weft_future_wait(future, WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(waiter.answer, WEFT_OK);
  CHECK_EQUAL(count_of(&runs), 1);
  weft_future_unref(waiter.awaited);
  weft_future_unref(future);
  end_executor(one);
  end_executor(two);
  end_executor(pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"a strand stands on a pool", a_strand_stands_on_a_pool},
      {"tasks run in order and never overlap", tasks_run_in_order_and_never_overlap},
      {"a batch keeps its order", a_batch_keeps_its_order},
      {"a blocked strand blocks no other", a_blocked_strand_blocks_no_other},
      {"a strand keeps its pool", a_strand_keeps_its_pool},
      {"what was accepted runs after the end of the pool", what_was_accepted_runs_after_the_end_of_the_pool},
      {"cancelling the pool cancels the strand", cancelling_the_pool_cancels_the_strand},
      {"shutting a strand down concerns it alone", shutting_a_strand_down_concerns_it_alone},
      {"a strand cannot wait for itself", a_strand_cannot_wait_for_itself},
      {"the last unref finishes the work", the_last_unref_finishes_the_work},
      {"a worker that waits runs the tasks before it first", a_worker_that_waits_runs_the_tasks_before_it_first},
      {"waiting for a task behind oneself is refused", waiting_for_a_task_behind_oneself_is_refused},
      {"of two that wait for each other one is told", of_two_that_wait_for_each_other_one_is_told},
      {"waiting for a later strand from a strand is fine", waiting_for_a_later_strand_from_a_strand_is_fine},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
