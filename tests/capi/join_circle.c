/* Tests of weft/join.h when a call waits for something that only the end of the join could bring. Its wait is refused,
 * and the join ends.
 */
#include "join.h"

#include <weft/group.h>
#include <weft/parallel.h>

typedef struct circle {
  weft_executor_t *pool;
  weft_future_t *caller; /* what one of the calls waits for */
  gate_t known;          /* opened when `caller` is set */
  meeting_t meeting;
  uint64_t tid;       /* of the thread that joins; atomic */
  uint64_t other_tid; /* of the thread that waits; atomic */
  weft_status waited; /* what its wait returned */
} circle_t;

static weft_status wait_for_caller(void *ctx, weft_error_t **error) {
  circle_t *circle = (circle_t *)ctx;
  (void)error;
  circle->waited = weft_future_wait(circle->caller, WEFT_FOREVER);
  return WEFT_OK;
}

/* The joining thread already sleeps when the other thread begins to wait. */
static weft_status wait_last(void *ctx, weft_error_t **error) {
  circle_t *circle = (circle_t *)ctx;
  meet(&circle->meeting, 2);
  await_asleep(__atomic_load_n(&circle->tid, __ATOMIC_ACQUIRE));
  return wait_for_caller(ctx, error);
}

static weft_status meet_and_return(void *ctx, weft_error_t **error) {
  (void)error;
  meet(&((circle_t *)ctx)->meeting, 2);
  return WEFT_OK;
}

/* The other thread already sleeps when the joining thread begins to wait. */
static weft_status wait_first(void *ctx, weft_error_t **error) {
  circle_t *circle = (circle_t *)ctx;
  __atomic_store_n(&circle->other_tid, own_tid(), __ATOMIC_RELEASE);
  meet(&circle->meeting, 2);
  return wait_for_caller(ctx, error);
}

static weft_status return_when_it_sleeps(void *ctx, weft_error_t **error) {
  circle_t *circle = (circle_t *)ctx;
  (void)error;
  meet(&circle->meeting, 2);
  await_asleep(__atomic_load_n(&circle->other_tid, __ATOMIC_ACQUIRE));
  return WEFT_OK;
}

typedef struct joining_circle {
  circle_t circle;
  weft_join_fn first, second;
} joining_circle_t;

static weft_status join_circle(void *ctx, void **result, weft_error_t **error) {
  joining_circle_t *self = (joining_circle_t *)ctx;
  (void)result;
  (void)error;
  gate_pass(&self->circle.known);
  __atomic_store_n(&self->circle.tid, own_tid(), __ATOMIC_RELEASE);
  CHECK_STATUS(weft_join(self->circle.pool, self->first, &self->circle, self->second, &self->circle, NULL), WEFT_OK);
  return WEFT_OK;
}

static void run_circle(uint32_t workers, weft_join_fn first, weft_join_fn second) {
  joining_circle_t self = {{.known = GATE_CLOSED}, NULL, NULL};
  self.circle.pool = make_pool(workers);
  self.first = first;
  self.second = second;
  self.circle.caller = submit(self.circle.pool, join_circle, &self, NULL);
  gate_open(&self.circle.known);
  end_future(self.circle.caller);
  CHECK_STATUS(self.circle.waited, WEFT_EDEADLK);
  end_executor(self.circle.pool);
}

static weft_status do_nothing(void *ctx, weft_error_t **error) {
  (void)ctx;
  (void)error;
  return WEFT_OK;
}

static void a_call_on_the_same_thread(void) {
  run_circle(1, wait_for_caller, do_nothing);
  run_circle(1, do_nothing, wait_for_caller);
}

static void a_stolen_call_that_is_last_to_sleep(void) {
  int round;
  for (round = 0; round < 10; ++round) run_circle(2, meet_and_return, wait_last);
}

static void a_stolen_call_that_sleeps_first(void) {
  int round;
  for (round = 0; round < 10; ++round) run_circle(2, return_when_it_sleeps, wait_first);
}

/* A join from outside: its caller is a task of another pool, and a call waits for this task. */
typedef struct across {
  circle_t circle;
  weft_executor_t *other;
} across_t;

static weft_status join_across(void *ctx, void **result, weft_error_t **error) {
  across_t *self = (across_t *)ctx;
  (void)result;
  (void)error;
  gate_pass(&self->circle.known);
  CHECK_STATUS(weft_join(self->circle.pool, wait_for_caller, &self->circle, do_nothing, NULL, NULL), WEFT_OK);
  return WEFT_OK;
}

