/* Tests of threads of the host as workers (weft_executor_work). */
#include <sched.h>

#include <signal.h>

#include "host.h"

static void without_a_worker_tasks_wait(void) {
  int runs = 0;
  weft_executor_t *pool = host_pool(NULL, 2);
  weft_future_t *future = submit(pool, count_run, &runs, NULL);
  int i;
  for (i = 0; i < 10; ++i) CHECK_STATUS(weft_executor_post(pool, NULL, count_run, &runs, NULL), WEFT_OK);
  CHECK_EQUAL(stats_of(pool).workers_alive + stats_of(pool).workers_started, 0);
  CHECK_STATUS(weft_future_wait(future, 0), WEFT_ETIMEDOUT);
  CHECK_EQUAL(count_of(&runs), 0);
  CHECK_STATUS(weft_executor_work(pool, WEFT_MILLISECOND * 50), WEFT_ETIMEDOUT);
  CHECK_EQUAL(count_of(&runs), 11);
  CHECK_EQUAL(weft_future_done(future), 1);
  CHECK_EQUAL(stats_of(pool).workers_alive, 0);
  weft_future_unref(future);
  weft_executor_unref(pool);
}

static void a_poll_runs_one_task_at_most(void) {
  int runs = 0, i;
  weft_executor_t *pool = host_pool(NULL, 1);
  CHECK_STATUS(weft_executor_work(pool, 0), WEFT_ETIMEDOUT);
  for (i = 0; i < 3; ++i) CHECK_STATUS(weft_executor_post(pool, NULL, count_run, &runs, NULL), WEFT_OK);
  for (i = 0; i < 3; ++i) {
    CHECK_STATUS(weft_executor_work(pool, i == 0 ? 0 : -5), WEFT_ETIMEDOUT);
    CHECK_EQUAL(count_of(&runs), i + 1);
  }
  weft_executor_unref(pool);
}

static weft_status report_thread(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)error;
  *result = (void *)(uintptr_t)own_tid();
  return WEFT_OK;
}

