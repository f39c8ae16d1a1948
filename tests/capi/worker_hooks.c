/* Tests of the start and stop hooks of workers (weft/worker.h). They are the first and last calls on each worker, once
 * each, whatever ends the worker. A start hook that fails breaks the pool.
 */
#include "setup.h"

/* What the hooks of one pool have seen. */
typedef struct seen {
  gate_t *gate;    /* passed by each start; NULL: none */
  int fail_at;     /* the start with this number fails; 0: none */
  int ends_thread; /* the start hook ends its thread */
  int starts;      /* atomic, as all that follow */
  int stops;
  int inits; /* runs of the initializer */
  int drops;
  int out_of_order; /* an initializer before the start, a stop on another thread, another object */
  int indices;      /* one bit for each index */
  int fail_init;    /* the initializer fails */
} seen_t;

static __thread weft_worker_t *attached; /* set by the start hook of this thread */

static weft_status start_worker(void *ctx, weft_worker_t *worker, weft_error_t **error) {
  seen_t *seen = (seen_t *)ctx;
  int number = __atomic_add_fetch(&seen->starts, 1, __ATOMIC_ACQ_REL);
  weft_thread_t *self = NULL;
  if (seen->gate) gate_pass(seen->gate);
  if (number == seen->fail_at) {
    if (seen->ends_thread) pthread_exit(NULL);
    return weft_error_create(7, "AttachError", "no machine", error);
  }
  attached = worker;
  worker->data = seen;
  CHECK_EQUAL(worker->size, sizeof *worker);
  CHECK_STATUS(weft_thread_current(&self), WEFT_OK);
  CHECK_TEXT(worker->name, weft_thread_name(self));
  weft_thread_unref(self);
  CHECK_EQUAL(weft_worker_index(), worker->index);
  CHECK(weft_worker_data() == seen);
  __atomic_fetch_or(&seen->indices, 1 << worker->index, __ATOMIC_ACQ_REL);
  return WEFT_OK;
}

static void stop_worker(void *ctx, weft_worker_t *worker) {
  seen_t *seen = (seen_t *)ctx;
  if (attached != worker || worker->data != seen || weft_worker_data() != seen)
    __atomic_add_fetch(&seen->out_of_order, 1, __ATOMIC_ACQ_REL);
  attached = NULL;
  __atomic_add_fetch(&seen->stops, 1, __ATOMIC_ACQ_REL);
}

static void drop_seen(void *ctx) {
  seen_t *seen = (seen_t *)ctx;
  if (count_of(&seen->stops) > count_of(&seen->starts)) __atomic_add_fetch(&seen->out_of_order, 1, __ATOMIC_ACQ_REL);
  __atomic_add_fetch(&seen->drops, 1, __ATOMIC_ACQ_REL);
}

static weft_status initialize(void *ctx, weft_error_t **error) {
  seen_t *seen = (seen_t *)ctx;
  (void)error;
  if (attached == NULL) __atomic_add_fetch(&seen->out_of_order, 1, __ATOMIC_ACQ_REL);
  __atomic_add_fetch(&seen->inits, 1, __ATOMIC_ACQ_REL);
  if (seen->fail_init == 2) pthread_exit(NULL);
  return seen->fail_init ? 1 : WEFT_OK;
}

static weft_executor_t *pool_with(weft_runtime_t *runtime, seen_t *seen, uint32_t workers) {
  weft_executor_options_t options;
  weft_executor_t *pool = NULL;
  weft_executor_options_init(&options);
  options.max_workers = workers;
  options.name_prefix = "hooked";
  options.initializer = initialize;
  options.initializer_ctx = seen;
  options.worker_start = start_worker;
  options.worker_stop = stop_worker;
  options.worker_ctx = seen;
  options.worker_drop = drop_seen;
  CHECK_STATUS(weft_executor_create(runtime, &options, &pool), WEFT_OK);
  return pool;
}

static void they_run_first_and_last_on_each_worker(void) {
  seen_t seen = {0};
  gate_t gate = GATE_CLOSED;
  weft_executor_t *pool = pool_with(NULL, &seen, 3);
  int i;
  CHECK_EQUAL(count_of(&seen.starts), 0);
  for (i = 0; i < 3; ++i) weft_future_unref(occupy_worker(pool, &gate));
  CHECK_EQUAL(count_of(&seen.starts), 3);
  CHECK_EQUAL(count_of(&seen.inits), 3);
  CHECK_EQUAL(count_of(&seen.indices), 7);
  CHECK_EQUAL(count_of(&seen.stops) + count_of(&seen.drops), 0);
  gate_open(&gate);
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(count_of(&seen.stops), 3);
  CHECK_EQUAL(count_of(&seen.drops), 0);
  weft_executor_unref(pool);
  CHECK_EQUAL(count_of(&seen.drops), 1);
  CHECK_EQUAL(count_of(&seen.out_of_order), 0);
}

static void a_pool_without_work_only_drops(void) {
  seen_t seen = {0};
  end_executor(pool_with(NULL, &seen, 3));
  CHECK_EQUAL(count_of(&seen.starts) + count_of(&seen.stops), 0);
  CHECK_EQUAL(count_of(&seen.drops), 1);
}

static weft_status end_the_thread(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  pthread_exit(NULL);
}

static void a_task_that_ends_its_thread_stops_the_worker_once(void) {
  seen_t seen = {0};
  weft_executor_t *pool = pool_with(NULL, &seen, 1);
  weft_future_t *future = submit(pool, end_the_thread, NULL, NULL);
  CHECK_STATUS(weft_future_wait(future, WEFT_FOREVER), WEFT_OK);
  weft_future_unref(future);
  end_future(submit(pool, return_ctx, NULL, NULL)); /* run by another worker, with the same index */
  end_executor(pool);
  CHECK_EQUAL(count_of(&seen.starts), 2);
  CHECK_EQUAL(count_of(&seen.stops), 2);
  CHECK_EQUAL(count_of(&seen.indices), 1);
  CHECK_EQUAL(count_of(&seen.out_of_order), 0);
}

