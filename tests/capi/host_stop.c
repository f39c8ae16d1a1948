/* Tests of stop requests to threads of the host that rest inside weft_executor_work. Each request wakes its thread at
 * once, whichever other threads rest too, and no work of the pool is lost. */
#include <sched.h>

#include "host.h"

enum { most_resting = 6 };

/* A thread of the host that can be asked to stop. */
typedef struct rester {
  weft_executor_t *pool;
  weft_thread_t *self;
  uint64_t tid;
  weft_status answer;
  pthread_t thread;
} rester_t;

static void *rest(void *ctx) {
  rester_t *it = (rester_t *)ctx;
  weft_thread_t *self = NULL;
  CHECK_STATUS(weft_thread_current(&self), WEFT_OK);
  it->self = self;
  __atomic_store_n(&it->tid, own_tid(), __ATOMIC_RELEASE);
  it->answer = weft_executor_work(it->pool, WEFT_FOREVER);
  return NULL;
}

static void begin(rester_t *it, weft_executor_t *pool) {
  memset(it, 0, sizeof *it);
  it->pool = pool;
  if (!CHECK(pthread_create(&it->thread, NULL, rest, it) == 0)) abort();
  while (__atomic_load_n(&it->tid, __ATOMIC_ACQUIRE) == 0) sched_yield();
}

static void join_stopped(rester_t *it) {
  CHECK(pthread_join(it->thread, NULL) == 0);
  CHECK_STATUS(it->answer, WEFT_EINTERRUPTED);
  weft_thread_unref(it->self);
}

static void ask(rester_t *it) {
  CHECK_STATUS(weft_thread_request_stop(it->self), WEFT_OK);
}

/* The request must wake the thread. If the thread only looked from time to time, a stop would take half that period on
 * average. A wake-up takes microseconds, unless the machine is busy. */
static void it_comes_at_once(void) {
  enum { rounds = 21 };
  weft_executor_t *pool = host_pool(NULL, most_resting);
  rester_t others[most_resting - 1], one;
  int i, quick = 0;
  for (i = 0; i < most_resting - 1; ++i) begin(&others[i], pool);
  for (i = 0; i < rounds; ++i) {
    int64_t asked;
    begin(&one, pool);
    await_asleep(one.tid);
    asked = now_ns();
    ask(&one);
    join_stopped(&one);
    quick += now_ns() - asked < 25 * WEFT_MILLISECOND;
  }
  printf("# %d of %d within 25 ms\n", quick, (int)rounds);
  CHECK(quick > rounds / 2);
  CHECK_EQUAL(stats_of(pool).workers_alive, most_resting - 1);
  for (i = 0; i < most_resting - 1; ++i) ask(&others[i]);
  for (i = 0; i < most_resting - 1; ++i) join_stopped(&others[i]);
  CHECK_EQUAL(stats_of(pool).workers_alive, 0);
  weft_executor_unref(pool);
}

/* The threads are asked one after another, in another order than they came. The remaining threads continue to work. */
static void only_the_one_that_is_asked(void) {
  int round, rounds = check_rounds(20, 500);
  for (round = 0; round < rounds; ++round) {
    weft_executor_t *pool = round % 2 ? host_pool(NULL, most_resting) : make_pool(most_resting);
    rester_t all[most_resting];
    int i, threads = most_resting - 2;
    for (i = 0; i < threads; ++i) begin(&all[i], pool);
    if (round % 4 > 1)
      for (i = 0; i < threads; ++i) await_asleep(all[i].tid);
    for (i = 0; i < threads; ++i) {
      rester_t *which = &all[(i + round) % threads];
      void *result = NULL;
      weft_future_t *future;
      ask(which);
      join_stopped(which);
      if (i == threads - 1 && round % 2) break; /* no thread is left */
      future = submit(pool, return_ctx, &all, NULL);
      CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, &result), WEFT_OK);
      CHECK(result == &all);
      weft_future_unref(future);
    }
    CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
    weft_executor_unref(pool);
  }
}

