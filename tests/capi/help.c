/* Tests of weft_executor_help (weft/worker.h): a thread that is not a worker runs tasks of a pool until a future is
 * done.
 */
#include <weft/timer.h>
#include <weft/worker.h>

#include "host.h"

static void bad_arguments_are_refused(void) {
  weft_executor_t *pool = make_pool(1), *mine = make_caller_run(), *strand = make_strand(pool);
  weft_future_t *promise = make_promise(NULL);
  CHECK_STATUS(weft_executor_help(NULL, promise, 0), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_help(pool, NULL, 0), WEFT_EINVAL);
  CHECK_STATUS(weft_executor_help(strand, promise, 0), WEFT_ENOTSUP);
  CHECK_STATUS(weft_executor_help(mine, promise, 0), WEFT_ENOTSUP);
  CHECK_STATUS(weft_executor_help(pool, promise, 0), WEFT_ETIMEDOUT);
  CHECK_STATUS(weft_executor_help(pool, promise, WEFT_MILLISECOND), WEFT_ETIMEDOUT);
  CHECK_STATUS(weft_future_set_result(promise, NULL), WEFT_OK);
  CHECK_STATUS(weft_executor_help(pool, promise, 0), WEFT_OK);
  weft_future_unref(promise);
  weft_executor_unref(mine);
  end_executor(strand);
  end_executor(pool);
}