static void it_works_until_the_pool_ends(void) {
  weft_executor_t *pool = host_pool(NULL, 2);
  lent_t first = {0}, second = {0};
  void *tid = NULL;
  int i;
  lend(&first, pool, WEFT_FOREVER);
  lend(&second, pool, WEFT_FOREVER);
  for (i = 0; i < 1000; ++i) {
    weft_future_t *future = submit(pool, report_thread, NULL, NULL);
    CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, &tid), WEFT_OK);
    CHECK((uint64_t)(uintptr_t)tid != own_tid());
    weft_future_unref(future);
  }
  CHECK_STATUS(weft_executor_shutdown(pool, 0, 0), WEFT_OK);
  come_back(&first, WEFT_OK);
  come_back(&second, WEFT_OK);
  CHECK_STATUS(weft_executor_work(pool, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(stats_of(pool).workers_alive, 0);
  weft_executor_unref(pool);
}

static void *work_though_stopped(void *ctx) {
  weft_thread_t *self = NULL;
  CHECK_STATUS(weft_thread_current(&self), WEFT_OK);
  CHECK_STATUS(weft_thread_request_stop(self), WEFT_OK);
  CHECK_STATUS(weft_executor_work((weft_executor_t *)ctx, WEFT_FOREVER), WEFT_EINTERRUPTED);
  weft_thread_unref(self);
  return NULL;
}

static void a_stop_request_brings_it_back(void) {
  weft_executor_t *pool = host_pool(NULL, 2);
  gate_t ready = GATE_CLOSED;
  lent_t lent = {0};
  lent.ready = &ready;
  lend(&lent, pool, WEFT_FOREVER);
  gate_await(&ready, 1);
  gate_open(&ready);
  end_future(submit(pool, return_ctx, NULL, NULL));
  CHECK_STATUS(weft_thread_request_stop(lent.self), WEFT_OK);
  come_back(&lent, WEFT_EINTERRUPTED);
  weft_thread_unref(lent.self);
  CHECK(pthread_create(&lent.thread, NULL, work_though_stopped, pool) == 0);
  CHECK(pthread_join(lent.thread, NULL) == 0);
  weft_executor_unref(pool);
}

static void places_are_limited(void) {
  weft_executor_t *pool = host_pool(NULL, 1);
  gate_t gate = GATE_CLOSED;
  lent_t lent = {0};
  weft_future_t *busy;
  lend(&lent, pool, WEFT_FOREVER);
  busy = occupy_worker(pool, &gate);
  CHECK_STATUS(weft_executor_work(pool, WEFT_FOREVER), WEFT_EAGAIN);
  gate_open(&gate);
  end_future(busy);
  CHECK_STATUS(weft_executor_shutdown(pool, 0, 0), WEFT_OK);
  come_back(&lent, WEFT_OK);
  weft_executor_unref(pool);
}

static weft_status work_inside(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  CHECK_STATUS(weft_executor_work((weft_executor_t *)ctx, 0), WEFT_EDEADLK);
  return WEFT_OK;
}

static weft_executor_t *others_pool;

static void work_in_callback(void *ctx, weft_future_t *future) {
  (void)future;
  *(weft_status *)ctx = weft_executor_work(others_pool, 0);
}

static void not_from_inside_and_not_for_others(void) {
  weft_executor_t *pool = make_pool(2), *other = make_pool(1), *strand = make_strand(pool), *mine = make_caller_run();
  weft_future_t *future;
  weft_status status = WEFT_OK;
  end_future(submit(pool, work_inside, pool, NULL));
  end_future(submit(other, work_inside, pool, NULL)); /* the task's own pool would lose a worker */
  CHECK_STATUS(weft_executor_work(strand, 0), WEFT_ENOTSUP);
  CHECK_STATUS(weft_executor_work(mine, 0), WEFT_ENOTSUP);
  CHECK_STATUS(weft_executor_work(NULL, 0), WEFT_EINVAL);
  others_pool = other;
  future = make_promise(NULL);
  CHECK_STATUS(weft_future_add_done_callback(future, work_in_callback, &status, NULL), WEFT_OK);
  CHECK_STATUS(weft_future_set_result(future, NULL), WEFT_OK);
  CHECK_STATUS(status, WEFT_EDEADLK);
  weft_future_unref(future);
  end_executor(strand);
  end_executor(mine);
  end_executor(pool);
  end_executor(other);
}

static void the_pool_s_own_workers_go_on_beside_it(void) {
  weft_executor_t *pool = make_pool(3);
  gate_t gate = GATE_CLOSED;
  lent_t lent = {0};
  weft_future_t *busy[3];
  int i;
  lend(&lent, pool, WEFT_FOREVER);
  while (stats_of(pool).workers_alive == 0) sched_yield(); /* its own workers must not take all three places */
  for (i = 0; i < 3; ++i) busy[i] = occupy_worker(pool, &gate);
  CHECK_EQUAL(stats_of(pool).workers_alive, 3);
  gate_open(&gate);
  for (i = 0; i < 3; ++i) end_future(busy[i]);
  CHECK(stats_of(pool).workers_started >= 2);
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  come_back(&lent, WEFT_OK);
  weft_executor_unref(pool);
}

static __thread int own_data;

static weft_status look_around(void *ctx, void **result, weft_error_t **error) {
  char name[16] = "";
  sigset_t mask;
  (void)ctx;
  (void)error;
  pthread_getname_np(pthread_self(), name, sizeof name);
  pthread_sigmask(SIG_BLOCK, NULL, &mask);
  *result = (void *)(intptr_t)(own_data == 42 && strcmp(name, "the-host") == 0 && !sigismember(&mask, SIGUSR1) &&
                               weft_worker_index() == 0);
  return WEFT_OK;
}

static void *keep_what_is_mine(void *ctx) {
  lent_t *lent = (lent_t *)ctx;
  own_data = 42;
  pthread_setname_np(pthread_self(), "the-host");
  lent->answer = weft_executor_work(lent->pool, WEFT_FOREVER);
  CHECK_EQUAL(own_data, 42);
  CHECK_STATUS(weft_worker_index(), WEFT_ENOTSUP);
  return NULL;
}

static void name_mask_and_thread_locals_stay(void) {
  weft_executor_t *pool = host_pool(NULL, 1);
  weft_future_t *future = submit(pool, look_around, NULL, NULL);
  lent_t lent = {0};
  void *same = NULL;
  lent.pool = pool;
  CHECK(pthread_create(&lent.thread, NULL, keep_what_is_mine, &lent) == 0);
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, &same), WEFT_OK);
  CHECK(same != NULL);
  weft_future_unref(future);
  CHECK_STATUS(weft_executor_shutdown(pool, 0, 0), WEFT_OK);
  come_back(&lent, WEFT_OK);
  weft_executor_unref(pool);
}

