/* Tests of what a request to stop reaches: the bodies of a loop and the branches of a join that sleep on any thread,
 * when the group around them is cancelled, or when the task around them is asked to stop (weft/cancel.h, weft/group.h).
 */
#include <weft/join.h>
#include <weft/parallel.h>

#include "group.h"

typedef struct request {
  weft_executor_t *pool;
  weft_group_t *group;
  uint64_t tid;        /* atomic: of the thread that sleeps inside; 0: none yet */
  uint64_t caller_tid; /* atomic: of the thread that has called */
  int interrupted;     /* atomic: sleeps that were interrupted */
} request_t;

static void sleep_inside(request_t *request) {
  __atomic_store_n(&request->tid, own_tid(), __ATOMIC_RELEASE);
  CHECK_STATUS(weft_sleep(WEFT_FOREVER), WEFT_EINTERRUPTED);
  count_drop(&request->interrupted);
}

static void await_sleeper(request_t *request) {
  while (__atomic_load_n(&request->tid, __ATOMIC_ACQUIRE) == 0) sched_yield();
  await_asleep(__atomic_load_n(&request->tid, __ATOMIC_ACQUIRE));
}

static weft_status sleeping_body(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  (void)begin;
  (void)end;
  (void)error;
  sleep_inside((request_t *)ctx);
  return WEFT_OK;
}

static weft_status loop_in_group(void *ctx, void **result, weft_error_t **error) {
  request_t *request = (request_t *)ctx;
  (void)result;
  CHECK_STATUS(weft_parallel_for(request->pool, NULL, 0, 1, sleeping_body, request, error), WEFT_OK);
  return WEFT_OK; /* no piece was left out */
}

static weft_status sleeping_call(void *ctx, weft_error_t **error) {
  (void)error;
  sleep_inside((request_t *)ctx);
  return WEFT_OK;
}

static weft_status await_other_call(void *ctx, weft_error_t **error) {
  (void)error;
  await_sleeper((request_t *)ctx);
  return WEFT_OK;
}

static weft_status join_in_group(void *ctx, void **result, weft_error_t **error) {
  request_t *request = (request_t *)ctx;
  weft_status status = weft_join(request->pool, await_other_call, request, sleeping_call, request, error);
  (void)result;
  CHECK(status == WEFT_OK || status == WEFT_EINTERRUPTED);
  return WEFT_OK;
}

static void a_cancelled_group_wakes_what_sleeps_within(void) {
  static const weft_task_fn within[] = {loop_in_group, join_in_group};
  size_t i;
  for (i = 0; i < CHECK_COUNT_OF(within); ++i) {
    request_t request = {make_pool(2), NULL, 0, 0, 0};
    weft_status status;
    request.group = make_group(request.pool);
    CHECK_STATUS(weft_group_spawn(request.group, NULL, within[i], &request, NULL), WEFT_OK);
    await_sleeper(&request);
    CHECK_STATUS(weft_group_cancel(request.group), WEFT_OK);
    status = weft_group_wait(request.group, WEFT_FOREVER);
    CHECK(status == WEFT_OK || status == WEFT_ECANCELED);
    CHECK_EQUAL(count_of(&request.interrupted), 1);
    weft_group_unref(request.group);
    end_executor(request.pool);
  }
}

/* The caller's own body is over, and it waits for the other one, which sleeps on another worker. */
static weft_status one_sleeps(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  request_t *request = (request_t *)ctx;
  (void)begin;
  (void)end;
  (void)error;
  if (__atomic_load_n(&request->caller_tid, __ATOMIC_ACQUIRE) == own_tid())
    await_sleeper(request);
  else
    sleep_inside(request);
  return WEFT_OK;
}

static weft_status loop_over_two(void *ctx, void **result, weft_error_t **error) {
  request_t *request = (request_t *)ctx;
  weft_range_options_t options;
  (void)result;
  weft_range_options_init(&options);
  options.grain = 1;
  __atomic_store_n(&request->caller_tid, own_tid(), __ATOMIC_RELEASE);
  CHECK_STATUS(weft_parallel_for(request->pool, &options, 0, 2, one_sleeps, request, error), WEFT_EINTERRUPTED);
  return WEFT_OK;
}

static void a_request_to_the_caller_reaches_the_pieces(void) {
  request_t request = {make_pool(2), NULL, 0, 0, 0};
  weft_future_t *caller = submit(request.pool, loop_over_two, &request, NULL);
  await_sleeper(&request);
  await_asleep(__atomic_load_n(&request.caller_tid, __ATOMIC_ACQUIRE));
  CHECK_STATUS(weft_future_request_stop(caller), WEFT_OK);
  end_future(caller);
  CHECK_EQUAL(count_of(&request.interrupted), 1);
  end_executor(request.pool);
}

/* A task of a group has a token of its own. Its wait runs a child on the same thread, and the token is cancelled
 * meanwhile. The child hears of that, and perhaps has not done its work, so the wait says so.
 */
typedef struct token_task {
  weft_executor_t *pool;
  weft_cancel_token_t *token;
  int heard; /* by the child */
} token_task_t;

static weft_status cancel_and_look(void *ctx, void **result, weft_error_t **error) {
  token_task_t *task = (token_task_t *)ctx;
  (void)result;
  (void)error;
  CHECK_STATUS(weft_cancel_token_cancel(task->token), WEFT_OK);
  task->heard = weft_stop_requested();
  return WEFT_OK;
}

static weft_status wait_for_a_child(void *ctx, void **result, weft_error_t **error) {
  token_task_t *task = (token_task_t *)ctx;
  weft_group_t *children = make_group(task->pool);
  (void)result;
  (void)error;
  CHECK_STATUS(weft_group_spawn(children, NULL, cancel_and_look, task, NULL), WEFT_OK);
  CHECK_STATUS(weft_group_wait(children, WEFT_FOREVER), WEFT_EINTERRUPTED);
  weft_group_unref(children);
  return WEFT_OK;
}

static void a_wait_tells_of_a_request_during_what_it_ran(void) {
  token_task_t task = {make_pool(1), NULL, 0};
  weft_group_t *group = make_group(task.pool);
  weft_task_options_t options;
  CHECK_STATUS(weft_cancel_token_create(NULL, WEFT_FOREVER, &task.token), WEFT_OK);
  weft_task_options_init(&options);
  options.token = task.token;
  CHECK_STATUS(weft_group_spawn(group, &options, wait_for_a_child, &task, NULL), WEFT_OK);
  end_group(group);
  CHECK_EQUAL(task.heard, 1);
  weft_cancel_token_unref(task.token);
  end_executor(task.pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"a cancelled group wakes what sleeps within", a_cancelled_group_wakes_what_sleeps_within},
      {"a request to the caller reaches the pieces", a_request_to_the_caller_reaches_the_pieces},
      {"a wait tells of a request during what it ran", a_wait_tells_of_a_request_during_what_it_ran},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
