/* Tests of the hook before a rest (weft_worker_rest_fn): a worker gives back what it keeps between tasks before it
 * sleeps.
 */
#include "domain.h"
#include "group.h"

typedef struct resting {
  pthread_mutex_t lock; /* like an interpreter's: tasks take it, and the worker gives it back before a rest */
  int counter;          /* guarded by the lock */
  int takes;            /* guarded by the lock: how often a task had to take it */
  int rests;            /* atomic, as all that follow */
  int stops;
  int strangers; /* calls on a thread that is not this worker */
  int fails;     /* the start hook fails */
  weft_domain_t *home;
  weft_executor_t *pool;
  weft_group_t *group;
  int submits; /* how many times the hook still submits something */
  int ran;
} resting_t;

static __thread int is_held;

static void give_back(resting_t *self) {
  if (is_held) pthread_mutex_unlock(&self->lock);
  is_held = 0;
}

static weft_status start_worker(void *ctx, weft_worker_t *worker, weft_error_t **error) {
  resting_t *self = (resting_t *)ctx;
  (void)error;
  worker->data = self;
  return self->fails ? 42 : WEFT_OK;
}

static void stop_worker(void *ctx, weft_worker_t *worker) {
  resting_t *self = (resting_t *)ctx;
  (void)worker;
  give_back(self);
  __atomic_add_fetch(&self->stops, 1, __ATOMIC_ACQ_REL);
}

static void rest_worker(void *ctx, weft_worker_t *worker) {
  resting_t *self = (resting_t *)ctx;
  if (worker->data != self || weft_worker_data() != self || weft_worker_index() != (int32_t)worker->index ||
      weft_domain_current() != self->home)
    count_drop(&self->strangers);
  give_back(self);
  if (__atomic_load_n(&self->submits, __ATOMIC_ACQUIRE) > 0 &&
      __atomic_sub_fetch(&self->submits, 1, __ATOMIC_ACQ_REL) >= 0) {
    CHECK_STATUS(weft_executor_post(self->pool, NULL, count_run, &self->ran, NULL), WEFT_OK);
    if (self->group != NULL) CHECK_STATUS(weft_group_spawn(self->group, NULL, count_run, &self->ran, NULL), WEFT_OK);
  }
  count_drop(&self->rests);
}

static weft_executor_t *pool_with(resting_t *self, uint32_t workers, uint32_t flags) {
  weft_executor_options_t options;
  weft_executor_t *pool = NULL;
  pthread_mutex_init(&self->lock, NULL);
  weft_executor_options_init(&options);
  options.max_workers = workers;
  options.worker_start = start_worker;
  options.worker_stop = stop_worker;
  options.worker_rest = rest_worker;
  options.worker_ctx = self;
  options.flags = flags;
  CHECK_STATUS(weft_executor_create(NULL, &options, &pool), WEFT_OK);
  return pool;
}

/* Like a binding, it takes the lock unless this worker still holds it. */
static weft_status count_locked(void *ctx, void **result, weft_error_t **error) {
  resting_t *self = (resting_t *)ctx;
  (void)result;
  (void)error;
  if (!is_held) {
    pthread_mutex_lock(&self->lock);
    ++self->takes;
    is_held = 1;
  }
  ++self->counter;
  return WEFT_OK;
}

static void what_is_kept_over_tasks_is_given_back(void) {
  uint32_t workers;
  for (workers = 1; workers <= 2; ++workers) {
    resting_t resting = {0};
    weft_executor_t *pool = pool_with(&resting, workers, 0);
    int rounds = check_rounds(200, 10000), round, i;
    for (round = 1; round <= rounds; ++round) {
      for (i = 0; i < 20; ++i) CHECK_STATUS(weft_executor_post(pool, NULL, count_locked, &resting, NULL), WEFT_OK);
      end_future(submit(pool, count_locked, &resting, NULL));
      pthread_mutex_lock(&resting.lock); /* free as soon as the worker rests */
      CHECK(resting.counter <= 21 * round && resting.takes <= resting.counter);
      pthread_mutex_unlock(&resting.lock);
    }
    end_executor(pool);
    CHECK_EQUAL(resting.counter, 21 * rounds);
    CHECK(count_of(&resting.rests) > 0);
    CHECK_EQUAL(count_of(&resting.strangers), 0);
  }
}