static weft_status spawn_posts(void *ctx, void **result, weft_error_t **error) {
  void **both = (void **)ctx;
  int i;
  (void)result;
  (void)error;
  for (i = 0; i < 20; ++i)
    CHECK_STATUS(weft_executor_post((weft_executor_t *)both[0], NULL, count_run, both[1], NULL), WEFT_OK);
  return WEFT_OK;
}

/* The thread leaves while tasks lie in its own queue. They are found and run after that. */
static void what_it_leaves_behind_is_found(void) {
  weft_executor_t *pool = host_pool(NULL, 4);
  int runs = 0;
  void *both[2];
  both[0] = pool;
  both[1] = &runs;
  CHECK_STATUS(weft_executor_post(pool, NULL, spawn_posts, both, NULL), WEFT_OK);
  CHECK_STATUS(weft_executor_work(pool, 0), WEFT_ETIMEDOUT);
  CHECK_EQUAL(count_of(&runs), 0);
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK); /* this thread runs it */
  CHECK_EQUAL(count_of(&runs), 20);
  weft_executor_unref(pool);
}

static weft_status leave_children(void *ctx, void **result, weft_error_t **error) {
  void **both = (void **)ctx;
  int i;
  (void)result;
  (void)error;
  for (i = 0; i < 20; ++i)
    CHECK_STATUS(weft_group_spawn((weft_group_t *)both[0], NULL, count_run, both[1], NULL), WEFT_OK);
  return WEFT_OK;
}

static void spawned_tasks_go_to_their_group(void) {
  weft_executor_t *pool = host_pool(NULL, 2);
  weft_group_t *group = NULL;
  lent_t lent = {0};
  int runs = 0;
  void *both[2];
  REQUIRE_OK(weft_group_create(pool, NULL, &group));
  both[0] = group;
  both[1] = &runs;
  CHECK_STATUS(weft_executor_post(pool, NULL, leave_children, both, NULL), WEFT_OK);
  CHECK_STATUS(weft_executor_work(pool, 0), WEFT_ETIMEDOUT);
  lend(&lent, pool, WEFT_FOREVER);
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(count_of(&runs), 20);
  weft_group_unref(group);
  CHECK_STATUS(weft_executor_shutdown(pool, 0, 0), WEFT_OK);
  come_back(&lent, WEFT_OK);
  weft_executor_unref(pool);
}

static void timers_are_served_by_it(void) {
  weft_executor_t *pool = host_pool(NULL, 1);
  lent_t lent = {0};
  weft_future_t *future = NULL;
  CHECK_STATUS(weft_executor_submit_after(pool, WEFT_MILLISECOND, NULL, return_ctx, NULL, NULL, &future), WEFT_OK);
  lend(&lent, pool, WEFT_FOREVER);
  end_future(future);
  CHECK_STATUS(weft_executor_shutdown(pool, 0, 0), WEFT_OK);
  come_back(&lent, WEFT_OK);
  weft_executor_unref(pool);
}

static void what_nobody_runs_is_cancelled_at_the_end(void) {
  probe_t probe = {0};
  weft_runtime_t *runtime = make_runtime();
  weft_executor_t *pool = host_pool(runtime, 1), *second = host_pool(runtime, 1);
  weft_future_t *future = submit(pool, probe_run, &probe, probe_drop);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, NULL), WEFT_ECANCELED);
  CHECK_EQUAL(probe_drops(&probe), 1);
  weft_future_unref(future);
  CHECK_STATUS(weft_executor_shutdown(second, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  weft_executor_unref(second);
  weft_executor_unref(pool);
  pool = host_pool(NULL, 1); /* giving back the last handle cancels too */
  future = submit(pool, probe_run, &probe, probe_drop);
  weft_executor_unref(pool);
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, NULL), WEFT_ECANCELED);
  CHECK_EQUAL(probe_drops(&probe), 2);
  CHECK_EQUAL(probe_runs(&probe), 0);
  weft_future_unref(future);
}