static void a_call_waits_for_a_task_of_another_pool_that_joins(void) {
  int round;
  for (round = 0; round < 10; ++round) {
    across_t self = {{.known = GATE_CLOSED}, NULL};
    self.circle.pool = make_pool(1);
    self.other = make_pool(1);
    self.circle.caller = submit(self.other, join_across, &self, NULL);
    gate_open(&self.circle.known);
    end_future(self.circle.caller);
    CHECK_STATUS(self.circle.waited, WEFT_EDEADLK);
    end_executor(self.other);
    end_executor(self.circle.pool);
  }
}

/* The branch waits for a task, and this task waits for the joining task. */
typedef struct crowd {
  circle_t circle;
  weft_future_t *beside;
  uint64_t beside_tid; /* atomic */
  int joins_last;      /* the others already sleep when the joining thread begins to wait */
  weft_status beside_waited;
} crowd_t;

static weft_status wait_beside(void *ctx, void **result, weft_error_t **error) {
  crowd_t *crowd = (crowd_t *)ctx;
  (void)result;
  (void)error;
  __atomic_store_n(&crowd->beside_tid, own_tid(), __ATOMIC_RELEASE);
  crowd->beside_waited = weft_future_wait(crowd->circle.caller, WEFT_FOREVER);
  return WEFT_OK;
}

static weft_status wait_for_beside(void *ctx, weft_error_t **error) {
  crowd_t *crowd = (crowd_t *)ctx;
  (void)error;
  __atomic_store_n(&crowd->circle.other_tid, own_tid(), __ATOMIC_RELEASE);
  meet(&crowd->circle.meeting, 2);
  crowd->circle.waited = weft_future_wait(crowd->beside, WEFT_FOREVER);
  return WEFT_OK;
}

static weft_status return_last(void *ctx, weft_error_t **error) {
  crowd_t *crowd = (crowd_t *)ctx;
  (void)error;
  meet(&crowd->circle.meeting, 2);
  if (!crowd->joins_last) return WEFT_OK;
  while (__atomic_load_n(&crowd->beside_tid, __ATOMIC_ACQUIRE) == 0) sched_yield();
  await_asleep(crowd->beside_tid);
  await_asleep(__atomic_load_n(&crowd->circle.other_tid, __ATOMIC_ACQUIRE));
  return WEFT_OK;
}

static weft_status join_crowd(void *ctx, void **result, weft_error_t **error) {
  crowd_t *crowd = (crowd_t *)ctx;
  (void)result;
  (void)error;
  gate_pass(&crowd->circle.known);
  CHECK_STATUS(weft_join(crowd->circle.pool, return_last, crowd, wait_for_beside, crowd, NULL), WEFT_OK);
  return WEFT_OK;
}

/* In every order of arrival, exactly one of the two waits is refused. The join itself is never refused. */
static void a_circle_of_three(void) {
  int round;
  for (round = 0; round < 20; ++round) {
    crowd_t crowd = {.circle = {.known = GATE_CLOSED}};
    crowd.joins_last = round % 2;
    crowd.circle.pool = make_pool(3);
    crowd.circle.caller = submit(crowd.circle.pool, join_crowd, &crowd, NULL);
    crowd.beside = submit(crowd.circle.pool, wait_beside, &crowd, NULL);
    gate_open(&crowd.circle.known);
    CHECK_STATUS(weft_future_wait(crowd.circle.caller, WEFT_FOREVER), WEFT_OK);
    CHECK_STATUS(weft_future_wait(crowd.beside, WEFT_FOREVER), WEFT_OK);
    CHECK((crowd.circle.waited == WEFT_EDEADLK) + (crowd.beside_waited == WEFT_EDEADLK) == 1);
    weft_future_unref(crowd.circle.caller);
    weft_future_unref(crowd.beside);
    end_executor(crowd.circle.pool);
  }
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"a call on the same thread", a_call_on_the_same_thread},
      {"a stolen call that is last to sleep", a_stolen_call_that_is_last_to_sleep},
      {"a stolen call that sleeps first", a_stolen_call_that_sleeps_first},
      {"a call waits for a task of another pool that joins", a_call_waits_for_a_task_of_another_pool_that_joins},
      {"a circle of three", a_circle_of_three},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
