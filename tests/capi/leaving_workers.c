/* Tests of workers that have left their pool and whose threads have not ended: a shutdown that waits waits for them
 * (weft_executor_shutdown, weft_runtime_shutdown).
 */
#include <weft/worker.h>

#include "setup.h"

static weft_executor_t *pool_that_empties(weft_runtime_t *runtime, weft_worker_stop_fn stop, void *ctx) {
  weft_executor_options_t options;
  weft_executor_t *pool = NULL;
  weft_executor_options_init(&options);
  options.max_workers = 1;
  options.linger = 1;
  options.worker_stop = stop;
  options.worker_ctx = ctx;
  CHECK_STATUS(weft_executor_create(runtime, &options, &pool), WEFT_OK);
  return pool;
}

/* A destructor of the host's, for the thread that has set the key. */
static pthread_key_t key;
static int destructors; /* atomic: that have returned */

static void pass_at_the_end(void *gate) {
  gate_pass((gate_t *)gate);
  count_drop(&destructors);
}

static weft_status set_key(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  CHECK(pthread_setspecific(key, ctx) == 0);
  return WEFT_OK;
}

static void a_pool_waits_for_a_thread_whose_place_was_taken(void) {
  int by_host;
  REQUIRE(pthread_key_create(&key, pass_at_the_end) == 0);
  for (by_host = 0; by_host < 2; ++by_host) {
    weft_executor_t *pool = pool_that_empties(NULL, NULL, NULL);
    gate_t gate = GATE_CLOSED;
    __atomic_store_n(&destructors, 0, __ATOMIC_RELEASE);
    end_future(submit(pool, set_key, &gate, NULL));
    gate_await(&gate, 1); /* the worker has left, and its thread is in the destructor */
    if (by_host)
      CHECK_STATUS(weft_executor_work(pool, WEFT_MILLISECOND), WEFT_ETIMEDOUT);
    else
      end_future(submit(pool, return_ctx, NULL, NULL));
    await_workers(pool, 0);
    CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, 0), WEFT_ETIMEDOUT);
    CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_MILLISECOND), WEFT_ETIMEDOUT);
    gate_open(&gate);
    end_executor(pool);
    CHECK_EQUAL(count_of(&destructors), 1);
  }
  CHECK(pthread_key_delete(key) == 0);
}

static void stop_at_the_gate(void *ctx, weft_worker_t *worker) {
  (void)worker;
  gate_pass((gate_t *)ctx);
}

/* The pool has no handle and no worker any more, so it has ended. */
static void a_runtime_waits_for_a_stop_hook_within_its_limit(void) {
  weft_runtime_t *runtime = make_runtime();
  gate_t gate = GATE_CLOSED;
  weft_executor_t *pool = pool_that_empties(runtime, stop_at_the_gate, &gate);
  end_future(submit(pool, return_ctx, NULL, NULL));
  gate_await(&gate, 1);
  weft_executor_unref(pool);
  CHECK_STATUS(weft_runtime_shutdown(runtime, WEFT_MILLISECOND), WEFT_ETIMEDOUT);
  gate_open(&gate);
  CHECK_STATUS(weft_runtime_shutdown(runtime, WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"a pool waits for a thread whose place was taken", a_pool_waits_for_a_thread_whose_place_was_taken},
      {"a runtime waits for a stop hook within its limit", a_runtime_waits_for_a_stop_hook_within_its_limit},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