/* The only worker is held, so the caller runs every task up to the future, and none behind it. */
static void the_caller_runs_what_no_worker_can(void) {
  weft_executor_t *pool = make_pool(1);
  gate_t gate = GATE_CLOSED;
  weft_future_t *held = occupy_worker(pool, &gate), *wanted;
  probe_t probe = {0};
  int before = 0, after = 0;
  REQUIRE_OK(weft_executor_post(pool, NULL, count_run, &before, NULL));
  wanted = submit(pool, probe_run, &probe, probe_drop);
  REQUIRE_OK(weft_executor_post(pool, NULL, count_run, &after, NULL));
  CHECK_STATUS(weft_executor_help(pool, wanted, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(count_of(&before), 1);
  CHECK(pthread_equal(probe.ran_on, pthread_self()));
  CHECK_EQUAL(count_of(&after), 0);
  CHECK_EQUAL(weft_worker_index(), WEFT_ENOTSUP); /* the caller is no longer a worker */
  CHECK_EQUAL(stats_of(pool).workers_alive, 1);
  gate_open(&gate);
  end_future(held);
  weft_future_unref(wanted);
  end_executor(pool);
  CHECK_EQUAL(count_of(&after), 1);
}

/* A thread that helps until a promise is done. */
typedef struct helper {
  weft_executor_t *pool;
  weft_future_t *promise;
  int is_stopped;
  uint64_t tid;
} helper_t;

static weft_status help_until_done(void *ctx, weft_error_t **error) {
  helper_t *helper = (helper_t *)ctx;
  (void)error;
  __atomic_store_n(&helper->tid, own_tid(), __ATOMIC_RELEASE);
  if (helper->is_stopped)
    CHECK_STATUS(weft_executor_help(helper->pool, helper->promise, WEFT_FOREVER), WEFT_EINTERRUPTED);
  else
    CHECK_STATUS(weft_executor_help(helper->pool, helper->promise, WEFT_FOREVER), WEFT_OK);
  return WEFT_OK;
}

static weft_thread_t *start_helper(helper_t *helper, weft_executor_t *pool, weft_future_t *promise, int is_stopped) {
  weft_thread_t *thread;
  helper->pool = pool;
  helper->promise = promise;
  helper->is_stopped = is_stopped;
  helper->tid = 0;
  thread = start_thread(NULL, WEFT_DAEMON_NO, help_until_done, helper, NULL);
  while (__atomic_load_n(&helper->tid, __ATOMIC_ACQUIRE) == 0) sched_yield();
  return thread;
}

static void the_end_of_the_future_wakes_it(void) {
  weft_executor_t *pool = make_pool(1);
  helper_t helper;
  int turns = check_rounds(20, 1000), turn;
  for (turn = 0; turn < turns; ++turn) {
    weft_future_t *promise = make_promise(NULL), *later = NULL;
    weft_thread_t *thread;
    /* With a timer, a thread at rest waits in another way. */
    if (turn % 2 == 1)
      REQUIRE_OK(weft_executor_submit_after(pool, 3600 * WEFT_SECOND, NULL, return_ctx, NULL, NULL, &later));
    thread = start_helper(&helper, pool, promise, 0);
    await_asleep(helper.tid);
    CHECK_STATUS(weft_future_set_result(promise, NULL), WEFT_OK);
    end_thread(thread);
    if (later != NULL) {
      CHECK_STATUS(weft_future_cancel(later), WEFT_OK);
      weft_future_unref(later);
    }
    weft_future_unref(promise);
  }
  end_executor(pool);
}

static void a_request_to_stop_ends_it(void) {
  weft_executor_t *pool = make_pool(1);
  weft_future_t *promise = make_promise(NULL);
  helper_t helper;
  weft_thread_t *thread = start_helper(&helper, pool, promise, 1);
  await_asleep(helper.tid);
  CHECK_STATUS(weft_thread_request_stop(thread), WEFT_OK);
  end_thread(thread);
  weft_future_unref(promise);
  end_executor(pool);
}

static weft_status help_inside(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  CHECK_STATUS(weft_executor_help(weft_executor_current(), (weft_future_t *)ctx, WEFT_FOREVER), WEFT_EDEADLK);
  return WEFT_OK;
}

static void a_worker_cannot_help(void) {
  weft_executor_t *pool = make_pool(1);
  weft_future_t *promise = make_promise(NULL);
  end_future(submit(pool, help_inside, promise, NULL));
  weft_future_unref(promise);
  end_executor(pool);
}

/* Hooks of a pool, counted. */
typedef struct hooked {
  int starts, stops, highest; /* atomic */
  weft_executor_t *pool;
} hooked_t;

static weft_status note_start(void *ctx, weft_worker_t *worker, weft_error_t **error) {
  hooked_t *hooked = (hooked_t *)ctx;
  (void)error;
  count_drop(&hooked->starts);
  if ((int)worker->index > count_of(&hooked->highest))
    __atomic_store_n(&hooked->highest, (int)worker->index, __ATOMIC_RELEASE);
  return WEFT_OK;
}

static void note_stop(void *ctx, weft_worker_t *worker) {
  (void)worker;
  count_drop(&((hooked_t *)ctx)->stops);
}

/* Only one thread helps at a time. Further threads wait and run nothing. */
static void it_counts_as_a_worker_and_there_is_one(void) {
  weft_executor_options_t options;
  weft_executor_t *pool = NULL;
  hooked_t hooked = {0, 0, 0, NULL};
  helper_t helpers[3];
  weft_thread_t *threads[3];
  weft_future_t *promise = make_promise(NULL), *held[4];
  gate_t gate = GATE_CLOSED;
  int i;
  weft_executor_options_init(&options);
  options.max_workers = 1;
  options.max_spares = 1;
  options.worker_start = note_start;
  options.worker_stop = note_stop;
  options.worker_ctx = &hooked;
  REQUIRE_OK(weft_executor_create(NULL, &options, &pool));
  CHECK_EQUAL(weft_worker_index_bound(pool), 3);
  for (i = 0; i < 3; ++i) threads[i] = start_helper(&helpers[i], pool, promise, 0);
  for (i = 0; i < 4; ++i) held[i] = submit(pool, pass_gate, &gate, NULL);
  gate_await(&gate, 2);
  for (i = 0; i < 3; ++i) await_asleep(helpers[i].tid);
  CHECK_EQUAL(gate_arrived(&gate), 2);
  CHECK_EQUAL(stats_of(pool).workers_alive, 2);
  CHECK_EQUAL(stats_of(pool).max_workers, 1);
  gate_open(&gate);
  for (i = 0; i < 4; ++i) end_future(held[i]);
  CHECK_STATUS(weft_future_set_result(promise, NULL), WEFT_OK);
  for (i = 0; i < 3; ++i) end_thread(threads[i]);
  weft_future_unref(promise);
  end_executor(pool);
  CHECK_EQUAL(count_of(&hooked.starts), 2);
  CHECK_EQUAL(count_of(&hooked.stops), 2);
  CHECK(count_of(&hooked.highest) < 3);
}

static void the_option_admits_more(void) {
  weft_executor_options_t options;
  weft_executor_t *pool = UNTOUCHED(weft_executor_t);
  helper_t helpers[2];
  weft_thread_t *threads[2];
  weft_future_t *promise = make_promise(NULL), *held[4];
  gate_t gate = GATE_CLOSED;
  int i;
  weft_executor_options_init(&options);
  options.max_helpers = 4097;
  CHECK_STATUS(weft_executor_create(NULL, &options, &pool), WEFT_EINVAL);
  CHECK(pool == UNTOUCHED(weft_executor_t));
  options.max_workers = 1;
  options.max_helpers = 2;
  REQUIRE_OK(weft_executor_create(NULL, &options, &pool));
  for (i = 0; i < 2; ++i) threads[i] = start_helper(&helpers[i], pool, promise, 0);
  for (i = 0; i < 4; ++i) held[i] = submit(pool, pass_gate, &gate, NULL);
  gate_await(&gate, 3);
  CHECK_EQUAL(stats_of(pool).workers_alive, 3);
  gate_open(&gate);
  for (i = 0; i < 4; ++i) end_future(held[i]);
  CHECK_STATUS(weft_future_set_result(promise, NULL), WEFT_OK);
  for (i = 0; i < 2; ++i) end_thread(threads[i]);
  weft_future_unref(promise);
  end_executor(pool);
}

/* ctx is a promise. */
static weft_status set_promise(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  CHECK_STATUS(weft_future_set_result((weft_future_t *)ctx, NULL), WEFT_OK);
  return WEFT_OK;
}

static void after_the_end_of_the_pool_it_waits(void) {
  weft_executor_t *ended = make_pool(1), *other = make_pool(1);
  weft_future_t *promise = make_promise(NULL);
  CHECK_STATUS(weft_executor_shutdown(ended, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(weft_executor_help(ended, promise, WEFT_MILLISECOND), WEFT_ETIMEDOUT);
  REQUIRE_OK(weft_executor_post_after(other, WEFT_MILLISECOND, NULL, set_promise, promise, NULL));
  CHECK_STATUS(weft_executor_help(ended, promise, WEFT_FOREVER), WEFT_OK);
  weft_future_unref(promise);
  end_executor(ended);
  end_executor(other);
}

/* A pool without threads of its own, but with a timer: the helper does all the work. */
static void a_pool_of_the_host_needs_nobody_else(void) {
  weft_executor_t *pool = host_pool(NULL, 1);
  weft_future_t *later = NULL;
  int runs = 0, i;
  for (i = 0; i < 100; ++i) REQUIRE_OK(weft_executor_post(pool, NULL, count_run, &runs, NULL));
  REQUIRE_OK(weft_executor_submit_after(pool, 2 * WEFT_MILLISECOND, NULL, count_run, &runs, NULL, &later));
  CHECK_STATUS(weft_executor_help(pool, later, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(count_of(&runs), 101);
  weft_future_unref(later);
  end_executor(pool);
}

/* Again and again, the future ends just when the helper looks for work, comes or leaves. */
static void its_end_is_never_missed(void) {
  weft_executor_t *pool = make_pool(2);
  int turns = check_rounds(2000, 100000), turn, runs = 0;
  for (turn = 0; turn < turns; ++turn) {
    weft_future_t *wanted = submit(pool, count_run, &runs, NULL);
    if (turn % 2 == 0) REQUIRE_OK(weft_executor_post(pool, NULL, count_run, &runs, NULL));
    CHECK_STATUS(weft_executor_help(pool, wanted, WEFT_FOREVER), WEFT_OK);
    weft_future_unref(wanted);
  }
  CHECK_STATUS(weft_executor_wait_idle(pool, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(count_of(&runs), turns + turns / 2);
  end_executor(pool);
}

/* A thread that works for a promise also helps. It sees a stop request to that promise. */
typedef struct working {
  weft_executor_t *pool;
  weft_future_t *own, *wanted;
  uint64_t tid;
} working_t;

static void *help_for_a_promise(void *ctx) {
  working_t *working = (working_t *)ctx;
  weft_future_scope_t scope;
  CHECK_STATUS(weft_future_enter(working->own, &scope), WEFT_OK);
  __atomic_store_n(&working->tid, own_tid(), __ATOMIC_RELEASE);
  CHECK_STATUS(weft_executor_help(working->pool, working->wanted, WEFT_FOREVER), WEFT_EINTERRUPTED);
  CHECK_STATUS(weft_future_leave(&scope), WEFT_OK);
  return NULL;
}

static void a_request_to_its_promise_ends_it(void) {
  int way;
  for (way = 0; way < 2; ++way) { /* the thread sleeps on its parker, or in the seat because of a timer */
    working_t working = {NULL, NULL, NULL, 0};
    weft_future_t *later = NULL;
    pthread_t thread;
    working.pool = host_pool(NULL, 1);
    working.own = make_promise(NULL);
    working.wanted = make_promise(NULL);
    if (way == 1)
      REQUIRE_OK(weft_executor_submit_after(working.pool, 3600 * WEFT_SECOND, NULL, return_ctx, NULL, NULL, &later));
    REQUIRE(pthread_create(&thread, NULL, help_for_a_promise, &working) == 0);
    while (__atomic_load_n(&working.tid, __ATOMIC_ACQUIRE) == 0) sched_yield();
    await_asleep(working.tid);
    CHECK_STATUS(weft_future_request_stop(working.own), WEFT_OK);
    CHECK(pthread_join(thread, NULL) == 0);
    if (later != NULL) {
      CHECK_STATUS(weft_future_cancel(later), WEFT_OK);
      weft_future_unref(later);
    }
    weft_future_unref(working.own);
    weft_future_unref(working.wanted);
    end_executor(working.pool);
  }
}

/* The worker waits for a thread, and this thread waits for a task that only the helping thread could still run. When
 * the helping thread leaves, one of the two waits is refused.
 */
typedef struct circle {
  weft_executor_t *pool;
  gate_t gate;
  uint64_t tid;
  weft_thread_t *thread;
  int told; /* atomic: refused waits */
} circle_t;

static void count_if_told(circle_t *circle, weft_status status) {
  if (status == WEFT_EDEADLK)
    count_drop(&circle->told);
  else
    CHECK_STATUS(status, WEFT_OK);
}

static weft_status submit_and_wait(void *ctx, weft_error_t **error) {
  circle_t *circle = (circle_t *)ctx;
  weft_future_t *future;
  (void)error;
  gate_pass(&circle->gate);
  future = submit(circle->pool, return_ctx, NULL, NULL);
  __atomic_store_n(&circle->tid, own_tid(), __ATOMIC_RELEASE);
  count_if_told(circle, weft_future_wait(future, WEFT_FOREVER));
  weft_future_unref(future);
  return WEFT_OK;
}

static weft_status join_the_thread(void *ctx, void **result, weft_error_t **error) {
  circle_t *circle = (circle_t *)ctx;
  (void)result;
  (void)error;
  count_if_told(circle, weft_thread_join(circle->thread, WEFT_FOREVER));
  return WEFT_OK;
}

static void a_wait_that_counts_on_it_is_told_when_it_goes(void) {
  circle_t circle = {NULL, GATE_CLOSED, 0, NULL, 0};
  gate_t gate = GATE_CLOSED;
  helper_t helper;
  weft_thread_t *helping;
  weft_future_t *joins, *wanted;
  probe_t probe = {0};
  circle.pool = make_pool(1);
  circle.thread = start_thread(NULL, WEFT_DAEMON_NO, submit_and_wait, &circle, NULL);
  gate_await(&circle.gate, 1);
  joins = submit(circle.pool, join_the_thread, &circle, NULL);
  while (!weft_future_running(joins)) sched_yield();
  probe.gate = &gate;
  wanted = submit(circle.pool, probe_run, &probe, NULL);
  helping = start_helper(&helper, circle.pool, wanted, 0);
  gate_await(&gate, 1);
  gate_open(&circle.gate);
  while (__atomic_load_n(&circle.tid, __ATOMIC_ACQUIRE) == 0) sched_yield();
  await_asleep(circle.tid);
  gate_open(&gate);
  end_thread(helping);
  end_future(joins);
  end_thread(circle.thread);
  CHECK_EQUAL(count_of(&circle.told), 1);
  weft_future_unref(wanted);
  end_executor(circle.pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"bad arguments are refused", bad_arguments_are_refused},
      {"the caller runs what no worker can", the_caller_runs_what_no_worker_can},
      {"the end of the future wakes it", the_end_of_the_future_wakes_it},
      {"a request to stop ends it", a_request_to_stop_ends_it},
      {"a worker cannot help", a_worker_cannot_help},
      {"it counts as a worker, and there is one", it_counts_as_a_worker_and_there_is_one},
      {"the option admits more", the_option_admits_more},
      {"after the end of the pool it waits", after_the_end_of_the_pool_it_waits},
      {"a pool of the host needs nobody else", a_pool_of_the_host_needs_nobody_else},
      {"its end is never missed", its_end_is_never_missed},
      {"a request to its promise ends it", a_request_to_its_promise_ends_it},
      {"a wait that counts on it is told when it goes", a_wait_that_counts_on_it_is_told_when_it_goes},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