typedef struct hooked {
  int starts, stops, fails;
} hooked_t;

static weft_status start_hooked(void *ctx, weft_worker_t *worker, weft_error_t **error) {
  hooked_t *hooked = (hooked_t *)ctx;
  (void)worker;
  (void)error;
  __atomic_add_fetch(&hooked->starts, 1, __ATOMIC_ACQ_REL);
  return hooked->fails ? 1 : WEFT_OK;
}

static void stop_hooked(void *ctx, weft_worker_t *worker) {
  (void)worker;
  __atomic_add_fetch(&((hooked_t *)ctx)->stops, 1, __ATOMIC_ACQ_REL);
}

static weft_executor_t *hooked_pool(hooked_t *hooked) {
  weft_executor_options_t options;
  weft_executor_t *pool = NULL;
  weft_executor_options_init(&options);
  options.max_workers = 1;
  options.flags = WEFT_EXECUTOR_HOST_WORKERS;
  options.worker_start = start_hooked;
  options.worker_stop = stop_hooked;
  options.worker_ctx = hooked;
  CHECK_STATUS(weft_executor_create(NULL, &options, &pool), WEFT_OK);
  return pool;
}

static void hooks_run_at_each_stay(void) {
  hooked_t hooked = {0};
  weft_executor_t *pool = hooked_pool(&hooked);
  CHECK_STATUS(weft_executor_work(pool, 0), WEFT_ETIMEDOUT);
  CHECK_EQUAL(hooked.starts + 10 * hooked.stops, 11);
  CHECK_STATUS(weft_executor_work(pool, 0), WEFT_ETIMEDOUT);
  CHECK_EQUAL(hooked.starts + 10 * hooked.stops, 22);
  weft_executor_unref(pool);
  memset(&hooked, 0, sizeof hooked);
  hooked.fails = 1;
  pool = hooked_pool(&hooked);
  CHECK_STATUS(weft_executor_work(pool, WEFT_FOREVER), WEFT_EBROKEN);
  CHECK_STATUS(weft_executor_work(pool, WEFT_FOREVER), WEFT_EBROKEN);
  CHECK_EQUAL(hooked.starts + 10 * hooked.stops, 1);
  weft_executor_unref(pool);
}

static weft_status end_the_thread(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  pthread_exit(NULL);
}

static void a_task_may_end_the_thread(void) {
  hooked_t hooked = {0};
  weft_executor_t *pool = hooked_pool(&hooked);
  weft_future_t *future = submit(pool, end_the_thread, NULL, NULL);
  lent_t lent = {0};
  lend(&lent, pool, WEFT_FOREVER);
  CHECK(pthread_join(lent.thread, NULL) == 0);
  CHECK_STATUS(weft_future_result(future, 0, NULL), WEFT_EFAILED);
  CHECK_EQUAL(hooked.starts + 10 * hooked.stops, 11);
  CHECK_EQUAL(stats_of(pool).workers_alive, 0);
  weft_future_unref(future);
  weft_executor_unref(pool);
}

static void options_of_it_are_checked(void) {
  weft_executor_options_t options;
  weft_executor_t *out = UNTOUCHED(weft_executor_t);
  weft_executor_options_init(&options);
  options.flags = 2;
  CHECK_STATUS(weft_executor_create(NULL, &options, &out), WEFT_EINVAL);
  options.flags = 0;
  options.signals = WEFT_SIGNALS_BLOCK + 1;
  CHECK_STATUS(weft_executor_create(NULL, &options, &out), WEFT_EINVAL);
  CHECK(out == UNTOUCHED(weft_executor_t));
}