static void not_while_a_task_runs_or_sleeps(void) {
  resting_t resting = {0};
  weft_executor_t *pool = pool_with(&resting, 1, 0);
  weft_future_t *promise = make_promise(NULL), *running;
  gate_t gate = GATE_CLOSED;
  int before;
  end_future(submit(pool, return_ctx, NULL, NULL));
  while (count_of(&resting.rests) == 0) sched_yield();
  running = occupy_worker(pool, &gate);
  before = count_of(&resting.rests);
  CHECK_STATUS(weft_future_wait(promise, WEFT_MILLISECOND), WEFT_ETIMEDOUT);
  CHECK_EQUAL(count_of(&resting.rests), before);
  gate_open(&gate);
  end_future(running);
  while (count_of(&resting.rests) == before) sched_yield();
  weft_future_unref(promise);
  end_executor(pool);
  CHECK_EQUAL(count_of(&resting.stops), 1);
}

/* A task that the hook submits is run, although its worker is about to sleep and may be the only one. */
static void the_hook_may_submit(void) {
  uint32_t workers;
  for (workers = 1; workers <= 2; ++workers) {
    resting_t resting = {0};
    int times = check_rounds(500, 20000);
    resting.pool = pool_with(&resting, workers, 0);
    resting.group = make_group(resting.pool);
    __atomic_store_n(&resting.submits, times, __ATOMIC_RELEASE);
    end_future(submit(resting.pool, return_ctx, NULL, NULL));
    while (count_of(&resting.ran) < 2 * times) sched_yield();
    CHECK_STATUS(weft_group_wait(resting.group, WEFT_FOREVER), WEFT_OK);
    weft_group_unref(resting.group);
    end_executor(resting.pool);
    CHECK_EQUAL(count_of(&resting.ran), 2 * times);
    CHECK_EQUAL(count_of(&resting.strangers), 0);
  }
}

/* --- threads of the host --- */

static weft_status work_here(void *ctx, weft_error_t **error) {
  (void)error;
  CHECK_STATUS(weft_executor_work((weft_executor_t *)ctx, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(is_held, 0);
  return WEFT_OK;
}

static void on_threads_of_the_host_too(void) {
  resting_t resting = {0};
  weft_executor_t *pool = pool_with(&resting, 1, WEFT_EXECUTOR_HOST_WORKERS);
  weft_thread_t *thread = start_thread(NULL, WEFT_DAEMON_NO, work_here, pool, NULL);
  int i;
  for (i = 0; i < 20; ++i) {
    end_future(submit(pool, count_locked, &resting, NULL));
    pthread_mutex_lock(&resting.lock);
    pthread_mutex_unlock(&resting.lock);
  }
  CHECK_STATUS(weft_executor_shutdown(pool, 0, 0), WEFT_OK);
  end_thread(thread);
  weft_executor_unref(pool);
  CHECK_EQUAL(resting.counter, 20);
  CHECK_EQUAL(count_of(&resting.strangers), 0);
  CHECK_EQUAL(count_of(&resting.stops), 1);
}

/* --- with others --- */

static void it_is_inside_the_domain_of_its_pool(void) {
  resting_t resting = {0};
  weft_domain_scope_t scope;
  weft_executor_t *pool;
  resting.home = make_domain();
  enter(resting.home, &scope);
  pool = pool_with(&resting, 1, 0);
  leave(&scope);
  end_future(submit(pool, return_ctx, NULL, NULL));
  while (count_of(&resting.rests) == 0) sched_yield();
  CHECK_EQUAL(count_of(&resting.strangers), 0);
  end_domain(resting.home);
  CHECK_EQUAL(count_of(&resting.stops), 1);
  weft_executor_unref(pool);
}

static void not_on_a_worker_that_did_not_start(void) {
  resting_t resting = {0};
  weft_executor_t *pool;
  resting.fails = 1;
  pool = pool_with(&resting, 1, 0);
  end_future(submit(pool, return_ctx, NULL, NULL));
  end_executor(pool);
  CHECK_EQUAL(count_of(&resting.rests) + count_of(&resting.stops), 0);
}

static void alone_it_is_a_hook_too(void) {
  weft_executor_options_t options;
  weft_executor_t *pool = NULL;
  resting_t resting = {0};
  weft_executor_options_init(&options);
  options.worker_rest = rest_worker;
  options.worker_ctx = &resting;
  options.max_workers = 1;
  REQUIRE_OK(weft_executor_create(NULL, &options, &pool));
  end_future(submit(pool, return_ctx, NULL, NULL));
  while (count_of(&resting.rests) == 0) sched_yield();
  end_executor(pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"what is kept over tasks is given back", what_is_kept_over_tasks_is_given_back},
      {"not while a task runs or sleeps", not_while_a_task_runs_or_sleeps},
      {"the hook may submit", the_hook_may_submit},
      {"on threads of the host too", on_threads_of_the_host_too},
      {"it is inside the domain of its pool", it_is_inside_the_domain_of_its_pool},
      {"not on a worker that did not start", not_on_a_worker_that_did_not_start},
      {"alone it is a hook too", alone_it_is_a_hook_too},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
