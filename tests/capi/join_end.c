/* Tests of weft/join.h at the end: of the pool, of a thread inside a call, of the last handle. */
#include "join.h"

#include <weft/parallel.h>

static void a_pool_that_was_shut_down(void) {
  weft_executor_t *pool = make_pool(2);
  part_t part = {0};
  end_future(submit(pool, return_ctx, NULL, NULL));
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(weft_join(pool, call_part, &part, call_part, &part, NULL), WEFT_ESHUTDOWN);
  CHECK_EQUAL(part.calls, 0);
  weft_executor_unref(pool);
}

typedef struct late {
  joining_t joining;
  gate_t gate;
} late_t;

static weft_status join_late(void *ctx, void **result, weft_error_t **error) {
  late_t *late = (late_t *)ctx;
  gate_pass(&late->gate);
  return join_in_task(&late->joining, result, error);
}

/* A task that the pool has accepted may still join. */
static void a_task_of_a_pool_that_was_shut_down_joins(void) {
  part_t part = {0};
  late_t late = {.gate = GATE_CLOSED};
  weft_future_t *task;
  late.joining = make_joining(make_pool(2), call_part, &part, &part);
  task = submit(late.joining.pool, join_late, &late, NULL);
  gate_await(&late.gate, 1);
  CHECK_STATUS(weft_executor_shutdown(late.joining.pool, 0, 0), WEFT_OK);
  gate_open(&late.gate);
  end_future(task);
  CHECK_STATUS(late.joining.status, WEFT_OK);
  CHECK_EQUAL(part.calls, 2);
  end_executor(late.joining.pool);
}

static weft_status refuse_to_begin(void *ctx, weft_error_t **error) {
  (void)ctx;
  (void)error;
  return 42;
}

static void a_broken_pool(void) {
  int first_use;
  for (first_use = 0; first_use <= 1; ++first_use) {
    weft_executor_options_t options;
    weft_executor_t *pool = NULL;
    part_t part = {0};
    weft_executor_options_init(&options);
    options.max_workers = 1;
    options.initializer = refuse_to_begin;
    REQUIRE_OK(weft_executor_create(NULL, &options, &pool));
    if (!first_use) {
      weft_future_t *task = submit(pool, return_ctx, NULL, NULL);
      CHECK_STATUS(weft_future_wait(task, WEFT_FOREVER), WEFT_OK);
      weft_future_unref(task);
    }
    CHECK_STATUS(weft_join(pool, call_part, &part, call_part, &part, NULL), WEFT_EBROKEN);
    CHECK_EQUAL(part.calls, 0);
    end_executor(pool);
  }
}

static weft_status drop_last_handle(void *ctx, weft_error_t **error) {
  (void)error;
  weft_executor_unref((weft_executor_t *)ctx);
  return WEFT_OK;
}

static void a_call_drops_the_last_handle(void) {
  part_t part = {0};
  weft_executor_t *pool = make_pool(2);
  CHECK_STATUS(weft_join(pool, drop_last_handle, pool, call_part, &part, NULL), WEFT_OK);
  CHECK_EQUAL(part.calls, 1);
}

/* --- a call ends its thread --- */

typedef struct ending {
  weft_executor_t *pool;
  meeting_t meeting;
  int meets;   /* it meets the other call, so that each has its own thread */
  int at_work; /* atomic: the other call runs */
  int late;    /* atomic: the other call still ran when the frame of the join was left */
  int calls;   /* atomic: how often the other call was made */
  weft_status status;
  weft_error_t *error;
} ending_t;

static weft_status end_thread_inside(void *ctx, weft_error_t **error) {
  ending_t *ending = (ending_t *)ctx;
  (void)error;
  if (ending->meets) meet(&ending->meeting, 2);
  pthread_exit(NULL);
  return WEFT_OK;
}

static weft_status work_beside(void *ctx, weft_error_t **error) {
  ending_t *ending = (ending_t *)ctx;
  (void)error;
  __atomic_store_n(&ending->at_work, 1, __ATOMIC_RELEASE);
  __atomic_add_fetch(&ending->calls, 1, __ATOMIC_ACQ_REL);
  if (ending->meets) meet(&ending->meeting, 2);
  weft_sleep(WEFT_MILLISECOND);
  __atomic_store_n(&ending->at_work, 0, __ATOMIC_RELEASE);
  return WEFT_OK;
}

static void leave_frame(void *ctx) {
  ending_t *ending = (ending_t *)ctx;
  __atomic_add_fetch(&ending->late, __atomic_load_n(&ending->at_work, __ATOMIC_ACQUIRE), __ATOMIC_ACQ_REL);
}

static weft_status join_with_first_ending(void *ctx, void **result, weft_error_t **error) {
  ending_t *ending = (ending_t *)ctx;
  (void)result;
  (void)error;
  pthread_cleanup_push(leave_frame, ending);
  weft_join(ending->pool, end_thread_inside, ending, work_beside, ending, NULL);
  CHECK(!"the call came back");
  pthread_cleanup_pop(0);
  return WEFT_OK;
}

static weft_status join_with_second_ending(void *ctx, void **result, weft_error_t **error) {
  ending_t *ending = (ending_t *)ctx;
  (void)result;
  (void)error;
  ending->status = weft_join(ending->pool, work_beside, ending, end_thread_inside, ending, &ending->error);
  return WEFT_OK;
}