/* Threads come and go while many tasks, and tasks of tasks, are submitted. No task is lost. */
static void come_and_go(void) {
  enum { threads = 4, tasks = 2000 };
  const int rounds = check_rounds(3, 30);
  int round, i;
  for (round = 0; round < rounds; ++round) {
    weft_executor_t *pool = host_pool(NULL, 2);
    lent_t lent[threads];
    int runs = 0;
    void *both[2];
    both[0] = pool;
    both[1] = &runs;
    memset(lent, 0, sizeof lent);
    for (i = 0; i < tasks; ++i) {
      int slot = i % threads;
      if (i % 50 < threads) {
        if (lent[slot].pool != NULL) CHECK(pthread_join(lent[slot].thread, NULL) == 0);
        lend(&lent[slot], pool, WEFT_MICROSECOND * (i % 300));
      }
      CHECK_STATUS(weft_executor_post(pool, NULL, spawn_posts, both, NULL), WEFT_OK);
    }
    for (i = 0; i < threads; ++i) CHECK(pthread_join(lent[i].thread, NULL) == 0);
    while (count_of(&runs) < tasks * 20) CHECK_STATUS(weft_executor_work(pool, WEFT_MILLISECOND), WEFT_ETIMEDOUT);
    CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
    CHECK_EQUAL(count_of(&runs), tasks * 20);
    CHECK_EQUAL(stats_of(pool).workers_alive, 0);
    weft_executor_unref(pool);
  }
}

/* A task waits for room in the queue of its pool. Only the other thread could make room. */
typedef struct filler {
  weft_executor_t *pool;
  weft_status answer;
  uint64_t tid; /* atomic */
} filler_t;

static weft_status fill_queue(void *ctx, void **result, weft_error_t **error) {
  filler_t *self = (filler_t *)ctx;
  (void)result;
  (void)error;
  CHECK_STATUS(weft_executor_post(self->pool, NULL, return_ctx, NULL, NULL), WEFT_OK);
  __atomic_store_n(&self->tid, own_tid(), __ATOMIC_RELEASE);
  self->answer = weft_executor_post(self->pool, NULL, return_ctx, NULL, NULL);
  return WEFT_OK;
}

static void a_thread_that_leaves_is_not_waited_for(void) {
  weft_executor_options_t options;
  filler_t filler = {NULL, WEFT_OK, 0};
  lent_t waits = {0}, leaves = {0};
  gate_t gate = GATE_CLOSED;
  weft_future_t *held, *filling;
  weft_executor_options_init(&options);
  options.max_workers = 2;
  options.flags = WEFT_EXECUTOR_HOST_WORKERS;
  options.max_queue = 1;
  options.when_full = WEFT_FULL_WAIT;
  REQUIRE_OK(weft_executor_create(NULL, &options, &filler.pool));
  held = submit(filler.pool, pass_gate, &gate, NULL);
  lend(&leaves, filler.pool, 0); /* runs one task, and then leaves */
  gate_await(&gate, 1);
  filling = submit(filler.pool, fill_queue, &filler, NULL);
  lend(&waits, filler.pool, WEFT_FOREVER);
  while (__atomic_load_n(&filler.tid, __ATOMIC_ACQUIRE) == 0) sched_yield();
  await_asleep(filler.tid);
  gate_open(&gate);
  come_back(&leaves, WEFT_ETIMEDOUT);
  end_future(filling);
  CHECK_STATUS(filler.answer, WEFT_EDEADLK);
  end_future(held);
  CHECK_STATUS(weft_executor_shutdown(filler.pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  come_back(&waits, WEFT_OK);
  weft_executor_unref(filler.pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"without a worker tasks wait", without_a_worker_tasks_wait},
      {"a poll runs one task at most", a_poll_runs_one_task_at_most},
      {"it works until the pool ends", it_works_until_the_pool_ends},
      {"a stop request brings it back", a_stop_request_brings_it_back},
      {"places are limited", places_are_limited},
      {"not from inside and not for others", not_from_inside_and_not_for_others},
      {"the pool's own workers go on beside it", the_pool_s_own_workers_go_on_beside_it},
      {"name, mask and thread-locals stay", name_mask_and_thread_locals_stay},
      {"what it leaves behind is found", what_it_leaves_behind_is_found},
      {"spawned tasks go to their group", spawned_tasks_go_to_their_group},
      {"timers are served by it", timers_are_served_by_it},
      {"what nobody runs is cancelled at the end", what_nobody_runs_is_cancelled_at_the_end},
      {"hooks run at each stay", hooks_run_at_each_stay},
      {"a task may end the thread", a_task_may_end_the_thread},
      {"a thread that leaves is not waited for", a_thread_that_leaves_is_not_waited_for},
      {"options of it are checked", options_of_it_are_checked},
      {"they come and go", come_and_go},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
