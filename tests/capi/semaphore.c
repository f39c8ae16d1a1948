/* Tests of weft/semaphore.h: values, which waiter is woken, every way out of a wait, and waits inside tasks. */
#include "semaphore.h"

static void a_signal_adds_and_a_wait_takes(void) {
  weft_semaphore_t *semaphore = make_semaphore(2);
  CHECK_EQUAL(weft_semaphore_value(semaphore), 2);
  CHECK_STATUS(weft_semaphore_try_wait(semaphore), WEFT_OK);
  CHECK_STATUS(weft_semaphore_wait(semaphore, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(weft_semaphore_value(semaphore), 0);
  CHECK_STATUS(weft_semaphore_try_wait(semaphore), WEFT_ETIMEDOUT);
  CHECK_STATUS(weft_semaphore_signal(semaphore, 0), WEFT_OK);
  CHECK_EQUAL(weft_semaphore_value(semaphore), 0);
  CHECK_STATUS(weft_semaphore_signal(semaphore, 3), WEFT_OK);
  CHECK_EQUAL(weft_semaphore_value(semaphore), 3);
  CHECK_STATUS(weft_semaphore_wait(semaphore, 0), WEFT_OK);
  CHECK_STATUS(weft_semaphore_wait(semaphore, -1), WEFT_OK);
  CHECK_EQUAL(weft_semaphore_value(semaphore), 1);
  weft_semaphore_unref(semaphore); /* with any value */
}

static void bad_arguments_are_refused(void) {
  weft_semaphore_t *semaphore = UNTOUCHED(weft_semaphore_t);
  CHECK_STATUS(weft_semaphore_create(-1, &semaphore), WEFT_EINVAL);
  CHECK(semaphore == UNTOUCHED(weft_semaphore_t));
  CHECK_STATUS(weft_semaphore_create(0, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_semaphore_signal(NULL, 1), WEFT_EINVAL);
  CHECK_STATUS(weft_semaphore_wait(NULL, 0), WEFT_EINVAL);
  CHECK_STATUS(weft_semaphore_try_wait(NULL), WEFT_EINVAL);
  CHECK_EQUAL(weft_semaphore_value(NULL), WEFT_EINVAL);
  CHECK(weft_semaphore_ref(NULL) == NULL);
  weft_semaphore_unref(NULL);
  semaphore = make_semaphore(1);
  CHECK_STATUS(weft_semaphore_signal(semaphore, -1), WEFT_EINVAL);
  CHECK_EQUAL(weft_semaphore_value(semaphore), 1);
  CHECK(weft_semaphore_ref(semaphore) == semaphore);
  weft_semaphore_unref(semaphore);
  CHECK_EQUAL(weft_semaphore_value(semaphore), 1);
  weft_semaphore_unref(semaphore);
}

static void a_value_that_is_too_large_is_refused(void) {
  weft_semaphore_t *semaphore = make_semaphore(WEFT_SEMAPHORE_MAX);
  CHECK_STATUS(weft_semaphore_signal(semaphore, 1), WEFT_EFULL);
  CHECK_STATUS(weft_semaphore_signal(semaphore, WEFT_SEMAPHORE_MAX), WEFT_EFULL);
  CHECK_EQUAL(weft_semaphore_value(semaphore), WEFT_SEMAPHORE_MAX);
  CHECK_STATUS(weft_semaphore_try_wait(semaphore), WEFT_OK);
  CHECK_STATUS(weft_semaphore_signal(semaphore, 2), WEFT_EFULL);
  CHECK_STATUS(weft_semaphore_signal(semaphore, 1), WEFT_OK);
  CHECK_EQUAL(weft_semaphore_value(semaphore), WEFT_SEMAPHORE_MAX);
  weft_semaphore_unref(semaphore);
}

static void a_timeout_is_not_early_and_takes_nothing(void) {
  weft_semaphore_t *semaphore = make_semaphore(0);
  int64_t began = now_ns();
  CHECK_STATUS(weft_semaphore_wait(semaphore, 0), WEFT_ETIMEDOUT);
  CHECK_STATUS(weft_semaphore_wait(semaphore, 20 * WEFT_MILLISECOND), WEFT_ETIMEDOUT);
  CHECK(now_ns() - began >= 20 * WEFT_MILLISECOND);
  CHECK_STATUS(weft_semaphore_signal(semaphore, 1), WEFT_OK);
  CHECK_EQUAL(weft_semaphore_value(semaphore), 1);
  weft_semaphore_unref(semaphore);
}

/* --- sleepers --- */

typedef struct sleeper {
  weft_semaphore_t *semaphore;
  int *turn; /* atomic: counts the sleepers that came back */
  int64_t timeout;
  uint64_t tid; /* atomic */
  weft_status status;
  int place; /* its number among those that came back */
  weft_thread_t *thread;
} sleeper_t;

static weft_status sleep_there(void *ctx, weft_error_t **error) {
  sleeper_t *self = (sleeper_t *)ctx;
  (void)error;
  __atomic_store_n(&self->tid, own_tid(), __ATOMIC_RELEASE);
  self->status = weft_semaphore_wait(self->semaphore, self->timeout);
  self->place = __atomic_fetch_add(self->turn, 1, __ATOMIC_ACQ_REL);
  return WEFT_OK;
}

static void start_sleeper(sleeper_t *sleeper, weft_semaphore_t *semaphore, int *turn, int64_t timeout) {
  memset(sleeper, 0, sizeof *sleeper);
  sleeper->semaphore = semaphore;
  sleeper->turn = turn;
  sleeper->timeout = timeout;
  sleeper->thread = start_thread(NULL, WEFT_DAEMON_NO, sleep_there, sleeper, NULL);
  while (__atomic_load_n(&sleeper->tid, __ATOMIC_ACQUIRE) == 0) sched_yield();
  await_asleep(sleeper->tid);
}

enum { sleepers = 4 };

static void who_slept_first_is_woken_first(void) {
  weft_semaphore_t *semaphore = make_semaphore(0);
  sleeper_t all[sleepers];
  int turn = 0, i;
  for (i = 0; i < sleepers; ++i) start_sleeper(&all[i], semaphore, &turn, WEFT_FOREVER);
  CHECK_EQUAL(weft_semaphore_value(semaphore), 0);
  for (i = 0; i < sleepers; ++i) {
    CHECK_STATUS(weft_semaphore_signal(semaphore, 1), WEFT_OK);
    end_thread(all[i].thread); /* hangs if the signal woke another sleeper */
    CHECK_STATUS(all[i].status, WEFT_OK);
    CHECK_EQUAL(all[i].place, i);
  }
  CHECK_EQUAL(weft_semaphore_value(semaphore), 0);
  weft_semaphore_unref(semaphore);
}

static void one_signal_wakes_many_and_keeps_the_rest(void) {
  weft_semaphore_t *semaphore = make_semaphore(0);
  sleeper_t all[sleepers];
  int turn = 0, i;
  for (i = 0; i < sleepers; ++i) start_sleeper(&all[i], semaphore, &turn, WEFT_FOREVER);
  CHECK_STATUS(weft_semaphore_signal(semaphore, sleepers + 3), WEFT_OK);
  for (i = 0; i < sleepers; ++i) {
    end_thread(all[i].thread);
    CHECK_STATUS(all[i].status, WEFT_OK);
  }
  CHECK_EQUAL(weft_semaphore_value(semaphore), 3);
  weft_semaphore_unref(semaphore);
}

static void nobody_overtakes_a_sleeper(void) {
  weft_semaphore_t *semaphore = make_semaphore(0);
  sleeper_t one;
  int turn = 0;
  start_sleeper(&one, semaphore, &turn, WEFT_FOREVER);
  CHECK_STATUS(weft_semaphore_try_wait(semaphore), WEFT_ETIMEDOUT);
  CHECK_STATUS(weft_semaphore_signal(semaphore, 1), WEFT_OK);
  CHECK_STATUS(weft_semaphore_try_wait(semaphore), WEFT_ETIMEDOUT); /* the permit is the sleeper's, awake or not */
  end_thread(one.thread);
  CHECK_STATUS(one.status, WEFT_OK);
  weft_semaphore_unref(semaphore);
}

static void a_sleeper_that_gives_up_leaves_no_trace(void) {
  weft_semaphore_t *semaphore = make_semaphore(0);
  sleeper_t all[3];
  int turn = 0;
  start_sleeper(&all[0], semaphore, &turn, WEFT_FOREVER);
  start_sleeper(&all[1], semaphore, &turn, WEFT_FOREVER);
  start_sleeper(&all[2], semaphore, &turn, WEFT_FOREVER);
  CHECK_STATUS(weft_thread_request_stop(all[1].thread), WEFT_OK); /* the one in the middle of the queue */
  end_thread(all[1].thread);
  CHECK_STATUS(all[1].status, WEFT_EINTERRUPTED);
  CHECK_STATUS(weft_thread_request_stop(all[2].thread), WEFT_OK); /* the last one of the queue */
  end_thread(all[2].thread);
  CHECK_STATUS(all[2].status, WEFT_EINTERRUPTED);
  CHECK_STATUS(weft_semaphore_wait(semaphore, WEFT_MILLISECOND), WEFT_ETIMEDOUT); /* waits behind it, and leaves */
  CHECK_STATUS(weft_semaphore_signal(semaphore, 2), WEFT_OK);
  end_thread(all[0].thread);
  CHECK_STATUS(all[0].status, WEFT_OK);
  CHECK_EQUAL(weft_semaphore_value(semaphore), 1);
  weft_semaphore_unref(semaphore);
}

static weft_status wait_when_asked_to_stop(void *ctx, weft_error_t **error) {
  weft_semaphore_t *semaphore = (weft_semaphore_t *)ctx;
  (void)error;
  while (weft_stop_requested() == 0) sched_yield();
  CHECK_STATUS(weft_semaphore_wait(semaphore, WEFT_FOREVER), WEFT_OK); /* takes the available permit */
  CHECK_STATUS(weft_semaphore_wait(semaphore, WEFT_FOREVER), WEFT_EINTERRUPTED);
  return WEFT_OK;
}

static void who_was_asked_to_stop_does_not_sleep(void) {
  weft_semaphore_t *semaphore = make_semaphore(1);
  weft_thread_t *thread = start_thread(NULL, WEFT_DAEMON_NO, wait_when_asked_to_stop, semaphore, NULL);
  CHECK_STATUS(weft_thread_request_stop(thread), WEFT_OK);
  end_thread(thread);
  weft_semaphore_unref(semaphore);
}

/* --- the end --- */

/* Only the waiter has a reference, and gives it back as soon as its wait returns. After that the signal must not touch
 * the semaphore. */
static weft_status signal_last(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  CHECK_STATUS(weft_semaphore_signal((weft_semaphore_t *)ctx, 1), WEFT_OK);
  return WEFT_OK;
}

static void the_waiter_may_give_back_the_last_reference(void) {
  weft_executor_t *pool = make_pool(1);
  int rounds = (int)check_rounds(2000, 200000), i;
  for (i = 0; i < rounds; ++i) {
    weft_semaphore_t *semaphore = make_semaphore(0);
    CHECK_STATUS(weft_executor_post(pool, NULL, signal_last, semaphore, NULL), WEFT_OK);
    CHECK_STATUS(weft_semaphore_wait(semaphore, i % 3 == 0 ? 10 * WEFT_SECOND : WEFT_FOREVER), WEFT_OK);
    weft_semaphore_unref(semaphore);
  }
  end_executor(pool);
}

/* --- inside tasks --- */

typedef struct inside {
  weft_semaphore_t *semaphore;
  weft_executor_t *pool;
  weft_future_t *inner;
  gate_t gate;
  weft_status status;
  int ran;
} inside_t;

static weft_status wait_inside(void *ctx, void **result, weft_error_t **error) {
  inside_t *self = (inside_t *)ctx;
  (void)result;
  (void)error;
  gate_pass(&self->gate);
  self->status = weft_semaphore_wait(self->semaphore, WEFT_FOREVER);
  return WEFT_OK;
}

static void a_task_that_is_asked_to_stop_is_interrupted(void) {
  weft_executor_t *pool = make_pool(1);
  inside_t inside = {NULL, NULL, NULL, GATE_CLOSED, 0, 0};
  weft_future_t *future;
  inside.semaphore = make_semaphore(0);
  gate_open(&inside.gate);
  future = submit(pool, wait_inside, &inside, NULL);
  gate_await(&inside.gate, 1);
  CHECK_STATUS(weft_future_request_stop(future), WEFT_OK);
  end_future(future);
  CHECK_STATUS(inside.status, WEFT_EINTERRUPTED);
  end_executor(pool);
  weft_semaphore_unref(inside.semaphore);
}

static weft_status spawn_and_wait(void *ctx, void **result, weft_error_t **error) {
  inside_t *self = (inside_t *)ctx;
  weft_group_t *group = NULL;
  (void)result;
  (void)error;
  CHECK_STATUS(weft_group_create(self->pool, NULL, &group), WEFT_OK);
  CHECK_STATUS(weft_group_spawn(group, NULL, signal_last, self->semaphore, NULL), WEFT_OK);
  CHECK_STATUS(weft_semaphore_wait(self->semaphore, WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
  weft_group_unref(group);
  return WEFT_OK;
}

/* A worker that goes to sleep in the wait leaves the tasks on its deque to another worker. */
static void a_worker_that_waits_hands_over_what_it_has(void) {
  weft_executor_t *pool = make_pool(2);
  inside_t inside = {NULL, NULL, NULL, GATE_CLOSED, 0, 0};
  int i;
  inside.semaphore = make_semaphore(0);
  inside.pool = pool;
  for (i = 0; i < 20; ++i) end_future(submit(pool, spawn_and_wait, &inside, NULL));
  end_executor(pool);
  weft_semaphore_unref(inside.semaphore);
}

static weft_status wait_in_a_blocking_region(void *ctx, void **result, weft_error_t **error) {
  inside_t *self = (inside_t *)ctx;
  (void)result;
  (void)error;
  CHECK_STATUS(weft_executor_post(self->pool, NULL, signal_last, self->semaphore, NULL), WEFT_OK);
  CHECK_STATUS(weft_blocking_begin(), WEFT_OK);
  CHECK_STATUS(weft_semaphore_wait(self->semaphore, WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(weft_blocking_end(), WEFT_OK);
  return WEFT_OK;
}

static void a_blocking_region_lets_the_signal_through(void) {
  weft_executor_t *pool = make_pool(1);
  inside_t inside = {NULL, NULL, NULL, GATE_CLOSED, 0, 0};
  inside.semaphore = make_semaphore(0);
  inside.pool = pool;
  end_future(submit(pool, wait_in_a_blocking_region, &inside, NULL));
  end_executor(pool);
  weft_semaphore_unref(inside.semaphore);
}

/* A done callback may signal on any thread. */
static void signal_when_done(void *ctx, weft_future_t *done) {
  (void)done;
  CHECK_STATUS(weft_semaphore_signal((weft_semaphore_t *)ctx, 1), WEFT_OK);
}

static void a_callback_may_signal(void) {
  weft_executor_t *pool = make_pool(1);
  weft_semaphore_t *semaphore = make_semaphore(0);
  int ran = 0;
  weft_future_t *future = submit(pool, count_run, &ran, NULL);
  CHECK_STATUS(weft_future_add_done_callback(future, signal_when_done, semaphore, NULL), WEFT_OK);
  CHECK_STATUS(weft_semaphore_wait(semaphore, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(count_of(&ran), 1);
  weft_future_unref(future);
  end_executor(pool);
  weft_semaphore_unref(semaphore);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"a signal adds and a wait takes", a_signal_adds_and_a_wait_takes},
      {"bad arguments are refused", bad_arguments_are_refused},
      {"a value that is too large is refused", a_value_that_is_too_large_is_refused},
      {"a timeout is not early and takes nothing", a_timeout_is_not_early_and_takes_nothing},
      {"who slept first is woken first", who_slept_first_is_woken_first},
      {"one signal wakes many and keeps the rest", one_signal_wakes_many_and_keeps_the_rest},
      {"nobody overtakes a sleeper", nobody_overtakes_a_sleeper},
      {"a sleeper that gives up leaves no trace", a_sleeper_that_gives_up_leaves_no_trace},
      {"who was asked to stop does not sleep", who_was_asked_to_stop_does_not_sleep},
      {"the waiter may give back the last reference", the_waiter_may_give_back_the_last_reference},
      {"a task that is asked to stop is interrupted", a_task_that_is_asked_to_stop_is_interrupted},
      {"a worker that waits hands over what it has", a_worker_that_waits_hands_over_what_it_has},
      {"a blocking region lets the signal through", a_blocking_region_lets_the_signal_through},
      {"a callback may signal", a_callback_may_signal},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