static void expect_thread_exit(weft_executor_t *pool, weft_task_fn fn, ending_t *ending) {
  weft_future_t *task = submit(pool, fn, ending, NULL);
  weft_error_t *error = NULL;
  CHECK_STATUS(weft_future_exception(task, WEFT_FOREVER, &error), WEFT_OK);
  if (CHECK(error != NULL)) CHECK_TEXT(weft_error_kind(error), "thread_exit");
  weft_error_unref(error);
  weft_future_unref(task);
}

static void the_first_call_ends_its_thread(void) {
  ending_t ending = {0};
  ending.pool = make_pool(1);
  expect_thread_exit(ending.pool, join_with_first_ending, &ending);
  CHECK_EQUAL(ending.calls, 0); /* the second call was left out */
  end_executor(ending.pool);
}

static void the_first_call_ends_its_thread_while_the_second_runs(void) {
  int round;
  for (round = 0; round < 20; ++round) {
    ending_t ending = {0};
    ending.pool = make_pool(2);
    ending.meets = 1;
    expect_thread_exit(ending.pool, join_with_first_ending, &ending);
    CHECK_EQUAL(ending.calls, 1);
    CHECK_EQUAL(ending.late, 0);
    end_executor(ending.pool);
  }
}

static void a_stolen_call_ends_its_thread(void) {
  int round;
  for (round = 0; round < 20; ++round) {
    ending_t ending = {0};
    ending.pool = make_pool(2);
    ending.meets = 1;
    end_future(submit(ending.pool, join_with_second_ending, &ending, NULL));
    CHECK_STATUS(ending.status, WEFT_EFAILED);
    if (CHECK(ending.error != NULL)) CHECK_TEXT(weft_error_kind(ending.error), "thread_exit");
    weft_error_unref(ending.error);
    end_executor(ending.pool);
  }
}

static void the_second_call_ends_the_thread_that_joins(void) {
  ending_t ending = {0};
  ending.pool = make_pool(1);
  expect_thread_exit(ending.pool, join_with_second_ending, &ending);
  CHECK_EQUAL(ending.calls, 1);
  end_executor(ending.pool);
}

static void count_only(void *ctx, weft_thread_t *thread, const weft_error_t *error) {
  (void)thread;
  (void)error;
  __atomic_add_fetch((int *)ctx, 1, __ATOMIC_ACQ_REL);
}

/* The caller gets the error. The exception hook is called too, as for a task without a future that ends its thread. */
static void a_call_ends_its_thread_of_a_join_from_outside(void) {
  ending_t ending = {0};
  int told = 0;
  CHECK_STATUS(weft_runtime_set_exception_hook(NULL, count_only, &told, NULL), WEFT_OK);
  ending.pool = make_pool(1);
  ending.status = weft_join(ending.pool, end_thread_inside, &ending, work_beside, &ending, &ending.error);
  CHECK_STATUS(ending.status, WEFT_EFAILED);
  if (CHECK(ending.error != NULL)) CHECK_TEXT(weft_error_kind(ending.error), "thread_exit");
  weft_error_unref(ending.error);
  CHECK_EQUAL(ending.calls, 0);
  end_executor(ending.pool);
  CHECK_EQUAL(count_of(&told), 1);
  CHECK_STATUS(weft_runtime_set_exception_hook(NULL, NULL, NULL, NULL), WEFT_OK);
}

static weft_status join_in_body(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  (void)begin;
  (void)end;
  (void)error;
  return join_with_first_ending(ctx, NULL, NULL);
}

static void *loop_on_thread(void *ctx) {
  weft_parallel_for(((ending_t *)ctx)->pool, NULL, 0, 1, join_in_body, ctx, NULL);
  CHECK(!"the call came back");
  return NULL;
}

/* A thread that is not a worker ends itself while another thread runs the second call. */
static void a_guest_ends_itself(void) {
  int round;
  for (round = 0; round < 20; ++round) {
    ending_t ending = {0};
    pthread_t thread;
    ending.pool = make_pool(2);
    ending.meets = 1;
    REQUIRE(pthread_create(&thread, NULL, loop_on_thread, &ending) == 0);
    pthread_join(thread, NULL);
    CHECK_EQUAL(ending.calls, 1);
    CHECK_EQUAL(ending.late, 0);
    end_executor(ending.pool);
  }
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"a pool that was shut down", a_pool_that_was_shut_down},
      {"a task of a pool that was shut down joins", a_task_of_a_pool_that_was_shut_down_joins},
      {"a broken pool", a_broken_pool},
      {"a call drops the last handle", a_call_drops_the_last_handle},
      {"the first call ends its thread", the_first_call_ends_its_thread},
      {"the first call ends its thread while the second runs", the_first_call_ends_its_thread_while_the_second_runs},
      {"a stolen call ends its thread", a_stolen_call_ends_its_thread},
      {"the second call ends the thread that joins", the_second_call_ends_the_thread_that_joins},
      {"a call ends its thread of a join from outside", a_call_ends_its_thread_of_a_join_from_outside},
      {"a guest ends itself", a_guest_ends_itself},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