static void the_end_of_a_runtime_stops_them(void) {
  seen_t seen = {0};
  weft_runtime_t *runtime = make_runtime();
  weft_executor_t *pool = pool_with(runtime, &seen, 2);
  end_future(submit(pool, return_ctx, NULL, NULL));
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
  CHECK_EQUAL(count_of(&seen.stops), count_of(&seen.starts));
  weft_executor_unref(pool);
  CHECK_EQUAL(count_of(&seen.drops), 1);
}

static void fail_to_start(int ends_thread) {
  seen_t seen = {0};
  gate_t gate = GATE_CLOSED;
  weft_error_t *error = NULL;
  weft_executor_t *pool;
  weft_future_t *future;
  seen.gate = &gate;
  seen.fail_at = 1;
  seen.ends_thread = ends_thread;
  pool = pool_with(NULL, &seen, 1);
  future = submit(pool, return_ctx, NULL, NULL);
  gate_open(&gate);
  CHECK_STATUS(weft_future_result(future, WEFT_FOREVER, NULL), WEFT_EFAILED);
  CHECK_STATUS(weft_future_exception(future, 0, &error), WEFT_OK);
  CHECK_STATUS(weft_error_code(error), WEFT_EBROKEN);
  CHECK_TEXT(weft_error_kind(error), ends_thread ? "thread_exit" : "AttachError");
  weft_error_unref(error);
  weft_future_unref(future);
  CHECK_STATUS(weft_executor_post(pool, NULL, return_ctx, NULL, NULL), WEFT_EBROKEN);
  end_executor(pool);
  CHECK_EQUAL(count_of(&seen.inits), 0);
  CHECK_EQUAL(count_of(&seen.stops), 0);
  CHECK_EQUAL(count_of(&seen.drops), 1);
}

static void a_start_that_fails_breaks_the_pool(void) {
  fail_to_start(0);
}

static void a_start_that_ends_its_thread_breaks_the_pool(void) {
  fail_to_start(1);
}

static void fail_to_initialize(int how) {
  seen_t seen = {0};
  weft_executor_t *pool;
  seen.fail_init = how;
  pool = pool_with(NULL, &seen, 1);
  end_future(submit(pool, return_ctx, NULL, NULL));
  end_executor(pool);
  CHECK_EQUAL(count_of(&seen.starts), 1);
  CHECK_EQUAL(count_of(&seen.stops), 1);
  CHECK_EQUAL(count_of(&seen.out_of_order), 0);
}

static void an_initializer_that_fails_leaves_the_stop_due(void) {
  fail_to_initialize(1);
  fail_to_initialize(2);
}

static void either_may_be_missing(void) {
  seen_t seen = {0};
  weft_executor_options_t options;
  weft_executor_t *pool = NULL;
  weft_executor_options_init(&options);
  options.max_workers = 1;
  options.worker_ctx = &seen;
  options.worker_drop = drop_seen;
  options.worker_start = start_worker;
  REQUIRE_OK(weft_executor_create(NULL, &options, &pool));
  end_future(submit(pool, return_ctx, NULL, NULL));
  end_executor(pool);
  CHECK_EQUAL(count_of(&seen.starts), 1);
  CHECK_EQUAL(count_of(&seen.stops), 0);
  CHECK_EQUAL(count_of(&seen.drops), 1);
}

static void who_is_no_worker_has_no_index(void) {
  CHECK_STATUS(weft_worker_index(), WEFT_ENOTSUP);
  CHECK(weft_worker_data() == NULL);
}

/* The first worker is in its start hook, and another task waits, of any priority. The next worker is started for it. */
static void a_slow_start_keeps_only_one_task_waiting(void) {
  static const uint32_t ranks[] = {WEFT_PRIORITY_NORMAL, WEFT_PRIORITY_HIGH, WEFT_PRIORITY_LOW};
  size_t i;
  for (i = 0; i < CHECK_COUNT_OF(ranks); ++i) {
    seen_t seen = {0};
    gate_t gate = GATE_CLOSED;
    weft_executor_t *pool;
    weft_call_t calls[2] = {{return_ctx, NULL, NULL}, {return_ctx, NULL, NULL}};
    weft_task_options_t options;
    seen.gate = &gate;
    pool = pool_with(NULL, &seen, 2);
    weft_task_options_init(&options);
    options.priority = ranks[i];
    REQUIRE_OK(weft_executor_submit_batch(pool, &options, calls, 2, NULL));
    gate_await(&gate, 2);
    gate_open(&gate);
    end_executor(pool);
    CHECK_EQUAL(count_of(&seen.starts), 2);
  }
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"they run first and last on each worker", they_run_first_and_last_on_each_worker},
      {"a pool without work only drops", a_pool_without_work_only_drops},
      {"a task that ends its thread stops the worker once", a_task_that_ends_its_thread_stops_the_worker_once},
      {"the end of a runtime stops them", the_end_of_a_runtime_stops_them},
      {"a start that fails breaks the pool", a_start_that_fails_breaks_the_pool},
      {"a start that ends its thread breaks the pool", a_start_that_ends_its_thread_breaks_the_pool},
      {"an initializer that fails leaves the stop due", an_initializer_that_fails_leaves_the_stop_due},
      {"either may be missing", either_may_be_missing},
      {"who is no worker has no index", who_is_no_worker_has_no_index},
      {"a slow start keeps only one task waiting", a_slow_start_keeps_only_one_task_waiting},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
