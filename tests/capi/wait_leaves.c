/* Tests of waits that leave what they could run to a worker that seems free. If that worker comes to wait for them
 * instead, they run it themselves, and no thread is told of a deadlock.
 */
#include <weft/continuation.h>
#include <weft/worker.h>

#include "setup.h"

typedef struct leaving {
  weft_executor_t *pool;
  weft_future_t *own;  /* of the task that leaves */
  gate_t known;        /* opened when `own` is set */
  gate_t rest;         /* in the hook before a rest: the other worker seems free, and takes nothing */
  int holds;           /* atomic: the hook passes the gate */
  int first_only;      /* wait for the first of several, not for a when_any */
  weft_future_t *left; /* what the task leaves */
  uint64_t tid;        /* atomic: of its thread */
  weft_status waited;  /* what the other task's wait said */
} leaving_t;

static void hold_at_rest(void *ctx, weft_worker_t *worker) {
  leaving_t *leaving = (leaving_t *)ctx;
  (void)worker;
  if (__atomic_exchange_n(&leaving->holds, 0, __ATOMIC_ACQ_REL)) gate_pass(&leaving->rest);
}

static weft_status wait_for_the_leaver(void *ctx, void **result, weft_error_t **error) {
  leaving_t *leaving = (leaving_t *)ctx;
  (void)result;
  (void)error;
  leaving->waited = weft_future_wait(leaving->own, WEFT_FOREVER);
  return WEFT_OK;
}

static weft_status leave(void *ctx, void **result, weft_error_t **error) {
  leaving_t *leaving = (leaving_t *)ctx;
  weft_future_t *other, *never = make_promise(NULL), *first = NULL, *both[2];
  (void)result;
  (void)error;
  gate_pass(&leaving->known);
  other = submit(leaving->pool, wait_for_the_leaver, leaving, NULL);
  leaving->left = submit(leaving->pool, return_ctx, NULL, NULL);
  both[0] = leaving->left;
  both[1] = never;
  __atomic_store_n(&leaving->tid, own_tid(), __ATOMIC_RELEASE);
  if (leaving->first_only) {
    CHECK_STATUS(weft_wait(both, 2, WEFT_FIRST_COMPLETED, WEFT_FOREVER, NULL, NULL), WEFT_OK);
  } else {
    CHECK_STATUS(weft_when_any(both, 2, &first), WEFT_OK);
    CHECK_STATUS(weft_future_wait(first, WEFT_FOREVER), WEFT_OK);
    weft_future_unref(first);
  }
  CHECK_STATUS(weft_future_set_result(never, NULL), WEFT_OK);
  weft_future_unref(never);
  weft_future_unref(leaving->left);
  weft_future_unref(other);
  return WEFT_OK;
}

static void what_was_left_is_run_after_all(void) {
  int first_only;
  for (first_only = 0; first_only < 2; ++first_only) {
    leaving_t leaving = {.known = GATE_CLOSED, .rest = GATE_CLOSED, .holds = 1};
    gate_t gate = GATE_CLOSED;
    weft_executor_options_t options;
    weft_future_t *busy, *held;
    leaving.first_only = first_only;
    weft_executor_options_init(&options);
    options.max_workers = 2;
    options.worker_rest = hold_at_rest;
    options.worker_ctx = &leaving;
    REQUIRE_OK(weft_executor_create(NULL, &options, &leaving.pool));
    busy = occupy_worker(leaving.pool, &gate);
    held = submit(leaving.pool, return_ctx, NULL, NULL); /* then the other worker goes to rest, and is held there */
    gate_await(&leaving.rest, 1);
    leaving.own = submit(leaving.pool, leave, &leaving, NULL);
    gate_open(&gate); /* the first worker goes on with it */
    gate_await(&leaving.known, 1);
    gate_open(&leaving.known);
    while (__atomic_load_n(&leaving.tid, __ATOMIC_ACQUIRE) == 0) sched_yield();
    await_asleep(__atomic_load_n(&leaving.tid, __ATOMIC_ACQUIRE));
    gate_open(&leaving.rest);
    CHECK_STATUS(weft_future_wait(leaving.own, WEFT_FOREVER), WEFT_OK);
    end_future(held);
    end_future(busy);
    end_executor(leaving.pool);
    weft_future_unref(leaving.own); /* the other task may have waited for it until now */
    CHECK_STATUS(leaving.waited, WEFT_OK);
  }
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"what was left is run after all", what_was_left_is_run_after_all},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
