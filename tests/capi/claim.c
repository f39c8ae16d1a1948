/* Tests of waiting inside tasks (weft/future.h): a waiter claims what it waits for, and a wait that could never end is
 * refused.
 */
#include <weft/future.h>

#include "setup.h"

/* A task that waits for a future; the test sets that future later. */
typedef struct waiter {
  gate_t ready; /* opened when `awaited` is set */
  weft_future_t *awaited;
  weft_status answer;
  pthread_t on;
  uint64_t tid; /* atomic */
} waiter_t;

#define WAITER_READY_LATER                                                                                             \
  { GATE_CLOSED, NULL, WEFT_EINVAL, pthread_self(), 0 }

static weft_status wait_for_it(void *ctx, void **result, weft_error_t **error) {
  waiter_t *waiter = (waiter_t *)ctx;
  (void)result;
  (void)error;
  __atomic_store_n(&waiter->tid, own_tid(), __ATOMIC_RELEASE);
  gate_pass(&waiter->ready);
  waiter->on = pthread_self();
  waiter->answer = weft_future_wait(waiter->awaited, WEFT_FOREVER);
  return WEFT_OK;
}

static void a_one_worker_pool_can_wait_for_its_own_tasks(void) {
  weft_executor_t *pool = make_pool(1);
  waiter_t waiter = WAITER_READY_LATER;
  probe_t probe = {0};
  weft_future_t *future = submit(pool, wait_for_it, &waiter, NULL);
  gate_await(&waiter.ready, 1);
  waiter.awaited = submit(pool, probe_run, &probe, probe_drop);
  gate_open(&waiter.ready);
  CHECK_STATUS(weft_future_wait(future, WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(waiter.answer, WEFT_OK);
  CHECK_EQUAL(probe_runs(&probe), 1);
  CHECK_EQUAL(probe_drops(&probe), 1);
  CHECK(pthread_equal(waiter.on, probe.ran_on));
  weft_future_unref(waiter.awaited);
  weft_future_unref(future);
  end_executor(pool);
}

/* While a task waits for a promise, its worker runs no unrelated task. */
static void nothing_unrelated_runs_meanwhile(void) {
  weft_executor_t *pool = make_pool(1);
  waiter_t waiter = WAITER_READY_LATER;
  weft_future_t *promise = make_promise(NULL);
  weft_future_t *future = submit(pool, wait_for_it, &waiter, NULL);
  probe_t unrelated = {0};
  gate_await(&waiter.ready, 1);
  REQUIRE_OK(weft_executor_post(pool, NULL, probe_run, &unrelated, probe_drop));
  waiter.awaited = promise;
  gate_open(&waiter.ready);
  await_asleep(__atomic_load_n(&waiter.tid, __ATOMIC_ACQUIRE)); /* now the waiter has looked for a task to run */
  CHECK_EQUAL(probe_runs(&unrelated), 0);
  CHECK_STATUS(weft_future_set_result(promise, NULL), WEFT_OK);
  CHECK_STATUS(weft_future_wait(future, WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(waiter.answer, WEFT_OK);
  weft_future_unref(future);
  weft_future_unref(promise);
  end_executor(pool);
  CHECK_EQUAL(probe_runs(&unrelated), 1);
}

/* Fork and join by recursion: every task waits for two others of the same small pool. */
typedef struct fibonacci {
  weft_executor_t *pool;
  intptr_t n;
} fibonacci_t;

static weft_status run_fibonacci(void *ctx, void **result, weft_error_t **error) {
  fibonacci_t *it = (fibonacci_t *)ctx;
  fibonacci_t left = {NULL, 0}, right = {NULL, 0};
  void *left_result = NULL, *right_result = NULL;
  weft_future_t *left_future, *right_future;
  (void)error;
  if (it->n < 2) {
    *result = (void *)it->n;
    return WEFT_OK;
  }
  left.pool = right.pool = it->pool;
  left.n = it->n - 1;
  right.n = it->n - 2;
  left_future = submit(it->pool, run_fibonacci, &left, NULL);
  right_future = submit(it->pool, run_fibonacci, &right, NULL);
  CHECK_STATUS(weft_future_result(right_future, WEFT_FOREVER, &right_result), WEFT_OK);
  CHECK_STATUS(weft_future_result(left_future, WEFT_FOREVER, &left_result), WEFT_OK);
  weft_future_unref(left_future);
  weft_future_unref(right_future);
  *result = (void *)((intptr_t)left_result + (intptr_t)right_result);
  return WEFT_OK;
}

static void recursion_needs_no_more_workers_than_there_are(void) {
  uint32_t workers;
  for (workers = 1; workers <= 4; ++workers) {
    weft_executor_t *pool = make_pool(workers);
    fibonacci_t root = {NULL, 12};
    void *result = NULL;
    weft_future_t *future;
    root.pool = pool;
    future = submit(pool, run_fibonacci, &root, NULL);
    CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, &result), WEFT_OK);
    CHECK_EQUAL((intptr_t)result, 144);
    weft_future_unref(future);
    CHECK(stats_of(pool).workers_started <= workers);
    end_executor(pool);
  }
}

static void waiting_for_oneself_is_refused(void) {
  weft_executor_t *pool = make_pool(2);
  waiter_t waiter = WAITER_READY_LATER;
  weft_future_t *future = submit(pool, wait_for_it, &waiter, NULL);
  waiter.awaited = future;
  gate_open(&waiter.ready);
  CHECK_STATUS(weft_future_wait(future, WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(waiter.answer, WEFT_EDEADLK);
  weft_future_unref(future);
  end_executor(pool);
}

/* A task makes every call that waits, on its own future. */
typedef struct selfish {
  gate_t ready;
  weft_future_t *self;
} selfish_t;

static weft_status wait_for_myself_in_every_way(void *ctx, void **result, weft_error_t **error) {
  selfish_t *selfish = (selfish_t *)ctx;
  weft_future_t *done = make_promise(NULL), *out = UNTOUCHED(weft_future_t), *both[2];
  weft_as_completed_t *iterator = NULL;
  weft_error_t *read = UNTOUCHED(weft_error_t);
  uint8_t flags[2] = {9, 9};
  size_t count = 99;
  (void)result;
  (void)error;
  gate_pass(&selfish->ready);
  CHECK_STATUS(weft_future_wait(selfish->self, WEFT_FOREVER), WEFT_EDEADLK);
  CHECK_STATUS(weft_future_result(selfish->self, WEFT_FOREVER, NULL), WEFT_EDEADLK);
  CHECK_STATUS(weft_future_take(selfish->self, WEFT_FOREVER, NULL), WEFT_EDEADLK);
  CHECK_STATUS(weft_future_exception(selfish->self, WEFT_FOREVER, &read), WEFT_EDEADLK);
  CHECK(read == UNTOUCHED(weft_error_t));
  CHECK_STATUS(weft_future_set_result(done, NULL), WEFT_OK);
  both[0] = done;
  both[1] = selfish->self;
  CHECK_STATUS(weft_wait(both, 2, WEFT_ALL_COMPLETED, WEFT_FOREVER, flags, &count), WEFT_EDEADLK);
  CHECK_EQUAL(flags[0], 1); /* a done future is always reported */
  CHECK_EQUAL(flags[1], 0);
  CHECK_EQUAL(count, 1);
  CHECK_STATUS(weft_as_completed(both, 2, WEFT_FOREVER, &iterator), WEFT_OK);
  CHECK_STATUS(weft_as_completed_next(iterator, &out), WEFT_OK);
  CHECK(out == done);
  weft_future_unref(out);
  out = UNTOUCHED(weft_future_t);
  CHECK_STATUS(weft_as_completed_next(iterator, &out), WEFT_EDEADLK);
  CHECK(out == UNTOUCHED(weft_future_t));
  weft_as_completed_destroy(&iterator);
  weft_future_unref(done);
  return WEFT_OK;
}

static void every_waiting_call_refuses_it(void) {
  weft_executor_t *pool = make_pool(2);
  selfish_t selfish = {GATE_CLOSED, NULL};
  selfish.self = submit(pool, wait_for_myself_in_every_way, &selfish, NULL);
  gate_open(&selfish.ready);
  CHECK_STATUS(weft_future_result(selfish.self, WEFT_FOREVER, NULL), WEFT_OK);
  weft_future_unref(selfish.self);
  end_executor(pool);
}

/* Tasks wait for one another in a ring: one wait is refused, and then all tasks end. */
enum { ring_size = 4 };

static void wait_in_a_ring_of(uint32_t size, uint32_t workers) {
  weft_executor_t *pool = make_pool(workers);
  waiter_t waiters[ring_size];
  weft_future_t *futures[ring_size];
  uint32_t i, refused = 0;
  for (i = 0; i < size; ++i) {
    waiter_t fresh = WAITER_READY_LATER;
    waiters[i] = fresh;
    futures[i] = submit(pool, wait_for_it, &waiters[i], NULL);
  }
  for (i = 0; i < size; ++i) waiters[i].awaited = futures[(i + 1) % size];
  for (i = 0; i < size; ++i) gate_open(&waiters[i].ready);
  for (i = 0; i < size; ++i) CHECK_STATUS(weft_future_wait(futures[i], WEFT_FOREVER), WEFT_OK);
  for (i = 0; i < size; ++i) {
    refused += waiters[i].answer == WEFT_EDEADLK;
    CHECK(waiters[i].answer == WEFT_OK || waiters[i].answer == WEFT_EDEADLK);
    weft_future_unref(futures[i]);
  }
  CHECK_EQUAL(refused, 1);
  end_executor(pool);
}

static void a_ring_of_waits_is_refused_to_one(void) {
  int i, rounds = check_rounds(30, 3000);
  for (i = 0; i < rounds; ++i) {
    wait_in_a_ring_of(2, 1); /* the first task claims the second one */
    wait_in_a_ring_of(2, 2);
    wait_in_a_ring_of(3, 2);
    wait_in_a_ring_of(4, 4);
  }
}

/* A ring of a thread and a task: the thread waits for the task, which joins the thread. */
typedef struct mixed {
  gate_t ready;
  weft_future_t *future;
  weft_thread_t *thread;
  weft_status thread_answer;
  weft_status task_answer;
} mixed_t;

static weft_status wait_for_task(void *ctx, weft_error_t **error) {
  mixed_t *mixed = (mixed_t *)ctx;
  (void)error;
  gate_pass(&mixed->ready);
  mixed->thread_answer = weft_future_wait(mixed->future, WEFT_FOREVER);
  return WEFT_OK;
}

static weft_status join_thread(void *ctx, void **result, weft_error_t **error) {
  mixed_t *mixed = (mixed_t *)ctx;
  (void)result;
  (void)error;
  gate_pass(&mixed->ready);
  mixed->task_answer = weft_thread_join(mixed->thread, WEFT_FOREVER);
  return WEFT_OK;
}

static void a_ring_of_a_thread_and_a_task_is_refused_to_one(void) {
  int i, rounds = check_rounds(50, 5000);
  weft_executor_t *pool = make_pool(1);
  for (i = 0; i < rounds; ++i) {
    mixed_t mixed = {GATE_CLOSED, NULL, NULL, WEFT_EINVAL, WEFT_EINVAL};
    mixed.thread = start_thread(NULL, WEFT_DAEMON_NO, wait_for_task, &mixed, NULL);
    mixed.future = submit(pool, join_thread, &mixed, NULL);
    gate_await(&mixed.ready, 2);
    gate_open(&mixed.ready);
    CHECK_STATUS(weft_future_wait(mixed.future, WEFT_FOREVER), WEFT_OK);
    end_thread(mixed.thread);
    CHECK_EQUAL((mixed.thread_answer == WEFT_EDEADLK) + (mixed.task_answer == WEFT_EDEADLK), 1);
    CHECK_EQUAL((mixed.thread_answer == WEFT_OK) + (mixed.task_answer == WEFT_OK), 1);
    weft_future_unref(mixed.future);
  }
  end_executor(pool);
}

/* Two pools have one worker each, and a task of each waits for a task of the other. Only its own worker may run that
 * task. If both wait, neither wait could end, so one of them is refused. Nothing hangs, and every task runs in the end.
 */
typedef struct across {
  weft_executor_t *other;
  int *runs;
} across_t;

static weft_status wait_across(void *ctx, void **result, weft_error_t **error) {
  across_t *across = (across_t *)ctx;
  weft_future_t *future = submit(across->other, count_run, across->runs, NULL);
  weft_status status = weft_future_wait(future, WEFT_FOREVER);
  (void)result;
  (void)error;
  CHECK(status == WEFT_OK || status == WEFT_EDEADLK);
  if (status == WEFT_OK) CHECK_EQUAL(weft_future_done(future), 1);
  weft_future_unref(future);
  return WEFT_OK;
}

static void pools_that_wait_for_each_other_never_hang(void) {
  int i, rounds = check_rounds(300, 30000), runs = 0;
  weft_executor_t *one = make_pool(1), *two = make_pool(1);
  across_t from_one = {NULL, NULL}, from_two = {NULL, NULL};
  from_one.other = two;
  from_two.other = one;
  from_one.runs = from_two.runs = &runs;
  for (i = 0; i < rounds; ++i) {
    weft_future_t *first = submit(one, wait_across, &from_one, NULL);
    weft_future_t *second = submit(two, wait_across, &from_two, NULL);
    end_future(first);
    end_future(second);
  }
  end_executor(one);
  end_executor(two);
  CHECK_EQUAL(count_of(&runs), 2 * rounds);
}

/* Without a circle no wait is refused. */
static void a_task_waits_for_one_of_another_pool(void) {
  int i, rounds = check_rounds(300, 30000), runs = 0;
  weft_executor_t *one = make_pool(1), *two = make_pool(1);
  across_t across = {NULL, NULL};
  across.other = two;
  across.runs = &runs;
  for (i = 0; i < rounds; ++i) {
    end_future(submit(one, wait_across, &across, NULL));
    CHECK_EQUAL(count_of(&runs), i + 1);
  }
  end_executor(one);
  end_executor(two);
}

static weft_status wait_for_several(void *ctx, void **result, weft_error_t **error) {
  weft_executor_t *pool = (weft_executor_t *)ctx;
  weft_future_t *futures[5], *out = NULL;
  weft_as_completed_t *iterator = NULL;
  size_t count = 0;
  int i, runs = 0;
  (void)result;
  (void)error;
  for (i = 0; i < 5; ++i) futures[i] = submit(pool, count_run, &runs, NULL);
  CHECK_STATUS(weft_wait(futures, 5, WEFT_FIRST_COMPLETED, WEFT_FOREVER, NULL, &count), WEFT_OK);
  CHECK(count >= 1);
  CHECK_STATUS(weft_wait(futures, 5, WEFT_ALL_COMPLETED, WEFT_FOREVER, NULL, &count), WEFT_OK);
  CHECK_EQUAL(count, 5);
  for (i = 0; i < 5; ++i) weft_future_unref(futures[i]);
  for (i = 0; i < 5; ++i) futures[i] = submit(pool, count_run, &runs, NULL);
  CHECK_STATUS(weft_as_completed(futures, 5, WEFT_FOREVER, &iterator), WEFT_OK);
  for (i = 0; i < 5; ++i) {
    CHECK_STATUS(weft_as_completed_next(iterator, &out), WEFT_OK);
    weft_future_unref(out);
  }
  CHECK_STATUS(weft_as_completed_next(iterator, &out), WEFT_EEND);
  weft_as_completed_destroy(&iterator);
  for (i = 0; i < 5; ++i) weft_future_unref(futures[i]);
  CHECK_EQUAL(count_of(&runs), 10);
  return WEFT_OK;
}

static void waiting_for_several_claims_them_too(void) {
  weft_executor_t *pool = make_pool(1);
  weft_future_t *future = submit(pool, wait_for_several, pool, NULL);
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, NULL), WEFT_OK);
  weft_future_unref(future);
  end_executor(pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"a one-worker pool can wait for its own tasks", a_one_worker_pool_can_wait_for_its_own_tasks},
      {"nothing unrelated runs meanwhile", nothing_unrelated_runs_meanwhile},
      {"recursion needs no more workers than there are", recursion_needs_no_more_workers_than_there_are},
      {"waiting for oneself is refused", waiting_for_oneself_is_refused},
      {"every waiting call refuses it", every_waiting_call_refuses_it},
      {"a ring of waits is refused to one", a_ring_of_waits_is_refused_to_one},
      {"a ring of a thread and a task is refused to one", a_ring_of_a_thread_and_a_task_is_refused_to_one},
      {"pools that wait for each other never hang", pools_that_wait_for_each_other_never_hang},
      {"a task waits for one of another pool", a_task_waits_for_one_of_another_pool},
      {"waiting for several claims them too", waiting_for_several_claims_them_too},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