static void *ask_all(void *ctx) {
  rester_t *all = (rester_t *)ctx;
  int i;
  for (i = 0; i < most_resting; ++i) ask(&all[i]);
  return NULL;
}

/* Several threads are asked at once, each more than once, while tasks come. No asked thread waits for another one. */
static void all_at_once(void) {
  int round, rounds = check_rounds(20, 1000);
  for (round = 0; round < rounds; ++round) {
    weft_executor_t *pool = host_pool(NULL, most_resting);
    rester_t all[most_resting];
    pthread_t askers[2];
    int i, runs = 0, tasks = round % 3 * 100;
    for (i = 0; i < most_resting; ++i) begin(&all[i], pool);
    if (round % 2) await_asleep(all[round % most_resting].tid);
    for (i = 0; i < 2; ++i) CHECK(pthread_create(&askers[i], NULL, ask_all, all) == 0);
    for (i = 0; i < tasks; ++i) CHECK_STATUS(weft_executor_post(pool, NULL, count_run, &runs, NULL), WEFT_OK);
    for (i = 0; i < 2; ++i) CHECK(pthread_join(askers[i], NULL) == 0);
    for (i = 0; i < most_resting; ++i) join_stopped(&all[i]);
    CHECK_EQUAL(stats_of(pool).workers_alive, 0);
    CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK); /* runs what is left */
    CHECK_EQUAL(count_of(&runs), tasks);
    weft_executor_unref(pool);
  }
}

/* Tasks go back and forth with workers that stay, while other threads come, are asked to stop, and leave. */
static void work_goes_on_meanwhile(void) {
  int round, rounds = check_rounds(50, 3000);
  weft_executor_t *pool = host_pool(NULL, 3);
  rester_t stays;
  begin(&stays, pool);
  for (round = 0; round < rounds; ++round) {
    rester_t goes[2];
    int i;
    for (i = 0; i < 2; ++i) begin(&goes[i], pool);
    for (i = 0; i < 10; ++i) end_future(submit(pool, return_ctx, NULL, NULL));
    for (i = 0; i < 2; ++i) {
      ask(&goes[i]);
      end_future(submit(pool, return_ctx, NULL, NULL));
    }
    for (i = 0; i < 2; ++i) join_stopped(&goes[i]);
  }
  CHECK_EQUAL(stats_of(pool).workers_alive, 1);
  CHECK_STATUS(weft_executor_shutdown(pool, 0, 0), WEFT_OK);
  CHECK(pthread_join(stays.thread, NULL) == 0);
  CHECK_STATUS(stays.answer, WEFT_OK);
  weft_thread_unref(stays.self);
  weft_executor_unref(pool);
}

/* A thread that weft has made may work on a pool too. The end of its runtime makes it return. */
static weft_status work_in_target(void *ctx, weft_error_t **error) {
  (void)error;
  CHECK_STATUS(weft_executor_work((weft_executor_t *)ctx, WEFT_FOREVER), WEFT_EINTERRUPTED);
  return WEFT_OK;
}

static void the_end_of_its_own_runtime_too(void) {
  weft_executor_t *pool = host_pool(NULL, 1);
  weft_runtime_t *runtime = make_runtime();
  weft_thread_t *thread = start_thread(runtime, WEFT_DAEMON_YES, work_in_target, pool, NULL);
  while (stats_of(pool).workers_alive == 0) sched_yield();
  await_asleep(weft_thread_native_id(thread));
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
  CHECK_STATUS(weft_thread_join(thread, WEFT_FOREVER), WEFT_OK);
  weft_thread_unref(thread);
  weft_executor_unref(pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"it comes at once", it_comes_at_once},
      {"only the one that is asked", only_the_one_that_is_asked},
      {"all at once", all_at_once},
      {"work goes on meanwhile", work_goes_on_meanwhile},
      {"the end of its own runtime too", the_end_of_its_own_runtime_too},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
